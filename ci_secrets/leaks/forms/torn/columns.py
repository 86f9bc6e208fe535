"""Takes one column out of a table, for a value may be wrapped in its cell."""

import re
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span
from ci_secrets.leaks.forms.torn.kept import gaps, rest

_BORDERS: Final = ((b"\t", 1), (b"|", 2), ("│".encode(), 2), ("┃".encode(), 2))
"""What stands between cells, and how often at least: one `|` is the end of a prefix."""
_MOST: Final = 12
"""Columns that are read."""
_PADDING: Final = b" \t\r"


def columns(text: bytes) -> Iterator[Piece]:
    """The cells of each column, put together: of rows with `|`, a line as box, or a tab."""
    for border, least in _BORDERS:
        if border in text:
            yield from _each(text, _cells(text, border, least))


# NOTE: Docker keeps the line break that a program wrote
_STRING: Final = re.compile(rb'"((?:[^"\\\n]|\\[^\n])*?)(?:\\r)?(?:\\n)?"')
_RECORD: Final = re.compile(rb"\n[^\n{]{0,64}(\{\"[^\n]*\})\r?(?=\n)")


def records(text: bytes) -> Iterator[Piece]:
    """The strings of each column, put together: of lines of JSON, as Docker keeps a log."""
    found: list[list[Span]] = [[] for _ in range(_MOST)]
    if b'{"' not in text:
        return
    framed = b"\n" + text + b"\n"
    for record in _RECORD.finditer(framed):
        strings = _STRING.finditer(framed, *record.span(1))
        for column, string in zip(found, strings, strict=False):
            if string[1]:
                column.append((string.start(1) - 1, string.end(1) - 1))
    yield from _each(text, found)


def _each(text: bytes, found: list[list[Span]]) -> Iterator[Piece]:
    """Each column of several cells, put together."""
    for cells in found:
        if len(cells) > 1:
            yield from rest(text, gaps(cells, 0, len(text)))


def _cells(text: bytes, border: bytes, least: int) -> list[list[Span]]:
    """Where the cells of each column stand, without the space around them."""
    found: list[list[Span]] = [[] for _ in range(_MOST)]
    at = 0
    for line in text.split(b"\n"):
        start = at
        cells = line.split(border, _MOST)
        for column, cell in zip(found, cells if len(cells) > least else (), strict=False):
            left = start + len(cell) - len(cell.lstrip(_PADDING))
            right = start + len(cell.rstrip(_PADDING))
            if left < right:
                column.append((left, right))
            start += len(cell) + len(border)
        at += len(line) + 1
    return found
