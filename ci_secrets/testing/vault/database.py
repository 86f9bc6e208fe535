"""The `database` engine: users made on demand, each on a lease, gone with it."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.kv import keys_below
from ci_secrets.testing.vault.wire import (
    SYSTEM_MAX_TTL,
    Json,
    Refusal,
    Request,
    Response,
    identifier,
    not_found,
    seconds,
)

Create = Callable[[str, str], None]
"""Called with username and password of a user to be made."""
Revoke = Callable[[str], None]
"""Called with a username; raises where the user cannot be ended, and may take its time."""


@dataclass(kw_only=True, slots=True)
class Hooks:
    """What stands for the database's statements."""

    create: Create = lambda _username, _password: None
    revoke: Revoke = lambda _username: None


@dataclass(slots=True)
class Database(Engine):
    """One mount of it. There is no database: `users` are those who could log in to it."""

    kind: ClassVar[str] = "database"
    users: dict[str, str] = field(default_factory=dict)
    """Username → password."""
    hooks: dict[str, Hooks] = field(default_factory=dict)
    """By role."""
    _roles: dict[str, Json] = field(default_factory=dict)

    def write_role(self, request: Request, name: str) -> None:
        """Add or change a role: `default_ttl` and `max_ttl` count, statements do not."""
        role = {**self._roles.get(name, {}), **request.body}
        role["default_ttl"] = seconds(role.get("default_ttl"))
        role["max_ttl"] = seconds(role.get("max_ttl"))
        self._roles[name] = role

    def read_role(self, request: Request, name: str) -> Response:
        """A role's settings."""
        if name not in self._roles:
            raise not_found()
        return Response(data=dict(self._roles[name]))

    def list_roles(self, request: Request) -> Response:
        """The names of all roles."""
        return keys_below([*self._roles], "")

    def read_credentials(self, request: Request, name: str) -> Response:
        """Make a user, on a lease."""
        role = self._roles.get(name)
        if role is None:
            raise Refusal(400, f"unknown role: {name}")
        token, hooks = request.caller, self.hooks.get(name, Hooks())
        username = identifier(f"v-{token.display_name[:8]}-{name[:8]}-", 20)
        username += f"-{int(self.core.clock.now())}"
        password = secrets.token_urlsafe(15)
        hooks.create(username, password)
        self.users[username] = password

        def undo() -> None:
            hooks.revoke(username)
            self.users.pop(username, None)

        longest = role["max_ttl"] or SYSTEM_MAX_TTL
        ttl = min(role["default_ttl"] or longest, longest)
        if token.kind == "batch" and token.expires_at is not None:
            # NOTE: a batch token cannot take its leases along, so they end before it does.
            ttl = longest = min(ttl, round(token.expires_at - self.core.clock.now()))
        lease = self.core.leases.add(
            path=request.path, token_id=token.id, ttl_seconds=ttl, max_seconds=longest, undo=undo
        )
        if self.core.tokens.find(token.id) is None:
            self.core.leases.queue(lease)  # the token was revoked meanwhile, without this lease
        return Response(
            data={"username": username, "password": password},
            lease_id=lease.id,
            lease_seconds=ttl,
            renewable=True,
        )

    routes: ClassVar[tuple[Route, ...]] = (
        Route("creds/(?P<name>[^/]+)", {"read": read_credentials}),
        Route("roles/?", {"list": list_roles}),
        Route("roles/(?P<name>[^/]+)", {"write": write_role, "read": read_role}),
    )
