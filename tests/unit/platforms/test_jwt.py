"""A JWT is looked at before it is sent anywhere, and never believed."""

import base64
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.errors import IdentityError
from ci_secrets.platforms import jwt
from ci_secrets.platforms.interface import IdToken
from ci_secrets.secret import Secret

AUDIENCE = "https://vault.example"
ADVICE = jwt.Advice(expired="HOW-TO-RENEW", audience="HOW-TO-ADDRESS", shape="HOW-TO-GIVE")
Make = Callable[..., str]


def read(token: str | bytes, audience: str = AUDIENCE) -> IdToken:
    """The token as a platform reads it."""
    shown = ("iss", "aud", "exp", "ref")
    return jwt.read(Secret(token), audience, came_from="$TOKEN", shown=shown, advice=ADVICE)


def test_claims_come_out_and_only_listed_ones_are_shown(mint: Make) -> None:
    """An e-mail address in a token stays there."""
    token = read(mint(ref="main", user_email="someone@example.com"))
    assert token.claims["user_email"] == "someone@example.com"
    assert set(token.shown_claims()) == {"iss", "aud", "exp", "ref"}


def test_shown_claims_are_harmless(mint: Make) -> None:
    """A branch may have any name, and lists become one line."""
    shown = read(mint([AUDIENCE, "b"], ref="x\n::stop-commands::t")).shown_claims()
    assert shown["ref"] == "x\\x0a::stop-commands::t"
    assert shown["aud"] == f"{AUDIENCE}, b"


def test_one_of_several_audiences_is_enough(mint: Make) -> None:
    """As RFC 7519 has it."""
    assert read(mint(["a", AUDIENCE])).came_from == "$TOKEN"


@pytest.mark.parametrize("aud", ["https://vault.example.evil", [], ["a", "b"], None, 7, [7]])
def test_another_audience_is_refused_before_it_is_sent(mint: Make, aud: object) -> None:
    """With what it has, what is wanted, and what to change."""
    with pytest.raises(IdentityError, match="another audience") as caught:
        read(mint(aud))
    assert AUDIENCE in caught.value.cause
    assert caught.value.fix == "HOW-TO-ADDRESS"


def test_no_audience_asked_for_means_any(mint: Make) -> None:
    """`whoami` shows what is there."""
    assert read(mint("anything"), "").claims["aud"] == "anything"


def test_a_foreign_audience_is_shown_harmless(mint: Make) -> None:
    """It is somebody else's text."""
    with pytest.raises(IdentityError) as caught:
        read(mint("x\n::error::y"))
    assert "\n" not in caught.value.what


@pytest.mark.parametrize(
    ("claims", "says"),
    [
        ({"exp": -61}, "expired 61 s ago"),
        ({"exp": -7200}, "expired 2 h ago"),
        ({"nbf": 200}, "not valid before another 3 min"),
    ],
)
def test_a_token_out_of_its_time_is_refused(
    mint: Make, monkeypatch: pytest.MonkeyPatch, claims: dict[str, int], says: str
) -> None:
    """It says by how much, and what to do."""
    now = int(time.time())
    monkeypatch.setattr(time, "time", lambda: float(now))
    with pytest.raises(IdentityError, match=says) as caught:
        read(mint(**{name: now + offset for name, offset in claims.items()}))
    assert "clock" in caught.value.cause
    assert ("NTP" if "nbf" in claims else "HOW-TO-RENEW") in caught.value.fix


@pytest.mark.parametrize("claims", [{"exp": -50}, {"nbf": 50}, {"exp": None}])
def test_clocks_may_differ_by_a_minute(mint: Make, claims: dict[str, int | None]) -> None:
    """And a token without an end is the store's to judge."""
    now = int(time.time())
    moments = {name: offset and now + offset for name, offset in claims.items()}
    assert read(mint(**moments)).claims


def test_expiry_is_told(mint: Make) -> None:
    """In Unix seconds, where there is one."""
    assert read(mint(exp=4102444800)).expires_at == 4102444800.0
    assert read(mint(exp=None)).expires_at is None


def unsigned(payload: bytes) -> bytes:
    """A token of any payload."""
    parts = (b'{"alg":"none","typ":"JWT"}', payload, b"x")
    return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)


@pytest.mark.parametrize(
    "token",
    [
        b"",
        b"not a token",
        b"a.b.c",
        b"eyJhbGciOiJub25lIn0.e30",
        b"\xff.\xfe.\xfd",
        unsigned(b"[]"),
        unsigned(b'"text"'),
        unsigned(b'{"aud":'),
        unsigned(b'{"a":' + b"[" * 20_000 + b"]" * 20_000 + b"}"),
        unsigned(b'{"exp":' + b"9" * 5_000 + b"}"),
    ],
    ids=[
        "empty",
        "text",
        "three parts",
        "two parts",
        "no text",
        "list",
        "string",
        "cut off",
        "deep",
        "huge number",
    ],
)
def test_what_is_no_jwt_is_said_to_be_none(token: bytes) -> None:
    """Without a word of what it is instead."""
    with pytest.raises(IdentityError, match=r"What \$TOKEN holds is not a JWT") as caught:
        read(token)
    assert caught.value.fix == "HOW-TO-GIVE"


@pytest.mark.parametrize(
    ("exp", "shown"),
    [
        (4102444800, "2100-01-01T00:00:00Z"),
        (4102444800.9, "2100-01-01T00:00:00Z"),
        (10**30, str(10**30)),
        (10**300, "1000000000000000000"),
    ],
    ids=["int", "float", "far", "beyond"],
)
def test_expiry_is_shown_as_people_read_it(mint: Make, exp: float, shown: str) -> None:
    """Numbers beyond the calendar stay numbers."""
    assert read(mint(exp=exp)).shown_claims()["exp"].startswith(shown)


@pytest.mark.parametrize("value", [b'"soon"', b"true", b"[]", b"1e999", b"NaN", b"9" * 400])
def test_a_time_that_is_none_is_refused(value: bytes) -> None:
    """Numbers beyond all measure do not break us."""
    with pytest.raises(IdentityError, match="no point in time"):
        read(unsigned(b'{"aud":"https://vault.example","exp":' + value + b"}"))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(token: bytes) -> None:
    """They are claims or they are nothing."""
    assert jwt.decode(Secret(token)) is None or isinstance(jwt.decode(Secret(token)), dict)


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5))
def test_no_audience_claim_breaks_us(aud: object) -> None:
    """Only texts count."""
    assert all(isinstance(name, str) for name in jwt.audiences({"aud": aud}))
