"""What the web makes of text: percent-encoding, web forms, and the entities of HTML and XML."""

import re
from collections.abc import Callable, Iterator
from html.entities import codepoint2name, html5
from typing import Final
from urllib.parse import quote, quote_plus

from ci_secrets.leaks.forms import by_tools
from ci_secrets.leaks.forms.json import character, surrogates
from ci_secrets.leaks.forms.reading import (
    Budget,
    Form,
    Piece,
    Rewriting,
    in_place,
    left_alone,
    marks_spelled_out,
    spelled_out,
    together,
)

_PERCENT: Final = re.compile(r"%[0-9A-F]{2}")


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


def _from_percent(number: Callable[[int], bytes]) -> Callable[[re.Match[bytes]], bytes]:
    def replace(match: re.Match[bytes]) -> bytes:
        high, low, unit, digits = match.groups()
        if high:
            return surrogates(high, low)
        if unit:
            return character(int(unit, 16))
        return number(int(digits, 16)) if digits else b" "

    return replace


def _byte(code: int) -> bytes:
    return bytes([code])


def _from_azure(match: re.Match[bytes]) -> bytes:
    """What a logging command of Azure Pipelines means, where a percent sign is `%AZP25`."""
    return _byte(int(match[1], 16)) if match[1] else b"%"


_SIGN: Final = rb"%(?:[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})"
_ENCODED: Final = (
    rb"%u([dD][89abAB][0-9a-fA-F]{2})%u([dD][c-fC-F][0-9a-fA-F]{2})"
    rb"|%u([0-9a-fA-F]{4})|%([0-9a-fA-F]{2})"
)
_READ_PERCENT: Final = in_place(
    Rewriting(_SIGN, _ENCODED, _from_percent(_byte)),
    # NOTE: `escape` of JavaScript, and pages in Latin-1: numbers of characters, not of bytes
    Rewriting(
        rb"%u[0-9a-fA-F]{4}|%[c-fC-F][0-9a-fA-F](?!%[89abAB])",
        _ENCODED,
        _from_percent(character),
    ),
    # Source: microsoft/azure-pipelines-tasks, docs/authoring/commands.md
    Rewriting(rb"%AZP25", rb"%(?:AZP25|([0-9A-F]{2}))", _from_azure),
)
_READ_FORM: Final = in_place(Rewriting(_SIGN, _ENCODED + rb"|\+", _from_percent(_byte)))


def _read_form(text: bytes, budget: Budget) -> Iterator[Piece]:
    # NOTE: `+` stands in base64 too. In what has no other sign of a form, it is left as it is.
    if b"+" in text:
        yield from _READ_FORM(text, budget)


# --- entities

_XML: Final = {ord("&"): "&amp;", ord("<"): "&lt;", ord(">"): "&gt;"}
_QUOTED: Final = tuple(
    _XML | {ord('"'): double, ord("'"): single}
    for double, single in (
        ("&quot;", "&#x27;"),  # Python
        ("&#34;", "&#39;"),  # Go
        ("&quot;", "&#39;"),  # Ruby, JavaScript
        ("&quot;", "&apos;"),  # XML
        ("&quot;", "&#039;"),  # PHP
        ("&quot;", "'"),
    )
)
_MARKUP: Final = re.compile(rb"[&<>\"']")
_MUSTACHE: Final = _QUOTED[2] | {ord("/"): "&#x2F;", ord("`"): "&#x60;", ord("="): "&#x3D;"}
_MARK_NAMES: Final = [
    name for name, mark in html5.items() if len(mark) == 1 and mark.isascii() and name[-1] == ";"
]
_NAMED_MARKS: Final = {
    ord(html5[name]): f"&{name}"
    for name in sorted(_MARK_NAMES, key=lambda name: (-len(name), name))
}
"""Every mark that has a name, the shortest."""
_ALL_NAMES: Final = {code: f"&{name};" for code, name in codepoint2name.items()} | _QUOTED[2]


def entities(text: bytes) -> Iterator[bytes]:
    """Text and attributes of HTML and XML, with numbers or names for what is not ASCII."""
    try:
        value = text.decode()
    except UnicodeDecodeError:
        return  # NOTE: no entity stands for a byte
    for table in (*_QUOTED, _XML):
        yield value.translate(table).encode()
    yield value.translate(_QUOTED[0]).encode("ascii", "xmlcharrefreplace")
    for table in (_ALL_NAMES, _MUSTACHE, _NAMED_MARKS):
        yield value.translate(table).encode()


def _twice(text: bytes) -> Iterator[bytes]:
    """HTML inside of XML."""
    for one in entities(text) if _MARKUP.search(text) else ():
        yield one.replace(b"&", b"&amp;")


def _from_entity(match: re.Match[bytes]) -> bytes:
    high, low, digits, decimal, name = match.groups()
    if high:
        return surrogates(high, low)
    if digits:
        return character(int(digits, 16))
    if decimal:
        return character(int(decimal))
    known = html5.get(name.decode() + ";")
    return known.encode() if known else match[0]


_READ_ENTITIES: Final = in_place(
    Rewriting(
        rb"&(?:#[0-9xX]|[A-Za-z][0-9A-Za-z]{1,31};)",
        # NOTE: some programs of Java write the two halves of a UTF-16 pair
        rb"&(?:#[xX]([dD][89abAB][0-9a-fA-F]{2});&#[xX]([dD][c-fC-F][0-9a-fA-F]{2});"
        rb"|#(?:[xX]([0-9a-fA-F]{1,12})|([0-9]{1,12}));?|([A-Za-z][0-9A-Za-z]{1,31});)",
        _from_entity,
    )
)

FORMS: Final[dict[str, Form]] = {
    "percent": Form(
        words="percent-encoding",
        spell=percent,
        streamed=by_tools.percent,
        hint=together(
            spelled_out("%{:02x}", "%25{:02x}", "%u{:04x}", "{:c}%00", "%{:02x}%00"),
            marks_spelled_out("%2525{:02x}"),
            left_alone,
        ),
        read=_READ_PERCENT,
    ),
    "form": Form(words="web form encoding", spell=form, streamed=by_tools.form, read=_read_form),
    "entity": Form(
        words="text of HTML or XML",
        spell=entities,
        streamed=together(by_tools.entities, _twice),
        nested=2,
        hint=together(
            spelled_out("&#{};", "&#x{:x};", "&#x{:04x};"),
            marks_spelled_out("&#{};", "&#x{:x};"),
            left_alone,
        ),
        read=_READ_ENTITIES,
    ),
}
