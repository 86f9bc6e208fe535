"""Where a text is torn into pieces of a few letters, by the shape of what stands between them.

A value in such pieces leaves no literal of its own, however many hints are taken: the pieces of
a word diff depend on the other text, and the indices of a list on where it begins.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from ci_secrets.leaks.forms.reading import Span
from ci_secrets.leaks.forms.torn import rows
from ci_secrets.leaks.literals import ends_of

_COLOURED: Final = (rb"[mK]" + (rb"(?:\x1b\[K)?[^\x1b\s]{1,5}\x1b\[[0-9;]{0,9}[mK]") * 2,)
"""Pieces between colours, none of them a space. Apart, for many texts have none."""
_ONE: Final = rb"(?:[ -~]|\\[ -~]|[\xc2-\xf4][\x80-\xbf]{1,3})"
"""A character."""
_INDEX: Final = rb"[0-9]['\"]?(?:: ?|, | => )['\"]"
_SHAPES: Final = (
    # NOTE: what a pattern begins with decides how fast it is, and the sum of all how soon it is
    # ready. `{+ab+}c{+`, `[-ab-]c[-`; `'1': 'a', '2': '`, `(1, 'a'), (2, '`, `'a', `, `'a' `,
    # `"a",` and `('a', 97), `, as languages show lists; `'a', 0x2d, 'b',` of C
    rb"(?:\+\}|-\])[^\n]{0,6}(?:\{\+|\[-)",
    _INDEX + _ONE + rb"['\"]\W+[0-9]{0,3}" + _INDEX,
    rb"',\s*'".join((b"", _ONE, _ONE, b"")),
    rb"' '".join((b"", _ONE, _ONE, b"")),
    rb"\",\"".join((b"", _ONE, _ONE, b"")),
    rb"', [0-9]{1,6}\), \('%b', [0-9]{1,6}\), " % _ONE,
    rb"', ?0x[0-9a-fA-F]{2}, ?['0]",
    # NOTE: entities of HTML, with zeros before the number or escaped once more
    rb"(?:&(?:amp;)?#[xX]?[0-9a-fA-F]{1,6}[; ]){4}",
    *rows.SHAPES,
)
"""Some pieces in a row, each with what tells it from the next."""
_APART: Final = ((b"\x1b", _COLOURED), (b"\r", rows.RETURNED))
"""What is looked for only where this is: one byte, for two are found at a tenth of the speed."""
_AROUND: Final = 512
"""Bytes on either side of such a place that are read together."""


def torn_apart(text: bytes) -> Iterator[Span]:
    """Around wherever such pieces stand. Costs little where there are none."""
    start = end = 0
    ends = _ends(_SHAPES)(text)
    for mark, shapes in _APART:
        if mark in text:
            ends = sorted(ends + _ends(shapes)(text))
    for at in ends:
        if at - _AROUND > end:
            if end:
                yield start, end
            start = max(0, at - _AROUND)
        end = min(len(text), at + _AROUND)
    if end:
        yield start, end


@cache
def _ends(shapes: tuple[bytes, ...]) -> Callable[[bytes], list[int]]:
    return ends_of(shapes)
