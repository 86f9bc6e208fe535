"""Puts the characters of a list together that has an index or a code at each.

`{'0': 'a', '1': 'b'}`, `[(0, 'a'), (1, 'b')]`, `[('a', 97), ('b', 98)]`; `([0]="a" [1]="b")` of
bash, `U+0061 'a' U+0062 'b'` of Go, `{97 'a', 98 'b'}` of gdb.
"""

import re
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span
from ci_secrets.leaks.forms.torn.kept import gaps, rest

_FEWEST: Final = 6
"""Characters of a list."""
_BETWEEN: Final = b",;& \t\r\n"
_ADDRESS: Final = re.compile(rb"\s*0x[0-9a-f]+(?: <[^<>\n]*>)?:\s*")
"""Where a row begins that a debugger prints."""
_CHARACTER: Final = rb"(\\u[0-9a-fA-F]{4}|\\[^\n]|[^\n]{1,4}?)"
_ITEM: Final = (
    rb"(?:[\[(] ?)?['\"]?[0-9]{1,6}['\"]?(?:: ?|, ?| ?=> ?)(['\"])"
    + _CHARACTER
    + rb"\1(?: ?[\])])?"
    rb"|[\[(] ?(['\"])" + _CHARACTER + rb"\3, ?[0-9]{1,7} ?[\])]"
    rb"|(?:\[[0-9]{1,6}\]=|U\+[0-9A-F]{4,6} |-?[0-9]{1,3} )(['\"])" + _CHARACTER + rb"\5"
    rb"|(?<![0-9A-Za-z])[0-9]{1,6}=" + _CHARACTER + rb"(?=[ ;,&\n]|\Z)"
    rb"|[\[(][0-9a-f]{2,6}, ([0-9a-f]{2})[\])]"
)
_SURE: Final = (
    rb"[0-9]['\"]?(?:: ?|, ?| ?=> ?)['\"]|['\"], ?[0-9]{1,7} ?[\])]|[0-9A-F](?:\]=| )['\"]"
    rb"|[0-9]=[!-~][ ;,&]|[0-9a-f]{2}, [0-9a-f]{2}\)"
)
_MARKS: Final = (
    b": '", b': "', b'":"', b", '", b', "', b"> '", b'> "', b"('", b"', ", b'","', b']="', b"]='",
    b"' U+", b"'\t", b"1=", b"2=", b"), (",
)  # fmt: skip
"""A part of any item; those are cheaper than this."""


def listed(text: bytes) -> Iterator[Piece]:
    """The text with nothing between the characters of lists."""
    if any(mark in text for mark in _MARKS) and re.search(_SURE, text):
        yield from rest(text, _around(text))


def _around(text: bytes) -> Iterator[Span]:
    """What stands around the characters of each list, and between them."""
    row: list[Span] = []
    start = end = 0
    for item in re.finditer(_ITEM, text):
        between = text[end : item.start()]
        if not row or (between.strip(_BETWEEN) and not _ADDRESS.fullmatch(between)):
            yield from _left(row, start, end)
            row, start = [], item.start()
        row.append(item.span(item.lastindex or 0))
        end = item.end()
    yield from _left(row, start, end)


def _left(row: list[Span], start: int, end: int) -> Iterator[Span]:
    """What is in none of the characters of a list, if there are enough of them."""
    if len(row) >= _FEWEST:
        yield from gaps(row, start, end)
