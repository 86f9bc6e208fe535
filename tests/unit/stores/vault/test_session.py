"""What a session tells of itself."""

from typing import Any

import httpx
import pytest

from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Session, Store
from ci_secrets.stores.vault.session import VaultSession
from ci_secrets.stores.vault.store import VaultStore
from tests.unit.stores.vault.fake import Bench, FakeVault, auth


def test_it_is_a_store(bench: Bench) -> None:
    """The classes fit the interface that the job knows."""
    store: Store = bench.store()
    session: Session = bench.login()
    assert isinstance(store, VaultStore)
    assert isinstance(session, VaultSession)
    assert session.store == "vault"


@pytest.mark.parametrize(
    ("login", "look", "says"),
    [
        ({"token_type": "batch"}, {}, "batch"),
        ({"num_uses": 7}, {}, "7 calls"),
        ({}, {"period": 60}, "periodic"),
        ({}, {"bound_cidrs": ["10.0.0.0/8"]}, "token_bound_cidrs"),
    ],
)
def test_kinds_of_tokens(
    bench: Bench, vault: FakeVault, login: dict[str, Any], look: dict[str, Any], says: str
) -> None:
    """Whatever makes a token harder to end is said."""
    vault.rules |= {
        "POST auth/jwt/login": (200, auth(**login)),
        "GET auth/token/lookup-self": (200, {"data": look}),
    }
    (notice,) = bench.login().notices
    assert says in notice.text
    assert notice.level == "warning"


def test_usual_token(bench: Bench) -> None:
    """Of a usual token there is nothing to say."""
    session = bench.login()
    assert session.notices == ()
    assert session.token.policies == ("default", "app")
    assert session.token.ttl_seconds == 600


def test_look_up_fails(bench: Bench, vault: FakeVault) -> None:
    """The look-up beside the first fetch may fail: nothing depends on it."""
    vault.rules["GET auth/token/lookup-self"] = httpx.ConnectError("down")
    session = bench.login()
    assert session.notices == ()
    assert session.token.accessor == "acc-1"


def test_handover_is_not_printed(bench: Bench) -> None:
    """Only `handover` itself holds the token; no repr on the way does."""
    session = bench.login()
    assert session.handover()["grants"][0]["token"] == "hvs.made-up-token"
    assert "made-up" not in repr((session, vars(session), session._grants, session._ledger))


def test_credentials(bench: Bench) -> None:
    """Token and JWT are told by what they are."""
    assert bench.login().own_credentials() == {
        "vault token": Secret("hvs.made-up-token"),
        "login jwt": Secret("eyJ.made.up"),
    }
