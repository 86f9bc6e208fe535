"""A stretch of text that one `***` replaces, and what is found in it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from ci_secrets.leaks.findings import Finding, fingerprint
from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.held import Held, Place
from ci_secrets.leaks.index import Hit
from ci_secrets.leaks.needles import Needle
from ci_secrets.text import foreign

MARK: Final = b"***"
MAX_SPANS: Final = 10_000
"""Places noted in one stretch, which has more only where nothing else is printed."""
_LEFT: Final = 160
_RIGHT: Final = 160
"""Bytes of the redacted line on either side of a finding; the whole of most lines."""
_AROUND: Final = 4 * _LEFT
"""Bytes of which they are the redacted ones."""


@dataclass(slots=True)
class Span:
    """Hits of one value in one form that touch each other."""

    needle: Needle
    start: Place
    end: Place

    def __len__(self) -> int:
        return self.end.offset - self.start.offset

    def touches(self, start: int, end: int) -> bool:
        """Whether they overlap or are neighbours."""
        return self.start.offset <= end and start <= self.end.offset

    def absorb(self, other: "Span") -> None:
        """Grow over another."""
        self.start = min(self.start, other.start)
        self.end = max(self.end, other.end)


@dataclass(slots=True)
class Excerpt:
    """The line around a stretch after redaction. Holds no value."""

    left: bytes
    right: bytearray = field(default_factory=bytearray)

    @property
    def line(self) -> bytes:
        """The redacted line, or the middle of it where it is long."""
        return self.left + MARK + self.right


@dataclass(slots=True)
class Stretch:
    """Bytes `[start, end)` that are hidden together, because hits in them touch."""

    start: int
    end: int
    spans: dict[tuple[str, Chain], list[Span]] = field(default_factory=dict)
    room: int = MAX_SPANS
    """How many more spans are noted."""
    unlisted: set[str] = field(default_factory=set)
    """Owners of what was not."""
    begun: bool = False
    """Whether the `***` was written."""
    excerpt: Excerpt | None = None
    """The line around it, unless it is not to be listed."""

    def absorb(self, other: "Stretch") -> None:
        """Grow over a later stretch that touches this one and was not written yet."""
        self.start = min(self.start, other.start)
        self.end = max(self.end, other.end)
        self.room -= MAX_SPANS - other.room
        self.unlisted |= other.unlisted
        for key, spans in other.spans.items():
            self.spans.setdefault(key, []).extend(spans)

    def add(self, needle: Needle, start: int, end: int, place: Callable[[int], Place]) -> None:
        """Note a hit; one that touches the last of its kind becomes one with it."""
        self.start, self.end = min(self.start, start), max(self.end, end)
        same = self.spans.setdefault((needle.secret, needle.form), [])
        if same and same[-1].touches(start, end):
            if start < same[-1].start.offset:
                same[-1].start = place(start)
            if end > same[-1].end.offset:
                same[-1].end = place(end)
        elif self.room > 0:
            self.room -= 1
            same.append(Span(needle, place(start), place(end)))
        else:
            self.unlisted.add(needle.owner)

    @property
    def owners(self) -> set[str]:
        """Names of the values in it."""
        return self.unlisted | {spans[0].needle.owner for spans in self.spans.values() if spans}

    def findings(self) -> list[Span]:
        """One span for each place of each value: the longest, then the whole before its parts."""
        owners: dict[str, list[Span]] = {}
        for spans in filter(None, self.spans.values()):
            owners.setdefault(spans[0].needle.owner, []).extend(_joined(spans))
        return [span for _, spans in sorted(owners.items()) for span in _outermost(spans)]


def _joined(spans: list[Span]) -> Iterator[Span]:
    latest: Span | None = None
    for span in sorted(spans, key=lambda span: span.start):
        if latest is not None and latest.touches(span.start.offset, span.end.offset):
            latest.absorb(span)
            continue
        if latest is not None:
            yield latest
        latest = span
    if latest is not None:
        yield latest


def _likeliest(span: Span) -> tuple[int, bool, bool, int, Chain, str]:
    """The longest first, then the whole before its parts, then the disguise that says most."""
    needle, chain = span.needle, span.needle.form
    # NOTE: the last two say nothing, but the order in which spans were found must not either
    return -len(span), needle.part != "", "torn" in chain, len(chain), chain, needle.part


def _outermost(spans: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=_likeliest):
        at = bisect_left(kept, span.start.offset, key=lambda span: span.start.offset)
        clear_left = at == 0 or kept[at - 1].end.offset <= span.start.offset
        clear_right = at == len(kept) or span.end.offset <= kept[at].start.offset
        if clear_left and clear_right:
            kept.insert(at, span)
    return kept


def line_around(start: int, end: int, hits: Iterable[Hit], held: Held) -> bytes:
    """The line around `[start, end)` with all hits in it redacted; of a long one the middle.

    The hits are sorted by start.
    """
    left = _redacted(max(held.base, start - _AROUND), start, hits, held)
    right = _redacted(end, min(held.end, end + _AROUND), hits, held)
    return left[left.rfind(b"\n") + 1 :][-_LEFT:] + MARK + right.partition(b"\n")[0][:_RIGHT]


def _redacted(low: int, high: int, hits: Iterable[Hit], held: Held) -> bytes:
    parts: list[bytes] = []
    for hit in takewhile(lambda hit: hit.start < high, hits):
        if hit.end > low:
            parts += [held.slice(low, max(low, hit.start)), MARK]
            low = min(high, hit.end)
    return b"".join([*parts, held.slice(low, high)])


class Excerpts:
    """Follows the redacted text and cuts out the line around every `***`."""

    def __init__(self) -> None:
        self._left = b""
        self._open: list[Excerpt] = []

    def clear(self, text: bytes) -> None:
        """Text that was written as it is."""
        self._extend(text[: _RIGHT + 1])
        tail = text[-_LEFT:]
        newline = tail.rfind(b"\n")
        self._left = tail[newline + 1 :] if newline >= 0 else (self._left + tail)[-_LEFT:]

    def mark(self) -> Excerpt:
        """A `***` was written; its right side is filled in as the text goes on."""
        self._extend(MARK)
        excerpt = Excerpt(self._left)
        self._open.append(excerpt)
        self._left = (self._left + MARK)[-_LEFT:]
        return excerpt

    def _extend(self, text: bytes) -> None:
        if not self._open:
            return
        line, newline, _ = text.partition(b"\n")
        for excerpt in self._open:
            excerpt.right += line[: _RIGHT - len(excerpt.right)]
        self._open = [one for one in self._open if not newline and len(one.right) < _RIGHT]


def to_finding(span: Span, redacted_line: bytes, file: str) -> Finding:
    """What a report says of one span."""
    line = redacted_line.decode("utf-8", "replace")
    return Finding(
        file=file,
        line=span.start.line,
        column=span.start.column,
        end_line=span.end.line,
        end_column=span.end.column,
        secret=span.needle.secret,
        form=span.needle.form,
        severity=span.needle.severity,
        fingerprint=fingerprint(span.needle.secret, span.needle.form, line),
        excerpt=foreign(line.strip(), cap=8 * (_LEFT + _RIGHT)),
    )
