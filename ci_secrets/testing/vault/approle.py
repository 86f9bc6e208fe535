"""The `approle` auth method: a role-id that is known, and a secret-id that is used up."""

import threading
import uuid
from dataclasses import dataclass, field
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.tokens import TokenSettings, in_seconds
from ci_secrets.testing.vault.wire import Json, Refusal, Request, Response, not_found, seconds

_INVALID = "invalid role or secret ID"


@dataclass(kw_only=True, slots=True)
class SecretId:
    """One secret-id of a role."""

    uses_left: int
    """0: unlimited."""
    expires_at: float | None


@dataclass(kw_only=True, slots=True)
class Role:
    """One role."""

    settings: Json
    role_id: str
    secret_ids: dict[str, SecretId] = field(default_factory=dict)


@dataclass(slots=True)
class AppRole(Engine):
    """One mount of it."""

    kind: ClassVar[str] = "approle"
    _roles: dict[str, Role] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def write_role(self, request: Request, name: str) -> None:
        """Add or change a role."""
        known = self._roles.get(name) or Role(settings={}, role_id=str(uuid.uuid4()))
        settings = in_seconds({**known.settings, **request.body})
        TokenSettings.of_role(settings)
        known.settings = settings
        self._roles[name] = known

    def read_role(self, request: Request, name: str) -> Response:
        """A role's settings."""
        return Response(data=dict(self._role(name).settings))

    def read_role_id(self, request: Request, name: str) -> Response:
        """The role-id, which is no secret."""
        return Response(data={"role_id": self._role(name).role_id})

    def write_role_id(self, request: Request, name: str) -> None:
        """Choose the role-id."""
        self._role(name).role_id = request.need("role_id", "missing role_id")

    def make_secret_id(self, request: Request, name: str) -> Response:
        """A new secret-id, as long-lived and often usable as the role says."""
        role = self._roles.get(name)
        if role is None:
            raise Refusal(404, f'role "{name}" does not exist')
        ttl = seconds(role.settings.get("secret_id_ttl"))
        uses = int(role.settings.get("secret_id_num_uses") or 0)
        secret_id = str(uuid.uuid4())
        expires_at = self.core.clock.now() + ttl if ttl else None
        role.secret_ids[secret_id] = SecretId(uses_left=uses, expires_at=expires_at)
        return Response(
            data={
                "secret_id": secret_id,
                "secret_id_accessor": str(uuid.uuid4()),
                "secret_id_num_uses": uses,
                "secret_id_ttl": ttl,
            }
        )

    def login(self, request: Request) -> Response:
        """Trade role-id and secret-id for a token."""
        role_id = request.need("role_id", "missing role_id")
        found = [(name, role) for name, role in self._roles.items() if role.role_id == role_id]
        if not found:
            raise Refusal(400, _INVALID)
        name, role = found[0]
        self._spend(role, request.need("secret_id", "missing secret_id"))
        token = self.core.tokens.issue(
            TokenSettings.of_role(role.settings),
            path=request.path,
            display_name=self.mount.removeprefix("auth/").rstrip("/"),
            meta={"role_name": name},
        )
        return Response(auth=token.auth(self.core.clock.now()))

    def _spend(self, role: Role, secret_id: str) -> None:
        with self._lock:
            known = role.secret_ids.get(secret_id)
            if known is None:
                raise Refusal(400, _INVALID)
            if known.expires_at is not None and known.expires_at <= self.core.clock.now():
                del role.secret_ids[secret_id]
                raise Refusal(400, _INVALID)
            if known.uses_left == 1:
                del role.secret_ids[secret_id]
            known.uses_left -= bool(known.uses_left)

    def _role(self, name: str) -> Role:
        if name not in self._roles:
            raise not_found()
        return self._roles[name]

    routes: ClassVar[tuple[Route, ...]] = (
        Route("login", {"write": login}, open=True),
        Route("role/(?P<name>[^/]+)", {"write": write_role, "read": read_role}),
        Route("role/(?P<name>[^/]+)/role-id", {"read": read_role_id, "write": write_role_id}),
        Route("role/(?P<name>[^/]+)/secret-id", {"write": make_secret_id}),
    )
