"""Literals by which a scan notices that a value may be near, in whatever disguise.

One pass over a log finds them all. Only around a hit is the log read in every way there is, so an
anchor need not be sure: it must be there whenever the value is, and hardly ever else.
"""

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final, NamedTuple

from ci_secrets.leaks.clues import EVERYWHERE, MARGIN, MAX_REACH, WEAKLY, Anchored, Clue, clues_of
from ci_secrets.leaks.forms import FORMS, digits, packed
from ci_secrets.leaks.forms.digits_seen import seen
from ci_secrets.leaks.forms.reading import Budget, Read
from ci_secrets.leaks.forms.torn.seen import torn_apart
from ci_secrets.leaks.literals import compile_literals
from ci_secrets.leaks.needles import Needles
from ci_secrets.leaks.runs import LONG_RUN, long_runs

MOST_ANCHORS: Final = 12_000
"""In all: beyond it the pass slows down. Of many values each has fewer, the likeliest."""
ENOUGH: Final = 300
"""Of one value: they notice nine in ten logs of the corpus of docs/forms.md."""
_HEX: Final = re.compile(rb"[0-9A-Fa-f]+")
_HEX_GOES_ON: Final = re.compile(rb"(?:[0-9A-Fa-f]{2}[\s:-]?){8,24}")
_HEX_SPACE: Final = re.compile(rb"[\s:-]+")
_GOES_ON: Final = re.compile(rb"(?:[0-9A-Za-z+/_-]\s*){16}")
_STEP: Final = 512
_NOT_ENCODED: Final = bytes(
    byte for byte in range(256) if not (chr(byte).isascii() and chr(byte).isalnum())
)
ALPHABETS: Final = frozenset(
    {"base64", "base64url", "hex", "base32", "base32hex", "uuencode", "ascii85", "base85", "z85"}
    | {"dump", "decimal", "octal", "escape", "json"}
)
"""Forms in which any bytes can be printed: what they undo to may be packed."""
PACKED: Final = frozenset({*packed.FORMS, "utf-16"})
"""Forms that no anchor speaks for, since they leave nothing of a value in sight."""


class Anchor(NamedTuple):
    """Why a place in a text is worth a closer look."""

    start: int
    """Where the closer look begins."""
    at: int
    """What it has to explain: the last byte of the anchor."""
    end: int
    """Where the closer look ends; both may lie outside the text."""
    clue: "Clue"


HEAD: Final = re.compile(
    rb"\x1f\x8b\x08|BZh[1-9]1AY|\xfd7zXZ|\x28\xb5\x2f\xfd|PK\x03\x04|\x78[\x01\x5e\x9c\xda]"
    rb"|\x5d\x00\x00"
)
"""Source: RFC 1952, 1950, 8878; the file formats of bzip2, xz, lzma and zip."""

_OF_LIST: Final = ("decimal", "octal", "dump", "binary")
_OF_NUMBER: Final = ("integer", "binary")
"""What numbers may be, by which a list of them and a long one are read."""
_LIST: Final = Clue(0, frozenset({*_OF_LIST, *PACKED}), frozenset[str]())
_NUMBER: Final = Clue(0, frozenset(_OF_NUMBER), frozenset[str]())
_PIECES: Final = Clue(0, frozenset({"torn"}), EVERYWHERE)
_BESIDE: Final = 16
"""Bytes that are read beside numbers: what they mean stands in them."""
_RUN: Final = Clue(
    0, frozenset({"base64", "base64url", "hex", "base32", *PACKED}), frozenset[str]()
)


