"""The table of forms: what a value can look like in a log. Told to people in docs/forms.md.

A *form* turns bytes into its spellings; a *chain* of forms, read from the outside in, is a
disguise: `("base64", "json")` is base64 of a JSON string, `()` the plain value. To add a form is
to add a row to its family, its name to `_ORDER` and its line to docs/forms.md.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from ci_secrets.leaks.forms import (
    base64,
    base85,
    digits,
    dumps,
    escapes,
    json,
    letters,
    mail,
    packed,
    quoting,
    radix,
    torn,
    uuencode,
    web,
    wide,
)
from ci_secrets.leaks.forms.reading import Chain, Form

_FAMILIES: Final = (
    json,
    web,
    base64,
    digits,
    quoting,
    escapes,
    torn,
    mail,
    wide,
    dumps,
    packed,
    radix,
    base85,
    uuencode,
    letters,
)
"""The likeliest first."""

FORMS: Final[dict[str, Form]] = {
    name: form for family in _FAMILIES for name, form in family.FORMS.items()
} | {
    "partial": Form(words="a part"),
}

SPELLED: Final = tuple(name for name, form in FORMS.items() if form.spell)
SINGLE: Final[tuple[Chain, ...]] = ((), *((form,) for form in SPELLED))
"""What is looked for of every part of a value, the likeliest first."""
_TWICE: Final[tuple[tuple[str, str], ...]] = (
    # NOTE: from the outside in; the likeliest first
    *(("base64", inner) for inner in ("json", "percent", "base64", "hex", "utf-16", "deflate")),
    *(("base64url", inner) for inner in ("json", "base64url", "base64")),
    ("base64", "base64url"),
    *(("hex", inner) for inner in ("json", "base64", "utf-16", "deflate")),
    *(("base64", inner) for inner in ("reversed", "rot13", "cased", "base32")),
    *((outer, "base64") for outer in ("reversed", "rot13", "cased", "base32", "utf-16")),
    *((outer, "hex") for outer in ("reversed", "base32")),
    ("percent", "percent"),
    ("hex", "reversed"),
    ("reversed", "cased"),
    ("reversed", "rot13"),
)
WHOLE: Final[tuple[Chain, ...]] = (
    *SINGLE,
    *_TWICE,
    *(("base64", "base64", inner) for inner in ("json", "base64")),
    ("reversed", "base64", "hex"),
    ("base64", "utf-16", "base64"),
)
"""What is looked for of a whole value."""


def spell(chain: Chain, texts: Iterable[bytes]) -> Sequence[bytes]:
    """Every spelling of the texts in a disguise, without repeats, the commonest first."""
    spelled = alone = _distinct(texts)
    for depth, name in enumerate(reversed(chain), start=1):
        form = FORMS[name]
        assert form.spell is not None  # noqa: S101  # chains are made of these
        keep = None if depth == len(chain) else form.nested
        spelled = [one for text in spelled for one in _distinct(form.spell(text))[:keep]]
        alone = _distinct(one for text in alone for one in (form.alone or form.spell)(text))
    return _distinct([*spelled, *alone])


def _distinct(texts: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(texts))


def in_words(chain: Chain) -> str:
    """The disguise for people: `in clear`, `as base64 of a JSON string`."""
    if not chain:
        return "in clear"
    return "as " + " of ".join(FORMS[form].words for form in chain)
