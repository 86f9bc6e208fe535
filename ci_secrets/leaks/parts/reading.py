"""What a reader of structured values gives: their fields, each with its place and its name."""

import re
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from ci_secrets.leaks.parts.words import is_wordy

MAX_DEPTH: Final = 20
"""Of nested mappings and sequences that are read."""


class Field(NamedTuple):
    """One text inside a structured value."""

    step: str
    """How its place is told below that of the value: `.db.password`, `.hosts[0]`."""
    key: str
    """The name that says what it is, empty to go by that of the value it stands in."""
    text: str | None
    """`None` for a part of the value that is nested too deep to be read."""


Reader = Callable[[str, str], Sequence[Field]]
"""(text, the key it stands under) → its fields, none where it is not of the reader's kind.

Linear in the text, and never raises.
"""

_SHOWN: Final = re.compile(r"[A-Za-z0-9_$@/.-]{1,64}")
_NO_SECRET: Final = 6
"""Characters below which a key cannot be a secret."""


def step(key: str, number: int) -> str:
    """The place below a mapping's: the key, or `#2` for the second where it may be a secret."""
    shown = key.replace(" ", "_")
    if _SHOWN.fullmatch(shown) and (len(key) < _NO_SECRET or is_wordy(key)):
        return f".{shown}"
    return f".#{number}"
