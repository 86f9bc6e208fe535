"""The rows of dumps in a text: an offset, numbers in cells, and the same bytes as text."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

NEAR: Final = 256
"""Rows that are no more bytes apart belong to one dump: other lines may stand between."""
_SHORTEST: Final = 5
"""Bytes of a row that has no offset: a blank and one word."""
_OFFSET_DIGITS: Final = range(4, 17)
_ROW: Final = re.compile(
    rb"\n([ \t]*(-?[0-9A-Fa-f]{1,32}+(?:`[0-9A-Fa-f]{8})?)(:|>|[ \t]-|[ ]<[^<>\n]{1,99}>:)?)"
    rb"(?=[ \t]|\r?\n)"
    rb"((?:[ \t-]{0,20}+[0-9A-Fa-f]{1,32}+(?![^ \t\r\n-]))*+)([^\r\n]*)"
)
_CELL: Final = re.compile(rb"(?<![0-9A-Fa-f])-?[0-9A-Fa-f]+|[0-9A-Fa-f]+")

Cell = tuple[bytes, int, int]
"""A number and where it stands."""


class Row(NamedTuple):
    """One line of a dump."""

    offset: bytes
    """Its digits; empty where the row has none."""
    cells: Sequence[Cell]
    start: int
    end: int
    has_text: bool
    """Whether text stands behind its cells: the same bytes, as a rule."""
    repeats: bool
    """Whether a line `*` stands before it: the row before was left out here some times."""


def blocks(text: bytes) -> Iterator[list[Row]]:
    """Rows that stand near each other, read with their first number as offset or as a cell."""
    framed = b"\n" + text.replace(b"0x", b"  ") + b"\n"  # NOTE: places are one further on here
    with_offset: list[Row] = []
    without: list[Row] = []
    end = 0
    for match in _ROW.finditer(framed):
        first = (match[2], match.start(2) - 1, match.end(2) - 1)
        numbers = _CELL.finditer(framed, *match.span(4))
        cells = [(number[0], number.start() - 1, number.end() - 1) for number in numbers]
        place = (match.start(), match.end() - 1, bool(match[5].strip()))
        repeats = b"\n*" in framed[max(end, place[0] - NEAR) : place[0]]
        end = match.end()
        offset = match[2].replace(b"`", b"")
        if len(offset) in _OFFSET_DIGITS and offset[:1] != b"-":
            with_offset.append(_row(offset, cells, place, repeats))
        if _may_lack_offset(match):
            without.append(_row(b"", [first, *cells], place, repeats))
    yield from _near(with_offset)
    yield from _near(without)


def _row(offset: bytes, cells: Sequence[Cell], place: tuple[int, int, bool], repeats: bool) -> Row:
    start, end, has_text = place
    return Row(offset=offset, cells=cells, start=start, end=end, has_text=has_text, repeats=repeats)


def _may_lack_offset(row: re.Match[bytes]) -> bool:
    """Whether the first number can be a cell: it is not set apart from the others."""
    if row[3] or b"`" in row[2] or len(row[0]) <= _SHORTEST:
        return False
    second = row[4].split(None, 1)[:1]
    return row[1][:1].isspace() or not second or len(second[0]) == len(row[2])


def _near(rows: Sequence[Row]) -> Iterator[list[Row]]:
    """The rows, dump by dump."""
    block: list[Row] = []
    for row in rows:
        if block and row.start - block[-1].end > NEAR:
            yield block
            block = []
        block.append(row)
    if block:
        yield block
