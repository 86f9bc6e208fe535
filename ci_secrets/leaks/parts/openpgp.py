"""Reads the private keys of OpenPGP. Source: RFC 4880 §4.2 and §5.5, RFC 6637 §9."""

from collections.abc import Iterator, Mapping
from typing import Final

TAGS: Final = (5, 7)
"""Of packets with a private key, and with one below it."""
_VERSION: Final = 4
_HEAD: Final = 6
"""Bytes before the public numbers: the version, a time and the algorithm."""
_ECDH: Final = 18
_CURVES: Final = frozenset((_ECDH, 19, 22))
"""Algorithms that name a curve before the point."""
_NUMBERS: Final[Mapping[int, int]] = {1: 2, 2: 2, 3: 2, 16: 3, 17: 4, **dict.fromkeys(_CURVES, 1)}
"""Public numbers of each algorithm."""


def secrets_of(key: bytes) -> list[tuple[str, bytes]]:
    """What is secret of each key in the packets, encrypted or not: texts without names."""
    return [("", _behind_public(body)) for tag, body in _packets(key) if tag in TAGS]


def _behind_public(body: bytes) -> bytes:
    """A packet behind the numbers of its public key; all of it where these are not known."""
    algorithm = body[_HEAD - 1 : _HEAD]
    if body[:1] != bytes([_VERSION]) or not algorithm or algorithm[0] not in _NUMBERS:
        return body
    at = _HEAD
    if algorithm[0] in _CURVES:
        at += 1 + _number(body[at : at + 1])
    for _ in range(_NUMBERS[algorithm[0]]):
        at += 2 + (_number(body[at : at + 2]) + 7) // 8
    if algorithm[0] == _ECDH:
        at += 1 + _number(body[at : at + 1])
    return body[at:]


def _packets(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and body of each packet, up to the first that is cut off or has no length."""
    at = 0
    while at < len(data) and data[at] & 0x80:
        head = data[at]
        at += 1
        if head & 0x40:
            tag, (size, width) = head & 0x3F, _new_length(data[at : at + 5])
        else:
            width = 1 << (head & 3)
            tag, size = (head >> 2) & 0x0F, _number(data[at : at + width])
        at += width
        if width not in (1, 2, 4, 5) or at + size > len(data):
            return
        yield tag, data[at : at + size]
        at += size


def _new_length(data: bytes) -> tuple[int, int]:
    """A length in the newer format, and how many bytes tell it; none for part of a length."""
    first = _number(data[:1])
    if first < 192:
        return first, 1
    if first < 224:
        return ((first - 192) << 8) + _number(data[1:2]) + 192, 2
    return (_number(data[1:5]), 5) if first == 255 else (0, 0)


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
