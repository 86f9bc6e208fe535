"""Percent-encoding, web forms, and entities."""

import html
import shutil
import subprocess
from collections.abc import Callable
from urllib.parse import quote, quote_plus, unquote_plus
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.escapes import FORMS as ESCAPE
from ci_secrets.leaks.forms.json import FORMS as JSON
from ci_secrets.leaks.forms.mail import FORMS as MAIL
from ci_secrets.leaks.forms.web import FORMS
from tests.unit.leaks.forms.undoing import AROUND, HOSTILE, OUTSIDE, assert_undone, pieces, spans
from tests.unit.leaks.strategies import AWKWARD, VALUES

PERCENT, FORM, ENTITY = FORMS["percent"], FORMS["form"], FORMS["entity"]


def units(text: str) -> list[int]:
    """The UTF-16 units of a text."""
    raw = text.encode("utf-16-be")
    return [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw), 2)]


def legacy(text: str) -> bytes:
    """What JavaScript's `escape` makes of a text."""
    return "".join(
        chr(unit) if unit < 0x80 and chr(unit).isalnum()
        else f"%{unit:02X}" if unit < 0x100
        else f"%u{unit:04X}"
        for unit in units(text)
    ).encode()  # fmt: skip


PERCENT_STYLES: dict[str, Callable[[str], bytes]] = {
    "upper": lambda text: quote(text, safe="").encode(),
    "path": lambda text: quote(text).encode(),
    "all, upper": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "all, lower": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "legacy": legacy,
}
ENTITY_STYLES: dict[str, Callable[[str], bytes]] = {
    "Python": lambda text: html.escape(text).encode(),
    "ASCII": lambda text: html.escape(text).encode("ascii", "xmlcharrefreplace"),
    "XML": lambda text: escape(text).encode(),
    "attribute": lambda text: quoteattr(text + "\"'")[1:].removesuffix("&quot;'\"").encode(),
    "all, decimal": lambda text: "".join(f"&#{ord(one)};" for one in text).encode(),
    "all, hex": lambda text: "".join(f"&#x{ord(one):x};" for one in text).encode(),
    "all, HEX": lambda text: "".join(f"&#X{ord(one):X};" for one in text).encode(),
    "all, padded": lambda text: "".join(f"&#{ord(one):07d}" for one in text).encode(),
}


@pytest.mark.parametrize("style", PERCENT_STYLES)
@given(value=VALUES, inside=st.tuples(AROUND, AROUND), outside=st.tuples(OUTSIDE, OUTSIDE))
def test_percent_is_read(
    style: str, value: str, inside: tuple[str, str], outside: tuple[bytes, bytes]
) -> None:
    """A value comes out of each style, with exactly its own bytes as span."""
    apart = outside[0] + b" ?a=", b"&b" + outside[1]
    assert_undone([PERCENT], PERCENT_STYLES[style], value, inside, apart)


@given(value=VALUES, inside=st.tuples(AROUND, AROUND), outside=st.tuples(OUTSIDE, OUTSIDE))
def test_form_is_read(value: str, inside: tuple[str, str], outside: tuple[bytes, bytes]) -> None:
    """A value with spaces comes out of a form, where it shows that it is one."""
    apart = outside[0] + b" a=%7e+", b"&b" + outside[1]
    assert_undone([FORM], lambda text: quote_plus(text).encode(), f"{value} .", inside, apart)


@pytest.mark.parametrize("style", ENTITY_STYLES)
@given(value=VALUES, inside=st.tuples(AROUND, AROUND), outside=st.tuples(OUTSIDE, OUTSIDE))
def test_entities_are_read(
    style: str, value: str, inside: tuple[str, str], outside: tuple[bytes, bytes]
) -> None:
    """A value comes out of HTML and XML, with exactly its own bytes as span."""
    apart = outside[0] + b" >", b"<" + outside[1]
    assert_undone([ENTITY], ENTITY_STYLES[style], value, inside, apart)


@pytest.mark.parametrize("form", FORMS)
@given(value=AWKWARD)
def test_each_spelling_means_the_value(form: str, value: str) -> None:
    """What is looked for is read again as what it was made of."""
    row = FORMS[form]
    assert row.spell is not None
    for spelled in row.spell(value.encode()):
        if form == "form":
            assert unquote_plus(spelled.decode()) == value
        else:
            texts = [piece.text for piece in pieces(row, spelled)] or [spelled]
            assert value.encode() in texts


def test_percent_is_undone_one_level_at_a_time() -> None:
    """What was encoded twice is read twice."""
    assert spans(PERCENT, b"a=%2568%2575&", b"%68%75") == {(2, 12)}


def test_a_percent_sign_of_azure_is_read() -> None:
    """Its logging commands write it as `%AZP25`, and other marks as percents."""
    printed = b"##vso[task.setvariable variable=t]a%AZP25b%3B%5D%AZP2541"
    assert any(piece.text.endswith(b"]a%b;]%41") for piece in pieces(FORMS["percent"], printed))


