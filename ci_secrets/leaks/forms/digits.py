"""How bytes look as numbers: hex, decimal, octal and binary digits, and one big integer.

The readers take all spellings alike: with separators, prefixes, line breaks or nothing between.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from typing import Final

from ci_secrets.leaks.forms.digits_lists import BYTES, FEWEST, KINDS, stretches
from ci_secrets.leaks.forms.digits_runs import ANY_DIGIT, Alphabet, Part, Run, Unit, gathered
from ci_secrets.leaks.forms.digits_spelled import (
    ORDERS,
    hint_binary,
    hint_decimal,
    hint_hex,
    hint_integer,
    hint_octal,
    longest_integer,
    spell_binary,
    spell_decimal,
    spell_hex,
    spell_integer,
    spell_octal,
)
from ci_secrets.leaks.forms.digits_streamed import (
    binary_lists,
    calls_and_places,
    hex_lists,
    octal_lists,
)
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span

_SHORTEST_INTEGER: Final = 18
_LONGEST: Final = 11
"""Digits and sign of the longest word of four bytes."""
_FAR: Final = 1 << 40
"""Stands for a number with too many digits to be any of these."""
_PREFIXES: Final = (b"\\x", b"\\X", b"0x", b"0X", b"(byte)", b"[char]", b"&H")

_HEX: Final = Alphabet(b"0123456789abcdefABCDEF", fewest=2 * FEWEST, prefixes=_PREFIXES)
_DECIMAL: Final = Alphabet(b"0123456789", fewest=2 * FEWEST)
_OCTAL: Final = Alphabet(b"01234567", fewest=2 * FEWEST, prefixes=(b"0o",))
_BINARY: Final = Alphabet(b"01", fewest=6 * FEWEST, prefixes=(b"0b",))

_MIRRORED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_CALL: Final = re.compile(
    rb"(?:\)\s?&\s?)?(?:(?:String\.from|n)?char(?:code)?|chrw?|unichr)\((?=[0-9])"
    rb"|\[char\](?=[0-9])|\(byte\) ?(?=-?[0-9])",
    re.IGNORECASE,
)
"""What makes a character or byte of a number: `chr(97)`, `Chr(97) & ChrW(98)`, `[char]97`."""
_CALLS: Final = (b"hr(", b"HR(", b"hrW(", b"ar(", b"AR(", b"ode(", b"[char]", b"(byte)")
"""A part of each."""
_SUFFIXES: Final = re.compile(rb"[0-9A-Fa-f]h[ ,]")
_SUFFIXED: Final = re.compile(rb"([0-9A-Fa-f]{2})h(?![0-9A-Za-z])")
"""What assemblers and dumps of controllers mark hex with: `67h 68h`."""
_WIDEST: Final = 8
"""Bytes of the widest word."""
_WORDS: Final = frozenset((4, 8, 2 * _WIDEST))
"""Digits of a word of more than one byte."""
_NUMBER: Final = re.compile(rb"(?<![0-9])-?[0-9]+")
_INTEGER: Final = re.compile(rb"(?<![0-9])-?[0-9]{%d,}+(?:\\\r?\n[0-9]++)*+" % _SHORTEST_INTEGER)
_FOLD: Final = b"\\\r\n"
"""How `bc` breaks a long number."""


def read_hex(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Bytes of runs of hex digits, however they are grouped.

    Where groups differ, a neighbour or a line break may have shifted all digits, or a number
    below 16 may have been printed with one digit: all are tried. Words may have their lowest
    byte first.
    """
    phases: tuple[list[Part], ...] = ([], [])
    single: list[Part] = []
    words: list[Part] = []
    if _SUFFIXES.search(text):
        text = _SUFFIXED.sub(rb"\1 ", text)
    for run in _HEX.runs(text):
        groups = _HEX.groups(run)
        lengths = set(map(len, groups))
        for phase, parts in enumerate(phases if lengths != {2} else phases[:1]):
            parts.append(_joined(text, _HEX, run, width=2, phase=phase))
        if len(lengths) > 1 or lengths == {1}:
            single.append(_grouped(text, _HEX, run, [_byte_group(group) for group in groups]))
        if lengths & _WORDS:
            words.append(_grouped(text, _HEX, run, [_turned(group) for group in groups]))
    for parts in (*phases, single, words):
        yield from gathered(parts, budget)


