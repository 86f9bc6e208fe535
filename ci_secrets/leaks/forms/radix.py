"""Base32 (RFC 4648 §6, §7), and base58 of Bitcoin."""

import binascii
import re
from collections.abc import Callable, Iterator
from functools import partial
from string import ascii_letters, digits
from typing import Final

from ci_secrets.leaks.forms.alphabets import Alphabet, Joined, fragments, together
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, indivisible

_BASE32: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BASE32HEX: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUV"
_BASE58: Final = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
MIN_RUN_32: Final = 16
"""Characters in one piece by which base32 is noticed; ten bytes."""
_SHORT: Final = 64
"""Characters below which what runs give is one piece."""
_MANY: Final = 4
"""Different characters in a run: noughts and rules have fewer."""
MIN_RUN_58: Final = 16
MAX_RUN_58: Final = 512
"""Characters of base58 that are read; its decoding takes quadratic time."""
_HALVED_58: Final = 64
"""Digits that are not halved any more: a password's."""

_Encode = Callable[[bytes], bytes]

_FROM_BASE64: Final = bytes.maketrans(ascii_letters.swapcase()[:32].encode(), _BASE32)
_TO_HEX: Final = bytes.maketrans(_BASE32, _BASE32HEX)
_HALVINGS: Final = (
    (20, 4, b"\x00\x00\x00\x0f\xff\xff"),
    (10, 2, b"\x00\x03\xff" * 2),
    (5, 1, b"\x01\xf0\x1f" * 2),
)
"""Bits of the halves, by how many the upper ones move away, and a mask of the lower ones."""


def _base32(text: bytes) -> bytes:
    """As `base64.b32encode`, which takes many times as long, for it goes on byte by byte.

    Of five bytes in each six, the bits are halved and drawn apart, until each five of them stand
    in six. That is what base64 writes as one character.
    """
    groups = -(-len(text) // 5)
    padded = text.ljust(5 * groups, b"\0")
    wide = bytearray(6 * groups)
    for at in range(5):
        wide[at + 1 :: 6] = padded[at::5]
    number = int.from_bytes(wide, "big")
    for half, apart, mask in _HALVINGS:
        lower = int.from_bytes(mask * groups, "big")
        number = number & lower | (number & lower << half) << apart
    characters = binascii.b2a_base64(number.to_bytes(6 * groups, "big"), newline=False)
    used = -(-8 * len(text) // 5)
    return characters[:used].translate(_FROM_BASE64).ljust(8 * groups, b"=")


def _base32hex(text: bytes) -> bytes:
    return _base32(text).translate(_TO_HEX)


def _spell_base32(encode: _Encode, text: bytes) -> Iterator[bytes]:
    """At the five alignments, in upper and in lower case."""
    upper = list(fragments(encode, text, bits=5))
    yield from upper
    yield from map(bytes.lower, upper)


def _alone_base32(encode: _Encode, text: bytes) -> Iterator[bytes]:
    """All of it, with and without its newline and its padding."""
    for encoded in map(encode, (text, text + b"\n")):
        yield encoded
        yield encoded.rstrip(b"=")
        yield encoded.lower()
        yield encoded.lower().rstrip(b"=")


class _Base32:
    """The reader for an alphabet in one case."""

    def __init__(self, characters: bytes, needs: bytes) -> None:
        """`needs`: what must be in a run, so that hex digits are not taken for base32."""
        self._alphabet = Alphabet(characters)
        # NOTE: Python reads numbers to base 32 in linear time, with the digits of base32hex
        self._digits = bytes.maketrans(characters, _BASE32HEX)
        self._needs = re.compile(needs)

    def read(self, text: bytes, budget: Budget) -> Iterator[Piece]:
        """Long runs with their continuation lines, at all eight alignments."""
        short: tuple[list[Piece], ...] = tuple([] for _ in range(8))
        for stretch in self._alphabet.long(text, MIN_RUN_32, self._alphabet.stretch):
            if not self._needs.search(stretch[0]):
                continue
            joined = Joined(text, self._alphabet, *stretch.span())
            if len(set(joined.characters)) < _MANY:
                continue
            for first in range(8):
                piece = self._decoded(joined, first)
                if not budget.spend(len(piece.text)):
                    return
                if len(joined.characters) < _SHORT:
                    short[first].append(piece)
                else:
                    yield piece
        yield from map(together, filter(None, short))

    def _decoded(self, joined: Joined, first: int) -> Piece:
        characters = joined.characters[first:]
        size, rest = divmod(len(characters) * 5, 8)
        number = int(characters.translate(self._digits), 32) >> rest
        return joined.piece(number.to_bytes(size, "big"), first, bits=5)


_READERS_32: Final = (_Base32(_BASE32, b"[G-Z]"), _Base32(_BASE32.lower(), b"[g-z]"))
_READERS_32HEX: Final = (_Base32(_BASE32HEX, b"[G-V]"), _Base32(_BASE32HEX.lower(), b"[g-v]"))


def _read_base32(readers: tuple[_Base32, ...], text: bytes, budget: Budget) -> Iterator[Piece]:
    for reader in readers:
        yield from reader.read(text, budget)


def _base58(text: bytes) -> bytes:
    """Source: Bitcoin Core, base58.cpp: a big number; each leading NUL is a `1`."""
    number = int.from_bytes(text, "big")
    zeros = len(text) - len(text.lstrip(b"\0"))
    characters = _digits_58(number, number.bit_length() // 5 + 1)  # a digit holds more than 5 bits
    return _BASE58[:1] * zeros + characters.lstrip(_BASE58[:1])


def _digits_58(number: int, width: int) -> bytes:
    """A number in so many digits, by halves: one after the other takes quadratic time."""
    if width > _HALVED_58:
        low = width // 2
        high, rest = divmod(number, 58**low)
        return _digits_58(high, width - low) + _digits_58(rest, low)
    characters = bytearray(_BASE58[:1] * width)
    for at in reversed(range(width)):
        number, digit = divmod(number, 58)
        characters[at] = _BASE58[digit]
    return bytes(characters)


def _spell_base58(text: bytes) -> Iterator[bytes]:
    """The text alone and with its newline: every neighbour changes every character."""
    yield _base58(text)
    yield _base58(text + b"\n")


_WORD: Final = Alphabet(f"{ascii_letters}{digits}".encode())
_DIGIT_58: Final = {character: digit for digit, character in enumerate(_BASE58)}


def _read_base58(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Words of this alphabet that have both cases."""
    for match in _WORD.long(text, MIN_RUN_58, _WORD.run):
        word = match[0]
        foreign = word.translate(None, _BASE58)
        if foreign or word.islower() or word.isupper() or len(word) > MAX_RUN_58:
            continue
        number = 0
        for character in word:
            number = number * 58 + _DIGIT_58[character]
        zeros = len(word) - len(word.lstrip(_BASE58[:1]))
        size = zeros + (number.bit_length() + 7) // 8
        if not budget.spend(size):
            return
        yield indivisible(number.to_bytes(size, "big"), match.span())


FORMS: Final[dict[str, Form]] = {
    "base32": Form(
        words="base32",
        spell=partial(_spell_base32, _base32),
        alone=partial(_alone_base32, _base32),
        read=partial(_read_base32, _READERS_32),
    ),
    "base32hex": Form(
        words="base32hex",
        spell=partial(_spell_base32, _base32hex),
        alone=partial(_alone_base32, _base32hex),
        read=partial(_read_base32, _READERS_32HEX),
    ),
    "base58": Form(words="base58", spell=_spell_base58, read=_read_base58),
}
