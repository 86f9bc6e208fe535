"""What the forms that write bytes in characters of an alphabet have in common."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import accumulate
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span

MARK: Final = b"A"


def fragments(encode: Callable[[bytes], bytes], text: bytes, *, bits: int) -> Iterator[bytes]:
    """The part of the encoding of any text around `text` that its neighbours cannot change.

    `bits` is what one character holds, 5 or 6. There is one fragment for each alignment; characters
    that also hold bits of a neighbour are dropped, and with them the padding.
    """
    group = bits if bits % 2 else bits // 2  # bytes that make whole characters
    size = -(-(group - 1 + len(text)) // group) * group
    # NOTE: all in one go, for an encoder takes longer to begin than for a few more bytes
    encoded = encode(b"".join([(bytes(at) + text).ljust(size, b"\0") for at in range(group)]))
    for start in range(0, group * size, size + 1):
        yield encoded[-(-8 * start // bits) : 8 * (start + len(text)) // bits]


class Alphabet:
    """The characters that a form writes. Tables and patterns are made when they are asked for."""

    def __init__(self, characters: bytes, fold: bytes = rb"\r?\n\s*") -> None:
        """`fold`: a pattern of what stands between a line and the next one that continues it."""
        self.characters = characters
        self._fold = fold

    @cached_property
    def run(self) -> re.Pattern[bytes]:
        """One or more of them."""
        return re.compile(b"[" + re.escape(self.characters) + b"]+")

    @cached_property
    def stretch(self) -> re.Pattern[bytes]:
        """A run, and the lines that may be its continuation."""
        return re.compile(rb"%b(?:%b%b)*" % (self.run.pattern, self._fold, self.run.pattern))

    @cached_property
    def foreign(self) -> bytes:
        """All other bytes."""
        return bytes(set(range(256)) - set(self.characters))

    @cached_property
    def shape(self) -> bytes:
        """A table for `bytes.translate` that makes them `MARK`, and all others NUL."""
        return bytes(MARK[0] if byte in self.characters else 0 for byte in range(256))

    def long(
        self, text: bytes, least: int, pattern: re.Pattern[bytes]
    ) -> Iterator[re.Match[bytes]]:
        """Matches of a pattern that takes all of a run, at each run of `least` characters or more.

        The runs are looked for in the shape of the text, which takes a tenth of the time.
        """
        shape = text.translate(self.shape)
        at = shape.find(MARK * least)
        while at >= 0 and (match := pattern.match(text, at)):
            yield match
            at = shape.find(MARK * least, match.end())


class Joined:
    """The characters of an alphabet in `text[start:end]`, without what stands between them."""

    def __init__(self, text: bytes, alphabet: Alphabet, start: int = 0, end: int = -1) -> None:
        self._text = text
        self._alphabet = alphabet
        self._bounds = start, len(text) if end < 0 else end
        self._starts: list[int] = []
        self._offsets: list[int] = []
        self.characters = text[slice(*self._bounds)].translate(None, alphabet.foreign)

    def place(self, index: int) -> int:
        """The offset in the text of the character with this index."""
        if not self._starts:  # NOTE: only hits ask, so the runs are not walked before
            count = 0
            for run in self._alphabet.run.finditer(self._text, *self._bounds):
                self._starts.append(count)
                self._offsets.append(run.start())
                count += run.end() - run.start()
        at = bisect_right(self._starts, index) - 1
        return self._offsets[at] + index - self._starts[at]

    def piece(self, data: bytes, first: int, *, bits: int) -> Piece:
        """What the characters from the index `first` on hold, `bits` in each."""

        def span(start: int, end: int) -> Span:
            last = first + -(-8 * end // bits) - 1
            return self.place(first + 8 * start // bits), self.place(last) + 1

        return Piece(data, span)

    def grouped(self, data: bytes, first: int) -> Piece:
        """What the characters from the index `first` on hold, four bytes in each five."""

        def span(start: int, end: int) -> Span:
            last = min(first + -(-end // 4) * 5, len(self.characters)) - 1
            return self.place(first + start // 4 * 5), self.place(last) + 1

        return Piece(data, span)


def together(pieces: Sequence[Piece]) -> Piece:
    """Pieces of one text as one, a line each: many small ones would take longer to look at."""
    starts = [0, *accumulate(len(piece.text) + 1 for piece in pieces)]

    def span(start: int, end: int) -> Span:
        first, last = (bisect_right(starts, at) - 1 for at in (start, end - 1))
        begin, close = start - starts[first], end - starts[last]
        # NOTE: the line break between two pieces stands for the end of the one before
        begin = min(begin, len(pieces[first].text) - 1)
        close = min(close, len(pieces[last].text))
        return pieces[first].span(begin, begin + 1)[0], pieces[last].span(close - 1, close)[1]

    return Piece(b"\n".join(piece.text for piece in pieces), span)
