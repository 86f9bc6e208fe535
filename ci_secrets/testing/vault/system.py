"""The `sys/` paths: mounts, policies, health; leases and wrapping have modules of their own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from ci_secrets.testing.vault.approle import AppRole
from ci_secrets.testing.vault.database import Database
from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.jwt_auth import JwtAuth
from ci_secrets.testing.vault.kv import Cubbyhole, KvV1, KvV2
from ci_secrets.testing.vault.wire import (
    SYSTEM_MAX_TTL,
    Json,
    Refusal,
    Request,
    Response,
    not_found,
    texts,
)

AUTH_METHODS: Final[Mapping[str, type[Engine]]] = {"jwt": JwtAuth, "approle": AppRole}
ENGINES: Final[Mapping[str, type[Engine]]] = {
    "kv": KvV1,
    "kv-v2": KvV2,
    "cubbyhole": Cubbyhole,
    "database": Database,
}
VERSIONS: Final = {"vault": "1.21.0", "openbao": "2.5.5"}


@dataclass(slots=True)
class System(Engine):
    """The server's own paths."""

    kind: ClassVar[str] = "system"

    def health(self, request: Request) -> Response:
        """Alive and open: the fields by which clients tell Vault, Enterprise and OpenBao apart."""
        data: Json = {
            "initialized": True,
            "sealed": False,
            "standby": False,
            "performance_standby": False,
            "replication_performance_mode": "disabled",
            "replication_dr_mode": "disabled",
            "server_time_utc": int(self.core.clock.now()),
            "version": VERSIONS[self.core.flavour],
            "cluster_name": "ci-secrets-dev",
        }
        if self.core.flavour == "vault":
            data["enterprise"] = False
        return Response(data=data, bare=True)

    def list_mounts(self, request: Request) -> Response:
        """All secrets engines."""
        return self._table(auth=False)

    def list_auth(self, request: Request) -> Response:
        """All auth methods."""
        return self._table(auth=True)

    def _table(self, *, auth: bool) -> Response:
        data = {
            mount.removeprefix("auth/"): engine.describe()
            for mount, engine in self.core.mounts.items()
            if mount.startswith("auth/") == auth and (engine.kind != "system" or mount == "sys/")
        }
        return Response(data=data)

    def mount_engine(self, request: Request, path: str) -> None:
        """Mount a secrets engine."""
        kind = request.need("type", "backend type must be specified as a string")
        options = dict(request.body.get("options") or {})
        if kind == "kv" and str(options.get("version")) == "2":
            kind = "kv-v2"
        if kind == "kv-v2":
            options["version"] = "2"
        self._mount(ENGINES, kind, f"{path.rstrip('/')}/", options)

    def mount_auth(self, request: Request, path: str) -> None:
        """Mount an auth method."""
        kind = request.need("type", "backend type must be specified as a string")
        self._mount(AUTH_METHODS, kind, f"auth/{path.rstrip('/')}/", None)

    def _mount(
        self, kinds: Mapping[str, type[Engine]], kind: str, mount: str, options: Json | None
    ) -> None:
        if kind not in kinds:
            raise Refusal(400, f"plugin not found in the catalog: {kind}")
        if mount in self.core.mounts:
            raise Refusal(400, f"path is already in use at {mount}")
        self.core.mounts[mount] = kinds[kind](self.core, mount, options)

    def unmount(self, request: Request, path: str) -> None:
        """Take a secrets engine away."""
        self.core.mounts.pop(f"{path.rstrip('/')}/", None)

    def unmount_auth(self, request: Request, path: str) -> None:
        """Take an auth method away."""
        self.core.mounts.pop(f"auth/{path.rstrip('/')}/", None)

    def mount_of(self, request: Request, path: str) -> Response:
        """The mount that a path lies in, for those who have rights on it."""
        refusal = Refusal(
            403,
            "preflight capability check returned 403, please ensure client's policies grant "
            f'access to path "{path.rstrip("/")}/"',
        )
        token = self.core.tokens.find(request.token_id)
        if token is None:
            raise Refusal(403, "permission denied")
        engine = self.core.mount_of(path) or self.core.mount_of(f"{path}/")
        if engine is None or not self.core.policies.sees_mount(token.policies, engine.mount):
            raise refusal
        config = {"default_lease_ttl": SYSTEM_MAX_TTL, "max_lease_ttl": SYSTEM_MAX_TTL}
        return Response(data=engine.describe() | {"path": engine.mount, "config": config})

    def write_policy(self, request: Request, name: str) -> None:
        """Add or replace a policy."""
        self.core.policies.write(name, request.need("policy", "'policy' parameter not supplied"))

    def read_policy(self, request: Request, name: str) -> Response:
        """The text of a policy."""
        if name not in self.core.policies.texts:
            raise not_found()
        return Response(data={"name": name, "policy": self.core.policies.texts[name]})

    def delete_policy(self, request: Request, name: str) -> None:
        """Remove a policy."""
        self.core.policies.delete(name)

    def capabilities_self(self, request: Request) -> Response:
        """What the caller may do on some paths."""
        asked = texts(request.body.get("paths") or request.body.get("path"))
        found = {path: self.core.capabilities(request.caller, path) for path in asked}
        return Response(data={path: sorted(granted) or ["deny"] for path, granted in found.items()})

    routes: ClassVar[tuple[Route, ...]] = (
        Route("health", {"read": health}, open=True),
        Route("internal/ui/mounts/(?P<path>.+)", {"read": mount_of}, open=True),
        Route("mounts", {"read": list_mounts}),
        Route("mounts/(?P<path>.+)", {"write": mount_engine, "delete": unmount}),
        Route("auth", {"read": list_auth}, sudo=True),
        Route("auth/(?P<path>.+)", {"write": mount_auth, "delete": unmount_auth}, sudo=True),
        Route(
            "policies/acl/(?P<name>.+)",
            {"write": write_policy, "read": read_policy, "delete": delete_policy},
        ),
        Route("capabilities-self", {"write": capabilities_self}),
    )