class Anchors:
    """The anchors of all values. Immutable."""

    def __init__(self, values: Iterable[Needles]) -> None:
        values = list(values)
        self._clues, few = _dealt([clues_of(value) for value in values])
        self.few = tuple(values[at].parts[0].owner for at in few)
        """Names of values that have so few of their anchors that much may go unnoticed."""
        self._magics: dict[bytes, list[bytes]] = {}
        magics = {**packed.MAGIC, **digits.MAGIC} if self._clues else {}
        for magic, forms in magics.items():
            _note(self._clues, magic, Clue(MARGIN, forms | PACKED, WEAKLY))
            self._magics.setdefault(magic.lower(), []).append(magic)
        self._keys = list(self._clues)
        self._literals = compile_literals(self._keys, caseless=True)

    def __len__(self) -> int:
        return len(self._clues)

    def find(self, text: bytes, most: int | None = None) -> list[Anchor]:
        """Where anchors stand; at most the first `most` of them, and all long runs."""
        if not self._clues:
            return []
        found = [
            Anchor(start - MARGIN, start + LONG_RUN // 2, end + MARGIN, _RUN)
            for start, end in long_runs(text)
        ]
        found += [
            Anchor(start - _BESIDE, start, end + _BESIDE, _NUMBER if single else _LIST)
            for start, end, single in seen(text)
            if self._may_say(text[start:end], _OF_NUMBER if single else _OF_LIST)
        ]
        found += [
            Anchor(start - MARGIN, (start + end) // 2, end + MARGIN, _PIECES)
            for start, end in torn_apart(text)
            if self._may_say(text[start:end], ("torn",))
        ]
        for index, end in self._literals.find(text, most):
            key = self._keys[index]
            clue = self._clues[key]
            if key not in self._magics:
                found.append(Anchor(end - clue.reach, end - 1, end + clue.reach, clue))
            elif any(_is_packed(text, end, magic) for magic in self._magics[key]):
                found.append(Anchor(end - MARGIN, end - 1, _extent(text, end), clue))
        return found

    def _may_say(self, numbers: bytes, names: tuple[str, ...]) -> bool:
        """Whether the bytes that numbers stand for are packed, or have an anchor in them."""
        budget = Budget(64 * len(numbers))
        pieces = (piece.text for name in names for piece in _reader(name)(numbers, budget))
        return any(HEAD.search(piece) or self._literals.find(piece, 1) for piece in pieces)


def _reader(name: str) -> Read:
    read = FORMS[name].read
    assert read is not None  # noqa: S101  # these can be read
    return read


def _dealt(every: Sequence[Iterator[Anchored]]) -> tuple[dict[bytes, Clue], list[int]]:
    """The anchors of all values, of each as many as of any other, or all that it has.

    And which values have fewer than `ENOUGH`, though there are more.
    """
    clues: dict[bytes, Clue] = {}
    waiting, each = list(enumerate(every)), 0
    while waiting and len(clues) < MOST_ANCHORS:
        share = -(-(MOST_ANCHORS - len(clues)) // len(waiting))
        each += share
        waiting = [(at, anchors) for at, anchors in waiting if _take(anchors, share, clues)]
    return clues, [at for at, _ in waiting] if each < ENOUGH else []


def _take(anchors: Iterator[Anchored], share: int, clues: dict[bytes, Clue]) -> bool:
    """Note so many of the anchors, and say whether there were as many."""
    taken = 0
    for taken, (anchor, clue) in enumerate(islice(anchors, share), start=1):  # noqa: B007
        _note(clues, anchor, clue)
    return taken == share


def _note(clues: dict[bytes, Clue], anchor: bytes, clue: Clue) -> None:
    """Keep it in lower case, with all that is said of it."""
    key = anchor.lower()
    known = clues.get(key)
    clues[key] = clue if known is None or known == clue else clue.merged(known)


def _is_packed(text: bytes, end: int, magic: bytes) -> bool:
    """Whether a magic is no word: in its own letter case, and more of its alphabet follows."""
    if not text.endswith(magic, 0, end):
        return False
    word = magic if magic[:1].isalnum() and magic[:1] not in b"xX" else magic[1:]
    if not word.isalnum():
        return True
    if not _HEX.fullmatch(word):
        return _GOES_ON.match(text, end) is not None
    digits_there = _HEX_GOES_ON.match(text, end)
    return digits_there is not None and _may_be_zlib(word + digits_there.group())


def _may_be_zlib(digits_there: bytes) -> bool:
    """Whether hex that begins like zlib's goes on so: most digests that begin so do not."""
    head = bytes.fromhex(_HEX_SPACE.sub(b"", digits_there).decode())
    if head[:1] != b"x":
        return True
    try:
        zlib.decompressobj().decompress(head)
    except zlib.error:
        return False
    return True


def _extent(text: bytes, start: int) -> int:
    """How far encoded text goes on, of which nearly all is letters and digits."""
    end = start + 8 * _STEP
    while end < min(len(text), start + MAX_REACH):
        step = text[end - _STEP : end]
        if 8 * len(step.translate(None, _NOT_ENCODED)) < 7 * len(step):
            break
        end += _STEP
    return end
