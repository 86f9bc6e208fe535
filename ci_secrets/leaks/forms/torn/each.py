"""Puts together what lines have one piece of each, between text that they have in common.

`write(1, "a", 1) = 1`, `P1="abc"`, `- "a"`; `<byte>97</byte>`; `7  0x61  97  a`; every other line.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span, rewritten
from ci_secrets.leaks.forms.torn.kept import gaps, rest

_FEWEST: Final = 6
"""Rows of a table, and tags."""
_MOST: Final = 4
"""Kinds of lines of which strings are put together, the most frequent first; columns of a table."""
_STRING: Final = re.compile(
    rb"^([^\n\"']*+)(?:\"((?:[^\\\"\n]|\\[^\n])++)\"|'((?:[^\\'\n]|\\[^\n])++)')", re.MULTILINE
)
_NUMBER: Final = re.compile(rb"[0-9]+")
_TAGGED: Final = re.compile(
    rb">(&#?[0-9A-Za-z]{1,8};|[ -~]|[\xc2-\xf4][\x80-\xbf]{1,3})(?=</?[a-z])"
)
_COUNTED: Final = re.compile(rb">(?:0x)?[0-9a-fA-F]{2,3}</")
_TAGS: Final = re.compile(rb"(?:<[^<>\n]{1,64}>\s{0,9})+")
_ROW: Final = re.compile(rb"^[ \t]*([0-9]{1,6})[ \t,;:]+([^\n]*)", re.MULTILINE)
_CELL: Final = re.compile(rb"[^\s,;]+")
_BYTE: Final = re.compile(
    rb"[!-~]|(?:0x)?[2-9a-fA-F][0-9a-fA-F]|[1-3][0-9]{2}|[\xc2-\xf4][\x80-\xbf]{1,3}"
)
"""A character, or the number of one: what else a table has comes to a value by chance."""
_WIDE: Final = 8
"""Bytes of a line behind which another may be left out: shorter ones come to a value by chance."""
# Source: Intel, Hexadecimal Object File Format Specification; Motorola, S-records
_HEAD: Final = rb":[0-9A-F]{6}00|S(?:1[0-9A-F]{6}|2[0-9A-F]{8}|3[0-9A-F]{10})"
_RECORD: Final = re.compile(rb"^(%b)(?:[0-9A-F]{2})*?([0-9A-F]{2}\r?$)" % _HEAD, re.MULTILINE)


def strings(text: bytes) -> Iterator[Piece]:
    """The first string of each line, of lines that begin alike but for their numbers."""
    alike: defaultdict[bytes, list[Span]] = defaultdict(list)
    for line in _STRING.finditer(text):
        alike[_NUMBER.sub(b"0", line[1])].append(line.span(line.lastindex or 0))
    several = sorted((row for row in alike.values() if len(row) > 1), key=len, reverse=True)
    for row in several[:_MOST]:
        yield from _kept(text, row)


def tagged(text: bytes) -> Iterator[Piece]:
    """The characters that each stand in an element of XML; the text with a blank for tags."""
    row = [item.span(1) for item in _TAGGED.finditer(text)]
    if len(row) >= _FEWEST:
        yield from _kept(text, row)
    if _COUNTED.search(text):
        yield from filter(None, [rewritten(text, _TAGS, lambda _: b" ")])


def tables(text: bytes) -> Iterator[Piece]:
    """The columns of rows that are counted: `7  0x61  97  a`, `8 141 a 0 ^@`."""
    rows: list[list[Span]] = [[] for _ in range(_MOST)]
    cuts: list[list[Span]] = [[] for _ in range(_MOST)]
    due = -1
    for counted in _ROW.finditer(text):
        cells = [cell.span() for cell in _CELL.finditer(text, *counted.span(2))]
        for column, (row, cut) in enumerate(zip(rows, cuts, strict=True)):
            start, end = cells[column] if column < len(cells) else (0, 0)
            is_byte = _BYTE.fullmatch(text, start, end) is not None
            if not is_byte or int(counted[1]) != due:
                cut += _between(row)
                row.clear()
            if is_byte:
                # NOTE: numbers stay apart by what stands behind them
                row.append((start, min(end + (end - start > 1), len(text))))
        due = int(counted[1]) + 1
    for row, cut in zip(rows, cuts, strict=True):
        yield from rest(text, [*cut, *_between(row)])


def _between(row: list[Span]) -> list[Span]:
    """What stands between the cells of a column, if there are enough of them."""
    return [*gaps(row, row[0][0], row[-1][1])] if len(row) >= _FEWEST else []


def records(text: bytes) -> Iterator[Piece]:
    """The text without addresses and checksums in records of Intel HEX and Motorola."""
    cuts = (span for record in _RECORD.finditer(text) for span in (record.span(1), record.span(2)))
    return rest(text, cuts)


def every_other_line(text: bytes) -> Iterator[Piece]:
    """The even lines and the odd ones: names, sizes or other output may stand between pieces."""
    between: tuple[list[Span], list[Span]] = ([], [])
    at = before = 0
    for number, line in enumerate(text.splitlines(keepends=True)):
        if before >= _WIDE:
            between[number % 2].append((at, at + len(line)))
        at += len(line)
        before = len(line.rstrip())
    for lines in between:
        yield from rest(text, lines)


def _kept(text: bytes, row: list[Span]) -> Iterator[Piece]:
    """The text with nothing between these pieces."""
    return rest(text, gaps(row, row[0][0], row[-1][1]))
