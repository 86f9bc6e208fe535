"""Reading `--known`."""

import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.errors import UsageError
from ci_secrets.leaks import known
from ci_secrets.leaks.known import parse_known, read_known

NAMES = st.text(min_size=1, max_size=5).filter(str.strip)


@given(st.dictionaries(NAMES, st.text(max_size=20), min_size=1, max_size=4))
def test_every_value_is_read_without_loss(values: dict[str, str]) -> None:
    """Names and values come out as they went in."""
    read = parse_known(json.dumps(values).encode())
    assert {name: secret.text() for name, secret in read.items()} == values


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"A": "hidden-1", "A": "hidden-2"}', "the name A stands in it twice"),
        ('{"A": 12345}', "the value of A is a number, not a string"),
        ('{"A": null}', "the value of A is null"),
        ('{"A": true}', "the value of A is true or false"),
        ('{"A": {"b": "hidden-1"}}', "the value of A is an object"),
        ('{"A": ["hidden-1"]}', "the value of A is a list"),
        ('["hidden-1"]', "it is a list, not an object"),
        ('"hidden-1"', "it is a string, not an object"),
        ('{"A": "hidden-1"', "it is not JSON, from line 1 column 17 on"),
        ("A=hidden-1", "it is not JSON, from line 1 column 1 on"),
        ('{"A": "\\ud800hidden-1"}', "A holds half of a surrogate pair"),
        ("[" * 100_000, "it is not JSON that can be read"),
        ('{"A": ' + "9" * 5000 + "}", "it is not JSON that can be read"),
        ("", "it is not JSON, from line 1 column 1 on"),
        ('{"": "hidden-1"}', "the name of a value is empty"),
        ('{" ": "hidden-1"}', "the name of a value is empty"),
        ("{}", "it names no value, so nothing would be looked for"),
    ],
)
def test_what_is_wrong_is_refused_without_its_content(text: str, why: str) -> None:
    """Each refusal says what and where, and never repeats a value."""
    with pytest.raises(UsageError) as caught:
        parse_known(text.encode())
    assert why in caught.value.what
    assert caught.value.__context__ is None
    assert "hidden" not in f"{caught.value.what} {caught.value.cause} {caught.value.fix}"


def test_a_name_that_holds_a_value_is_not_told() -> None:
    """Names are printed; each stays another, and those that hold none stay what they are."""
    value, other = "s3cr3t-Tok3n-Value-9x", "Pa55w0rd!xyzzy"
    values = {"A": value, value: other, f"{value} of {other}": "x" * 9, other: "y", "*** (2)": "z"}
    assert {
        name: secret.text() for name, secret in parse_known(json.dumps(values).encode()).items()
    } == {
        "A": value,
        "***": other,
        "*** of ***": "x" * 9,
        "*** (3)": "y",
        "*** (2)": "z",
    }
    for text in (f'{{"{value}": 1, "A": "{value}"}}', f'{{"{value}": "{value}", "{value}": "x"}}'):
        with pytest.raises(UsageError) as caught:
            parse_known(text.encode())
        assert value not in caught.value.what


def test_bytes_that_are_not_utf8_are_refused() -> None:
    """Values as bytes have no place in JSON."""
    with pytest.raises(UsageError, match="not UTF-8"):
        parse_known(b'{"A": "\xff"}')


def test_byte_order_mark_is_ignored() -> None:
    """Some editors write one."""
    assert parse_known(b'\xef\xbb\xbf{"A": "value"}')["A"].text() == "value"


def test_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of any size does not fill the memory."""
    monkeypatch.setattr(known, "MAX_BYTES", 10)
    with pytest.raises(UsageError, match="larger than"):
        read_known("-", io.BytesIO(b'{"A": "' + b"x" * 100))


def test_file_and_standard_input(tmp_path: Path) -> None:
    """Both hold the same JSON."""
    (tmp_path / "known.json").write_text('{"A": "value"}')
    assert read_known(tmp_path / "known.json")["A"].text() == "value"
    assert read_known("-", io.BytesIO(b'{"A": "value"}'))["A"].text() == "value"


def test_missing_file_is_said(tmp_path: Path) -> None:
    """A path that cannot be opened is named with the reason."""
    with pytest.raises(UsageError, match="No such file"):
        read_known(tmp_path / "absent.json")
