"""Text backwards, thirteen places on, and in the other case."""

import codecs
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.letters import FORMS
from tests.unit.leaks.forms.undoing import AROUND, HOSTILE, OUTSIDE, pieces, spans
from tests.unit.leaks.strategies import AWKWARD, VALUES

REVERSED, ROT13, CASED = FORMS["reversed"], FORMS["rot13"], FORMS["cased"]
ASCII = st.text(st.characters(max_codepoint=0x7F), max_size=12).map(str.encode)


@given(value=VALUES, inside=st.tuples(AROUND, AROUND))
def test_a_text_backwards_is_read(value: str, inside: tuple[str, str]) -> None:
    """By characters and by bytes, with exactly its own bytes as span."""
    text = "".join((inside[0], value, inside[1]))
    after = len(inside[1].encode())
    there = after, after + len(value.encode())
    assert there in spans(REVERSED, text[::-1].encode(), value.encode())
    assert there in spans(REVERSED, text.encode()[::-1], value.encode())


@given(value=VALUES, left=ASCII, right=ASCII, outside=st.tuples(OUTSIDE, OUTSIDE))
def test_lines_backwards_are_read(
    value: str, left: bytes, right: bytes, outside: tuple[bytes, bytes]
) -> None:
    """Each line on its own, whatever the lines around it are."""
    left, right = left.replace(b"\r", b"").replace(b"\n", b""), right.split(b"\n")[0].strip(b"\r")
    head = outside[0] + b"\n" + right[::-1]
    text = head + value[::-1].encode() + left[::-1] + b"\r\n" + outside[1]
    there = len(head), len(head) + len(value.encode())
    assert there in spans(REVERSED, text, value.encode())


def test_lines_are_read_together() -> None:
    """A value of several lines whose lines were reversed keeps their order."""
    assert (9, 13) in spans(REVERSED, b"x\ncba:k\r\nfed\nihg z\n", b"def\n")
    assert spans(REVERSED, b"x\nba:k\nfed\nihg z\n", b"k:ab\ndef\nz ghi") == {(2, 16)}
    assert spans(REVERSED, b"x\nba:k\nfed\nihg z\n", b"ab\ndef\nz") == {(2, 16)}


@given(value=AWKWARD)
def test_spellings_are_what_tools_make(value: str) -> None:
    """Backwards, ROT13, upper and lower case."""
    raw = value.encode()
    for form in FORMS.values():
        assert form.spell is not None
    spelled = {name: list(form.spell(raw)) for name, form in FORMS.items() if form.spell}
    assert {value[::-1].encode(), raw[::-1]} == set(spelled["reversed"])
    assert spelled["rot13"] == [codecs.encode(value, "rot13").encode()]
    changed = {raw.upper(), raw.lower(), value.upper().encode(), value.lower().encode()} - {raw}
    assert changed <= set(spelled["cased"])
    assert raw not in spelled["cased"]


def test_what_rev_prints_is_read() -> None:
    """Line by line, by characters."""
    if shutil.which("rev") is None:
        pytest.skip("rev is not installed")
    lines = "one äöü€\ntwo ß€x".encode()
    run = subprocess.run(
        ["rev"], input=lines + b"\n", env={"LC_ALL": "C.UTF-8", "PATH": "/usr/bin"},
        capture_output=True, check=True,
    )  # fmt: skip
    assert spans(REVERSED, run.stdout, lines) == {(0, len(run.stdout) - 1)}


@given(value=VALUES, outside=st.tuples(OUTSIDE, OUTSIDE))
def test_rot13_is_read(value: str, outside: tuple[bytes, bytes]) -> None:
    """A value comes out with exactly its own bytes as span."""
    printed = codecs.encode(value, "rot13").encode()
    text = outside[0] + printed + outside[1]
    there = len(outside[0]), len(outside[0]) + len(printed)
    plain = printed == value.encode()
    assert plain or there in spans(ROT13, text, value.encode())


@given(text=HOSTILE)
def test_nothing_raises(text: bytes) -> None:
    """Any bytes may be read and spelled."""
    for form in (REVERSED, ROT13):
        pieces(form, text)
    for form in FORMS.values():
        assert form.spell is not None
        assert all(isinstance(one, bytes) for one in form.spell(text))


def test_nothing_is_read_without_letters_or_budget() -> None:
    """Digits are the same thirteen places on, and an empty budget reads nothing."""
    assert not pieces(ROT13, b"2024-01-01 12:00\n")
    assert not pieces(ROT13, b"letters", budget=3)
    assert not pieces(REVERSED, b"some\nlines", budget=3)
    assert not pieces(REVERSED, b"")


def test_another_case_of_other_letters_is_noticed() -> None:
    """Anchors are compared in either case of ASCII alone, so other letters have hints."""
    hint = FORMS["cased"].hint
    assert hint
    assert any(one in "ПАРОЛЬ-9".encode() for one in hint("пароль-9".encode()))
    assert not list(hint(b"password-9"))
