"""Leases: credentials with an end, and the worker that ends them behind the caller's back."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from ci_secrets.testing.vault.wire import Clock, Json, timestamp


class RevocationError(Exception):
    """The engine could not end the credential; the text is the engine's."""


@dataclass(kw_only=True, slots=True)
class Entry:
    """One lease."""

    id: str
    token_id: str
    issued_at: float
    expires_at: float
    max_expires_at: float
    undo: Callable[[], None]
    """Ends the credential; raises `RevocationError` where it could not."""
    extend: Callable[[float], None]
    """Tells the engine of a new end."""
    renewed_at: float | None = None
    renewable: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    def lookup(self, now: float) -> Json:
        """The `data` of a look-up."""
        return {
            "id": self.id,
            "issue_time": timestamp(self.issued_at),
            "expire_time": timestamp(self.expires_at),
            "last_renewal": timestamp(self.renewed_at) if self.renewed_at else None,
            "renewable": self.renewable,
            "ttl": int(self.expires_at - now),
        }


class Leases:
    """All leases that are not ended."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_id: dict[str, Entry] = {}
        self._queued: set[str] = set()
        self._workers = ThreadPoolExecutor(max_workers=4, thread_name_prefix="revoke")

    def find(self, lease_id: str) -> Entry | None:
        """The lease; one that is being ended counts until it has ended."""
        return self._by_id.get(lease_id)

    def revoke_of_token(self, token_id: str) -> None:
        """Queue the end of all that a token minted."""

    def revoke(self, lease_id: str) -> None:
        """End one now."""

    def sweep(self) -> None:
        """Queue the end of the leases whose time is over."""
