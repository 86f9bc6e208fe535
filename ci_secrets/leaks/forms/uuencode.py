"""Uuencode (POSIX): lines of at most 45 bytes, each after a character that tells its length."""

import base64
import binascii
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.alphabets import Alphabet, fragments
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span

_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
# NOTE: zero is a grave accent where it would be a space; Python alone writes the space
_TO_UU: Final = bytes.maketrans(_BASE64, b"`" + bytes(range(0x21, 0x60)))
_FROM_UU: Final = bytes.maketrans(b" `" + bytes(range(0x21, 0x60)), b"A" + _BASE64)
_ROW: Final = 45
_WIDTH: Final = 1 + 4 * _ROW // 3
_SLACK: Final = 3
"""Characters that may follow a line: a quote, a checksum, padding that Python writes."""
_MIN: Final = 6
"""Bytes of a line by itself that are worth looking at."""
_SHORTEST: Final = 5
"""Characters of a line that has any bytes."""
_KINDS: Final = 4
"""Different characters in such a line; a ruler has fewer."""
_ALPHABET: Final = Alphabet(bytes(range(0x20, 0x61)))
_END: Final = re.compile(rb"[\r\n}]|\Z")


def _encode(text: bytes) -> bytes:
    return base64.b64encode(text).rstrip(b"=").translate(_TO_UU)


def _both_zeros(encoded: bytes) -> Iterator[bytes]:
    yield encoded
    if b"`" in encoded:
        yield encoded.replace(b"`", b" ")


def _spell(text: bytes) -> Iterator[bytes]:
    """At the three alignments, within one line."""
    for fragment in fragments(_encode, text, bits=6):
        yield from _both_zeros(fragment)


def _alone(text: bytes) -> Iterator[bytes]:
    """All lines of the text, and of the text with its newline."""
    for whole in (text, text + b"\n"):
        rows = [whole[at : at + _ROW] for at in range(0, len(whole), _ROW)]
        yield b"".join(binascii.b2a_uu(row, backtick=True) for row in rows).rstrip(b"\n")
        yield b"".join(binascii.b2a_uu(row) for row in rows).rstrip(b"\n")


def _hint(_text: bytes) -> Iterator[bytes]:
    """How the usual modes of a file stand in the first line."""
    for mode in (b"644", b"664", b"600", b"755", b"666"):
        yield b"begin " + mode + b" "


class _Line(NamedTuple):
    """The bytes of one line, and where its first character stands, behind that of its length."""

    data: bytes
    offset: int


def _read(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Blocks of lines whose length is what their first character tells.

    Only the first line of a block may have something before it; where that may be, is not certain.
    """
    heads: list[_Line] = []
    rest: list[_Line] = []
    for start, end in _tails(text):
        if heads and len((rest or heads)[-1].data) == _ROW and text[start - 1] in b"\r\n":
            line = _line(text, end - len(text[start:end].lstrip(b" ")), end)
            if line:
                rest.append(line)
                continue
        yield from _blocks(heads, rest, budget)
        # NOTE: without `heads` no line can follow, so each line is in one block only
        heads = [
            line
            for at in range(max(start, end - _WIDTH - _SLACK), end - _MIN)
            if (line := _line(text, at, end)) and len(line.data) >= _MIN
        ]
        heads.sort(key=lambda line: len(line.data))  # the last may be a full one
        rest = []
    yield from _blocks(heads, rest, budget)


def _tails(text: bytes) -> Iterator[Span]:
    """The ends of lines, back to where something stands that is not of the alphabet."""
    shape = text.translate(_ALPHABET.shape)
    for stop in _END.finditer(text):
        end = stop.start()
        start = shape.rfind(b"\0", 0, end) + 1
        if end - start >= _SHORTEST:
            yield start, end


def _line(text: bytes, at: int, end: int) -> _Line | None:
    """The line from `at` on, if its length fits to its end."""
    size = text[at] - 0x20
    width = (size + 2) // 3 * 4
    if not (0 < size <= _ROW and 0 <= end - at - 1 - width <= _SLACK):
        return None
    characters = text[at + 1 : at + 1 + width]
    if len(set(characters)) < _KINDS and size >= _MIN:
        return None
    return _Line(binascii.a2b_base64(characters.translate(_FROM_UU))[:size], at + 1)


def _blocks(heads: list[_Line], rest: list[_Line], budget: Budget) -> Iterator[Piece]:
    for head in heads:
        lines = [head, *rest] if len(head.data) == _ROW else [head]
        piece = _joined(lines)
        if not budget.spend(len(piece.text)):
            return
        yield piece


def _joined(lines: list[_Line]) -> Piece:
    """All lines but the last are full."""

    def place(bit: int) -> int:
        row, within = divmod(bit // 8, _ROW)
        return lines[row].offset + (within * 8 + bit % 8) // 6

    def span(start: int, end: int) -> Span:
        return place(8 * start), place(8 * end - 1) + 1

    return Piece(b"".join(line.data for line in lines), span)


FORMS: Final[dict[str, Form]] = {
    "uuencode": Form(words="uuencode", spell=_spell, alone=_alone, hint=_hint, read=_read),
}
