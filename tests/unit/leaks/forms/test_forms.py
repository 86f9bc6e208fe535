"""The table of forms, its encoders, and the page that tells people of it."""

import base64
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given

from ci_secrets.leaks.forms import FORMS, SINGLE, WHOLE, Speller, in_words
from ci_secrets.leaks.forms.reading import Chain
from ci_secrets.leaks.forms.stop import is_armour, is_plain_setting, is_stop_value
from tests.unit.leaks.strategies import NEIGHBOURS, VALUES

PAGE = Path(__file__).parents[4] / "docs" / "forms.md"
EXAMPLE = 'Blaubär\'s 7/8 & "Käse"?>'


def spell(chain: Chain, texts: Iterable[bytes]) -> Sequence[bytes]:
    """What a speller says that was asked for nothing else."""
    return Speller(texts).spell(chain)


def rows() -> dict[str, str]:
    """Id → example or nothing, as docs/forms.md has them."""
    lines = re.findall(r"^\| `([\w-]+)` \|.*\| (?:`(.+)`)? ?\|$", PAGE.read_text(), re.MULTILINE)
    return dict(lines)


def test_page_and_table_hold_the_same_forms() -> None:
    """docs/forms.md has one line for each id, in the order of the table."""
    assert list(rows()) == list(FORMS)


@pytest.mark.parametrize(("form", "example"), rows().items())
def test_example_of_page_is_a_spelling(form: str, example: str) -> None:
    """The example of a form on the page, if it has one, is what that form looks for."""
    assert EXAMPLE in PAGE.read_text()
    spell_one = FORMS[form].spell
    assert not example or (spell_one and example.encode() in set(spell_one(EXAMPLE.encode())))


def test_chains_are_made_of_known_forms() -> None:
    """Every chain that is looked for names forms of the table, and none stands twice."""
    assert {form for chain in WHOLE for form in chain} == {
        name for name, form in FORMS.items() if form.spell
    }
    assert len(set(WHOLE)) == len(WHOLE)
    assert set(SINGLE) <= set(WHOLE)


@given(value=VALUES)
def test_what_was_spelled_before_changes_nothing(value: str) -> None:
    """A speller keeps what disguises have in common, and says of each what a new one says."""
    speller = Speller([value.encode()])
    for chain in reversed(WHOLE):
        assert speller.spell(chain) == spell(chain, [value.encode()])


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@given(value=VALUES, before=NEIGHBOURS, after=NEIGHBOURS)
def test_base64_fragments_hold_with_any_neighbours(
    depth: int, encode: object, value: str, before: bytes, after: bytes
) -> None:
    """Whatever stands around a value, one fragment of its base64 is in the base64 of all."""
    assert callable(encode)
    text = before + value.encode() + after
    for _ in range(depth):
        text = encode(text)
    form = "base64" if encode is base64.b64encode else "base64url"
    assert any(fragment in text for fragment in spell((form,) * depth, [value.encode()]))


@given(value=VALUES)
def test_each_encoder_of_the_standard_library_is_spelled(value: str) -> None:
    """What json, urllib and hex make of a value is among its spellings."""
    raw = value.encode()
    assert json.dumps(value)[1:-1].encode() in spell(("json",), [raw])
    assert json.dumps(value, ensure_ascii=False)[1:-1].encode() in spell(("json",), [raw])
    assert quote(value).encode() in spell(("percent",), [raw])
    assert quote(value, safe="").encode() in spell(("percent",), [raw])
    assert quote_plus(value).encode() in spell(("form",), [raw])
    assert raw.hex().encode() in spell(("hex",), [raw])
    assert raw.hex().upper().encode() in spell(("hex",), [raw])


def test_json_is_spelled_as_go_and_php_write_it() -> None:
    r"""HTML-safe `\u0026` and escaped slashes are known, alone and together."""
    spelled = spell(("json",), [b"a&b/c<d"])
    assert rb"a\u0026b/c\u003cd" in spelled
    assert rb"a&b\/c<d" in spelled
    assert rb"a\u0026b\/c\u003cd" in spelled


def test_percent_is_spelled_in_both_cases_and_as_browsers_do() -> None:
    """Lower-case digits, `encodeURIComponent` and `URLSearchParams` are known."""
    assert b"p%c3%a9+/" not in spell(("percent",), ["pé+/".encode()])
    assert b"p%c3%a9%2b%2f" in spell(("percent",), ["pé+/".encode()])
    assert b"it's(1)*%20%26" in spell(("percent",), [b"it's(1)* &"])
    assert b"a*b+%7Ec" in spell(("form",), [b"a*b ~c"])


def test_bytes_that_are_no_text_have_no_json_form() -> None:
    """A binary value is looked for in the forms that can hold it."""
    assert spell(("json",), [b"\xff\xfe\x00binary"]) == []
    assert b"fffe0062696e617279" in spell(("hex",), [b"\xff\xfe\x00binary"])


def test_disguise_is_told_in_words() -> None:
    """A chain reads from the outside in."""
    assert in_words(()) == "in clear"
    assert in_words(("base64", "json")) == "as base64 of a JSON string"


@pytest.mark.parametrize(
    "value",
    [b"true", b"Production", b"-----BEGIN RSA PRIVATE KEY-----", b"------", b"{", b"******"],
)
def test_stop_values_are_known(value: bytes) -> None:
    """What stands in every log is no value to look for."""
    assert is_stop_value(value)


@pytest.mark.parametrize("value", [b"aaaaaaab", b"ababac", b"hunter2", b"tr0ub4dor&3"])
def test_weak_passwords_are_no_stop_values(value: bytes) -> None:
    """A weak password is still somebody's password."""
    assert not is_stop_value(value)


def test_armour_is_told_from_other_lines() -> None:
    """Both ends of a PEM block are armour, its body is not."""
    assert is_armour(b"-----END CERTIFICATE-----")
    assert not is_armour(b"MIIEpAIBAAKCAQEA7bq0")


@pytest.mark.parametrize(
    "line",
    [
        b"apiVersion: v1",
        b'"type": "service_account",',
        b'"auth_uri": "https://accounts.google.com/o/oauth2/auth",',
        b"server: https://10.0.0.1:6443",
        b"APP_ENV=production",
        b"# written by hand",
        b"current-context: kubernetes-admin@kubernetes",
    ],
)
def test_plain_settings_are_known(line: bytes) -> None:
    """Lines that every file of their kind has are no secret."""
    assert is_plain_setting(line)


@pytest.mark.parametrize(
    "line",
    [
        b"MIIEpAIBAAKCAQEA7bq0Zk2",
        b'"private_key_id": "4f2c9d0b71",',
        b"password=correct$horse",
        b"client-key-data: LS0tLS1CRUdJTiBSU0E=",
        b"0a1b2c3d4e5f",
        b"correct-horse-battery",
        b"line-one1",
    ],
)
def test_lines_that_may_be_secret_are_kept(line: bytes) -> None:
    """Pieces of keys and odd punctuation make a line worth looking for."""
    assert not is_plain_setting(line)
