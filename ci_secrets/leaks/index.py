"""Needles that are ready to be looked for in a text, or in a stream that comes in pieces."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ci_secrets.leaks.literals import Growing
from ci_secrets.leaks.needles import Needle

SHORT: Final = 4
"""Fewer bytes of a pattern than these are let go where a stream idles."""
_ANCHOR: Final = 8
"""Bytes of a pattern that are searched for; the rest is compared at each hit."""
_LEAD: Final = 32
"""Bytes at the beginning of a pattern among which its anchor stands."""
_RAREST: Final = b"qjzx98765432kvw01ybhgfmupldcrosinate"
"""Letters and digits, the rarest in logs first. Source: counted in build logs and `git log -p`."""
_RARITY: Final = bytes(
    _RAREST.index(bytes([byte]).lower()) if bytes([byte]).isalnum() else len(_RAREST)
    for byte in range(256)
)
_HEAD: Final = 4
"""Bytes by which most ends of a text are seen to begin no pattern; none has fewer."""
_WINDOW: Final = 128 * 1024
"""Bytes searched at once: bounds the list of hits where every byte is one."""


class Hit(NamedTuple):
    """A needle that stands at `[start, end)`; offsets in bytes."""

    start: int
    end: int
    needle: Needle


_Patterns = list[tuple[bytes, Needle]]
"""Those whose first bytes are the same."""


class Index:
    """Needles by the patterns that stand for them. Immutable."""

    def __init__(self, patterns: Iterable[tuple[bytes, Needle]]) -> None:
        alike: dict[bytes, _Patterns] = {}
        for one in patterns:
            alike.setdefault(one[0][:_LEAD], []).append(one)
        by_anchor: dict[bytes, list[tuple[bytes, _Patterns]]] = {}
        for begin, many in alike.items():
            anchor, lead = _anchored(begin)
            by_anchor.setdefault(anchor, []).append((lead, many))
        self._by_anchor = list(by_anchor.values())
        self._leads = sorted({lead for same in self._by_anchor for lead, _ in same})
        """What has come of a pattern when its anchor has."""
        self._heads = {lead[:_HEAD] for lead in self._leads}
        self._heads |= {head[:size] for head in self._heads for size in range(1, len(head))}
        self._literals = Growing(list(by_anchor))
        self.longest = max((len(one) for many in alike.values() for one, _ in many), default=0)
        """Bytes of the longest pattern."""
        self.tail = max(map(len, self._leads), default=1) - 1
        """Bytes at the end of a text that say what may have begun there."""

    def led(self, text: bytes) -> Iterator[tuple[int, int, _Patterns]]:
        """Where leads stand, overlapping ones too, and the patterns that begin so."""
        for index, end in self._literals.find(text):
            for lead, patterns in self._by_anchor[index]:
                start = end - len(lead)
                if start >= 0 and text.startswith(lead, start):
                    yield start, end, patterns

    def find(self, text: bytes) -> Iterator[Hit]:
        """Every needle in a text that is whole."""
        for start, _, patterns in self.led(text):
            for pattern, needle in patterns:
                if text.startswith(pattern, start):
                    yield Hit(start, start + len(pattern), needle)

    def begun_at(self, tail: bytes, least: int = 1) -> int:
        """Where the longest end of `tail` starts, of `least` bytes, that a pattern begins with.

        Up to its anchor: that has been found where it stands.
        """
        size, heads = len(tail), self._heads
        for at in range(size - least + 1):
            if tail[at : at + _HEAD] in heads and (at > size - _HEAD or self._begins(tail[at:])):
                return at
        return size

    def _begins(self, text: bytes) -> bool:
        at = bisect_left(self._leads, text)
        if self._leads[at : at + 1] == [text]:
            at += 1  # NOTE: a lead that is all there has been found, and does not begin
        return at < len(self._leads) and self._leads[at].startswith(text)


def _anchored(begin: bytes) -> tuple[bytes, bytes]:
    """The anchor in the first bytes of a pattern, and all of them up to its end.

    It ends with the rarest of them: texts are read fastest so, and patterns that are shifted
    against each other share it.
    """
    rarity = begin[_ANCHOR - 1 :].translate(_RARITY)
    lead = begin[: _ANCHOR + rarity.index(min(rarity))] if rarity else begin
    anchor = lead[-_ANCHOR:]
    if anchor.strip(b"01"):
        return anchor, lead
    return begin[-2 * _ANCHOR :], begin  # NOTE: as many binary digits stand in many texts


class _Begun(NamedTuple):
    """A long pattern whose first `seen` bytes stand at the end of what was read."""

    start: int
    seen: int
    pattern: bytes
    needle: Needle


class Search:
    """Finds needles in a stream that comes in pieces; the pieces do not change what is found."""

    def __init__(self, index: Index, offset: int = 0) -> None:
        self._index = index
        self._read = offset
        self._tail = b""
        """The last bytes read: a pattern may have begun there whose anchor has not come."""
        self._begun: list[_Begun] = []
        self._settled: int | None = None
        """What `settled` has said since anything came."""

    @property
    def read(self) -> int:
        """Offset behind the last byte that was read."""
        return self._read

    def feed(self, piece: bytes) -> list[Hit]:
        """Every needle that ends in `piece`."""
        hits: list[Hit] = []
        self._settled = None
        for at in range(0, len(piece), _WINDOW):
            window = piece[at : at + _WINDOW]
            self._continue(window, hits)
            self._search(window, hits)
        return hits

    def settled(self, least: int = 1) -> int:
        """Nothing that is found from now on starts before this offset.

        What lies behind it is the longest end of the text that some pattern begins with, if that
        is of `least` bytes.
        """
        if least > 1:
            return self._unsettled(least)
        if self._settled is None:
            self._settled = self._unsettled(least)
        return self._settled

    def _unsettled(self, least: int) -> int:
        oldest = min((begun.start for begun in self._begun), default=self._read)
        begun = self._index.begun_at(self._tail, least)
        return min(oldest, self._read - len(self._tail) + begun)

    def forget(self, before: int) -> None:
        """Do not wait for the rest of anything that began before an offset."""
        self._settled = None
        self._begun = [begun for begun in self._begun if begun.start >= before]
        self._tail = self._tail[max(0, before - (self._read - len(self._tail))) :]

    def _search(self, window: bytes, hits: list[Hit]) -> None:
        known = len(self._tail)
        text = self._tail + window
        size, base = len(text), self._read - known
        self._read += len(window)
        self._tail = text[max(0, size - self._index.tail) :]
        for start, end, patterns in self._index.led(text):
            if end <= known:
                continue  # NOTE: it was reported with the piece that it ended in
            for pattern, needle in patterns:
                stop = start + len(pattern)
                if stop > size:
                    if pattern.startswith(text[end:], end - start):
                        self._begun.append(_Begun(base + start, size - start, pattern, needle))
                elif text.startswith(pattern, start):
                    hits.append(Hit(base + start, base + stop, needle))

    def _continue(self, window: bytes, hits: list[Hit]) -> None:
        begun, self._begun = self._begun, []
        for start, seen, pattern, needle in begun:
            length = len(pattern)
            there = window[: length - seen]
            if not pattern.startswith(there, seen):
                continue
            if seen + len(there) == length:
                hits.append(Hit(start, start + length, needle))
            else:
                self._begun.append(_Begun(start, seen + len(there), pattern, needle))
