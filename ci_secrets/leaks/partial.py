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
HIDDEN: Final = (b"***", b"...", "…".encode(), "•••".encode(), b"xxx")
"""What stands for the middle of a value of which both ends are shown."""
_STARRED: Final = re.compile(
    rb"([^\s*.]{3,64})(?:\*{3,}|\.{3,}|(?:\xe2\x80\xa6)+|(?:\xe2\x80\xa2){3,}|[xX]{3,})"
    rb"(?=([^\s*.]{3,64}))"
)


@dataclass(frozen=True, slots=True)
class _Whole:
    text: bytes
    least: int
    """Three quarters of it, rounded up."""
    needle: Needle


class Partials:
    """Whole values of `MIN_WHOLE` characters or more, never the lines of one. Immutable."""

    def __init__(self, parts: Iterable[Part]) -> None:
        wholes = [
            _Whole(part.text, -(-len(part.text) * 3 // 4), _needle(part))
            for part in parts
            if part.kind == "whole"
            and len(part.text) >= (MIN_WORDY if part.wordy else MIN_WHOLE)
            and b"\n" not in part.text
        ]
        self._by_needle = {id(one.needle): one for one in wholes}
        # NOTE: whatever quarter is missing, the middle half is there
        cores = (one.text[len(one.text) - one.least : one.least] for one in wholes)
        self._cores = Index(
            (core, one.needle) for core, one in zip(cores, wholes, strict=True) if core
        )

    def find(self, text: bytes) -> Iterator[Hit]:
        """Parts of values, of the most that there is at each place; never a whole value."""
        for start, end, needle in self._cores.find(text):
            whole = self._by_needle[id(needle)]
            first, last = _grown(text, start, end, whole)
            if whole.least <= last - first < len(whole.text):
                yield Hit(first, last, needle)
        if any(hidden in text for hidden in HIDDEN):
            for match in _STARRED.finditer(text):
                yield from self._starred(match)

    def _starred(self, match: re.Match[bytes]) -> Iterator[Hit]:
        for whole in self._by_needle.values():
            left = _common(match[1][::-1], whole.text)
            right = _common(match[2], whole.text[::-1])
            if left >= _END and right >= _END and left + right >= _ENDS:
                yield Hit(match.end(1) - left, match.start(2) + right, whole.needle)


def _needle(part: Part) -> Needle:
    return Needle(
        owner=part.owner,
        part=part.name,
        form=("partial",),
        severity="medium",
        variant=0,
        pattern=part.text,
    )


def _grown(text: bytes, start: int, end: int, whole: _Whole) -> tuple[int, int]:
    """From its middle half outwards, as far as the value goes on."""
    low = len(whole.text) - whole.least
    high = whole.least
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
