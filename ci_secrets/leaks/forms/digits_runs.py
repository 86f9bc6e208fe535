"""Where digits stand in a text: runs of them with separators, and the way back from their bytes."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.reading import Budget, Piece, Span

SEPARATORS: Final = b" \t\r\n,;:.|_+'\"[](){}<>\\=/#-"
"""What programs print between numbers."""

ANY_DIGIT: Final = bytes.maketrans(b"123456789", b"0" * 9)
"""A table that makes each digit a 0."""

Unit = tuple[int, int, int]
"""How many bytes one group of digits gives, and where it stands: `(size, start, end)`."""
Part = tuple[bytes, Callable[[], Iterable[Unit]]]
"""What one run gives, and its units in order."""


def gathered(parts: Sequence[Part], budget: Budget) -> Iterator[Piece]:
    """One piece of all parts, a line each: many small pieces would take longer to look at.

    The units are asked for when the first span is.
    """
    parts = [part for part in parts if part[0]]
    text = b"\n".join(part for part, _ in parts)
    if not text or not budget.spend(len(text)):
        return

    @cache
    def table() -> tuple[list[int], list[Span]]:
        every = [unit for unit in _in_lines(parts) if unit[0]]
        return list(accumulate(size for size, _, _ in every)), [(at, to) for _, at, to in every]

    def span(start: int, end: int) -> Span:
        ends, places = table()
        return places[bisect_right(ends, start)][0], places[bisect_right(ends, end - 1)][1]

    yield Piece(text, span)


def _in_lines(parts: Sequence[Part]) -> Iterator[Unit]:
    """The units of all parts, and one without a place for each line break between them."""
    end = 0
    for index, (_, units) in enumerate(parts):
        if index:
            yield 1, end, end
        for unit in units():
            yield unit
            end = unit[2]


class Run(NamedTuple):
    """Digits and separators, `start` bytes into the text that was read."""

    start: int
    text: bytes
    """Prefixes such as `0x` are blanks here."""
    digits: bytes
    """The digits alone."""


class Alphabet:
    """The digits of one base, and how its numbers are marked."""

    def __init__(self, digits: bytes, *, fewest: int, prefixes: tuple[bytes, ...] = ()) -> None:
        """`fewest`: digits that a run must have."""
        others = bytes(set(range(256)) - set(digits))
        separators = bytes(set(SEPARATORS) - set(digits))
        self._fewest = fewest
        self._prefixes = prefixes
        self._others = others
        self._separators = separators
        self._same = bytes.maketrans(digits, b"0" * len(digits))
        self._blanks = bytes.maketrans(others, b" " * len(others))
        self._run = re.compile(b"[%b]{%d,}" % (re.escape(digits + separators), fewest))
        self._digits = digits

    def runs(self, text: bytes) -> Iterator[Run]:
        """The runs with enough digits. Costs little where there is none."""
        for prefix in self._prefixes:
            text = text.replace(prefix, b" " * len(prefix))
        if b"0" * self._fewest not in text.translate(self._same, self._separators):
            return
        for match in self._run.finditer(text):
            digits = match[0].translate(None, self._others)
            if len(digits) >= self._fewest:
                yield Run(start=match.start(), text=match[0], digits=digits)

    def groups(self, run: Run) -> list[bytes]:
        """Digits without a separator between them."""
        return run.text.translate(self._blanks).split()

    def group_places(self, run: Run) -> Iterator[Span]:
        """Where each group stands in the text that was read."""
        for match in re.finditer(rb"\S+", run.text.translate(self._blanks)):
            yield run.start + match.start(), run.start + match.end()

    def places(self, run: Run) -> list[int]:
        """Where each digit stands in the text that was read."""
        return [run.start + at for at, byte in enumerate(run.text) if byte in self._digits]

    def marked(self, text: bytes, start: int) -> int:
        """Where the prefix of a number begins that starts here, or `start` itself."""
        for prefix in self._prefixes:
            if text[max(0, start - len(prefix)) : start] == prefix:
                return start - len(prefix)
        return start
