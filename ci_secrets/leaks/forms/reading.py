"""What a form is: how a value is disguised, how that is noticed in a log, and how it is undone."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from itertools import chain, zip_longest
from typing import Final, NamedTuple

Chain = tuple[str, ...]
"""Ids of forms, from the outside in."""
Span = tuple[int, int]
"""Offsets `[start, end)`."""


class Piece(NamedTuple):
    """Text of which one form was undone, and the way back to where it stood."""

    text: bytes
    span: Callable[[int, int], Span]
    """`[start, end)` in `text` → the smallest span that holds it in the text that was read."""


class Budget:
    """How many more bytes may be decoded for one stretch of log. Readers stop when it is empty."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> bool:
        """Take `count` bytes, and say whether there were as many."""
        self.left -= count
        return self.left >= 0


def indivisible(text: bytes, whole: Span) -> Piece:
    """Text of which any part needs all of the span that it came out of, as of packed data."""
    return Piece(text, lambda _start, _end: whole)


Spell = Callable[[bytes], Iterator[bytes]]
Read = Callable[[bytes, Budget], Iterator[Piece]]


class Form(NamedTuple):
    """One way to disguise bytes. The callables are pure, linear, and take any bytes."""

    words: str
    """For people: what the value looks like, after "as" or "of"."""
    spell: Spell | None = None
    """All spellings that are looked for, the commonest first; right for any neighbours."""
    nested: int = 3
    """How many of these are looked for inside another form."""
    alone: Spell | None = None
    """Spellings of a text that has no neighbours, where more of it can be told then."""
    streamed: Spell | None = None
    """More spellings, which a stream hides since they are looked for; a scan would undo them."""
    hint: Spell | None = None
    """Bytes (8 or more, a few) by which the form of a text is noticed where `spell` does not do.

    They are looked for in either letter case.
    """
    read: Read | None = None
    """Undoes the form wherever it stands in a text."""


def rewritten(
    text: bytes, pattern: re.Pattern[bytes], replace: Callable[[re.Match[bytes]], bytes]
) -> Piece | None:
    """The text with every match replaced, or `None` where there is no match.

    A replacement of several bytes is one unit: a span that touches it holds all of its match.
    """
    parts: list[bytes] = []
    new: list[int] = [0]  # NOTE: starts of units in the new text; a unit is a match or a gap
    old: list[tuple[int, int, bool]] = [(0, 0, False)]
    at = size = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        if start > at:
            parts.append(text[at:start])
            new.append(size)
            old.append((at, start, False))
            size += start - at
        put = replace(match)
        if put:
            parts.append(put)
            new.append(size)
            old.append((start, end, True))
            size += len(put)
        at = end
    if not at:
        return None
    parts.append(text[at:])
    new.append(size)
    old.append((at, len(text), False))

    def place(offset: int) -> Span:
        index = bisect_right(new, offset) - 1
        start, end, replaced = old[index]
        if replaced:
            return start, end
        there = start + offset - new[index]
        return there, there + 1

    def span(start: int, end: int) -> Span:
        return place(start)[0], place(end - 1)[1]

    return Piece(b"".join(parts), span)


class Rewriting(NamedTuple):
    """One notation that stands in place: where it is, and what each place of it means."""

    marker: bytes
    """A pattern that is found wherever there is anything to undo; cheap."""
    pattern: bytes
    replace: Callable[[re.Match[bytes]], bytes]


def in_place(*rows: Rewriting) -> Read:
    """A reader of notations that exclude one another: a piece for each that changes the text."""

    @cache
    def markers() -> list[re.Pattern[bytes]]:
        # NOTE: made when first used: all forms have hundreds of patterns, a clean log needs few
        return [re.compile(row.marker) for row in rows]

    def read(text: bytes, budget: Budget) -> Iterator[Piece]:
        for marker, row in zip(markers(), rows, strict=True):
            if not marker.search(text):
                continue
            piece = rewritten(text, re.compile(row.pattern), row.replace)
            if piece is None or piece.text == text:
                continue
            if not budget.spend(len(piece.text)):
                return
            yield piece

    return read


PLAIN: Final = re.compile(rb"[0-9A-Za-z]{8}")
"""What hardly any form changes, so that it needs no hint to be noticed."""
_MARK: Final = re.compile(rb"[^0-9A-Za-z]")
_BEYOND: Final = re.compile(r"[^\x00-\x7f]+")
_LEFT: Final = re.compile(rb"[0-9A-Za-z._~-]{6,}")


def _windows(text: bytes, count: int) -> list[bytes]:
    """All of this many ASCII characters around the middle, where a text is least like others."""
    last = max(0, len(text) - count)
    starts = sorted(range(last + 1), key=lambda start: abs(2 * start - last))[:64]
    return [one for start in starts if (one := text[start : start + count]).isascii()]


def spelled_out(*styles: str, count: int = 3) -> Spell:
    r"""Hints where tools write every character of a text as a number, as `\x{:02x}` has it.

    A few characters; where there is room, such that their hex is the same in both cases. No hint
    of a text that is not ASCII there.
    """

    def hint(text: bytes) -> Iterator[bytes]:
        windows = _windows(text, count)
        if windows:
            window = next((one for one in windows if one.hex().isdigit()), windows[0])
            spelled = ("".join(map(style.format, window)).encode() for style in styles)
            yield from dict.fromkeys(spelled)

    return hint


def marks_spelled_out(*styles: str) -> Spell:
    r"""Hints where tools write all but letters and digits as numbers, as `\x{:02x}` has it.

    Of four characters, most of them marks. No hint of a text that is noticed by its letters.
    """

    def hint(text: bytes) -> Iterator[bytes]:
        windows = [] if PLAIN.search(text) else _windows(text, 4)
        if windows:
            window = max(windows, key=lambda one: len(_MARK.findall(one)))
            for style in styles:
                yield _MARK.sub(lambda mark: style.format(mark[0][0]).encode(), window)  # noqa: B023

    return hint


def beyond_ascii(*styles: str, of_bytes: tuple[str, ...] = ()) -> Spell:
    r"""Hints where tools write what is not ASCII as numbers, as `\u{:04x}` has it.

    Of two characters side by side, or of two bytes; of one where no two are.
    """

    def hint(text: bytes) -> Iterator[bytes]:
        try:
            run = max(_BEYOND.findall(text.decode()), key=len, default="")[:2]
        except UnicodeDecodeError:
            return
        for style in styles if run else ():
            yield "".join(style.format(ord(one)) for one in run).encode()
        for style in of_bytes if run else ():
            yield "".join(map(style.format, run.encode()[:2])).encode()

    return hint


def left_alone(text: bytes) -> Iterator[bytes]:
    """Hints where tools write what is not ASCII as numbers or names: what they leave as it is.

    Of a text without eight letters or digits in a row its two longest runs, the rarer first.
    """
    if not text.isascii() and not PLAIN.search(text):
        runs = sorted(_LEFT.findall(text), key=lambda run: (run.islower(), -len(run)))
        yield from (run[:8] for run in runs[:2])


def as_text(some: bytes) -> str:
    """Its characters; none where the bytes are no UTF-8."""
    try:
        return some.decode()
    except UnicodeDecodeError:
        return ""


def together(*spells: Spell) -> Spell:
    """What each of them yields, one after the other."""
    return lambda text: chain.from_iterable(spell(text) for spell in spells)


def in_turn(*hints: Iterable[bytes]) -> Iterator[bytes]:
    """The first of each, then the second of each, and so on, without repeats."""
    every = chain.from_iterable(zip_longest(*hints))
    return iter(dict.fromkeys(hint for hint in every if hint is not None))
