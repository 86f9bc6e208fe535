"""What tools print of a value in their own ways, hidden while it streams."""

import base64
import html
import json
import quopri
import re
import textwrap
from collections.abc import Callable, Iterable
from functools import cache
from http.cookies import SimpleCookie
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.squash import squash
from ci_secrets.leaks.guard import Guard
from ci_secrets.leaks.matcher import Engine
from tests.unit.leaks.strategies import AWKWARD, TOKENS, cut, engine_of

VALUES = {
    "token": "kJ7_vQ2xTz-9LmW4pR8sYd",
    "cloud": "IwbT+aKjc/ej//xPEF4t3SR+fcw841hT",
    "awkward": "Z!$[`@~^3,;&r8du<6*>'Q]v=pO %t{(#I?|)\\fem:gf\"}",
    "lines": "-----BEGIN X-----\nq8Zk+vX0/7Hd3\nkP9w=Lm4\t_u2\n-----END X-----",
    "letters": "Žluťoučký kůň EXNc1L",
}
Print = Callable[[str], str]


def percent(kept: str) -> Print:
    """As a tool writes URLs that keeps these characters beside letters and digits."""
    return lambda value: quote(value, safe=kept).replace("~", "~" if "~" in kept else "%7E")


def signs(style: str, which: str = "", kept: str = "") -> Print:
    """With a number for each of these characters of ASCII, or for all signs but those kept."""

    def is_number(one: str) -> bool:
        return one in which if which else one.isascii() and not one.isalnum() and one not in kept

    return lambda value: "".join(style.format(ord(one)) if is_number(one) else one for one in value)


def each(style: str, between: str = "") -> Print:
    """With a number for each character."""
    return lambda value: between.join(style.format(ord(one)) for one in value)


def each_byte(style: str, between: str = "") -> Print:
    """With a number for each byte."""
    return lambda value: between.join(map(style.format, value.encode()))


def counted(style: str, between: str, first: int = 0) -> Print:
    """With a number before each character."""
    return lambda value: between.join(
        style.format(at, one) for at, one in enumerate(value, start=first)
    )


def entities(*pairs: tuple[str, str]) -> Print:
    """With these instead of those."""

    def printed(value: str) -> str:
        for one, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), *pairs):
            value = value.replace(one, entity)
        return value

    return printed