def read_binary(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Bytes of runs of binary digits at every alignment, the first bit the highest or lowest."""
    phases: tuple[list[Part], ...] = tuple([] for _ in range(8))
    single: list[Part] = []
    for run in _BINARY.runs(text):
        groups = _BINARY.groups(run)
        lengths = set(map(len, groups))
        for phase, parts in enumerate(phases if lengths != {8} else phases[:1]):
            parts.append(_joined(text, _BINARY, run, width=8, phase=phase))
        if lengths != {8} and max(lengths) <= 8:
            numbers = [bytes([int(group, 2)]) for group in groups]
            single.append(_grouped(text, _BINARY, run, numbers))
    for parts in (*phases, single):
        yield from gathered(parts, budget)
    for parts in phases:
        yield from gathered([(whole.translate(_MIRRORED), at) for whole, at in parts], budget)


def _byte_group(group: bytes) -> bytes:
    """One group of hex digits; `ffffffc3` is how a signed byte is printed as a word."""
    if len(group) == 8 and group[:6].lower() == b"ffffff":
        group = group[6:]
    return bytes.fromhex((b"0" * (len(group) % 2) + group).decode())


def _turned(word: bytes) -> bytes:
    """The bytes of a word, the lowest first; a longer group of digits is none."""
    data = bytes.fromhex((b"0" * (len(word) % 2) + word).decode())
    return data[::-1] if len(data) <= _WIDEST else data


def _joined(text: bytes, alphabet: Alphabet, run: Run, *, width: int, phase: int) -> Part:
    """All digits of a run in a row, `width` to the byte; the first byte has `phase`, if not 0."""
    cuts = [*([0] if phase else []), *range(phase, len(run.digits) - width + 1, width)]
    end = phase + (len(run.digits) - phase) // width * width
    whole = int(run.digits[:end], 16 if width == 2 else 2).to_bytes(len(cuts), "big")

    def units() -> Iterator[Unit]:
        places = alphabet.places(run)
        for at, to in pairwise([*cuts, end]):
            yield 1, alphabet.marked(text, places[at]), places[to - 1] + 1

    return (whole, units)


def _grouped(text: bytes, alphabet: Alphabet, run: Run, groups: Sequence[bytes]) -> Part:
    """What each group of a run gives, in a row."""

    def units() -> Iterator[Unit]:
        for group, (start, end) in zip(groups, alphabet.group_places(run), strict=True):
            first = alphabet.marked(text, start)
            if len(group) <= _WIDEST or end - start != 2 * len(group):
                yield len(group), first, end
                continue
            yield 1, first, start + 2  # NOTE: no word, but hex in a row
            for at in range(start + 2, end, 2):
                yield 1, at, at + 2

    return (b"".join(groups), units)


def read_octal(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Bytes of lists of octal numbers up to 377."""
    parts: list[Part] = []
    for run in _OCTAL.runs(text):
        numbers = [int(group, 8) if len(group) <= 4 else _FAR for group in _OCTAL.groups(run)]

        def places(run: Run = run) -> list[Span]:
            return [(_OCTAL.marked(text, at), end) for at, end in _OCTAL.group_places(run)]

        for first, end in stretches(numbers, BYTES):
            listed = [bytes([number]) for number in numbers[first:end]]
            parts.append(_listed(listed, range(first, end), places))
    yield from gathered(parts, budget)


def read_decimal(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Bytes of lists of decimal numbers: bytes with or without sign, characters, indexed, words."""
    if any(call in text for call in _CALLS):
        text = _CALL.sub(lambda call: b" " * len(call[0]), text)
    kinds: tuple[list[Part], ...] = tuple([] for _ in KINDS)
    for run in _DECIMAL.runs(text):
        tokens = _NUMBER.findall(run.text)
        numbers = [int(token) if len(token) <= _LONGEST else _FAR for token in tokens]

        def places(run: Run = run) -> list[Span]:
            matches = _NUMBER.finditer(run.text)
            return [(run.start + match.start(), run.start + match.end()) for match in matches]

        for kind, lists in zip(kinds, KINDS, strict=True):
            kind += [_listed(listed, picked, places) for listed, picked in lists(numbers)]
    for parts in kinds:
        yield from gathered(parts, budget)


def _listed(parts: list[bytes], picked: range, places: Callable[[], list[Span]]) -> Part:
    """What some of the numbers in a list give, in a row."""

    def units() -> Iterator[Unit]:
        every = places()
        for part, index in zip(parts, picked, strict=True):
            yield len(part), *every[index]

    return (b"".join(parts), units)


def read_integer(text: bytes, budget: Budget) -> Iterator[Piece]:
    """Bytes of long decimal numbers, the highest byte first and last."""
    if b"0" * _SHORTEST_INTEGER not in text.translate(ANY_DIGIT):
        return
    orders: tuple[list[Part], ...] = ([], [])
    for match in _INTEGER.finditer(text):
        digits = match[0].translate(None, _FOLD)
        if len(digits) > longest_integer():
            continue
        number = int(digits)
        # NOTE: where the highest bit is set, Java shows bytes as a negative number
        size = (number.bit_length() + (15 if number < 0 else 7)) // 8
        for parts, order in zip(orders, ORDERS, strict=True):
            unit = (size, *match.span())
            data = number.to_bytes(size, order, signed=number < 0)
            parts.append((data, partial(iter, [unit])))
    for parts in orders:
        yield from gathered(parts, budget)


FORMS: Final[dict[str, Form]] = {
    "hex": Form(words="hex", spell=spell_hex, streamed=hex_lists, hint=hint_hex, read=read_hex),
    "decimal": Form(
        words="decimal numbers",
        spell=spell_decimal,
        streamed=calls_and_places,
        hint=hint_decimal,
        read=read_decimal,
    ),
    "octal": Form(
        words="octal numbers",
        spell=spell_octal,
        streamed=octal_lists,
        hint=hint_octal,
        read=read_octal,
    ),
    "binary": Form(
        words="binary digits",
        spell=spell_binary,
        streamed=binary_lists,
        hint=hint_binary,
        read=read_binary,
    ),
    "integer": Form(
        words="one integer",
        alone=spell_integer,
        streamed=spell_integer,
        hint=hint_integer,
        read=read_integer,
    ),
}

MAGIC: Final[dict[bytes, frozenset[str]]] = {
    b"0x1f, 0x8b": frozenset({"hex"}),
    b"0x1f,0x8b": frozenset({"hex"}),
    b"1f:8b:08": frozenset({"hex"}),
    b"78:9c:": frozenset({"hex"}),
    b"78:da:": frozenset({"hex"}),
    b"8b1f 0008": frozenset({"dump"}),  # hexdump, od -x
    b"8b1f 0808": frozenset({"dump"}),
    b"0008 8b1f": frozenset({"dump"}),
    b"105437 0000": frozenset({"dump"}),  # od
    b"037 213 010": frozenset({"dump", "octal"}),  # od -b
    b" 037 213  \\b": frozenset({"dump"}),  # od -c
    rb"\037\213": frozenset({"octal", "escape"}),
}
"""How digits show the first bytes of packed data, where these are not in a row, and their forms.

Lists of numbers are noticed without.
"""
