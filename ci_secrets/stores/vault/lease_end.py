"""The end of one lease, with proof: seen alive, revoked and waited for, seen gone."""

import time
from typing import Final, NamedTuple

from ci_secrets.secret import Lease
from ci_secrets.stores.interface import Outcome
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.trouble import status_of, tells

LEASES: Final = (
    'path "sys/leases/revoke" { capabilities = ["update"] }\n'
    'path "sys/leases/lookup" { capabilities = ["update"] }'
)
_LOOK: Final = 1.0
"""Seconds for one look-up: the first leaves time for the revocation, the second has its own."""


class LeaseEnd(NamedTuple):
    """How it went."""

    outcome: Outcome
    detail: str = ""
    policy: str = ""


def end_of_lease(client: Client, until: float, lease: Lease) -> LeaseEnd:
    """Revoke a lease until a deadline (of `time.monotonic()`) at the latest."""
    look = client.until(min(until, time.monotonic() + _LOOK))
    # NOTE: Vault says yes to the revocation of a lease that it does not know.
    before = status_of(lambda: look.look_up_lease(lease.lease_id))
    if before == 400:
        return LeaseEnd(Outcome.GONE, "It had ended before.")
    revoked = status_of(lambda: client.until(until).revoke_lease(lease.lease_id))
    look = client.until(until + _LOOK)
    return _judged(before, revoked, status_of(lambda: look.look_up_lease(lease.lease_id)))


def _judged(before: int, revoked: int, looked: int) -> LeaseEnd:
    """What the answers to look-up, revocation and look-up come to; 0: there was none."""
    # NOTE: the store knows a lease for as long as it has not ended what is behind it.
    match (revoked, looked):
        case (403, 400):
            return LeaseEnd(Outcome.GONE, "It has ended without us.")
        case (_, 400) if before == 200:
            return LeaseEnd(Outcome.REVOKED)
        case (_, 400):
            why = "Revoked, but it was not seen alive, so that nobody saw it end."
            return LeaseEnd(Outcome.UNPROVEN, why)
        case (403, _):
            why = (
                "The token may not revoke single leases, so that this one ends with the token, "
                "unseen."
            )
            return LeaseEnd(Outcome.UNPROVEN, why, LEASES)
        case (200 | 204, 403):
            why = "Revoked, but the token may not look leases up."
            return LeaseEnd(Outcome.UNPROVEN, why, LEASES)
        case (200 | 204, _) if not tells(looked):
            why = f"Revoked, but the look-up after it failed (status {looked})."
            return LeaseEnd(Outcome.UNPROVEN, why)
        case _ if not tells(looked):
            return LeaseEnd(Outcome.UNREACHABLE, "The store did not answer.")
        case (0, _):
            why = "Its revocation had not ended when our time was over."
            return LeaseEnd(Outcome.FAILED, why)
        case _:
            why = f"The store tried to revoke it and could not (status {revoked})."
            return LeaseEnd(Outcome.FAILED, why)
