"""The `sys/leases/` paths."""

from dataclasses import dataclass
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.kv import keys_below
from ci_secrets.testing.vault.leases import Lease
from ci_secrets.testing.vault.wire import Refusal, Request, Response, seconds

_MISSING = "lease_id must be specified"


@dataclass(slots=True)
class LeasePaths(Engine):
    """Look-up, renewal and revocation of leases."""

    kind: ClassVar[str] = "system"

    def lookup(self, request: Request) -> Response:
        """A lease whose credential may still be alive."""
        lease = self.core.leases.find(request.need("lease_id", _MISSING))
        if lease is None:
            raise Refusal(400, "invalid lease")
        return Response(data=lease.lookup(self.core.clock.now()))

    def list_below(self, request: Request, prefix: str) -> Response:
        """What lies below a prefix."""
        return keys_below([lease.id for lease in self.core.leases.below("")], prefix)

    def renew(self, request: Request) -> Response:
        """Move a lease's end."""
        lease = self.core.leases.find(request.need("lease_id", _MISSING))
        if lease is None:
            raise Refusal(400, "lease not found")
        if lease.ending:
            raise Refusal(400, "lease expired")
        increment = seconds(request.body.get("increment"))
        granted, warnings = self.core.leases.renew(lease, increment)
        return Response(lease_id=lease.id, lease_seconds=granted, renewable=True, warnings=warnings)

    def revoke(self, request: Request) -> Response | None:
        """End a lease. One that is not there has ended."""
        lease = self.core.leases.find(request.need("lease_id", _MISSING))
        return self._end(request, [lease] if lease else [])

    def revoke_prefix(self, request: Request, prefix: str) -> Response | None:
        """End all leases below a prefix."""
        return self._end(request, self.core.leases.below(prefix))

    def _end(self, request: Request, leases: list[Lease]) -> Response | None:
        """Wait for the end of each, or queue them where `sync` is false: a 202."""
        if request.body.get("sync", True):
            for lease in leases:
                self.core.leases.revoke(lease)
            return None
        for lease in leases:
            self.core.leases.queue(lease)
        return Response(status=202, bare=True)

    def revoke_force(self, request: Request, prefix: str) -> None:
        """Forget all leases below a prefix, whether or not their credentials could be ended."""
        for lease in self.core.leases.below(prefix):
            try:
                self.core.leases.revoke(lease)
            except Refusal:
                self.core.leases.forget(lease)

    routes: ClassVar[tuple[Route, ...]] = (
        Route("lookup", {"write": lookup}),
        Route("lookup/(?P<prefix>.+)", {"list": list_below}, sudo=True),
        Route("renew", {"write": renew}),
        Route("revoke", {"write": revoke}),
        Route("revoke-prefix/(?P<prefix>.+)", {"write": revoke_prefix}, sudo=True),
        Route("revoke-force/(?P<prefix>.+)", {"write": revoke_force}, sudo=True),
    )
