"""Keeps tokens and leases alive while CMD runs, and makes them die soon after a kill -9."""

import contextlib
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from ci_secrets.clock import steady
from ci_secrets.console import Console
from ci_secrets.errors import CiSecretsError, UnreachableError
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Mint, Notice, Session
from ci_secrets.text import foreign

_RETRY_SECONDS = 5.0
_PATIENCE_SECONDS = 5.0
_HURRY_SECONDS = 1.0
_LOOK_SECONDS: Final = 5.0
"""How often a pause looks at the clock: waiting stands still while the machine sleeps."""


class Keeping(Protocol):
    """The job, as far as the keeper needs it."""

    console: Console

    @property
    def remint(self) -> Mint | None:
        """A way to another JWT, if there is one."""

    def learn(self, values: Mapping[str, Secret]) -> None:
        """Take values that are secret from now on."""

    def tell(self, notices: Sequence[Notice]) -> None:
        """Pass on what a store wants the user to know."""


class Keeper:
    """One thread for each session, from `start()` to `stop()`."""

    def __init__(
        self, sessions: Mapping[str, Session], heartbeat_ttl: int, keeping: Keeping
    ) -> None:
        self._keeping = keeping
        self._heartbeat_ttl = heartbeat_ttl
        self._stopped = threading.Event()
        self._alarms = {name: _Alarm() for name in sessions}
        self._threads = [
            threading.Thread(target=self._keep, args=(name, session), daemon=True)
            for name, session in sessions.items()
        ]

    def start(self) -> None:
        """Begin; the first thing is to lower the token's TTL to the heartbeat's."""
        for thread in self._threads:
            thread.start()

    def stop(self, *, hurry: bool = False) -> None:
        """End; a renewal that is under way is waited for, so that none comes after the revoke.

        In a `hurry` (a cancelled job has seconds left) for a moment only: all threads together.
        """
        self._stopped.set()
        for alarm in self._alarms.values():
            alarm.ring()
        deadline = time.monotonic() + (_HURRY_SECONDS if hurry else _PATIENCE_SECONDS)
        for thread in self._threads:
            thread.join(timeout=max(0.0, deadline - time.monotonic()))

    def _keep(self, name: str, session: Session) -> None:
        with self._alarms[name] as alarm:
            session.on_lease(alarm.ring)
            self._lower(name, session)
            while not self._stopped.is_set():
                alarm.sleep(self._round(name, session))

    def _lower(self, name: str, session: Session) -> None:
        try:
            session.heartbeat(self._heartbeat_ttl)
        except Exception as failure:
            self._keeping.console.warn(
                f"The token of {foreign(name)} keeps its full TTL: {_why(failure)} After a "
                "kill -9 it lives as long as its role gives it."
            )

    def _mint(self) -> Mint | None:
        """A way to another JWT, as long as the run goes on: nobody would revoke what it brings."""
        mint = self._keeping.remint
        if mint is None:
            return None

        def unless_stopped(audience: str) -> Secret:
            if self._stopped.is_set():
                raise UnreachableError("No other JWT was asked for.", cause="This run is ending.")
            return mint(audience)

        return unless_stopped

    def _round(self, name: str, session: Session) -> float:
        try:
            kept = session.keep(self._mint())
        except Exception as failure:
            self._keeping.console.warn(
                f"A credential of {foreign(name)} was not renewed: {_why(failure)}"
            )
            return _RETRY_SECONDS
        self._keeping.tell(kept.notices)
        if kept.new_credentials:
            self._keeping.learn(kept.new_credentials)
        return kept.next_in_seconds


class _Alarm(contextlib.AbstractContextManager["_Alarm"]):
    """A pause of one thread that others may end.

    A socket, because locks with a timeout go by the wall clock where the C library is musl.
    """

    def __init__(self) -> None:
        self._bell, self._ear = socket.socketpair()
        self._bell.setblocking(False)

    def __exit__(self, *_: object) -> None:
        self._bell.close()
        self._ear.close()

    def ring(self) -> None:
        """End the pause, or the next one, from any thread."""
        with contextlib.suppress(OSError):  # it rings already, or nobody sleeps here any more
            self._bell.send(b"!")

    def sleep(self, seconds: float) -> None:
        """Wait until the time is over or it rings."""
        until = steady() + seconds
        while (left := until - steady()) > 0:
            self._ear.settimeout(min(left, _LOOK_SECONDS))
            with contextlib.suppress(TimeoutError):
                self._ear.recv(4096)
                return


def _why(failure: Exception) -> str:
    """What is said of a failure; of one that nobody foresaw (an absurd answer) its kind alone."""
    if isinstance(failure, CiSecretsError):
        return failure.what
    return f"something unforeseen went wrong ({type(failure).__name__})."
