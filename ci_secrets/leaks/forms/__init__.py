"""The table of forms: what a value can look like in a log. Told to people in docs/forms.md.

A *form* turns bytes into its spellings; a *chain* of forms, read from the outside in, is a
disguise: `("base64", "json")` is base64 of a JSON string, `()` the plain value. To add a form is
to add a row to `FORMS`, its chains below and its line in docs/forms.md.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ci_secrets.leaks.forms import spellings

Chain = tuple[str, ...]
"""Ids of forms, from the outside in."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Form:
    """One way to disguise bytes."""

    words: str
    """For people: what the value looks like, after "as" or "of"."""
    spell: Callable[[bytes], Iterator[bytes]]
    """All spellings that are looked for, the commonest first; right for any neighbours."""
    nested: int = 3
    """How many of these are looked for inside another form."""
    alone: Callable[[bytes], Iterator[bytes]] | None = None
    """Spellings of a text that has no neighbours, where more of it can be told then."""


FORMS: Final[dict[str, Form]] = {
    "json": Form(words="a JSON string", spell=spellings.json_string, nested=2),
    "percent": Form(words="percent-encoding", spell=spellings.percent),
    "form": Form(words="web form encoding", spell=spellings.form),
    "base64": Form(words="base64", spell=spellings.base64_standard, alone=spellings.base64_alone),
    "hex": Form(words="hex", spell=spellings.hexadecimal),
    "base64url": Form(
        words="URL-safe base64", spell=spellings.base64_url, alone=spellings.base64_url_alone
    ),
}

SINGLE: Final[tuple[Chain, ...]] = ((), *((form,) for form in FORMS))
"""What is looked for of every part of a value, the likeliest first."""
WHOLE: Final[tuple[Chain, ...]] = (
    *SINGLE,
    ("base64", "json"),
    ("base64", "base64"),
    ("base64", "base64", "json"),
    ("base64url", "json"),
    ("base64url", "base64url"),
    ("base64", "base64url"),
    ("base64url", "base64"),
)
"""What is looked for of a whole value."""


def spell(chain: Chain, texts: Iterable[bytes]) -> Sequence[bytes]:
    """Every spelling of the texts in a disguise, without repeats, the commonest first."""
    spelled = alone = _distinct(texts)
    for depth, form in enumerate(reversed(chain), start=1):
        row = FORMS[form]
        keep = None if depth == len(chain) else row.nested
        spelled = [one for text in spelled for one in _distinct(row.spell(text))[:keep]]
        alone = _distinct(one for text in alone for one in (row.alone or row.spell)(text))
    return _distinct([*spelled, *alone])


def _distinct(texts: Iterable[bytes]) -> list[bytes]:
    return list(dict.fromkeys(texts))


def in_words(chain: Chain) -> str:
    """The disguise for people: `in clear`, `as base64 of a JSON string`."""
    if not chain:
        return "in clear"
    return "as " + " of ".join(FORMS[form].words for form in chain)
