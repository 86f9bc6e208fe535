"""By which literals the scan notices an encoding of a value that was torn into small pieces."""

from base64 import b32encode, b64encode
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.reading import in_turn

_SHORTEST: Final = 6
"""Bytes of a hint."""
_QUARTER: Final = 4
"""Letters on either side of one tear."""


class _Alphabet(NamedTuple):
    """How an encoding groups its letters, and how these are torn."""

    encode: Callable[[bytes], bytes]
    size: int
    """Bytes that make a group."""
    letters: int
    """Letters of a group."""
    single: tuple[bytes, ...] = ()
    """What is put between letters."""
    pairs: tuple[bytes, ...] = ()
    """What is put between two and three letters."""
    tears: tuple[tuple[bytes, int, int], ...] = ()
    """What is put between more: it, how far apart the places are, and how many of them it takes."""
    whole: bool = False
    """Whether a group is known by itself, for lines of any number of groups."""


_ALPHABETS: Final = (
    # NOTE: of eight places one after the other each width from 4 to 8 has one; tools that group
    # by 4 or 8 begin with a whole group, of hex with a whole byte
    _Alphabet(
        encode=b64encode,
        size=3,
        letters=4,
        single=(b"\n", b" ", b","),
        pairs=(b"\n",),
        tears=((b" ", 4, 2), (b"-", 4, 2), (b"\n", 1, 8), (b" ", 1, 8)),
    ),
    _Alphabet(
        encode=lambda text: text.hex().encode(),
        size=1,
        letters=2,
        single=(b"\n", b" ", b","),
        tears=((b"\n", 2, 4),),
    ),
    _Alphabet(encode=b32encode, size=5, letters=8, tears=((b" ", 4, 1), (b"-", 4, 1)), whole=True),
)


def encoded_hints(text: bytes) -> Iterator[bytes]:
    """Literals of 6 to 9 bytes: one stands in each usual tear of base64, hex or base32 of the text.

    They are right for any neighbours of the text; wider pieces are known by what is in them.
    """
    literals = in_turn(
        *(
            _of_alignment(alphabet, *_encoded(alphabet, before, text))
            for alphabet in _ALPHABETS
            for before in range(alphabet.size)
        )
    )
    yield from (hint for hint in literals if len(hint) >= _SHORTEST)


def _encoded(alphabet: _Alphabet, before: int, text: bytes) -> tuple[bytes, int]:
    """The text with so many bytes before it, up to its last letter that no neighbour changes.

    And where the first of these stands: groups are counted from the beginning.
    """
    whole = alphabet.encode(bytes(before) + text)
    first = -(-before * alphabet.letters // alphabet.size)
    return whole[: (before + len(text)) * alphabet.letters // alphabet.size], first


def _of_alignment(alphabet: _Alphabet, encoded: bytes, first: int) -> Iterator[bytes]:
    """Tears in the middle of `encoded[first:]`."""
    middle = (first + len(encoded)) // 2
    for between in alphabet.single:
        yield _pieces(encoded[max(first, middle - 2) :][:4], 1, between)
    for between in alphabet.pairs:
        start = max(first, middle - 3)
        yield _pieces(encoded[start + start % 2 :][:6], 2, between)
        for phase in range(3):
            yield _pieces(encoded[max(first, middle - 4) + phase :][:6], 3, between)
    for between, step, count in alphabet.tears:
        yield from _across(encoded, first, between, _places(middle, step, count))
    if alphabet.whole:
        start = -(-max(first, middle - alphabet.letters) // alphabet.letters) * alphabet.letters
        yield encoded[start : start + alphabet.letters]


def _pieces(letters: bytes, width: int, between: bytes) -> bytes:
    """Pieces of a width, each with what follows it."""
    return b"".join(letters[at : at + width] + between for at in range(0, len(letters), width))


def _places(middle: int, step: int, count: int) -> Iterable[int]:
    """So many multiples of a step around the middle."""
    start = (middle - step * (count - 1) // 2) // step * step
    return range(start, start + step * count, step)


def _across(encoded: bytes, first: int, between: bytes, places: Iterable[int]) -> Iterator[bytes]:
    """Letters on both sides of a tear, and what is put there."""
    for place in places:
        left = encoded[max(first, place - _QUARTER) : place]
        yield left + between + encoded[place : place + _QUARTER]
