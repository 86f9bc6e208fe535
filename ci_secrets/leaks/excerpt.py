"""The line around what was found, without any value in it."""

import sys
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from ci_secrets.leaks.held import Place

MARK: Final = b"***"
SHOWN: Final = 160
"""Bytes of the redacted line that are shown on either side; the whole of most lines."""
KEPT: Final = 2 * SHOWN
"""Bytes of the line that are kept for it, so that nothing in sight was cut before it was hidden."""
_MOST: Final = 100_000
"""Places that are remembered; what stands behind the last of so many is not shown at all."""


class Masks:
    """Where in a text something was found: this is shown in no line."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, start: int, end: int) -> None:
        """Hide `[start, end)`; nothing that is hidden later begins before it."""
        start = max(start, self._ends[-1] if self._ends else 0)
        if start >= end:
            return
        if len(self._starts) < _MOST:
            self._starts.append(start)
            self._ends.append(end)
        else:
            self._ends[-1] = sys.maxsize

    def drop(self, upto: int) -> None:
        """Forget what ends before an offset."""
        count = bisect_left(self._ends, upto)
        del self._starts[:count], self._ends[:count]

    def over(self, text: bytes, at: int) -> bytes:
        """The text that stands at an offset, with `***` for what is hidden of it."""
        if not text:
            return text
        parts: list[bytes] = []
        done, end = at, at + len(text)
        for index in range(bisect_right(self._ends, at), bisect_right(self._starts, end - 1)):
            parts += [text[done - at : max(done, self._starts[index]) - at], MARK]
            done = self._ends[index]
        return b"".join([*parts, text[done - at :] if done < end else b""])


NO_MASKS: Final = Masks()


@dataclass(slots=True)
class Excerpt:
    """The line on either side of a stretch that was found. It may hold values: see `sides`."""

    place: Place
    """Where the stretch begins; `left` ends here."""
    end: int
    """Offset where `right` begins."""
    left: bytes = field(repr=False)
    right: bytes = field(repr=False)

    def sides(self, masks: Masks, hide: Callable[[bytes], bytes]) -> tuple[bytes, bytes]:
        """What stands beside it, longer than it is shown, without any value."""
        left = hide(masks.over(self.left, self.place.offset - len(self.left)))
        right = hide(masks.over(self.right, self.end))
        return left, right.rstrip(b"\r")


def around(place: Place, end: int, text: Callable[[int, int], bytes], limits: range) -> Excerpt:
    """That of a stretch in a text of which the bytes between two limits are there."""
    left = text(max(limits.start, place.offset - KEPT), place.offset)
    right = text(end, min(limits.stop, end + KEPT))
    return Excerpt(place, end, left.rpartition(b"\n")[2], right.partition(b"\n")[0])


class Excerpts:
    """Follows the redacted text and cuts out what stands around every `***`."""

    def __init__(self) -> None:
        self._offset = self._line_start = 0
        self._left = b""
        self._open: list[Excerpt] = []

    def clear(self, text: bytes) -> None:
        """Text that was written as it is."""
        newline = text.rfind(b"\n")
        if newline >= 0:
            self._line_start = self._offset + newline + 1
        self._follow(text)

    def mark(self, line: int, mark: bytes) -> Excerpt:
        """A mark was written, in this line; its right side is filled in as the text goes on."""
        place = Place(self._offset, line, self._line_start)
        left = self._left.rpartition(b"\n")[2]
        excerpt = Excerpt(place, self._offset + len(mark), left, b"")
        self._follow(mark)
        self._open.append(excerpt)
        return excerpt

    def _follow(self, text: bytes) -> None:
        self._offset += len(text)
        tail = text[-KEPT:]
        self._left = tail if len(tail) == KEPT else (self._left + tail)[-KEPT:]
        if self._open:
            line, newline, _ = text[:KEPT].partition(b"\n")
            for excerpt in self._open:
                excerpt.right += line[: KEPT - len(excerpt.right)]
            self._open = [one for one in self._open if not newline and len(one.right) < KEPT]
