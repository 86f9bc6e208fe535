"""A Secret shows itself to nobody who does not ask for it by name."""

import copy
import dataclasses
import json
import logging
import pickle
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.secret import Credential, Lease, Secret

VALUE = "made-up-value-5f2a"


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(VALUE)),
        repr(Secret(VALUE)),
        f"{Secret(VALUE)}",
        f"{Secret(VALUE)!r:>20}",
        f"{Secret(VALUE):^30}",
        "%s" % Secret(VALUE),  # noqa: UP031  # the old way is one of the ways
        repr([Secret(VALUE)]),
        repr({"a": (Secret(VALUE),)}),
        repr(Credential(name="A", value=Secret(VALUE), source="vault:a#b")),
    ],
    ids=["str", "repr", "f", "f!r", "f^", "%", "list", "dict", "dataclass"],
)
def test_it_prints_as_stars(shown: str) -> None:
    """However it is put into a text."""
    assert "***" in shown
    assert VALUE not in shown


def test_it_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As an argument of a log call it is stars too."""
    logging.getLogger("test").warning("got %s and %r", Secret(VALUE), Secret(VALUE))
    assert caplog.messages == ["got *** and ***"]


@pytest.mark.parametrize(
    "use",
    [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash, iter, vars, bytes],
    ids=lambda use: f"{use.__module__}.{use.__name__}",
)
def test_it_cannot_slip_away(use: object) -> None:
    """No copy, no pickle, no JSON, no hash: these raise, and the error does not hold the value."""
    assert callable(use)
    with pytest.raises(TypeError) as caught:
        use(Secret(VALUE))
    assert VALUE not in str(caught.value)


def test_a_credential_cannot_be_made_a_dictionary() -> None:
    """`dataclasses.asdict` copies deeply, and that is refused."""
    with pytest.raises(TypeError):
        dataclasses.asdict(Credential(name="A", value=Secret(VALUE), source="vault:a#b"))


@given(st.binary())
def test_bytes_are_kept_without_loss(value: bytes) -> None:
    """Whatever a store holds."""
    assert Secret(value).reveal() == value
    assert len(Secret(value)) == len(value)


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_text_is_kept_without_loss(value: str) -> None:
    """As UTF-8."""
    assert Secret(value).text() == value


def test_an_environment_variable_that_is_not_utf8_keeps_its_bytes() -> None:
    """Python hands such bytes over as lone surrogates."""
    assert Secret(b"\xffpass".decode("utf-8", "surrogateescape")).reveal() == b"\xffpass"


@pytest.mark.parametrize("broken", [VALUE + "\ud800", b"\xff" + VALUE.encode()])
def test_an_encoding_error_does_not_carry_the_value(broken: str | bytes) -> None:
    """Not in its text, and not as the exception that it came from."""
    with pytest.raises(ValueError, match="the value is not") as caught:
        Secret(broken).text()
    assert caught.value.__context__ is None
    assert VALUE not in "".join(traceback.format_exception(caught.value))


def test_equality_is_by_value_and_only_among_secrets() -> None:
    """A secret never equals its own text, so nobody compares them by accident."""
    assert Secret(VALUE) == Secret(VALUE.encode())
    assert Secret(VALUE) != Secret("other")
    assert Secret(VALUE) != VALUE


def test_an_empty_secret_is_false() -> None:
    """So that `if not value` says what it says of texts."""
    assert not Secret(b"")
    assert Secret(b"0")


def test_a_lease_ends_when_its_ttl_has_passed_since_it_came() -> None:
    """By our clock."""
    lease = Lease(lease_id="a", path="p", ttl_seconds=60, renewable=True, issued_at=1000.0)
    assert lease.expires_at == 1060.0
