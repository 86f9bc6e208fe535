"""Reads a log once for anchors, and looks closer only around these."""

from collections.abc import Iterable, Iterator
from copy import deepcopy
from functools import lru_cache, partial
from itertools import chain
from typing import Final

from ci_secrets.leaks.clues import MARGIN, MAX_REACH
from ci_secrets.leaks.excerpt import KEPT, Excerpt, Masks, around
from ci_secrets.leaks.findings import Coverage, Report, Skipped
from ci_secrets.leaks.held import Held
from ci_secrets.leaks.index import Hit, Index
from ci_secrets.leaks.inspector import Inspector
from ci_secrets.leaks.lanes import Lanes
from ci_secrets.leaks.listed import Listed
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.redact import hidden, reported
from ci_secrets.leaks.stretch import Span, Stretch, to_finding

BLOCK: Final = 256 * 1024
"""Bytes searched at once; `MAX_REACH` on either side is held beside them."""
_OVERLAP: Final = 32
"""Bytes that are searched again with the next block: an anchor may stand on the border."""
_ONE_OF_MANY: Final = "one of many values: rare forms, torn or one in another, may go unnoticed"
_RETOLD: Final = 4096
"""Bytes of what was found that is read once more to tell of it."""
_BESIDE: Final = 1024
"""Bytes of its lines that are read with it on either side, and at most twice as many."""
_ALIKE: Final = 1000
"""Lines whose sides are remembered as they are shown."""
_MAX_STRETCH: Final = 128 * 1024
"""Bytes inspected at once; longer stretches are cut, with `MAX_REACH` in common."""

_Near = set[tuple[int, int, int]]
"""Where to look closer: from where, what has to be explained, to where."""


