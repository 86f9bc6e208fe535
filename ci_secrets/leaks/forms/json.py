"""JSON strings: every way to write one, and how each is read."""

import itertools
import json
import re
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.forms import by_tools
from ci_secrets.leaks.forms.reading import (
    Form,
    Rewriting,
    beyond_ascii,
    in_place,
    left_alone,
    marks_spelled_out,
    spelled_out,
    together,
)

PAIR: Final = rb"u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})"
"""A surrogate pair behind its backslash: two groups of hex digits."""
UNIT: Final = rb"u(?![dD][89a-fA-F])([0-9a-fA-F]{4})"
"""Any other number behind its backslash: a group of hex digits."""
NAMED: Final = dict(zip(b"bfnrt", b"\b\f\n\r\t", strict=True))
"""The code of the letter behind a backslash → the code that it stands for."""


def character(code: int) -> bytes:
    """A code point in UTF-8; U+FFFD where no character has that number."""
    if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        code = 0xFFFD
    return chr(code).encode()


def surrogates(high: bytes, low: bytes) -> bytes:
    """What the two halves of a UTF-16 pair, in hex digits, stand for, in UTF-8."""
    return character(0x10000 + ((int(high, 16) - 0xD800) << 10) + int(low, 16) - 0xDC00)


def _numbers(characters: str, style: str) -> dict[int, str]:
    return {ord(one): style.format(ord(one)) for one in characters}


_GO: Final = _numbers("&<>\u2028\u2029", "\\u{:04x}")  # Source: HTMLEscape of encoding/json
_GSON: Final = _numbers("&<>'=", "\\u{:04x}")  # Source: HTML_SAFE
# Source: PHP, JSON_HEX_TAG with JSON_HEX_AMP, JSON_HEX_APOS, JSON_HEX_QUOT
_PHP: Final = _numbers("&<>'\"", "\\u{:04X}")
_DOTNET: Final = _numbers("&<>'\"+`", "\\u{:04X}")  # Source: JavaScriptEncoder


def json_string(text: bytes) -> Iterator[bytes]:
    r"""The inside of a JSON string: as it is, in ASCII, with `\u0026` for HTML, with `\/`."""
    try:
        value = text.decode()
    except UnicodeDecodeError:
        return  # NOTE: JSON cannot hold it
    bodies = [json.dumps(value, ensure_ascii=only)[1:-1] for only in (False, True)]
    for slash, html, body in itertools.product((False, True), (False, True), bodies):
        if html:
            body = body.translate(_GO)
        if slash:  # Source: PHP json_encode without JSON_UNESCAPED_SLASHES
            body = body.replace("/", "\\/")
        yield body.encode()
    yield bodies[0].translate(_GSON).encode()
    bare = bodies[1].replace('\\"', '"')
    yield bare.translate(_PHP).replace("/", "\\/").encode()
    upper = re.sub(r"(?<=\\u)[0-9a-f]{4}", lambda unit: unit.group().upper(), bare)
    yield upper.translate(_DOTNET).encode()


def every_unit_escaped(text: bytes) -> Iterator[bytes]:
    r"""Each as `\u006b`; squashed, it is the same as `%u006b` and `U+006B`."""
    try:
        units = text.decode().encode("utf-16-be")
    except UnicodeDecodeError:
        return
    yield b"".join(b"\\u%02x%02x" % pair for pair in zip(units[::2], units[1::2], strict=True))


def _json_escape(match: re.Match[bytes]) -> bytes:
    high, low, unit, simple = match.groups()
    if high:
        return surrogates(high, low)
    if unit:
        return character(int(unit, 16))
    return bytes([NAMED.get(simple[0], simple[0])])


_JSON: Final = Rewriting(
    marker=rb'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})',
    pattern=rb"\\(?:" + PAIR + rb"|" + UNIT + rb'|(["\\/bfnrt]))',
    replace=_json_escape,
)


FORMS: Final[dict[str, Form]] = {
    "json": Form(
        words="a JSON string",
        spell=json_string,
        streamed=together(every_unit_escaped, by_tools.json),
        nested=2,
        hint=together(
            spelled_out("\\u{:04x}", "\\\\u{:04x}", "{:c}\\u0000"),
            marks_spelled_out("\\u{:04x}"),
            beyond_ascii("\\u{:04x}", of_bytes=("\\u{:04x}",)),
            left_alone,
        ),
        read=in_place(_JSON),
    ),
}
