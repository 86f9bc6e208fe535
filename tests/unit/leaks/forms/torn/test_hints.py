"""Hints by which narrow tears are noticed."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.hints import hints
from ci_secrets.leaks.forms.torn.seen import torn_apart
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
BETWEEN = [
    b"\r",
    b"\\\n",
    b"\x1b[K",
    b" ",
    b"\n",
    b"\r\n",
    b",",
    b", ",
    b"-",
    b"_",
    b".",
    b":",
    b"|",
    b"/",
    b"\t",
    b"\n> ",
]
WIDTHS = range(1, 8)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("width", WIDTHS)
@FEW
@given(
    value=TOKENS.filter(lambda text: len(text) > 16 and not text.isdigit()),
    before=st.integers(0, 6),
)
def test_narrow_lines_are_noticed(line: str, width: int, value: str, before: int) -> None:
    """Lines of 1 to 7 characters with a prefix hold a hint, wherever the value begins in them.

    Or show it by their shape, where they are of one character.
    Of numbers without a form, those that begin with the value are. A value of digits is not, for
    many lines end with some.
    """
    left = b"x" * before if line != "grep -n" else b""
    pieces = cut(left + value.encode() + b"yyyyyyy", width)
    printed = b"".join(LINES[line](n, piece) for n, piece in enumerate(pieces, start=1))
    printed += LINES[line](99, b"end")
    noticed = any(hint in printed for hint in hints(value.encode()))
    assert noticed or (width == 1 and "lines" in torn_apart(printed))


@pytest.mark.parametrize("between", BETWEEN)
@FEW
@given(value=st.one_of(TOKENS, AWKWARD.map(str.strip).filter(str.isascii)))
def test_separated_characters_are_noticed(between: bytes, value: str) -> None:
    """A value with a separator at every character holds a hint."""
    printed = between.join(cut(value.encode(), 1))
    assert any(hint in printed + between for hint in hints(value.encode()))


@pytest.mark.parametrize("between", [b"\n", b" ", b"-", b"\r\n", b",", b", "])
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
    """Lists as Python, Go and JSON print them hold a hint, or show themselves by their shape."""
    for printed in (
        repr(list(value)),
        "['" + "' '".join(value) + "']",
        json.dumps(list(value)),
        json.dumps(list(value), separators=(",", ":")),
        json.dumps(list(value), indent=2),
        json.dumps(list(value), indent=4),
    ):
        noticed = any(hint in printed.encode() for hint in hints(value.encode()))
        assert noticed or list(torn_apart(printed.encode()))


@FEW
@given(
    value=TOKENS.filter(lambda text: len(text) > 12),
    columns=st.integers(7, 16),
    before=st.integers(0, 16),
    padded=st.booleans(),
)
def test_rows_of_characters_are_noticed(
    value: str, columns: int, before: int, padded: bool
) -> None:
    """Lists in rows of several columns, as node prints them, show it by their shape."""
    quoted = [b"'%c'" % one for one in b"x" * before + value.encode()]
    rows = [quoted[at : at + columns] for at in range(0, len(quoted), columns)]
    printed = b",\n  ".join((b",  " if padded else b", ").join(row) for row in rows)
    assert list(torn_apart(printed))


@MANY
@given(value=TOKENS.filter(lambda text: not text.isdigit()))
def test_characters_with_a_key_are_noticed(value: str) -> None:
    """Characters of which each has its number, as node prints an object, show it by their shape."""
    printed = "".join(f"  '{number}': '{one}',\n" for number, one in enumerate(value + "x"))
    assert list(torn_apart(printed.encode()))


@MANY
@given(value=TOKENS)
def test_matches_side_by_side_are_noticed(value: str) -> None:
    """A value of which grep colours each character holds a hint."""
    printed = b"".join(b"\x1b[01;31m\x1b[K%c\x1b[m\x1b[K" % one for one in value.encode())
    assert any(hint in printed for hint in hints(value.encode()))


@pytest.mark.parametrize("between", [b"\n", b"-"])
@pytest.mark.parametrize("width", range(2, 8))
@FEW
@given(value=st.text("abcXYZ019üñ鍵盤🔑", min_size=16, max_size=40), before=st.integers(0, 6))
def test_characters_that_were_cut_in_two_are_noticed(
    between: bytes, width: int, value: str, before: int
) -> None:
    """Pieces of 2 to 7 bytes hold a hint, also where they part the bytes of a character."""
    printed = between.join(cut(b"x" * before + value.encode() + b"yyyyyyy", width))
    assert any(hint in printed for hint in hints(value.encode()))


@MANY
@given(value=st.text("abcXYZ019_-", min_size=11, max_size=15), data=st.data())
def test_short_values_are_noticed_however_they_are_torn_once(
    value: str, data: st.DataObject
) -> None:
    """One half of a value of up to 15 characters is a hint, if it is no word or number."""
    place = data.draw(st.integers(0, len(value)))
    printed = value[:place] + "\n+ " + value[place:]
    half = max(6, -(-len(value) // 2))
    whole = value[:half] if place >= half else value[-half:]
    word = whole.isdigit() or (whole.isalpha() and (whole[1:].islower() or whole.isupper()))
    assert word or any(hint in printed.encode() for hint in hints(value.encode()))


@MANY
@given(value=st.text("abcXYZ019_-", min_size=8, max_size=15), data=st.data())
def test_short_values_are_noticed_beside_a_colour(value: str, data: st.DataObject) -> None:
    """One piece before or behind what grep found in it is enough, if that has four letters."""
    start = data.draw(st.integers(0, len(value) - 1))
    end = data.draw(st.integers(start + 1, min(start + 4, len(value))))
    printed = f"{value[:start]}\x1b[01;31m\x1b[K{value[start:end]}\x1b[m\x1b[K{value[end:]}"
    short = max(start, len(value) - end) < 4
    assert short or any(hint in printed.encode() for hint in hints(value.encode()))


@MANY
@given(value=st.one_of(st.binary(max_size=80), TOKENS.map(str.encode)))
def test_hints_are_few_and_long_enough(value: bytes) -> None:
    """There are at most 260 for any value, each of 5 to 12 bytes, and no two alike."""
    found = list(hints(value))
    assert len(found) == len(set(found)) <= 260
    assert all(5 <= len(hint) <= 12 for hint in found)


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