WAYS: dict[str, Print] = {
    "PathEscape of Go": percent("-._~$&+:=@"),
    "UserPassword of Go": percent("-._~$&+,;="),
    "a path of Go": percent("-._~$&+,/:;=@"),
    "encodeURI": percent("-._~!*'();,/?:@&=+$#"),
    "a password in URL.href": percent("-._~!$%&'()*+,"),
    "a path in URL.href": percent("-._~!$%&'()*+,/:;=@[\\]|"),
    "a query in URL.href": percent("-._~!$%&()*+,/:;=?@[\\]^`{|}"),
    "a path segment of RFC 3986": percent("-._~!$&'()*+,;=:@"),
    "a path of java.net.URI": percent("-._~!$&'()*+,;=:@/"),
    "a query of java.net.URI": percent("-._~!$&'()*+,;=:@/?[]"),
    "requests": percent("-._~!$&'()*+,;=:@/?[]#%"),
    "wget": percent("-._~!$&'()*+,;=:@/?"),
    "URLEncoder of Java, with %20": percent("-._*"),
    "escape of JavaScript": lambda value: "".join(
        one if one in "@*_+-./" or (one.isascii() and one.isalnum())
        else f"%{ord(one):02X}" if ord(one) < 0x100 else f"%u{ord(one):04X}"
        for one in value
    ),
    "NON_ALPHANUMERIC of Rust": lambda value: "".join(
        one if one.isascii() and one.isalnum() else each_byte("%{:02X}")(one) for one in value
    ),
    "http_build_query of PHP": lambda value: quote_plus(value).replace("~", "%7E"),
    "UrlEncode of .NET": lambda value: quote_plus(value, safe="!*()").replace("~", "%7e"),
    "a command of GitHub": signs("%{:02X}", which="%\r\n"),
    "a property of GitHub": signs("%{:02X}", which="%\r\n:,"),
    "MSBuild": signs("%{:02X}", which="%$@'();?*"),
    "percent, three times": lambda value: quote(quote(quote(value, safe=""))),
    "decimal entities": signs("&#{};"),
    "hex entities": signs("&#x{:x};"),
    "hex entities of OWASP": signs("&#x{:X};", kept=",.-_"),
    "a template of Go": entities(("'", "&#39;"), ('"', "&#34;"), ("+", "&#43;")),
    "an attribute of Python": entities(('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#09;")),
    "an attribute of Java": entities(('"', "&quot;"), ("\n", "&#10;"), ("\t", "&#9;")),
    "an attribute of Go": entities(
        ("'", "&#39;"), ('"', "&#34;"), ("\n", "&#xA;"), ("\t", "&#x9;")
    ),
    "canonical XML": entities(('"', "&quot;"), ("&gt;", ">"), ("\n", "&#xA;"), ("\t", "&#x9;")),
    "HTML in XML": lambda value: escape(html.escape(value)),
    "every character as a hex entity": each("&#x{:x};"),
    "every character as a decimal entity": each("&#{};"),
    "escapes": signs("\\x{:02x}"),
    "escapes in upper case": signs("\\x{:02X}"),
    "escapes of Twig": signs("\\x{:02X}", kept=",._"),
    "systemd-escape": lambda value: "".join(
        one if one.isascii() and (one.isalnum() or one in ":_.")
        else "-" if one == "/" else each_byte("\\x{:02x}")(one)
        for one in value
    ),
    "nginx": lambda value: "".join(
        each_byte("\\x{:02X}")(one) if one in "\"\\\n\t" or ord(one) > 126 else one
        for one in value
    ),
    "a filter of LDAP": signs("\\{:02x}", which="*()\\\0"),
    "all signs as LDAP has them": signs("\\{:02x}"),
    "escapes of JavaScript": signs("\\u{:04x}"),
    "escapejs of Django": signs("\\u{:04X}", which="\\'\"<>&=-;`\n\t\r"),
    "JSEscape of Go": lambda value: signs("\\u{:04X}", which="<>&=\n\t")(
        re.sub(r"[\\\"']", r"\\\g<0>", value)
    ),
    "ConvertTo-Json of PowerShell": lambda value: signs("\\u{:04x}", which="'<>&")(
        json.dumps(value, ensure_ascii=False)[1:-1]
    ),
    "cookies of Python": lambda value: SimpleCookie({"a": value})["a"].coded_value,
    "escape_unicode of Rust": each("\\u{{{:x}}}"),
    "escape_default of Rust": lambda value: "".join(
        one if one.isascii() else f"\\u{{{ord(one):x}}}" for one in value
    ),
    "letters of JSON in Perl": lambda value: "".join(
        one if one.isascii() else f"\\x{{{ord(one):x}}}" for one in value
    ),
    "letters of XML as hex": lambda value: "".join(
        one if one.isascii() else f"&#x{ord(one):x};" for one in value
    ),
    "x{} of Perl": each("\\x{{{:x}}}"),
    "a header of Go": lambda value: "".join(
        "_" if one == " " else each_byte("={:02X}")(one) if not "!" <= one <= "~" or one in "=?_"
        else one
        for one in value
    ),
    "quoted-printable with spaces": lambda value: quopri.encodestring(
        value.encode(), quotetabs=True
    ).decode(),
    "a subject of git": lambda value: "".join(
        each_byte("={:02X}")(one) if not "!" <= one <= "~" or one in "=?_" else one
        for one in value
    ),
    "base64 of Python in JSON": lambda value: json.dumps(
        base64.encodebytes(value.encode()).decode().rstrip()
    ),
    "base64 of OpenSSL in JSON": lambda value: "\\n".join(
        textwrap.wrap(base64.b64encode(value.encode()).decode(), 64)
    ),
    "a list of hex": each_byte("{:#x}", ", "),
    "BigInteger of Java": lambda value: str(int.from_bytes(value.encode(), signed=True)),
    "a list of oct": each_byte("0o{:o}", " "),
    "%o of Go": each_byte("{:o}", " "),
    "chr": each_byte("chr({})", "+"),
    "char of SQL": each_byte("CHAR({})", " + "),
    "CHR of SQL": each_byte("CHR({})", "||"),
    "numbers of characters": each("{}", ", "),
    "numbers with their places": lambda value: ",".join(
        f'"{at}":{byte}' for at, byte in enumerate(value.encode())
    ),
    "%b of Go": each_byte("{:b}", " "),
    "a list of bin": each_byte("0b{:b}", ", "),
    "a binary integer": lambda value: f"{int.from_bytes(value.encode()):b}",
    "bits, the lowest first": lambda value: "".join(f"{byte:08b}"[::-1] for byte in value.encode()),
    "print_r of PHP": counted("[{}] => {}", "\n    "),
    "an object of characters": counted("'{}': '{}'", ",\n"),
    "a list with its places": counted("{}: {}", "\n", first=1),
}  # fmt: skip


@cache
def known(kind: str) -> Engine:
    """An engine that knows one value."""
    return engine_of({"K": VALUES[kind]})


def left(engine: Engine, text: str, sizes: Iterable[int] = ()) -> bytes:
    """The letters and digits that are written of a text."""
    guard = Guard(engine)
    out = b"".join(map(guard.feed, cut(text.encode(), list(sizes)))) + guard.finish()
    assert guard.left("log").findings == ()
    return squash(out)


@pytest.mark.parametrize("kind", VALUES)
@pytest.mark.parametrize("way", WAYS)
def test_what_tools_print_is_hidden(way: str, kind: str) -> None:
    """All letters and digits of it, and nothing else."""
    printed = WAYS[way](VALUES[kind])
    assert left(known(kind), f"before ({printed}) after") == b"beforeafter"


@settings(max_examples=60)  # NOTE: an engine is built for each
@given(value=st.one_of(TOKENS, AWKWARD), data=st.data())
def test_any_value_is_hidden(value: str, data: st.DataObject) -> None:
    """However a tool prints it, and in any pieces, no scan finds anything in what is written."""
    value = value.strip()
    way = data.draw(st.sampled_from(list(WAYS)))
    sizes = data.draw(st.lists(st.integers(1, 40), max_size=3))
    assert left(engine_of({"K": value}), f"before ({WAYS[way](value)}) after", sizes)
