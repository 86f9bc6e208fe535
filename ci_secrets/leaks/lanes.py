"""The two readings of a stream in which needles are looked for: as it is, and squashed.

Squashed means: terminal colours taken out, lower case, nothing but letters and digits. So quotes,
escapes, line breaks, spaces and other letter case do not hide a value.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import Final, NamedTuple, Protocol

from ci_secrets.leaks.forms.torn.squash import Squashed, squash
from ci_secrets.leaks.forms.torn.uncolour import Uncoloured
from ci_secrets.leaks.index import Hit, Index, Search
from ci_secrets.leaks.needles import Needle
from ci_secrets.leaks.parts.words import is_wordy

MIN_SQUASHED: Final = 16
"""Letters and digits of a needle that is looked for torn apart."""
MIN_RANDOM: Final = 8
"""The same where they are no words."""
BOUND: Final = 64 * 1024
"""Bytes of a stream over which a value may be torn and still be redacted, beside its own length."""


class Lane(Protocol):
    """One reading of a stream."""

    def feed(self, piece: bytes) -> Iterator[Hit]:
        """Every needle that ends in `piece`, at its offsets in the stream."""

    def settled(self, least: int = 1) -> int:
        """Nothing that is found from now on starts before this offset."""


def squashed_pattern(needle: Needle) -> bytes:
    """What stands for it in the squashed reading; empty where that is not sure enough."""
    pattern = squash(needle.pattern)
    if len(pattern) >= MIN_SQUASHED or (len(pattern) >= MIN_RANDOM and _is_random(pattern, needle)):
        return pattern
    return b""


def _is_random(pattern: bytes, needle: Needle) -> bool:
    return not (needle.wordy or is_wordy(pattern.decode("utf-8", "replace")))


def literal_index(needles: Iterable[Needle]) -> Index:
    """Those that the squashed reading cannot find, or not to their last character."""
    return Index((needle.pattern, needle) for needle in needles if _is_literal(needle))


def _is_literal(needle: Needle) -> bool:
    ends = needle.pattern[:1] + needle.pattern[-1:]
    return not needle.form or len(squash(ends)) < len(ends) or not squashed_pattern(needle)


def squashed_index(needles: Iterable[Needle]) -> Index:
    """Needles for the squashed reading, without repeats: the simplest disguise stands for all."""
    patterns: dict[bytes, Needle] = {}
    for needle in needles:
        if pattern := squashed_pattern(needle):
            patterns.setdefault(pattern, needle)
    return Index(patterns.items())


class _Read(NamedTuple):
    """Text that was squashed, and where it stands in both readings."""

    squashed: int
    """Offset of its first letter or digit in the squashed reading."""
    view: Squashed
    within: list[int]
    """Where in its text each run begins that no colour code parts."""
    starts: list[int]
    """Where in the stream these begin."""

    def raw(self, at: int) -> tuple[int, int]:
        """Where in the stream one letter or digit of the squashed reading stands."""
        start, _ = self.view.span(at - self.squashed, at - self.squashed + 1)
        run = bisect_right(self.within, start) - 1
        offset = self.starts[run] + start - self.within[run]
        return offset, offset + 1


class SquashedLane:
    """Finds needles in a stream however they are torn, over at most `BOUND` bytes."""

    def __init__(self, index: Index, offset: int = 0) -> None:
        self._search = Search(index)
        self._reach = BOUND + 8 * index.longest
        self._uncoloured = Uncoloured(offset)
        self._reads: deque[_Read] = deque()

    def feed(self, piece: bytes) -> Iterator[Hit]:
        """See `Lane`. A hit begins and ends with a letter or a digit."""
        runs = self._uncoloured.feed(piece)
        view = Squashed(b"".join(run.text for run in runs))
        within = list(accumulate((len(run.text) for run in runs[:-1]), initial=0))
        self._reads.append(_Read(self._search.read, view, within, [run.start for run in runs]))
        for start, end, needle in self._search.feed(view.text):
            first, last = self._raw(start)[0], self._raw(end - 1)[1]
            if last - first <= self._reach:
                yield Hit(first, last, needle)
        self._let_go()

    def settled(self, least: int = 1) -> int:
        """See `Lane`."""
        at = self._search.settled(least)
        return self._uncoloured.read if at == self._search.read else self._raw(at)[0]

    def _let_go(self) -> None:
        """Forget what began too long ago, and the text before anything that did not."""
        while (at := self._search.settled()) < self._search.read and (
            self._uncoloured.read - self._raw(at)[0] > self._reach
        ):
            self._search.forget(at + 1)
        while len(self._reads) > 1 and self._reads[1].squashed <= at:
            self._reads.popleft()

    def _raw(self, at: int) -> tuple[int, int]:
        index = bisect_right(self._reads, at, key=lambda read: read.squashed) - 1
        return self._reads[index].raw(at)


def lanes(literal: Index, squashed: Index, offset: int = 0) -> tuple[Lane, ...]:
    """Both readings of a stream that starts at an offset."""
    return Search(literal, offset), SquashedLane(squashed, offset)
