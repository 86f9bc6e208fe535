"""Opening a store: its kind, its namespace."""

from typing import Any

import pytest

from ci_secrets.config.model import StoreConfig
from ci_secrets.errors import ConfigError, RefusedError, UnreachableError
from ci_secrets.stores import STORES, open_store
from ci_secrets.stores.vault.store import VaultStore, knows_namespaces
from tests.unit.stores.vault.fake import HEALTH, Bench, FakeVault


def test_registry() -> None:
    """Every kind in the table can be opened, without sending anything."""
    for kind in STORES:
        config = StoreConfig(name="s", type=kind, url="https://vault.example")
        assert isinstance(open_store(config, {}), VaultStore)


def test_unknown_kind() -> None:
    """A kind that nobody knows is refused with those that are."""
    with pytest.raises(ConfigError) as caught:
        open_store(StoreConfig(name="s", type="valt", url="https://vault.example"), {})
    assert "vault" in caught.value.fix


@pytest.mark.parametrize(
    ("health", "knows"),
    [
        ({"version": "1.21.0", "enterprise": False}, False),
        ({"version": "1.21.0+ent", "enterprise": True}, True),
        ({"version": "1.12.3"}, False),
        ({"version": "1.12.3+ent.hsm"}, True),
        ({"version": "1.9.0+prem"}, True),
        ({"version": "2.5.5"}, True),
        ({"version": "2.0.0", "enterprise": False}, False),
    ],
)
def test_who_knows_namespaces(health: dict[str, Any], knows: bool) -> None:
    """Vault Enterprise and OpenBao have namespaces; Vault Community does not."""
    assert knows_namespaces(health) is knows


def test_namespace_on_community(bench: Bench, vault: FakeVault) -> None:
    """A namespace on Vault Community is refused before the JWT is sent."""
    vault.rules[f"GET {HEALTH}"] = (200, {"version": "1.21.0", "enterprise": False})
    with pytest.raises(ConfigError, match="team"):
        bench.login(namespace="team")
    assert vault.paths() == [HEALTH]


def test_namespace_on_who_knows_what(bench: Bench, vault: FakeVault) -> None:
    """A server that hides what it is gets no JWT for a namespace either."""
    vault.rules[f"GET {HEALTH}"] = (403, b"no")
    with pytest.raises(RefusedError):
        bench.login(namespace="team")
    assert vault.paths() == [HEALTH]


def test_namespace_on_a_store_in_trouble(bench: Bench, vault: FakeVault) -> None:
    """A gateway that does not reach the server is no server that hides what it is."""
    vault.rules[f"GET {HEALTH}"] = (502, b"no")
    with pytest.raises(UnreachableError, match="502"):
        bench.login(namespace="team")


@pytest.mark.parametrize("namespace", [None, "", "root", "/"])
def test_root_namespace(bench: Bench, vault: FakeVault, namespace: str | None) -> None:
    """Every server has the root namespace: nothing is asked."""
    bench.login(namespace=namespace)
    assert HEALTH not in vault.paths()
