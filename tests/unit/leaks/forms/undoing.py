"""What every reader of a form owes, for the tests of each."""

from collections.abc import Callable
from typing import Final

from hypothesis import strategies as st

from ci_secrets.leaks.forms.reading import Budget, Form, Piece

ENOUGH: Final = 1 << 24
AROUND: Final = st.text(max_size=8).filter(lambda text: max(text, default="") < "\ud800")
"""Text that is encoded together with a value."""
OUTSIDE: Final = st.binary(max_size=12)
"""Bytes of a log around what is encoded."""
HOSTILE: Final = st.one_of(
    st.binary(max_size=64),
    st.text("\\xuUM-C^$`'\"%&#;=?+01aAfF{} \n\r\t\0äNq_", max_size=64).map(str.encode),
)


def pieces(form: Form, text: bytes, budget: int = ENOUGH) -> list[Piece]:
    """All that a form reads in a text; each span of what it reads lies in that text."""
    assert form.read is not None
    found = list(form.read(text, Budget(budget)))
    for piece in found:
        assert piece.text != text
        for start in range(0, len(piece.text), 7):
            low, high = piece.span(start, min(start + 5, len(piece.text)))
            assert 0 <= low < high <= len(text)
    return found


def spans(form: Form, text: bytes, value: bytes) -> set[tuple[int, int]]:
    """Where a value stands in what a form reads, as offsets in the text."""
    found = set()
    for piece in pieces(form, text):
        at = piece.text.find(value)
        while at >= 0:
            found.add(piece.span(at, at + len(value)))
            at = piece.text.find(value, at + 1)
    return found


def assert_undone(
    forms: list[Form],
    encode: Callable[[str], bytes],
    value: str,
    inside: tuple[str, str] = ("", ""),
    outside: tuple[bytes, bytes] = (b"", b""),
) -> None:
    """`outside[0] + encode(inside[0] + value + inside[1]) + outside[1]` gives the value back.

    With the span of exactly its encoding; the encoding of a text is that of its parts.
    """
    head = outside[0] + encode(inside[0])
    text = head + encode(value) + encode(inside[1]) + outside[1]
    there = len(head), len(head) + len(encode(value))
    plain = text[slice(*there)] == value.encode()
    found = {span for form in forms for span in spans(form, text, value.encode())}
    assert plain or there in found, (text, found, there)
