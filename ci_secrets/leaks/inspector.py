"""Reads a stretch of a log in every way there is, until a value is seen or the budget is spent."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from typing import Final

from ci_secrets.leaks.anchors import ALPHABETS, PACKED
from ci_secrets.leaks.apart import is_by_chance
from ci_secrets.leaks.clues import EVERYWHERE
from ci_secrets.leaks.disguise import as_it_stands, widened
from ci_secrets.leaks.forms import FORMS, packed
from ci_secrets.leaks.forms.reading import Budget, Chain, Span
from ci_secrets.leaks.forms.torn.squash import Squashed
from ci_secrets.leaks.index import Hit
from ci_secrets.leaks.magic import holds_packed
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.needles import Needle

MAX_DEPTH: Final = 8
"""Readings of readings. A disguise of three forms, each torn and quoted, takes as many."""
_MOST_IN_ROW: Final = 2
"""Readings of these kinds, one after the other."""
_MOST_SEEN: Final = 512
"""Anchors of one reading that are asked what they speak for."""
_MOST_READ: Final = 100
"""Readings that an anchor stands in, of one stretch, the simplest first."""
_TORN: Final = frozenset({"torn"})
_ESCAPED: Final = frozenset({"json", "escape"})
_HEAD: Final = 64
_PRINTABLE: Final = bytes(range(32, 127)) + b"\t\r\n"
_FEW_READ: Final = 32
"""The same where nothing but hints is seen."""
_BUDGET: Final = 4 << 20
"""Bytes that are decoded of one stretch: a dump of some KB is read in many ways before its own."""


@dataclass(frozen=True, slots=True, order=True)
class _Layer:
    """A reading of the stretch: what was undone so far, and the way back."""

    effort: int
    """The lower, the sooner it is read."""
    number: int
    text: bytes = field(compare=False)
    chain: Chain = field(compare=False)
    promised: frozenset[str] = field(compare=False)
    """Forms that are tried on it though nothing in it speaks for them."""
    span: Callable[[int, int], Span] = field(compare=False)
    hints: frozenset[bytes] = field(compare=False, default=frozenset())
    """What was noticed before the last form was undone."""


class Inspector:
    """Finds the values of an engine in texts of some KB, in any disguise. Not for whole logs."""

    def __init__(self, engine: Engine) -> None:
        self._shelves = engine.shelves

    def inspect(self, text: bytes, noticed: Iterable[int]) -> list[Hit]:
        """What is found in a text. `noticed`: the offsets in it that are to be explained.

        Stops as soon as each of these lies in something that was found.
        """
        return self._inspect(text, sorted(set(noticed)), thorough=False)

    def every(self, text: bytes) -> list[Hit]:
        """What is found in a few lines, in each way in which it can be read: to tell the best."""
        return self._inspect(text, [], thorough=True)

    def _inspect(self, text: bytes, unexplained: list[int], *, thorough: bool) -> list[Hit]:
        hits: list[Hit] = []
        budget = Budget(_BUDGET)
        layers = [_Layer(0, 0, text, (), frozenset(), lambda start, end: (start, end))]
        seen = {text}
        read = 0
        sure = False
        while (
            layers
            and (unexplained or thorough)
            and budget.left > 0
            # NOTE: what is certain is read all the same, for which the others were read
            and (layers[0].effort == 0 or read < (_MOST_READ if sure else _FEW_READ))
        ):
            layer = heappop(layers)
            found = [
                one for shelf in self._shelves for one in shelf.anchors.find(layer.text, _MOST_SEEN)
            ]
            forms = layer.promised.union(*(anchor.clue.forms for anchor in found))
            also = frozenset[str]().union(*(anchor.clue.also for anchor in found))
            sure = sure or also == EVERYWHERE
            if layer.promised >= PACKED and layer.chain[-1] in ALPHABETS:
                also -= _TORN  # NOTE: what is packed is no text that a tool would tear
            hints = frozenset(anchor.key for anchor in found)
            if layer.chain and not found and not forms:
                continue
            if layer.chain and not sure and hints <= layer.hints:
                # NOTE: that it was torn apart, or escaped, explains no more than it did before
                forms, also = forms - _TORN, frozenset()
                # NOTE: unless packed data begin in it now, whose head was in sight before
                held = layer.promised >= PACKED
                if not forms or (layer.chain[-1] in forms & _ESCAPED and not held):
                    continue
            read += bool(found)
            # NOTE: of many values some have no anchor where they stand as they are
            may_show = found or not layer.chain
            here = [hit for hit in self._search(layer) if _is_meant(hit, text)] if may_show else []
            hits += here
            # NOTE: a part says that the rest may stand near, on the next line or behind a prefix
            unexplained = _outside(unexplained, [one for one in here if _is_whole(one)])
            for more in _undone(layer, forms, also, budget):
                if more.text not in seen:
                    seen.add(more.text)
                    heappush(layers, replace(more, number=len(seen), hints=hints))
        return hits

    def _search(self, layer: _Layer) -> Iterator[Hit]:
        view = Squashed(layer.text)
        for shelf in self._shelves:
            for start, end, needle in shelf.literal.find(layer.text):
                yield _hit(layer, start, end, needle)
            for low, high, needle in shelf.squashed.find(view.text):
                start, end = widened(layer.text, *view.span(low, high), needle)
                yield _hit(layer, start, end, as_it_stands(needle, layer.text[start:end]))
            for start, end, needle in shelf.partials.find(layer.text):
                yield _hit(layer, start, end, needle)


def _is_meant(hit: Hit, text: bytes) -> bool:
    """Whether a hit in a text is no value that its short pieces come to by chance."""
    needle = hit.needle
    return "torn" not in needle.form or not is_by_chance(
        text[hit.start : hit.end], needle.pattern, needle.form, wordy=needle.wordy
    )


def _is_whole(hit: Hit) -> bool:
    return "partial" not in hit.needle.form


def _outside(offsets: list[int], hits: list[Hit]) -> list[int]:
    """Those of the sorted offsets that lie in no hit."""
    left: list[int] = []
    at = 0
    for start, end in sorted((hit.start, hit.end) for hit in hits):
        while at < len(offsets) and offsets[at] < start:
            left.append(offsets[at])
            at += 1
        while at < len(offsets) and offsets[at] < end:
            at += 1
    return left + offsets[at:]


def _hit(layer: _Layer, start: int, end: int, needle: Needle) -> Hit:
    there = layer.span(start, end)
    return Hit(*there, replace(needle, form=_without_repeats(layer.chain + needle.form)))


def _without_repeats(chain: Chain) -> Chain:
    """What was torn twice is torn."""
    return tuple(
        name for at, name in enumerate(chain) if name != "torn" or chain[at - 1 : at] != ("torn",)
    )


def _undone(
    layer: _Layer, forms: frozenset[str], also: frozenset[str], budget: Budget
) -> Iterator[_Layer]:
    if len(layer.chain) >= MAX_DEPTH:
        return
    row = layer.chain[-_MOST_IN_ROW:]
    enough = len(row) == _MOST_IN_ROW and all(name in EVERYWHERE for name in row)
    for name, form in FORMS.items():
        if form.read is None or not (name in forms or (name in also and not enough)):
            continue
        unpacked = name in packed.FORMS
        may_be_packed = unpacked or (name in ALPHABETS and not PACKED.isdisjoint(forms))
        for text, span in form.read(layer.text, budget):
            promised = _packed_as(text) if may_be_packed else frozenset[str]()
            # NOTE: what a magic or a checksum speaks for is certain, and read next
            certain = unpacked and name != "deflate"
            effort = 0 if certain else layer.effort + (1 if name in forms else 2)
            chain = (*layer.chain, name)
            yield _Layer(effort, 0, text, chain, promised, _composed(span, layer.span))
            if budget.left <= 0:
                return


def _packed_as(text: bytes) -> frozenset[str]:
    """In which of the forms that leave nothing in sight a decoded text may be."""
    if holds_packed(text):
        return PACKED
    head = text[:_HEAD]
    if 3 * head.count(0) >= len(head):
        return frozenset({"utf-16"})
    binary = len(head.translate(None, _PRINTABLE))
    return frozenset({"deflate"} if 4 * binary >= len(head) else ())


def _composed(
    inner: Callable[[int, int], Span], outer: Callable[[int, int], Span]
) -> Callable[[int, int], Span]:
    def span(start: int, end: int) -> Span:
        low, high = inner(start, end)
        # NOTE: where a reader turned the order of pieces around, the end stands before the start
        return outer(min(low, high - 1), max(low + 1, high))

    return span
