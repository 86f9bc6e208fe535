"""Hints by which narrow tears are noticed."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.hints import hints
from tests.unit.leaks.forms.torn.tears import FEW, MANY, cut
from tests.unit.leaks.strategies import AWKWARD, TOKENS

LINES: dict[str, Callable[[int, bytes], bytes]] = {
    "plain": lambda _, piece: piece + b"\n",
    "github": lambda n, piece: b"2026-11-22T06:23:36.%07dZ %b\n" % (n, piece),
    "gitlab": lambda n, piece: b"2026-11-22T06:23:36.%06dZ 01O %b\n" % (n, piece),
    "python": lambda n, piece: b"2026-11-22 06:23:36,%03d - x - %b\n" % (n, piece),
    "cat -n": lambda n, piece: b"%6d\t%b\n" % (n, piece),
    "compose": lambda _, piece: b"web-1  | " + piece + b"\n",
    "clock": lambda n, piece: b"[06:23:%02d] %b\n" % (n % 60, piece),
    "grep -n": lambda n, piece: b"%d:%b\n" % (n, piece),
}
BETWEEN = [b" ", b"\n", b"\r\n", b",", b", ", b"-", b"_", b".", b":", b"|", b"/", b"\t", b"\n> "]
WIDTHS = range(1, 8)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("width", WIDTHS)
@FEW
@given(value=TOKENS.filter(lambda text: len(text) > 16), before=st.integers(0, 6))
def test_narrow_lines_are_noticed(line: str, width: int, value: str, before: int) -> None:
    """Lines of 1 to 7 characters with a prefix hold a hint, wherever the value begins in them.

    Of numbers without a form, those that begin with the value are.
    """
    left = b"x" * before if line != "grep -n" else b""
    pieces = cut(left + value.encode() + b"yyyyyyy", width)
    printed = b"".join(LINES[line](n, piece) for n, piece in enumerate(pieces, start=1))
    printed += LINES[line](99, b"end")
    assert any(hint in printed for hint in hints(value.encode()))


@pytest.mark.parametrize("between", BETWEEN)
@FEW
@given(value=st.one_of(TOKENS, AWKWARD.map(str.strip).filter(str.isascii)))
def test_separated_characters_are_noticed(between: bytes, value: str) -> None:
    """A value with a separator at every character holds a hint."""
    printed = between.join(cut(value.encode(), 1))
    assert any(hint in printed + between for hint in hints(value.encode()))


@pytest.mark.parametrize("between", [b"\n", b"\r\n", b" ", b"-"])
@pytest.mark.parametrize("width", range(4, 8))
@FEW
@given(value=TOKENS.filter(lambda text: len(text) > 16), before=st.integers(0, 6))
def test_groups_are_noticed(between: bytes, width: int, value: str, before: int) -> None:
    """Groups of 4 to 7 characters hold a hint at every phase."""
    printed = between.join(cut(b"x" * before + value.encode() + b"yyyyyyy", width))
    assert any(hint in printed for hint in hints(value.encode()))


@MANY
@given(value=TOKENS)
def test_lists_of_characters_are_noticed(value: str) -> None:
    """Lists as Python and JSON print them hold a hint."""
    for printed in (
        repr(list(value)),
        json.dumps(list(value)),
        json.dumps(list(value), separators=(",", ":")),
        json.dumps(list(value), indent=2),
        json.dumps(list(value), indent=4),
    ):
        assert any(hint in printed.encode() for hint in hints(value.encode()))


@MANY
@given(value=st.one_of(st.binary(max_size=80), TOKENS.map(str.encode)))
def test_hints_are_few_and_long_enough(value: bytes) -> None:
    """There are at most 160 for any value, each of 6 to 12 bytes, and no two alike."""
    found = list(hints(value))
    assert len(found) == len(set(found)) <= 160
    assert all(6 <= len(hint) <= 12 for hint in found)


@MANY
@given(values=st.lists(TOKENS.filter(lambda text: len(text) > 20), min_size=2, max_size=2))
def test_hints_of_pieces_are_in_no_other_text(values: list[str]) -> None:
    """In the torn text of another value only a hint of a single letter may stand."""
    one, other = (value.encode() for value in values)
    if {one[at : at + 2] for at in range(len(one))} & {
        other[at : at + 2] for at in range(len(other))
    }:
        return
    text = b"".join(LINES["github"](n, piece) for n, piece in enumerate(cut(other, 5)))
    assert not [hint for hint in hints(one) if hint in text]
