"""Finds most of a value in one piece, and both its ends around stars."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ci_secrets.leaks.index import Hit, Index
from ci_secrets.leaks.needles import Needle
from ci_secrets.leaks.parts import Part

MIN_WHOLE: Final = 16
"""Characters of a value of which a part is looked for."""
MIN_WORDY: Final = 22
"""The same where it is made of words, of which many texts have some."""
_ENDS: Final = 8
"""Characters that both ends around stars show together, each of them at least `_END`."""
_END: Final = 3
_MOST_SHOWN: Final = 64
HIDDEN: Final = (b"***", b"...", "…".encode(), "•••".encode(), b"xxx")
"""What stands for the middle of a value of which both ends are shown."""
_STARS: Final = re.compile(rb"\*{3,}|\.{3,}|(?:\xe2\x80\xa6)+|(?:\xe2\x80\xa2){3,}|[xX]{3,}")


@dataclass(frozen=True, slots=True)
class _Whole:
    """A value, and what of it is enough."""

    text: bytes
    core: tuple[int, int]
    """Whatever quarter of its characters is missing, these bytes are there."""
    least: int
    """Three quarters of its characters, rounded up, have at least so many bytes."""
    needle: Needle


class Partials:
    """Whole values of `MIN_WHOLE` characters or more, never the lines of one. Immutable."""

    def __init__(self, parts: Iterable[Part]) -> None:
        wholes = [
            _whole(part)
            for part in parts
            if part.kind == "whole"
            and len(part.text) >= (MIN_WORDY if part.wordy else MIN_WHOLE)
            and b"\n" not in part.text
        ]
        self._by_needle = {id(one.needle): one for one in wholes}
        self._shown = frozenset(
            one.text[at - _END : at]
            for one in wholes
            for at in range(_END, min(len(one.text), _MOST_SHOWN) + 1)
        )
        """What stands before stars where a value's beginning is shown."""
        self._cores = Index((one.text[slice(*one.core)], one.needle) for one in wholes)

    def find(self, text: bytes) -> Iterator[Hit]:
        """Parts of values, of the most that there is at each place; never a whole value."""
        for start, end, needle in self._cores.find(text):
            whole = self._by_needle[id(needle)]
            first, last = _grown(text, start, end, whole)
            if whole.least <= last - first < len(whole.text):
                yield Hit(first, last, needle)
        if any(hidden in text for hidden in HIDDEN):
            for match in _STARS.finditer(text):
                yield from self._hidden(text, *match.span())

    def _hidden(self, text: bytes, start: int, end: int) -> Iterator[Hit]:
        if text[max(0, start - _END) : start] not in self._shown:
            return
        before, behind = text[max(0, start - _MOST_SHOWN) : start], text[end : end + _MOST_SHOWN]
        for whole in self._by_needle.values():
            left = _common(before[::-1], whole.text)
            right = _common(behind, whole.text[::-1])
            if left >= _END and right >= _END and left + right >= _ENDS:
                yield Hit(start - left, end + right, whole.needle)


def _needle(part: Part) -> Needle:
    return Needle(
        owner=part.owner,
        part=part.name,
        form=("partial",),
        severity="medium",
        variant=0,
        pattern=part.text,
    )


def _whole(part: Part) -> _Whole:
    # NOTE: bytes that are no text count as characters
    starts = [at for at, byte in enumerate(part.text) if byte & 0xC0 != 0x80]
    starts.append(len(part.text))
    count = len(starts) - 1
    most = count - -(-count * 3 // 4)
    least = min(starts[at + count - most] - starts[at] for at in range(most + 1))
    return _Whole(part.text, (starts[most], starts[count - most]), least, _needle(part))


def _grown(text: bytes, start: int, end: int, whole: _Whole) -> tuple[int, int]:
    """From its core outwards, as far as the value goes on."""
    low, high = whole.core
    while low and start and text[start - 1] == whole.text[low - 1]:
        low, start = low - 1, start - 1
    while high < len(whole.text) and text[end : end + 1] == whole.text[high : high + 1]:
        high, end = high + 1, end + 1
    return start, end


def _common(shown: bytes, value: bytes) -> int:
    """How many bytes of the value's end stand next to the stars.

    `shown` reads away from the stars, `value` towards them: `nuh` (of `hun***`) and `hunter2`.
    """
    for count in range(min(len(shown), len(value) - 1), 0, -1):
        if shown[:count] == value[:count][::-1]:
            return count
    return 0
