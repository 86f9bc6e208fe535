"""Paths that cannot even be looked at: what was opened is revoked all the same."""

import io
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from ci_secrets.cli.main import main
from ci_secrets.console import Console
from tests.ordinary import TOO_LONG, ordinary_user, stand_nowhere
from tests.stories.shells import ACTIVATE, Shell
from tests.stories.story import Story

RUN: Final = ("--run-id", "r1")


def _opened(story: Story, tmp_path: Path, *words: str) -> None:
    """A run that is open, with a token and a database user."""
    done = story.run("exchange", *RUN, "--env-file", str(tmp_path / "env"), *words)
    assert done.code == 0, done.err
    assert len(story.users) == 1


def _nowhere(tmp_path: Path) -> dict[str, Any]:
    """The options of a command that runs in a working directory which is deleted by then."""
    return {"preexec_fn": partial(stand_nowhere, tmp_path / "gone")}


@pytest.mark.parametrize(
    ("report", "where"),
    [(f"{TOO_LONG}.json", lambda _: {}), ("leaks.json", _nowhere)],
    ids=["too long", "nowhere"],
)
def test_finish_revokes_whatever_its_report_is(
    generic: Story, tmp_path: Path, report: str, where: Callable[[Path], dict[str, Any]]
) -> None:
    """A report that cannot be written is a warning and 8; token and user are gone by then."""
    _opened(generic, tmp_path)
    done = generic.run("finish", *RUN, "--report", report, **where(tmp_path))
    assert done.code == 8, done.err
    assert "The report was not written" in done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert generic.users == {}
    assert generic.tokens() == []


def test_finish_has_a_verdict_whatever_its_log_is(generic: Story, tmp_path: Path) -> None:
    """A log that cannot be looked at is said, and what was revoked stands in the report."""
    _opened(generic, tmp_path)
    done = generic.run("finish", *RUN, "--log", TOO_LONG, "--report", "r.json")
    assert done.code == 0, done.err
    assert "cannot be looked at (File name too long)" in done.err
    assert "verdict: unknown" in done.err
    assert (generic.stand.workspace / "r.json").exists()
    assert generic.users == {}


def test_exec_runs_whatever_its_report_is(generic: Story) -> None:
    """The report is written at the end, and that it cannot be is no reason to lose the run."""
    done = generic.run("exec", "--report", TOO_LONG, "--", "echo", "hi")
    assert (done.code, done.out) == (8, "hi\n"), done.err
    assert "The report was not written" in done.err
    assert generic.users == {}


def test_a_file_to_source_that_cannot_be_written_is_refused(generic: Story, tmp_path: Path) -> None:
    """Before anybody is asked for a login: where its name, or where we stand, leads nowhere."""
    config = ("--config", str(generic.stand.workspace / "ci-secrets.yaml"))
    for path, where in ((TOO_LONG, {}), ("env", _nowhere(tmp_path))):
        done = generic.run("exchange", *config, "--env-file", path, **where)
        assert done.code == 8, done.err
        assert "Internal error" not in done.err
        assert generic.told() == []


@pytest.mark.parametrize(
    "words", [["exec", "--", "true"], ["exchange", "--env-file", "/tmp/e"]], ids=lambda it: it[0]
)
def test_a_trail_that_leads_nowhere_is_refused(
    generic: Story, tmp_path: Path, words: list[str]
) -> None:
    """A relative path in a working directory that is gone: before anybody is asked for a login."""
    config = ("--config", str(generic.stand.workspace / "ci-secrets.yaml"))
    command, *more = words
    options = (*config, "--audit-file", "trail", *more)
    done = generic.run(command, *options, **_nowhere(tmp_path))
    assert done.code == 8, done.err
    assert "working directory is gone" in done.err
    assert generic.told() == []


def test_a_shell_that_stands_nowhere_is_refused(generic: Story) -> None:
    """What `activate` is to keep must be reachable from anywhere."""
    config = f"--config {generic.stand.workspace}/ci-secrets.yaml --report r.json"
    shell = Shell(kind="dash", story=generic)
    nowhere = "mkdir gone && cd gone && rmdir ../gone\n"
    assert shell.run(nowhere + ACTIVATE.replace("activate", f"activate {config}")) == 8
    assert "working directory is gone" in shell.said()
    assert generic.told() == []


def test_a_state_that_cannot_be_looked_for_is_not_called_nothing(
    generic: Story, tmp_path: Path
) -> None:
    """It may be there, so it is 9: a path that cannot be looked at, and one that leads nowhere."""
    for path, where in ((TOO_LONG, {}), ("state", _nowhere(tmp_path))):
        for words in (("finish",), ("finish", *RUN), ("scan", "/dev/null")):
            done = generic.run(*words, "--state-dir", path, **where)
            assert done.code == 9, done.err
            assert "cannot be looked for" in done.err


def test_a_state_directory_of_somebody_else_is_not_called_nothing() -> None:
    """Where the runs of this user may lie in a directory that it cannot list, it is 9, too."""
    said = io.StringIO()
    # NOTE: an ordinary user cannot reach what lies in a temporary folder of root's tests
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "state").mkdir(mode=0o000)
        finish = partial(main, environment={}, console=Console(said))
        assert finish(["finish", "--state-dir", f"{folder}/absent"]) == 0
        with ordinary_user(Path(folder)):
            for path in ("state", "state/below"):
                assert finish(["finish", "--state-dir", path]) == 9, said.getvalue()
    assert "as that user" in said.getvalue()
    assert "cannot be looked for" in said.getvalue()
