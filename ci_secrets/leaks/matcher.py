"""One automaton for all needles, and the search through a stream that it drives."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, islice, zip_longest
from typing import Final, NamedTuple

from ahocorasick_rs import BytesAhoCorasick, Implementation

from ci_secrets.leaks.findings import Skipped
from ci_secrets.leaks.needles import Needle, Needles, needles_of
from ci_secrets.secret import Secret

ANCHOR: Final = 24
"""Leading bytes of a needle that the automaton knows; the rest is compared at each hit."""
MAX_DFA: Final = 5_000
"""Anchors up to which the fast automaton is built, which takes about 12 KiB for each."""
_HEAD: Final = 4
"""Bytes by which most ends of a text are seen to begin no anchor."""
_WINDOW: Final = 16 * 1024
"""Bytes searched at once: bounds the list of hits where every byte is one."""


class Hit(NamedTuple):
    """A needle that stands at `[start, end)` of a stream; offsets in bytes from its beginning."""

    start: int
    end: int
    needle: Needle


class Engine:
    """The known values, spelled in every form and ready to be searched for. Immutable.

    `secrets` may hold one name with several values: a rotated value stays known.
    """

    def __init__(
        self, secrets: Iterable[tuple[str, Secret]], known: "Engine | None" = None
    ) -> None:
        """`known`: an engine of the first of these secrets, whose needles are taken over."""
        self._secrets = tuple(secrets)
        have = () if known is None else known.spelled
        more = self._secrets[len(have) :]
        self.spelled: tuple[Needles, ...] = (
            *have,
            *(needles_of(name, secret.reveal()) for name, secret in more),
        )
        """What each value comes to, in their order."""
        self.skipped: tuple[Skipped, ...] = tuple(
            note for one in self.spelled for note in one.skipped
        )
        """What is not looked for, or not in every form, and why."""
        self._latest: tuple[list[tuple[str, Secret]], Engine] | None = None
        self._by_anchor: dict[bytes, list[Needle]] = {}
        for needle in self.needles:
            self._by_anchor.setdefault(needle.pattern[:ANCHOR], []).append(needle)
        self._anchors = sorted(self._by_anchor)
        self._heads = frozenset(anchor[:_HEAD] for anchor in self._anchors)
        self._needles = [self._by_anchor[anchor] for anchor in self._anchors]
        dfa = len(self._anchors) <= MAX_DFA
        self._automaton = BytesAhoCorasick(
            self._anchors,
            implementation=Implementation.DFA if dfa else Implementation.ContiguousNFA,
        )

    @property
    def needles(self) -> Iterator[Needle]:
        """Every needle, value by value, the likeliest form first."""
        return (needle for one in self.spelled for needle in one.needles)

    def extended(self, more: Mapping[str, Secret]) -> "Engine":
        """An engine that also knows `more`; of a name that it knows already, both values."""
        fresh = [pair for pair in more.items() if pair not in self._secrets]
        if not fresh:
            return self
        # NOTE: the redactors of one job are all told the same, one after the other
        if self._latest is None or self._latest[0] != fresh:
            self._latest = fresh, Engine((*self._secrets, *fresh), known=self)
        return self._latest[1]

    def masks(self, per_value: int = 20, total: int = 1000) -> list[bytes]:
        """What a CI system is asked to mask, the likeliest first; never holds a line break.

        At most `per_value` of each value. In clear first: a value of one line whole, one of
        several lines by its first lines, for a runner masks line by line. What room is left goes
        to other spellings of the whole. One of each value before the second of any, and all in
        clear before any other, so that `total` cuts off the least likely.
        """
        plain = [_plain_masks(one.needles)[:per_value] for one in self.spelled]
        other = [
            _other_masks(one.needles)[: per_value - len(lines)]
            for one, lines in zip(self.spelled, plain, strict=True)
        ]
        rounds = chain(zip_longest(*plain), zip_longest(*other))
        masks = dict.fromkeys(mask for turn in rounds for mask in turn if mask is not None)
        return list(islice(masks, total))

    @property
    def partly_masked(self) -> tuple[str, ...]:
        """Names of values that `masks` leaves visible in part, though they are looked for.

        They have more lines than there is room for, or none that may be masked on its own.
        """
        masks = set(self.masks())
        partly = {}
        for (name, _), one in zip(self._secrets, self.spelled, strict=True):
            plain = _plain_masks(one.needles)
            if one.needles and not (plain and masks.issuperset(plain)):
                partly[name] = True
        return tuple(partly)

    def anchored(self, window: bytes) -> Iterator[tuple[int, int, list[Needle]]]:
        """Where anchors stand in `window`, overlapping ones too, and whose they are."""
        for index, start, end in self._automaton.find_matches_as_indexes(window, overlapping=True):
            yield start, end, self._needles[index]

    def begun_at(self, tail: bytes) -> int:
        """Where in `tail` the longest end starts that some anchor begins with and goes on."""
        for at in range(len(tail)):
            head = tail[at : at + _HEAD]
            if (len(head) < _HEAD or head in self._heads) and self._begins(tail[at:]):
                return at
        return len(tail)

    def _begins(self, text: bytes) -> bool:
        at = bisect_left(self._anchors, text)
        if self._anchors[at : at + 1] == [text]:
            at += 1  # NOTE: an anchor that is all there has been found, and does not begin
        return at < len(self._anchors) and self._anchors[at].startswith(text)


def build(known: Mapping[str, Secret]) -> Engine:
    """The engine for a job's values, by name."""
    return Engine(known.items())


