"""Which characters tools write as numbers and which they keep, for what a stream is searched for.

A text without its signs does not tell `%2F` from `2F`, so each set of signs that some tool keeps
makes another spelling. A value has few of them, and most tools treat them alike: what is spelled
is what differs.
"""

import re
from collections.abc import Iterable, Iterator
from json import dumps
from string import ascii_letters, digits
from typing import Final

from ci_secrets.leaks.forms.reading import as_text

Signs = frozenset[str]
"""Some of the characters that are no letters or digits; of what is not ASCII, the bytes."""

_LETTERS: Final = frozenset(ascii_letters + digits)
_ANY: Final = frozenset(map(chr, range(256)))
_BEYOND: Final = frozenset(map(chr, range(0x80, 256)))
_CONTROLS: Final = frozenset(map(chr, range(0x20)))
_UNPRINTABLE: Final = _CONTROLS | _BEYOND | {"\x7f"}
_NONE: Final = Signs()


def _all_but(some: Iterable[str], *more: Signs) -> Signs:
    """What a tool keeps that writes only these as numbers."""
    return _ANY.difference(some, *more)


def _numbered(text: bytes, kept: Iterable[Signs], *styles: str) -> Iterator[bytes]:
    """The bytes as numbers that are neither kept nor letters or digits, in every style.

    Once for each set of them that the text has, however many tools leave it.
    """
    signs = _signs(text)
    characters = text.decode("latin-1")
    for some in dict.fromkeys(map(signs.difference, kept)):
        for style in styles if some else ():
            table = {ord(one): style.format(ord(one)) for one in some}
            yield characters.translate(table).encode("latin-1")


def _signs(text: bytes) -> Signs:
    """Those that it has; of bytes that are no text, none."""
    return Signs(text.decode("latin-1") if as_text(text) else "") - _LETTERS


def _beyond_numbered(text: bytes, *styles: str) -> Iterator[bytes]:
    """The characters that are not ASCII as numbers, in every style."""
    characters = as_text(text)
    beyond = [one for one in set(characters) if not one.isascii()]
    for style in styles if beyond else ():
        yield characters.translate({ord(one): style.format(ord(one)) for one in beyond}).encode()


# --- the web

_UNRESERVED: Final = Signs("-._~")
_IN_URLS: Final = (
    # Source: net/url, shouldEscape: PathEscape, UserPassword, String of a path
    Signs("-._~$&+:=@"),
    Signs("-._~$&+,;="),
    Signs("-._~$&+,/:;=@"),
    # Source: ECMA-262, encodeURI; `escape`
    Signs("-._~!*'();,/?:@&=+$#"),
    Signs("@*_+-./"),
    # Source: URL Standard §1.3, percent-encode sets of userinfo, path and query
    Signs("-._~!$%&'()*+,"),
    Signs("-._~!$%&'()*+,/:;=@[\\]|"),
    Signs("-._~!$%&()*+,/:;=?@[\\]^`{|}"),
    # Source: RFC 3986 §3.3, `pchar`, as Guava has it; with `/` java.net.URI; wget; requests
    Signs("-._~!$&'()*+,;=:@"),
    Signs("-._~!$&'()*+,;=:@/"),
    Signs("-._~!$&'()*+,;=:@/?"),
    Signs("-._~!$&'()*+,;=:@/?[]"),
    Signs("-._~!$&'()*+,;=:@/?[]#%"),
    Signs("-._*"),  # NOTE: Java's URLEncoder, where `+` was replaced by `%20`
    _NONE,  # Source: Rust's percent_encoding, NON_ALPHANUMERIC
    # Source: actions/toolkit, core/src/command.ts: data and properties of a workflow command
    _all_but("%\r\n"),
    _all_but("%\r\n:,"),
    _all_but("%$@'();?*"),  # Source: MSBuild, special characters
)
_BEYOND_ESCAPE: Final = re.compile("[^0-9A-Za-z@*_+./-]")
_IN_FORMS: Final = (Signs("-._ "), Signs("-._!*() "))
"""Source: PHP's urlencode; .NET's HttpUtility."""


def percent(text: bytes) -> Iterator[bytes]:
    """Percent-encoding as languages and browsers have it, and three times over."""
    yield from _numbered(text, _IN_URLS, "%{:02X}", "%{:02x}")
    yield from _numbered(text, [_UNRESERVED], "%2525{:02X}")
    if not text.isascii():
        yield _BEYOND_ESCAPE.sub(_unit, as_text(text)).encode()


def _unit(match: re.Match[str]) -> str:
    """A character as `escape` of JavaScript writes it."""
    code = ord(match[0])
    if code < 0x100:
        return f"%{code:02X}"
    return re.sub("....", r"%u\g<0>", match[0].encode("utf-16-be").hex().upper())


def form(text: bytes) -> Iterator[bytes]:
    """Web forms of PHP and .NET."""
    for one in _numbered(text, _IN_FORMS, "%{:02X}", "%{:02x}"):
        yield one.replace(b" ", b"+")


