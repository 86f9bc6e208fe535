"""What this run minted: its tokens, and the ledger of leases that live on them."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, TypeGuard

from ci_secrets.clock import steady
from ci_secrets.secret import Lease, Secret
from ci_secrets.stores.interface import Closing, Notice, Outcome, TokenInfo
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.wire import Reply

LONGEST: Final = 2**63 // 10**9
"""Seconds: 292 years. Source: Vault counts nanoseconds in 64 bits (time.Duration of Go)."""
LONGEST_JOB: Final = 6 * 3600
"""Seconds. Source: GitHub docs, "Actions limits": a job on a hosted runner."""


@dataclass(kw_only=True, slots=True)
class Grant:
    """One token that this run minted, and what was seen of it."""

    client: Client
    """Sees the server with this token."""
    token: Secret
    info: TokenInfo
    since: float = field(default_factory=steady)
    """When it was made, by the steady clock."""
    odd: tuple[str, ...] = ()
    """See `odd_numbers`; of a login that just was."""
    parent_seconds: int = 0
    """What its parent had left at the login, where that is less than its own TTL."""
    seen_alive: bool = False
    """Whether a look-up of it ever gave 200: without that its end cannot be proven."""
    closing: Closing | None = None
    """How its end went, once that was tried."""

    @property
    def uses_left(self) -> int | None:
        """How many calls it is still good for; `None`: unlimited."""
        if not self.info.num_uses:
            return None
        return max(0, self.info.num_uses - self.client.calls.count)

    def end_with_parent(self, seconds: int) -> None:
        """Note what its parent has left (0: without end): a child dies with it."""
        if 0 < seconds < (self.info.ttl_seconds or math.inf):
            self.parent_seconds = seconds
            self.info = replace(self.info, ttl_seconds=seconds)

    @property
    def expires_at(self) -> float | None:
        """Unix seconds; `None` for a token without end (a child of a root token)."""
        return self.info.expires_at if self.info.ttl_seconds else None


def info_of(auth: Mapping[str, Any]) -> TokenInfo:
    """What the `auth` block of a login or a renewal says of its token."""
    accessor, policies = auth.get("accessor"), auth.get("policies")
    return TokenInfo(
        accessor=accessor if isinstance(accessor, str) else "",
        kind="batch" if auth.get("token_type") == "batch" else "service",
        ttl_seconds=number(auth.get("lease_duration")),
        renewable=bool(auth.get("renewable")),
        policies=tuple(policies) if _are_names(policies) else (),
        num_uses=number(auth.get("num_uses")),
        issued_at=time.time(),
    )


def _are_names(value: object) -> TypeGuard[list[str]]:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def number(value: object) -> int:
    """A count or a span of seconds, from 0 to `LONGEST`; 0 for what is none.

    An odd number must not keep us from the token or the lease that stands beside it.
    """
    found = value if isinstance(value, int) and not isinstance(value, bool) else 0
    return min(max(0, found), LONGEST)


def odd_numbers(auth: Mapping[str, Any]) -> tuple[str, ...]:
    """Which numbers of a login's answer are there and make no sense."""
    names = ("lease_duration", "num_uses")
    return tuple(name for name in names if name in auth and number(auth[name]) != auth[name])


@dataclass(kw_only=True, slots=True)
class Ledger:
    """Every lease that was minted, without values; safe to use from many threads."""

    on_lease: Callable[[], None] = lambda: None
    """Called with each lease that was entered."""
    _leases: dict[str, Lease] = field(default_factory=dict)
    _since: dict[str, float] = field(default_factory=dict)
    _lost: list[str] = field(default_factory=list)
    _closings: dict[str, Closing] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, reply: Reply, path: str) -> Lease | None:
        """Note the lease that a reply brings, if any, and return it."""
        lease_id = reply.body.get("lease_id")
        if not isinstance(lease_id, str) or not lease_id:
            return None
        lease = Lease(
            lease_id=lease_id,
            path=path,
            ttl_seconds=number(reply.body.get("lease_duration")),
            renewable=bool(reply.body.get("renewable")),
        )
        self.put(lease)
        self.on_lease()
        return lease

    def put(self, lease: Lease) -> None:
        """Note a lease, or what a renewal made of it."""
        with self._lock:
            self._leases[lease.lease_id] = lease
            self._since[lease.lease_id] = steady()

    def since(self, lease_id: str) -> float:
        """When a lease was noted last, by the steady clock."""
        with self._lock:
            return self._since[lease_id]

    def lose(self, path: str) -> None:
        """Note that an answer was lost that may have brought a lease of this path."""
        with self._lock:
            self._lost.append(path)

    def end(self, closing: Closing) -> None:
        """Note how the end of one lease went."""
        with self._lock:
            self._closings[closing.id] = closing

    def leases(self) -> tuple[Lease, ...]:
        """All of them, in the order in which they were minted."""
        with self._lock:
            return tuple(self._leases.values())

    def lost(self) -> tuple[str, ...]:
        """Paths whose answers were lost."""
        with self._lock:
            return tuple(self._lost)

    def closing(self, lease_id: str) -> Closing | None:
        """How its end went, once that was tried."""
        with self._lock:
            return self._closings.get(lease_id)

    def closings(self) -> tuple[Closing, ...]:
        """How the ends of single leases went, as far as they were tried."""
        with self._lock:
            return tuple(self._closings.values())

    def open(self) -> tuple[Lease, ...]:
        """Those whose end was not tried, or left something to do."""
        return tuple(
            lease
            for lease in self.leases()
            if (closing := self.closing(lease.lease_id)) is None or not closing.outcome.closed
        )


