"""Keeps leases alive, as long as their token lives."""

import time
from dataclasses import dataclass, replace
from typing import Final

from ci_secrets.errors import CiSecretsError
from ci_secrets.secret import Lease
from ci_secrets.stores.interface import Notice
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import Ledger, number
from ci_secrets.stores.vault.plan import ENOUGH, Plan, Plans
from ci_secrets.stores.vault.wire import Reply

RENEW_LEASE: Final = 'path "sys/leases/renew" { capabilities = ["update"] }'


@dataclass(kw_only=True, slots=True)
class LeaseKeeper:
    """One that is lost is spoken of once, and does not stop the others."""

    ledger: Ledger
    plans: Plans

    def keep(self, client: Client) -> list[Notice]:
        """Renew all that are due."""
        notices: list[Notice] = []
        for lease in self.ledger.open():
            plan = self._plan(lease)
            if self.plans.is_due(plan):
                notices += self._keep(client, lease, plan)
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

    def _keep(self, client: Client, lease: Lease, plan: Plan) -> list[Notice]:
        at = self.plans.shown_end(plan)
        if not lease.renewable:
            return plan.end(f"{lease.path} cannot be renewed and ends at {at}.")
        client = client.until(time.monotonic() + 10)
        try:
            reply = client.renew_lease(lease.lease_id, plan.wanted_seconds)
        except CiSecretsError as failure:
            return self._failed(lease, plan, failure.what)
        if reply.ok:
            return self._renewed(lease, plan, reply)
        # NOTE: 400 is what an engine's failure gives, too, such as that of a database that is down.
        if reply.status == 400 and not self.plans.at_its_end(plan) and _is_gone(client, lease):
            return plan.end(f"{lease.path} is gone: somebody has revoked it. Its TTL was to {at}.")
        return self._failed(lease, plan, _why(reply))

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

    def _failed(self, lease: Lease, plan: Plan, why: str) -> list[Notice]:
        at = self.plans.shown_end(plan)
        if self.plans.again(plan):
            return plan.trouble(
                f"{lease.path} was not renewed yet, and ends at {at}: {why} It is tried again."
            )
        return plan.end(f"{lease.path} could not be renewed in time; it ended at {at}.")


def _why(reply: Reply) -> str:
    if reply.status >= 500 or reply.status == 429:
        return f"the store did not answer (status {reply.status})."
    if reply.status == 403:
        return f"the store refused it (status 403). If the token may not, add: {RENEW_LEASE}."
    return f"the store could not (status {reply.status})."


def _is_gone(client: Client, lease: Lease) -> bool:
    try:
        return client.look_up_lease(lease.lease_id).status == 400
    except CiSecretsError:
        return False
