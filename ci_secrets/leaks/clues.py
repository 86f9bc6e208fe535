"""Which literals tell that one value may be near, the likeliest first."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Final, NamedTuple

from ci_secrets.leaks.forms import FORMS
from ci_secrets.leaks.forms.reading import Chain, Spell
from ci_secrets.leaks.forms.stop import is_everybodys
from ci_secrets.leaks.grams import COMMON, RARE, grams, spacing, thinned, window
from ci_secrets.leaks.needles import MAX_DERIVED, Needle, Needles
from ci_secrets.leaks.partial import HIDDEN, is_sought
from ci_secrets.leaks.parts import Part

MAX_REACH: Final = 32 * 1024
"""Bytes on either side of an anchor that are inspected at most."""
MARGIN: Final = 256
"""Bytes that are inspected beside what belongs to the value."""
EVERYWHERE: Final = frozenset(
    {"json", "quoted", "escape", "torn", "percent", "entity", "quoted-printable"}
)
"""What is undone wherever a piece of a value is seen, for it leaves such pieces as they are."""
WEAKLY: Final = frozenset({"torn"})
"""What is undone where only a hint is seen, which other text may have as well."""
_LEAST: Final = 5
"""Bytes of any anchor."""
_SHOWN: Final = range(4, 7)
"""How many characters of a value may stand before stars or dots."""
_AT_SEVERAL: Final = frozenset({"dump", "hex", "decimal", "octal"})
_HINTS_AT: Final = (0, 5)
"""Where in a text hints of dumps are taken: a row may end in the middle of one."""
_UNSAID: Final = frozenset({("decimal",), ("octal",), ("binary",), ("cased",)})
"""Forms of which pieces say little, or nothing new; numbers have hints, which are longer."""


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


class _Turns(NamedTuple):
    """When the anchors of one row are taken: `start`, and then one every `pace`.

    The figures are those at which most of the corpus of docs/forms.md is noticed by as few
    anchors as possible.
    """

    start: float
    pace: float


_HINTS: Final = _Turns(1, 0.6)
_TORN: Final = _Turns(1, 0.25)
"""There are many ways to tear a text, and each has hints of its own."""
_HIDDEN: Final = _Turns(4, 2)
_OF_PART: Final = 40.0
"""How much later hints of a field have their turn: the whole is printed more often."""

Anchored = tuple[bytes, Clue]


def clues_of(value: Needles) -> Iterator[Anchored]:
    """Its anchors and what each says. The likeliest first, for there may be too many."""
    waiting: defaultdict[int, list[_Row]] = defaultdict(list)
    for row in _rows(value):
        waiting[int(row[0].start)].append(row)
    due: defaultdict[int, list[Anchored]] = defaultdict(list)
    turn = 0
    while waiting or due:
        for (start, pace), anchors in waiting.pop(turn, ()):  # NOTE: each made in its time
            for number, anchor in enumerate(anchors()):
                due[int(start + number * pace)].append(anchor)
        yield from due.pop(turn, ())
        turn += 1


_Row = tuple[_Turns, Callable[[], Iterator[Anchored]]]
"""What makes the anchors of one needle, or the hints of one form, the likeliest first.

No class: of each value there are hundreds.
"""


def _rows(value: Needles) -> Iterator[_Row]:
    for needle in value.needles:
        turns = _turns(needle.form, needle.variant, needle.part != "", needle.part[-1:] == "]")
        yield turns, partial(_of_needle, needle)
    for part in value.parts:
        if _is_hinted(part):
            yield from _hints(part)
        yield _HIDDEN, partial(_hidden, part)


@cache
def _turns(form: Chain, variant: int, part: bool, line: bool) -> _Turns:
    """What is plain comes first, then each form alone, then forms in one another."""
    match form:
        case ():
            return _Turns(10, 10) if line else _Turns(2, 2) if part else _Turns(0, 0.5)
        case (_,) if line:
            return _Turns(60, 80)
        case (name,):
            rare = name in RARE
            start = 8 + 1.5 * variant if rare else 4 + variant
            pace = 12 if rare else 4
            return _Turns(start + 12, 2 * pace) if part else _Turns(start, pace)
        case (outer, inner) if COMMON.issuperset((outer, inner)):
            return _Turns(8 + variant, 20)
        case (_, _):
            return _Turns(14 + 1.2 * variant, 40)
        case _:
            return _Turns(24 + variant, 60)


def _is_hinted(part: Part) -> bool:
    """Whether its hints are taken: a line has those of the whole, one number of a key will do."""
    if part.kind == "number":
        return part.name.endswith((".d", ".x"))
    return part.kind != "line" and len(part.text) <= MAX_DERIVED


def _of_needle(needle: Needle) -> Iterator[Anchored]:
    form, pattern = needle.form, needle.pattern
    # NOTE: without signs base64url is base64; inside of other forms its signs are not in sight
    same = form[:1] == ("base64url",) and pattern.rstrip(b"=").isalnum()
    if (same and "base64url" not in form[1:]) or form[:1] in _UNSAID:
        return
    clue = _clue(form[:1], len(pattern))
    every = grams(window(pattern), spacing(form, needle.part.endswith("]")))
    for gram in every if form else thinned(every):
        if len(gram) >= _LEAST and not (needle.part and not form and is_everybodys(gram)):
            yield gram, clue


@cache
def _clue(outermost: Chain, size: int) -> Clue:
    names = ("base64", "base64url") if outermost == ("base64",) else outermost
    return Clue(_reach(6 * size), frozenset(names), EVERYWHERE)


def _hints(part: Part) -> Iterator[_Row]:
    text = window(part.text)
    reach = _reach(64 * len(part.text))
    for name, form in FORMS.items():
        if form.hint and (part.kind != "number" or name in _AT_SEVERAL):
            clue = Clue(reach, frozenset({name}), WEAKLY)
            start, pace = _TORN if name == "torn" else _HINTS
            for at in _HINTS_AT if name in _AT_SEVERAL else (0,):
                turns = _Turns(start + 2 * at, pace)
                if part.name:
                    turns = _Turns(turns.start + _OF_PART, 2 * pace)
                yield turns, partial(_noticed, form.hint, clue, text[at:])


def _noticed(hint: Spell, clue: Clue, text: bytes) -> Iterator[Anchored]:
    # NOTE: of some tears a piece of the text speaks, and says more: undoing them leaves it whole
    whole = Clue(clue.reach, frozenset(), EVERYWHERE) if "torn" in clue.forms else clue
    return ((one, whole if one in text else clue) for one in hint(text) if len(one) >= _LEAST)


def _hidden(part: Part) -> Iterator[Anchored]:
    if is_sought(part):
        for hidden in HIDDEN:
            for shown in _SHOWN:
                yield part.text[shown - 4 : shown] + hidden, Clue(MARGIN, frozenset(), WEAKLY)


def _reach(size: int) -> int:
    return min(MAX_REACH, MARGIN + size)
