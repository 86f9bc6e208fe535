"""Dumps of characters in cells of four columns: `od -c`, `od -a` and `hexdump -c`."""

import re
from collections.abc import Iterator
from functools import partial
from itertools import accumulate, pairwise
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
_WIDTH: Final = 4
_CELLS: Final = {
    **{f"   {chr(code)}": bytes([code]) for code in range(32, 127)},
    **{f" {code:03o}": bytes([code]) for code in range(256)},
    **{f"  \\{chr(letter)}": bytes([code]) for code, letter in ESCAPES.items()},
    **{f"{name.decode():>4}": bytes([code]) for code, name in enumerate(NAMES)},
    " del": b"\x7f",
    "  lf": b"\n",
    "  **": b"",
}
"""What stands in a cell; `**` is where the rest of a character of several bytes would be."""
_ROW: Final = re.compile(rb"\n([0-9A-Fa-f]{6,16})?( (?= *\S{1,4}(?: +\S{1,4})*+ *\r?\n)[^\r\n]*)")
_FEWEST: Final = 6
_NO_OFFSET: Final = (0, 1, 6, 7)
"""Blanks that stand for an offset, by what they leave when divided by the width of a cell."""


def read_characters(text: bytes) -> Iterator[Part]:
    """The bytes of the rows of each dump."""
    rows: list[list[Unit]] = []
    data: list[list[bytes]] = []
    for match in _ROW.finditer(b"\n" + text + b"\n"):
        cells = _cells(match[2], with_offset=bool(match[1]))
        if not cells:
            continue
        if rows and match.start() - rows[-1][-1][2] > NEAR:
            yield from _whole(data, rows)
            rows, data = [], []
        ends = list(accumulate((size for _, size in cells), initial=match.end(2) - 1))
        start = ends[0] - (ends[-1] - ends[0])
        shifted = pairwise(start - ends[0] + end for end in ends)
        data.append([byte for byte, _ in cells])
        rows.append([(len(byte), at, to) for byte, (at, to) in zip(data[-1], shifted, strict=True)])
    yield from _whole(data, rows)


def _cells(line: bytes, *, with_offset: bool) -> list[tuple[bytes, int]]:
    """The byte of each cell of a row, and how long the cell is, if the row is all cells."""
    try:
        columns = line.decode()
    except UnicodeDecodeError:
        return []
    skipped = len(columns) % _WIDTH
    if not with_offset:
        skipped = _NO_OFFSET[skipped]
    cells = []
    for at in range(skipped, len(columns), _WIDTH):
        cell = columns[at : at + _WIDTH]
        byte = _CELLS.get(cell)
        if byte is None:
            if cell.isascii() or cell[:-1].strip():
                return []
            byte = cell[-1:].encode()
        cells.append((byte, len(cell) if cell.isascii() else len(cell.encode())))
    return cells


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
