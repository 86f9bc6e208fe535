"""Finds many literals in one pass. Two implementations, which find the same (held by a test)."""

import re
from collections.abc import Callable, Sequence
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
    "ahocorasick_rs": "ci_secrets.leaks.literals.ahocorasick",
}
"""Package → module with `compile_literals`; the first that is installed is taken."""


def may_match(patterns: Sequence[bytes]) -> Callable[[bytes], frozenset[int]]:
    """Which of these regular expressions may match in a text; that one does not is sure."""
    if not find_spec("hyperscan"):
        every = frozenset(range(len(patterns)))
        return lambda _text: every
    chosen: Callable[[Sequence[bytes]], Callable[[bytes], frozenset[int]]] = import_module(
        BACKENDS["hyperscan"]
    ).compile_patterns
    return chosen(patterns)


def ends_of(patterns: Sequence[bytes]) -> Callable[[bytes], list[int]]:
    """Where one of these regular expressions ends, in order; of one place some or all ends."""
    if not find_spec("hyperscan"):
        either = re.compile(b"|".join(b"(?:%b)" % pattern for pattern in patterns))
        return lambda text: [match.end() for match in either.finditer(text)]
    chosen: Callable[[Sequence[bytes]], Callable[[bytes], list[int]]] = import_module(
        BACKENDS["hyperscan"]
    ).compile_ends
    return chosen(patterns)


def compile_literals(literals: Sequence[bytes], *, caseless: bool = False) -> Literals:
    """Make literals, none of them empty, ready; `caseless` compares ASCII letters in any case."""
    for package, module in BACKENDS.items():
        if find_spec(package):
            chosen: Compile = import_module(module).compile_literals
            return chosen(literals, caseless)
    raise ModuleNotFoundError(f"none of {', '.join(BACKENDS)} is installed")
