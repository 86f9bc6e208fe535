"""Joins what was torn apart: by line breaks, by white space, by a separator at every character."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, repeat
from typing import Final

from ci_secrets.leaks.forms.reading import Piece, Span
from ci_secrets.leaks.forms.torn.kept import Sieved, rest, without

_FRAME: Final = re.compile(rb"\|[ \t]*\r?\n[ \t]*\||\n==> [^\n]{1,200} <==\n")
"""Between two rows of a table in ASCII, and between two files as `head` and `tail` show them."""
_INVISIBLE: Final = re.compile(
    # NOTE: in UTF-8: no-break space, soft hyphen, joiner; the spaces, marks and separators of
    # U+2000; U+2060; box drawing, as frames of tables have it; ideographic space; byte order mark
    rb"\xc2[\xa0\xad]|\xcd\x8f|\xe2\x80[\x80-\x8f\xa8-\xaf]|\xe2\x81[\x9f-\xaf]"
    rb"|\xe2[\x94\x95][\x80-\xbf]|\xe3\x80\x80|\xef\xbb\xbf|" + _FRAME.pattern
)
_CONTINUED: Final = (b"\n ", b"\n\t", b"\\\n", b"\\\r\n")
_BREAK: Final = re.compile(rb"\n[ \t]*")
_BEFORE_BREAK: Final = (b"\\\r", b"\\", b"\r")


def visible(text: bytes) -> Iterator[Piece]:
    """The text without characters of no width or ink, and without frames."""
    frames = _FRAME if text.isascii() else _INVISIBLE
    return rest(text, (match.span() for match in frames.finditer(text)))


def joined(text: bytes) -> Iterator[Piece]:
    """The text without white space; without line breaks; without these and the indentation."""
    spaceless = Sieved(text, b" \t\n\v\f\r").piece()
    if not spaceless:
        return
    yield spaceless
    unbroken = Sieved(text, b"\r\n").piece()
    if unbroken and unbroken.text != spaceless.text:
        yield unbroken
    if any(mark in text for mark in _CONTINUED):
        folded = without(text, _breaks(text))
        if folded and folded.text != spaceless.text:
            yield folded


def _breaks(text: bytes) -> Iterator[Span]:
    """Line breaks with the indentation behind them, and a backslash before them."""
    for match in _BREAK.finditer(text):
        start, end = match.span()
        before = text[max(0, start - 2) : start]
        mark = next((mark for mark in _BEFORE_BREAK if before.endswith(mark)), b"")
        yield start - len(mark), end


_SEPARATORS: Final = (
    b" ", b"\t", b"  ", b",", b", ", b"-", b"_", b".", b":", b"|", b"/", b";", b"+", b"*", b"~",
    b"=", b"#", b"&", b"\\n", b"\0", b"][",
)  # fmt: skip
"""What stands between pieces. Wider ones, as ` | `, are these once white space is gone."""
_WIDE: Final = frozenset((b",", b", ", b"-", b"_", b".", b":", b"|", b"/"))
"""Separators of pieces of more than one character."""
_CONTINUATION: Final = bytes(range(0x80, 0xC0))
_ROW: Final = re.compile(rb"(?:\0\0){0,2}\x01(?:(?:\0\0){0,2}\x01){3,}(?:\0\0){0,2}")
_WIDE_ROW: Final = re.compile(rb"([\x02-\x08])\1+")
"""Widths of pieces in a row. A character that is the separator itself has two empty ones."""


@cache
def _three(separator: bytes) -> re.Pattern[bytes]:
    """Two characters between separators, as each row of characters has somewhere."""
    mark = re.escape(separator)
    return re.compile(rb"%b[^\n]%b[^\n]%b" % (mark, mark, mark))


def _separators(text: bytes, separator: bytes, row: re.Pattern[bytes]) -> Iterator[Span]:
    """Where a separator stands around pieces of a row."""
    narrow = text if text.isascii() else text.translate(None, _CONTINUATION)
    widths = bytes(map(min, map(len, narrow.split(separator)), repeat(9)))
    rows = [match.span() for match in row.finditer(widths)]
    if not rows:
        return
    size = len(separator)
    starts = list(accumulate(map(size.__add__, map(len, text.split(separator))), initial=0))
    for first, last in rows:
        own = False  # NOTE: between two empty pieces the separator is the value's, every other time
        for number in range(max(first, 1), min(last + 1, len(widths))):
            own = not own and widths[number - 1 : number + 1] == b"\0\0"
            if not own:
                yield starts[number] - size, starts[number]


def _apart(spans: list[Span]) -> Iterator[Span]:
    """The spans in order, the longer first, without those that overlap one before."""
    at = 0
    for start, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if start >= at:
            yield start, end
            at = end


def unseparated(text: bytes) -> Iterator[Piece]:
    """The text without the separators in rows of single characters, and in rows of wider pieces.

    The pieces of a row are of one width: `a b c`, `ab-cd-ef`. What they hold stays, also where it
    looks like the separator.
    """
    present = [separator for separator in _SEPARATORS if separator in text]
    single: list[Span] = []
    wide: list[Span] = []
    for separator in present:
        if _three(separator).search(text):
            single += _separators(text, separator, _ROW)
        if separator in _WIDE:
            wide += _separators(text, separator, _WIDE_ROW)
    for spans in (single, wide):
        yield from rest(text, _apart(spans))


_OPENING: Final = rb"(?<![^\"'`][\[({=:\s])(?<!\A[\[({])"
"""Not behind what a list or string begins with: the `+` of `['+', 'a']` puts nothing together."""
_SEAM: Final = _OPENING + rb"[\"'`][\s,+.&;\\]{1,64}b?[\"'`]"
_SEAMS: Final = re.compile(_SEAM)
_QUOTED: Final = re.compile(
    # NOTE: three seams in a row between short pieces, or one that says to put strings together
    rb"%b(?:.{1,9}?%b){2}|[\"'`]\s{0,8}(?:[+.&\\]|\n)\s{0,48}[\"'`]" % (_SEAM, _SEAM)
)


def unquoted(text: bytes) -> Iterator[Piece]:
    """The strings of a list or a sum put together: `'a', b'b'`, `["a","b"]`, `"abc" + "def"`."""
    if _QUOTED.search(text):
        yield from rest(text, (match.span() for match in _SEAMS.finditer(text)))
