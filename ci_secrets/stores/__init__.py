"""Which kinds of stores there are, and how one is opened."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from ci_secrets.config.model import StoreConfig
from ci_secrets.errors import ConfigError
from ci_secrets.stores.interface import Store
from ci_secrets.text import foreign

if TYPE_CHECKING:
    import httpx

STORES: Final[Mapping[str, str]] = {"vault": "ci_secrets.stores.vault.store:VaultStore"}
"""`type:` of a store → `module:class`, imported when such a store is opened."""


def open_store(
    config: StoreConfig,
    environment: Mapping[str, str],
    *,
    transport: "httpx.BaseTransport | None" = None,
) -> Store:
    """The store that `config` describes; nothing is sent yet.

    `environment` holds the variables that `config.auth.environment` names; `transport` is for
    tests. Raises `ConfigError`.
    """
    if config.type not in STORES:
        raise ConfigError(
            f"The store {foreign(config.name)} has the unknown type {foreign(config.type)}.",
            fix=f"Known types: {', '.join(sorted(STORES))}.",
        )
    module, name = STORES[config.type].split(":")
    opened = getattr(import_module(module), name)(config, environment, transport=transport)
    return cast("Store", opened)
