"""A stretch of text that one `***` replaces, and what is found in it."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Final

from ci_secrets.leaks.excerpt import MARK, SHOWN, Excerpt
from ci_secrets.leaks.findings import Finding, collapsed, fingerprint
from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.held import Place
from ci_secrets.leaks.needles import Needle
from ci_secrets.text import foreign

MAX_SPANS: Final = 10_000
"""Places noted in one stretch, which has more only where nothing else is printed."""
_MARK: Final = MARK.decode()


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
class Stretch:
    """Bytes `[start, end)` that are hidden together, because hits in them touch."""

    start: int
    end: int
    spans: dict[tuple[str, Chain], list[Span]] = field(default_factory=dict)
    room: int = MAX_SPANS
    """How many more spans are noted."""
    unlisted: set[str] = field(default_factory=set)
    """Owners of what was not: in a form in which they are noted there, too."""
    begun: bool = False
    """Whether the `***` was written."""
    line: int = 0
    """Where it begins in the stream, 1-based; known from then on."""
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
        elif self.room > 0 or not same:
            self.room -= 1
            same.append(Span(needle, place(start), place(end)))
        else:
            self.unlisted.add(needle.owner)

    def first(self) -> Iterator[Needle]:
        """Those that it begins with."""
        every = (span for spans in self.spans.values() for span in spans)
        return (span.needle for span in every if span.start.offset == self.start)

    def findings(self) -> list[Span]:
        """One span for each place of each value: the longest, then the whole before its parts."""
        owners: dict[str, list[Span]] = {}
        for spans in filter(None, self.spans.values()):
            owners.setdefault(spans[0].needle.owner, []).extend(_joined(spans))
        return [span for _, spans in sorted(owners.items()) for span in _outermost(spans)]


class Stretches(list[Stretch]):
    """Those of a text that is still held: sorted, never touching."""

    def touched(self, start: int, end: int) -> Stretch:
        """The one that `[start, end)` belongs to, and grows by it; else a new one."""
        if not self or self[-1].end < start:
            self.append(Stretch(start, end))
            return self[-1]
        first = last = bisect_left(self, start, key=attrgetter("end"))
        while last < len(self) and self[last].start <= end:
            last += 1
        if first == last:
            self.insert(first, Stretch(start, end))
        stretch = self[first]
        for other in self[first + 1 : last]:
            stretch.absorb(other)
        del self[first + 1 : last]
        stretch.start, stretch.end = min(stretch.start, start), max(stretch.end, end)
        return stretch


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


def _likeliest(span: Span) -> tuple[bool, int, bool, bool, int, Chain, str]:
    """The longest first, then the whole before its parts, then the disguise that says most.

    Of what shows a part, only where nothing shows the whole: a bit of its next letter is no more.
    """
    needle, chain = span.needle, span.needle.form
    simple = "torn" in chain, len(chain)
    # NOTE: the last two say nothing, but the order in which spans were found must not either
    return "partial" in chain, -len(span), needle.part != "", *simple, chain, needle.part


def _outermost(spans: Iterable[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(spans, key=_likeliest):
        at = bisect_left(kept, span.start.offset, key=lambda span: span.start.offset)
        clear_left = at == 0 or kept[at - 1].end.offset <= span.start.offset
        clear_right = at == len(kept) or span.end.offset <= kept[at].start.offset
        if clear_left and clear_right:
            kept.insert(at, span)
    return kept


def to_finding(span: Span, sides: tuple[bytes, bytes], file: str) -> Finding:
    """What a report says of one span; `sides`: what stands beside it, without any value."""
    left, right = (side.decode("utf-8", "replace") for side in sides)
    line = left[-SHOWN:] + _MARK + right[:SHOWN]
    # NOTE: a number of more digits must not move where the line is cut
    alike = collapsed(left)[-SHOWN:] + _MARK + collapsed(right)[:SHOWN]
    return Finding(
        file=file,
        line=span.start.line,
        column=span.start.column,
        end_line=span.end.line,
        end_column=span.end.column,
        secret=span.needle.secret,
        form=span.needle.form,
        severity=span.needle.severity,
        fingerprint=fingerprint(span.needle.secret, span.needle.form, alike),
        excerpt=foreign(line.strip(), cap=16 * SHOWN),
    )
