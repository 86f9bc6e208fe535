"""Keeps tokens and leases alive while the job runs, and only that long."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from ci_secrets.errors import CiSecretsError, RefusedError, UnreachableError
from ci_secrets.secret import Lease
from ci_secrets.stores.interface import Kept, Mint, Notice
from ci_secrets.stores.vault.grant import Grant, Ledger, info_of, number
from ci_secrets.stores.vault.plan import NEVER, Plan, Plans

_ENOUGH: Final = 0.5
"""A renewal that grants less than this part of what was asked for has met the maximum TTL."""

RENEW_SELF: Final = 'path "auth/token/renew-self" { capabilities = ["update"] }'
RENEW_LEASE: Final = 'path "sys/leases/renew" { capabilities = ["update"] }'


@dataclass(kw_only=True, slots=True)
class Keeper:
    """Renews at about two thirds of what was granted, trusting only the TTL that comes back."""

    grants: list[Grant]
    """The last one is the current; a new login is added."""
    ledger: Ledger
    relogin: Callable[[Mint], Grant] | None
    plans: Plans = field(default_factory=Plans)
    _beat: int | None = None
    """The TTL that the heartbeat holds the token at."""

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
                    f"{self._end_of(grant)}. If it may not be renewed, add: {RENEW_SELF}",
                )
            ]
        return []

    def keep(self, mint: Mint | None) -> Kept:
        """One round over everything that is due. See `Session.keep`."""
        notices: list[Notice] = []
        grant = self.grants[-1]
        if self.plans.is_due(self._plan(grant)):
            notices += self._keep_token(grant, mint)
        for lease in self.ledger.open():
            plan = self.plans.of(
                lease.lease_id, self.ledger.since(lease.lease_id), lease.ttl_seconds
            )
            if self.plans.is_due(plan):
                notices += self._keep_lease(lease, plan)
        return Kept(next_in_seconds=self.plans.pause(), notices=tuple(notices))

    def _plan(self, grant: Grant) -> Plan:
        return self.plans.of(grant.info.accessor, grant.since, grant.info.ttl_seconds)

    def _end_of(self, grant: Grant) -> str:
        return self.plans.shown_end(self._plan(grant))

    # --- the token ----------------------------------------------------------------------------

    def _keep_token(self, grant: Grant, mint: Mint | None) -> list[Notice]:
        info, plan = grant.info, self._plan(grant)
        wanted = self._beat or plan.wanted_seconds
        granted: int | None = None
        if info.renewable and info.kind == "service":
            try:
                granted = self._renew_self(grant, wanted)
            except UnreachableError:
                if self.plans.again(plan):
                    return [Notice(level="warning", text="The store did not answer a renewal.")]
                one_more_way = mint is not None and self.relogin is not None
                if not one_more_way and not self._at_maximum(grant, wanted):
                    raise
            if granted is not None and granted >= wanted * _ENOUGH:
                return []
        if mint is not None and self.relogin is not None:
            return self._log_in_again(grant, mint)
        plan.due = NEVER
        if info.renewable and granted is None and not self._at_maximum(grant, wanted):
            raise RefusedError(
                f"The token was not renewed, and ends at {self._end_of(grant)} at the latest.",
                cause="It was revoked by somebody else, has expired, or may not renew itself.",
                fix=RENEW_SELF,
            )
        reason = "has met its maximum TTL" if info.renewable else "cannot be renewed"
        text = (
            f"The token {reason} and ends at {self._end_of(grant)}, with all its credentials; "
            "this CI gives no second JWT for a new login. Raise token_max_ttl of the role."
        )
        return [Notice(level="warning", text=text)]

    def _at_maximum(self, grant: Grant, wanted: int) -> bool:
        """Whether the token ends now as it had to: a last renewal grants less than is asked for.

        Then no answer of the store, and no failure to answer, makes a difference.
        """
        return grant.info.ttl_seconds < wanted and self.plans.at_its_end(self._plan(grant))

    def _renew_self(self, grant: Grant, wanted: int) -> int | None:
        """The TTL that was granted, or `None` where the renewal was refused."""
        plan = self._plan(grant)
        patience = max(1.0, min(20.0, (plan.ends - self.plans.clock()) / 2))
        reply = grant.client.until(time.monotonic() + patience).renew_self(wanted)
        if reply.status >= 500 or reply.status == 429:
            raise UnreachableError("The store could not renew the token.")
        if not reply.ok or reply.auth is None:
            return None
        fresh = info_of(reply.auth)
        grant.info = replace(
            fresh,
            # Less than a second is rounded to 0, which otherwise means: without end.
            ttl_seconds=max(1, fresh.ttl_seconds),
            accessor=grant.info.accessor,
            period_seconds=grant.info.period_seconds,
            num_uses=grant.info.num_uses,
        )
        self.plans.granted(plan, grant.info.ttl_seconds)
        return grant.info.ttl_seconds

    def _log_in_again(self, old: Grant, mint: Mint) -> list[Notice]:
        assert self.relogin is not None  # noqa: S101  # the caller has looked
        ending = self._plan(old)
        try:
            fresh = self.relogin(mint)
        except CiSecretsError:
            if self.plans.again(ending):
                return [Notice(level="warning", text="A new login failed; it is tried again.")]
            raise
        ending.due = NEVER
        self.grants.append(fresh)
        self._plan(fresh)
        notices = [] if self._beat is None else self.start_heartbeat(self._beat)
        held = "; the leases made with the first end then" if self.ledger.open() else ""
        text = (
            f"Logged in again: the token before could not be renewed beyond "
            f"{self.plans.shown_end(ending)}{held}."
        )
        return [Notice(level="note", text=text), *notices]

    # --- leases -------------------------------------------------------------------------------

    def _keep_lease(self, lease: Lease, plan: Plan) -> list[Notice]:
        wanted = plan.wanted_seconds
        shown = lease.path
        if not lease.renewable:
            return self._give_up(plan, f"{shown} cannot be renewed and ends at")
        try:
            reply = (
                self.grants[-1]
                .client.until(time.monotonic() + 10)
                .renew_lease(lease.lease_id, wanted)
            )
        except UnreachableError:
            reply = None
        if reply is None or reply.status >= 500 or reply.status == 429:
            if self.plans.again(plan):
                return []
            return self._give_up(plan, f"{shown} could not be renewed in time; it ended at")
        if reply.status == 403:
            return self._give_up(plan, f"{shown} may not be renewed ({RENEW_LEASE}): it ends at")
        if not reply.ok:
            return self._give_up(plan, f"{shown} is gone: somebody has revoked it. Its TTL was to")
        renewed = replace(
            lease,
            ttl_seconds=number(reply.body.get("lease_duration")),
            renewable=bool(reply.body.get("renewable")),
            issued_at=time.time(),
        )
        self.ledger.put(renewed)
        self.plans.granted(plan, renewed.ttl_seconds)
        if renewed.ttl_seconds < wanted * _ENOUGH:
            return self._give_up(plan, f"{shown} has met its maximum TTL and ends at")
        return []

    def _give_up(self, plan: Plan, text: str) -> list[Notice]:
        """Say once that a lease will end."""
        plan.due = NEVER
        return [Notice(level="warning", text=f"{text} {self.plans.shown_end(plan)}.")]
