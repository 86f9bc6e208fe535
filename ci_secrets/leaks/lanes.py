"""The two readings of a stream in which needles are looked for: as it is, and squashed.

Squashed means: terminal colours taken out, lower case, nothing but letters and digits. So quotes,
escapes, line breaks, spaces and other letter case do not hide a value.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable
from functools import cached_property
from operator import attrgetter
from typing import Final, Protocol

from ci_secrets.leaks.forms.reading import Span
from ci_secrets.leaks.forms.torn.squash import DROPPED, Squashed, squash
from ci_secrets.leaks.forms.torn.uncolour import Sequences, begin_of_end, blanked, uncoloured
from ci_secrets.leaks.index import Hit, Index, Search
from ci_secrets.leaks.needles import Needle
from ci_secrets.leaks.parts.words import is_wordy

MIN_SQUASHED: Final = 16
"""Letters and digits of a needle that is looked for torn apart."""
MIN_RANDOM: Final = 8
"""The same where they are no words."""
BOUND: Final = 64 * 1024
"""Bytes of a stream over which a value may be torn and still be redacted, beside its own length."""
_ENDING: Final = 128


class Lane(Protocol):
    """One reading of a stream."""

    def feed(self, piece: bytes) -> list[Hit]:
        """Every needle that ends in `piece`, at its offsets in the stream."""

    def close(self) -> list[Hit]:
        """The text ends here, or something else begins: every needle that ends in what was held."""

    def settled(self, least: int = 1) -> int:
        """Nothing that is found from now on starts before this offset.

        With `least`: nothing of which that many bytes were read already.
        """


def indexes(needles: Iterable[Needle]) -> tuple[Index, Index]:
    """Those for each reading.

    As they are: needles that the squashed reading cannot find, or not to their last character.
    Squashed: without repeats, the simplest disguise stands for all.
    """
    literal: list[tuple[bytes, Needle]] = []
    squashed: dict[bytes, Needle] = {}
    for needle in needles:
        pattern = squash(needle.pattern)
        if len(pattern) < MIN_SQUASHED and not _is_sure(pattern, needle):
            literal.append((needle.pattern, needle))
            continue
        squashed.setdefault(pattern, needle)
        if not needle.form or needle.pattern[0] in DROPPED or needle.pattern[-1] in DROPPED:
            literal.append((needle.pattern, needle))
    return Index(literal), Index(squashed.items())


def _is_sure(pattern: bytes, needle: Needle) -> bool:
    if len(pattern) < MIN_RANDOM or needle.wordy:
        return False
    return not is_wordy(pattern.decode("utf-8", "replace"))


class _Read:
    """Text that was squashed, and where it stands in both readings."""

    def __init__(self, squashed: int, start: int, text: bytes) -> None:
        self.letters = squash(uncoloured(text))
        """What is left of it."""
        self.start = squashed
        """Offset of the first of them in the squashed reading."""
        self._raw_start = start
        self._raw = text

    @property
    def end(self) -> int:
        """Offset behind its last letter or digit in the squashed reading."""
        return self.start + len(self.letters)

    def span(self, start: int, end: int) -> Span:
        """Where in the stream letters and digits of the squashed reading stand."""
        first, last = self._whole.span(start - self.start, end - self.start)
        return self._raw_start + first, self._raw_start + last

    def place(self, at: int) -> int:
        """Where one of them stands; cheaper at the end than elsewhere."""
        start, view = self._ending
        behind = self.end - at
        if behind <= len(view.text):
            return start + view.place(len(view.text) - behind)
        return self._raw_start + self._whole.place(at - self.start)

    @cached_property
    def _whole(self) -> Squashed:
        return Squashed(blanked(self._raw))

    @cached_property
    def _ending(self) -> tuple[int, Squashed]:
        """The end of it, which is asked for wherever a value may have begun."""
        start = begin_of_end(self._raw, _ENDING)
        return self._raw_start + start, Squashed(blanked(self._raw[start:]))


class SquashedLane:
    """Finds needles in a stream however they are torn, over `BOUND` bytes and 8 for each letter.

    Whatever the pieces: what a hit spans is bounded, and what has begun is forgotten only when no
    hit could be as short any more.
    """

    def __init__(self, index: Index, offset: int = 0) -> None:
        self._search = Search(index)
        self._reach = BOUND + 8 * index.longest
        self._sequences = Sequences()
        self._read = offset
        """Offset in the stream behind the last byte that was squashed."""
        self._reads: deque[_Read] = deque()
        self._placed = -1, 0
        """A letter of the squashed reading and where it stands; the same is asked for again."""

    def feed(self, piece: bytes) -> list[Hit]:
        """See `Lane`. A hit begins and ends with a letter or a digit."""
        return self._squash(self._sequences.feed(piece))

    def close(self) -> list[Hit]:
        """See `Lane`."""
        return self._squash(self._sequences.close())

    def settled(self, least: int = 1) -> int:
        """See `Lane`."""
        at = self._search.settled(least)
        if at < self._search.read:
            return self._place(at)
        held = self._sequences.held
        begun = self._search.read - self._search.settled() + len(squash(held))
        return self._read + (len(held) if begun < least else 0)

    def _squash(self, text: bytes) -> list[Hit]:
        read = _Read(self._search.read, self._read, text)
        self._read += len(text)
        if read.letters:
            self._reads.append(read)
        hits = []
        for start, end, needle in self._search.feed(read.letters):
            first, last = (read.span if start >= read.start else self._span)(start, end)
            if last - first <= self._reach:
                hits.append(Hit(first, last, needle))
        self._let_go()
        return hits

    def _let_go(self) -> None:
        """Forget what began too long ago, and the text before anything that did not."""
        while (at := self._search.settled()) < self._search.read and (
            self._read - self._place(at) > self._reach
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


def lanes(literal: Index, squashed: Index, offset: int = 0) -> tuple[Lane, ...]:
    """Both readings of a stream that starts at an offset."""
    return Search(literal, offset), SquashedLane(squashed, offset)
