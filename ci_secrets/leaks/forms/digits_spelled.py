"""The spellings of bytes as numbers, and hints to how tools print them."""

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import Final, Literal

ORDERS: Final[tuple[Literal["big", "little"], ...]] = ("big", "little")
_BEYOND: Final = re.compile("[^\x00-\x7f]{2}")
_LONGEST_INTEGER: Final = 4300
SHORTEST_HINT: Final = 8
_SEEN_AS_INTEGER: Final = 12
"""Bytes that make a number of 28 digits, see `digits_seen`."""
_HEX_SEPARATORS: Final = (
    *(b" ", b":", b", 0x", b"\\x", b"-", b",", b", ", b",0x", b" 0x", b"\n", b"', '0x"),
    *(b".", b", #", b", (byte) 0x", b"\n ", b"\n0x", b",\n    0x", b"\t0x", b"', '", b'", "'),
)
SHORT: Final = 14
"""Bytes that make so few words of two that no dump of decimal words is seen by its shape."""
_LEAST_OF_WORDS: Final = 6
"""Bytes of which these words are hints: what is shorter is the end of a value."""
_SEEN_AS_LIST: Final = 16
"""Bytes from which a list of numbers is seen by its shape, see `digits_seen`."""
# NOTE: between numbers; first what a list may have that is not seen so
_DECIMAL_SEPARATORS: Final = ((b", ", b".", b"-"), (b",", b" ", b"  ", b"\n", b":", b"\\"))
_OCTAL_SEPARATORS: Final = (
    (b", 0o", b"', '0o", b".", b" 0o"),
    (b"\\", b"\\0", b" ", b"\n", b", "),
)
_BINARY_SEPARATORS: Final = ((b", 0b", b"', '0b", b"."), (b" ",))


def longest_integer() -> int:
    """Digits that Python converts, which takes quadratic time; the environment can allow fewer."""
    return min(_LONGEST_INTEGER, sys.get_int_max_str_digits() or _LONGEST_INTEGER)


def spell_hex(text: bytes) -> Iterator[bytes]:
    """All digits in a row."""
    yield text.hex().encode()
    yield text.hex().upper().encode()


def spell_binary(text: bytes) -> Iterator[bytes]:
    """All bits in a row."""
    yield "".join([f"{byte:08b}" for byte in text]).encode()


def spell_octal(text: bytes) -> Iterator[bytes]:
    """Three digits to the byte, as C and shells escape them."""
    yield b"".join(b"\\%03o" % byte for byte in text)


def spell_decimal(text: bytes) -> Iterator[bytes]:
    """A list of unsigned numbers, and of signed ones where they differ."""
    yield b", ".join(b"%d" % byte for byte in text)
    if not text.isascii():
        yield b", ".join(b"%d" % signed(byte) for byte in text)


def spell_integer(text: bytes) -> Iterator[bytes]:
    """The whole text as a number, as it is and with the line break that `echo` puts after it.

    Also as Java has it, where a number whose highest bit is set is negative.
    """
    signs = (False,) if text.isascii() else (False, True)
    for whole, order, signed in product((text, text + b"\n"), ORDERS, signs):
        number = int.from_bytes(whole, order, signed=signed)
        if number.bit_length() // 3 < longest_integer():
            yield b"%d" % number


def hint_integer(text: bytes) -> Iterator[bytes]:
    """The first digits of a text that makes too short a number to be seen by its length."""
    if len(text) < _SEEN_AS_INTEGER:
        for number in spell_integer(text):
            yield number[:SHORTEST_HINT]


def signed(byte: int) -> int:
    """A byte as Java has it."""
    return byte - 256 if byte > 127 else byte


