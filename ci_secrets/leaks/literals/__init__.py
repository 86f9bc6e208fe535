"""Finds many literals in one pass. Its implementations find the same (held by a test)."""

import re
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import Final, Protocol


class Literals(Protocol):
    """Literals that are ready to be looked for. Immutable."""

    def find(self, text: bytes, most: int | None = None) -> list[tuple[int, int]]:
        """Where they end: `(index, end)`, overlapping ones too, ordered by end.

        At most `most` of them, where that is given, which then are the first.
        """


class Nothing:
    """No literals at all."""

    def find(self, text: bytes, most: int | None = None) -> list[tuple[int, int]]:
        """Never anything."""
        return []


Compile = Callable[[Sequence[bytes], bool], Literals]

BACKENDS: Final[dict[str, str]] = {
    "hyperscan": "ci_secrets.leaks.literals.hyperscan",
    "ahocorasick_rs": "ci_secrets.leaks.literals.ahocorasick_rs",
}
"""Package → module with `compile_literals`; the first that is installed is taken."""
AT_ONCE: Final[dict[str, str]] = {"ahocorasick": "ci_secrets.leaks.literals.pyahocorasick"}
"""The same for what is ready sooner, and slower then."""
_WORTH: Final = 500
"""Bytes for each literal, in whose reading the latter loses what the former takes to be made."""


def may_match(patterns: Sequence[bytes]) -> Callable[[bytes], frozenset[int]]:
    """Which of these regular expressions may match in a text; that one does not is sure."""
    if not find_spec("hyperscan"):
        every = frozenset(range(len(patterns)))
        return lambda _text: every
    chosen: Callable[[Sequence[bytes]], Callable[[bytes], frozenset[int]]] = import_module(
        BACKENDS["hyperscan"]
    ).compile_patterns
    return chosen(patterns)


def ends_of(patterns: Sequence[bytes]) -> Callable[[bytes], list[tuple[int, int]]]:
    """Where these regular expressions end: `(index, end)`; of one place some or all ends."""
    if not find_spec("hyperscan"):
        every = [re.compile(pattern) for pattern in patterns]
        return lambda text: [
            (index, match.end())
            for index, pattern in enumerate(every)
            for match in pattern.finditer(text)
        ]
    chosen: Callable[[Sequence[bytes]], Callable[[bytes], list[tuple[int, int]]]] = import_module(
        BACKENDS["hyperscan"]
    ).compile_ends
    return chosen(patterns)


def compile_literals(literals: Sequence[bytes], *, caseless: bool = False) -> Literals:
    """Make literals, none of them empty, ready; `caseless` compares ASCII letters in any case."""
    chosen = _first_of(BACKENDS)
    if chosen is None:
        raise ModuleNotFoundError(f"none of {', '.join(BACKENDS)} is installed")
    return chosen(literals, caseless)


class Growing:
    """Literals that are ready at once, and made fast when much text comes.

    To make thousands of them fast takes longer than to read a usual log.
    """

    def __init__(self, literals: Sequence[bytes], *, caseless: bool = False) -> None:
        self._make_fast = partial(compile_literals, literals, caseless=caseless)
        at_once = _first_of(AT_ONCE)
        self._literals = at_once(literals, caseless) if at_once else self._make_fast()
        self._left = _WORTH * len(literals) if at_once else sys.maxsize
        """Bytes that are read before they are made fast."""

    def find(self, text: bytes, most: int | None = None) -> list[tuple[int, int]]:
        """See `Literals`."""
        self.expect(len(text))
        self._left -= len(text)
        return self._literals.find(text, most)

    def expect(self, size: int) -> None:
        """So many bytes will come."""
        if size > self._left:
            self._literals, self._left = self._make_fast(), sys.maxsize


def _first_of(packages: Mapping[str, str]) -> Compile | None:
    for package, module in packages.items():
        if find_spec(package):
            chosen: Compile = import_module(module).compile_literals
            return chosen
    return None
