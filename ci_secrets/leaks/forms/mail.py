"""What mail makes of text: quoted-printable, and encoded words in headers."""

import binascii
import re
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.forms import by_tools
from ci_secrets.leaks.forms.reading import (
    Form,
    Rewriting,
    in_place,
    left_alone,
    spelled_out,
    together,
)


def quoted_printable(text: bytes) -> Iterator[bytes]:
    """RFC 2045 §6.7 on one line; then as RFC 2047 §4.2 has it in a header, `_` for a space."""
    yield re.sub(rb"[^ -<>-~\t\r\n]", _number, text)
    yield re.sub(rb"[^0-9A-Za-z!*+/ -]", _number, text).replace(b" ", b"_")


def _number(match: re.Match[bytes]) -> bytes:
    return b"=%02X" % match[0][0]


def _byte(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 16)]) if match[1] else b""


def _word(match: re.Match[bytes]) -> bytes:
    """An encoded word in UTF-8; as it is where it cannot be read."""
    charset, how, payload = match.groups()  # NOTE: RFC 2231 §5: the charset may tell a language
    try:
        if how in b"bB":
            data = binascii.a2b_base64(payload + b"==")
        else:
            data = binascii.a2b_qp(payload, header=True)
        return data.decode(charset.split(b"*")[0].decode()).encode()
    except (ValueError, LookupError):
        return match[0]


_WORD: Final = rb"=\?([\w*-]{1,80})\?([bBqQ])\?([!->@-~]{0,1000})\?="
_READ: Final = in_place(
    # NOTE: a line that ends in `=` is folded; in base64 it would be padded
    Rewriting(
        rb"=(?:[0-9A-F]{2}|[0-9a-f]{2}=[0-9a-f]{2}|(?<!==)\r?\n)",
        rb"=(?:([0-9a-fA-F]{2})|[ \t]*\r?\n)",
        _byte,
    ),
    # NOTE: white space between two words is not part of the text
    Rewriting(
        _WORD,
        _WORD + rb"(?:\s{1,80}(?==\?[\w*-]{1,80}\?[bBqQ]\?))?",
        _word,
    ),
)

FORMS: Final[dict[str, Form]] = {
    "quoted-printable": Form(
        words="quoted-printable mail",
        spell=quoted_printable,
        streamed=by_tools.mail,
        nested=2,
        hint=together(spelled_out("={:02X}"), left_alone),
        read=_READ,
    ),
}