class Scanner:
    """One text: `feed` its bytes in pieces of any size, then `finish`; see `report`.

    Memory does not grow with the text, and the pieces change nothing.
    """

    def __init__(self, engine: Engine, *, redacted: bool = False) -> None:
        """`redacted`: the text comes from a `Redactor` of the same values."""
        self._lanes: Lanes | None = None
        """Of many values each has few anchors: the needles themselves are looked for, too."""
        self._told: tuple[tuple[int, int], list[Hit]] = ((0, 0), [])
        """Lines that were read once more, and what stands in them."""
        self._use(engine)
        self._redacted = redacted
        self._held = Held()
        self._searched = 0
        """Offset up to which anchors were looked for."""
        self._since: dict[str, int] = {}
        """Owners that became known later, and the offset from which on they are looked for."""
        self._hits: list[Hit] = []
        """Those that later ones may still touch."""
        self._noted: list[tuple[Span, Excerpt]] = []
        """In lines in which more may be found."""
        self._near = Masks()
        """Where anything was found in these: in what is held, so never more than are remembered."""
        self._found: list[tuple[Span, tuple[bytes, bytes]]] = []
        """What is listed, and what stands beside it, without any value."""
        self._listed = Listed()
        self.masks = Masks()
        """Where in the text anything was found; complete after `finish`."""

    def feed(self, data: bytes) -> None:
        """The next bytes of the text."""
        self._held.text += data
        while self._held.end >= self._searched + BLOCK + MAX_REACH:
            self._search(self._searched + BLOCK)
            self._settle(self._searched - MAX_REACH)

    def know(self, engine: Engine) -> None:
        """Look for the values of another engine, too: from here on, not in what was fed before."""
        for owner in _owners(engine) - _owners(self._engine):
            self._since.setdefault(owner, self._held.end)
        self._use(engine)

    def finish(self) -> None:
        """The text ends here; what is fed after this is a new beginning."""
        while self._searched < self._held.end:
            self._search(min(self._searched + BLOCK, self._held.end))
        if self._lanes:
            self._inspect(_near(self._lanes.close()))
        self._settle(self._held.end)
        self._held.drop(self._held.end)

    def so_far(self) -> "Scanner":
        """Another, for which the text ends here: it tells what would be found by now."""
        # NOTE: what does not change, and is large or many
        indexes = chain.from_iterable(self._scarce() if self._lanes else ())
        places = (*self._hits, *self._noted, *self._found)
        shared = (self._engine, self._inspector, self._told, *places, *indexes)
        other = deepcopy(self, {id(one): one for one in shared})
        other.finish()
        return other

    def report(self, name: str) -> Report:
        """What was found in the whole text; complete after `finish`."""
        shown = hidden(self._engine, name)
        # NOTE: once more where values were added, for what was found before may stand beside one
        hide = self._hide if self._since else bytes
        return Report(
            findings=tuple(
                to_finding(span, (hide(left), hide(right)), shown)
                for span, (left, right) in sorted(self._found, key=lambda found: found[0].start)
            ),
            coverage=(Coverage(source=shown, state="complete"),),
            skipped=self._engine.skipped + self._listed.note(shown) + self._unnoticed(),
            bytes=self._held.end,
            lines=self._held.lines,
            unlisted=self._listed.unlike,
        )

    def _unnoticed(self) -> tuple[Skipped, ...]:
        """What was not looked for in rare disguises, since there are so many values."""
        if not self._held.end:
            return ()
        few = [owner for shelf in self._engine.shelves for owner in shelf.anchors.few]
        return tuple(Skipped(secret=owner, reason=_ONE_OF_MANY) for owner in dict.fromkeys(few))

    def _search(self, end: int) -> None:
        """Look for anchors up to an offset, and inspect around them."""
        held = self._held
        start = max(held.base, self._searched - _OVERLAP)
        text = held.slice(start, end)
        near = {
            (start + anchor.start, start + anchor.at, start + anchor.end)
            for shelf in self._engine.shelves
            for anchor in shelf.anchors.find(text)
        }
        near |= self._needles_in(text[self._searched - start :])
        self._searched = end
        self._inspect(near)

    def _needles_in(self, text: bytes) -> _Near:
        """Where needles stand that end in the next bytes, of values that have few anchors."""
        if self._redacted:
            return set()
        if self._lanes is None:
            self._lanes = Lanes(self._scarce(), self._searched)
        return _near(self._lanes.feed(text))

    def _scarce(self) -> list[tuple[Index, Index]]:
        """The needles of values that have few anchors."""
        shelves = [shelf for shelf in self._engine.shelves if shelf.anchors.few]
        return [(shelf.literal, shelf.squashed) for shelf in shelves]

    def _inspect(self, near: _Near) -> None:
        held = self._held
        for low, high, noticed in _stretches(near, held.base, held.end):
            near_text = held.slice(low, high)
            for hit in self._inspector.inspect(near_text, [at - low for at in noticed]):
                self._hits.append(hit._replace(start=hit.start + low, end=hit.end + low))

    def _settle(self, before: int) -> None:
        """Turn hits into findings that nothing will touch any more, and let go of their text."""
        self._hits.sort(key=lambda hit: hit.start)
        while self._hits:
            group = _touching(self._hits)
            if group[-1].start >= before or max(hit.end for hit in group) > before:
                break
            self._note(group)
            del self._hits[: len(group)]
        self._list(min([before, *(hit.start for hit in self._hits[:1])]))
        keep = min([before - MAX_REACH, *(hit.start for hit in self._hits[:1])])
        if keep > self._held.base:
            self._held.drop(keep)

    def _note(self, group: list[Hit]) -> None:
        hits = self._retold(group)
        stretch = Stretch(min(hit.start for hit in hits), max(hit.end for hit in hits))
        self.masks.add(stretch.start, stretch.end)
        self._near.add(stretch.start, stretch.end)
        new = [hit for hit in hits if hit.start >= self._since.get(hit.needle.owner, 0)]
        held = self._held
        place = held.place(stretch.start)
        for hit in new:
            stretch.add(hit.needle, hit.start, hit.end, held.place)
        excerpt = around(place, stretch.end, held.slice, range(held.base, held.end))
        self._noted += [(span, excerpt) for span in stretch.findings()]
        self._listed.others |= stretch.unlisted

    def _list(self, before: int) -> None:
        """List what was found in lines in which nothing more will be, before an offset."""
        count = 0
        for span, excerpt in self._noted:
            if excerpt.end + len(excerpt.right) > before:
                break
            sides = excerpt.sides(self._near, self._hide)
            kind = to_finding(span, sides, "").fingerprint
            if self._listed.takes(span.needle.owner, (kind,)):
                self._found.append((span, sides))
            count += 1
        del self._noted[:count]
        self._near.drop(min([before, *(noted.place.offset for _, noted in self._noted[:1])]) - KEPT)

    def _retold(self, group: list[Hit]) -> list[Hit]:
        """The hits as their lines alone tell of them, in the best way.

        What else was noticed beside them decides which reading finds a value first, and must not
        decide what a finding is called, where it begins, and so its fingerprint.
        """
        held, start, end = self._held, group[0].start, max(hit.end for hit in group)
        as_it_is = any(held.slice(hit.start, hit.end) == hit.needle.pattern for hit in group)
        if as_it_is or end - start > _RETOLD:
            return group
        lines = held.lines_of(start, end, _BESIDE)
        if lines != self._told[0]:
            self._told = lines, self._every(*lines)
        retold = [hit for hit in self._told[1] if hit.start < end and start < hit.end]
        secrets = {hit.needle.secret for hit in retold}
        return retold if secrets.issuperset(hit.needle.secret for hit in group) else group

    def _every(self, start: int, end: int) -> list[Hit]:
        return [
            hit._replace(start=hit.start + start, end=hit.end + start)
            for hit in self._inspector.every(self._held.slice(start, end))
        ]

    def _use(self, engine: Engine) -> None:
        self._engine = engine
        self._inspector = Inspector(engine)
        self._lanes = None
        self._told = (0, 0), []
        # NOTE: what is printed very often, is printed in lines that are alike
        self._hide = lru_cache(_ALIKE)(partial(reported, engine))


def _near(hits: Iterable[Hit]) -> _Near:
    return {(hit.start - MARGIN, hit.end - 1, hit.end + MARGIN) for hit in hits}


def _owners(engine: Engine) -> set[str]:
    return {part.owner for one in engine.spelled for part in one.parts[:1]}


def _touching(hits: list[Hit]) -> list[Hit]:
    """The first of them, sorted by start, and all that touch it, directly or by others."""
    end = hits[0].end
    for count, hit in enumerate(hits):
        if hit.start > end:
            return hits[:count]
        end = max(end, hit.end)
    return hits[:]


def _stretches(
    near: Iterable[tuple[int, int, int]], first: int, last: int
) -> Iterator[tuple[int, int, list[int]]]:
    """What is to be inspected: `(start, end, anchors)`, within `[first, last)`, in order."""
    merged: list[tuple[int, int, list[int]]] = []
    for start, at, end in sorted(near):
        low, high = max(first, start), min(last, end)
        if merged and low <= merged[-1][1] and high - merged[-1][0] <= _MAX_STRETCH:
            begun, ended, noticed = merged[-1]
            noticed.append(at)
            merged[-1] = begun, max(ended, high), noticed
        else:
            merged.append((low, high, [at]))
    return iter(merged)
