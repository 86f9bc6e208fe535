"""Reads a stretch of a log in every way there is, until a value is seen or the budget is spent."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from ci_secrets.leaks.forms import FORMS, SPELLED
from ci_secrets.leaks.forms.reading import Budget, Chain, Span
from ci_secrets.leaks.forms.torn.squash import Squashed
from ci_secrets.leaks.index import Hit
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.needles import Needle

MAX_DEPTH: Final = 6
"""Readings of readings. A disguise of three forms, each torn apart, takes as many."""
_BUDGET: Final = 64
"""Bytes that are decoded for each byte of the stretch, and at least `_LEAST`."""
_LEAST: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Layer:
    """A reading of the stretch: what was undone so far, and the way back."""

    text: bytes
    chain: Chain
    span: Callable[[int, int], Span]


class Inspector:
    """Finds the values of an engine in texts of some KB, in any disguise. Not for whole logs."""

    def __init__(self, engine: Engine) -> None:
        self._shelves = engine.shelves

    def inspect(self, text: bytes, noticed: Iterable[int]) -> list[Hit]:
        """What is found in a text. `noticed`: the offsets in it that are to be explained.

        Stops as soon as each of these lies in something that was found.
        """
        hits: list[Hit] = []
        open_ = set(noticed)
        budget = Budget(max(_LEAST, _BUDGET * len(text)))
        layers = deque([_Layer(text, (), lambda start, end: (start, end))])
        seen = {text}
        while layers:
            layer = layers.popleft()
            for hit in self._search(layer):
                hits.append(hit)
                open_ = {at for at in open_ if not hit.start <= at < hit.end}
            if not open_ or budget.left <= 0:
                break
            if len(layer.chain) < MAX_DEPTH:
                for more in _undone(layer, budget):
                    if more.text not in seen:
                        seen.add(more.text)
                        layers.append(more)
        return hits

    def _search(self, layer: _Layer) -> Iterator[Hit]:
        view = Squashed(layer.text)
        for shelf in self._shelves:
            for start, end, needle in shelf.literal.find(layer.text):
                yield _hit(layer, start, end, needle, ())
            for low, high, needle in shelf.squashed.find(view.text):
                start, end = view.span(low, high)
                yield _hit(layer, start, end, needle, _how(layer.text[start:end], needle))
            for start, end, needle in shelf.partials.find(layer.text):
                yield _hit(layer, start, end, needle, ())


def _hit(layer: _Layer, start: int, end: int, needle: Needle, how: Chain) -> Hit:
    chain = (*layer.chain, *how, *needle.form)
    return Hit(*layer.span(start, end), replace(needle, form=chain))


def _how(there: bytes, needle: Needle) -> Chain:
    """The form in which a needle stands that the squashed view has found."""
    if there in needle.pattern:
        return ()
    if there.lower() in needle.pattern.lower():
        return ("cased",)
    if not needle.form:
        for name in SPELLED:
            spell = FORMS[name].spell
            if spell and any(there in spelled for spelled in spell(needle.pattern)):
                return (name,)
    return ("torn",)


def _undone(layer: _Layer, budget: Budget) -> Iterator[_Layer]:
    for name, form in FORMS.items():
        if form.read is None:
            continue
        for text, span in form.read(layer.text, budget):
            chain = layer.chain if layer.chain[-1:] == (name,) == ("torn",) else (*layer.chain, name)
            yield _Layer(text, chain, _composed(span, layer.span))
            if budget.left <= 0:
                return


def _composed(
    inner: Callable[[int, int], Span], outer: Callable[[int, int], Span]
) -> Callable[[int, int], Span]:
    return lambda start, end: outer(*inner(start, end))
