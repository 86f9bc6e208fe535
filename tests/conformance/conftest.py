"""The servers and the doors of the session."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ci_secrets.testing.issuer import Issuer
from tests.conformance.case import DoorName
from tests.conformance.doors import Door, GitHub, GitLab, Jenkins
from tests.conformance.store import Store
from tests.real.conftest import postgres_server, vault_server
from tests.real.servers import PostgresServer, VaultServer
from tests.real.test_github_door import cache, ours

__all__ = ["cache", "ours", "postgres_server", "vault_server"]


@pytest.fixture(scope="session")
def issuer() -> Iterator[Issuer]:
    """Give one issuer to all stories."""
    with Issuer() as running:
        yield running


@pytest.fixture(scope="session")
def shared_store(
    vault_server: VaultServer,
    postgres_server: PostgresServer,
    issuer: Issuer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Store:
    """Give the store of all stories that do not end it."""
    return Store.made(vault_server, postgres_server, issuer, tmp_path_factory.mktemp("operator"))


@pytest.fixture(scope="session")
def doors(ours: Path, cache: Path) -> Mapping[DoorName, Door]:
    """Give the three doors."""
    return {"github": GitHub(ours=ours, cache=cache), "gitlab": GitLab(), "jenkins": Jenkins()}
