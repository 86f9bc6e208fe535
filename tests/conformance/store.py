"""The real Vault and PostgreSQL as the stories find them, and what is open there."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from ci_secrets.testing.issuer import Issuer
from tests.real.recipes import Stage, block
from tests.real.servers import PostgresServer, VaultServer

_PATH = "secret/data/conformance"
_DYNAMIC = "database/creds/app-readonly"
_BUNDLE_BYTES = 60_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """One Vault that issues users of one PostgreSQL, and knows the role `conformance`."""

    stage: Stage
    values: Mapping[str, str] = field(repr=False)
    """Of the secrets that stay the same: name of the variable → value."""

    @classmethod
    def made(
        cls, vault: VaultServer, postgres: PostgresServer, issuer: Issuer, folder: Path
    ) -> "Store":
        """Fill an empty Vault."""
        api_key = secrets.token_urlsafe(24)
        stage = Stage(vault=vault, postgres=postgres, issuer=issuer, api_key=api_key, folder=folder)
        stage.furnish()
        values = {"API_KEY": api_key, "AWKWARD": _awkward(), "BUNDLE": _bundle()}
        vault.write(_PATH, data={name.lower(): value for name, value in values.items()})
        rules = block("docs/vault.md", "hcl", "secret/data/deploy")
        vault.policy("conformance", rules.replace("secret/data/deploy/production", _PATH))
        vault.enable_auth("jwt")
        vault.write("auth/jwt/config", oidc_discovery_url=issuer.url, bound_issuer=issuer.url)
        stage.role("conformance", "conformance")
        return cls(stage=stage, values=values)

    def open(self) -> frozenset[str]:
        """Accessors of all tokens, and ids of all leases, that live."""
        tokens = self._list("auth/token/accessors")
        leases = self._list(f"sys/leases/lookup/{_DYNAMIC}")
        return frozenset([*tokens, *leases])

    def _list(self, path: str) -> list[str]:
        answer = self.stage.vault.api("LIST", path)
        if answer.status_code == 404:  # nothing there
            return []
        keys: list[str] = answer.raise_for_status().json()["data"]["keys"]
        return keys


def _awkward() -> str:
    """Each character that some tool on the way quotes, escapes, expands, strips or splits at."""
    marks = "".join(map(chr, range(0x21, 0x7F)))
    spaces = " \t \r\n\n \x85 \xa0 \u2028 "
    middle = f"{marks}{spaces}%0A${{HOME}}$(id)::set-output::äöü鍵🔑"
    return f" {secrets.token_hex(6)}{middle}{secrets.token_hex(6)}\\"


def _bundle() -> str:
    """Private keys in PEM, one after the other."""
    bundle = ""
    while len(bundle) < _BUNDLE_BYTES:
        bundle += (
            ec.generate_private_key(ec.SECP256R1())
            .private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            .decode()
        )
    return bundle
