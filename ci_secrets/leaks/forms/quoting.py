"""Quoting: what shells, SQL, CSV, YAML and templates put beside a character to take it as it is."""

import re
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.forms.escapes import BYTES
from ci_secrets.leaks.forms.reading import Form, Rewriting, in_place


def _doubled(mark: bytes) -> Rewriting:
    twice = re.escape(mark + mark)
    return Rewriting(twice, twice, lambda _: mark)


def _half(match: re.Match[bytes]) -> bytes:
    return match[0][len(match[0]) // 2 :]


def _c_quotes(match: re.Match[bytes]) -> bytes:
    return re.sub(BYTES.pattern, BYTES.replace, match[1])


_GOES_ON: Final = rb"['\"][ \t]{0,9}[+.\\]?\r?\n[ \t]{0,99}(?:[+.] ?)?[bru]?['\"]"

_READ: Final = in_place(
    # NOTE: bash, zsh and jq write `'\''` for a quote between quotes, dash and Python `'"'"'`; at
    # the beginning or end of a word, an outer quote may be missing
    Rewriting(rb"\\'", rb"'?\\''?", lambda _: b"'"),
    Rewriting(rb"'\"'", rb"'\"('+)\"(?:'|(?=\s|\Z))", lambda match: match[1]),
    # NOTE: `ls` and zsh write what is no text between quotes of its own
    Rewriting(rb"\$'\\", rb"'?\$'((?:\\(?:[0-7]{3}|[^0-9]))+)''?", _c_quotes),
    # NOTE: a string that goes on in the next line, of Python, C, JavaScript, Java, Go
    Rewriting(_GOES_ON, _GOES_ON, lambda _: b""),
    _doubled(b"'"),  # SQL, YAML, PowerShell
    _doubled(b'"'),  # CSV, Basic, cmd
    _doubled(b"$"),  # docker compose, make
    _doubled(b"%"),  # cmd, printf, systemd
    # NOTE: arguments of Windows programs: a backslash stands for itself but before a quote
    Rewriting(rb'\\"', rb'(?<!\\)\\+"', _half),
)


def quoted(text: bytes) -> Iterator[bytes]:
    """Between quotes of a shell, with quotes or signs doubled, or behind backslashes.

    Nothing where that is the text itself.
    """
    for spelled in (
        _between_quotes(text, text.replace(b"'", rb"'\''")),
        _between_quotes(text, text.replace(b"'", b"'\"'\"'")),
        _between_quotes(text, re.sub(rb"'+", rb"""'"\g<0>"'""", text)),
        *(text.replace(mark, mark + mark) for mark in (b"'", b'"', b"$", b"%")),
        re.sub(rb'(\\*)"', rb'\1\1\\"', text),
    ):
        if spelled != text:
            yield spelled


def _between_quotes(text: bytes, spelled: bytes) -> bytes:
    """Without the outermost quotes, which are not written at the beginning or end of a word."""
    start = text.startswith(b"'")
    return spelled[start : len(spelled) - text.endswith(b"'")]


FORMS: Final[dict[str, Form]] = {
    "quoted": Form(words="quoted text", spell=quoted, nested=2, read=_READ),
}
