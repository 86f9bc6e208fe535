"""The view in which most disguises of punctuation, space and case are the same text."""

import string
from typing import Final

from ci_secrets.leaks.forms.torn.kept import Sieved

_ALPHANUMERIC: Final = (string.ascii_letters + string.digits).encode()
DROPPED: Final = bytes(byte for byte in range(0x80) if byte not in _ALPHANUMERIC)
"""Bytes of which nothing is left."""
_LOWER: Final = bytes(range(256)).lower()


def squash(text: bytes) -> bytes:
    """In lower case, and only letters, digits and bytes from 0x80 on."""
    if text.isalnum():
        return text.lower()  # NOTE: most spellings are nothing else, and there are many
    return text.translate(_LOWER, DROPPED)


class Squashed(Sieved):
    """A squashed text that knows where each of its bytes stood."""

    def __init__(self, text: bytes) -> None:
        super().__init__(text, DROPPED, _LOWER)
