"""Where a text shows numbers, by their shape alone: lists of bytes, and numbers of many digits.

What is below them may be packed, so that no hint of a value is in sight; and the digits of a
number of many bytes depend on all of them.
"""

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.digits_runs import ANY_DIGIT
from ci_secrets.leaks.later import Later
from ci_secrets.leaks.literals import may_match

_ROW: Final = 40
"""Bytes of the shortest row of numbers that is seen."""
_STRIDE: Final = 4
_SAMPLE: Final = b"x" * (_ROW // _STRIDE - 1)
_LIKE_NUMBERS: Final = b"0123456789 \t\r\n,:;'\"[](){}\\#-"
_SAMPLED: Final = bytes(ord("x") if byte in _LIKE_NUMBERS else ord(" ") for byte in range(256))
_DIGITS: Final = 28
"""Digits of the shortest number that is seen on its own."""
_GATES: Final = (b"[%b]{%d}" % (re.escape(_LIKE_NUMBERS), _ROW), b"[0-9]{%d}" % _DIGITS)
_EXACTLY: Final = re.compile(b"[%b]{%d,}+" % (re.escape(_LIKE_NUMBERS), _ROW))
"""The first matches wherever a row is, the second wherever a number of many digits is."""
_EITHER: Final = (b"[%b]{%d}" % (re.escape(_LIKE_NUMBERS), _DIGITS),)
"""This matches wherever one of them does, at half their cost."""
GATES: Final = Later(lambda: (may_match(_EITHER), may_match(_GATES)))
_FEWEST: Final = 7
"""Numbers of a list."""
_NO_DIGITS: Final = bytes(set(range(256)) - set(b"0123456789"))
_LIST: Final = re.compile(
    rb"(?<![0-9A-Za-z_.])(?:-?[0-9]{1,10}+(?![0-9A-Za-z_.])(?:[\s,:;'\"\[\](){}\\#]|-(?=\s)){1,40}+){%d,}"
    % _FEWEST
)
_LONG: Final = re.compile(rb"[0-9]++(?:\\?\r?\n[0-9]++)*+")
"""A number of binary digits may be wrapped, and `bc` wraps any."""
_TEXT: Final = re.compile(
    rb"(?<![0-9])(?:0*+(?:3[2-9]|[4-9][0-9]|[1-9][0-9]{2,}+)[^0-9]++"
    rb"(?:0*(?:[0-2]?[0-9]|3[01])[^0-9]++)?+){6}"
)
"""Numbers from 32 on, as text has them, and so has what is packed.

Between two of them one may be smaller, as in UTF-16 or where each has its index.
"""
_BITS: Final = re.compile(rb"(?:[01][^0-9]*+){%d}" % _DIGITS)


class Seen(NamedTuple):
    """Numbers at `[start, end)`."""

    start: int
    end: int
    single: bool
    """Whether it is one number of 28 digits or more, not a list of 7 numbers or more."""
    bits: bool
    """Whether it may be binary: many digits in a row are 0 or 1."""


def seen(text: bytes) -> Iterator[Seen]:
    """Wherever numbers are. Costs little where there are none."""
    either, gates = GATES.get()
    shapes = either(text) and gates(text)
    if 1 in shapes:
        for start, end in _singles(text):
            yield Seen(start, end, single=True, bits=is_binary(text[start:end]))
    if 0 in shapes:
        for start, end in _rows(text):
            if not _has_digits(text[start:end]):
                continue  # NOTE: most are the indentation of code
            row = _EXACTLY.search(text, start, end)
            if row and _has_digits(row.group()):
                for match in _LIST.finditer(text, start, end):
                    bits = is_binary(match.group())
                    if bits or _TEXT.search(match.group()):
                        yield Seen(*match.span(), single=False, bits=bits)


def _singles(text: bytes) -> Iterator[tuple[int, int]]:
    digits = text.translate(ANY_DIGIT)
    at = digits.find(b"0" * _DIGITS)
    while at >= 0:
        match = _LONG.match(text, at)
        assert match is not None  # noqa: S101  # a digit stands there
        yield at - text.startswith(b"-", max(0, at - 1)), match.end()
        at = digits.find(b"0" * _DIGITS, match.end())


def is_binary(shown: bytes) -> bool:
    """Whether many digits in a row are 0 or 1."""
    return _BITS.search(shown) is not None


def _has_digits(row: bytes) -> bool:
    return len(row.translate(None, _NO_DIGITS)) >= _FEWEST


def _rows(text: bytes) -> Iterator[tuple[int, int]]:
    """Rows of nothing but digits and what stands between numbers, by one byte in `_STRIDE`."""
    sampled = text[::_STRIDE].translate(_SAMPLED)
    at = sampled.find(_SAMPLE)
    while at >= 0:
        end = sampled.find(b" ", at)
        end = len(sampled) if end < 0 else end
        yield max(0, (at - 1) * _STRIDE + 1), min(len(text), end * _STRIDE)
        at = sampled.find(_SAMPLE, end)
