"""Quoted-printable, and encoded words."""

import quopri
from email.header import Header
from email.message import EmailMessage

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.mail import FORMS
from tests.unit.leaks.forms.undoing import AROUND, HOSTILE, OUTSIDE, assert_undone, pieces, spans
from tests.unit.leaks.strategies import AWKWARD, VALUES

MAIL = FORMS["quoted-printable"]


def all_bytes(text: str) -> bytes:
    """Every byte as a number."""
    return "".join(f"={byte:02X}" for byte in text.encode()).encode()


@given(value=VALUES, inside=st.tuples(AROUND, AROUND), outside=st.tuples(OUTSIDE, OUTSIDE))
def test_all_bytes_are_read(
    value: str, inside: tuple[str, str], outside: tuple[bytes, bytes]
) -> None:
    """A value comes out of what is all numbers, with exactly its own bytes as span."""
    assert_undone([MAIL], all_bytes, value, inside, (outside[0] + b" ", b" " + outside[1]))
    lower = all_bytes(value).lower()
    assert spans(MAIL, b"a " + lower, value.encode()) == {(2, 2 + len(lower))}


@given(value=VALUES, left=st.text(max_size=100))
def test_folded_text_is_read(value: str, left: str) -> None:
    """A value comes out of a body, wherever its line was folded."""
    text = (left + value + " end").encode("utf-8", "replace")
    printed = quopri.encodestring(text)
    assert any(value.encode() in one for one in [printed, *(p.text for p in pieces(MAIL, printed))])


@given(value=AWKWARD.map(str.strip), left=st.text("ab \u00e4", max_size=60))
def test_messages_are_read(value: str, left: str) -> None:
    """A value comes out of a whole message, from its body and from its subject."""
    header = Header(f"{left}ä{value}€", "utf-8", maxlinelen=70).encode()
    printed = f"Subject: {header}\n".encode()
    assert any(value.encode() in piece.text for piece in pieces(MAIL, printed)), printed
    message = EmailMessage()
    message.set_content(f"{left}{value}€\n", cte="quoted-printable")
    printed = message.as_bytes()
    assert any(value.encode() in piece.text for piece in pieces(MAIL, printed)), printed


def test_words_of_both_kinds_and_any_charset_are_read() -> None:
    """White space between words goes, a charset that nobody knows stays."""
    assert spans(
        MAIL, b"S: =?iso-8859-1?q?p=E4_s=5F?=\r\n =?UTF-8*de?B?xLoh?= x", "pä s_ĺ!".encode()
    )
    assert not pieces(MAIL, b"S: =?x-nosuch?q?abc?= =?utf-8?b?////?=")


@given(value=AWKWARD)
def test_each_spelling_means_the_value(value: str) -> None:
    """What is looked for is read again, as a body or as a word of a header."""
    assert MAIL.spell is not None
    body, header = MAIL.spell(value.encode())
    assert quopri.decodestring(body) == value.encode()
    assert quopri.decodestring(header, header=True) == value.encode()
    assert quopri.encodestring(b"x" + value.encode() + b"x").replace(b"=\n", b"") == b"x%sx" % body


@given(text=HOSTILE)
def test_nothing_raises(text: bytes) -> None:
    """Any bytes may be read and spelled."""
    pieces(MAIL, text)
    assert MAIL.spell is not None
    assert len(list(MAIL.spell(text))) == 2


def test_plain_text_is_refused() -> None:
    """Settings and padded base64 are no mail, and an empty budget reads nothing."""
    assert not pieces(MAIL, b"A=deadbeef B=1xx C==\nQUJD==\n=?no?\n a = b\n")
    assert not pieces(MAIL, b"=C3=A4=C3=A4", budget=2)
