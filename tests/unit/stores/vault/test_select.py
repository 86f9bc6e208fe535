"""From data to bytes."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.config.model import AllKeys, Field, Jsonata
from ci_secrets.errors import ConfigError
from ci_secrets.stores.vault.select import compact, decoded, nearest, nearest_field, select
from ci_secrets.stores.vault.wire import Number

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.text())
def test_text_is_lossless(value: str) -> None:
    """Text comes out as it went in: no trimming, no newline, no normalisation."""
    assert decoded(value, "utf8", "s").reveal() == value.encode()


def test_lone_surrogate() -> None:
    """Text that is no Unicode is kept for whoever delivers it to refuse, without an error here."""
    assert decoded(json.loads('"a\\ud800"'), "utf8", "s").reveal() == b"a\xed\xa0\x80"


@given(JSON.filter(lambda value: not isinstance(value, str)))
def test_the_rest_is_compact_json(value: Any) -> None:
    """Objects, lists, numbers and booleans come out as JSON that means the same, without spaces."""
    text = decoded(value, "utf8", "s").text()
    assert json.loads(text) == value
    assert text == json.dumps(value, separators=(",", ":"), ensure_ascii=False)


@pytest.mark.parametrize(
    "literal", ["1.0", "0.10", "1e400", "-0.0", "1E+2", "123456789012345678901234567890.5"]
)
def test_numbers_as_they_were_written(literal: str) -> None:
    """A number is not recomputed on its way."""
    value = json.loads(f'{{"n":[{literal}]}}', parse_float=Number)
    assert compact(value) == f'{{"n":[{literal}]}}'


def test_large_integer() -> None:
    """An integer beyond 2**53 keeps all its digits."""
    assert decoded(12345678901234567890123, "utf8", "s").text() == "12345678901234567890123"


@given(st.binary())
def test_binary(value: bytes) -> None:
    """Bytes come back from base64 (wrapped in lines, too) and from hex."""
    assert decoded(base64.b64encode(value).decode(), "base64", "s").reveal() == value
    assert decoded(base64.encodebytes(value).decode(), "base64", "s").reveal() == value
    assert decoded(value.hex(), "hex", "s").reveal() == value
    assert decoded(value.hex().upper() + "\n", "hex", "s").reveal() == value


@pytest.mark.parametrize(
    ("value", "encoding"),
    [
        ("made-up", "base64"),
        ("bWFkZS11cA", "base64"),
        ("bWFk!!!!", "base64"),
        ("made-up", "hex"),
        ("abc", "hex"),
        ("é", "hex"),
        ("é", "base64"),
    ],
)
def test_not_that_encoding(value: str, encoding: Any) -> None:
    """What is not in the encoding is an error that does not hold the value."""
    with pytest.raises(ConfigError) as caught:
        decoded(value, encoding, "vault:a#b")
    assert value not in str(caught.value) + caught.value.cause + caught.value.fix
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (("a",), "x"),
        (("o", "k.with.dots"), "y"),
        (("o",), {"k.with.dots": "y"}),
        (("a", "deeper"), None),
        (("nope",), None),
        (("null",), None),
        (("l", "0"), None),
    ],
)
def test_plain_fields(keys: tuple[str, ...], found: object) -> None:
    """A plain field goes down objects key by key; null and anything else is missing."""
    data = {"a": "x", "o": {"k.with.dots": "y"}, "null": None, "l": ["z"]}
    assert select(data, Field(keys=keys), "s") == found


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("a", "x"),
        ("list[1]", "q"),
        ("`b-c`.d", "deep"),
        ("$uppercase(a)", "X"),
        ("a & '/' & list[0]", "x/p"),
        ("nothing", None),
        ("list", ["p", "q"]),
        ("big", 12345678901234567890123),
    ],
)
def test_jsonata(expression: str, found: object) -> None:
    """JSONata is evaluated over the data."""
    data = {"a": "x", "list": ["p", "q"], "b-c": {"d": "deep"}, "big": 12345678901234567890123}
    assert select(data, Jsonata(expression=expression), "s") == found


@pytest.mark.parametrize(
    "expression",
    [
        "(",
        "$nope(",
        "$number(a)",
        "($f := function($x) { $f($x) }; $f(1))",
        "($f := function($x) { 1 + $f($x) }; $f(1))",
        "$error(a)",
        "a[",
    ],
)
def test_bad_jsonata(expression: str) -> None:
    """An expression that is wrong, fails, or never ends is an error without the data."""
    with pytest.raises(ConfigError) as caught:
        select({"a": "made-up-secret"}, Jsonata(expression=expression), "s")
    said = str(caught.value) + caught.value.cause + caught.value.fix
    assert "made-up-secret" not in said
    assert caught.value.__cause__ is None


def test_nearest() -> None:
    """The nearest name is found by likeness, and by case before all."""
    assert nearest("pasword", ["username", "password"]) == "password"
    assert nearest("db", ["DB", "dbx"]) == "DB"
    assert nearest("zzz", ["username"]) == ""
    assert nearest("a\n", ["a\n::x"]) == "a\\x0a::x"


def test_nearest_field() -> None:
    """It is looked for where the path breaks off, and holds keys only."""
    data = {"outer": {"password": "made-up", "gone": None}}
    assert nearest_field(data, Field(keys=("outer", "pasword"))) == "password"
    assert nearest_field(data, Field(keys=("auter", "password"))) == "outer"
    assert nearest_field(data, Field(keys=("outer", "password", "x"))) == ""
    assert nearest_field(data, Field(keys=("outer", "gon"))) == ""
    assert nearest_field(data, Jsonata(expression="x")) == ""
    assert nearest_field(data, AllKeys()) == ""
