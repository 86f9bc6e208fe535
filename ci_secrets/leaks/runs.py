"""Finds long runs of encoded text, which may hold anything packed."""

import re
import string
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.later import Later
from ci_secrets.leaks.literals import may_match

LONG_RUN: Final = 100
"""Letters of an encoding from which any run is decoded. `sha512-` and its base64 have 95."""
_ENCODED: Final = bytes(
    ord("x")
    if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/_=-")
    else byte
    if byte in b"\r\n"
    else ord(" ")
    for byte in range(256)
)
_SHAPES: Final = (
    b"x" * LONG_RUN,
    b"x" * 60 + b"\n" + b"x" * (LONG_RUN - 60),
    b"x" * 76 + b"\n" + b"x" * (LONG_RUN - 76),
)
"""In one piece, and in lines of the usual widths."""
_ANY: Final = rb"[0-9A-Za-z+/_=\r\n-]{%d}" % LONG_RUN
GATE: Final = Later(lambda: may_match([_ANY]))
"""This matches wherever one of them is."""
_LINES: Final = re.compile(rb"x+(?:\r?\n *x+)*")
_KINDS: Final = tuple(
    letters.encode() for letters in (string.ascii_lowercase, string.ascii_uppercase, string.digits)
)
_KINDS_OF_LETTERS: Final = 6
"""Different ones that the shortest run has: `aaaa…` says nothing."""
_HEX: Final = re.compile(rb"[0-9a-f]{129}|[0-9A-F]{129}")
"""More digits than a SHA-512 has."""
_BASE32: Final = re.compile(rb"[A-Z2-7]{96}")


def long_runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Where they start and end: of `LONG_RUN` letters or more, or wrapped at 60 or more."""
    if not GATE.get()(text):
        return
    classes = text.translate(_ENCODED)
    for shape in _SHAPES:
        at = classes.find(shape)
        while at >= 0:
            match = _LINES.match(classes, at)
            end = match.end() if match else at + len(shape)
            if _is_encoded(text[at:end]):
                yield at, end
            at = classes.find(shape, end)


def _is_encoded(run: bytes) -> bool:
    """Whether it may be base64, base32 or hex: no path, ruler, digest or name of words."""
    letters = run.translate(None, b"\r\n ")
    size = len(letters)
    if len(set(letters[:LONG_RUN])) < _KINDS_OF_LETTERS:
        return False
    lower, upper, digits = (size - len(letters.translate(None, of)) for of in _KINDS)
    signs = size - lower - upper - digits
    # NOTE: of random base64 41 % are lower case, 41 % upper, 16 % digits, 3 % signs; of a dump in
    # base64 as little as 2 % are digits
    if 6 * min(lower, upper) >= size and 50 * digits >= size and 8 * signs <= size:
        return True
    return _HEX.search(letters) is not None or _BASE32.search(letters) is not None
