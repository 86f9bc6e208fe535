"""Escape sequences taken out of a stream."""

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.squash import squash
from ci_secrets.leaks.forms.torn.uncolour import (
    LONGEST,
    Sequences,
    begin_of_end,
    blanked,
    uncoloured,
)
from tests.unit.leaks.forms.torn.tears import MANY
from tests.unit.leaks.strategies import cut

HOSTILE = st.lists(
    st.sampled_from(
        [
            *[
                b"\x1b",
                b"[",
                b"]",
                b"31",
                b";",
                b"m",
                b"K",
                b"\\",
                b"\x07",
                b"(",
                b"B",
                b"P",
                b" ",
                b"a",
            ],
            *[
                b"\x1b[0m",
                b"\x1b[",
                b"\x1b]8;;x\x07",
                b"1" * 47,
                b"b" * 59,
                b"\n",
                b"\xc3\xa9",
                b"\x1b\\",
            ],
        ]
    ),
    max_size=40,
).map(b"".join)
SIZES = st.lists(st.integers(1, 9), max_size=6)


def pieces(text: bytes, sizes: list[int]) -> list[bytes]:
    """A text that comes in pieces, as it is handed on."""
    stream = Sequences()
    given = [stream.feed(piece) for piece in cut(text, sizes)]
    return [*given, stream.close()]


@MANY
@given(text=HOSTILE, sizes=SIZES)
def test_chunks_change_nothing(text: bytes, sizes: list[int]) -> None:
    """However a stream is cut, all of it is handed on, and the same sequences are taken out."""
    stream = Sequences()
    given = b""
    for piece in cut(text, sizes):
        given += stream.feed(piece)
        assert len(stream.held) < LONGEST
        assert text.startswith(given + stream.held)
    given += stream.close()
    assert given == text
    assert b"".join(map(blanked, pieces(text, sizes))) == blanked(text)


@MANY
@given(text=HOSTILE)
def test_both_ways_to_take_sequences_out_leave_the_same(text: bytes) -> None:
    """One keeps all bytes in their places, the other is quick."""
    assert uncoloured(text).replace(b"\0", b"") == blanked(text).replace(b"\0", b"")
    assert squash(uncoloured(text)) == squash(blanked(text))
    assert len(blanked(text)) == len(text)
    assert all(new in (0, old) for new, old in zip(blanked(text), text, strict=True))


@MANY
@given(text=HOSTILE, least=st.integers(1, 60))
def test_the_end_of_a_text_begins_between_sequences(text: bytes, least: int) -> None:
    """So it can be read without what stands before it."""
    start = begin_of_end(text, least)
    assert len(text) - start >= min(least, len(text))
    assert blanked(text)[start:] == blanked(text[start:])


@MANY
@given(value=st.text("abcXYZ019", min_size=1).map(str.encode), sizes=SIZES)
def test_coloured_letters_come_out_clean(value: bytes, sizes: list[int]) -> None:
    """A value with a colour, a link and a charset at each letter is what the stream keeps."""
    text = b"".join(
        b"\x1b[38;5;%dm%c\x1b[0m\x1b]8;;http://x\x07\x1b(B\x1b[K" % (byte, byte) for byte in value
    )
    assert squash(b"".join(map(uncoloured, pieces(text, sizes)))) == squash(value)


def test_sequence_that_is_too_long_is_text() -> None:
    """A title of more than 64 bytes stays, and so does an escape that nothing follows."""
    title = b"\x1b]0;" + b"t" * 70 + b"\x07"
    assert uncoloured(title) == title
    assert pieces(title, [5])[0] == b""
    assert b"".join(pieces(title, [5])) == title
    assert uncoloured(b"ab\x1b") == b"ab\x1b"


def test_text_without_escapes_passes_at_once() -> None:
    """Each piece comes back as it is."""
    assert pieces(b"abcde", [3]) == [b"abc", b"de", b""]
