"""By which literals the scan notices a value that was torn into pieces of 1 to 7 characters."""

import re
from collections.abc import Iterable, Iterator
from itertools import chain, pairwise
from typing import Final

from ci_secrets.leaks.forms.reading import in_turn
from ci_secrets.leaks.forms.torn.rows import RARE

_CHARACTER: Final = re.compile(rb"[\xc0-\xff][\x80-\xbf]{0,3}|[\x00-\xff]", re.DOTALL)
_RUN: Final = re.compile(rb"[0-9A-Za-z]+")
_SHORTEST: Final = 6
"""Bytes of a hint."""
_LONGEST: Final = 12
_SHORT: Final = 16
"""Characters of a text of which no piece may be long enough, where it is torn once or twice."""
_TEARS: Final = 7
"""So many places of a tear one after the other meet every phase of every width up to 7."""

_BETWEEN_CHARACTERS: Final = (
    # NOTE: quoted and added ones are seen by their shape, see `rows`
    b" ", b"\n", b"\r\n", b",", b", ", b"-", b"_", b".", b":", b"|", b"/", b";", b"+", b"*", b"\t",
    b"\r", b"  ", b" - ", b" | ", b"\\n", b"\\\n", b"\x1b[K", b'" "',
    b"\n  ", b"\n    ", b"\n+", b"\n-", b"\n+ ", b"\n- ", b"\n> ", b"\n# ", b"\n| ", b"\n* ",
    b"\xe2\x80\x8b", b"\xe2\x80\x8c", b"\xe2\x80\x8d", b"\xc2\xad", b"\xc2\xa0",
    b"\xe3\x80\x80",
)  # fmt: skip
_BETWEEN_PIECES: Final = (b"\n", b" ", b"-", b"\r\n", b",", b", ")
_AROUND_LETTER: Final = (
    # NOTE: what ends a prefix, and what begins the next: a time, cat -n and nl, docker compose,
    # a table, a clock or name in brackets
    (b" ", b"\n202"), (b" ", b"\r\n202"), (b"\t", b"\n   "), (b"  | ", b"\n"), (b"| ", b" |\n|"),
    (b"] ", b"\n[0"), (b"] ", b"\n[1"), (b"] ", b"\n[2"),
)  # fmt: skip
_COLOURED_LETTER: Final = ((b"m", b"\x1b[0m"), (b"m", b"\x1b[39m"), (b"\x1b[K", b"\x1b[m"))
_AROUND_PIECE: Final = ((b" ", b"\n202"), (b"\t", b"\n   "), (b"] ", b"\n["), (b"  | ", b"\n"))
"""What stands before a piece and behind it where prefixes differ in their middle."""
_COLOURED_APART: Final = b"\x1b[m\x1b[K\x1b[01;"
"""Where grep shows two matches side by side, each character is one."""
_ONE_BYTE: Final = (b"\n", b" ", b"-", b",")
"""Between pieces of characters that a tool cut in two, since it counts bytes."""
_SHOWN: Final = re.compile(rb"[!-~]{2}")
_WORD: Final = re.compile(rb"[A-Za-z]?[a-z]*|[A-Z]*|\d*")
_RARE: Final = RARE + b"NMFODPbCgpfTLRmhAuSdcIiElntorase7463985210"
"""Letters and digits, those first that the fewest words and lines end with."""


def hints(text: bytes) -> Iterator[bytes]:
    """Literals of 6 to 12 bytes: one of them stands in every narrow tear of the text.

    They are taken from the middle of the text: its beginning may be everybody's (`ghp_`). Wider
    pieces are known by what is in them.
    """
    characters = _CHARACTER.findall(text)
    if len(characters) < _SHORTEST:
        return
    middle = _middle(text)
    literals = in_turn(
        _single(characters, middle),
        _across(characters, middle, _BETWEEN_PIECES),
        _between_prefixes(characters, middle),
        _letter(characters),
        (_COLOURED_APART,),
        _overstruck(characters, middle),
        _numbered(characters),
        _bytewise(text, characters, middle),
        _beside_colour(characters),
    )
    long_enough = (one[:_LONGEST] for one in literals if len(one) >= _SHORTEST)
    yield from dict.fromkeys(chain(_halves(text), long_enough))


