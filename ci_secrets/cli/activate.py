"""`ci-secrets activate`: the rest of a shell script gets the values, its output redacted.

The shell evaluates what it prints: `eval "$(ci-secrets activate || echo exit $?)"`. That runs it
again, twice: with `-- begin …` to leave a keeper behind, and with `-- end …` when the shell ends.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ci_secrets.cli.options import add as add_options
from ci_secrets.cli.options import settle
from ci_secrets.cli.wanted import IDENTITY, RUN, STORE, wanted
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, NotClosedError, UsageError
from ci_secrets.paths import absolute

if TYPE_CHECKING:
    from ci_secrets.delivery.meeting import Answer
    from ci_secrets.job.activate import Activation

_KEY_LIMIT: Final = 1024
USE: Final = 'eval "$(ci-secrets activate || echo exit $?)"'


def add(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.usage = f"{USE}\n       %(prog)s [options]"
    add_options(parser, *STORE, *IDENTITY, "keep-identity", "heartbeat-ttl", *RUN, "report")


def run(arguments: argparse.Namespace, environment: Mapping[str, str], console: Console) -> int:
    """Do what the shell asks for; an error with 3 to 8, and at its end its own code, 9 or 11."""
    from ci_secrets.delivery import activation
    from ci_secrets.delivery.meeting import Answer

    match arguments.child:
        case []:
            if sys.stdout.isatty():
                raise UsageError("This is for a shell to evaluate.", fix=USE)
            return _told(Answer(0, activation.invitation(arguments.words)))
        case [activation.BEGIN, process, *whose]:
            return _begin(arguments, int(process), activation.keeper(*whose), environment, console)
        case [activation.END, home, code]:
            return _end(Path(home), int(code), console)
        case _:
            raise UsageError(
                "`activate` runs no command.", fix=f"{USE}\nci-secrets exec -- COMMAND"
            )


def _begin(
    arguments: argparse.Namespace,
    shell: int,
    home: Path | None,
    environment: Mapping[str, str],
    console: Console,
) -> int:
    """Leave a keeper behind, or give more to the one that the shell has."""
    from ci_secrets.delivery import activation, meeting
    from ci_secrets.delivery.daemon import Parent, detach
    from ci_secrets.job.signals import Interrupted

    if home is not None:
        add = meeting.Add(arguments.words, environment, str(absolute(Path())))
        return _told(meeting.ask(home, _key(), add))
    process = detach(activation.LOG, _descriptors(environment))
    if isinstance(process, Parent):
        return _told(process.answer)
    try:
        from ci_secrets.job.activate import Shell, activate

        return activate(
            _understood(arguments),
            Shell(process=shell, answer=process.send, understand=_understand),
            environment,
            console,
        )
    except CiSecretsError as failure:
        console.error(failure)  # before the shell ends, and with it the log
        return process.failed(failure.exit_code)
    except Interrupted as stop:
        return process.failed(stop.exit_code)


def _told(answer: "Answer") -> int:
    sys.stdout.buffer.write(answer.text)
    sys.stdout.buffer.flush()
    return answer.code


def _understand(words: Sequence[str], environment: Mapping[str, str]) -> "Activation":
    parser = argparse.ArgumentParser()
    add(parser)
    return _understood(settle(parser.parse_args(words[1:]), environment))


def _understood(arguments: argparse.Namespace) -> "Activation":
    """What is asked for, with paths that stay right when the keeper goes elsewhere."""
    from ci_secrets.job.activate import Activation

    for name, value in vars(arguments).items():
        if isinstance(value, Path):
            setattr(arguments, name, absolute(value))
    return Activation(
        wanted=wanted(arguments),
        keep_identity=arguments.keep_identity,
        reports=tuple(it._replace(path=absolute(it.path)) for it in arguments.report),
    )


def _descriptors(environment: Mapping[str, str]) -> frozenset[int]:
    """Those that the environment names for us to read."""
    named = environment.get("CI_SECRETS_AUDIT_KEY_FILE", "")
    return frozenset({int(named)} if named.isdecimal() else ())


def _end(home: Path, code: int, console: Console) -> int:
    """The verdict's code, where that comes before the shell's own."""
    from ci_secrets.delivery import meeting

    try:
        return meeting.ask(home, _key(), meeting.End(code)).code
    except NotClosedError as failure:
        console.error(failure)
        return code or failure.exit_code


def _key() -> str:
    return sys.stdin.read(_KEY_LIMIT)