def hint_hex(text: bytes) -> Iterator[bytes]:
    """Three bytes with what stands between them, and words of two and four bytes."""
    yield from hint_utf16(text)
    for digits in dict.fromkeys((text[:6].hex(), text[:6].hex().upper())):
        cells = [digits[at : at + 2].encode() for at in range(0, len(digits), 2)]
        for separator in _HEX_SEPARATORS:
            yield separator.join(cells[:3])
        for phase in (0, 1):
            words = [b"".join(cells[at : at + 2]) for at in (phase, phase + 2)]
            for separator in (b" ", b"\n", b"-"):
                yield separator.join(words)
    for phase in range(4):
        yield text[phase : phase + 4].hex().encode()


def hint_utf16(text: bytes) -> Iterator[bytes]:
    """Two characters of UTF-16 in bytes and in words of either order."""
    for two in (text[:2], text[2:4]):
        if len(two) == 2 and two.isascii():
            cells = tuple(b"%02x" % byte for byte in two)
            yield b"%b 00 %b 00" % cells
            yield b"%b00 %b00" % cells
            yield b"00%b 00%b" % cells
    if len(two) == 2 and two.isascii():  # NOTE: in one piece; either order has it
        yield b"00%02x00%02x" % tuple(two)


def hint_units(text: bytes) -> Iterator[bytes]:
    """Two characters of UTF-16 that are not ASCII, in bytes and in words of either order."""
    beyond = _BEYOND.search(text.decode("utf-8", "ignore"))
    if not beyond:
        return
    for order in ("utf-16-le", "utf-16-be"):
        cells = [b"%02x" % byte for byte in beyond[0].encode(order)[:4]]
        yield b" ".join(cells)
        yield b"%b%b %b%b" % tuple(cells)


def hint_decimal(text: bytes) -> Iterator[bytes]:
    """As many numbers as have eight characters, with what stands between them."""
    kinds = [list(text[:8]), [signed(byte) for byte in text[:8]]]
    for numbers in kinds[: 1 if text[:8].isascii() else 2]:
        for separator in _separators(_DECIMAL_SEPARATORS, text):
            yield _enough([b"%d" % number for number in numbers], separator)
    yield b",".join(b'"%d":%d' % pair for pair in enumerate(text[:3]))
    if _LEAST_OF_WORDS <= len(text) < SHORT:
        yield from _hint_words(text)


def _hint_words(text: bytes) -> Iterator[bytes]:
    """Two words of two bytes or one of four, as `od -d` and typed arrays show a short text."""
    for phase in (0, 1):
        for order in ORDERS:
            pairs = (text[at : at + 2] for at in (phase, phase + 2))
            words = [b"%d" % int.from_bytes(pair, order) for pair in pairs]
            for between in (b" ", b", ", b"   ") if order == "little" else (b" ",):
                yield between.join(words)
    for phase in range(4):
        for order in ORDERS:
            yield b"%d" % int.from_bytes(text[phase : phase + 4], order)


def hint_octal(text: bytes) -> Iterator[bytes]:
    """Three bytes with what stands between them."""
    for separator in _separators(_OCTAL_SEPARATORS, text):
        cell = b"%o" if separator.endswith(b"o") else b"%03o"
        yield separator.join(cell % byte for byte in text[:3])


def hint_binary(text: bytes) -> Iterator[bytes]:
    """Three bytes with what stands between them, with and without leading zeros."""
    for separator in _separators(_BINARY_SEPARATORS, text):
        yield separator.join(format(byte, "08b").encode() for byte in text[:3])
        yield separator.join(format(byte, "b").encode() for byte in text[:3])


def _separators(kinds: tuple[tuple[bytes, ...], tuple[bytes, ...]], text: bytes) -> Iterable[bytes]:
    """Those by which the numbers of a text are looked for: a long list needs few of them.

    Not where they may be characters: if a fold cuts these in two, few of their bytes are right.
    """
    unseen, seen = kinds
    return unseen if len(text) >= _SEEN_AS_LIST and text.isascii() else (*seen, *unseen)


def _enough(cells: Sequence[bytes], separator: bytes) -> bytes:
    """The fewest cells that make a hint."""
    hint = cells[0]
    for cell in cells[1:]:
        if len(hint) >= SHORTEST_HINT:
            break
        hint += separator + cell
    return hint
