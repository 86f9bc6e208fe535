"""Ways to tear a value, and what reading finds of it."""

from collections.abc import Callable, Iterable, Iterator

from hypothesis import settings

from ci_secrets.leaks.forms.reading import Budget, Piece, Span
from ci_secrets.leaks.forms.torn import read

MANY = settings(deadline=None)
FEW = settings(deadline=None, max_examples=25)
"""For each of many rows."""


def cut(value: bytes, width: int) -> list[bytes]:
    """The value in pieces of so many bytes."""
    return [value[at : at + width] for at in range(0, len(value), width)]


def characters(value: str) -> list[bytes]:
    """The value in characters."""
    return [character.encode() for character in value]


def readings(text: bytes, depth: int = 3) -> Iterator[Piece]:
    """What a text is read as, one reading after the other, each text once."""
    seen = {text}
    queue = [Piece(text, lambda start, end: (start, end))]
    for _ in range(depth):
        following = []
        for outer in queue:
            for inner in read(outer.text, Budget(10**8)):
                if inner.text in seen:
                    continue
                seen.add(inner.text)
                piece = Piece(inner.text, _through(outer, inner))
                yield piece
                following.append(piece)
        queue = following


def _through(outer: Piece, inner: Piece) -> Callable[[int, int], Span]:
    return lambda start, end: outer.span(*inner.span(start, end))


def spans(pieces: Iterable[Piece], value: bytes) -> set[Span]:
    """Where the value stands in the text, by the pieces that hold it."""
    found = set()
    for piece in pieces:
        at = piece.text.find(value)
        if at >= 0:
            found.add(piece.span(at, at + len(value)))
    return found