def pack(grants: list[Grant], ledger: Ledger) -> dict[str, Any]:
    """Tokens and ledger as JSON types, for another process. HOLDS THE TOKENS."""
    return {
        "grants": [
            {
                "token": grant.token.text(),
                "info": asdict(grant.info),
                "seen_alive": grant.seen_alive,
                "uses": grant.client.calls.count,
                "closing": asdict(grant.closing) if grant.closing else None,
            }
            for grant in grants
        ],
        "leases": [asdict(lease) for lease in ledger.leases()],
        "lost": list(ledger.lost()),
        "closings": [asdict(closing) for closing in ledger.closings()],
    }


def unpack(packed: Mapping[str, Any], nobody: Client) -> tuple[list[Grant], Ledger]:
    """What `pack` made; `nobody` is a client without a token."""
    grants = []
    for each in packed["grants"]:
        token = Secret(each["token"])
        info = TokenInfo(**{**each["info"], "policies": tuple(each["info"]["policies"])})
        grant = Grant(client=nobody.as_token(token), token=token, info=info)
        grant.seen_alive = bool(each["seen_alive"])
        grant.client.calls.count = int(each["uses"])
        if each["closing"]:
            grant.closing = _closing(each["closing"])
        grants.append(grant)
    ledger = Ledger()
    for lease in packed["leases"]:
        ledger.put(Lease(**lease))
    for path in packed["lost"]:
        ledger.lose(path)
    for fields in packed["closings"]:
        ledger.end(_closing(fields))
    return grants, ledger


def _closing(fields: Mapping[str, Any]) -> Closing:
    return Closing(**{**fields, "outcome": Outcome(fields["outcome"])})


def notices_of(grant: Grant, data: Mapping[str, Any] | None, *, refused: bool) -> list[Notice]:
    """What the user should know of a token: from its login, and from its look-up (`data`)."""
    info = grant.info
    found = []
    if grant.odd:
        found.append(
            f"What the store says of the token makes no sense ({', '.join(grant.odd)}): is it "
            "Vault or OpenBao, or does something between us change its answers?"
        )
    if info.kind == "batch":
        found.append(
            "The role gives batch tokens: they cannot be revoked, so this one lives until its TTL "
            "ends; set token_type=service on the role."
        )
    if info.num_uses:
        found.append(
            f"The token is good for {info.num_uses} calls, and every read, look-up, renewal and "
            "revoke spends one. Its TTL is not lowered, so a killed job leaves it alive; set "
            "token_num_uses=0 on the role."
        )
    if 0 < grant.parent_seconds < LONGEST_JOB:
        found.append(
            f"The given token ends in {grant.parent_seconds} s, unless somebody renews it, and "
            "takes ours, its child, and all credentials with it; give one that outlives the job."
        )
    if info.period_seconds:
        found.append(
            f"The token is periodic ({info.period_seconds} s): its TTL cannot be lowered, so a "
            "killed job leaves it alive for that long."
        )
    if refused:
        found.append(
            "The token may not look itself up (no default policy?), so that its end cannot be "
            'proven; add: path "auth/token/lookup-self" { capabilities = ["read"] }'
        )
    if data and data.get("bound_cidrs"):
        found.append(
            "The token works only from some networks (token_bound_cidrs): closing it needs the "
            "same one."
        )
    return [Notice(level="warning", text=text) for text in found]
