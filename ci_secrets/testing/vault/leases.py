"""Leases: credentials with an end, which comes by itself, by a revoke, or with their token."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from ci_secrets.testing.vault.wire import (
    Clock,
    Json,
    Refusal,
    duration,
    identifier,
    timestamp,
)


@dataclass(kw_only=True, slots=True)
class Lease:
    """One lease. Times in unix seconds."""

    id: str
    token_id: str
    issued_at: float
    expires_at: float
    default_seconds: int
    max_seconds: int
    """Counted from `issued_at`."""
    undo: Callable[[], None]
    """Ends the credential; whatever it raises means that it could not."""
    renewed_at: float | None = None
    ending: bool = False
    """Queued for its end; still there until that has come."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lookup(self, now: float) -> Json:
        """The `data` of a look-up."""
        return {
            "id": self.id,
            "issue_time": timestamp(self.issued_at),
            "expire_time": timestamp(self.expires_at),
            "last_renewal": timestamp(self.renewed_at) if self.renewed_at else None,
            "renewable": not self.ending,
            "ttl": int(self.expires_at - now),
        }


class Leases:
    """All leases whose credential may still be alive."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Lease] = {}
        self._workers: set[threading.Thread] = set()

    def add(
        self,
        *,
        path: str,
        token_id: str,
        ttl_seconds: int,
        max_seconds: int,
        undo: Callable[[], None],
    ) -> Lease:
        """Register a credential that was just made."""
        now = self._clock.now()
        lease = Lease(
            id=identifier(f"{path}/", 24),
            token_id=token_id,
            issued_at=now,
            expires_at=now + ttl_seconds,
            default_seconds=ttl_seconds,
            max_seconds=max_seconds,
            undo=undo,
        )
        self._by_id[lease.id] = lease
        return lease

    def find(self, lease_id: str) -> Lease | None:
        """The lease; one that is being ended counts until its credential has ended."""
        return self._by_id.get(lease_id)

    def below(self, prefix: str) -> list[Lease]:
        """Leases whose ids begin so."""
        return [lease for lease in list(self._by_id.values()) if lease.id.startswith(prefix)]

    def renew(self, lease: Lease, increment: int) -> tuple[int, list[str]]:
        """Move the end, to earlier or later: seconds from now, and warnings of a cut."""
        now = self._clock.now()
        wanted = increment or lease.default_seconds
        left = round(lease.issued_at + lease.max_seconds - now)
        granted = min(wanted, left)
        lease.expires_at = now + granted
        lease.renewed_at = now
        return granted, [cut(wanted, lease.max_seconds)] if wanted > left else []

    def revoke(self, lease: Lease) -> None:
        """End one and wait for it. Raises a 400 with the engine's words where it could not."""
        with lease.lock:
            if lease.id not in self._by_id:
                return
            try:
                lease.undo()
            except Exception as failure:  # the test's own callback
                words = f"failed to revoke entry: resp: (*logical.Response)(nil) err: {failure}"
                raise Refusal(400, words) from None
            self._by_id.pop(lease.id, None)

    def queue(self, lease: Lease) -> None:
        """End one behind the caller's back; it stays where that fails."""
        if lease.ending:
            return
        lease.ending = True
        lease.expires_at = min(lease.expires_at, self._clock.now())
        worker = threading.Thread(target=self._end_quietly, args=(lease,), daemon=True)
        self._workers.add(worker)
        worker.start()

    def _end_quietly(self, lease: Lease) -> None:
        try:
            self.revoke(lease)
        except Refusal:
            pass  # what a server does with it is written to its own log
        finally:
            self._workers.discard(threading.current_thread())

    def forget(self, lease: Lease) -> None:
        """Drop a lease without ending its credential (`revoke-force`)."""
        self._by_id.pop(lease.id, None)

    def queue_of_token(self, token_id: str) -> None:
        """Queue the end of all that a token minted."""
        for lease in list(self._by_id.values()):
            if lease.token_id == token_id:
                self.queue(lease)

    def sweep(self) -> None:
        """Queue the end of the leases whose time is over."""
        now = self._clock.now()
        for lease in list(self._by_id.values()):
            if lease.expires_at <= now:
                self.queue(lease)

    def settle(self) -> None:
        """Wait until all that is queued has ended or failed."""
        for worker in list(self._workers):
            worker.join()


def cut(wanted: int, limit: int) -> str:
    """The warning that less was granted than asked for."""
    return (
        f'TTL of "{duration(wanted)}" exceeded the effective max_ttl of "{duration(limit)}"; '
        "TTL value is capped accordingly"
    )
