"""Which lines of a value are looked for on their own."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.stop import (
    is_armour,
    is_plain_setting,
    is_published,
    is_reference,
    is_stop_value,
)
from ci_secrets.leaks.parts.keys import JWK_PUBLIC, Says
from ci_secrets.leaks.parts.numbers import decoded, secret_bytes
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
_JWK: Final = re.compile(rb'"kty"\s{0,4}:')
_MEMBER: Final = re.compile(rb'"([\w#]{1,10})"\s{0,4}:.*')
_PUTTY: Final = re.compile(rb"Public-Lines: (\d{1,4})")
"""How many lines of a key of PuTTY come next, which make up its public key."""
_MIN_SECRET: Final = 6
"""Bytes of the secrets of a key that a line of its body holds to be looked for on its own."""
_BITS: Final = 6
"""Of a letter of base64."""


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
        for number, wordy in _worth(lines[:MAX_READ], public=_is_public(text))
    ]
    return Lines(
        worth=tuple(worth[:MAX_LINES]),
        left_out=sum(bool(line) and not is_armour(line) for line in lines[:MAX_READ]) - len(worth),
        unread=len(worth) > MAX_LINES or len(lines) > MAX_READ,
    )


def others_of(text: bytes) -> list[bytes]:
    """The lines that are not looked for on their own though they may be secret: short ones, words.

    Those that are looked for as well, and all of a private key; but none that is empty, or public
    by its place or its name. Of a text of one line that line.
    """
    if len(_NEWLINE.split(text.strip(), maxsplit=1)) == 1:
        return [line] if (line := text.strip()) else []
    lines = [line.strip() for line in _NEWLINE.split(text, maxsplit=MAX_READ)][:MAX_READ]
    public = set(_public_lines(lines))
    for label, body in _bodies(lines):
        if b"PRIVATE" not in label:
            public.update(body)
    return [
        line
        for number, line in enumerate(lines, start=1)
        if line and number not in public and not is_armour(line) and not _is_plain(line)
    ]


def _is_public(text: bytes) -> bool:
    """Whether a text is a certificate or the like and nothing else, declared a secret as it is."""
    return text.lstrip().startswith(b"-----BEGIN ") and not _PRIVATE.search(text)


def _worth(lines: Sequence[bytes], *, public: bool) -> Iterator[tuple[int, bool]]:
    """The numbers of the lines that count, and whether each is words."""
    bodies, secret = _by_place(lines, public=public)
    for number, line in enumerate(lines, start=1):
        if number in bodies:
            if number in secret:
                yield number, False
        elif len(line) >= MIN_LINE and not is_stop_value(line):
            wordy = _wordiness(line)
            if wordy is not None:
                yield number, wordy


def _by_place(lines: Sequence[bytes], *, public: bool) -> tuple[set[int], set[int]]:
    """The numbers of the lines in blocks of keys and the like, and which of these are secret."""
    bodies = set(_public_lines(lines))
    secret: set[int] = set()
    for label, body in _bodies(lines):
        bodies.update(body)
        if b"PRIVATE" in label:
            secret.update(_secret_lines(lines, body, pgp=b"PGP" in label))
        elif public:
            secret.update(number for number in body if len(lines[number - 1]) >= MIN_LINE)
        # NOTE: servers print the certificates that stand next to secrets in many files
    return bodies, secret


def _public_lines(lines: Sequence[bytes]) -> Iterator[int]:
    """The numbers of those with what is public of a JSON Web Key, or of a key of PuTTY."""
    is_jwk = any(map(_JWK.search, lines))
    is_putty = any(line.startswith(b"PuTTY-User-Key-File-") for line in lines)
    for number, line in enumerate(lines, start=1):
        if is_putty and (count := _PUTTY.fullmatch(line)):
            yield from range(number + 1, number + 1 + int(count[1]))
        elif is_jwk and (member := _MEMBER.fullmatch(line)) and member[1].decode() in JWK_PUBLIC:
            yield number


def _bodies(lines: Sequence[bytes]) -> Iterator[tuple[bytes, list[int]]]:
    """The label of each PEM block, and the numbers of the lines of its body.

    A key may stand there in base64 without armour, too.
    """
    bare = [number for number, line in enumerate(lines, start=1) if line]
    if all(map(_BODY.fullmatch, filter(None, lines))) and secret_bytes(_joined(lines, bare)):
        yield b"PRIVATE KEY", bare
        return
    label, body = b"", list[int]()
    for number, line in enumerate(lines, start=1):
        if begin := _BEGIN.fullmatch(line):
            yield label, body
            label, body = begin[1], []
        elif is_armour(line):
            yield label, body
            label, body = b"", []
        elif label and _BODY.fullmatch(line):
            body.append(number)
    yield label, body


def _secret_lines(lines: Sequence[bytes], body: Sequence[int], *, pgp: bool) -> Iterator[int]:
    """The numbers of those that hold enough of what is secret in a private key.

    The other lines stand as they are in the public key, a certificate, or any key of the kind.
    """
    key = _joined(lines, body)
    secrets = secret_bytes(key, pgp=pgp) or [(0, len(key))]
    start = 0
    for number in body:
        end = start + _BITS * len(lines[number - 1].rstrip(b"="))
        held = sum(max(0, min(end, 8 * last) - max(start, 8 * first)) for first, last in secrets)
        if held >= 8 * _MIN_SECRET:
            yield number
        start = end


def _joined(lines: Sequence[bytes], body: Sequence[int]) -> bytes:
    """What those lines are base64 of."""
    return decoded(b"".join(lines[number - 1] for number in body))


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
    if _is_published(text, meaning, value):
        return None
    if meaning == "secret" and not is_stop_value(value.encode()):
        long = len(value.encode()) >= MIN_LINE
        if long or (len(value) >= _MIN_SETTING and not is_wordy(value)):
            return wordy
    # NOTE: a runner would obey it wherever the line came from, so no log has it by chance
    return None if wordy and not _COMMAND.match(line) else False


def _is_published(text: str, meaning: Says, value: str) -> bool:
    """Whether a line is no secret because of what it sets, and to which value."""
    if meaning == "plain" or is_reference(value):
        return True
    return meaning != "secret" and (is_published(value) or is_published(text))


def _is_plain(line: bytes) -> bool:
    """Whether a line is syntax, or sets what is no secret."""
    text = line.decode("utf-8", "replace")
    meaning, value = setting(text)
    if _is_published(text, meaning, value):
        return True
    return meaning != "secret" and is_plain_setting(line)