def _plain_masks(needles: Iterable[Needle]) -> list[bytes]:
    """The value in clear: whole where it is one line, else its lines."""
    return [one.pattern for one in needles if not one.form and _is_line(one.pattern)]


def _other_masks(needles: Iterable[Needle]) -> list[bytes]:
    """The whole value otherwise spelled: the first spelling of each form before any second."""
    other = [one for one in needles if one.form and not one.part and _is_line(one.pattern)]
    other.sort(key=lambda needle: needle.variant)
    return [needle.pattern for needle in other]


def _is_line(pattern: bytes) -> bool:
    return b"\n" not in pattern and b"\r" not in pattern


class _Begun(NamedTuple):
    """A long needle whose first `seen` bytes stand at the end of what was read."""

    start: int
    seen: int
    needle: Needle


class Search:
    """Finds needles in a stream that comes in pieces; the pieces do not change what is found."""

    def __init__(self, engine: Engine, offset: int = 0) -> None:
        self._engine = engine
        self._read = offset
        self._tail = b""
        """The last bytes read: an anchor may have begun there."""
        self._begun: list[_Begun] = []

    def feed(self, piece: bytes) -> Iterator[Hit]:
        """Every needle that ends in `piece`. Read to the end before anything else is asked."""
        for at in range(0, len(piece), _WINDOW):
            yield from self._window(piece[at : at + _WINDOW])

    def settled(self) -> int:
        """Nothing that is found from now on starts before this offset.

        What lies behind it is the longest end of the text that some needle begins with.
        """
        oldest = min((begun.start for begun in self._begun), default=self._read)
        return min(oldest, self._read - len(self._tail) + self._engine.begun_at(self._tail))

    def _window(self, window: bytes) -> Iterator[Hit]:
        yield from self._continue(window)
        known = len(self._tail)
        text = self._tail + window
        base = self._read - known
        self._read += len(window)
        self._tail = text[-(ANCHOR - 1) :]
        for start, end, needles in self._engine.anchored(text):
            if end <= known:
                continue  # NOTE: it was reported with the piece that it ended in
            for needle in needles:
                length = len(needle.pattern)
                there = text[end : start + length]
                if not needle.pattern.startswith(there, end - start):
                    continue
                if start + length <= len(text):
                    yield Hit(base + start, base + start + length, needle)
                else:
                    self._begun.append(_Begun(base + start, len(text) - start, needle))

    def _continue(self, window: bytes) -> Iterator[Hit]:
        begun, self._begun = self._begun, []
        for start, seen, needle in begun:
            length = len(needle.pattern)
            there = window[: length - seen]
            if not needle.pattern.startswith(there, seen):
                continue
            if seen + len(there) == length:
                yield Hit(start, start + length, needle)
            else:
                self._begun.append(_Begun(start, seen + len(there), needle))
