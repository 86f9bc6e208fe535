"""The end of everything that this run minted, with proof: a change that was seen.

An error text proves nothing (Vault says "invalid token" where OpenBao says "permission denied"),
and neither does one 403: a live token that may not look itself up gets it too.
"""

import shlex
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Final

from ci_secrets.errors import CiSecretsError, UnreachableError
from ci_secrets.secret import Lease
from ci_secrets.stores.interface import CloseReason, Closing, Outcome
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import Grant, Ledger
from ci_secrets.stores.vault.lease_end import end_of_lease
from ci_secrets.stores.vault.trouble import status_of, tells
from ci_secrets.text import foreign

LEASES_SECONDS: Final[dict[CloseReason, float]] = {"end": 3.0, "leak": 2.0, "signal": 2.0}
"""How long all leases together may take, by the reason of the close."""
TOKEN_SECONDS: Final[dict[CloseReason, float]] = {"end": 10.0, "leak": 5.0, "signal": 3.0}
"""How long one token may take: GitHub kills a cancelled job after 7.5 s."""
FULL_PROOF_USES: Final = 3
"""Calls that a proven end of a token or lease takes: look-up, revoke, look-up."""
_OVER: Final = "Its TTL has ended."

LOOK_UP_SELF: Final = 'path "auth/token/lookup-self" { capabilities = ["read"] }'
REVOKE_SELF: Final = 'path "auth/token/revoke-self" { capabilities = ["update"] }'


