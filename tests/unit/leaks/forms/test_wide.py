"""UTF-16 as it is and as it is shown, and other charsets."""

from itertools import chain
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.digits_spelled import hint_units
from ci_secrets.leaks.forms.escapes import FORMS as ESCAPES
from ci_secrets.leaks.forms.json import FORMS as JSON
from ci_secrets.leaks.forms.wide import FORMS
from tests.unit.leaks.forms.undoing import HOSTILE, OUTSIDE, pieces, spans
from tests.unit.leaks.strategies import AWKWARD, TOKENS, VALUES

UTF16, CHARSET = FORMS["utf-16"], FORMS["charset"]
WITHOUT_NUL = OUTSIDE.map(lambda text: text.replace(b"\0", b"."))
SIDES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF), max_size=40)


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@given(value=VALUES, sides=st.tuples(SIDES, SIDES), before=WITHOUT_NUL, after=WITHOUT_NUL)
def test_utf16_is_read(
    order: str, value: str, sides: tuple[str, str], before: bytes, after: bytes
) -> None:
    """At any offset, with exactly its own bytes as span."""
    left, right = f"key={sides[0]}", f"{sides[1]} end"
    encoded = value.encode(order)
    head = before + left.encode(order)
    text = head + encoded + right.encode(order) + after
    assert (len(head), len(head) + len(encoded)) in spans(UTF16, text, value.encode())


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "value", ["€uro-Käse-7€", "Blaubär 😀 7/8 日本語の長い文字列 end", "pass日本"]
)
def test_other_characters_belong_to_the_text(order: str, value: str) -> None:
    """Before, between and after those below U+0100, and pairs of units."""
    text = b"log: " + value.encode(order) + b"\n\n"
    assert (5, len(text) - 2) in spans(UTF16, text, value.encode())


def test_several_texts_are_read() -> None:
    """Each with its own parity."""
    text = b"abc" + "first".encode("utf-16-le") + b"." * 201 + "second".encode("utf-16-le")
    assert spans(UTF16, text, b"first") == {(3, 13)}
    assert spans(UTF16, text, b"second") == {(214, 226)}
    both = b"abc" + "first".encode("utf-16-le") + b"x" + "second".encode("utf-16-le")
    assert spans(UTF16, both, b"first")
    assert (14, 26) in spans(UTF16, both, b"second")


