"""The encoders behind the table of forms. Each yields the commonest spelling first."""

import base64
import itertools
import json
import re
from collections.abc import Callable, Iterator
from typing import Final
from urllib.parse import quote, quote_plus

_PERCENT: Final = re.compile(r"%[0-9A-F]{2}")
_CUT: Final = (0, 2, 3)
"""Leading base64 characters that also hold bits of the 0, 1 or 2 bytes before the value."""


def _fragments(encode: Callable[[bytes], bytes], text: bytes) -> Iterator[bytes]:
    """The part of the base64 of any text around `text` that its neighbours cannot change.

    One fragment for each alignment. Its last character is dropped where bits of the next byte are
    in it, and with it the padding.
    """
    for before, cut in enumerate(_CUT):
        encoded = encode(bytes(before) + text)
        yield encoded[cut : 8 * (before + len(text)) // 6]


def base64_standard(text: bytes) -> Iterator[bytes]:
    """RFC 4648 §4, at the three alignments."""
    return _fragments(base64.b64encode, text)


def base64_url(text: bytes) -> Iterator[bytes]:
    """RFC 4648 §5 (`-` and `_`), at the three alignments."""
    return _fragments(base64.urlsafe_b64encode, text)


def base64_alone(text: bytes) -> Iterator[bytes]:
    """The whole of what `base64` prints for the text, and for the text with its newline.

    A fragment leaves the last characters in sight, in which a few bits of the text still are.
    """
    yield base64.b64encode(text)
    yield base64.b64encode(text + b"\n")


def base64_url_alone(text: bytes) -> Iterator[bytes]:
    """As `base64_alone`, with and without padding."""
    for encoded in map(base64.urlsafe_b64encode, (text, text + b"\n")):
        yield encoded
        yield encoded.rstrip(b"=")


def hexadecimal(text: bytes) -> Iterator[bytes]:
    """Two digits a byte without separators, lower and upper case."""
    digits = text.hex()
    yield digits.encode()
    yield digits.upper().encode()


def json_string(text: bytes) -> Iterator[bytes]:
    r"""The inside of a JSON string: as it is, in ASCII, with `\u0026` for HTML, with `\/`."""
    try:
        value = text.decode()
    except UnicodeDecodeError:
        return  # NOTE: JSON cannot hold it
    for slash, html, ascii_only in itertools.product((False, True), repeat=3):
        body = json.dumps(value, ensure_ascii=ascii_only)[1:-1]
        if html:  # Source: Go encoding/json, HTMLEscape
            for character in "&<>\u2028\u2029":
                body = body.replace(character, f"\\u{ord(character):04x}")
        if slash:  # Source: PHP json_encode without JSON_UNESCAPED_SLASHES
            body = body.replace("/", "\\/")
        yield body.encode()


def _both_cases(*encoded: str) -> Iterator[bytes]:
    for text in encoded:
        yield text.encode()
    for text in encoded:
        yield _PERCENT.sub(lambda match: match.group().lower(), text).encode()


def percent(text: bytes) -> Iterator[bytes]:
    """RFC 3986: everything but unreserved, `/` kept, and JavaScript's `encodeURIComponent`."""
    return _both_cases(quote(text, safe=""), quote(text), quote(text, safe="!*'()"))


def form(text: bytes) -> Iterator[bytes]:
    """`application/x-www-form-urlencoded` of Python, and of browsers and Java; space is `+`."""
    browser = quote_plus(text, safe="*").replace("~", "%7E")
    return _both_cases(quote_plus(text), browser)
