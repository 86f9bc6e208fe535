"""Where a text is torn into pieces of a few letters, by the shape of what stands between them.

A value in such pieces leaves no literal of its own, however many hints are taken: the pieces of
a word diff depend on the other text, and the indices of a list on where it begins.
"""

from collections import defaultdict
from typing import Final, Literal

from ci_secrets.leaks.forms.reading import Span
from ci_secrets.leaks.forms.torn import rows
from ci_secrets.leaks.later import Later
from ci_secrets.leaks.literals import ends_of

Kind = Literal["strings", "lines", "marks", "codes", "rows"]
"""What stands between the pieces, by which they are put together; rows are whole."""
_INDEX: Final = rb"[0-9]['\"]?(?:: ?|, | => )['\"]"
_SHAPES: Final[dict[Kind, tuple[bytes, ...]]] = {
    # NOTE: what a pattern begins with decides how fast it is, and the sum of all how soon it is
    # ready
    "strings": (
        # `'1': 'a', '2': '`, `(1, 'a'), (2, '`, `'a', `, `'a' `, `"a",` and `('a', 97), `, as
        # languages show lists; `'a', 0x2d, 'b',` of C
        _INDEX + rows.ONE + rb"['\"]\W+[0-9]{0,3}" + _INDEX,
        rb"',\s*'".join((b"", rows.ONE, rows.ONE, b"")),
        rb"' '".join((b"", rows.ONE, rows.ONE, b"")),
        rb"\",\"".join((b"", rows.ONE, rows.ONE, b"")),
        rb"', [0-9]{1,6}\), \('%b', [0-9]{1,6}\), " % rows.ONE,
        rb"', ?0x[0-9a-fA-F]{2}, ?['0]",
        *rows.STRINGS,
    ),
    "lines": rows.LINES,
    "marks": (rb"(?:\+\}|-\])[^\n]{0,6}(?:\{\+|\[-)",),  # `{+ab+}c{+`, `[-ab-]c[-`
    "codes": (
        # NOTE: entities of HTML, with zeros before the number or escaped once more
        rb"(?:&(?:amp;)?#[xX]?[0-9a-fA-F]{1,6}[; ]?){4}",
        *rows.CODES,
    ),
    "rows": (rb"\nM[ -`]{60}\r?\n",),  # NOTE: uuencode, of which the head need not be there
}
"""Some pieces in a row, each with what tells it from the next."""
_KINDS: Final[tuple[Kind, ...]] = tuple(kind for kind, shapes in _SHAPES.items() for _ in shapes)
_EVERY: Final = Later(
    lambda: ends_of(tuple(shape for shapes in _SHAPES.values() for shape in shapes))
)
_COLOURED: Final = (rb"[mK]" + (rb"(?:\x1b\[K)?[^\x1b\s]{1,5}\x1b\[[0-9;]{0,9}[mK]") * 2,)
"""Pieces between colours, none of them a space."""
_MARKS: Final = (
    (b"\x1b", Later(lambda: ends_of(_COLOURED))),
    (b"\r", Later(lambda: ends_of(rows.RETURNED))),
)
"""What is looked for only where this is: one byte, for two are found at a tenth of the speed."""
GATES: Final = (_EVERY, *(gate for _, gate in _MARKS))
"""What shapes are looked for with."""
_AROUND: Final = 256
"""Bytes on either side of such a place that are read together."""
_LINES_AROUND: Final = 768
"""The same where each has a prefix."""


def torn_apart(text: bytes) -> dict[Kind, list[Span]]:
    """Around wherever such pieces stand. Costs little where there are none."""
    ends: defaultdict[Kind, list[int]] = defaultdict(list)
    for index, end in _EVERY.get()(text):
        ends[_KINDS[index]].append(end)
    for mark, gate in _MARKS:
        if mark in text:
            ends["marks"] += [end for _, end in gate.get()(text)]
    return {
        kind: _merged(sorted(places), _LINES_AROUND if kind == "lines" else _AROUND, len(text))
        for kind, places in ends.items()
        if places
    }


def _merged(places: list[int], around: int, size: int) -> list[Span]:
    spans: list[Span] = []
    for at in places:
        start, end = max(0, at - around), min(size, at + around)
        if spans and start <= spans[-1][1]:
            start = spans.pop()[0]
        spans.append((start, end))
    return spans
