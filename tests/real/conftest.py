"""Session fixtures for the real servers; a part that is missing fails CI and skips elsewhere."""

import os
from collections.abc import Iterator
from typing import NoReturn

import pytest

from tests.real.servers import PostgresServer, VaultServer, find_postgres, find_vault


def missing(part: str) -> NoReturn:
    """Skip the test for want of a real part; under CI fail it, so that none is skipped unseen."""
    text = f"{part} is missing; run: make real"
    if os.environ.get("CI", "").lower() in {"1", "true", "yes", "on"}:
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


@pytest.fixture(scope="session")
def vault_server() -> Iterator[VaultServer]:
    """Give one real Vault to the whole session: use mounts and roles of your own in it."""
    if find_vault() is None:
        missing("Vault")
    with VaultServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Give one real PostgreSQL to the whole session."""
    if find_postgres() is None:
        missing("PostgreSQL")
    with PostgresServer() as server:
        yield server
