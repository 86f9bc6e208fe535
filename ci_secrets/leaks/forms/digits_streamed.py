"""The notations of numbers that no other looks like once their signs are gone, for streams."""

from collections.abc import Iterator, Sequence
from itertools import chain

from ci_secrets.leaks.forms.reading import as_text


def _cells(cell: bytes, between: bytes, numbers: Sequence[int]) -> bytes:
    return between.join([cell] * len(numbers)) % tuple(numbers)


def hex_lists(text: bytes) -> Iterator[bytes]:
    """As most languages have them, and as Python's `hex` does, without noughts."""
    yield _cells(b"0x%02x", b", ", text)
    yield _cells(b"0x%x", b", ", text)


def calls_and_places(text: bytes) -> Iterator[bytes]:
    """`chr(107)` of languages, `CHAR(107)` of SQL, `"0":107` of JSON, and numbers of characters."""
    for numbers in _numbers(text):
        yield _cells(b"%d", b", ", numbers)
        yield _cells(b"chr(%d)", b"+", numbers)
        yield _cells(b"CHAR(%d)", b"+", numbers)
    yield b",".join([b'"%d":%d'] * len(text)) % tuple(chain.from_iterable(enumerate(text)))


def _numbers(text: bytes) -> Iterator[Sequence[int]]:
    """The bytes, and the characters where they differ."""
    yield text
    if not text.isascii():
        yield tuple(map(ord, as_text(text)))


def octal_lists(text: bytes) -> Iterator[bytes]:
    """Without noughts before them, and as Python's `oct` has them."""
    yield _cells(b"%o", b" ", text)
    yield _cells(b"0o%o", b" ", text)


def binary_lists(text: bytes) -> Iterator[bytes]:
    """Without noughts before them, also as of Python's `bin`; as one; the lowest bit first."""
    cells = [f"{byte:b}" for byte in text]
    yield " ".join(cells).encode()
    yield " ".join([f"0b{cell}" for cell in cells]).encode()
    yield f"{int.from_bytes(text):b}".encode()
    yield f"{int.from_bytes(text, 'little'):0{8 * len(text)}b}"[::-1].encode()
