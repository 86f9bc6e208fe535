"""What is left of a text when bytes are deleted from it, and where in the text that stood."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache, cached_property
from itertools import accumulate, compress, count, islice
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span

_BLOCK: Final = 128
"""Bytes counted at a time; the way back looks into one of them."""


def without(text: bytes, cuts: Iterable[Span]) -> Piece | None:
    """The text without these spans, or `None` where there are none or nothing else is left.

    The spans are not empty, stand in order and do not overlap.
    """
    parts: list[bytes] = []
    new: list[int] = []  # NOTE: where each part starts, in what is left and in the text
    old: list[int] = []
    at = size = 0
    for start, end in (*cuts, (len(text), len(text))):
        if start > at:
            parts.append(text[at:start])
            new.append(size)
            old.append(at)
            size += start - at
        at = end
    if size in (0, len(text)):
        return None

    def place(offset: int) -> int:
        part = bisect_right(new, offset) - 1
        return old[part] + offset - new[part]

    return Piece(b"".join(parts), lambda start, end: (place(start), place(end - 1) + 1))


def rest(text: bytes, cuts: Iterable[Span]) -> Iterator[Piece]:
    """What `without` gives, if anything."""
    piece = without(text, cuts)
    if piece:
        yield piece


def gaps(spans: Iterable[Span], start: int, end: int) -> Iterator[Span]:
    """All of `[start, end)` that is in none of the spans, which stand in order."""
    for left, right in (*spans, (end, end)):
        if start < left:
            yield start, left
        start = right


class Sieved:
    """A text after `bytes.translate`. The way back costs nothing until it is asked for."""

    def __init__(self, text: bytes, drop: bytes, table: bytes | None = None) -> None:
        self.text = text.translate(table, drop)
        """What is left: every byte outside `drop`, as the table has it."""
        self._source = text
        self._drop = drop

    def span(self, start: int, end: int) -> Span:
        """`[start, end)`, not empty, in what is left → the text from its first to its last byte."""
        first = self.place(start)
        whole = self._source[first : first + end - start]
        if len(whole.translate(None, self._drop)) == end - start:
            return first, first + end - start
        return first, self.place(end - 1) + 1

    def place(self, offset: int) -> int:
        """Where in the text one byte of what is left stands."""
        number = bisect_right(self._left, offset) - 1
        start = number * _BLOCK
        kept = self._source[start : start + _BLOCK].translate(_flags(self._drop))
        return next(islice(compress(count(start), kept), offset - self._left[number], None))

    def piece(self) -> Piece | None:
        """This as a piece, or `None` where nothing was dropped or nothing is left."""
        if len(self.text) in (0, len(self._source)):
            return None
        return Piece(self.text, self.span)

    @cached_property
    def _left(self) -> list[int]:
        """How much is left of the text up to each block, and of all of it."""
        source, drop = self._source, self._drop
        starts = range(0, len(source), _BLOCK)
        sizes = (len(source[at : at + _BLOCK].translate(None, drop)) for at in starts)
        return list(accumulate(sizes, initial=0))


@cache
def _flags(drop: bytes) -> bytes:
    """A table: 1 for each byte that is left."""
    return bytes(byte not in drop for byte in range(256))
