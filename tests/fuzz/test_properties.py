"""The fuzz target can fail, and passes what it begins with."""

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ci_secrets.leaks.forms import FORMS
from ci_secrets.leaks.forms.reading import Budget, Piece
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.scanner import Scanner
from tests.data.values import values
from tests.fuzz.properties import BUDGET, SEED, engine, hold

KNOWN = engine()


def test_any_bytes_pass() -> None:
    """What is random holds all properties, with a value in it, too."""
    rng = random.Random(1)  # noqa: S311
    value = values(SEED).known["token"].encode()
    for _ in range(5):
        hold(KNOWN, rng.randbytes(200) + value + rng.randbytes(100))


def test_the_end_of_a_text_is_a_text() -> None:
    """Inputs that are too short to hold anything pass."""
    for count in range(4):
        hold(KNOWN, b"\0" * count)


@pytest.mark.parametrize(
    ("piece", "complaint"),
    [
        (Piece(b"x", lambda _start, _end: (0, 1 << 30)), "points at"),
        (Piece(b"x" * (BUDGET + 1), lambda _start, _end: (0, 1)), "decoded"),
    ],
)
def test_a_reader_that_is_wrong_is_told(
    piece: Piece, complaint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A span outside of the text and more text than the budget allows are noticed."""

    def read(_text: bytes, _budget: Budget) -> Iterator[Piece]:
        yield piece

    monkeypatch.setitem(FORMS, "json", FORMS["json"]._replace(read=read))
    with pytest.raises(AssertionError, match=complaint):
        hold(KNOWN, b"\0\0some text")


def _forgetful(feed: Callable[[Any, bytes], bytes | None]) -> Callable[[Any, bytes], bytes | None]:
    return lambda self, data: feed(self, data[:-1])


@pytest.mark.parametrize("broken", [Redactor, Scanner])
def test_pieces_that_matter_are_told(broken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the end of each piece is lost, what comes out depends on the pieces."""
    monkeypatch.setattr(broken, "feed", _forgetful(broken.feed))
    value = values(SEED).known["token"].encode()
    with pytest.raises(AssertionError):
        hold(KNOWN, b"\0\0" + value * 3 + b"\n")
