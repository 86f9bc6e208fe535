"""Finds most of a value in one piece, and both its ends around stars.

Of a value with secret fields, only where something of these is shown: `db://user:***@host` is
how an address is printed that hides its password.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ci_secrets.leaks.apart import is_sure
from ci_secrets.leaks.forms.reading import Span
from ci_secrets.leaks.index import Hit, Index
from ci_secrets.leaks.needles import Needle
from ci_secrets.leaks.parts import Part, fields_of

_MIN_WHOLE: Final = 16
"""Characters of a value of which a part is looked for."""
_MIN_RANDOM: Final = 12
"""The same where it is so random that a part of it stands nowhere by chance."""
_MIN_WORDY: Final = 22
"""The same where it is made of words, of which many texts have some."""
_ENDS: Final = 8
"""Characters that both ends around stars show together, each of them at least `_END`."""
_END: Final = 3
_MOST_SHOWN: Final = 64
_TOLD: Final = 4
"""Bytes of a secret field that are shown, where a value has such fields."""
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
    secret: tuple[Span, ...]
    """Where its secret fields stand; nowhere, where all of it is one."""

    def tells(self, *shown: Span) -> bool:
        """Whether what is shown of it has some characters of a secret."""
        return not self.secret or any(
            sum(max(0, min(end, last) - max(start, first)) for start, end in shown)
            >= min(_TOLD, last - first)
            for first, last in self.secret
        )


class Partials:
    """Whole values that are long enough, never the lines of one. Immutable."""

    def __init__(self, parts: Iterable[Part]) -> None:
        parts = list(parts)
        fields = fields_of(parts)
        wholes = [_whole(part, fields.get(part.owner, ())) for part in parts if is_sought(part)]
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
            size, at = last - first, whole.core[0] - (start - first)
            if whole.least <= size < len(whole.text) and whole.tells((at, at + size)):
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
            size = len(whole.text)
            told = whole.tells((0, left), (size - right, size))
            if left >= _END and right >= _END and left + right >= _ENDS and told:
                yield Hit(start - left, end + right, whole.needle)


def is_sought(part: Part) -> bool:
    """Whether it counts when most of it is shown: a whole value of one line that is long enough."""
    random = is_sure(part.text, (), wordy=part.wordy)
    least = _MIN_WORDY if part.wordy else _MIN_RANDOM if random else _MIN_WHOLE
    return part.kind == "whole" and len(part.text) >= least and b"\n" not in part.text


def _needle(part: Part) -> Needle:
    return Needle(
        owner=part.owner,
        part=part.name,
        form=("partial",),
        severity="medium",
        variant=0,
        pattern=part.text,
    )


def _whole(part: Part, leaves: Iterable[bytes]) -> _Whole:
    # NOTE: bytes that are no text count as characters
    starts = [at for at, byte in enumerate(part.text) if byte & 0xC0 != 0x80]
    starts.append(len(part.text))
    count = len(starts) - 1
    most = count - -(-count * 3 // 4)
    least = min(starts[at + count - most] - starts[at] for at in range(most + 1))
    core = starts[most], starts[count - most]
    return _Whole(part.text, core, least, _needle(part), _innermost(part.text, leaves))


def _innermost(text: bytes, leaves: Iterable[bytes]) -> tuple[Span, ...]:
    """Where leaves stand, without those that hold others: `user:password` has `password`."""
    spans = {(at, at + len(leaf)) for leaf in leaves if (at := text.find(leaf)) >= 0}
    return tuple(
        one
        for one in spans
        if not any(one[0] <= other[0] and other[1] <= one[1] for other in spans - {one})
    )


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
