"""Fixtures: a Vault made of a table, and stores over it."""

import httpx
import pytest

from tests.unit.stores.vault.fake import Answer, Bench, FakeVault, auth, forbidden


@pytest.fixture
def vault() -> FakeVault:
    """A Vault where a jwt login works and the token lives until it is revoked."""
    fake = FakeVault()
    alive = [True]

    def look(_: httpx.Request) -> Answer:
        return (200, {"data": {"ttl": 600}}) if alive[0] else forbidden()

    def revoke(_: httpx.Request) -> Answer:
        if not alive[0]:
            return forbidden()
        alive[0] = False
        return 204, None

    fake.rules |= {
        "POST auth/jwt/login": (200, auth()),
        "GET auth/token/lookup-self": look,
        "POST auth/token/revoke-self": revoke,
    }
    return fake


@pytest.fixture
def bench(vault: FakeVault) -> Bench:
    """The fake with its stores."""
    return Bench(vault)
