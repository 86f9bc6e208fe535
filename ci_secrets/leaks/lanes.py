"""The two readings of a stream in which needles are looked for: as it is, and squashed.

Squashed means: terminal colours taken out, lower case, nothing but letters and digits. So quotes,
escapes, line breaks, spaces and other letter case do not hide a value.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Final

from ci_secrets.leaks.apart import is_sure
from ci_secrets.leaks.forms.reading import Span
from ci_secrets.leaks.forms.torn.squash import DROPPED, squash
from ci_secrets.leaks.index import SHORT, Hit, Index, Search
from ci_secrets.leaks.needles import Needle
from ci_secrets.leaks.squasher import Read, Squasher

BOUND: Final = 64 * 1024
"""Bytes of a stream over which a value may be torn and still be redacted, beside its own length."""


Signs = Callable[[int], int]
"""How many bytes before an offset are signs that some needle begins with."""


def indexes(needles: Iterable[Needle]) -> tuple[Index, Index]:
    """Those for each reading.

    As they are: needles that the squashed reading cannot find, or not from their first character
    to their last.
    Squashed: without repeats, the simplest disguise stands for all.
    """
    literal: list[tuple[bytes, Needle]] = []
    squashed: dict[bytes, Needle] = {}
    for needle in needles:
        if not is_sure(needle.pattern, needle.form, wordy=needle.wordy):
            literal.append((needle.pattern, needle))
            continue
        pattern = squash(needle.pattern)
        squashed.setdefault(pattern, needle)
        ends = needle.pattern[:SHORT] + needle.pattern[-1:]
        # NOTE: where a stream idles, few letters are let go, be there ever so many signs among them
        if not needle.form or len(squash(ends)) < len(ends):
            literal.append((needle.pattern, needle))
    return Index(literal), Index(squashed.items())


class SquashedLane:
    """Finds needles in a stream however they are torn, over `BOUND` bytes and 8 for each letter.

    Whatever the pieces: what a hit spans is bounded, and what has begun is forgotten only when no
    hit could be as short any more.
    """

    def __init__(self, index: Index, squasher: Squasher) -> None:
        self._search = Search(index)
        self._reach = BOUND + 8 * index.longest
        self._squasher = squasher
        self._reads: deque[Read] = deque()
        """In which something may have begun."""
        self._placed = -1, 0
        """A letter of the squashed reading and where it stands; the same is asked for again."""

    def feed(self, read: Read) -> list[Hit]:
        """Every needle that ends in what was read. It begins and ends with a letter or a digit."""
        if read.letters:
            self._reads.append(read)
        hits = []
        for start, end, needle in self._search.feed(read.letters):
            first, last = (read.span if start >= read.start else self._span)(start, end)
            if last - first <= self._reach:
                hits.append(Hit(first, last, needle))
        self._let_go(read.raw_end)
        return hits

    def settled(self, least: int, signs: Signs) -> int:
        """See `Lanes`."""
        at = self._search.settled(least)
        if at < self._search.read:
            place = self._place(at)
            return place - signs(place)
        held = self._squasher.held
        begun = self._search.read - self._search.settled() + len(squash(held))
        # NOTE: what is before its first letter is let go, as it is when it comes alone
        free = len(held) if begun < least else len(held) - len(held.lstrip(DROPPED))
        return self._squasher.latest.raw_end + free

    def _let_go(self, end: int) -> None:
        """Forget what began too long ago, and the text before anything that did not."""
        while (at := self._search.settled()) < self._search.read and (
            end - self._place(at) > self._reach
        ):
            self._search.forget(at + 1)
        while self._reads and self._reads[0].end <= at:
            self._reads.popleft()

    def _span(self, start: int, end: int) -> Span:
        return self._place(start), self._place(end - 1) + 1

    def _place(self, at: int) -> int:
        if at != self._placed[0]:
            read = self._reads[-1]
            if at < read.start:
                read = self._reads[bisect_right(self._reads, at, key=attrgetter("start")) - 1]
            self._placed = at, read.place(at)
        return self._placed[1]


class Lanes:
    """Both readings of a stream that starts at an offset, in which pairs of indexes are sought."""

    def __init__(self, pairs: Iterable[tuple[Index, Index]], offset: int = 0) -> None:
        self._end = offset
        self._squasher = Squasher(offset)
        self._literal: list[Search] = []
        self._squashed: list[SquashedLane] = []
        for literal, squashed in pairs:
            if literal.longest:
                self._literal.append(Search(literal, offset))
            if squashed.longest:
                self._squashed.append(SquashedLane(squashed, self._squasher))

    def feed(self, piece: bytes) -> list[Hit]:
        """Every needle that ends in `piece`, at its offsets in the stream."""
        self._end += len(piece)
        hits = [hit for search in self._literal for hit in search.feed(piece)]
        return hits + self._find(self._squasher.feed(piece)) if self._squashed else hits

    def close(self) -> list[Hit]:
        """The text ends here, or something else begins: every needle that ends in what was held."""
        return self._find(self._squasher.close())

    def settled(self, least: int = 1, signs: Signs = lambda _at: 0) -> int:
        """Nothing that is found from now on starts before this offset.

        With `least`: nothing of which that many bytes were read already. `signs` tells of how
        many bytes before the first letter of a needle may belong to it.
        """
        literal = (lane.settled(least) for lane in self._literal)
        squashed = (lane.settled(least, signs) for lane in self._squashed)
        return min((*literal, *squashed), default=self._end)

    def _find(self, read: Read) -> list[Hit]:
        return [hit for lane in self._squashed for hit in lane.feed(read)]
