"""The family as a whole."""

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.reading import Budget
from ci_secrets.leaks.forms.torn import FORMS, READERS, read
from tests.unit.leaks.forms.torn.tears import MANY, cut
from tests.unit.leaks.strategies import TOKENS

HOSTILE = st.lists(
    st.sampled_from(
        [
            *[
                b"\x1b[",
                b"[31m",
                b"\n",
                b"\r",
                b"- ",
                b"| ",
                b"1",
                b":",
                b"a",
                b",",
                b"'",
                b'"',
                b" ",
            ],
            *[
                b"[-",
                b"-]",
                b"{+",
                b"+}",
                b"\x08",
                b"_",
                b"\xe2\x80\x8b",
                b"\xc3",
                b"\t",
                b"::debug::",
            ],
        ]
    ),
    max_size=60,
).map(b"".join)


@MANY
@given(text=st.one_of(HOSTILE, st.binary()))
def test_any_bytes_are_read_and_each_span_is_the_text(text: bytes) -> None:
    """No reader raises; a piece is shorter than the text, and each of its bytes stood there."""
    for reader in READERS:
        for piece in reader(text):
            assert 0 < len(piece.text) < len(text)
            places = [piece.span(at, at + 1) for at in range(len(piece.text))]
            assert all(end == start + 1 for start, end in places)
            assert bytes(text[start] for start, _ in places) == piece.text
            assert piece.span(0, len(places)) == (places[0][0], places[-1][1])
            assert places == sorted(set(places))


@MANY
@given(value=TOKENS)
def test_colours_go_with_any_other_tear(value: str) -> None:
    """A coloured prefix at each line of a value is undone in one reading."""
    rows = [b"\x1b[36mweb-1  | \x1b[0m" + piece for piece in cut(value.encode(), 7)]
    text = b"\n".join(rows)
    shown = b"\n".join(cut(value.encode(), 7))
    pieces = [piece for piece in read(text, Budget(10**6)) if piece.text == shown]
    assert pieces
    assert pieces[0].span(0, len(shown)) == (len(rows[0]) - min(7, len(value)), len(text))


def test_reading_stops_with_the_budget() -> None:
    """No more pieces come than may be paid for."""
    text = b"> a b\n> c d\n> e f\n" * 10
    assert not list(read(text, Budget(10)))
    budget = Budget(10**6)
    spent = sum(len(piece.text) for piece in FORMS["torn"].read(text, budget))  # type: ignore[misc]
    assert spent == 10**6 - budget.left > 0