@dataclass(kw_only=True, slots=True)
class Closer:
    """Closes the tokens and leases of one session; asked again, it tries what is not closed."""

    store: str
    grants: Sequence[Grant]
    ledger: Ledger
    clock: Callable[[], float] = time.time

    def close(self, reason: CloseReason, exposed: Sequence[str]) -> list[Closing]:
        """The end of every token and lease, newest state; never raises."""
        alive = [grant for grant in self.grants if _is_open(grant)]
        for grant in alive:
            self._see_alive(grant, reason)
        if alive:
            self._leases(alive[-1], reason, exposed)
        self._end_tokens(alive, reason)
        return [*self._tokens(), *map(self._end_of, self.ledger.leases()), *self._lost()]

    def _tokens(self) -> list[Closing]:
        return [grant.closing for grant in self.grants if grant.closing]

    # --- leases -------------------------------------------------------------------------------

    def _leases(self, grant: Grant, reason: CloseReason, exposed: Sequence[str]) -> None:
        """End leases one by one, as far as that must or may go before the token."""
        leases = self.ledger.open()
        if grant.info.kind != "batch":
            # The end of a service token ends them too; first come those that cannot wait for it.
            if reason == "signal":
                return
            if reason == "leak":
                leases = tuple(lease for lease in leases if lease.lease_id in exposed)
            left = grant.uses_left
            # The token's own first look is over.
            if left is not None and left < FULL_PROOF_USES * (len(leases) + 1) - 1:
                return
        if not leases:
            return
        until = time.monotonic() + LEASES_SECONDS[reason]
        end = partial(end_of_lease, grant.client, until)
        with ThreadPoolExecutor(max_workers=min(16, len(leases))) as pool:
            for lease, (outcome, why, policy) in zip(leases, pool.map(end, leases), strict=True):
                self.ledger.end(self._of_lease(lease, outcome, why, policy=policy))

    def _end_of(self, lease: Lease) -> Closing:
        """How a lease ended: as was seen when it was revoked alone, else with its token."""
        alone = self.ledger.closing(lease.lease_id)
        alive = next((each for each in self._tokens() if not each.outcome.closed), None)
        gone = all(each.outcome is Outcome.GONE for each in self._tokens())
        # A token that is gone may nothing: what it could not do says nothing of its rights.
        unseen = alone is None or alone.outcome is Outcome.UNPROVEN
        if alone and not (unseen and (alive or gone)):
            return alone
        if alive is None:
            why = "Its token has ended; that it has ended, too, was not waited for."
            return self._of_lease(lease, Outcome.QUEUED, why)
        why = "Neither it nor its token could be revoked."
        return self._of_lease(lease, alive.outcome, why, policy=alone.policy if alone else "")

    def _lost(self) -> Iterable[Closing]:
        """Leases that may exist, and whose ids nobody knows."""
        closed = all(each.outcome.closed for each in self._tokens())
        for path in self.ledger.lost():
            yield Closing(
                store=self.store,
                kind="lease",
                id=f"{path}/(answer lost)",
                outcome=Outcome.QUEUED if closed else Outcome.UNREACHABLE,
                detail="The answer was lost. If it made a credential, that ends with its token.",
                command="" if closed else self._command("list", f"sys/leases/lookup/{path}"),
            )

    def _of_lease(
        self, lease: Lease, outcome: Outcome, detail: str = "", *, policy: str = ""
    ) -> Closing:
        return Closing(
            store=self.store,
            kind="lease",
            id=lease.lease_id,
            outcome=outcome,
            detail=detail,
            policy=policy,
            expires_at=None if outcome.proven else lease.expires_at,
            command=""
            if outcome.closed
            else self._command("lease revoke", "-sync", lease.lease_id),
        )

    # --- tokens -------------------------------------------------------------------------------

    def _end_tokens(self, alive: Sequence[Grant], reason: CloseReason) -> None:
        """Several side by side: what a dead store takes of one's time is taken only once."""
        ends = [partial(self._guarded, partial(self._token, it, reason), it) for it in alive]
        if len(ends) <= 1:
            closings = [end() for end in ends]
        else:
            with ThreadPoolExecutor(max_workers=len(ends)) as pool:
                closings = [future.result() for future in list(map(pool.submit, ends))]
        for grant, closing in zip(alive, closings, strict=True):
            grant.closing = closing

    def _see_alive(self, grant: Grant, reason: CloseReason) -> None:
        """The first half of the proof, where it is not had and there is time and use for it."""
        left = grant.uses_left
        if reason == "signal" or (left is not None and left < FULL_PROOF_USES):
            return
        if reason == "leak" and grant.seen_alive:
            return  # the login's own look-up will do: exposed leases come first
        client = grant.client.until(time.monotonic() + TOKEN_SECONDS[reason])
        grant.seen_alive |= status_of(client.look_up_self) == 200

    def _token(self, grant: Grant, reason: CloseReason) -> Closing:
        client = grant.client.until(time.monotonic() + TOKEN_SECONDS[reason])
        if grant.info.kind == "batch":
            if self._is_over(grant) and status_of(client.look_up_self) == 403:
                return self._of_token(grant, Outcome.GONE, _OVER)
            why = "It is a batch token, which nobody can revoke."
            return self._of_token(grant, Outcome.EXPIRES, why)
        left = grant.uses_left  # by our count; whether one is left is the store's to say
        revoked = _of_revocation(client)
        if left is not None and (left <= 1 or not grant.seen_alive):
            return self._without_look(grant, revoked)
        return self._judged(grant, revoked, status_of(client.look_up_self))

    def _judged(self, grant: Grant, revoked: int, looked: int) -> Closing:
        """The end of a token, from the answers to its revocation and to the look-up after it."""
        done = revoked in (200, 204)
        match (done, looked):
            case (True, 200):
                why = "The store says that it revoked it, and still knows it."
                return self._of_token(grant, Outcome.FAILED, why)
            case (True, 403) if grant.seen_alive:
                return self._of_token(grant, Outcome.REVOKED)
            case (True, 403):
                why = "Revoked, but it was never seen alive, so that nobody saw it end."
                return self._of_token(grant, Outcome.UNPROVEN, why, policy=LOOK_UP_SELF)
            case (True, _):
                why = f"Revoked, but the look-up after it failed (status {looked})."
                return self._of_token(grant, Outcome.UNPROVEN, why)
            case (_, 403) if grant.seen_alive:
                if revoked == 0:
                    return self._of_token(grant, Outcome.REVOKED)
                why = "It had expired, or somebody else has revoked it."
                return self._of_token(grant, Outcome.GONE, why)
            case (_, 403) if self._is_over(grant):
                return self._of_token(grant, Outcome.GONE, _OVER)
            case (_, 403) if revoked == 0:
                why = "The answer to its revocation was lost, and it may not look itself up."
                return self._of_token(grant, Outcome.UNREACHABLE, why, policy=LOOK_UP_SELF)
            case _ if revoked == 403:
                why = "It may not revoke itself, or was revoked by somebody else."
                policy = REVOKE_SELF if grant.seen_alive else f"{REVOKE_SELF}\n{LOOK_UP_SELF}"
                return self._of_token(grant, Outcome.REFUSED, why, policy=policy)
            case _ if not tells(revoked):
                return self._of_token(grant, Outcome.UNREACHABLE, "The store did not answer.")
            case _:
                why = f"The store refused to revoke it (status {revoked})."
                return self._of_token(grant, Outcome.REFUSED, why)

    def _without_look(self, grant: Grant, revoked: int) -> Closing:
        if revoked in (200, 204):
            why = "Revoked with one of its last uses; none was left to see it end."
            return self._of_token(grant, Outcome.UNPROVEN, why)
        if revoked == 403 and self._is_over(grant):
            return self._of_token(grant, Outcome.GONE, _OVER)
        if revoked == 403:
            why = "Its uses are spent, or it may not revoke itself."
            return self._of_token(grant, Outcome.EXPIRES, why)
        return self._of_token(grant, Outcome.UNREACHABLE, "The store did not answer.")

    def _is_over(self, grant: Grant) -> bool:
        """Whether its TTL has ended, by our clock: alone that proves nothing."""
        return grant.expires_at is not None and grant.expires_at <= self.clock()

    def _of_token(
        self, grant: Grant, outcome: Outcome, detail: str = "", *, policy: str = ""
    ) -> Closing:
        command = ""
        if not outcome.closed and grant.info.accessor:
            command = self._command("token revoke", "-accessor", grant.info.accessor)
        return Closing(
            store=self.store,
            kind="token",
            id=grant.info.accessor,
            outcome=outcome,
            detail=detail,
            policy=policy,
            expires_at=None if outcome.proven else grant.expires_at,
            command=command,
        )

    # --- both ---------------------------------------------------------------------------------

    def _guarded(self, end: Callable[[], Closing], grant: Grant) -> Closing:
        """What `end` returns; whatever goes wrong in it is an outcome, not an exception."""
        try:
            return end()
        except UnreachableError:
            return self._of_token(grant, Outcome.UNREACHABLE, "The store did not answer.")
        except CiSecretsError as failure:
            return self._of_token(grant, Outcome.REFUSED, failure.what)
        except Exception as failure:  # the end of a job is no place to fall over
            why = f"Something unforeseen went wrong ({type(failure).__name__})."
            return self._of_token(grant, Outcome.FAILED, why)

    def _command(self, verb: str, *rest: str) -> str:
        namespace = self.grants[-1].client.wire.namespace
        flags = [f"-namespace={namespace}"] if namespace else []
        return " ".join(["vault", verb, *(shlex.quote(foreign(word)) for word in (*flags, *rest))])


def _of_revocation(client: Client) -> int:
    """The status of a token's revocation; 0 where its answer was lost, and a look-up must tell."""
    try:
        reply = client.revoke_self()
    except CiSecretsError:
        return 0
    # A dead token may not revoke itself again.
    return 0 if reply.perhaps_done and reply.status == 403 else reply.status


def _is_open(grant: Grant) -> bool:
    return grant.closing is None or not grant.closing.outcome.closed
