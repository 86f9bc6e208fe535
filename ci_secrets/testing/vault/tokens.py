"""The tokens of the development server: how they are made, live, are renewed and end."""

import ipaddress
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Self

from ci_secrets.testing.vault.leases import cut
from ci_secrets.testing.vault.wire import (
    SYSTEM_MAX_TTL,
    Clock,
    Json,
    Refusal,
    identifier,
    seconds,
    texts,
    timestamp,
)

Kind = Literal["service", "batch"]


_DURATIONS: Final = ("token_ttl", "token_max_ttl", "token_explicit_max_ttl", "token_period")


def in_seconds(role: Json) -> Json:
    """A role's body with its durations as numbers, as they are read back. Raises a 400."""
    return role | {name: seconds(role[name]) for name in _DURATIONS if name in role}


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenSettings:
    """The `token_*` settings of a role: what a login by it makes. Times in seconds, 0: unset."""

    policies: tuple[str, ...] = ()
    ttl_seconds: int = 0
    max_ttl_seconds: int = 0
    explicit_max_ttl_seconds: int = 0
    period_seconds: int = 0
    kind: Kind = "service"
    num_uses: int = 0
    no_default_policy: bool = False
    bound_cidrs: tuple[str, ...] = ()

    @classmethod
    def of_role(cls, body: Mapping[str, Any]) -> Self:
        """Out of a role's body. Raises a 400."""
        kind = body.get("token_type") or "service"
        if kind not in ("service", "batch", "default", "default-service"):
            raise Refusal(400, f"invalid 'token_type' value \"{kind}\"")
        settings = cls(
            policies=tuple(texts(body.get("token_policies", body.get("policies")))),
            ttl_seconds=seconds(body.get("token_ttl")),
            max_ttl_seconds=seconds(body.get("token_max_ttl")),
            explicit_max_ttl_seconds=seconds(body.get("token_explicit_max_ttl")),
            period_seconds=seconds(body.get("token_period")),
            kind="batch" if kind == "batch" else "service",
            num_uses=int(body.get("token_num_uses") or 0),
            no_default_policy=bool(body.get("token_no_default_policy")),
            bound_cidrs=tuple(texts(body.get("token_bound_cidrs"))),
        )
        settings.check()
        return settings

    def admits(self, remote: str) -> bool:
        """Whether the CIDR bounds let this address log in and use the token."""
        address = ipaddress.ip_address(remote)
        cidrs = self.bound_cidrs
        return not cidrs or any(address in ipaddress.ip_network(cidr) for cidr in cidrs)

    def check(self) -> None:
        """Raise a 400 for what Vault refuses in a role."""
        batch = "'token_type' cannot be 'batch' or 'default_batch' when set to generate"
        if self.kind == "batch" and self.period_seconds:
            raise Refusal(400, f"{batch} periodic tokens")
        if self.kind == "batch" and self.num_uses:
            raise Refusal(400, f"{batch} tokens with limited use count")
        if 0 < self.max_ttl_seconds < self.ttl_seconds:
            raise Refusal(400, "'token_ttl' cannot be greater than 'token_max_ttl'")


@dataclass(kw_only=True, slots=True)
class Token:
    """One token; `id` is the secret."""

    id: str
    accessor: str
    kind: Kind
    policies: list[str]
    path: str
    created_at: float
    expires_at: float | None
    """Unix seconds; `None`: never (root)."""
    settings: TokenSettings
    parent: str | None = None
    meta: dict[str, str] | None = None
    display_name: str = "token"
    renewable: bool = True
    uses_left: int = 0
    """0: unlimited; -1: all spent."""
    creation_ttl: int = 0
    renewed_at: float | None = None

    def auth(self, now: float) -> Json:
        """The `auth` of an answer that gives it."""
        return {
            "client_token": self.id,
            "accessor": self.accessor,
            "policies": self.policies,
            "token_policies": self.policies,
            "metadata": self.meta,
            "lease_duration": round(self.expires_at - now) if self.expires_at else 0,
            "renewable": self.renewable,
            "entity_id": "",
            "token_type": self.kind,
            "orphan": self.parent is None,
            "mfa_requirement": None,
            "num_uses": self.settings.num_uses,
        }

    def lookup(self, now: float, *, with_id: bool = True) -> Json:
        """The `data` of a look-up."""
        data: Json = {
            "accessor": self.accessor,
            "creation_time": int(self.created_at),
            "creation_ttl": self.creation_ttl,
            "display_name": self.display_name,
            "entity_id": "",
            "expire_time": timestamp(self.expires_at) if self.expires_at else None,
            "explicit_max_ttl": self.settings.explicit_max_ttl_seconds,
            "id": self.id if with_id else "",
            "issue_time": timestamp(self.created_at),
            "meta": self.meta,
            "num_uses": self.uses_left,
            "orphan": self.parent is None,
            "path": self.path,
            "policies": self.policies,
            "renewable": self.renewable,
            "ttl": max(0, int(self.expires_at - now)) if self.expires_at else 0,
            "type": self.kind,
        }
        if self.settings.period_seconds:
            data["period"] = self.settings.period_seconds
        if self.settings.bound_cidrs:
            data["bound_cidrs"] = list(self.settings.bound_cidrs)
        if self.renewed_at is not None:
            data["last_renewal"] = timestamp(self.renewed_at)
            data["last_renewal_time"] = int(self.renewed_at)
        return data


