"""Opens sessions at one Vault or OpenBao."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ci_secrets.config.model import StoreConfig
from ci_secrets.errors import ConfigError, RefusedError
from ci_secrets.http import Http, host_of
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Mint
from ci_secrets.stores.vault.auth import Material, log_in, parents_ttl
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import Grant, Ledger, info_of, odd_numbers, unpack
from ci_secrets.stores.vault.session import VaultSession
from ci_secrets.stores.vault.trouble import in_trouble, trouble
from ci_secrets.stores.vault.wire import Wire
from ci_secrets.stores.vault.wrapping import unwrap_text
from ci_secrets.text import foreign

if TYPE_CHECKING:
    import httpx


class VaultStore:
    """One configured Vault or OpenBao; nothing is sent before `login`. Raises `ConfigError`."""

    def __init__(
        self,
        config: StoreConfig,
        environment: Mapping[str, str],
        *,
        transport: "httpx.BaseTransport | None" = None,
        connect: Callable[[], Http] | None = None,
    ) -> None:
        if (config.client_cert is None) != (config.client_key is None):
            raise ConfigError(
                f"The store {foreign(config.name)} has only one half of a client certificate.",
                fix="client-cert: client.pem\nclient-key: client.key",
            )
        self._config = config
        self._environment = environment
        self._nobody = Client(Wire(config, connect or self._connect(transport)))

    def _connect(self, transport: "httpx.BaseTransport | None") -> Callable[[], Http]:
        config = self._config
        pair = config.client_cert and config.client_key and (config.client_cert, config.client_key)
        return lambda: Http(
            ca_file=config.ca_file,
            client_cert=pair or None,
            headers=config.headers,
            timeout=config.timeout,
            transport=transport,
        )

    def login(self, mint: Mint) -> VaultSession:
        """Trade the job's identity for a session; see `Store.login`."""
        used: dict[str, Secret] = {}
        try:
            self._check_namespace()
            grant = self._grant(mint, used)
        except BaseException:
            self._nobody.wire.hang_up()
            raise
        return VaultSession(
            name=self._config.name,
            grants=[grant],
            ledger=Ledger(),
            used=used,
            relogin=lambda again: self._grant(again, used),
        )

    def resume(self, handover: Mapping[str, Any]) -> VaultSession:
        """The session of another process, in order to close it."""
        grants, ledger = unpack(handover, self._nobody)
        return VaultSession(name=self._config.name, grants=grants, ledger=ledger)

    def unwrap(self, token: Secret) -> str:
        """What `VaultSession.wrap` wrapped; see `Store.unwrap`."""
        try:
            return unwrap_text(self._nobody, token)
        finally:
            self._nobody.wire.hang_up()

    def _grant(self, mint: Mint, used: dict[str, Secret]) -> Grant:
        material = Material(
            config=self._config,
            environment=self._environment,
            mint=mint,
            client=self._nobody,
            used=used,
        )
        auth = log_in(material).auth or {}
        token = Secret(str(auth["client_token"]))
        client = self._nobody.as_token(token)
        grant = Grant(client=client, token=token, info=info_of(auth), odd=odd_numbers(auth))
        grant.end_with_parent(parents_ttl(material))
        return grant

    def _check_namespace(self) -> None:
        """Vault Community ignores the namespace and would serve root's secrets instead."""
        namespace = (self._config.namespace or "").strip("/")
        if namespace in ("", "root"):
            return
        health = self._nobody.health()
        where = host_of(self._config.url)
        if in_trouble(health.status):  # of the store itself that would be 200
            raise trouble(health, "the question what it is", where=where)
        if not health.body.get("version"):
            raise RefusedError(
                f"{where} does not say what it is (status {health.status}), "
                "so that nobody knows whether it has namespaces.",
                cause="A proxy before it withholds /v1/sys/health.",
                fix="Let GET /v1/sys/health through; it needs no token.",
            )
        if knows_namespaces(health.body):
            return
        raise ConfigError(
            f"{where} has no namespaces, but the store asks for {foreign(namespace)}.",
            cause="It is Vault Community, which ignores the namespace and serves the secrets of "
            "its only one under the same paths.",
            fix="Remove `namespace:`, or use the URL of the Vault Enterprise, HCP or OpenBao that "
            "has it.",
        )


def knows_namespaces(health: Mapping[str, Any]) -> bool:
    """Whether an answer of sys/health comes from Vault Enterprise, HCP or OpenBao."""
    enterprise = health.get("enterprise")
    if isinstance(enterprise, bool):  # Vault 1.17 and newer
        return enterprise
    version = str(health.get("version"))
    # OpenBao says nothing of `enterprise` and counts from 2; Vault that old is 0.x or 1.x.
    return "+ent" in version or "+prem" in version or version.split(".")[0] not in ("0", "1")
