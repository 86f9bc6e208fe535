"""Says in which disguise a needle stands that the squashed reading has found."""

import re
from dataclasses import replace
from functools import lru_cache
from typing import Final

from ci_secrets.leaks.forms import FORMS
from ci_secrets.leaks.forms.reading import Chain, Span
from ci_secrets.leaks.forms.torn.squash import DROPPED
from ci_secrets.leaks.needles import Needle

_TEXTUAL: Final = (
    "json", "percent", "form", "entity", "quoted", "escape", "quoted-printable",
)  # fmt: skip
"""Forms that leave letters and digits as they are: of these alone the squashed reading knows."""
_BEHIND_PADDING: Final = re.compile(rb"(={1,2})\s*[0-9A-Za-z]{1,3}\Z")
"""Where base64 ends, and the next line begins with what its newline would be: `Qw==`, `ok`."""


def signs_of(needle: Needle) -> tuple[bytes, bytes]:
    """What a needle has before its first letter or digit and behind its last."""
    pattern = needle.pattern
    first = len(pattern) - len(pattern.lstrip(DROPPED))
    return pattern[:first], pattern[len(pattern.rstrip(DROPPED)) :]


def widened(text: bytes, start: int, end: int, needle: Needle) -> Span:
    """`[start, end)`, where the squashed reading has found the needle, with its signs beside it."""
    before, behind = signs_of(needle)
    start -= len(before) if text.endswith(before, 0, start) else 0
    end += len(behind) if text.startswith(behind, end) else 0
    padded = _BEHIND_PADDING.search(text, start, end) if "base64" in needle.form else None
    return start, padded.end(1) if padded else end


def as_it_stands(needle: Needle, there: bytes) -> Needle:
    """The needle with the form that explains the bytes which stand for it."""
    if there in needle.pattern:
        return needle
    return replace(needle, form=_how(there, needle) + needle.form)


@lru_cache(maxsize=256)
def _how(there: bytes, needle: Needle) -> Chain:
    if there.lower() in needle.pattern.lower():
        return ("cased",)
    if not needle.form:
        for name in _TEXTUAL:
            spell = FORMS[name].spell
            if spell and any(there in spelled for spelled in spell(needle.pattern)):
                return (name,)
    return ("torn",)
