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
from ci_secrets.leaks.forms.stop import is_everybodys
from ci_secrets.leaks.literals import compile_literals
from ci_secrets.leaks.needles import MAX_DERIVED, Needle, Needles
from ci_secrets.leaks.partial import HIDDEN, MIN_WHOLE
from ci_secrets.leaks.parts import Part
from ci_secrets.leaks.runs import LONG_RUN, long_runs

SIZE: Final = 8
"""Bytes of an anchor, where there are as many: shorter ones are slower, and hit more often."""
_LEAST: Final = 5
"""Bytes of any anchor."""
MAX_REACH: Final = 32 * 1024
"""Bytes on either side of an anchor that are inspected at most."""
_WINDOW: Final = 64
"""Bytes of a long part from which its anchors are taken."""
_MOST: Final = 512
"""Anchors in one piece of a log, from which all of it is inspected."""
_MARGIN: Final = 256
_SHOWN: Final = range(4, 7)
"""How many characters of a value may stand before stars or dots."""

_TELLING: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]{8,}")
_WORD: Final = re.compile(rb"[a-z]+|[A-Z]?[a-z]+|[A-Z]+|\d+")
_GOES_ON: Final = re.compile(rb"(?:[0-9A-Za-z+/_-]\s*){8}")
_RARE: Final = frozenset(
    {"base32", "base32hex", "base58", "ascii85", "base85", "z85", "uuencode", "deflate"}
)
"""Forms of which fewer anchors are taken."""
_COMMON: Final = frozenset({"base64", "json", "percent", "hex"})
_HINTED: Final = frozenset({"decimal", "octal", "binary"})
"""Forms of which pieces say little: their hints are longer."""
_HINTS: Final = 160
"""Hints of one form at one place; each gives the commonest first."""
_AT_SEVERAL: Final = frozenset({"dump", "hex", "decimal", "octal"})
_HINTS_AT: Final = (0, 5)
"""Where in a text hints of dumps are taken: a row may end in the middle of one."""
ALPHABETS: Final = frozenset(
    {"base64", "base64url", "hex", "base32", "base32hex", "uuencode", "ascii85", "base85", "z85"}
    | {"dump", "decimal", "octal", "escape", "json"}
)
"""Forms in which any bytes can be printed: what they undo to may be packed."""
PACKED: Final = frozenset({*packed.FORMS, "utf-16"})
"""Forms that no anchor speaks for, since they leave nothing of a value in sight."""
EVERYWHERE: Final = frozenset(
    {"json", "quoted", "escape", "torn", "percent", "entity", "quoted-printable"}
)
"""What is undone wherever a piece of a value is seen, for it leaves such pieces as they are."""
_WEAKLY: Final = frozenset({"torn"})
"""What is undone where only a hint is seen, which other text may have as well."""
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
    clue: "Clue"


class Clue(NamedTuple):
    """What an anchor says."""

    reach: int
    """How far around it the disguised value may stand, in bytes."""
    forms: frozenset[str]
    """What has to be undone there."""
    also: frozenset[str]
    """What may have to be undone there, too."""

    def merged(self, other: "Clue") -> "Clue":
        """What both say."""
        reach = max(self.reach, other.reach)
        return Clue(reach, self.forms | other.forms, self.also | other.also)


_RUN: Final = Clue(
    0, frozenset({"base64", "base64url", "hex", "base32", *PACKED}), frozenset[str]()
)


class Anchors:
    """The anchors of all values. Immutable."""

    def __init__(self, values: Iterable[Needles]) -> None:
        self._clues: dict[bytes, Clue] = {}
        for value in values:
            for needle in value.needles:
                clue = Clue(_reach(6 * len(needle.pattern)), _outermost(needle.form), EVERYWHERE)
                for gram in _of_needle(needle):
                    self._add(gram, clue)
            for part in value.parts:
                for anchor, clue in _of_part(part):
                    self._add(anchor, clue)
        self._magics: dict[bytes, list[bytes]] = {}
        for magic in packed.MAGIC if self._clues else ():
            forms = next(forms for shape, forms in _MAGICS if shape.match(magic))
            self._add(magic, Clue(_MARGIN, forms | PACKED, _WEAKLY))
            self._magics.setdefault(magic.lower(), []).append(magic)
        self._keys = list(self._clues)
        self._literals = compile_literals(self._keys, caseless=True)

    def __len__(self) -> int:
        return len(self._clues)

    def _add(self, anchor: bytes, clue: Clue) -> None:
        known = self._clues.get(anchor.lower())
        self._clues[anchor.lower()] = clue.merged(known) if known else clue

    def find(self, text: bytes) -> list[Anchor]:
        """Where anchors stand; the first `_MOST` of them, and all long runs."""
        if not self._clues:
            return []
        found = [
            Anchor(start - _MARGIN, start + LONG_RUN // 2, end + _MARGIN, _RUN)
            for start, end in long_runs(text)
        ]
        for index, end in self._literals.find(text, _MOST):
            key = self._keys[index]
            clue = self._clues[key]
            if key not in self._magics:
                found.append(Anchor(end - clue.reach, end - 1, end + clue.reach, clue))
            elif any(_is_packed(text, end, magic) for magic in self._magics[key]):
                found.append(Anchor(end - _MARGIN, end - 1, end + MAX_REACH, clue))
        return found


def _reach(size: int) -> int:
    return min(MAX_REACH, _MARGIN + size)


def _of_needle(needle: Needle) -> Iterable[bytes]:
    # NOTE: the letters and digits of base64url are those of base64
    if "base64url" in needle.form or _HINTED.intersection(needle.form[:1]):
        return ()
    stride, most = _spacing(needle)
    found = grams(window(needle.pattern), stride, most)
    return (gram for gram in found if len(gram) >= _LEAST)


def _of_part(part: Part) -> Iterator[tuple[bytes, Clue]]:
    length = len(part.text)
    if part.kind != "line" and length <= MAX_DERIVED:
        text = window(part.text)
        reach = _reach(64 * length)
        for name, form in FORMS.items():
            if form.hint:
                for at in _HINTS_AT if name in _AT_SEVERAL else (0,):
                    for hint in islice(form.hint(text[at:]), _HINTS):
                        if len(hint) >= _LEAST:
                            yield hint, Clue(reach, frozenset({name}), _WEAKLY)
    if part.kind == "whole" and length >= MIN_WHOLE:
        for hidden in HIDDEN:
            for shown in _SHOWN:
                yield part.text[shown - 4 : shown] + hidden, Clue(_MARGIN, frozenset(), _WEAKLY)


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
    telling = [gram for gram in telling if not is_everybodys(gram)]
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
        case (outer, inner):
            return (SIZE, 2) if _COMMON.issuperset((outer, inner)) else (SIZE, 1)
        case _:
            return SIZE, 1


def _is_packed(text: bytes, end: int, magic: bytes) -> bool:
    """Whether a magic is no word: in its own letter case, and more of its alphabet follows."""
    if not text.endswith(magic, 0, end):
        return False
    return not magic.isalnum() or _GOES_ON.match(text, end) is not None
