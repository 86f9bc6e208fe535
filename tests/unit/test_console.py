"""Lines for people."""

import io
import sys

import pytest

from ci_secrets.console import Console
from ci_secrets.errors import ConfigError
from ci_secrets.platforms.github_commands import annotation

ERROR = ConfigError("It broke.", cause="A stone.", fix="Remove it:\n  rm stone")


@pytest.fixture
def stream() -> io.StringIO:
    """Give what stands in for stderr."""
    return io.StringIO()


def test_each_line_says_who_speaks(stream: io.StringIO) -> None:
    """A line begins with our name; what belongs to it is indented."""
    console = Console(stream)
    console.say("hello", "good")
    console.detail("more")
    assert stream.getvalue() == "ci-secrets: hello\n  more\n"


def test_colour_is_for_terminals(stream: io.StringIO) -> None:
    """With colour each line ends it; without there is no escape at all."""
    Console(stream, colour=True).say("hello", "bad")
    assert stream.getvalue() == "\x1b[31mci-secrets: hello\x1b[0m\n"


@pytest.mark.parametrize(
    ("terminal", "variables", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"NO_COLOR": ""}, True),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
    ],
)
def test_no_color_is_obeyed(
    monkeypatch: pytest.MonkeyPatch,
    stream: io.StringIO,
    terminal: bool,
    variables: dict[str, str],
    coloured: bool,
) -> None:
    """As no-color.org says: set and not empty, whatever to; and no escape on a dumb terminal."""
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", stream)
    Console.standard(variables).say("hello", "warn")
    assert ("\x1b" in stream.getvalue()) is coloured


def test_an_error_has_all_its_lines(stream: io.StringIO) -> None:
    """What, cause, and every line of the fix with its indentation."""
    Console(stream).error(ERROR)
    assert stream.getvalue() == "ci-secrets: It broke.\n  A stone.\n  Remove it:\n    rm stone\n"


def test_an_error_is_lifted_out_of_the_log_once(stream: io.StringIO) -> None:
    """Where the CI has annotations it is one, with its cause and fix below it."""
    console = Console(stream)
    console.annotate = annotation
    console.error(ERROR)
    first, *rest = stream.getvalue().splitlines()
    assert first == "::error title=ci-secrets::ci-secrets: It broke."
    assert rest == ["  A stone.", "  Remove it:", "    rm stone"]


def test_an_annotation_cannot_be_left(stream: io.StringIO) -> None:
    """Line ends and escapes in a message stay in it."""
    console = Console(stream)
    console.annotate = annotation
    console.warn("a\r\n::error::b%0Ac")
    assert stream.getvalue().splitlines() == [
        "::warning title=ci-secrets::ci-secrets: a%0D%0A::error::b%250Ac"
    ]


def test_a_warning_is_said_once(stream: io.StringIO) -> None:
    """The same trouble again and again is one line."""
    console = Console(stream)
    for _ in range(3):
        console.warn("careful")
    console.warn("other")
    assert stream.getvalue() == "ci-secrets: warning: careful\nci-secrets: warning: other\n"


@pytest.mark.parametrize("failure", [BrokenPipeError, ValueError])
def test_nobody_listening_is_no_reason_to_stop(failure: type[Exception]) -> None:
    """The work, which may be a revocation, goes on without words."""

    class Closed(io.StringIO):
        def write(self, text: str) -> int:
            raise failure

    console = Console(Closed())
    console.say("hello")
    console.error(ERROR)
    console.warn("careful")
