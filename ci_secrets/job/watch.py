"""The eyes on CMD's output: one redactor per stream, all with the same needles at any time."""

import threading
from collections.abc import Mapping

from ci_secrets.delivery.mask_requests import MaskRequests
from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.guard import Guard
from ci_secrets.leaks.matcher import Engine
from ci_secrets.leaks.redact import redacted
from ci_secrets.platforms.interface import Platform
from ci_secrets.secret import Secret


class Watch:
    """Redactors that share their needles; values may be added from another thread."""

    def __init__(self, engine: Engine, platform: Platform) -> None:
        self.engine = engine
        self._platform = platform
        self._guards: dict[str, Guard] = {}
        self._lock = threading.RLock()
        self._asked = 0

    def filter(self, stream: str) -> "Eye":
        """The filter of one stream (`stdout`, `stderr`, `output` for both)."""
        with self._lock:
            guard = self._guards[stream] = Guard(self.engine)
        requests = MaskRequests(
            guard, self._platform.mask_request, self._holds_ours, self._add_requested
        )
        return Eye(requests, self._lock)

    def add(self, values: Mapping[str, Secret]) -> None:
        """More needles, from now on and for what is still held back."""
        with self._lock:
            self.engine = self.engine.extended(values)
            for guard in self._guards.values():
                guard.add(values)

    def reports(self) -> list[Report]:
        """What each stream showed, redacted or let through."""
        with self._lock:
            return [guard.report(stream) for stream, guard in self._guards.items()]

    def _add_requested(self, value: bytes) -> None:
        self._asked += 1
        self.add({f"mask request {self._asked}": Secret(value)})

    def _holds_ours(self, value: bytes) -> bool:
        # NOTE: as the line would be redacted; a scan is not made ready for each new value
        return redacted(self.engine, value) != value


class Eye:
    """One stream's filter under the lock that it shares with `Watch.add`."""

    def __init__(self, inner: MaskRequests, lock: threading.RLock) -> None:
        self._inner = inner
        self._lock = lock

    def feed(self, data: bytes) -> bytes:
        """What may leave now."""
        with self._lock:
            return self._inner.feed(data)

    def idle(self) -> bytes:
        """What need not wait while the stream pauses."""
        with self._lock:
            return self._inner.idle()

    def finish(self) -> bytes:
        """What was still held back."""
        with self._lock:
            return self._inner.finish()
