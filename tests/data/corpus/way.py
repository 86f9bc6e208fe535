"""What a way of printing a value is, and what comes of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.data.values import KINDS

ALL: Final = tuple(KINDS)
LINE: Final = ("token", "cloud", "password", "short", "nonascii")
"""Kinds of a single line."""
ASCII: Final = tuple(kind for kind in ALL if kind != "nonascii")
LONG: Final = ("token", "cloud", "password", "nonascii")
"""Kinds of a single line and of sixteen or more characters: parts of those are findings too."""

MANY_LINES: Final = "a value of many lines does not go through it"
TOO_SHORT: Final = "parts are looked for of single lines of sixteen or more characters"
OF_JSON: Final = "it takes a JSON document apart"
OF_PEM: Final = "it takes a PEM key apart"


@dataclass(frozen=True, kw_only=True, slots=True)
class Shell:
    """A command line of bash: the value is its input, `$V` (a file) and `$SUBJECT`."""

    command: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Python:
    """A function of Python; `by_rule` where it spells what another tool would print."""

    function: Callable[[str], str | bytes]
    by_rule: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Program:
    """One of the ways of a program under `programs/`, which prints all values in one run."""

    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way in which an ordinary tool prints a value."""

    name: str
    words: str
    """What prints it, for people."""
    how: Shell | Python | Program
    kinds: tuple[str, ...] = ALL
    why: str = ""
    """Why not the other kinds."""
    needs: tuple[str, ...] = ()
    """Commands that have to be installed."""
    alone: bool = False
    """The value is printed as it is: other text inside would not be this way any more."""
    outside: bool = True
    """Other text may stand directly beside what is printed, where that is a single line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One value, printed in one way, among ordinary lines of a log."""

    way: str
    kind: str
    text: bytes
    printed: bytes
    """The part of the text that a tool printed."""
    needs: tuple[str, ...]
