"""Hints by which narrow tears of an encoding are noticed."""

from base64 import b32encode, b64encode
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.encoded import encoded_hints
from tests.unit.leaks.forms.torn.tears import FEW, MANY, cut

ENCODERS: dict[str, Callable[[bytes], bytes]] = {
    "base64": b64encode,
    "hex": lambda text: text.hex().encode(),
    "base32": b32encode,
}
TEARS = [
    *(("base64", between, 1) for between in (b"\n", b" ", b",")),
    *(("base64", b"\n", width) for width in range(2, 9)),
    *(("base64", between, width) for between in (b" ", b"-") for width in (4, 8)),
    *(("hex", between, 1) for between in (b"\n", b" ", b",")),
    *(("hex", b"\n", width) for width in (4, 6, 8)),
    *(("base32", b" ", 4), ("base32", b"\n", 16)),
]
VALUES = st.binary(min_size=24, max_size=60)


@pytest.mark.parametrize(("encoder", "between", "width"), TEARS)
@FEW
@given(left=st.binary(max_size=12), value=VALUES, right=st.binary(max_size=12))
def test_torn_encodings_are_noticed(
    encoder: str, between: bytes, width: int, left: bytes, value: bytes, right: bytes
) -> None:
    """Pieces of an encoding hold a hint, whatever stands before and after the value in it."""
    encoded = ENCODERS[encoder](left + value + right)
    printed = between.join(cut(encoded, width)) + between
    assert any(hint in printed for hint in encoded_hints(value))


@pytest.mark.parametrize("width", range(3, 9))
@FEW
@given(value=VALUES, before=st.integers(0, 7))
def test_lines_may_begin_anywhere(width: int, value: bytes, before: int) -> None:
    """Base64 behind other text, wrapped with it, holds a hint at every phase."""
    printed = b"\n".join(cut(b"x" * before + b64encode(value), width)) + b"\n"
    assert any(hint in printed for hint in encoded_hints(value))


@MANY
@given(value=st.binary(max_size=80))
def test_hints_are_few_and_long_enough(value: bytes) -> None:
    """There are at most 115 for any value, each of 6 to 12 bytes, and no two alike."""
    found = list(encoded_hints(value))
    assert len(found) == len(set(found)) <= 115
    assert all(6 <= len(hint) <= 12 for hint in found)
