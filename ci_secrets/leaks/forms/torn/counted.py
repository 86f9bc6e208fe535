"""Characters with their places before them, for streams: there a place looks like a character."""

from collections.abc import Iterator
from itertools import chain

from ci_secrets.leaks.forms.reading import as_text


def counted(text: bytes) -> Iterator[bytes]:
    """As lists and objects are shown, `'0': 'a', '1': 'b'`, and counted from 1."""
    characters = as_text(text)
    cells = "', '".join(["%d': '%s"] * len(characters))
    for first in (0, 1):
        pairs = enumerate(characters, start=first)
        yield (cells % tuple(chain.from_iterable(pairs))).encode()
