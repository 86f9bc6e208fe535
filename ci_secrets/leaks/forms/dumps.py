"""Dumps of bytes in rows, as xxd, hexdump, od, curl and many others print them."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import chain
from typing import Final

from ci_secrets.leaks.forms.digits_runs import Part, gathered
from ci_secrets.leaks.forms.dumps_cells import Read, read_rows, text_column, ways
from ci_secrets.leaks.forms.dumps_characters import read_characters
from ci_secrets.leaks.forms.dumps_hints import hint_dump
from ci_secrets.leaks.forms.dumps_rows import Row, blocks
from ci_secrets.leaks.forms.dumps_text import read_texts
from ci_secrets.leaks.forms.reading import Budget, Form, Piece


def read_dump(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Bytes of the rows of dumps, one piece for each way to read them, and their text columns."""
    readings: defaultdict[object, list[Part]] = defaultdict(list)
    for block in blocks(text):
        for rows in _alike(block):
            columns: list[Part] = []
            for cells in ways(rows):
                read = read_rows(rows, cells)
                columns.append(text_column(read, text))
                if rows[0].offset or cells.size > 1 or columns[-1][0]:
                    readings[cells].append(_joined(read))
            readings["text"] += sorted(columns, key=_length)[-1:]
    readings["characters"] += read_characters(text)
    readings["lines"] += read_texts(text)
    for parts in readings.values():
        yield from gathered(parts, budget)


def _alike(block: list[Row]) -> Iterator[list[Row]]:
    """The rows of a block by how wide their first cells are, or all where these are decimal.

    Rows of different types take turns where od was asked for several.
    """
    by_width: defaultdict[int, list[Row]] = defaultdict(list)
    for row in block:
        for width in {len(row.cells[0][0])} if row.cells else set(by_width):
            by_width[width].append(row)
    yield from by_width.values()
    if len(by_width) > 1:
        yield block


def _length(part: Part) -> int:
    return len(part[0])


def _joined(read: list[Read]) -> Part:
    """All rows in a row."""
    data = b"".join(one.data() for one in read)
    return data, lambda: chain.from_iterable(one.units() for one in read)


FORMS: Final[dict[str, Form]] = {"dump": Form(words="a dump", hint=hint_dump, read=read_dump)}
