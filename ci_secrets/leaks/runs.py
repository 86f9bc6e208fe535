"""Finds long runs of encoded text, which may hold anything packed."""

import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Final

from ci_secrets.leaks.literals import may_match

LONG_RUN: Final = 96
"""Letters of an encoding in one piece, from which any run is decoded. A SHA-512 has fewer."""
_ENCODED: Final = bytes(
    ord("x")
    if chr(byte).isascii() and (chr(byte).isalnum() or chr(byte) in "+/_=-")
    else byte
    if byte in b"\r\n"
    else ord(" ")
    for byte in range(256)
)
_SHAPES: Final = (b"x" * LONG_RUN, b"x" * 60 + b"\n" + b"x" * 20)
"""In one piece, and in lines of the usual widths."""
_PATTERNS: Final = (
    rb"[0-9A-Za-z+/_=-]{%d}" % LONG_RUN,
    rb"[0-9A-Za-z+/_=-]{60}\n[0-9A-Za-z+/_=-]{20}",
)
"""The same, as regular expressions."""
_LINES: Final = re.compile(rb"x+(?:\r?\n *x+)*")
_SIGNS: Final = bytes(set(range(256)) - set(b"_-=+"))
_MOST_SIGNS: Final = 10
"""One in so many letters of a run may be a sign: identifiers and rulers have more."""


def long_runs(text: bytes) -> Iterator[tuple[int, int]]:
    """Where they start and end: of `LONG_RUN` letters or more, or wrapped at 60 or more."""
    if not _gate()(text):
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


@cache
def _gate() -> Callable[[bytes], bool]:
    return may_match(_PATTERNS)


def _is_encoded(run: bytes) -> bool:
    """Whether it may be base64, base32 or hex: no path, ruler, or name of words."""
    if len(run.translate(None, _SIGNS)) * _MOST_SIGNS > len(run):
        return False
    return run.isupper() or run.lower() != run or _has_digits(run)


def _has_digits(run: bytes) -> bool:
    return sum(run.count(digit) for digit in (b"0", b"1", b"2", b"3")) * 16 > len(run)
