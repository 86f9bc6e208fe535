"""What a CI system is asked to mask."""

import string
from collections.abc import Mapping

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.masks import Masks, Unmasked, masks_of
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import VALUES


def masked(values: Mapping[str, str]) -> Masks:
    """The masks for these values."""
    return masks_of({name: Secret(value) for name, value in values.items()})


def told(found: Masks) -> dict[str, str]:
    """Why values are not masked as a whole, by name."""
    return {left.secret: left.reason for left in found.unmasked}


@given(values=st.lists(VALUES, min_size=1, max_size=6, unique=True))
def test_masks_are_bounded_and_single_lines(values: list[str]) -> None:
    """At most so many a value and in all, plain values first, no line break, none too short."""
    known = {f"V{number}": Secret(value) for number, value in enumerate(values)}
    masks = masks_of(known, per_value=5, total=12).texts
    assert len(masks) == len(set(masks)) <= min(12, 5 * len(values))
    assert set(masks[: len(values)]) == {value.strip().encode() for value in values}
    assert all(len(mask) >= 6 and b"\n" not in mask and b"\r" not in mask for mask in masks)


@given(value=VALUES)
def test_masks_in_other_forms_are_printable_text(value: str) -> None:
    """Bytes of UTF-16 or of packed data would end the line, or be no text for the runner."""
    clear = value.strip().encode()
    assert all(mask.decode().isprintable() for mask in masked({"V": value}).texts if mask != clear)


def test_masks_of_a_value_of_several_lines() -> None:
    """Each line in clear first, then the whole in forms of one line; armour and `{` never."""
    key = f"-----BEGIN X-----\n{string.ascii_letters}09\nshort\n{{\n-----END X-----"
    masks = masked({"KEY": key}).texts
    assert masks[0] == string.ascii_letters.encode() + b"09"
    assert masks[1].startswith(b"-----BEGIN X-----\\n")
    assert b"short" not in masks
    assert b"{" not in masks
    assert len(masks) <= 20


def _lines(count: int, of: str) -> str:
    return "\n".join(f"{of}-9xK4qZ-{number:04}" for number in range(count))


def test_a_value_of_many_lines_leaves_room_for_the_next() -> None:
    """Its first lines are masked, 20 at most; what is masked in part only is named."""
    found = masked({"LONG": _lines(1500, "a"), "PW": "hunter2-made-up"})
    masks = found.texts
    lines = _lines(20, "a").encode().splitlines()
    assert masks[:2] == (lines[0], b"hunter2-made-up")
    assert [mask for mask in masks if mask.startswith(b"a-")] == lines
    assert len(masks) <= 40
    assert told(found) == {"LONG": "too many lines or fields: 1480"}


def test_masks_of_twenty_lines_are_the_whole_value() -> None:
    """Then nothing is missing, and no derived form takes a line's place."""
    found = masked({"KEY": _lines(20, "a")})
    assert len(found.texts) == 20
    assert found.unmasked == ()


def test_all_values_in_clear_come_before_any_disguise() -> None:
    """Also the last line of one value before the base64 of another; 1,000 masks in all."""
    values = {f"KEY{number}": _lines(20, f"k{number}") for number in range(49)}
    values |= {f"PW{number}": f"hunter-made-up-{number}" for number in range(30)}
    found = masked(values)
    masks = found.texts
    assert len(masks) == 1000
    clear = {line.encode() for value in values.values() for line in value.split("\n")}
    assert clear.issuperset(masks)
    assert {f"hunter-made-up-{number}".encode() for number in range(30)} <= set(masks[:79])
    assert len(found.unmasked) == 10


def test_every_line_of_a_value_is_masked() -> None:
    """Also one of words and a short one, which are not looked for on their own."""
    value = "hunter2-first\nhunter2-second-longer\n  s3cr3\nmypassw0rd\n"
    found = masked({"PW": value})
    assert set(found.texts[:4]) == set(value.encode().split())
    assert found.unmasked == ()


@pytest.mark.parametrize("value", ["s3cr3", "ab-1", "tulipgarden"])
def test_a_short_value_is_masked(value: str) -> None:
    """From 4 bytes on, where it is no common word."""
    found = masked({"PW": value})
    assert found.texts[0] == value.encode()
    assert found.unmasked == ()


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("12345678", "a common word or number"),
        ("changeme", "a common word or number"),
        ("error", "a common word or number"),
        ("12345", "a common word or number"),
        ("x-1", "shorter than 4 bytes"),
    ],
)
def test_what_would_hide_half_of_the_log_is_told_instead(value: str, reason: str) -> None:
    """A word or a very short value is not masked; that it is not, and why, is said."""
    found = masked({"PW": value})
    assert found.texts == ()
    assert found.unmasked == (Unmasked(secret="PW", partly=False, reason=reason),)


def test_short_lines_are_not_masked() -> None:
    """A runner masks line by line, and would hide half of the log for such lines."""
    found = masked({"PINS": "1234\n5678\n9012"})
    assert not {b"1234", b"5678", b"9012"} & set(found.texts)
    reason = "common words, numbers, or lines shorter than 4 bytes: 3"
    assert found.unmasked == (Unmasked(secret="PINS", partly=True, reason=reason),)


def test_an_empty_value_is_not_told() -> None:
    """There is nothing to mask in it."""
    assert masked({"A": "", "B": " \n"}) == Masks(texts=(), unmasked=())


def test_what_is_public_in_a_value_is_neither_masked_nor_told() -> None:
    """Syntax and plain settings stand in every log, and certificates are made to be shown."""
    certificate = "-----BEGIN CERTIFICATE-----\nTUlJQjBUQ0NBWGVnQXdJQkFnSVVhYmNk\nZZ==\n"
    value = f'{{\n"type": "service_account",\nkind: Config\npin: hunter-1\n}}\n{certificate}'
    found = masked({"ACCOUNT": value})
    assert [text for text in found.texts if text in value.encode().splitlines()] == [
        b"pin: hunter-1"
    ]
    assert found.unmasked == ()


def test_all_lines_of_a_private_key_are_masked_the_secret_ones_first() -> None:
    """Its public number is no leak; but who hands out a key wants to see none of its block."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505  # NOTE: of few lines
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    body = pem.splitlines()[1:-1]
    found = masked({"KEY": pem.decode()})
    assert set(body) <= set(found.texts)
    assert found.texts.index(body[0]) > found.texts.index(body[-1])


def test_the_masks_do_not_show_the_values() -> None:
    """Printing them shows none."""
    assert "hunter23" not in repr(masked({"PW": "hunter23"}))
