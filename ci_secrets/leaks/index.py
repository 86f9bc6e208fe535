"""Needles that are ready to be looked for in a text, or in a stream that comes in pieces."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from ci_secrets.leaks.literals import compile_literals
from ci_secrets.leaks.needles import Needle

ANCHOR: Final = 16
"""Leading bytes of a pattern that are searched for; the rest is compared at each hit."""
SHORT: Final = 4
"""Fewer bytes of a pattern than these are let go where a stream idles."""
_HEAD: Final = 4
"""Bytes by which most ends of a text are seen to begin no anchor."""
_WINDOW: Final = 64 * 1024
"""Bytes searched at once: bounds the list of hits where every byte is one."""


class Hit(NamedTuple):
    """A needle that stands at `[start, end)`; offsets in bytes."""

    start: int
    end: int
    needle: Needle


class Index:
    """Needles by the patterns that stand for them. Immutable."""

    def __init__(self, patterns: Iterable[tuple[bytes, Needle]]) -> None:
        by_anchor: dict[bytes, list[tuple[bytes, Needle]]] = {}
        for pattern, needle in patterns:
            by_anchor.setdefault(pattern[:ANCHOR], []).append((pattern, needle))
        self._anchors = sorted(by_anchor)
        self._patterns = [by_anchor[anchor] for anchor in self._anchors]
        self._heads = frozenset(anchor[:_HEAD] for anchor in self._anchors)
        self._literals = compile_literals(self._anchors)
        self.longest = max((len(one) for many in self._patterns for one, _ in many), default=0)
        """Bytes of the longest pattern."""

    def anchored(self, window: bytes) -> Iterator[tuple[int, int, list[tuple[bytes, Needle]]]]:
        """Where anchors stand, overlapping ones too, and the patterns that begin so."""
        for index, end in self._literals.find(window):
            yield end - len(self._anchors[index]), end, self._patterns[index]

    def find(self, text: bytes) -> Iterator[Hit]:
        """Every needle in a text that is whole."""
        for start, _, patterns in self.anchored(text):
            for pattern, needle in patterns:
                if text.startswith(pattern, start):
                    yield Hit(start, start + len(pattern), needle)

    def begun_at(self, tail: bytes, least: int = 1) -> int:
        """Where the longest end of `tail` starts, of `least` bytes, that an anchor begins with."""
        for at in range(len(tail) - least + 1):
            head = tail[at : at + _HEAD]
            if (len(head) < _HEAD or head in self._heads) and self._begins(tail[at:]):
                return at
        return len(tail)

    def _begins(self, text: bytes) -> bool:
        at = bisect_left(self._anchors, text)
        if self._anchors[at : at + 1] == [text]:
            at += 1  # NOTE: an anchor that is all there has been found, and does not begin
        return at < len(self._anchors) and self._anchors[at].startswith(text)


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
        """The last bytes read: an anchor may have begun there."""
        self._begun: list[_Begun] = []

    @property
    def read(self) -> int:
        """Offset behind the last byte that was read."""
        return self._read

    def feed(self, piece: bytes) -> list[Hit]:
        """Every needle that ends in `piece`."""
        hits: list[Hit] = []
        for at in range(0, len(piece), _WINDOW):
            window = piece[at : at + _WINDOW]
            self._continue(window, hits)
            self._search(window, hits)
        return hits

    def close(self) -> list[Hit]:
        """The text ends here: nothing more ends in it."""
        return []

    def settled(self, least: int = 1) -> int:
        """Nothing that is found from now on starts before this offset.

        What lies behind it is the longest end of the text that some pattern begins with, if that
        is of `least` bytes.
        """
        oldest = min((begun.start for begun in self._begun), default=self._read)
        begun = self._index.begun_at(self._tail, least)
        return min(oldest, self._read - len(self._tail) + begun)

    def forget(self, before: int) -> None:
        """Do not wait for the rest of anything that began before an offset."""
        self._begun = [begun for begun in self._begun if begun.start >= before]
        self._tail = self._tail[max(0, before - (self._read - len(self._tail))) :]

    def _search(self, window: bytes, hits: list[Hit]) -> None:
        known = len(self._tail)
        text = self._tail + window
        size, base = len(text), self._read - known
        self._read += len(window)
        self._tail = text[-(ANCHOR - 1) :]
        for start, end, patterns in self._index.anchored(text):
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
