"""Says in which disguise a needle stands that the squashed reading has found."""

from dataclasses import replace
from functools import lru_cache
from typing import Final

from ci_secrets.leaks.forms import FORMS
from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.needles import Needle

_TEXTUAL: Final = (
    "json", "percent", "form", "entity", "quoted", "escape", "quoted-printable",
)  # fmt: skip
"""Forms that leave letters and digits as they are: of these alone the squashed reading knows."""


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
