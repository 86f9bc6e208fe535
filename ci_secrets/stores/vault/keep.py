"""Keeps tokens and leases alive while the job runs, and only that long."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from ci_secrets.errors import CiSecretsError, RefusedError, UnreachableError
from ci_secrets.stores.interface import Kept, Mint, Notice
from ci_secrets.stores.vault.close import FULL_PROOF_USES
from ci_secrets.stores.vault.grant import Grant, Ledger, info_of
from ci_secrets.stores.vault.keep_leases import LeaseKeeper
from ci_secrets.stores.vault.plan import ENOUGH, NEVER, Plan, Plans
from ci_secrets.stores.vault.trouble import in_trouble

RENEW_SELF: Final = 'path "auth/token/renew-self" { capabilities = ["update"] }'


@dataclass(kw_only=True, slots=True)
class Keeper:
    """Renews at about two thirds of what was granted, trusting only the TTL that comes back."""

    grants: list[Grant]
    """The last one is the current; a new login is added."""
    ledger: Ledger
    relogin: Callable[[Mint], Grant] | None
    plans: Plans = field(default_factory=Plans)
    _leases: LeaseKeeper = field(init=False)
    _beat: int | None = None
    """The TTL that the heartbeat holds the token at."""

    def __post_init__(self) -> None:
        """Leases go by the same plans."""
        self._leases = LeaseKeeper(ledger=self.ledger, plans=self.plans)

    def start_heartbeat(self, ttl_seconds: int) -> list[Notice]:
        """Lower the token's TTL. Never raises; the notices say what could not be done."""
        grant = self.grants[-1]
        info = grant.info
        if info.kind == "batch" or not info.renewable or info.period_seconds or info.num_uses:
            return []
        self._beat = min(ttl_seconds, info.ttl_seconds or ttl_seconds)
        try:
            self._renew_self(grant, self._beat)
        except CiSecretsError:
            # It may be lowered all the same: perhaps only the answer was lost.
            self.plans.hasten(self._plan(grant), self._beat)
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
        grant = self.grants[-1]
        notices += self._leases.keep(grant.client, calls=_spare(grant) - 1)
        return Kept(next_in_seconds=self.plans.pause(), notices=tuple(notices))

    def _plan(self, grant: Grant) -> Plan:
        return self.plans.of(grant.info.accessor, grant.since, grant.info.ttl_seconds)

    def _end_of(self, grant: Grant) -> str:
        return self.plans.shown_end(self._plan(grant))

    # --- the token ----------------------------------------------------------------------------

    def _keep_token(self, grant: Grant, mint: Mint | None) -> list[Notice]:
        info, plan = grant.info, self._plan(grant)
        wanted = self._beat or plan.wanted_seconds
        failure: CiSecretsError | None = None
        if info.renewable and info.kind == "service" and _spare(grant):
            try:
                if self._renew_self(grant, wanted) >= wanted * ENOUGH:
                    plan.troubled = False
                    return []
            except CiSecretsError as caught:
                if self.plans.again(plan):
                    return plan.trouble(self._trouble(plan, caught))
                failure = caught
        if mint is not None and self.relogin is not None:
            return self._log_in_again(grant, mint)
        plan.due = NEVER
        if failure is not None and not self._at_maximum(grant, wanted):
            raise failure
        reason = "has met its maximum TTL" if info.renewable else "cannot be renewed"
        mend = "Raise token_max_ttl of the role."
        if not _spare(grant):
            reason, mend = "has no uses left for a renewal", "Set token_num_uses=0 on the role."
        text = (
            f"The token {reason} and ends at {self._end_of(grant)}, with all its credentials; "
            f"this CI gives no second JWT for a new login. {mend}"
        )
        return plan.end(text)

    def _trouble(self, plan: Plan, failure: CiSecretsError) -> str:
        text = (
            f"The token was not renewed yet, and ends at {self.plans.shown_end(plan)}; "
            f"it is tried again: {failure.what}"
        )
        return (
            f"{text} {failure.cause} {failure.fix}" if isinstance(failure, RefusedError) else text
        )

    def _at_maximum(self, grant: Grant, wanted: int) -> bool:
        """Whether the token ends now as it had to: a last renewal grants less than is asked for.

        Then no answer of the store, and no failure to answer, makes a difference.
        """
        return grant.info.ttl_seconds < wanted and self.plans.at_its_end(self._plan(grant))

    def _renew_self(self, grant: Grant, wanted: int) -> int:
        """The TTL that was granted. Raises where none was."""
        plan = self._plan(grant)
        client = grant.client.until(time.monotonic() + self.plans.patience())
        reply = client.renew_self(wanted)
        if in_trouble(reply.status):
            raise UnreachableError(f"The store did not answer (status {reply.status}).")
        if not reply.ok or reply.auth is None:
            raise RefusedError(
                f"The store refused it (status {reply.status}).",
                cause="It was revoked by somebody else, or may not renew itself.",
                fix=f"The latter needs: {RENEW_SELF}",
            )
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
                at = self.plans.shown_end(ending)
                return ending.trouble(
                    f"A new login failed; it is tried again until the token ends at {at}."
                )
            raise
        ending.due = NEVER
        self.grants.append(fresh)
        self._plan(fresh)
        notices = [] if self._beat is None else self.start_heartbeat(self._beat)
        lost = self._leases.announce_all()
        held = "; the leases made with the first end then" if lost else ""
        text = (
            f"Logged in again: the token before could not be renewed beyond "
            f"{self.plans.shown_end(ending)}{held}."
        )
        return [Notice(level="warning" if lost else "note", text=text), *notices]


def _spare(grant: Grant) -> float:
    """How many calls its renewals may spend: at its last use a token ends, with its leases."""
    left = grant.uses_left
    return NEVER if left is None else max(0, left - FULL_PROOF_USES)
