"""`ci-secrets`: finds the command, runs it, turns errors into exit codes. Imports little."""

import argparse
import gc
import importlib
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import Final, NoReturn, Protocol

from ci_secrets import __version__
from ci_secrets.cli import standard
from ci_secrets.cli.options import settle
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, OutputRefusedError, UsageError
from ci_secrets.job.signals import Interrupted

COMMANDS: Final[dict[str, str]] = {
    "demo": "the whole story on this machine, embedded parts only",
    "exchange": "identity → login → secrets → masks, outputs, sealed state",
    "activate": "the same for the rest of a shell script, which evaluates what this prints",
    "exec": "the same for one command only, its output redacted, revoked at its end",
    "redact": "stdin → stdout, known values in every form replaced by ***",
    "scan": "look for known values in every form in files, archives or stdin",
    "finish": "end of job: revoke with proof, scan the log, verdict",
    "verify": "in a following job: look at the logs of the finished ones (GitHub, GitLab)",
    "whoami": "this job's identity: its claims, and where they came from",
    "audit": "`audit verify`: is the trail whole",
    "config": "`config import`: ci-secrets.yaml out of vault-action steps or GitLab's `secrets:`",
}
"""Command → one line. The module of the same name beside this file has `add` and `run`."""

OF_ACTIONS: Final = frozenset({"vault-action"})
"""What only an action runs: it is not in the list, and not on the pages."""

RUN_ANOTHER: Final = frozenset({"exec", "activate"})
"""To these `--` says where the other command begins; to the others that no option follows."""

GARBAGE: Final = 50_000
"""New objects after which Python looks for cycles; at its own 700 a scan spends a tenth on that."""

NOBODY_READS: Final = 141
"""As a shell says SIGPIPE: not 0, for a verdict may be lost; not an error, for `head` does it."""

INTERRUPTED: Final = 130
"""As a shell says SIGINT."""

_REASONS: Final = (
    "expected one argument",
    "expected at least one argument",
    "ignored explicit argument",
    "invalid choice",
)
"""What argparse says of an argument, each up to where its words would be repeated."""


_HINTS: Final = {
    ("ci-secrets exec", "unrecognized arguments"): "What is to be run stands behind `--`: "
    "ci-secrets exec -- COMMAND [ARG ...]\n",
}
"""What is likely meant: program and argparse's words → a line before the way to the help."""


class Command(Protocol):
    """What a command's module gives."""

    def add(self, parser: argparse.ArgumentParser) -> None:
        """Declare its options."""

    def run(
        self, arguments: argparse.Namespace, environment: Mapping[str, str], console: Console
    ) -> int:
        """Do it; the exit code. Raises `CiSecretsError`."""


class _Parser(argparse.ArgumentParser):
    """Raises instead of printing: argparse's own message repeats values from the command line."""

    chosen: "_Parser | None" = None
    """That of the command which was given: to its help leads the way out of an error."""

    def error(self, message: str) -> NoReturn:
        if self.chosen is not None:
            self.chosen.error(message)
        # NOTE: "unrecognized arguments: X" and "invalid choice: X" would echo what may be a value.
        what, _, reason = message.partition(": ")
        if not what.endswith("are required"):  # then what follows are names of ours
            reason = next((known for known in _REASONS if reason.startswith(known)), "")
        raise UsageError(
            "The command line is not understood: "
            + (f"{what}: {reason}." if reason else f"{what}."),
            fix=f"{_HINTS.get((self.prog, what), '')}See {self.prog} --help.",
        )


def _command(name: str) -> Command:
    module: Command = importlib.import_module(f"ci_secrets.cli.{name.replace('-', '_')}")
    return module


def parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser; with `only`, other commands are names without options (and without imports)."""
    top = _Parser(
        prog="ci-secrets",
        description="A pipeline's own identity turned into short-lived credentials, shown to "
        "nobody, watched in the log in every disguise, and gone when the job ends.",
        epilog="Exit codes: docs/exit-codes.md. `ci-secrets COMMAND --help` for options.",
        allow_abbrev=False,
    )
    top.add_argument("--version", action="version", version=f"ci-secrets {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, line in COMMANDS.items():
        sub = commands.add_parser(name, help=line, description=line, allow_abbrev=False)
        if name == only:
            _command(name).add(sub)
            top.chosen = sub
    if only in OF_ACTIONS:
        _command(only).add(commands.add_parser(only, allow_abbrev=False))
    return top


def main(argv: Sequence[str], environment: Mapping[str, str], console: Console) -> int:
    """Run one command line, and have all that it says out; the exit code.

    Raises `BrokenPipeError` where nobody reads it.
    """
    try:
        code = _run(argv, environment, console)
        sys.stdout.flush()
        return code
    except CiSecretsError as error:
        console.error(error)
        return error.exit_code
    except Interrupted as stop:  # everything is closed by then, and said
        console.say(f"stopped by {signal.Signals(stop.signum).name}", "bad")
        return stop.exit_code


def _run(argv: Sequence[str], environment: Mapping[str, str], console: Console) -> int:
    chosen = next((word for word in argv if not word.startswith("-")), None)
    words, child = _split(argv) if chosen in RUN_ANOTHER else (argv, ())
    if chosen not in (*COMMANDS, *OF_ACTIONS):
        chosen = None
    try:
        arguments = settle(parser(chosen).parse_args(words), environment)
    except SystemExit as stop:  # argparse after --help or --version
        return stop.code if isinstance(stop.code, int) else 0
    arguments.words, arguments.child = words, child
    # NOTE: imported here, so that `--help`, which holds no value, does not pay for it.
    from ci_secrets.process import harden

    harden()
    return _command(arguments.command).run(arguments, environment, console)


def _split(argv: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
    """What is ours, and what stands behind the first `--`, untouched."""
    if "--" not in argv:
        return argv, ()
    cut = argv.index("--")
    return argv[:cut], argv[cut + 1 :]


def entry() -> NoReturn:
    """What the script calls. Leaves without Python's slow farewell: all is closed by then."""
    standard.prepare()
    gc.set_threshold(GARBAGE)
    environment = _given(os.environ)
    console = Console.standard(environment)
    # NOTE: a traceback could show values, that of a thread or a finaliser too.
    threading.excepthook = lambda bug: console.error(_internal(bug.exc_value))
    sys.unraisablehook = lambda _bug: None
    try:
        # NOTE: the script has set it aside, so that no traceback is shown while we are loaded
        if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
            signal.signal(signal.SIGINT, signal.default_int_handler)
        code = main(sys.argv[1:], environment, console)
    except BrokenPipeError:
        code = NOBODY_READS
    except KeyboardInterrupt:
        code = INTERRUPTED
    except Exception as failure:
        code = 1
        console.error(_internal(failure))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, OutputRefusedError):
            pass
    os._exit(code)


def _given(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment as the job made it: the script has put some of it aside for CMD."""
    return {name.removeprefix("_CI_SECRETS_"): value for name, value in variables.items()}


def _internal(failure: BaseException | None) -> CiSecretsError:
    """An error that we did not foresee: where, never what it said, for that may hold a value."""
    frames = []
    trace = failure.__traceback__ if failure else None
    while trace is not None:
        code = trace.tb_frame.f_code
        frames.append(f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}")  # noqa: PTH119
        trace = trace.tb_next
    return CiSecretsError(
        f"Internal error: {type(failure).__name__} at {' < '.join(reversed(frames[-4:]))}.",
        cause="This is a bug in ci-secrets.",
        fix="Please report the line above; it holds no values.",
    )
