"""Which spellings are sure enough to be looked for torn apart: long ones, and random ones."""

import re
from typing import Final

from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.forms.torn.squash import DROPPED, squash
from ci_secrets.leaks.parts.words import is_wordy, may_be_words

MIN_LONG: Final = 16
"""Letters and digits of any spelling."""
MIN_RANDOM: Final = 8
"""The same where it is random: other text has no such letters in a row, however it is read."""
_NUMBER: Final = re.compile(rb"[0-9a-f]+")
_MARKS: Final = re.compile(rb"[0-9A-Za-z\x80-\xff\s.,:;/_|+*~=#&-]+")
_ROW: Final = re.compile(rb"[0-9A-Za-z](?:[^0-9A-Za-z]+[0-9A-Za-z])+")
"""Characters, each on its own."""


def is_sure(pattern: bytes, form: Chain, *, wordy: bool) -> bool:
    """Whether nothing but a value has these letters and digits, with anything between them.

    Others, such as `letmein1`, `4f1e9a2b` or `10203045`, stand in any log by chance: `let me in 1`,
    `4f/1e9a2b`, `1.0.2.0.3.0.4.5`. `wordy` says that the value is words.
    """
    letters = squash(pattern)
    if len(letters) >= MIN_LONG:
        return True
    if len(letters) < MIN_RANDOM or wordy or (_NUMBER.fullmatch(letters) and "hex" not in form):
        return False
    if form == ("cased",):  # NOTE: the plain spelling has the same letters, and its case tells
        return False
    cased = pattern.translate(None, DROPPED)
    return not (is_wordy(_text(letters)) or may_be_words(_text(cased)))


def is_by_chance(there: bytes, pattern: bytes, form: Chain, *, wordy: bool) -> bool:
    """Whether a spelling that was torn apart is not sure to be meant where it stands.

    It is meant where the pieces are strings, or have prefixes, and where it is spelled out.
    """
    if is_sure(pattern, form, wordy=wordy) or not _MARKS.fullmatch(there):
        return False
    letters, meant = squash(there), squash(pattern)
    spelled_out = _ROW.fullmatch(there) is not None and not letters.isdigit()
    return letters in (meant, meant[::-1]) and not spelled_out


def _text(some: bytes) -> str:
    return some.decode("utf-8", "replace")
