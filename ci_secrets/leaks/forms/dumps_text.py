"""Dumps that are all text, as `curl --trace-ascii` prints them."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Final

from ci_secrets.leaks.forms.digits_runs import Part, Unit

_ROW: Final = re.compile(rb"\n([0-9a-f]{4,8}): ([^\r\n]*)")
_LINE_BREAK: Final = 2
"""Bytes that are not printed where a line ends: CR and LF."""


def read_texts(text: bytes) -> Iterator[Part]:
    """The text of rows that follow each other by their offsets, without the breaks of rows."""
    data: list[bytes] = []
    units: list[Unit] = []
    due = -1
    for match in _ROW.finditer(b"\n" + text):
        offset, start = int(match[1], 16), match.start(2) - 1
        if offset not in (due, due + _LINE_BREAK):
            if len(data) > 1:
                yield b"".join(data), partial(iter, units)
            data, units = [], []
        elif offset > due:
            data.append(b"\r\n")
            units.append((_LINE_BREAK, start, start))
        data.append(match[2])
        units += [(1, place, place + 1) for place in range(start, start + len(match[2]))]
        due = offset + len(match[2])
    if len(data) > 1:
        yield b"".join(data), partial(iter, units)
