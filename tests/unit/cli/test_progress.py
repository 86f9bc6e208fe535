"""The bar of long work."""

import io
import os
import termios

import pytest

from ci_secrets.cli import progress
from ci_secrets.cli.progress import Progress, shown


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_nothing_is_drawn_off_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A log of a CI gets no bar."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    stream = io.StringIO()
    with Progress(stream, {}) as bar:
        bar(1, 2)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("variables", [{"TERM": "dumb"}, {"TERM": "dumb", "COLUMNS": "80"}])
def test_nothing_is_drawn_where_no_escape_is_understood(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    """An editor's shell would show the escapes as they are."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    stream = Terminal()
    with Progress(stream, variables) as bar:
        bar(1, 2)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("columns", [0, 1, 12, 20, 40, 80, 300])
def test_the_line_never_wraps(monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    """It stays left of the last column, where some terminals wrap; only one row can be erased."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    parent, child = os.openpty()
    with os.fdopen(child, "w") as stream, os.fdopen(parent, "rb", buffering=0) as screen:
        termios.tcsetwinsize(child, (24, columns))
        with Progress(stream, {}) as bar:
            bar(100, 200)
        seen = b""
        while seen.count(b"\x1b[K") < 2:
            seen += screen.read(4096)
        _, line, end = seen.decode().split("\r\x1b[K")
    assert line or columns == 1
    assert len(line) < (columns or 80)
    assert end == ""
    assert ("[" in line) is (columns not in {1, 12, 20})


def test_short_work_shows_nothing() -> None:
    """Before a second nobody waits."""
    stream = Terminal()
    with Progress(stream, {}) as bar:
        bar(1, 2)
    assert stream.getvalue() == ""


def test_long_work_is_drawn_and_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bar is drawn from time to time, and at the end the line is empty."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    stream = Terminal()
    with Progress(stream, {}) as bar:
        for done in range(100):
            bar(done * 1_000_000, 200_000_000)
    text = stream.getvalue()
    assert text.count("of 200 MB") < 100
    assert text.startswith("\r\x1b[K[")
    assert text.endswith("\r\x1b[K")


def test_a_terminal_that_is_gone_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """The work goes on."""
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    stream = Terminal()
    with Progress(stream, {}) as bar:
        stream.close()
        bar(1, 2)


def test_the_line() -> None:
    """A bar, what is done of all, the speed; never more than all."""
    assert shown(600, 1200, 310e6, 79) == f"[{'=' * 15}{' ' * 15}]  50% of 1 kB, 310 MB/s"
    assert shown(600, 1200, 310e6, 40) == f"[{'=' * 7}{' ' * 7}]  50% of 1 kB, 310 MB/s"
    assert shown(600, 1200, 310e6, 30) == "50% of 1 kB, 310 MB/s"
    assert " 100% of 10 B, " in shown(12, 10, 1, 79)
    assert " 100% of 0 B, " in shown(0, 0, 0, 79)
