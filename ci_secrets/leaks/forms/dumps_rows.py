"""The rows of dumps in a text: an offset, numbers in cells, and the same bytes as text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

NEAR: Final = 256
"""Rows that are no more bytes apart belong to one dump: other lines may stand between."""
_OFFSET_DIGITS: Final = range(4, 17)
_ROW: Final = re.compile(rb"\n([ \t]*-?[0-9A-Fa-f]{1,22}+(?:(:|>|[ \t]-)?(?=[ \t]|\r?\n)))([^\n]*)")
_CELLS: Final = re.compile(rb"(?:[ \t-]*+[0-9A-Fa-f]{1,22}+(?![^ \t\r-]))*+")
_CELL: Final = re.compile(rb"(?<![0-9A-Fa-f])-?[0-9A-Fa-f]+|[0-9A-Fa-f]+")

Cell = tuple[bytes, int, int]
"""A number and where it stands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One line of a dump."""

    offset: bytes
    """Its digits; empty where the row has none."""
    cells: Sequence[Cell]
    start: int
    end: int
    repeats: bool = False
    """Whether a line `*` stands before it: the row before was left out here some times."""


def blocks(text: bytes) -> Iterator[list[Row]]:
    """Rows that stand near each other, read with their first number as offset or as a cell."""
    for sure in (True, False):
        block: list[Row] = []
        for row in _rows(text, with_offset=sure):
            if block and row.start - block[-1].end > NEAR:
                yield block
                block = []
            block.append(row)
        if block:
            yield block


def _rows(text: bytes, *, with_offset: bool) -> Iterator[Row]:
    text = b"\n" + text.replace(b"0x", b"  ") + b"\n"  # NOTE: so all places are one further on
    end = 0
    for match in _ROW.finditer(text):
        first, mark = match[1], match[2]
        digits = first[: -len(mark)] if mark else first
        offset = digits.strip()
        if with_offset:
            if len(offset) not in _OFFSET_DIGITS or offset[:1] == b"-":
                continue
            start = match.end(1)
        else:
            if mark or not _may_be_cell(first, match[3]):
                continue
            offset, start = b"", match.start(1)
        stop = match.end() - (text[match.end() - 1] == 13)
        cells = _CELLS.match(text, start, stop)
        numbers = _CELL.finditer(text, start, cells.end() if cells else start)
        row = Row(
            offset=offset,
            cells=[(number[0], number.start() - 1, number.end() - 1) for number in numbers],
            start=match.start(),
            end=stop - 1,
            repeats=b"\n*" in text[max(end, match.start() - NEAR) : match.start()],
        )
        end = match.end()
        if row.cells or row.offset:
            yield row


def _may_be_cell(first: bytes, rest: bytes) -> bool:
    """Whether a row without an offset may begin like this."""
    second = rest.split(None, 1)[:1]
    return first[:1].isspace() or not second or len(second[0]) == len(first)
