"""How a short text stands in the output of deflate (RFC 1951), which gzip, zlib and zip hold.

What has no repeats is written with the fixed codes: eight bits for each byte below 144. So the bits
of a value are known whatever stands around it. They begin three bits into a byte, behind the head
of the block, unless there are longer codes to the left.
"""

import zlib
from collections.abc import Callable, Iterator
from typing import Final

_HEAD_BITS: Final = 3
_MATCH: Final = 3
"""Bytes of the shortest repeat that is written as one."""
_LEVELS: Final = (6, 9, 1)
_SMALL_WINDOW: Final = 9  # of 512 bytes
_SMALL: Final = 240
"""Bytes of a text whose first is seen in such a window from its last, and the newline behind it."""


def _codes() -> Iterator[tuple[int, int]]:
    """For each byte its code, first bit lowest, and the number of bits. Source: RFC 1951 §3.2.6."""
    for byte in range(256):
        code, size = (0x30 + byte, 8) if byte < 144 else (0x190 + byte - 144, 9)
        yield int(f"{code:0{size}b}"[::-1], 2), size


_CODES: Final = tuple(_codes())


def spell_deflate(text: bytes) -> Iterator[bytes]:
    """The whole bytes that the text makes up to its first repeat."""
    bits = 0
    count = _HEAD_BITS
    for byte in _before_repeat(text):
        code, size = _CODES[byte]
        bits |= code << count
        count += size
    yield bits.to_bytes(count // 8 + 1, "little")[1 : count // 8]


def _before_repeat(text: bytes) -> bytes:
    seen: set[bytes] = set()
    for at in range(len(text) - _MATCH + 1):
        three = text[at : at + _MATCH]
        if three in seen:
            return text[:at]
        seen.add(three)
    return text


def alone_deflate(text: bytes) -> Iterator[bytes]:
    """All of the stream of the text, and of the text with its newline."""
    # NOTE: a window that holds all of a text gives the same; most of the work is its memory
    window = _SMALL_WINDOW if len(text) < _SMALL else zlib.MAX_WBITS
    return _packed(text, lambda level: zlib.compressobj(level, wbits=-window))


def alone_zlib(text: bytes) -> Iterator[bytes]:
    """As `alone_deflate`, with head and checksum."""
    return _packed(text, zlib.compressobj)


def alone_gzip(text: bytes) -> Iterator[bytes]:
    """As `alone_deflate`, with checksum and size; the head tells the time, and is left out."""
    packed = _packed(text, lambda level: zlib.compressobj(level, wbits=16 + zlib.MAX_WBITS))
    return (one[10:] for one in packed)  # Source: RFC 1952 §2.3


def _packed(text: bytes, packer: Callable[[int], "zlib._Compress"]) -> Iterator[bytes]:
    for whole in (text, text + b"\n"):
        for level in _LEVELS:
            packing = packer(level)
            yield packing.compress(whole) + packing.flush()
