"""Builds HTML in which a foreign text can be nothing but text."""

from typing import Final

from ci_secrets.leaks.formats.words import EXCERPT
from ci_secrets.text import html

_VOID: Final = frozenset({"meta"})


class Markup(str):
    """HTML that was built here; every other `str` is foreign."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: str) -> Markup:
    """An element; `class_` is the attribute `class`. Content that is no `Markup` is shown as is."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html(value, EXCERPT)}"' if value else f" {key}"
        for key, value in attributes.items()
    )
    if name in _VOID:
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{joined(*content)}</{name}>")


def joined(*content: str) -> Markup:
    """Pieces side by side."""
    return Markup("".join(it if isinstance(it, Markup) else html(it, EXCERPT) for it in content))


def style(css: str) -> Markup:
    """A style sheet of ours, as it stands."""
    return Markup(f"<style>\n{css}</style>")
