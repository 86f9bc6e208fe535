"""Which lines of a value are looked for on their own."""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.stop import is_armour, is_reference, is_stop_value
from ci_secrets.leaks.parts.settings import setting
from ci_secrets.leaks.parts.words import is_wordy

MIN_LINE: Final = 8
"""Bytes of a line, without surrounding white space, to be looked for on its own."""
MAX_LINES: Final = 4096
"""Lines of one value that are looked for on their own."""
MAX_READ: Final = 16 * MAX_LINES
"""Lines of one value that are judged."""
_MIN_SETTING: Final = 4
"""Characters of a password from which the line that sets it is worth looking for."""

_NEWLINE: Final = re.compile(rb"\r\n|\r|\n")
_PRIVATE: Final = re.compile(rb"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY")
_BEGIN: Final = re.compile(rb"-----BEGIN ([A-Z0-9 ]{1,60})-----")
_BODY: Final = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
# NOTE: magic, no cipher, one key: how all unencrypted keys of OpenSSH begin; their first line of
# 70 characters says no more than this and the kind and the size of the key.
# Source: openssh-portable PROTOCOL.key.
_OPENSSH: Final = b"b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAA"
_COMMENT: Final = re.compile(
    rb"[\x20-\x7e]*(?:\x01(?:\x02(?:\x03(?:\x04(?:\x05(?:\x06\x07?)?)?)?)?)?)?\Z"
)
_MIN_OWN: Final = 6
"""Bytes of a line that belong to this key and to no other."""


class Line(NamedTuple):
    """A line that is looked for on its own, without the white space around it."""

    number: int
    text: bytes
    wordy: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Lines:
    """What the lines of a value come to."""

    worth: tuple[Line, ...] = ()
    left_out: int = 0
    """Lines that are short, or words, or public, so that only the whole is looked for."""
    unread: bool = False
    """Whether there are more lines than are looked for."""


def lines_of(text: bytes) -> Lines:
    """The lines of `text`, numbered from 1; none for a text that is but one line."""
    if len(_NEWLINE.split(text.strip(), maxsplit=1)) == 1:
        return Lines()
    lines = [line.strip() for line in _NEWLINE.split(text, maxsplit=MAX_READ)]
    worth = [
        Line(number, lines[number - 1], wordy)
        for number, wordy in _worth(lines[:MAX_READ], private=bool(_PRIVATE.search(text)))
    ]
    return Lines(
        worth=tuple(worth[:MAX_LINES]),
        left_out=sum(bool(line) and not is_armour(line) for line in lines[:MAX_READ]) - len(worth),
        unread=len(worth) > MAX_LINES or len(lines) > MAX_READ,
    )


def _worth(lines: Sequence[bytes], *, private: bool) -> Iterator[tuple[int, bool]]:
    """The numbers of the lines that count, and whether each is words."""
    block = b""
    for number, line in enumerate(lines, start=1):
        if begin := _BEGIN.fullmatch(line):
            block = begin[1]
        elif is_armour(line):
            block = b""
        elif block and _BODY.fullmatch(line):
            # NOTE: servers print the certificates that stand next to a private key in many files
            if (b"PRIVATE" in block or not private) and _is_own(lines, number, block):
                yield number, False
        elif len(line) >= MIN_LINE and not is_stop_value(line):
            wordy = _wordiness(line)
            if wordy is not None:
                yield number, wordy


def _is_own(lines: Sequence[bytes], number: int, block: bytes) -> bool:
    """Whether a line of a PEM body says something that no other key of its kind says too."""
    line = lines[number - 1]
    if len(line) < MIN_LINE:
        return False
    if not block.startswith(b"OPENSSH"):
        return True
    if line.startswith(_OPENSSH):
        return len(line) > 76  # more than one line as ssh-keygen writes them
    if number < len(lines) and is_armour(lines[number]):
        return _without_comment(lines[:number]) >= _MIN_OWN
    return True


def _without_comment(lines: Sequence[bytes]) -> int:
    """Bytes in the last line of an OpenSSH key that stand before its comment and its padding."""
    start = max(number for number, line in enumerate(lines) if _BEGIN.fullmatch(line)) + 1
    before = sum(map(len, lines[start:-1])) * 3 // 4
    try:
        key = base64.b64decode(b"".join(lines[start:]))
    except binascii.Error:
        return len(lines[-1])
    comment = _COMMENT.search(key, max(0, len(key) - len(lines[-1]) - 64))
    return (comment.start() if comment else len(key)) - before


_COMMAND: Final = re.compile(rb"\s*(?:::[a-zA-Z-]+[ :]|##(?:\[|vso\[))")
"""A command to a CI system."""


def _wordiness(line: bytes) -> bool | None:
    """Whether a line is words; `None` where it is not worth looking for because of it.

    A line that sets a password counts although the password is words; a line that sets what is
    no secret by its name does not count.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        return False
    meaning, value = setting(text)
    wordy = is_wordy(text)
    if meaning == "plain" or is_reference(value):
        return None
    if meaning == "secret" and not is_stop_value(value.encode()):
        long = len(value.encode()) >= MIN_LINE
        if long or (len(value) >= _MIN_SETTING and not is_wordy(value)):
            return wordy
    # NOTE: a runner would obey it wherever the line came from, so no log has it by chance
    return None if wordy and not _COMMAND.match(line) else False
