"""`vault`: every test of this folder runs on the development server and on a real Vault."""

from collections.abc import Iterator

import httpx
import pytest

from ci_secrets.testing.issuer import Issuer
from tests import patience
from tests.contract.stand import RealStand, Stand, dev_stand
from tests.real.conftest import missing
from tests.real.servers import PostgresServer, VaultServer, find_postgres, find_vault


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """Give one issuer to all tests; those that rotate keys start their own."""
    with Issuer() as running:
        yield running


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """Give one pool of connections to all tests."""
    with httpx.Client(trust_env=False, timeout=patience.SECONDS) as pool:
        yield pool


@pytest.fixture(scope="session")
def real_stand(issuer: Issuer, client: httpx.Client) -> Iterator[RealStand]:
    """Give one real Vault with one real PostgreSQL to all tests."""
    if find_vault() is None:
        missing("Vault")
    if find_postgres() is None:
        missing("PostgreSQL")
    with VaultServer() as server, PostgresServer() as postgres:
        stand = RealStand(server, postgres, issuer, client)
        stand.trust(issuer)
        yield stand


@pytest.fixture(scope="session", params=["dev", "real"])
def real_or_none(request: pytest.FixtureRequest) -> RealStand | None:
    """Give the real servers, or `None` for the tests' turn on the development server.

    It is of the session so that a missing part is noticed while CI is still in the environment.
    """
    if request.param == "dev":
        return None
    real: RealStand = request.getfixturevalue("real_stand")
    return real


@pytest.fixture
def vault(real_or_none: RealStand | None, issuer: Issuer, client: httpx.Client) -> Iterator[Stand]:
    """Give a server that trusts `issuer` and holds nothing else yet, of either kind."""
    if real_or_none is None:
        with dev_stand(issuer, client) as stand:
            yield stand
    else:
        real_or_none.empty()
        yield real_or_none
