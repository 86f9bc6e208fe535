"""Literals by Aho-Corasick in C: ready in a moment, some 30 MB/s whatever their number."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

import ahocorasick

from ci_secrets.leaks.literals import Literals, Nothing


class _Automaton:
    def __init__(self, literals: Sequence[bytes], caseless: bool) -> None:
        self._caseless = caseless
        indices: defaultdict[str, list[int]] = defaultdict(list)
        for index, literal in enumerate(literals):
            indices[self._read(literal)].append(index)
        self._automaton = ahocorasick.Automaton(ahocorasick.STORE_ANY)
        for word, equal in indices.items():
            self._automaton.add_word(word, equal)
        self._automaton.make_automaton()

    def find(self, text: bytes, most: int | None = None) -> list[tuple[int, int]]:
        places = self._automaton.iter(self._read(text))
        return list(islice(((index, at + 1) for at, equal in places for index in equal), most))

    def _read(self, text: bytes) -> str:
        """A character for each byte: the package is built for `str`."""
        return (text.lower() if self._caseless else text).decode("latin-1")


def compile_literals(literals: Sequence[bytes], caseless: bool) -> Literals:
    """See `ci_secrets.leaks.literals`."""
    return _Automaton(literals, caseless) if literals else Nothing()
