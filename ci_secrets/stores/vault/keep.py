"""Keeps tokens and leases alive while the job runs, and only that long."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from ci_secrets.errors import CiSecretsError, RefusedError, UnreachableError
from ci_secrets.secret import Lease
from ci_secrets.stores.interface import Kept, Mint, Notice
from ci_secrets.stores.vault.grant import Grant, Ledger, info_of, number

SHORTEST_PAUSE: Final = 1.0
LONGEST_PAUSE: Final = 600.0
"""Seconds between two rounds: never a busy loop, and a suspended machine is caught up with."""
_ENOUGH: Final = 0.5
"""A renewal that grants less than this part of what was asked for has met the maximum TTL."""

RENEW_SELF: Final = 'path "auth/token/renew-self" { capabilities = ["update"] }'
RENEW_LEASE: Final = 'path "sys/leases/renew" { capabilities = ["update"] }'

_NEVER: Final = float("inf")


@dataclass(kw_only=True, slots=True)
class Keeper:
    """Renews at about two thirds of what was granted, trusting only the TTL that comes back."""

    grants: list[Grant]
    """The last one is the current; a new login is added."""
    ledger: Ledger
    relogin: Callable[[Mint], Grant] | None
    clock: Callable[[], float] = time.time
    jitter: Callable[[], float] = lambda: random.uniform(0.9, 1.0)  # noqa: S311
    _beat: int | None = None
    """The TTL that the heartbeat holds the token at."""
    _due: dict[str, float] = field(default_factory=dict)
    """Accessor or lease id → Unix seconds of its next renewal."""
    _wanted: dict[str, int] = field(default_factory=dict)
    """Accessor or lease id → the TTL that it had at first, in seconds."""

    def start_heartbeat(self, ttl_seconds: int) -> list[Notice]:
        """Lower the token's TTL. Never raises; the notices say what could not be done."""
        grant = self.grants[-1]
        info = grant.info
        if info.kind == "batch" or not info.renewable or info.period_seconds:
            return []
        self._beat = min(ttl_seconds, info.ttl_seconds or ttl_seconds)
        try:
            granted = self._renew_self(grant, self._beat)
        except CiSecretsError:
            granted = None
        if granted is None:
            return [
                Notice(
                    level="warning",
                    text="The token's TTL could not be lowered: after a kill it lives until "
                    f"{_at(grant.expires_at)}. If it may not be renewed, add: {RENEW_SELF}",
                )
            ]
        return []

    def keep(self, mint: Mint | None) -> Kept:
        """One round over everything that is due. See `Session.keep`."""
        notices: list[Notice] = []
        grant = self.grants[-1]
        if self._is_due(grant.info.accessor, grant.info.issued_at, grant.info.ttl_seconds):
            notices += self._keep_token(grant, mint)
        for lease in self.ledger.open():
            if self._is_due(lease.lease_id, lease.issued_at, lease.ttl_seconds):
                notices += self._keep_lease(lease)
        return Kept(next_in_seconds=self._pause(), notices=tuple(notices))

    def _pause(self) -> float:
        next_due = min(self._due.values(), default=_NEVER) - self.clock()
        return min(max(next_due, SHORTEST_PAUSE), LONGEST_PAUSE)

    def _is_due(self, name: str, issued_at: float, ttl_seconds: int) -> bool:
        if name not in self._due:
            self._schedule(name, issued_at, ttl_seconds)
        return self._due[name] <= self.clock()

    def _schedule(self, name: str, issued_at: float, ttl_seconds: int) -> None:
        self._wanted.setdefault(name, ttl_seconds)
        part = ttl_seconds * 2 / 3 * self.jitter()
        # A TTL of 0 is a token without end.
        self._due[name] = issued_at + part if ttl_seconds else _NEVER

    # --- the token ----------------------------------------------------------------------------

    def _keep_token(self, grant: Grant, mint: Mint | None) -> list[Notice]:
        info = grant.info
        wanted = self._beat or self._wanted[info.accessor]
        granted: int | None = None
        if info.renewable and info.kind == "service":
            try:
                granted = self._renew_self(grant, wanted)
            except UnreachableError:
                if self._later(info.accessor, info.expires_at):
                    return [Notice(level="warning", text="The store did not answer a renewal.")]
                one_more_way = mint is not None and self.relogin is not None
                if not one_more_way and not self._at_maximum(grant, wanted):
                    raise
            if granted is not None and granted >= wanted * _ENOUGH:
                return []
        if mint is not None and self.relogin is not None:
            return self._log_in_again(grant, mint)
        self._due[info.accessor] = _NEVER
        if info.renewable and granted is None and not self._at_maximum(grant, wanted):
            raise RefusedError(
                f"The token was not renewed, and ends at {_at(grant.expires_at)} at the latest.",
                cause="It was revoked by somebody else, has expired, or may not renew itself.",
                fix=RENEW_SELF,
            )
        reason = "has met its maximum TTL" if info.renewable else "cannot be renewed"
        text = (
            f"The token {reason} and ends at {_at(grant.expires_at)}, with all its credentials; "
            "this CI gives no second JWT for a new login. Raise token_max_ttl of the role."
        )
        return [Notice(level="warning", text=text)]

    def _at_maximum(self, grant: Grant, wanted: int) -> bool:
        """Whether the token ends now as it had to: a last renewal grants less than is asked for.

        Then no answer of the store, and no failure to answer, makes a difference.
        """
        info = grant.info
        return info.ttl_seconds < wanted and self.clock() >= info.expires_at - SHORTEST_PAUSE

    def _renew_self(self, grant: Grant, wanted: int) -> int | None:
        """The TTL that was granted, or `None` where the renewal was refused."""
        patience = max(1.0, min(20.0, (grant.info.expires_at - self.clock()) / 2))
        reply = grant.client.until(time.monotonic() + patience).renew_self(wanted)
        if reply.status >= 500 or reply.status == 429:
            raise UnreachableError("The store could not renew the token.")
        if not reply.ok or reply.auth is None:
            return None
        fresh = info_of(reply.auth)
        grant.info = replace(
            fresh,
            issued_at=self.clock(),
            # Less than a second is rounded to 0, which otherwise means: without end.
            ttl_seconds=max(1, fresh.ttl_seconds),
            accessor=grant.info.accessor,
            period_seconds=grant.info.period_seconds,
            num_uses=grant.info.num_uses,
        )
        self._schedule(grant.info.accessor, grant.info.issued_at, grant.info.ttl_seconds)
        return grant.info.ttl_seconds

    def _log_in_again(self, old: Grant, mint: Mint) -> list[Notice]:
        assert self.relogin is not None  # noqa: S101  # the caller has looked
        try:
            fresh = self.relogin(mint)
        except CiSecretsError:
            if self._later(old.info.accessor, old.info.expires_at):
                return [Notice(level="warning", text="A new login failed; it is tried again.")]
            raise
        self._due[old.info.accessor] = _NEVER
        self.grants.append(fresh)
        self._schedule(fresh.info.accessor, fresh.info.issued_at, fresh.info.ttl_seconds)
        notices = [] if self._beat is None else self.start_heartbeat(self._beat)
        held = "; the leases made with the first end then" if self.ledger.open() else ""
        text = (
            f"Logged in again: the token before could not be renewed beyond "
            f"{_at(old.expires_at)}{held}."
        )
        return [Notice(level="note", text=text), *notices]

    def _later(self, name: str, expires_at: float) -> bool:
        """Plan another try before the end; whether there is time for one."""
        left = expires_at - self.clock()
        self._due[name] = self.clock() + max(SHORTEST_PAUSE, left / 4)
        if left > SHORTEST_PAUSE:
            return True
        self._due[name] = _NEVER
        return False

    # --- leases -------------------------------------------------------------------------------

    def _keep_lease(self, lease: Lease) -> list[Notice]:
        wanted = self._wanted[lease.lease_id]
        shown = lease.path
        if not lease.renewable:
            return self._give_up(lease, f"{shown} cannot be renewed and ends at")
        try:
            reply = (
                self.grants[-1]
                .client.until(time.monotonic() + 10)
                .renew_lease(lease.lease_id, wanted)
            )
        except UnreachableError:
            reply = None
        if reply is None or reply.status >= 500 or reply.status == 429:
            if self._later(lease.lease_id, lease.expires_at):
                return []
            return self._give_up(lease, f"{shown} could not be renewed in time; it ended at")
        if reply.status == 403:
            return self._give_up(lease, f"{shown} may not be renewed ({RENEW_LEASE}): it ends at")
        if not reply.ok:
            return self._give_up(lease, f"{shown} is gone: somebody has revoked it. Its TTL was to")
        renewed = replace(
            lease,
            ttl_seconds=number(reply.body.get("lease_duration")),
            renewable=bool(reply.body.get("renewable")),
            issued_at=self.clock(),
        )
        self.ledger.put(renewed)
        if renewed.ttl_seconds < wanted * _ENOUGH:
            return self._give_up(renewed, f"{shown} has met its maximum TTL and ends at")
        self._schedule(renewed.lease_id, renewed.issued_at, renewed.ttl_seconds)
        return []

    def _give_up(self, lease: Lease, text: str) -> list[Notice]:
        """Say once that a lease will end."""
        self._due[lease.lease_id] = _NEVER
        return [Notice(level="warning", text=f"{text} {_at(lease.expires_at)}.")]


def _at(unix_seconds: float | None) -> str:
    if unix_seconds is None:
        return "no time"
    return time.strftime("%H:%M:%S UTC", time.gmtime(unix_seconds))
