"""The eyes on CMD's output: one redactor per stream, all with the same needles at any time."""

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING

from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.platforms.interface import Platform
from ci_secrets.secret import Secret

if TYPE_CHECKING:
    from ci_secrets.delivery.mask_requests import MaskRequests
    from ci_secrets.leaks.guard import Guard
    from ci_secrets.leaks.matcher import Engine


class Watch:
    """Redactors that share their needles; values may be added from another thread.

    The needles are made while CMD runs: when it says something, or when there is time. One that
    ends at once and says nothing does not pay for them.
    """

    def __init__(self, platform: Platform) -> None:
        self._known: dict[str, Secret] = {}
        self._engine: Engine | None = None
        self._platform = platform
        self._eyes: dict[str, Eye] = {}
        self._lock = threading.RLock()
        self._asked = 0

    @property
    def engine(self) -> "Engine":
        """All needles of now; made where nobody has asked before."""
        with self._lock:
            if self._engine is None:
                from ci_secrets.leaks.matcher import build

                self._engine = build(self._known)
            return self._engine

    def filter(self, stream: str) -> "Eye":
        """The filter of one stream (`stdout`, `stderr`, `output` for both)."""
        with self._lock:
            eye = self._eyes[stream] = Eye(self)
            return eye

    def get_ready(self) -> None:
        """Make what the first byte of any stream would have to wait for."""
        with self._lock:
            for eye in self._eyes.values():
                eye.open()

    def add(self, values: Mapping[str, Secret]) -> None:
        """More needles, from now on and for what is still held back."""
        with self._lock:
            if self._engine is None:
                self._known |= values
                return
            self._engine = self._engine.extended(values)
            for eye in self._eyes.values():
                eye.add(values)

    def reports(self) -> list[Report]:
        """What each stream showed, redacted or let through."""
        with self._lock:
            return [eye.report(stream) for stream, eye in self._eyes.items()]

    def guarded(self) -> "tuple[Guard, MaskRequests]":
        """A fresh guard, and what reads requests to mask before it. Under the lock."""
        from ci_secrets.delivery.mask_requests import MaskRequests
        from ci_secrets.leaks.guard import Guard

        guard = Guard(self.engine)
        return guard, MaskRequests(
            guard, self._platform.mask_request, self._holds_ours, self._add_requested
        )

    @property
    def lock(self) -> threading.RLock:
        """Held while a stream's bytes are looked at, or needles are added."""
        return self._lock

    def _add_requested(self, value: bytes) -> None:
        self._asked += 1
        self.add({f"mask request {self._asked}": Secret(value)})

    def _holds_ours(self, value: bytes) -> bool:
        from ci_secrets.leaks.redact import redacted

        # NOTE: as the line would be redacted; a scan is not made ready for each new value
        return redacted(self.engine, value) != value


class Eye:
    """One stream's filter under the lock of its `Watch`, asleep until there is something to see."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._awake: tuple[Guard, MaskRequests] | None = None

    def open(self) -> "MaskRequests":
        """Be ready. Under the lock, as the next two."""
        if self._awake is None:
            self._awake = self._watch.guarded()
        return self._awake[1]

    def add(self, values: Mapping[str, Secret]) -> None:
        """More needles."""
        if self._awake is not None:
            self._awake[0].add(values)

    def report(self, stream: str) -> Report:
        """What it saw; all of it, where that was nothing."""
        if self._awake is None:
            return Report(coverage=(Coverage(source=stream, state="complete"),))
        return self._awake[0].report(stream)

    def feed(self, data: bytes) -> bytes:
        """What may leave now."""
        with self._watch.lock:
            return self.open().feed(data)

    def idle(self) -> bytes:
        """What need not wait while the stream pauses."""
        with self._watch.lock:
            return self.open().idle()

    def finish(self) -> bytes:
        """What was still held back."""
        with self._watch.lock:
            return b"" if self._awake is None else self.open().finish()
