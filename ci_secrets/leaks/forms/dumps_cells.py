"""What the cells of dump rows hold: hex, octal, decimal or binary, bytes or words."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Final, Literal, NamedTuple

from ci_secrets.leaks.forms.digits_runs import Part, Unit
from ci_secrets.leaks.forms.dumps_rows import Row

Readings = defaultdict[str, list[Part]]
"""What rows hold, by how they were read."""

_HEX_SIZES: Final = {2: 1, 4: 2, 8: 4, **dict.fromkeys(range(10, 33, 2), 16), 16: 8}
"""Digits of a word → its bytes; `xxd -g0` makes one word of each row, the last may be shorter."""
_OCTAL_SIZES: Final = {3: 1, 6: 2, 11: 4, 22: 8}
_WIDEST_GAP: Final = 8
"""Blanks between cells of the same width; decimal ones and the last of `xxd -e` are narrower."""
_MOST_REPEATED: Final = 256
"""Bytes that a line `*` stands for at most, as they are the same again and again."""


class Cells(NamedTuple):
    """One way to read cells."""

    base: int
    size: int
    """Bytes of a word."""
    order: Literal["big", "little"]

    def word(self, token: bytes) -> bytes | None:
        """The bytes of one cell, or `None` where it is none of this dump."""
        try:
            number = int(token, self.base)
        except ValueError:
            return None
        size = (len(token) + 1) // 2 if self.base == 16 else self.size
        low = -(1 << 8 * size - 1) if self.base == 10 else 0
        if size > self.size or not low <= number < 1 << 8 * size:
            return None
        return (number & (1 << 8 * size) - 1).to_bytes(size, self.order)


class Read(NamedTuple):
    """A row and the bytes that it holds."""

    row: Row
    words: Sequence[bytes]
    repeated: int
    """How many times the words stand there, for the lines that `*` left out after them."""

    def end_of_cells(self) -> int:
        """Where the last cell ends within the row."""
        return self.row.cells[len(self.words) - 1][2] - self.row.start if self.words else 0

    def data(self) -> bytes:
        """All bytes."""
        return b"".join(self.words) * self.repeated

    def units(self) -> Iterator[Unit]:
        """A cell for each word; what was left out stands where the row ends.

        What ends in a row ends behind its text, in which the same bytes stand in sight.
        """
        for word, (_, start, end) in zip(self.words, self.row.cells, strict=False):
            yield len(word), start, self.row.end if self.row.has_text else end
        yield len(self.data()) - sum(map(len, self.words)), self.row.end, self.row.end


def ways(rows: Sequence[Row]) -> Iterator[Cells]:
    """The ways in which all these rows can be read."""
    tokens = [token for row in rows for token, _, _ in row.cells[:4]]
    if not tokens:
        return
    width = len(tokens[0])
    sizes = [(16, _HEX_SIZES.get(width, 0)), (8, _OCTAL_SIZES.get(width, 0))]
    digits = b"".join(tokens)
    if width == 8 and not digits.strip(b"01"):
        sizes.append((2, 1))
    if not digits.translate(None, b"0123456789-"):
        every = (token for row in rows for token, _, _ in row.cells)
        most = max(abs(int(token)) for token in every if token.strip(b"-").isdigit())
        sizes.append((10, next((size for size in (1, 2, 4, 8) if most < 1 << 8 * size), 0)))
    for base, size in sizes:
        if size:
            yield Cells(base=base, size=size, order="little")
        if size > 1:
            yield Cells(base=base, size=size, order="big")


def read_rows(rows: Sequence[Row], cells: Cells) -> list[Read]:
    """What rows of one dump hold."""
    read = []
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        words = list(_words(row, cells))
        size = sum(map(len, words))
        steps = _steps(row, after)
        repeated = 1
        if after and after.repeats and size:
            repeated += min([_MOST_REPEATED, *(step for step in steps if step > size)]) // size
        elif fits := [step for step in steps if step <= size]:
            words = _cut(words, max(fits))
        read.append(Read(row=row, words=words, repeated=repeated))
    return read


def _words(row: Row, cells: Cells) -> Iterator[bytes]:
    """The bytes of each cell, up to what is none, or too far away to be the next."""
    end = row.cells[0][1] if row.cells else 0
    for token, start, stop in row.cells:
        word = cells.word(token)
        far = cells.base != 10 and start - end > _WIDEST_GAP + len(row.cells[0][0]) - len(token)
        if word is None or far:
            return
        yield word
        end = stop


def _steps(row: Row, after: Row | None) -> list[int]:
    """How many bytes lie between two rows, as their offsets may be hex, decimal or octal."""
    steps = []
    for base in (16, 10, 8):
        try:
            steps.append(int(after.offset, base) - int(row.offset, base) if after else 0)
        except ValueError:
            pass
    return [step for step in steps if step > 0]


def _cut(words: Iterable[bytes], size: int) -> list[bytes]:
    """The words without what is beyond `size`: padding, or text that looks like numbers."""
    cut = []
    for word in words:
        if size <= 0:
            break
        cut.append(word[:size])
        size -= len(word)
    return cut


def text_column(read: Sequence[Read], text: bytes) -> Part:
    """The text at the right of the rows, a character for each byte; empty where there is none."""
    lines = [text[one.row.start : one.row.end] for one in read]
    columns = [
        len(line) - (line[-1:] in (b"|", b"<")) - sum(map(len, one.words))
        for line, one in zip(lines, read, strict=True)
    ]
    column = max(columns)
    parts = [b""]
    units: list[Unit] = []
    if any(at == column > one.end_of_cells() for at, one in zip(columns, read, strict=True)):
        for one, line in zip(read, lines, strict=True):
            parts.append(
                line[column:].rstrip(b"|<") if line[-1:] in (b"|", b"<") else line[column:]
            )
            first = one.row.start + column
            units += [(1, place, place + 1) for place in range(first, first + len(parts[-1]))]
    return b"".join(parts), partial(iter, units)