def _middle(text: bytes) -> int:
    """The middle of the longest run of letters and digits, which escapes leave alone."""
    runs = (match.span() for match in _RUN.finditer(text))
    start, end = max(runs, key=lambda span: span[1] - span[0], default=(0, len(text)))
    return len(_CHARACTER.findall(text[: (start + end) // 2]))


def _joined(characters: list[bytes], start: int, end: int) -> bytes:
    return b"".join(characters[max(start, 0) : end])


def _single(characters: list[bytes], middle: int) -> Iterator[bytes]:
    """Three or four characters with the same between them."""
    few, more = (_no_number(characters, max(middle - 2, 0), count) for count in (3, 4))
    for between in _BETWEEN_CHARACTERS:
        yield between.join((*(few if len(between) > 1 else more), b""))


def _no_number(characters: list[bytes], start: int, count: int) -> list[bytes]:
    """The nearest that are not all digits: `1, 3, 7, ` stands in many lists."""
    last = len(characters) - count - 1
    places = sorted(range(last + 1), key=lambda at: abs(at - min(start, last)))
    groups = [characters[at : at + count] for at in places]
    return next((group for group in groups if not _is_number(group)), groups[0])


def _overstruck(characters: list[bytes], middle: int) -> Iterator[bytes]:
    """Bold and underlined as `man` and `nroff` print it."""
    three = characters[min(max(middle - 2, 0), len(characters) - 3) :][:3]
    yield b"".join(one + b"\x08" + one for one in three)
    yield b"".join(b"_\x08" + one for one in three)


def _letter(characters: list[bytes]) -> Iterator[bytes]:
    """One character a line between prefixes that differ: the one that ends the fewest lines.

    Not of a number, for any digit ends many lines.
    """
    if _is_number(characters):
        return
    usual = [one for one in characters[:-1] if one in _RARE]  # NOTE: no prefix is behind the last
    if usual:
        letter = min(usual, key=_RARE.index)
        around = () if _has_shape(characters) else _AROUND_LETTER
        for before, behind in (*_COLOURED_LETTER, *around):
            yield before + letter + behind


def _has_shape(characters: list[bytes]) -> bool:
    """Whether the first of `rows.LINES` sees it, of one character a line."""
    return any(
        one in RARE and _SHOWN.fullmatch(next_two)
        for one, next_two in zip(characters, map(b"".join, pairwise(characters[1:])), strict=False)
    )


def _beside_colour(characters: list[bytes]) -> Iterator[bytes]:
    """Of a short text a piece before or behind a colour, wherever that begins or ends."""
    if len(characters) < _SHORT:
        for tear in range(4, len(characters)):
            yield _joined(characters, tear - 4, tear) + b"\x1b["
        for tear in range(1, len(characters) - 3):
            yield b"[K" + _joined(characters, tear, tear + 4)


def _phases(characters: list[bytes], middle: int, width: int) -> Iterator[int]:
    """Where pieces of a width start, one place for each way the value may be cut."""
    first = max(0, min(middle - width, len(characters) - 3 * width))
    yield from range(first, first + width)


def _tears(characters: list[bytes], middle: int, left: int, right: int) -> range:
    """Places of tears with at least so many characters on either side."""
    last = len(characters) - right
    first = max(left, min(middle - _TEARS // 2, last - _TEARS + 1))
    return range(first, min(first + _TEARS, len(characters)))


def _across(characters: list[bytes], middle: int, betweens: Iterable[bytes]) -> Iterator[bytes]:
    """Pieces of 2 to 7 characters with the same between them."""
    for between in betweens:
        for tear in _tears(characters, middle, 3, 3):
            left = min(tear, 4)
            right = min(7 - left, 4)
            yield (
                _joined(characters, tear - left, tear)
                + between
                + _joined(characters, tear, tear + right)
            )
        for width, count in ((2, 3), (3, 2)):
            for start in _phases(characters, middle, width):
                ends = range(start, start + width * count, width)
                pieces = [_joined(characters, at, at + width) for at in ends]
                yield between.join(pieces)


def _is_number(characters: list[bytes]) -> bool:
    return b"".join(characters).isdigit()


def _rare_phases(characters: list[bytes], width: int) -> Iterator[int]:
    """Where pieces of a width start, one place for each phase: of what ends the fewest lines."""
    last = len(characters) - width
    for phase in range(width):
        starts = range(min(width + phase, last), last, width)
        yield min(starts, key=lambda start: _usual(characters[start : start + width]), default=last)


def _usual(characters: list[bytes]) -> tuple[int, int]:
    """The lower, the fewer lines and prefixes end so: letters and digits at once are no word."""
    piece = b"".join(characters)
    mixed = piece.isalnum() and not piece.isalpha() and not piece.isdigit()
    kind = 0 if mixed else 1 if piece.isalpha() else 2
    return kind, sum(_RARE.find(one) % len(_RARE) for one in characters)


def _between_prefixes(characters: list[bytes], middle: int) -> Iterator[bytes]:
    """Pieces of 2 to 7 characters, each after a prefix of which only an end is known.

    Not of a number, for it looks like the numbers that lines end with.
    """
    if _is_number(characters):
        return
    rare = [
        _joined(characters, start, start + width)
        for width in (2, 3)
        for start in _rare_phases(characters, width)
    ]
    for before, behind in _AROUND_PIECE:
        for piece in rare:
            yield before + piece + behind
        if len(behind) > 1:
            for tear in _tears(characters, middle, 4, 0):
                yield _joined(characters, tear - 4, tear) + behind
        else:
            for tear in _tears(characters, middle, 0, 4):
                yield before[-2:] + _joined(characters, tear, tear + 4)


def _numbered(characters: list[bytes]) -> Iterator[bytes]:
    """Lines counted from the beginning of the value, as `grep -n` does."""
    for width in range(1, _TEARS + 1):
        first, second = _joined(characters, 0, width), _joined(characters, width, 2 * width)
        yield b"1:" + first + b"\n2:" + second


def _bytewise(text: bytes, characters: list[bytes], middle: int) -> Iterator[bytes]:
    """Pieces of 2 to 7 bytes, where some characters have several."""
    if len(characters) < len(text):
        at = len(b"".join(characters[:middle]))
        each = [text[one : one + 1] for one in range(len(text))]
        yield b"\n".join((*each[max(0, at - 2) :][:4], b""))
        yield from _across(each, at, _ONE_BYTE)


def _halves(text: bytes) -> Iterator[bytes]:
    """Of a short text one half stays whole wherever it is torn once."""
    size = max(_SHORTEST - 1, -(-len(text) // 2))
    if 8 <= len(text) < _SHORT:
        yield from (half for half in (text[:size], text[-size:]) if not _WORD.fullmatch(half))