_XML: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
_BREAKS: Final = ("\n", "\r", "\t")
_IN_MARKUP: Final = tuple(
    str.maketrans(_XML | more)
    for more in (
        # Source: html/template, htmlReplacementTable and htmlNospaceReplacementTable
        {'"': "&#34;", "'": "&#39;", "+": "&#43;"},
        {one: f"&#{ord(one)};" for one in "\"'+ =`\t\n\v\f\r"},
        # NOTE: attributes, in which line breaks would be lost: Python; libxml2 and Java; Go; .NET
        {'"': "&quot;", "\n": "&#10;", "\r": "&#13;", "\t": "&#09;"},
        {'"': "&quot;"} | {one: f"&#{ord(one)};" for one in _BREAKS},
        {'"': "&#34;", "'": "&#39;"} | {one: f"&#x{ord(one):X};" for one in _BREAKS},
        {'"': "&quot;"} | {one: f"&#x{ord(one):X};" for one in _BREAKS},
        # Source: Canonical XML 1.0 §2.3
        {'"': "&quot;", ">": ">"} | {one: f"&#x{ord(one):X};" for one in _BREAKS},
    )
)
_IN_ENTITIES: Final = (_BEYOND, _BEYOND.union(",.-_"))
"""Source: encoders of OWASP and Laminas."""


def entities(text: bytes) -> Iterator[bytes]:
    """Attributes of XML, templates of Go, and numbers for all signs, as OWASP recommends."""
    characters = text.decode("latin-1")
    for table in _IN_MARKUP if _signs(text) else ():
        yield characters.translate(table).encode("latin-1")
    yield from _numbered(text, _IN_ENTITIES, "&#{};", "&#x{:x};", "&#x{:X};")
    yield from _beyond_numbered(text, "&#{};", "&#x{:x};", "&#x{:X};")


# --- escapes

_AS_HEX: Final = (
    _NONE,
    _BEYOND,
    _BEYOND.union(",._"),  # Source: Twig's and Laminas' escapers for JavaScript
    _all_but('"\\', _UNPRINTABLE),  # Source: nginx, ngx_http_log_escape
)
_SYSTEMD: Final = Signs(":_./")
"""Source: systemd, unit-name.c, do_escape; a slash becomes a dash."""
_LDAP: Final = "*()\\\0"
"""Source: RFC 4515 §3."""
_IN_LDAP: Final = (_BEYOND, _NONE, _all_but(_LDAP), _all_but(_LDAP, _BEYOND))
# Source: django.utils.html, `escapejs`; Go's text/template, JSEscape
_IN_SCRIPTS: Final = (
    _BEYOND,
    _all_but("\\'\"<>&=-;`", _CONTROLS),
    _all_but("<>&=", _CONTROLS),
)
_POWERSHELL: Final = {ord(one): f"\\u{ord(one):04x}" for one in "'<>&"}
"""Source: ConvertTo-Json of PowerShell 5."""
_COOKIE: Final = str.maketrans(
    {one: f"\\{ord(one):03o}" for one in _UNPRINTABLE.union(",;")} | {"\\": "\\\\", '"': '\\"'}
)
"""Source: Python's http.cookies, _UnescapedChars."""
_IN_WORDS: Final = (_all_but("=?_", _UNPRINTABLE),)
"""Source: Go's mime, writeQString."""
_IN_MAIL: Final = (_all_but("=?_ ", _UNPRINTABLE), _all_but("= ", _UNPRINTABLE) | {"\n"})
"""Source: git's is_rfc2047_special; Python's quopri where it encodes spaces."""


def escapes(text: bytes) -> Iterator[bytes]:
    r"""Hex for signs alone, `\x5f` or `\5f`: of languages, log formats, LDAP, systemd-escape."""
    yield from _numbered(text, _AS_HEX, "\\x{:02x}", "\\x{:02X}")
    for one in _numbered(text, [_SYSTEMD], "\\x{:02x}"):
        yield one.replace(b"/", b"-")
    yield from _numbered(text, _IN_LDAP, "\\{:02x}")
    yield as_text(text).translate(_COOKIE).encode()
    yield from _beyond_numbered(text, "\\u{{{:x}}}", "\\x{{{:x}}}")


def every_character_escaped(text: bytes) -> Iterator[bytes]:
    r"""Each as `\u{6b}` of Rust and JavaScript, and as `\x{6b}` of Perl."""
    codes = tuple(map(ord, as_text(text)))
    for style in ("\\u{%x}", "\\x{%x}"):
        yield (style * len(codes) % codes).encode()


def json(text: bytes) -> Iterator[bytes]:
    r"""`\u005f` for signs alone: for all of them, as Django and Go do, as PowerShell does."""
    yield from _numbered(text, _IN_SCRIPTS, "\\u{:04x}", "\\u{:04X}")
    yield dumps(as_text(text), ensure_ascii=False)[1:-1].translate(_POWERSHELL).encode()


def mail(text: bytes) -> Iterator[bytes]:
    """`=`, `?`, `_` and what is not printable, with spaces as `_`, as `=20`, and as they are."""
    yield from _numbered(text, _IN_MAIL, "={:02X}")
    for one in _numbered(text, _IN_WORDS, "={:02X}"):
        yield one.replace(b" ", b"_")
