"""Literals by which a scan notices that a value may be near, in whatever disguise.

One pass over a log finds them all. Only around a hit is the log read in every way there is, so an
anchor need not be sure: it must be there whenever the value is, and hardly ever else.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final, NamedTuple

from ci_secrets.leaks.forms import FORMS, packed
from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.literals import compile_literals
from ci_secrets.leaks.needles import MAX_DERIVED, Needle, Needles
from ci_secrets.leaks.partial import HIDDEN, MIN_WHOLE
from ci_secrets.leaks.parts import Part

SIZE: Final = 8
"""Bytes of an anchor, where there are as many: shorter ones are slower, and hit more often."""
_LEAST: Final = 5
"""Bytes of any anchor."""
MAX_REACH: Final = 32 * 1024
"""Bytes on either side of an anchor that are inspected at most."""
LONG_RUN: Final = 96
"""Letters of an encoding in one piece, from which any run is decoded. A SHA-512 has fewer."""
_WINDOW: Final = 64
"""Bytes of a long part from which its anchors are taken."""
_MOST: Final = 512
"""Anchors in one piece of a log, from which all of it is inspected."""
_MARGIN: Final = 256
_SHOWN: Final = range(4, 9)
"""How many characters of a value may stand before stars or dots."""

_TELLING: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]{8,}")
_WORD: Final = re.compile(rb"[a-z]+|[A-Z]?[a-z]+|[A-Z]+|\d+")
_GOES_ON: Final = re.compile(rb"(?:[0-9A-Za-z+/_-]\s*){8}")
_ENCODED: Final = bytes(
    ord("x")
    if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/_=-")
    else byte if byte in b"\r\n" else ord(" ")
    for byte in range(256)
)

_SHAPES: Final = (b"x" * LONG_RUN, b"x" * 60 + b"\n" + b"x" * 20)
_LINES: Final = re.compile(rb"x+(?:\r?\n *x+)*")
_RARE: Final = frozenset(
    {"base32", "base32hex", "base58", "ascii85", "base85", "z85", "uuencode", "deflate"}
)
"""Forms of which fewer anchors are taken."""
_AT_SEVERAL: Final = frozenset({"dump", "hex", "decimal", "octal"})
_HINTS: Final = 160
"""Hints of one form at one place; each gives the commonest first."""
_HINTS_AT: Final = (0, 5)
"""Where in a text hints of dumps are taken: a row may end in the middle of one."""
_HINTED: Final = frozenset({"decimal", "octal", "binary"})
"""Forms of which pieces say little: their hints are longer."""
ALPHABETS: Final = frozenset(
    {"base64", "base64url", "hex", "base32", "base32hex", "uuencode", "ascii85", "base85", "z85"}
    | {"dump", "decimal", "octal", "escape", "json"}
)
"""Forms in which any bytes can be printed: what they undo to may be packed."""
PACKED: Final = frozenset({*packed.FORMS, "utf-16"})
"""Forms that no anchor speaks for, since they leave nothing of a value in sight."""
_RUN: Final = frozenset({"base64", "base64url", "hex", "base32", *PACKED})
_MAGICS: Final = (
    (re.compile(rb"[\x00-\x7f]*[\x00-\x1f\x80-\xff]|1AY&SY|PK"), frozenset[str]()),
    (re.compile(rb"\\x"), frozenset({"escape", "hex", "json"})),
    (re.compile(rb"\W?[xX]?[0-9a-fA-F ]{4,}"), frozenset({"hex", "dump", "uuencode"})),
    (re.compile(rb"D6FQQA"), frozenset({"base32", "base32hex"})),
    (re.compile(rb""), frozenset({"base64", "base64url"})),
)
"""What the beginning of packed data looks like, and in which forms that is."""


class Anchor(NamedTuple):
    """Why a place in a text is worth a closer look."""

    start: int
    """Where the closer look begins."""
    at: int
    """What it has to explain: the last byte of the anchor."""
    end: int
    """Where the closer look ends; both may lie outside the text."""
    forms: frozenset[str]
    """What has to be undone there, beside what is undone everywhere."""


class Anchors:
    """The anchors of all values. Immutable."""

    def __init__(self, values: Iterable[Needles]) -> None:
        self._known: dict[bytes, tuple[int, frozenset[str]]] = {}
        for value in values:
            for needle in value.needles:
                for gram in _of_needle(needle):
                    self._add(gram, _MARGIN + 6 * len(needle.pattern), _outermost(needle.form))
            for part in value.parts:
                for anchor, reach, forms in _of_part(part):
                    self._add(anchor, reach, forms)
        if self._known:
            for magic in packed.MAGIC:
                forms = next(forms for shape, forms in _MAGICS if shape.match(magic))
                self._add(magic, _MARGIN, forms | PACKED)
        self._magics: dict[bytes, list[bytes]] = {}
        for magic in packed.MAGIC:
            self._magics.setdefault(magic.lower(), []).append(magic)
        self._keys = list(self._known)
        self._literals = compile_literals(list(self._known), caseless=True)

    def __len__(self) -> int:
        return len(self._known)

    def _add(self, anchor: bytes, reach: int, forms: frozenset[str]) -> None:
        key = anchor.lower()
        known_reach, known_forms = self._known.get(key, (0, frozenset()))
        self._known[key] = max(min(reach, MAX_REACH), known_reach), forms | known_forms

    def find(self, text: bytes) -> list[Anchor]:
        """Where anchors stand; the first `_MOST` of them, and all long runs."""
        if not self._known:
            return []
        found = [
            Anchor(start - _MARGIN, start + LONG_RUN - 1, end + _MARGIN, _RUN)
            for start, end in _long_runs(text)
        ]
        for index, end in self._literals.find(text, _MOST):
            key = self._keys[index]
            reach, forms = self._known[key]
            if key not in self._magics:
                found.append(Anchor(end - reach, end - 1, end + reach, forms))
            elif any(_is_packed(text, end, magic) for magic in self._magics[key]):
                found.append(Anchor(end - _MARGIN, end - 1, end + MAX_REACH, forms))
        return found


def _of_needle(needle: Needle) -> Iterable[bytes]:
    # NOTE: the letters and digits of base64url are those of base64
    if "base64url" in needle.form or _HINTED.intersection(needle.form[:1]):
        return ()
    stride, most = _spacing(needle)
    found = grams(window(needle.pattern), stride, most)
    return (gram for gram in found if len(gram) >= _LEAST)


def _of_part(part: Part) -> Iterator[tuple[bytes, int, frozenset[str]]]:
    length = len(part.text)
    if part.kind != "line" and length <= MAX_DERIVED:
        text = window(part.text)
        for name, form in FORMS.items():
            if form.hint:
                for at in _HINTS_AT if name in _AT_SEVERAL else (0,):
                    for hint in islice(form.hint(text[at:]), _HINTS):
                        if len(hint) >= _LEAST:
                            yield hint, _MARGIN + 64 * length, frozenset({name})
    if part.kind == "whole" and length >= MIN_WHOLE:
        for hidden in HIDDEN:
            for shown in _SHOWN:
                yield part.text[shown - 4 : shown] + hidden, _MARGIN, frozenset()


def _outermost(chain: Chain) -> frozenset[str]:
    return frozenset({"base64", "base64url"} if chain[:1] == ("base64",) else chain[:1])


def window(text: bytes) -> bytes:
    """The text where it is short, else the piece of its middle half with most different bytes."""
    if len(text) <= 2 * _WINDOW:
        return text
    first, last = len(text) // 4, len(text) * 3 // 4 - _WINDOW
    step = max(16, (last - first) // 16)
    best = max(range(first, last + 1, step), key=lambda at: len(set(text[at : at + _WINDOW])))
    return text[best : best + _WINDOW]


def grams(pattern: bytes, stride: int, most: int) -> list[bytes]:
    """Pieces of a pattern: of its runs of letters and digits, which escapes leave alone."""
    places = [
        at
        for run in _TELLING.finditer(pattern)
        for at in {*range(run.start(), run.end() - SIZE, stride), run.end() - SIZE}
    ]
    found = [pattern[at : at + SIZE] for at in sorted(places)]
    telling = [gram for gram in found if not _WORD.fullmatch(gram)]
    if not telling:
        last = max(0, len(pattern) - SIZE)
        telling = found + [pattern[at : at + SIZE] for at in range(0, last + 1, min(stride, 4))]
    step = max(1, -(-len(telling) // most))
    return telling[len(telling) % step // 2 :: step]


def _spacing(needle: Needle) -> tuple[int, int]:
    """How far apart the anchors of a needle are, in bytes, and how many there are at most.

    So that one of them stays whole where the text is wrapped at `SIZE` + that many columns.
    """
    match needle.form:
        case ():
            return (SIZE, 8) if needle.part.startswith("[") else (1, 64)
        case (name,):
            return (2 * SIZE, 2) if name in _RARE else (SIZE, 8)
        case (_, _):
            return SIZE, 2
        case _:
            return SIZE, 1


def _is_packed(text: bytes, end: int, magic: bytes) -> bool:
    """Whether a magic is no word: in its own letter case, and more of its alphabet follows."""
    if not text.endswith(magic, 0, end):
        return False
    return not magic.isalnum() or _GOES_ON.match(text, end) is not None


def _long_runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Encoded text of `LONG_RUN` letters or more, in one piece or in lines of the usual widths."""
    classes = text.translate(_ENCODED)
    for shape in _SHAPES:
        at = classes.find(shape)
        while at >= 0:
            match = _LINES.match(classes, at)
            end = match.end() if match else at + len(shape)
            yield at, end
            at = classes.find(shape, end)
