"""Which pieces of a text or of a spelling are taken as anchors: few, and one of them is whole."""

import re
from collections.abc import Callable
from functools import cache
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.reading import Chain

SIZE: Final = 8
"""Bytes of an anchor, where there are as many: shorter ones are slower, and hit more often."""
_SAME: Final = 2
"""Different bytes of what says little."""
_WINDOW: Final = 64
"""Bytes of a long part from which its anchors are taken."""
RARE: Final = frozenset(
    {"base32", "base32hex", "base58", "ascii85", "base85", "z85", "uuencode", "deflate"}
)
"""Forms of which fewer anchors are taken."""
COMMON: Final = frozenset({"base64", "json", "percent", "hex"})
"""Forms of which more are taken where one stands inside another."""
_TELLING: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]{8,}")
_SCHEME: Final = re.compile(rb"[a-z][a-z0-9+.-]{1,15}(?::|%3[aA])(?:\\?/|%2[fF]){2}")
_WORD: Final = re.compile(rb"[A-Z]?[a-z]+|[A-Z]+")


class Spacing(NamedTuple):
    """Which anchors of a needle are taken."""

    stride: int
    """How far apart they are, in bytes."""
    most: int
    """How many: of two that are side by side one is whole where lines are of 16 columns or more."""
    unsure: int
    """The same where it has no long run, so that escapes inside of other forms may change them."""


def thinned(every: list[bytes]) -> list[bytes]:
    """Of those one byte apart eight in a row, and of all others one in four.

    So one of them is whole in any piece of 11 bytes, and where all are of 8 or more.
    """
    middle = len(every) // 2
    return [gram for at, gram in enumerate(every) if at % 4 == 0 or -4 <= at - middle < 4]


def window(text: bytes) -> bytes:
    """The text where it is short, else the piece of its middle half with most different bytes.

    Of an address without its scheme, for logs are full of others.
    """
    scheme = _SCHEME.match(text)
    if scheme and len(text) - scheme.end() >= SIZE:
        text = text[scheme.end() :]
    if len(text) <= 2 * _WINDOW:
        return text
    first, last = len(text) // 4, len(text) * 3 // 4 - _WINDOW
    step = max(16, (last - first) // 16)
    best = max(range(first, last + 1, step), key=lambda at: len(set(text[at : at + _WINDOW])))
    return text[best : best + _WINDOW]


def grams(pattern: bytes, spaced: Spacing) -> list[bytes]:
    """Pieces of a pattern: of its runs of letters and digits, which escapes leave alone."""
    stride = spaced.stride
    if pattern.isalnum() and len(pattern) >= SIZE:
        places = _places(len(pattern), stride)
    else:
        runs = (run.span() for run in _TELLING.finditer(pattern))
        places = tuple(start + at for start, end in runs for at in _places(end - start, stride))
    telling = _neighbours(pattern, places, spaced.most)
    if telling:
        return telling
    last = max(0, len(pattern) - SIZE)
    places += tuple(range(0, last + 1, min(stride, 4)))
    # NOTE: what is left of other letters is rows of `?` or dots, which stand in many logs
    return _spread(pattern, places, spaced.unsure, _varies) or _spread(
        pattern, places, spaced.unsure, bool
    )


@cache
def _places(size: int, stride: int) -> tuple[int, ...]:
    """Where the pieces of a run of so many letters begin."""
    return (*range(0, size - SIZE, stride), size - SIZE)


def _neighbours(pattern: bytes, places: tuple[int, ...], most: int) -> list[bytes]:
    """At most so many telling pieces, from the middle of all.

    A single one from the beginning: there the fewest lines are wrapped.
    """
    first = max(0, (len(places) - most) // 2) if most > 1 else 0
    found: list[bytes] = []
    for at in places[first:] + places[:first]:
        gram = pattern[at : at + SIZE]
        if is_telling(gram):
            found.append(gram)
            if len(found) == most:
                break
    return found


def _spread(
    pattern: bytes, places: tuple[int, ...], most: int, is_good: Callable[[bytes], bool]
) -> list[bytes]:
    """At most so many good pieces, one of every part of the places, from its middle if may be."""
    size = len(places)
    count = min(most, size)
    found = []
    for number in range(count):
        first, last = number * size // count, (number + 1) * size // count
        middle = (first + last) // 2 if count > 1 else 0
        for at in places[middle:last] + places[first:middle]:
            gram = pattern[at : at + SIZE]
            if is_good(gram):
                found.append(gram)
                break
    return found


def is_telling(gram: bytes) -> bool:
    """Whether it is no word or number, as stand in many texts."""
    if gram.isdigit() or (gram.isalpha() and _WORD.fullmatch(gram)):
        return False
    return _varies(gram)


def _varies(gram: bytes) -> bool:
    return len(set(gram)) > _SAME


@cache
def spacing(form: Chain, line: bool) -> Spacing:
    """Those of a needle in a form; `line`: of one line of a value."""
    match form:
        case ():
            return Spacing(SIZE, 3, 8) if line else Spacing(1, 64, 64)
        case (name,):
            return Spacing(2 * SIZE, 2, 2) if line or name in RARE else Spacing(SIZE, 3, 8)
        case (outer, inner):
            long = inner in RARE or COMMON.issuperset((outer, inner))
            return Spacing(SIZE, 2, 2) if long else Spacing(SIZE, 1, 1)
        case _:
            return Spacing(SIZE, 1, 1)