@dataclass(slots=True)
class Tokens:
    """All living tokens."""

    clock: Clock
    ended: Callable[[Token], None]
    """Told of each token that ended, to end what hangs on it."""
    _by_id: dict[str, Token] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def add_root(self, token_id: str) -> Token:
        """The token that may do everything and never ends."""
        token = Token(
            id=token_id,
            accessor=identifier("", 24),
            kind="service",
            policies=["root"],
            path="auth/token/root",
            created_at=self.clock.now(),
            expires_at=None,
            settings=TokenSettings(),
            display_name="root",
            renewable=False,
        )
        self._by_id[token_id] = token
        return token

    def issue(
        self,
        settings: TokenSettings,
        *,
        path: str,
        display_name: str,
        meta: dict[str, str] | None = None,
        parent: Token | None = None,
        renewable: bool = True,
    ) -> Token:
        """Make a token; a child never outlives its parent, for it ends with it."""
        now = self.clock.now()
        batch = settings.kind == "batch"
        ttl, _ = self._grant(settings, settings.ttl_seconds, now, now)
        policies = sorted(
            {*settings.policies, *(() if settings.no_default_policy else ["default"])}
        )
        token = Token(
            id=identifier("hvb.", 120) if batch else identifier("hvs.", 91),
            accessor="" if batch else identifier("", 24),
            kind=settings.kind,
            policies=policies,
            path=path,
            created_at=now,
            expires_at=now + ttl,
            settings=settings,
            parent=parent.id if parent else None,
            meta=meta,
            display_name=display_name,
            renewable=renewable and not batch,
            uses_left=settings.num_uses,
            creation_ttl=ttl,
        )
        with self._lock:
            self._by_id[token.id] = token
        return token

    def find(self, token_id: str) -> Token | None:
        """The token, if it is alive."""
        token = self._by_id.get(token_id)
        if token is None or (token.expires_at and token.expires_at <= self.clock.now()):
            return None
        return token

    def find_accessor(self, accessor: str) -> Token | None:
        """The living token of an accessor; batch tokens have none."""
        for token in list(self._by_id.values()):
            if accessor and token.accessor == accessor:
                return self.find(token.id)
        return None

    def spend(self, token: Token) -> bool:
        """Count one use. False where none was left."""
        with self._lock:
            if token.uses_left < 0:
                return False
            if token.uses_left > 0:
                # NOTE: -1 marks "in its last call": it may finish, and ends afterwards.
                token.uses_left = token.uses_left - 1 or -1
            return True

    def renew(self, token: Token, increment: int) -> list[str]:
        """Set a new end, counted from now; it may come earlier or later. Returns warnings."""
        now = self.clock.now()
        ttl, warning = self._grant(token.settings, increment, now, token.created_at)
        token.expires_at = now + ttl
        token.renewed_at = now
        return warning

    def _grant(
        self, settings: TokenSettings, asked: int, now: float, created_at: float
    ) -> tuple[int, list[str]]:
        """Seconds from now that a token may live, and the warning where that is a cut."""
        if settings.period_seconds and settings.kind == "service":
            wanted = settings.period_seconds
            limit = settings.explicit_max_ttl_seconds
        else:
            wanted = asked or settings.ttl_seconds or SYSTEM_MAX_TTL
            limits = (settings.max_ttl_seconds, settings.explicit_max_ttl_seconds, SYSTEM_MAX_TTL)
            limit = min(limit for limit in limits if limit)
        left = round(created_at + limit - now) if limit else wanted
        if wanted <= left:
            return wanted, []
        return max(0, left), [cut(wanted, limit)]

    def children(self, token: Token) -> Iterator[Token]:
        """Tokens whose parent this is."""
        return (other for other in list(self._by_id.values()) if other.parent == token.id)

    def revoke(self, token: Token) -> None:
        """End a token, its children and what hangs on them."""
        with self._lock:
            known = self._by_id.pop(token.id, None)
        if known is None:
            return
        for child in self.children(token):
            self.revoke(child)
        self.ended(token)

    def sweep(self) -> None:
        """End the tokens whose time is over."""
        now = self.clock.now()
        for token in list(self._by_id.values()):
            if token.expires_at and token.expires_at <= now:
                self.revoke(token)
