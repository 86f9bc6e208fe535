"""One face for the development server and for a real Vault with a real PostgreSQL."""

import itertools
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, NamedTuple

import httpx

from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault import DevVault
from ci_secrets.testing.vault.admin import Administered
from ci_secrets.testing.vault.wire import Json
from tests import patience
from tests.real.servers import LOGIN_ROLE, PostgresServer, VaultServer, database_engine

Answer = tuple[int, Json]


class Dynamic(NamedTuple):
    """A user that the database engine made."""

    lease_id: str
    username: str
    password: str


class Stand(Administered):
    """A server that trusts `issuer` at `auth/jwt`, empty of everything else."""

    issuer: Issuer
    client: httpx.Client
    short_seconds: ClassVar[int]
    """A TTL that a test can wait for, and that a busy machine does not miss."""

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        token: str = "",
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Call `/v1/<path>` by HTTP: the status, and the body (empty where there is none)."""
        sent = {**({"X-Vault-Token": token} if token else {}), **(headers or {})}
        answer = self.client.request(method, f"{self.url}/v1/{path}", json=body, headers=sent)
        return answer.status_code, answer.json() if answer.content else {}

    def login(self, role: str, **claims: Any) -> str:
        """A token by a fresh JWT for this server."""
        jwt = self.issuer.mint(self.url, **{"sub": "job", **claims})
        status, body = self.call("POST", "auth/jwt/login", {"role": role, "jwt": jwt})
        assert status == 200, body
        token: str = body["auth"]["client_token"]
        return token

    def token(self, *policies: str, **settings: Any) -> str:
        """A token by a new role with these policies."""
        name = f"role-{secrets.token_hex(4)}"
        return self.login(self.jwt_role(name, token_policies=list(policies), **settings))

    def user(self, path: str, token: str) -> Dynamic:
        """A new user of a dynamic role."""
        status, body = self.call("GET", path, token=token)
        assert status == 200, body
        return Dynamic(body["lease_id"], body["data"]["username"], body["data"]["password"])

    def lease_status(self, lease_id: str) -> int:
        """What root is told of a lease: 200, or 400 once it has ended."""
        return self.root("POST", "sys/leases/lookup", {"lease_id": lease_id})[0]

    def eventually(self, holds: Callable[[], bool]) -> bool:
        """Whether it holds in time, in real time."""
        deadline = time.monotonic() + patience.SECONDS
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def dynamic(self, role: str, *, failing: bool = False, slow: float = 0, ttl: str = "1h") -> str:
        """The path of a dynamic database role.

        Its revocation statement fails (`failing`), or takes `slow` seconds first.
        """
        raise NotImplementedError

    def can_login(self, username: str, password: str) -> bool:
        """Whether the database lets this user in."""
        raise NotImplementedError

    def wait(self, seconds: float) -> None:
        """Let the server's time pass."""
        raise NotImplementedError


class DevStand(Stand):
    """The development server; `server` has its knobs."""

    short_seconds = 300  # its clock is moved

    def __init__(self, server: DevVault, issuer: Issuer, client: httpx.Client) -> None:
        self.server, self.issuer, self.client = server, issuer, client
        self.url = server.url

    def root(self, method: str, path: str, body: Json | None = None) -> Answer:
        """Call as root."""
        return self.call(method, path, body, token=self.server.root_token)

    def dynamic(self, role: str, *, failing: bool = False, slow: float = 0, ttl: str = "1h") -> str:
        """A role whose statements are Python."""

        def revoke(_username: str) -> None:
            time.sleep(slow)
            if failing:
                raise RuntimeError("the statement failed")

        return self.server.dynamic(role, ttl=ttl, revoke=revoke)

    def can_login(self, username: str, password: str) -> bool:
        """Whether the user is alive."""
        return self.server.can_login(username, password)

    def wait(self, seconds: float) -> None:
        """Move its clock."""
        self.server.advance(seconds)


class RealStand(Stand):
    """A real Vault that issues users of a real PostgreSQL."""

    short_seconds = 10

    def __init__(
        self, server: VaultServer, postgres: PostgresServer, issuer: Issuer, client: httpx.Client
    ) -> None:
        self.server, self.postgres, self.issuer, self.client = server, postgres, issuer, client
        self.url = server.url

    def root(self, method: str, path: str, body: Json | None = None) -> Answer:
        """Call as root."""
        return self.call(method, path, body, token=self.server.root_token)

    def dynamic(self, role: str, *, failing: bool = False, slow: float = 0, ttl: str = "1h") -> str:
        """A role whose statements are SQL."""
        drop = 'DROP ROLE IF EXISTS "{{name}}";'
        revocation = "SELECT no_such_function();" if failing else f"SELECT pg_sleep({slow}); {drop}"
        return database_engine(
            self.server,
            self.postgres,
            role=role,
            creation=LOGIN_ROLE,
            revocation=revocation,
            default_ttl=ttl,
        )

    def can_login(self, username: str, password: str) -> bool:
        """Whether PostgreSQL lets the user in."""
        return self.postgres.can_login(username, password)

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def empty(self) -> None:
        """Take away what an earlier test set up, but not what it left alive."""
        for folder in ("auth/jwt/role", "database/roles", "auth/approle/role"):
            for name in self._keys(folder):
                self.root("DELETE", f"{folder}/{name}")
        for name in self._keys("sys/policies/acl"):
            if name not in ("root", "default"):
                self.root("DELETE", f"sys/policies/acl/{name}")
        self._delete_secrets("")

    def _delete_secrets(self, folder: str) -> None:
        for name in self._keys(f"secret/metadata/{folder}"):
            if name.endswith("/"):
                self._delete_secrets(folder + name)
            else:
                self.root("DELETE", f"secret/metadata/{folder}{name}")

    def _keys(self, path: str) -> list[str]:
        status, body = self.root("LIST", path)
        return list(body["data"]["keys"]) if status == 200 else []


@contextmanager
def dev_stand(issuer: Issuer, client: httpx.Client) -> Iterator[DevStand]:
    """A development server of its own."""
    with DevVault() as server:
        stand = DevStand(server, issuer, client)
        stand.trust(issuer)
        yield stand


_serial = itertools.count()


def new_mount() -> str:
    """A mount that no test had before."""
    return f"mount-{next(_serial)}"
