"""Literals by Hyperscan (Vectorscan): 1 to 3 GB/s a core for thousands of them."""

import contextlib
import threading
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Final

import hyperscan

from ci_secrets.leaks.literals import Literals, Nothing

_LONG: Final = 8
"""Bytes of which its search for literals makes use."""
_MANY: Final = 1_000
"""From so many long ones on, short ones among them cost more than a second pass over the text."""
_VERY_MANY: Final = 10_000
"""From so many long ones on its tables outgrow the fastest cache, and two passes cost less: for
those of letters and digits alone, and for all others."""


class _Database:
    def __init__(self, expressions: Sequence[bytes], flags: int) -> None:
        self._database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        self._database.compile(
            expressions=expressions,
            ids=list(range(len(expressions))),
            elements=len(expressions),
            flags=flags,
        )
        # NOTE: it lets go of the interpreter's lock, and two threads may not share a scratch
        self._local = threading.local()

    def find(self, text: bytes, most: int | None = None) -> list[tuple[int, int]]:
        found: list[tuple[int, int]] = []

        def note(index: int, _from: int, end: int, _flags: int, _context: object) -> bool:
            found.append((index, end))
            return len(found) == most  # NOTE: true ends the search

        if not hasattr(self._local, "scratch"):
            self._local.scratch = hyperscan.Scratch(self._database)
        with contextlib.suppress(hyperscan.ScanTerminated):
            self._database.scan(text, match_event_handler=note, scratch=self._local.scratch)
        return found


class _Apart:
    """Literals in several databases: see `_groups`."""

    def __init__(self, databases: Sequence[tuple[Sequence[int], _Database]]) -> None:
        self._databases = databases

    def find(self, text: bytes, most: int | None = None) -> list[tuple[int, int]]:
        found = [
            (indices[at], end)
            for indices, database in self._databases
            for at, end in database.find(text, most)
        ]
        found.sort(key=itemgetter(1))
        return found[:most]


def _expression(literal: bytes) -> bytes:
    """A regular expression for it: no byte is special, and none is NUL, which would end it."""
    if literal.isalnum():
        return literal  # NOTE: short ones are compiled faster
    return ("\\x" + literal.hex(" ").replace(" ", "\\x")).encode()


def compile_literals(literals: Sequence[bytes], caseless: bool) -> Literals:
    """See `ci_secrets.leaks.literals`."""
    if not literals:
        return Nothing()
    flags = hyperscan.HS_FLAG_CASELESS if caseless else 0
    databases = [
        (indices, _Database([_expression(literals[index]) for index in indices], flags))
        for indices in _groups(literals)
    ]
    return _Apart(databases) if len(databases) > 1 else databases[0][1]


def _groups(literals: Sequence[bytes]) -> list[list[int]]:
    """Those that are found together: see `_MANY` and `_VERY_MANY`."""
    long = sum(len(literal) >= _LONG for literal in literals)
    groups: dict[tuple[bool, bool], list[int]] = {}
    for index, literal in enumerate(literals):
        is_short = long >= _MANY and len(literal) < _LONG
        is_apart = long >= _VERY_MANY and not is_short and literal.isalnum()
        groups.setdefault((is_short, is_apart), []).append(index)
    return list(groups.values())


def compile_patterns(patterns: Sequence[bytes]) -> Callable[[bytes], frozenset[int]]:
    """Which of the patterns match anywhere in a text."""
    database = _Database(patterns, hyperscan.HS_FLAG_SINGLEMATCH)
    return lambda text: frozenset(index for index, _ in database.find(text, len(patterns)))


def compile_ends(patterns: Sequence[bytes]) -> Callable[[bytes], list[tuple[int, int]]]:
    """Where the patterns end, and which."""
    return _Database(patterns, 0).find
