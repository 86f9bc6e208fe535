"""The command line as a whole: which command, which errors, which exit codes."""

import io
import subprocess
import sys
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from ci_secrets.cli import main as cli
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, ConfigError, LeakedError, NotClosedError
from ci_secrets.job.signals import Interrupted
from tests import patience


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Give a command that does as it is told, in place of all others."""
    fake = SimpleNamespace(add=lambda _parser: None, run=lambda *_: 0)
    monkeypatch.setattr(cli, "_command", lambda _name: fake)
    return fake


def run(*words: str, variables: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Give the exit code of a command line, and what it said on stderr."""
    stream = io.StringIO()
    return cli.main(words, variables or {}, Console(stream)), stream.getvalue()


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        (ConfigError("no"), 3),
        (NotClosedError("no"), 9),
        (LeakedError("no"), 11),
        (CiSecretsError("no"), 1),
    ],
)
def test_an_error_is_its_code(command: SimpleNamespace, failure: Exception, code: int) -> None:
    """And its text is said."""

    def fail(*_: object) -> int:
        raise failure

    command.run = fail
    assert run("exec", "--", "true") == (code, "ci-secrets: no\n")


def test_a_signal_is_128_and_its_number(command: SimpleNamespace) -> None:
    """As a shell says it, with its name."""

    def fail(*_: object) -> int:
        raise Interrupted(15)

    command.run = fail
    assert run("exec") == (143, "ci-secrets: stopped by SIGTERM\n")


@pytest.mark.parametrize(
    ("words", "child"),
    [
        (("exec", "--", "ls", "-l"), ("ls", "-l")),
        (("exec", "--", "env", "--", "x"), ("env", "--", "x")),
        (("exec", "--"), ()),
        (("exec",), ()),
        (("exec", "--", "--help"), ("--help",)),
    ],
)
def test_what_stands_behind_the_dashes_is_not_ours(
    command: SimpleNamespace, words: tuple[str, ...], child: tuple[str, ...]
) -> None:
    """It is CMD, word for word."""
    seen: list[Any] = []

    def note(arguments: Any, *_: object) -> int:
        seen.append(tuple(arguments.child))
        return 0

    command.run = note
    assert run(*words)[0] == 0
    assert seen == [child]


@pytest.mark.parametrize("command", sorted({*cli.COMMANDS} - cli.RUN_ANOTHER - {"scan"}))
def test_dashes_hide_nothing_from_other_commands(command: str) -> None:
    """What a command has no use for is refused, and not dropped."""
    code, said = run(command, "--", "hunter2")
    assert code == 2
    assert "not understood" in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    "words",
    [
        ("hunter2",),
        ("exec", "hunter2"),
        ("exec", "--hunter2"),
        ("exec", "--hunter2=hunter2"),
        ("--hunter2",),
        ("exec", "--conf", "hunter2"),
        (),
    ],
)
def test_what_is_not_understood_is_not_repeated(words: tuple[str, ...]) -> None:
    """It is 2, with the way to the help."""
    code, said = run(*words)
    assert code == 2
    assert "hunter2" not in said
    assert "--help" in said


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("finish", "--bogus"), "See ci-secrets finish --help."),
        (("finish", "--log"), "See ci-secrets finish --help."),
        (("audit", "verify", "--bogus"), "See ci-secrets audit --help."),
        (("exec", "ls"), "ci-secrets exec -- COMMAND [ARG ...]"),
        (("exec", "ls"), "See ci-secrets exec --help."),
        (("bogus",), "See ci-secrets --help."),
    ],
)
def test_the_way_is_to_the_help_of_the_command(words: tuple[str, ...], shown: str) -> None:
    """That of the one that was given; `exec` without the dashes is told where they belong."""
    assert shown in run(*words)[1]


def test_an_unforeseen_error_says_where() -> None:
    """File and line, innermost first, and nothing of its message."""

    def inner() -> None:
        raise KeyError("hunter2")

    with pytest.raises(KeyError) as caught:
        inner()
    told = cli._internal(caught.value)
    assert told.what.startswith("Internal error: KeyError at test_main.py:")
    assert told.what.count("test_main.py") == 2
    assert "hunter2" not in told.what + told.cause + told.fix
    assert told.exit_code == 1


def test_what_the_script_put_aside_is_given_back() -> None:
    """LD_PRELOAD and the like are in the environment that the job, and so CMD, is given."""
    given = cli._given({"_CI_SECRETS_LD_PRELOAD": "x", "A": "b", "CI_SECRETS_URL": "u"})
    assert given == {"LD_PRELOAD": "x", "A": "b", "CI_SECRETS_URL": "u"}


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["exec", "--help"]])
def test_words_about_itself_go_to_stdout(words: list[str]) -> None:
    """They are data, end in 0, and leave stderr empty."""
    done = subprocess.run(
        [sys.executable, "-I", "-m", "ci_secrets", *words],
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.returncode == 0
    assert done.stdout
    assert done.stderr == b""


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("exchange", {"--audit-file", "--require-proof"}),
        ("exec", {"--audit-file", "--require-proof"}),
        ("activate", {"--audit-file", "--require-proof"}),
        ("verify", {"--audit-file", "--require-proof"}),
        ("finish", {"--require-proof"}),
        ("scan", set()),
        ("redact", set()),
    ],
)
def test_no_command_takes_what_it_has_no_use_for(
    command: str, options: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A trail is named where a run is opened, and goes on at its end; a scan revokes nothing."""
    assert run(command, "--help")[0] == 0
    said = capsys.readouterr().out
    assert {it for it in ("--audit-file", "--require-proof") if it in said} == options
