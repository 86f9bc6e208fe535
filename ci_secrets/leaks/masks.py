"""What a CI system is asked to mask, and what of the values it cannot be asked for."""

import re
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import chain, islice, zip_longest
from typing import Final

from ci_secrets.leaks.forms.stop import is_stop_value
from ci_secrets.leaks.needles import Needle, needles_of
from ci_secrets.leaks.parts.lines import others_of
from ci_secrets.secret import Secret

MIN_MASK: Final = 4
"""Bytes of a line that is masked."""
# NOTE: a runner hides a mask wherever it stands, within a word too: most of the log would be gone
_COMMON: Final = re.compile(rb"[A-Za-z]{1,12}|[0-9]{1,5}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Unmasked:
    """A value that the masks leave visible. All of this may be shown."""

    secret: str
    partly: bool
    """Whether some of it is masked, or the whole otherwise spelled."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Masks:
    """What is masked, and what is not."""

    texts: tuple[bytes, ...] = field(repr=False)
    """The likeliest first; none holds a line break."""
    unmasked: tuple[Unmasked, ...]


def masks_of(known: Mapping[str, Secret], per_value: int = 20, total: int = 1000) -> Masks:
    """The masks for a job's values, by name; at most `per_value` of each.

    In clear first: a value of one line whole, one of several lines by its first lines, for a runner
    masks line by line. What room is left goes to other spellings of the whole. One of each value
    before the second of any, and all in clear before any other, so that `total` cuts off the least
    likely.
    """
    spelled = [_Spelled(name, value.reveal()) for name, value in known.items()]
    plain = [one.clear[:per_value] for one in spelled]
    other = [one.other[: max(0, per_value - len(one.clear))] for one in spelled]
    rounds = chain(zip_longest(*plain), zip_longest(*other))
    texts = dict.fromkeys(mask for turn in rounds for mask in turn if mask is not None)
    masked = dict.fromkeys(islice(texts, total))
    unmasked = (one.unmasked(masked) for one in spelled)
    return Masks(texts=tuple(masked), unmasked=tuple(filter(None, unmasked)))


class _Spelled:
    """A value, and what of it can be masked."""

    def __init__(self, name: str, value: bytes) -> None:
        self._name = name
        needles = needles_of(name, value).needles
        looked_for = [one.pattern for one in needles if not one.form and _is_line(one.pattern)]
        seen = set(looked_for)
        others = [line for line in others_of(value) if line not in seen]
        self.clear = [*looked_for, *(line for line in others if not _unfit(line))]
        """What is looked for, then the lines that are not."""
        self.other = _other(needles)
        """The whole in other forms."""
        self._unfit = [why for line in others if (why := _unfit(line))]
        self._of_one_line = len(others) == 1 and not looked_for

    def unmasked(self, masked: Container[bytes]) -> Unmasked | None:
        """What is left visible where these are masked."""
        reasons = []
        if missing := sum(text not in masked for text in self.clear):
            reasons.append(f"too many lines or fields: {missing}")
        if self._of_one_line:
            reasons += self._unfit
        elif self._unfit:
            few = f"common words, numbers, or lines shorter than {MIN_MASK} bytes"
            reasons.append(f"{few}: {len(self._unfit)}")
        if not reasons:
            return None
        partly = bool(self.clear or self.other)
        return Unmasked(secret=self._name, partly=partly, reason="; ".join(reasons))


def _unfit(line: bytes) -> str:
    """Why a line that is not looked for is not masked; empty where it is."""
    if len(line) < MIN_MASK:
        return f"shorter than {MIN_MASK} bytes"
    if is_stop_value(line) or _COMMON.fullmatch(line):
        return "a common word or number"
    return ""


def _other(needles: Iterable[Needle]) -> list[bytes]:
    """The whole value otherwise spelled: the first spelling of each form before any second."""
    other = [one for one in needles if one.form and not one.part and _is_printable(one.pattern)]
    other.sort(key=lambda needle: needle.variant)
    return [needle.pattern for needle in other]


def _is_line(pattern: bytes) -> bool:
    return b"\n" not in pattern and b"\r" not in pattern


def _is_printable(pattern: bytes) -> bool:
    """Whether a CI system takes it as the text of one line; UTF-16, say, it does not."""
    try:
        return pattern.decode().isprintable()
    except UnicodeDecodeError:
        return False
