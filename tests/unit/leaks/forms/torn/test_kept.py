"""Texts with bytes deleted, and the way back."""

import re

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.kept import Sieved, without
from ci_secrets.leaks.forms.torn.squash import Squashed, squash
from tests.unit.leaks.forms.torn.tears import MANY

TEXTS = st.one_of(st.binary(max_size=300), st.text("aB \n-é", max_size=300).map(str.encode))


@MANY
@given(text=TEXTS, cuts=st.lists(st.integers(0, 300)))
def test_cut_text_is_what_is_left_and_every_span_is_exact(text: bytes, cuts: list[int]) -> None:
    """A span runs from the first kept byte to behind the last, whatever was cut between."""
    edges = sorted({min(edge, len(text)) for edge in cuts})
    spans = list(zip(edges[::2], edges[1::2], strict=False))
    kept = [at for at in range(len(text)) if not any(start <= at < end for start, end in spans)]
    piece = without(text, spans)
    if len(kept) in (0, len(text)):
        assert piece is None
        return
    assert piece is not None
    assert piece.text == bytes(text[at] for at in kept)
    for start in range(0, len(kept), 7):
        for end in range(start + 1, len(kept) + 1, 5):
            assert piece.span(start, end) == (kept[start], kept[end - 1] + 1)


@MANY
@given(text=TEXTS, times=st.sampled_from([1, 1, 40]), data=st.data())
def test_squashed_view_knows_where_each_byte_stood(
    text: bytes, times: int, data: st.DataObject
) -> None:
    """Over blocks of any content, a span of the view leads to its first and last byte."""
    text *= times
    view = Squashed(text)
    kept = [at for at, byte in enumerate(text) if re.match(rb"[0-9A-Za-z\x80-\xff]", bytes([byte]))]
    assert view.text == squash(text) == bytes(text[at] for at in kept).lower()
    if kept:
        start = data.draw(st.integers(0, len(kept) - 1))
        end = data.draw(st.integers(start + 1, len(kept)))
        assert view.span(start, end) == (kept[start], kept[end - 1] + 1)


def test_nothing_is_yielded_where_nothing_changed() -> None:
    """A sieve that held nothing back, or all, makes no piece."""
    assert Sieved(b"abc", b" ").piece() is None
    assert Sieved(b"   ", b" ").piece() is None
    assert Sieved(b"", b" ").piece() is None
