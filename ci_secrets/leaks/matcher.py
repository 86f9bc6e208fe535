"""The known values, ready to be looked for in a stream or a log."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from operator import itemgetter
from typing import Final

from ci_secrets.leaks.anchors import Anchors
from ci_secrets.leaks.disguise import signs_of
from ci_secrets.leaks.forms.torn.squash import squash
from ci_secrets.leaks.index import Index
from ci_secrets.leaks.lanes import Lanes, indexes
from ci_secrets.leaks.needles import Needle, Needles, needles_of
from ci_secrets.leaks.partial import Partials
from ci_secrets.leaks.pieces import Pieces
from ci_secrets.secret import Secret

_SHORT: Final = 256
"""Bytes of a name."""
_FEW: Final = 4
"""Names that are searched for each needle; for more, indexes cost less."""


class Shelf:
    """Some of the known values with all that they are searched with, built when it is used."""

    def __init__(self, spelled: Iterable[Needles]) -> None:
        self.spelled = tuple(spelled)
        self._told = 0
        """How often `may_show` was asked."""

    @property
    def needles(self) -> Iterator[Needle]:
        """Every needle, value by value, the likeliest form first."""
        return (needle for one in self.spelled for needle in chain(one.needles, one.streamed))

    @property
    def literal(self) -> Index:
        """The needles that are looked for as they are."""
        return self._indexes[0]

    @property
    def squashed(self) -> Index:
        """The needles that are looked for among letters and digits alone."""
        return self._indexes[1]

    @cached_property
    def signs(self) -> frozenset[bytes]:
        """What needles begin with before their first letter or digit."""
        return frozenset(signs_of(needle)[0] for needle in self.needles) - {b""}

    @cached_property
    def partials(self) -> Partials:
        """Most of a value, and both its ends around stars."""
        return Partials(part for one in self.spelled for part in one.parts)

    @cached_property
    def pieces(self) -> Pieces:
        """What no report shows beside a finding, though it is none."""
        return Pieces(part for one in self.spelled for part in one.parts)

    @cached_property
    def anchors(self) -> Anchors:
        """By which a scan notices that a value may be near, in whatever disguise."""
        return Anchors(self.spelled)

    def may_show(self, text: bytes) -> bool:
        """Whether a needle may stand in a text, be it torn.

        True unless it is cheaper to tell than to make the indexes: of a few short texts.
        """
        self._told += 1
        is_plain = len(text) <= _SHORT and text.isascii() and b"\x1b" not in text
        if self._told > _FEW or not is_plain or "_indexes" in self.__dict__:
            return True
        letters = squash(text)
        return any(
            pattern in text or (not _is_longer(pattern, letters) and squash(pattern) in letters)
            for pattern in (needle.pattern for needle in self.needles)
        )

    @cached_property
    def _indexes(self) -> tuple[Index, Index]:
        return indexes(self.needles)


class Engine:
    """The known values, spelled in every form and ready to be searched for. Immutable.

    One name may have several values: a rotated value stays known.
    """

    def __init__(self, secrets: Iterable[tuple[str, Secret]], shelves: Iterable[Shelf]) -> None:
        self._secrets = tuple(secrets)
        self.shelves = tuple(shelves)
        """Values that became known together, and in doubt later ones with earlier ones."""
        self.spelled = tuple(one for shelf in self.shelves for one in shelf.spelled)
        """What each value comes to; of those that became known together, by name."""
        self.skipped = tuple(note for one in self.spelled for note in one.skipped)
        """What is not looked for, or not in every form, and why."""
        self._latest: tuple[list[tuple[str, Secret]], Engine] | None = None

    @property
    def needles(self) -> Iterator[Needle]:
        """See `Shelf`."""
        return (needle for shelf in self.shelves for needle in shelf.needles)

    def may_show(self, text: bytes) -> bool:
        """See `Shelf`."""
        return any(shelf.may_show(text) for shelf in self.shelves)

    def expect(self, size: int) -> None:
        """So many bytes will be scanned: where these are many, what is slow to make pays."""
        for shelf in self.shelves:
            shelf.anchors.expect(size)

    @cached_property
    def signs(self) -> tuple[bytes, ...]:
        """See `Shelf`; the longest first."""
        every = frozenset[bytes]().union(*(shelf.signs for shelf in self.shelves))
        return tuple(sorted(every, key=lambda one: (-len(one), one)))

    def lanes(self, offset: int = 0) -> Lanes:
        """All that a stream is searched with that starts at an offset."""
        return Lanes(((shelf.literal, shelf.squashed) for shelf in self.shelves), offset)

    def extended(self, more: Mapping[str, Secret]) -> "Engine":
        """An engine that also knows `more`; of a name that it knows already, both values."""
        fresh = [pair for pair in more.items() if pair not in self._secrets]
        if not fresh:
            return self
        # NOTE: the redactors of one job are all told the same, one after the other
        if self._latest is None or self._latest[0] != fresh:
            shelves = [*self.shelves, _shelf(fresh)]
            # NOTE: sizes stay powers apart, so values that come one by one stay cheap to add
            while len(shelves) > 1 and len(shelves[-1].spelled) >= len(shelves[-2].spelled):
                last = shelves.pop()
                shelves[-1] = Shelf((*shelves[-1].spelled, *last.spelled))
            self._latest = fresh, Engine((*self._secrets, *fresh), shelves)
        return self._latest[1]


def build(known: Mapping[str, Secret]) -> Engine:
    """The engine for a job's values, by name."""
    secrets = tuple(known.items())
    return Engine(secrets, [_shelf(secrets)] if secrets else [])


def _shelf(secrets: Iterable[tuple[str, Secret]]) -> Shelf:
    # NOTE: a spelling of several values is told as that of the first
    by_name = sorted(secrets, key=itemgetter(0))
    return Shelf(needles_of(name, secret.reveal()) for name, secret in by_name)


def _is_longer(pattern: bytes, letters: bytes) -> bool:
    """Whether more is left of it when it is squashed; cheap."""
    return len(pattern) > len(letters) and pattern.isalnum()
