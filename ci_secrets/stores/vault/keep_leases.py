"""Keeps leases alive, as long as their token lives."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Final

from ci_secrets.errors import CiSecretsError
from ci_secrets.secret import Lease
from ci_secrets.stores.interface import Notice
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import Ledger, number
from ci_secrets.stores.vault.plan import ENOUGH, Plan, Plans
from ci_secrets.stores.vault.trouble import in_trouble
from ci_secrets.stores.vault.wire import Reply

RENEW_LEASE: Final = 'path "sys/leases/renew" { capabilities = ["update"] }'


@dataclass(kw_only=True, slots=True)
class LeaseKeeper:
    """One that is lost, or whose engine hangs, does not stop the others."""

    ledger: Ledger
    plans: Plans

    def keep(self, client: Client, *, calls: float) -> list[Notice]:
        """Renew all that are due, side by side, as far as the token is good for that many calls."""
        notices: list[Notice] = []
        due: list[tuple[Lease, Plan]] = []
        for lease in self.ledger.open():
            plan = self._plan(lease)
            if not self.plans.is_due(plan):
                continue
            at = self.plans.shown_end(plan)
            if not lease.renewable:
                notices += plan.end(f"{lease.path} cannot be renewed and ends at {at}.")
            elif len(due) < calls:
                due.append((lease, plan))
            else:
                notices += plan.end(
                    f"{lease.path} is not renewed and ends at {at}: the token has not the uses "
                    "for it. Set token_num_uses=0 on the role."
                )
        for (lease, plan), answer in zip(due, self._answers(client, due), strict=True):
            notices += self._judged(lease, plan, answer)
        return notices

    def announce_all(self) -> bool:
        """Take the end of all leases for said: their token ends. Whether it is news of any."""
        plans = [self._plan(lease) for lease in self.ledger.open()]
        news = any(not plan.announced for plan in plans)
        for plan in plans:
            plan.announced = True
        return news

    def _plan(self, lease: Lease) -> Plan:
        since = self.ledger.since(lease.lease_id)
        return self.plans.of(lease.lease_id, since, lease.ttl_seconds)

    def _answers(self, client: Client, due: list[tuple[Lease, Plan]]) -> list[Reply | str | None]:
        if not due:
            return []
        client = client.until(time.monotonic() + self.plans.patience())
        with ThreadPoolExecutor(max_workers=min(16, len(due))) as pool:
            return list(pool.map(lambda it: _asked(client, *it), due))

    def _judged(self, lease: Lease, plan: Plan, answer: Reply | str | None) -> list[Notice]:
        if isinstance(answer, Reply):
            return self._renewed(lease, plan, answer)
        at = self.plans.shown_end(plan)
        if answer is None and not self.plans.at_its_end(plan):
            return plan.end(f"{lease.path} is gone: somebody has revoked it. Its TTL was to {at}.")
        if self.plans.again(plan):
            return plan.trouble(
                f"{lease.path} was not renewed yet, and ends at {at}; it is tried again: {answer}"
            )
        return plan.end(f"{lease.path} could not be renewed in time; it ended at {at}.")

    def _renewed(self, lease: Lease, plan: Plan, reply: Reply) -> list[Notice]:
        renewed = replace(
            lease,
            ttl_seconds=number(reply.body.get("lease_duration")),
            renewable=bool(reply.body.get("renewable")),
            issued_at=time.time(),
        )
        self.ledger.put(renewed)
        self.plans.granted(plan, renewed.ttl_seconds)
        if renewed.ttl_seconds < plan.wanted_seconds * ENOUGH:
            at = self.plans.shown_end(plan)
            return plan.end(f"{lease.path} has met its maximum TTL and ends at {at}.")
        plan.troubled = False
        return []


def _asked(client: Client, lease: Lease, plan: Plan) -> Reply | str | None:
    """The answer that renewed a lease; or why there is none; `None` where the lease is gone."""
    try:
        reply = client.renew_lease(lease.lease_id, plan.wanted_seconds)
        if reply.ok:
            return reply
        # NOTE: 400 is what an engine's failure gives, too, such as that of a database that is down.
        if reply.status == 400 and client.look_up_lease(lease.lease_id).status == 400:
            return None
    except CiSecretsError as failure:
        return failure.what
    except Exception as failure:  # an absurd answer
        return f"something unforeseen went wrong ({type(failure).__name__})."
    if in_trouble(reply.status):
        return f"the store did not answer (status {reply.status})."
    if reply.status == 403:
        return f"the store refused it (status 403). If the token may not, add: {RENEW_LEASE}"
    return f"the store could not (status {reply.status})."