@pytest.mark.parametrize("order", ["utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("value", ["hunter-2-hunter", "Käse-€-😀-Käse"])
def test_utf32_is_read(order: str, value: str) -> None:
    """In either order, with exactly its own bytes as span."""
    encoded = value.encode(order)
    text = b"log: " + encoded + b"\n"
    assert (5, 5 + len(encoded)) in spans(UTF16, text, value.encode())


SHOWN = {"cat -v": "^@", "NUL": "\\0", "hex": "\\x00", "JSON": "\\u0000", "octal": "\\000"}


@pytest.mark.parametrize("name", SHOWN)
def test_shown_nul_is_read(name: str) -> None:
    """UTF-16 whose NULs were made visible is read with their notation undone first."""
    text = "".join(f"{one}{SHOWN[name]}" for one in "hunter!pass")
    readers = [*ESCAPES.values(), *JSON.values()]
    once = [piece.text for form in readers for piece in pieces(form, text.encode())]
    twice = [piece.text for one in once for piece in pieces(UTF16, one)]
    assert any(b"hunter!pass" in one for one in twice)
    hints = [form.hint(b"hunter!pass") for form in readers if form.hint]
    assert any(hint in text.encode() for hint in chain.from_iterable(hints))


@given(value=TOKENS)
def test_hints_are_in_both_orders(value: str) -> None:
    """The first hint stands in what Windows writes and in what Java writes."""
    assert UTF16.hint is not None
    first = next(UTF16.hint(value.encode()))
    assert len(first) >= 8
    assert first in value.encode("utf-16-le")
    assert first in f"{value}x".encode("utf-16-be")


@given(value=AWKWARD)
def test_each_spelling_is_what_the_value_becomes(value: str) -> None:
    """Both orders, and the usual code pages where they make a difference."""
    assert UTF16.spell is not None
    assert CHARSET.spell is not None
    raw = value.encode()
    assert list(UTF16.spell(raw)) == [value.encode("utf-16-le"), value.encode("utf-16-be")]
    pages = list(CHARSET.spell(raw))
    if value.isascii():
        assert not pages
    else:
        assert value.encode("cp1252") in pages
        assert raw.decode("cp1252", "replace").encode() in pages or "\ufffd" in raw.decode(
            "cp1252", "replace"
        )


@given(value=VALUES, outside=st.tuples(OUTSIDE, OUTSIDE))
def test_text_encoded_twice_is_read(value: str, outside: tuple[bytes, bytes]) -> None:
    """UTF-8 that was taken for Latin-1, with exactly its own bytes as span."""
    value += "é€"
    encoded = value.encode().decode("latin-1").encode()
    text = outside[0] + b" " + encoded + b" " + outside[1]
    start = len(outside[0]) + 1
    assert (start, start + len(encoded)) in spans(CHARSET, text, value.encode())


def test_text_in_the_charset_of_windows_encoded_twice_is_read() -> None:
    """Its quotes and its euro are other characters than those of Latin-1."""
    encoded = "pä€ß".encode().decode("cp1252").encode()
    assert spans(CHARSET, b"x" + encoded, "pä€ß".encode()) == {(1, 1 + len(encoded))}


@given(
    text=HOSTILE
    | st.text("\0a€\ud800", max_size=40).map(lambda one: one.encode("utf-16-le", "surrogatepass"))
)
def test_nothing_raises(text: bytes) -> None:
    """Any bytes may be read and spelled."""
    for form in FORMS.values():
        pieces(form, text)
        assert form.spell is not None
        assert all(isinstance(one, bytes) for one in form.spell(text))


def test_plain_text_is_refused() -> None:
    """A text without NUL has no UTF-16, one without double encoding no other charset."""
    assert not pieces(UTF16, "plain text € \\0".encode())
    assert not pieces(UTF16, "text".encode("utf-16-le"), budget=2)
    assert not pieces(CHARSET, "Käse Ñandú Àé".encode())


@pytest.mark.parametrize("page", ["latin-1", "cp437", "cp850"])
def test_what_a_console_of_windows_shows_is_spelled(page: str) -> None:
    """It takes UTF-8 for its own charset, which has a character for each byte."""
    value = "Žluťoučký-秘密-7"
    assert CHARSET.spell is not None
    assert value.encode().decode(page).encode() in CHARSET.spell(value.encode())


def test_accents_apart_from_their_letters_are_spelled() -> None:
    """As macOS names files; and put together, where the value has them apart."""
    composed, apart = "Žluťoučký-7".encode(), normalize("NFD", "Žluťoučký-7").encode()
    assert CHARSET.spell is not None
    assert apart in CHARSET.spell(composed)
    assert composed in CHARSET.spell(apart)


def test_dots_stand_for_what_is_not_ascii() -> None:
    """The text column of a dump shows the rest of a value, which is enough where it is no word."""
    assert CHARSET.spell is not None
    assert b"Z..rich-8h....Qm4" in CHARSET.spell("Zürich-8häßQm4".encode())
    assert not any(b"." in one for one in CHARSET.spell("пароль-admin".encode()))


def test_utf16_that_is_not_ascii_has_hints_in_dumps() -> None:
    """Two characters of another alphabet, as bytes and as words of either order."""
    hints = set(hint_units("пароль".encode()))
    for order in ("utf-16-le", "utf-16-be"):
        dumped = "пароль".encode(order)
        assert any(hint in dumped.hex(" ").encode() for hint in hints)
        assert any(hint in dumped.hex(" ", -2).encode() for hint in hints)
