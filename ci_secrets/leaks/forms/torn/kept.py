"""What is left of a text when bytes are deleted from it, and where in the text that stood."""

from bisect import bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span

_BLOCK: Final = 1024
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


class Sieved:
    """A text after `bytes.translate`. The way back costs nothing until it is asked for."""

    def __init__(self, text: bytes, drop: bytes, table: bytes | None = None) -> None:
        self.text = text.translate(table, drop)
        """What is left: every byte outside `drop`, as the table has it."""
        self._source = text
        self._drop = drop

    def span(self, start: int, end: int) -> Span:
        """`[start, end)`, not empty, in what is left → the text from its first to its last byte."""
        return self._place(start), self._place(end - 1) + 1

    def piece(self) -> Piece | None:
        """This as a piece, or `None` where nothing was dropped or nothing is left."""
        if len(self.text) in (0, len(self._source)):
            return None
        return Piece(self.text, self.span)

    @cached_property
    def _left(self) -> list[int]:
        """How much is left of the text up to each block, and of all of it."""
        source = self._source
        blocks = (source[at : at + _BLOCK] for at in range(0, len(source), _BLOCK))
        return list(accumulate((self._count(block) for block in blocks), initial=0))

    def _count(self, block: bytes) -> int:
        return len(block.translate(None, self._drop))

    def _place(self, offset: int) -> int:
        number = bisect_right(self._left, offset) - 1
        block = self._source[number * _BLOCK : (number + 1) * _BLOCK]
        rest = offset - self._left[number]
        within = bisect_right(range(len(block)), rest, key=lambda end: self._count(block[:end]))
        return number * _BLOCK + within - 1
