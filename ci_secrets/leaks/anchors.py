"""Literals by which a scan notices that a value may be near, in whatever disguise.

One pass over a log finds them all. Only around a hit is the log read in every way there is, so an
anchor need not be sure: it must be there whenever the value is, and hardly ever else.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from ci_secrets.leaks.forms import FORMS, Chain, spell
from ci_secrets.leaks.forms.packed import MAGIC
from ci_secrets.leaks.forms.torn.hints import hints
from ci_secrets.leaks.literals import compile_literals
from ci_secrets.leaks.parts import Part

SIZE: Final = 8
"""Bytes of an anchor, where there are as many: shorter ones are slower, and hit more often."""
MAX_REACH: Final = 32 * 1024
"""Bytes on either side of an anchor that are inspected at most."""
LONG_RUN: Final = 96
"""Letters of an encoding in one piece, from which any run is decoded. A SHA-512 has fewer."""
_WINDOW: Final = 48
"""Bytes of a long part from which its anchors are taken."""
_MOST: Final = 512
"""Anchors in one piece of a log, from which all of it is inspected."""
_MARGIN: Final = 256

_TELLING: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]{8,}")
_WORD: Final = re.compile(rb"[a-z]+|[A-Z]?[a-z]+|[A-Z]+|\d+")
_ENCODED: Final = bytes(
    ord("x") if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/_=-") else 32
    for byte in range(256)
)

Stretch = tuple[int, int]
"""Offsets `[start, end)` of what is to be inspected."""


class Anchors:
    """The anchors of all values. Immutable."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._reach: dict[bytes, int] = {}
        for part in parts:
            for anchor, reach in anchors_of(part):
                self._add(anchor, reach)
        if self._reach:
            for magic in MAGIC:
                self._add(magic, _MARGIN)
        self._reaches = list(self._reach.values())
        self._literals = compile_literals(list(self._reach), caseless=True)

    def __len__(self) -> int:
        return len(self._reach)

    def _add(self, anchor: bytes, reach: int) -> None:
        key = anchor.lower()
        self._reach[key] = max(min(reach, MAX_REACH), self._reach.get(key, 0))

    def find(self, text: bytes) -> list[tuple[int, int]]:
        """Where anchors end, and how far around them is to be inspected; all of it if too many."""
        found = [(end, self._reaches[index]) for index, end in self._literals.find(text, _MOST)]
        if len(found) == _MOST:
            return [(len(text) // 2, len(text))]
        return found + [(end, _MARGIN) for end in _long_runs(text)]


def anchors_of(part: Part) -> Iterator[tuple[bytes, int]]:
    """Anchors of one part, and how far the disguised part may reach from each, in bytes."""
    length = len(part.text)
    for window in windows(part.text):
        for chain in _chains(part):
            for pattern in spell(chain, [window]):
                reach = _MARGIN + 6 * length * len(pattern) // len(window)
                for gram in grams(pattern, _stride(chain, part)):
                    yield gram, reach
        if part.kind == "line":
            continue
        for form in FORMS.values():
            for hint in form.hint(window) if form.hint else ():
                yield hint, _MARGIN + 24 * length
        for hint in hints(window):
            yield hint, _MARGIN + 64 * length
    if part.kind == "whole" and length >= 16:
        yield part.text[:4] + b"***", _MARGIN
        yield b"***" + part.text[-4:], _MARGIN


def windows(text: bytes) -> Iterator[bytes]:
    """The text where it is short, else the piece of its middle half with most different bytes."""
    if len(text) <= _WINDOW * 3 // 2:
        yield text
        return
    places = range(len(text) // 4, max(len(text) * 3 // 4 - _WINDOW, len(text) // 4 + 1), 16)
    best = max(places, key=lambda at: len(set(text[at : at + _WINDOW])))
    yield text[best : best + _WINDOW]


def grams(pattern: bytes, stride: int) -> Iterator[bytes]:
    """Pieces of a pattern: of its runs of letters and digits, which escapes leave alone."""
    found = [
        pattern[at : at + SIZE]
        for run in _TELLING.finditer(pattern)
        for at in {*range(run.start(), run.end() - SIZE, stride), run.end() - SIZE}
    ]
    telling = [gram for gram in found if not _WORD.fullmatch(gram)]
    if len(telling) >= 2 or (telling and stride > SIZE):
        yield from telling
        return
    yield from found
    for at in range(0, max(1, len(pattern) - SIZE + 1), 2):
        yield pattern[at : at + SIZE]


def _chains(part: Part) -> Iterable[Chain]:
    from ci_secrets.leaks.forms import SINGLE, WHOLE

    return SINGLE if part.kind == "line" or part.wordy else WHOLE


def _stride(chain: Chain, part: Part) -> int:
    """How far apart anchors are: so a wrap at any width from `SIZE` plus this leaves one whole."""
    if not chain and part.kind != "line":
        return 1
    return SIZE if len(chain) <= 1 else 3 * SIZE


def _long_runs(text: bytes) -> Iterator[int]:
    classes = text.translate(_ENCODED)
    run = b"x" * LONG_RUN
    at = classes.find(run)
    while at >= 0:
        end = classes.find(b" ", at + LONG_RUN)
        yield at + LONG_RUN
        if end < 0:
            return
        yield end
        at = classes.find(run, end)
