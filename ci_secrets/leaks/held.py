"""The part of a stream that is still held, and where in the whole of it every byte stands."""

from typing import Final, NamedTuple

PAST: Final = 4096
"""Bytes remembered after they left, so that a value that becomes known in its middle is seen."""


class Place(NamedTuple):
    """An offset from the beginning of a stream, as people count: line and column."""

    offset: int
    line: int
    """1-based."""
    line_start: int
    """Offset of the first byte of this line."""

    @property
    def column(self) -> int:
        """1-based, in bytes."""
        return self.offset - self.line_start + 1


class Held:
    """Text from `base` on; `end` is where the next byte will stand."""

    def __init__(self) -> None:
        self.text = bytearray()
        self.past = b""
        """What was dropped last, at most `PAST` bytes."""
        self._first = Place(0, 1, 0)
        self._latest = self._first

    @property
    def base(self) -> int:
        """Offset of the first byte that is held."""
        return self._first.offset

    @property
    def end(self) -> int:
        """Offset behind the last byte that is held."""
        return self.base + len(self.text)

    @property
    def lines(self) -> int:
        """How many lines came and went; asked when nothing is held any more."""
        return self._first.line - (self._first.column == 1)

    def slice(self, start: int, end: int) -> bytes:
        """The bytes between two offsets, both within what is held."""
        with memoryview(self.text) as text:  # NOTE: one copy, not two
            return text[start - self.base : end - self.base].tobytes()

    def ends_with(self, piece: bytes, at: int) -> bool:
        """Whether a piece stands right before an offset."""
        start = at - len(piece) - self.base
        return start >= 0 and self.text.startswith(piece, start)

    def lines_of(self, start: int, end: int, step: int) -> tuple[int, int]:
        """From where to where the lines go in which `[start, end)` lies.

        Of long ones at least `step` bytes on either side and less than twice as many, so that
        what stands near has the same ones.
        """
        line = self.place(start).line_start
        first = line + max(0, (start - line) // step - 1) * step
        last = line + (-(-(end - line) // step) + 1) * step
        newline = self.text.find(b"\n", end - self.base, last - self.base)
        return max(self.base, first), self.base + newline if newline >= 0 else min(self.end, last)

    def place(self, offset: int) -> Place:
        """Line and column of a byte that is held. Cheap where offsets rise or stay in a line."""
        near = self._latest
        if near.line_start <= offset < near.offset:
            return Place(offset, near.line, near.line_start)
        if offset < near.offset:
            near = self._first
        start, end = near.offset - self.base, offset - self.base
        breaks = self.text.count(b"\n", start, end)
        line_start = near.line_start
        if breaks:
            line_start = self.base + self.text.rfind(b"\n", start, end) + 1
        self._latest = Place(offset, near.line + breaks, line_start)
        return self._latest

    def drop(self, upto: int) -> None:
        """Let go of everything before an offset."""
        first = self.place(upto)
        count = upto - self.base
        # NOTE: with little to drop, what was dropped before is still part of the past
        self.past = (self.past + self.text[max(0, count - PAST) : count])[-PAST:]
        del self.text[:count]
        self._first = self._latest = first
