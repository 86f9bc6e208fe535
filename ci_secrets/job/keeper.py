"""Keeps tokens and leases alive while CMD runs, and makes them die soon after a kill -9."""

import threading

from ci_secrets.errors import CiSecretsError
from ci_secrets.job.opening import Job
from ci_secrets.job.watch import Watch
from ci_secrets.stores.interface import Session

_RETRY_SECONDS = 5.0


class Keeper:
    """One thread for each session, from `start()` to `stop()`."""

    def __init__(self, job: Job, watch: Watch, heartbeat_ttl: int) -> None:
        self._job = job
        self._watch = watch
        self._heartbeat_ttl = heartbeat_ttl
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._keep, args=(name, session), daemon=True)
            for name, session in job.sessions.items()
        ]

    def start(self) -> None:
        """Begin; the first thing is to lower the token's TTL to the heartbeat's."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End; a renewal that is under way is waited for, so that none comes after the revoke."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(timeout=_RETRY_SECONDS)

    def _keep(self, name: str, session: Session) -> None:
        try:
            session.heartbeat(self._heartbeat_ttl)
        except CiSecretsError as failure:
            self._job.console.warn(
                f"The token of {name} keeps its full TTL: {failure.what} After a kill -9 it lives "
                "as long as its role gives it."
            )
        pause = 0.0
        while not self._stopped.wait(pause):
            pause = self._round(name, session)

    def _round(self, name: str, session: Session) -> float:
        try:
            kept = session.keep(self._job.remint)
        except CiSecretsError as failure:
            self._job.console.warn(f"A credential of {name} was not renewed: {failure.what}")
            return _RETRY_SECONDS
        self._job.tell(kept.notices)
        if kept.new_credentials:
            # NOTE: first the redactor, then the disk: a needle must be known before it can be seen.
            self._watch.add(kept.new_credentials)
            self._job.seal()
        return kept.next_in_seconds