def test_plus_is_kept_where_nothing_shows_a_form() -> None:
    """Base64 holds plus signs too."""
    assert not pieces(FORM, b"QUJD+REVG/aa==")
    assert not pieces(FORM, b"no plus %41")
    assert spans(FORM, b"a=p+q%26+r", b"p q& r") == {(2, 10)}


def test_entities_that_are_none_are_left() -> None:
    """A name that nobody knows, an ampersand alone, a number of no character."""
    assert not pieces(ENTITY, b"a && b &nosuchname; ?x=1&copy=2 &#; &")
    assert pieces(ENTITY, b"&#x110000;&#xD800;x&AMP;&eacute;")[0].text == "��x&é".encode()


def test_plain_text_is_refused() -> None:
    """A text without any mark has nothing to read, nor has an empty budget."""
    for form in FORMS.values():
        assert not pieces(form, b"100% of a+b & c at 5%, 20%! \n")
        assert not pieces(form, b"%41+&#65;" * 3, budget=3)


@given(text=HOSTILE)
def test_nothing_raises(text: bytes) -> None:
    """Any bytes may be read and spelled."""
    for form in FORMS.values():
        pieces(form, text)
        assert form.spell is not None
        assert all(isinstance(one, bytes) for one in form.spell(text))


def test_hints_show_where_every_character_is_a_number() -> None:
    """Of the middle of a value, once or twice encoded; nine bytes or more."""
    hints = {
        one for form in FORMS.values() if form.hint is not None for one in form.hint(b"ahunter2z")
    }
    assert {b"%74%65%72", b"%2574%2565%2572", b"&#x74;&#x65;&#x72;"} < hints
    assert {b"%u0074%u0065%u0072", b"&#x0074;&#x0065;&#x0072;"} < hints
    assert all(len(one) > 8 for one in hints)


def test_hints_show_what_no_encoder_changes() -> None:
    """The longest runs of a text without eight letters or digits in a row, the rarest first."""
    for form in (PERCENT, ENTITY, *JSON.values(), *ESCAPE.values(), *MAIL.values()):
        assert form.hint is not None
        hints = list(form.hint("äabc-defüA1b-C2dö~_.aBxyz0ñx".encode()))
        assert hints[-2:] == [b"~_.aBxyz", b"A1b-C2d"]
        assert b"abcdefgh" not in form.hint("äabcdefgh".encode())


def test_hints_show_marks_that_were_encoded_three_times() -> None:
    """A password of many marks leaves nothing else that is long enough."""
    assert PERCENT.hint is not None
    printed = quote(quote(quote("x&7 ;T'>$p}j`{\"<%Yz"))).lower().encode()
    assert any(
        one.lower() in printed and len(one) > 8 for one in PERCENT.hint(b"&7 ;T'>$p}j`{\"<%Y")
    )


def test_names_of_marks_are_spelled() -> None:
    """Some encoders have a name for each mark; the usual one is the shortest."""
    assert ENTITY.spell is not None
    assert b"a&equals;b&plus;c&sol;d&amp;&lowbar;-&dollar;" in ENTITY.spell(b"a=b+c/d&_-$")


def test_halves_of_a_pair_are_read_together() -> None:
    """Java writes two numbers for a character beyond the first 65,536."""
    assert spans(ENTITY, b"a&#xd83d;&#xDE80;z", "🚀".encode()) == {(1, 17)}


NODE = """
const v = process.argv[1];
console.log(encodeURIComponent(v), encodeURI(v), escape(v),
            new URLSearchParams({"a b&": v}).toString())
"""


@pytest.mark.parametrize("value", ["pä's\"w$\\b&d€ x<y>+/=%41!~*(😀)", "h u+n%t&e r"])
def test_what_node_prints_is_read(value: str) -> None:
    """Each of the four encoders of JavaScript is read, the last as a form."""
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    run = subprocess.run(["node", "-e", NODE, value], capture_output=True, check=True)
    *plain, form = run.stdout.split()
    for text in plain:
        assert spans(PERCENT, text, value.encode()) == {(0, len(text))}
    assert spans(FORM, form, value.encode())


def test_what_jq_prints_is_read() -> None:
    """Its `@uri` and `@html` are read."""
    if shutil.which("jq") is None:
        pytest.skip("jq is not installed")
    value = "pä's\"w$\\b&d€ x<y>+/=%41!~*(😀)"
    run = subprocess.run(
        ["jq", "-nr", "--arg", "v", value, "$v|@uri,@html"], capture_output=True, check=True
    )
    uri, page = run.stdout.splitlines()
    assert spans(PERCENT, uri, value.encode()) == {(0, len(uri))}
    assert spans(ENTITY, page, value.encode())
