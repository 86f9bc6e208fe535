"""Session fixtures for the real servers; a part that is missing fails CI and skips elsewhere."""

import os
import secrets
from collections.abc import Iterator
from typing import NoReturn

import pytest

from ci_secrets.testing.claims import github_claims, gitlab_claims, jenkins_claims
from ci_secrets.testing.issuer import Issuer
from tests.real.recipes import Stage, block
from tests.real.servers import PostgresServer, VaultServer, find_postgres, find_vault

# Read at the start: from the tests themselves every variable of a CI is taken away.
UNDER_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes", "on"}


def missing(part: str) -> NoReturn:
    """Skip the test for want of a real part; under CI fail it, so that none is skipped unseen."""
    text = f"{part} is missing; run: make real"
    if UNDER_CI:
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


@pytest.fixture(scope="session")
def stage(
    vault_server: VaultServer,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """Give the session's servers, set up by the very commands of the pages."""
    folder = tmp_path_factory.mktemp("operator")
    with Issuer() as issuer:
        stage = Stage(
            vault=vault_server,
            postgres=postgres_server,
            issuer=issuer,
            api_key=secrets.token_urlsafe(24),
            folder=folder,
        )
        stage.furnish()
        (folder / "deploy.hcl").write_text(block("docs/vault.md", "hcl", "secret/data/deploy"))
        for page, claims in (
            ("docs/vault.md", github_claims()),
            ("docs/gitlab.md", gitlab_claims()),
            ("docs/jenkins.md", jenkins_claims()),
        ):
            done = stage.operator(stage.told(block(page, "sh", "vault auth enable"), claims))
            assert done.code == 0, done.said
        yield stage
