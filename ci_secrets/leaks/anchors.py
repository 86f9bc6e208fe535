"""Literals by which a scan notices that a value may be near, in whatever disguise.

One pass over a log finds them all. Only around a hit is the log read in every way there is, so an
anchor need not be sure: it must be there whenever the value is, and hardly ever else.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from ci_secrets.leaks.clues import MARGIN, WEAKLY, Anchored, Clue, clues_of
from ci_secrets.leaks.forms import FORMS, digits, packed
from ci_secrets.leaks.forms.digits_seen import seen
from ci_secrets.leaks.forms.reading import Budget, Read, Span
from ci_secrets.leaks.forms.torn import read_kind
from ci_secrets.leaks.forms.torn.seen import Kind, torn_apart
from ci_secrets.leaks.literals import Growing
from ci_secrets.leaks.magic import extent, holds_packed, is_packed
from ci_secrets.leaks.needles import Needles
from ci_secrets.leaks.runs import LONG_RUN, long_runs

MOST_ANCHORS: Final = 20_000
"""In all: beyond it the pass slows down. Of many values each has fewer, the likeliest."""
ENOUGH: Final = 300
"""Of one value: they notice nine in ten logs of the corpus of docs/forms.md."""
_LOOSE: Final = frozenset({"dump", "torn", "escape"})
"""Forms in which much stands between letters and digits."""
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
    clue: Clue
    key: bytes = b""
    """The literal in lower case; empty where a shape was noticed."""


class _Sort(NamedTuple):
    """A sort of places that show themselves by their shape, and tell only with what is in them."""

    clue: Clue
    readers: tuple[Read, ...]
    """By which what is in them comes to sight."""
    counts: bool = False
    """Whether numbers may come to sight so, which are undone in turn."""


def _readers(names: Iterable[str], kind: Kind | None = None) -> tuple[Read, ...]:
    tears = partial(read_kind, kind) if kind else None
    every = (tears if name == "torn" else FORMS[name].read for name in names)
    return tuple(read for read in every if read)


_OF_LIST: Final = ("decimal", "octal", "dump")
_OF_NUMBER: Final = ("integer",)
_OF_BITS: Final = ("binary",)
"""What numbers may be, by which a list of them and a long one are read."""
_LIST: Final = Clue(0, frozenset({*_OF_LIST, *_OF_BITS, *PACKED}), WEAKLY)
_NUMBER: Final = Clue(0, frozenset({*_OF_NUMBER, *_OF_BITS}), frozenset[str]())
_NUMBERS: Final = {
    (single, bits): _Sort(
        _NUMBER if single else _LIST,
        _readers((_OF_NUMBER if single else _OF_LIST) + (_OF_BITS if bits else ())),
    )
    for single in (False, True)
    for bits in (False, True)
}
"""By whether it is one number, and whether it may be binary digits."""
_OF_PIECES: Final[Mapping[Kind, tuple[str, ...]]] = {
    "strings": ("torn", "escape"),
    "lines": ("torn", "hex", "decimal"),
    "marks": ("torn",),
    "codes": ("entity", "escape", "percent", "hex", "decimal", "octal"),
    "rows": ("uuencode",),
}
"""What pieces of a text may be, by which they are read."""
_PIECES: Final[Mapping[Kind, _Sort]] = {
    # NOTE: rows of dumps are lines, too, so that other forms come first; numbers in lines are
    # noticed once these have no prefix any more
    kind: _Sort(
        Clue(0, frozenset(names if kind != "lines" else ()), WEAKLY),
        _readers(names, kind),
        counts=kind == "lines",
    )
    for kind, names in _OF_PIECES.items()
}
_APART: Final = b"\nx\n"
"""What ends a list, a number and a dump."""
_BESIDE: Final = 512
"""Bytes that are read beside numbers: other rows of them, and prefixes of lines."""
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
        self._literals = Growing(self._keys, caseless=True)

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
            Anchor(start - _BESIDE, start, end + _BESIDE, sort.clue)
            for sort, spans in _numbers(text)
            for start, end in self._telling(text, spans, sort)
        ]
        found += [
            Anchor(start - MARGIN, (start + end) // 2, end + MARGIN, _PIECES[kind].clue)
            for kind, spans in torn_apart(text).items()
            for start, end in self._telling(text, spans, _PIECES[kind])
        ]
        found += self._literal(text, most)
        return found

    def expect(self, size: int) -> None:
        """So many bytes will be searched."""
        self._literals.expect(size)

    def _literal(self, text: bytes, most: int | None = None) -> Iterator[Anchor]:
        for index, end in self._literals.find(text, most):
            key = self._keys[index]
            clue = self._clues[key]
            if key not in self._magics:
                yield Anchor(end - clue.reach, end - 1, end + clue.reach, clue, key)
            elif any(is_packed(text, end, magic) for magic in self._magics[key]):
                dense = 7 if clue.forms.isdisjoint(_LOOSE) else 4
                yield Anchor(end - MARGIN, end - 1, extent(text, end, dense), clue, key)

    def _telling(self, text: bytes, spans: list[Span], sort: _Sort) -> list[Span]:
        """Those where what is undone is packed, or has an anchor in it that was not in sight."""
        # NOTE: most tell nothing, so all are read at once; where one tells, each half, and so on
        shown = _APART.join(text[start:end] for start, end in spans)
        if not shown or not self._may_say(shown, sort):
            return []
        if len(spans) == 1:
            return spans
        half = len(spans) // 2
        return [
            span
            for some in (spans[:half], spans[half:])
            for span in self._telling(text, some, sort)
        ]

    def _may_say(self, shown: bytes, sort: _Sort) -> bool:
        budget = Budget(64 * len(shown))
        seen_before = {anchor.key for anchor in self._literal(shown)}
        pieces = (piece.text for read in sort.readers for piece in read(shown, budget))
        return any(
            holds_packed(piece)
            # NOTE: some heads count only behind something, as the beginning of a line is
            or any(anchor.key not in seen_before for anchor in self._literal(b"\n" + piece))
            or (sort.counts and self._counts(piece))
            for piece in pieces
        )

    def _counts(self, piece: bytes) -> bool:
        """Whether there are telling numbers in what has no prefix at each line any more."""
        return any(self._telling(piece, spans, sort) for sort, spans in _numbers(piece))


def _numbers(text: bytes) -> Iterator[tuple[_Sort, list[Span]]]:
    """Where numbers are, by how they are read."""
    sorts: defaultdict[tuple[bool, bool], list[Span]] = defaultdict(list)
    for start, end, single, bits in seen(text):
        sorts[single, bits].append((start, end))
    for sort, spans in sorts.items():
        yield _NUMBERS[sort], spans


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
