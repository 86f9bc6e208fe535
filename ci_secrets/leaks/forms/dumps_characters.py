"""Dumps of characters in cells of four columns: `od -c`, `od -a` and `hexdump -c`."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from ci_secrets.leaks.forms.digits_runs import Part, Unit
from ci_secrets.leaks.forms.dumps_rows import NEAR

NAMES: Final = (
    *b"nul soh stx etx eot enq ack bel bs ht nl vt ff cr so si".split(),
    *b"dle dc1 dc2 dc3 dc4 nak syn etb can em sub esc fs gs rs us sp".split(),
)
"""What `od -a` calls the first characters of ASCII."""
ESCAPES: Final = dict(zip([0, *range(7, 14)], b"0abtnvfr", strict=True))
"""Bytes → the letter after the backslash of `od -c`."""
_KNOWN: Final = {
    **{b"%4b" % name: bytes([code]) for code, name in enumerate(NAMES)},
    **{b"  \\%c" % letter: bytes([code]) for code, letter in ESCAPES.items()},
    **{b" %03o" % code: bytes([code]) for code in range(256)},
    b" del": b"\x7f",
    b"  lf": b"\n",
    b"  **": b"",
}
_CELL: Final = re.compile(
    b"|".join([*map(re.escape, _KNOWN), rb" {3}(?:[ -~]|[\xc2-\xf4][\x80-\xbf]{1,3})"])
)
_CELLS: Final = re.compile(b"(?:%b)*+" % _CELL.pattern)
_ROW: Final = re.compile(rb"\n([0-9A-Fa-f]{6,16})?( (?= *\S{1,4}(?: +\S{1,4})*+ *\r?\n)[^\r\n]*)")
_LATER: Final = bytes(range(0x80, 0xC0))
"""All but the first bytes of characters in UTF-8."""
_FEWEST: Final = 6
_NO_OFFSET: Final = (0, 1, 6, 7)
"""Blanks that stand for an offset, by what they leave when divided by the width of a cell."""


def read_characters(text: bytes) -> Iterator[Part]:
    """The bytes of the rows of each dump."""
    rows: list[list[Unit]] = []
    data: list[list[bytes]] = []
    for match in _ROW.finditer(b"\n" + text + b"\n"):
        cells = list(_cells(match))
        if not cells:
            continue
        if rows and match.start() - rows[-1][-1][2] > NEAR:
            yield from _whole(data, rows)
            rows, data = [], []
        data.append([_KNOWN.get(cell, cell[3:]) for cell, _, _ in cells])
        rows.append(
            [(len(byte), at, to) for byte, (_, at, to) in zip(data[-1], cells, strict=True)]
        )
    yield from _whole(data, rows)


def _cells(row: re.Match[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """The cells of a row and where they stand, if it is all cells."""
    line = row[2]
    columns = len(line.translate(None, _LATER))
    skipped = columns % 4 if row[1] else _NO_OFFSET[columns % 4]
    cells = _CELLS.match(line, skipped)
    if not cells or cells.end() < len(line):
        return
    for cell in _CELL.finditer(line, skipped):
        yield cell[0], row.start(2) - 1 + cell.start(), row.start(2) - 1 + cell.end()


def _whole(data: list[list[bytes]], rows: list[list[Unit]]) -> Iterator[Part]:
    """One dump. Spaces at the end of a row may have been cut, so all are made as long."""
    width = max(map(len, rows), default=0)
    for row, units in zip(data[:-1], rows[:-1], strict=True):
        missing = width - len(row)
        row.append(b" " * missing)
        units.append((missing, units[-1][2], units[-1][2]))
    whole = b"".join(byte for row in data for byte in row)
    if len(whole) >= _FEWEST:
        yield whole, partial(iter, [unit for row in rows for unit in row])
