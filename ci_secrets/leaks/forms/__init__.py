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
from ci_secrets.leaks.forms.reading import Chain, Form, Spell

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
    ("hex", "hex"),
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


class Speller:
    """Spells texts in disguises, and what several of these have in common only once."""

    def __init__(self, texts: Iterable[bytes]) -> None:
        texts = _distinct(texts)
        self._within: dict[Chain, tuple[list[bytes], list[bytes]]] = {(): (texts, texts)}
        self._spelled: dict[tuple[Spell, bytes], list[bytes]] = {}

    def spell(self, chain: Chain) -> Sequence[bytes]:
        """Every spelling of the texts in a disguise, without repeats, the commonest first."""
        if not chain:
            return self._within[()][0]
        form, (spelled, alone) = FORMS[chain[0]], self._inner(chain[1:])
        assert form.spell is not None  # noqa: S101  # chains are made of these
        every = self._each(form.spell, spelled) + self._each(form.alone or form.spell, alone)
        return _distinct(every)

    def _inner(self, chain: Chain) -> tuple[list[bytes], list[bytes]]:
        """What of a disguise is put in another: the commonest spellings, and those alone."""
        if chain not in self._within:
            form, (spelled, alone) = FORMS[chain[0]], self._inner(chain[1:])
            assert form.spell is not None  # noqa: S101  # chains are made of these
            self._within[chain] = (
                self._each(form.spell, spelled, form.nested),
                _distinct(self._each(form.alone or form.spell, alone)),
            )
        return self._within[chain]

    def _each(self, spell: Spell, texts: list[bytes], most: int | None = None) -> list[bytes]:
        """The first spellings of each text."""
        return [one for text in texts for one in self._once(spell, text)[:most]]

    def _once(self, spell: Spell, text: bytes) -> list[bytes]:
        key = spell, text
        if key not in self._spelled:
            self._spelled[key] = _distinct(spell(text))
        return self._spelled[key]


def _distinct(texts: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(texts))


def in_words(chain: Chain) -> str:
    """The disguise for people: `in clear`, `as base64 of a JSON string`."""
    if not chain:
        return "in clear"
    return "as " + " of ".join(FORMS[form].words for form in chain)
