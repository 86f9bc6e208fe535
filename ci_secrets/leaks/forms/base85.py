"""Four bytes as five characters: Ascii85 (Adobe), base85 (RFC 1924, git), Z85 (ZeroMQ)."""

import base64
import re
import struct
from bisect import bisect_right
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.alphabets import Alphabet, Joined
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span, rewritten

MIN_RUN: Final = 20
"""Characters in one piece by which these are noticed; 16 bytes."""
_ASCII85: Final = bytes(range(0x21, 0x76))
_BASE85: Final = (
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
)
# Source: ZeroMQ RFC 32
_Z85: Final = (
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
)
_TO_Z85: Final = bytes.maketrans(_BASE85, _Z85)
_LETTERS_AND_DIGITS: Final = re.compile(rb"[0-9A-Za-z\s]")


class _Variant(NamedTuple):
    encode: Callable[[bytes], bytes]
    alphabet: Alphabet
    digits: bytes
    """Character → value, as a table for `bytes.translate`."""
    zero: bytes = b""
    """What stands for four NULs."""


def _variant(encode: Callable[[bytes], bytes], characters: bytes, zero: bytes = b"") -> _Variant:
    return _Variant(
        encode=encode,
        alphabet=Alphabet(characters + zero),
        digits=bytes.maketrans(characters, bytes(range(85))),
        zero=zero,
    )


def _z85encode(text: bytes) -> bytes:
    return base64.b85encode(text).translate(_TO_Z85)


ASCII85: Final = _variant(base64.a85encode, _ASCII85, zero=b"z")
BASE85: Final = _variant(base64.b85encode, _BASE85)
Z85: Final = _variant(_z85encode, _Z85)


def _spell(variant: _Variant, text: bytes) -> Iterator[bytes]:
    """At the four alignments: the groups of four, and what their rest has in common.

    The first characters of a group depend on its first bytes alone, most times.
    """
    for before in range(4):
        inner = text[-before % 4 :]
        whole = len(inner) // 4 * 4
        least, most = (variant.encode(inner[whole:].ljust(4, end)) for end in (b"\0", b"\xff"))
        same = 0
        while least[same] == most[same]:  # NOTE: the last characters never are
            same += 1
        yield variant.encode(inner[:whole]) + least[:same]


def _alone(variant: _Variant, text: bytes) -> Iterator[bytes]:
    """All of it, and with the newline. Z85 has no rule for a rest of less than four bytes."""
    for whole in (text, text + b"\n"):
        if variant is not Z85 or len(whole) % 4 == 0:
            yield variant.encode(whole)


def _read(variant: _Variant, text: bytes, budget: Budget) -> Iterator[Piece]:
    """Long runs that look the part, at all five alignments."""
    for stretch in variant.alphabet.long(text, MIN_RUN, variant.alphabet.stretch):
        if not _plausible(stretch[0]):
            continue
        source = text[slice(*stretch.span())]
        unfolded = (
            rewritten(source, re.compile(variant.zero), _five_zeros) if variant.zero else None
        )
        joined = Joined(unfolded.text if unfolded else source, variant.alphabet)
        for first in range(5):
            data = _decoded(variant, joined.characters[first:])
            if not budget.spend(len(data)):
                return
            yield _within(joined.grouped(data, first), unfolded, stretch.start())


def _plausible(run: bytes) -> bool:
    """Whether it has both cases, and a tenth of it is punctuation of more than one kind.

    Nearly every word is in one of these alphabets; of what they write, a quarter is punctuation.
    """
    marks = _LETTERS_AND_DIGITS.sub(b"", run)
    return (
        len(marks) * 10 >= len(run)
        and len(set(marks)) > 1
        and run.lower() != run
        and run.upper() != run
    )


def _five_zeros(_match: re.Match[bytes]) -> bytes:
    return _ASCII85[:1] * 5


def _decoded(variant: _Variant, characters: bytes) -> bytes:
    """The bytes; noise where the characters are none that an encoder writes, but never an error."""
    missing = -len(characters) % 5
    digits = characters.translate(variant.digits) + b"\x54" * missing
    groups = [
        ((((a * 85 + b) * 85 + c) * 85 + d) * 85 + e) & 0xFFFFFFFF
        for a, b, c, d, e in zip(*(digits[at::5] for at in range(5)), strict=True)
    ]
    data = struct.pack(f">{len(groups)}I", *groups)
    return data[: len(data) - missing]


def _within(piece: Piece, unfolded: Piece | None, offset: int) -> Piece:
    """The piece of a stretch as one of the text that it stands in."""

    def span(start: int, end: int) -> Span:
        first, last = piece.span(start, end)
        if unfolded:
            first, last = unfolded.span(first, last)
        return offset + first, offset + last

    return Piece(piece.text, span)


_GIT: Final = b"GIT binary patch"
# NOTE: each line has its length before it: A to Z for 1 to 26 bytes, a to z for 27 to 52
_GIT_ROWS: Final = rb"(?:literal|delta) \d+\r?\n((?:[A-Za-z](?:[%s]{5}){1,13}\r?\n)+)" % re.escape(
    _BASE85
)
_GIT_ROW: Final = re.compile(rb"([A-Za-z])(\S+)")


def _read_base85(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Runs, and the binary files in a patch, which are packed with zlib."""
    if _GIT in text:
        for rows in re.finditer(_GIT_ROWS, text):
            piece = _patched(text, rows)
            if not budget.spend(len(piece.text)):
                return
            yield piece
    yield from _read(BASE85, text, budget)


def _patched(text: bytes, rows: re.Match[bytes]) -> Piece:
    lines = list(_GIT_ROW.finditer(text, *rows.span(1)))
    parts: list[bytes] = []
    for line in lines:
        letter = line[1][0]
        size = letter - 0x40 if letter <= 0x5A else letter - 0x60 + 26
        parts.append(_decoded(BASE85, line[2])[:size])
    starts = [0]
    for part in parts:
        starts.append(starts[-1] + len(part))

    def place(at: int) -> Span:
        row = bisect_right(starts, at) - 1
        group = lines[row].start(2) + (at - starts[row]) // 4 * 5
        return group, group + 5

    return Piece(b"".join(parts), lambda start, end: (place(start)[0], place(end - 1)[1]))


FORMS: Final[dict[str, Form]] = {
    "ascii85": Form(
        words="Ascii85",
        spell=partial(_spell, ASCII85),
        alone=partial(_alone, ASCII85),
        read=partial(_read, ASCII85),
    ),
    "base85": Form(
        words="base85",
        spell=partial(_spell, BASE85),
        alone=partial(_alone, BASE85),
        read=_read_base85,
    ),
    "z85": Form(
        words="Z85",
        spell=partial(_spell, Z85),
        alone=partial(_alone, Z85),
        read=partial(_read, Z85),
    ),
}
