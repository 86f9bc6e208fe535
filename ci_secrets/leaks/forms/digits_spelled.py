"""The spellings of bytes as numbers, and hints to how tools print them."""

import sys
from collections.abc import Iterator, Sequence
from typing import Final, Literal

ORDERS: Final[tuple[Literal["big", "little"], ...]] = ("big", "little")
_LONGEST_INTEGER: Final = 4300
SHORTEST_HINT: Final = 8
_HEX_SEPARATORS: Final = (
    *(b" ", b":", b", 0x", b"\\x", b"-", b",", b", ", b",0x", b" 0x", b"\n", b"', '0x"),
    *(b".", b", #", b", (byte) 0x"),
)
# NOTE: longer lists are seen by their shape, see `digits_seen`
_DECIMAL_SEPARATORS: Final = (b", ", b",", b" ", b"\n", b"-", b":", b".", b"\\")
_OCTAL_SEPARATORS: Final = (b"\\", b"\\0", b" ", b"\n", b", ", b", 0o", b"', '0o")
_BINARY_SEPARATORS: Final = (b" ", b", 0b")


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
    """The whole text as a number, as it is and with the line break that `echo` puts after it."""
    for whole in (text, text + b"\n"):
        for order in ORDERS:
            number = int.from_bytes(whole, order)
            if number.bit_length() // 3 < longest_integer():
                yield b"%d" % number


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
            yield b" ".join(words)
            yield b"\n".join(words)
    for phase in range(4):
        yield text[phase : phase + 4].hex().encode()


def hint_utf16(text: bytes) -> Iterator[bytes]:
    """Two characters of UTF-16 in bytes and in words of either order."""
    first, second = (b"%02x" % byte for byte in text[:2]) if len(text) > 1 else (b"", b"")
    if first and text[:2].isascii():
        yield b"%b 00 %b 00" % (first, second)
        yield b"%b00 %b00" % (first, second)
        yield b"00%b 00%b" % (first, second)


def hint_decimal(text: bytes) -> Iterator[bytes]:
    """As many numbers as have eight characters, with what stands between them."""
    kinds = [list(text[:8]), [signed(byte) for byte in text[:8]]]
    for numbers in kinds[: 1 if text[:8].isascii() else 2]:
        for separator in _DECIMAL_SEPARATORS:
            yield _enough([b"%d" % number for number in numbers], separator)
    yield b",".join(b'"%d":%d' % pair for pair in enumerate(text[:3]))


def hint_octal(text: bytes) -> Iterator[bytes]:
    """Three bytes with what stands between them."""
    for separator in _OCTAL_SEPARATORS:
        cell = b"%o" if separator.endswith(b"o") else b"%03o"
        yield separator.join(cell % byte for byte in text[:3])


def hint_binary(text: bytes) -> Iterator[bytes]:
    """Three bytes with what stands between them, with and without leading zeros."""
    for separator in _BINARY_SEPARATORS:
        yield separator.join(format(byte, "08b").encode() for byte in text[:3])
        yield separator.join(format(byte, "b").encode() for byte in text[:3])


def _enough(cells: Sequence[bytes], separator: bytes) -> bytes:
    """The fewest cells that make a hint."""
    hint = cells[0]
    for cell in cells[1:]:
        if len(hint) >= SHORTEST_HINT:
            break
        hint += separator + cell
    return hint
