"""The engine and its search through a stream."""

import string

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import VALUES, engine_of


def test_extended_engine_knows_old_and_new_values_of_a_name() -> None:
    """A rotated value stays known."""
    engine = engine_of({"PW": "old-value-1"}).extended({"PW": Secret("new-value-2")})
    plain = {needle.pattern for needle in engine.needles if not needle.form}
    assert plain == {b"old-value-1", b"new-value-2"}
    assert engine.extended({"PW": Secret("new-value-2")}) is engine
    more = {"OTHER": Secret("third-value-3")}
    assert engine.extended(more) is engine.extended(more)
    assert engine.extended({"OTHER": Secret("fourth-value")}) is not engine.extended(more)


def test_skipped_values_are_told() -> None:
    """The engine says what it does not look for."""
    assert [note.secret for note in engine_of({"A": "x", "B": "Zq8x7Kq9mZ2w"}).skipped] == ["A"]


@given(values=st.lists(VALUES, min_size=1, max_size=6, unique=True))
def test_masks_are_bounded_and_single_lines(values: list[str]) -> None:
    """At most so many a value and in all, plain values first, no line break, none too short."""
    engine = engine_of({f"V{number}": value for number, value in enumerate(values)})
    masks = engine.masks(per_value=5, total=12)
    assert len(masks) == len(set(masks)) <= min(12, 5 * len(values))
    assert set(masks[: len(values)]) == {value.strip().encode() for value in values}
    assert all(len(mask) >= 6 and b"\n" not in mask and b"\r" not in mask for mask in masks)


@given(value=VALUES)
def test_masks_in_other_forms_are_printable_text(value: str) -> None:
    """Bytes of UTF-16 or of packed data would end the line, or be no text for the runner."""
    clear = value.strip().encode()
    assert all(
        mask.decode().isprintable() for mask in engine_of({"V": value}).masks() if mask != clear
    )


def test_masks_of_a_value_of_several_lines() -> None:
    """Each line in clear first, then the whole in forms of one line; armour and `{` never."""
    key = f"-----BEGIN X-----\n{string.ascii_letters}09\nshort\n{{\n-----END X-----"
    masks = engine_of({"KEY": key}).masks()
    assert masks[0] == string.ascii_letters.encode() + b"09"
    assert masks[1].startswith(b"-----BEGIN X-----\\n")
    assert b"short" not in masks
    assert b"{" not in masks
    assert len(masks) <= 20


def _lines(count: int, of: str) -> str:
    return "\n".join(f"{of}-9xK4qZ-{number:04}" for number in range(count))


def test_a_value_of_many_lines_leaves_room_for_the_next() -> None:
    """Its first lines are masked, 20 at most; what is masked in part only is named."""
    engine = engine_of({"LONG": _lines(1500, "a"), "PW": "hunter2-made-up"})
    masks = engine.masks()
    lines = _lines(20, "a").encode().splitlines()
    assert masks[:2] == [lines[0], b"hunter2-made-up"]
    assert [mask for mask in masks if mask.startswith(b"a-")] == lines
    assert len(masks) <= 40
    assert engine.partly_masked == ("LONG",)


def test_masks_of_twenty_lines_are_the_whole_value() -> None:
    """Then nothing is missing, and no derived form takes a line's place."""
    engine = engine_of({"KEY": _lines(20, "a")})
    assert len(engine.masks()) == 20
    assert engine.partly_masked == ()


def test_all_values_in_clear_come_before_any_disguise() -> None:
    """Also the last line of one value before the base64 of another; 1,000 masks in all."""
    values = {f"KEY{number}": _lines(20, f"k{number}") for number in range(49)}
    values |= {f"PW{number}": f"hunter-made-up-{number}" for number in range(30)}
    engine = engine_of(values)
    masks = engine.masks()
    assert len(masks) == 1000
    clear = {line.encode() for value in values.values() for line in value.split("\n")}
    assert clear.issuperset(masks)
    assert {f"hunter-made-up-{number}".encode() for number in range(30)} <= set(masks[:79])
    assert len(engine.partly_masked) == 10


def test_a_value_of_short_lines_only_is_not_masked_whole() -> None:
    """A runner masks line by line, and would hide half of the log for such lines."""
    assert engine_of({"PINS": "1234\n5678\n9012"}).partly_masked == ("PINS",)


def test_masks_leave_out_values_that_are_not_looked_for() -> None:
    """A word or a short value would hide half of the log."""
    assert engine_of({"A": "true", "B": "12345", "C": "production"}).masks() == []


def test_an_engine_does_not_show_its_values() -> None:
    """Printing an engine shows no value."""
    assert "hunter23" not in repr(engine_of({"PW": "hunter23"}))
