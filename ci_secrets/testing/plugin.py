"""Pytest fixtures for tests of your own pipelines; installed with ci-secrets.

Every pytest run with ci-secrets installed loads this module, so it imports next to nothing.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ci_secrets.testing.ci import CiStand
    from ci_secrets.testing.issuer import Issuer
    from ci_secrets.testing.vault import DevVault


@pytest.fixture
def ci_secrets_issuer() -> Iterator["Issuer"]:
    """Give an OIDC issuer that runs for one test."""
    from ci_secrets.testing.issuer import Issuer

    with Issuer() as issuer:
        yield issuer


@pytest.fixture
def ci_secrets_vault(ci_secrets_issuer: "Issuer") -> Iterator["DevVault"]:
    """Give a development Vault that trusts `ci_secrets_issuer` at `auth/jwt`, for one test."""
    from ci_secrets.testing.vault import DevVault

    with DevVault() as vault:
        vault.trust(ci_secrets_issuer)
        yield vault


@pytest.fixture
def ci_secrets_github(tmp_path: Path, ci_secrets_issuer: "Issuer") -> "CiStand":
    """Give a GitHub Actions job whose identity is `ci_secrets_issuer`'s."""
    from ci_secrets.testing.ci import ci_environment

    return ci_environment("github", tmp_path / "github", ci_secrets_issuer)


@pytest.fixture
def ci_secrets_gitlab(
    tmp_path: Path, ci_secrets_issuer: "Issuer", ci_secrets_vault: "DevVault"
) -> "CiStand":
    """Give a GitLab CI job with an ID token for `ci_secrets_vault` in VAULT_ID_TOKEN."""
    from ci_secrets.testing.ci import ci_environment

    url = ci_secrets_vault.url
    return ci_environment("gitlab", tmp_path / "gitlab", ci_secrets_issuer, audience=url)


@pytest.fixture
def ci_secrets_jenkins(
    tmp_path: Path, ci_secrets_issuer: "Issuer", ci_secrets_vault: "DevVault"
) -> "CiStand":
    """Give a Jenkins build with an ID token for `ci_secrets_vault` in CI_SECRETS_ID_TOKEN."""
    from ci_secrets.testing.ci import ci_environment

    url = ci_secrets_vault.url
    return ci_environment("jenkins", tmp_path / "jenkins", ci_secrets_issuer, audience=url)
