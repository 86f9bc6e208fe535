"""The letters moved: backwards, thirteen places on, in the other case."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span, rewritten

_UPPER: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER: Final = _UPPER.lower()
_TURNED: Final = bytes.maketrans(
    _UPPER + _LOWER, _UPPER[13:] + _UPPER[:13] + _LOWER[13:] + _LOWER[:13]
)
_LETTER: Final = re.compile(rb"[A-Za-z]")
_CHARACTER: Final = re.compile(  # NOTE: begins with one class of bytes, for `re` is quick then
    rb"[\x80-\xf4](?:(?<=[\xc2-\xdf])[\x80-\xbf]|(?<=[\xe0-\xef])[\x80-\xbf]{2}"
    rb"|(?<=[\xf0-\xf4])[\x80-\xbf]{3}"
    rb"|(?<=[\x80-\xbf])([\xc2-\xdf]|[\x80-\xbf][\xe0-\xef]|[\x80-\xbf]{2}[\xf0-\xf4]))"
)
"""A character of several bytes; with a group where these were reversed with all others."""
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]{5,}")


def _upright(match: re.Match[bytes]) -> bytes:
    return match[0][::-1] if match[1] else match[0]


# --- backwards


def reverse(text: bytes) -> Iterator[bytes]:
    """The characters from the last to the first, or the bytes."""
    yield _CHARACTER.sub(_upright, text[::-1])
    yield text[::-1]


def read_reversed(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Each line from its end, as `rev` does; then all from the end, as a program does."""
    size = len(text)
    lines = text.splitlines(keepends=True)
    readings = [Piece(text[::-1], lambda start, end: (size - end, size - start))]
    if len(lines) > 1:
        readings.insert(0, _reversed_lines(lines))
    for piece in map(_characters_kept, readings):
        if piece.text != text and budget.spend(size):
            yield piece


def _reversed_lines(lines: list[bytes]) -> Piece:
    starts = list(accumulate(map(len, lines), initial=0))
    stops = [start + len(line.rstrip(b"\r\n")) for start, line in zip(starts, lines, strict=False)]

    def span(start: int, end: int) -> Span:
        first, last = (bisect_right(starts, offset) - 1 for offset in (start, end - 1))
        if first == last and end <= stops[last]:
            both = starts[last] + stops[last]
            return both - end, both - start
        return (
            starts[first] if start < stops[first] else start,
            max(end, stops[last]),
        )

    pairs = ((line, line.rstrip(b"\r\n")) for line in lines)
    return Piece(b"".join(body[::-1] + line[len(body) :] for line, body in pairs), span)


def _characters_kept(piece: Piece) -> Piece:
    upright = None if piece.text.isascii() else rewritten(piece.text, _CHARACTER, _upright)
    if upright is None:
        return piece
    return Piece(upright.text, lambda start, end: piece.span(*upright.span(start, end)))


# --- thirteen places on


def rot13(text: bytes) -> Iterator[bytes]:
    """As `tr A-Za-z N-ZA-Mn-za-m` does; there and back are the same."""
    yield text.translate(_TURNED)


def read_rot13(text: bytes, budget: Budget) -> Iterator[Piece]:
    """All of the text, where it has letters."""
    if _LETTER.search(text) and budget.spend(len(text)):
        yield Piece(text.translate(_TURNED), lambda start, end: (start, end))


# --- the other case


def cased(text: bytes) -> Iterator[bytes]:
    """Upper, lower and swapped, of the letters of ASCII and of all."""
    for change in (bytes.upper, bytes.lower, bytes.swapcase):
        yield change(text)
    try:
        value = text.decode()
    except UnicodeDecodeError:
        return
    for change_all in (str.upper, str.lower, str.swapcase):
        yield change_all(value).encode()


def _changed(text: bytes) -> Iterator[bytes]:
    return (one for one in cased(text) if one != text)


def _other_letters(text: bytes) -> Iterator[bytes]:
    """Letters that are not ASCII in another case: anchors are compared in either case of ASCII."""
    for change in (str.upper, str.lower):
        runs = _NOT_ASCII.findall(change(text.decode("utf-8", "ignore")).encode())
        longest = max(runs, key=len, default=b"")
        if longest and longest not in text:
            yield longest[:12]


FORMS: Final[dict[str, Form]] = {
    "reversed": Form(words="text backwards", spell=reverse, nested=2, read=read_reversed),
    "rot13": Form(words="ROT13", spell=rot13, read=read_rot13),
    "cased": Form(words="text in another case", spell=_changed, hint=_other_letters),
}
