"""A login at one Vault or OpenBao: what it fetches, keeps and ends."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, Final

from ci_secrets.config.model import SecretRequest
from ci_secrets.errors import CiSecretsError
from ci_secrets.secret import Lease, Secret
from ci_secrets.stores.interface import CloseReason, Closing, Fetched, Kept, Mint, Notice, TokenInfo
from ci_secrets.stores.vault.close import Closer
from ci_secrets.stores.vault.fetch import Fetch
from ci_secrets.stores.vault.grant import Grant, Ledger, notices_of, number, pack
from ci_secrets.stores.vault.keep import Keeper
from ci_secrets.stores.vault.mounts import Mounts
from ci_secrets.stores.vault.wrapping import wrap_text

THREADS: Final = 64
"""Calls at a time; as many as the pool of connections holds."""


class VaultSession:
    """See `Session`. `used` are the credentials of the login; `relogin` makes another token."""

    def __init__(
        self,
        *,
        name: str,
        grants: list[Grant],
        ledger: Ledger,
        used: Mapping[str, Secret] | None = None,
        relogin: Callable[[Mint], Grant] | None = None,
    ) -> None:
        self.store = name
        self.first_token = grants[0].info
        self._grants = grants
        self._ledger = ledger
        self._used = used or {}
        self._keeper = Keeper(grants=grants, ledger=ledger, relogin=relogin)
        self._closer = Closer(store=name, grants=grants, ledger=ledger)
        self._notices: list[Notice] = []
        # NOTE: re-entrant, because a signal may close while the same thread is closing.
        self._closing = threading.RLock()
        self._mounts = Mounts(client=grants[-1].client)
        self._pool: ThreadPoolExecutor | None = None
        # What runs beside the first fetch, so that it costs no round trip of its own.
        self._beside: list[Future[None]] = []
        self._told = set(self.own_credentials())
        self._untold: list[Notice] = []
        if relogin is not None:
            self._beside.append(self._threads().submit(self._look))

    @property
    def token(self) -> TokenInfo:
        """See `Session.token`."""
        wait(self._beside)
        return self._grants[-1].info

    @property
    def notices(self) -> tuple[Notice, ...]:
        """See `Session.notices`."""
        wait(self._beside)
        return tuple(self._notices)

    def own_credentials(self) -> Mapping[str, Secret]:
        """See `Session.own_credentials`."""
        tokens = {
            "vault token" if index == 0 else f"vault token {index + 1}": grant.token
            for index, grant in enumerate(self._grants)
        }
        return {**tokens, **self._used}

    def fetch(self, requests: Sequence[SecretRequest]) -> Fetched:
        """See `Session.fetch`."""
        grant = self._grants[-1]
        self._mounts.client = grant.client
        fetch = Fetch(
            client=grant.client,
            mounts=self._mounts,
            ledger=self._ledger,
            pool=self._threads(),
            limited=grant.info.num_uses > 0,
        )
        fetched = fetch.run(requests)
        wait(self._beside)
        return fetched

    def leases(self) -> tuple[Lease, ...]:
        """See `Session.leases`."""
        return self._ledger.leases()

    def on_lease(self, tell: Callable[[], None]) -> None:
        """See `Session.on_lease`."""
        self._ledger.on_lease = tell

    def heartbeat(self, ttl_seconds: int) -> None:
        """See `Session.heartbeat`; where it cannot be, the next `keep` says so."""
        wait(self._beside)
        self._untold += self._keeper.start_heartbeat(ttl_seconds)

    def keep(self, mint: Mint | None) -> Kept:
        """See `Session.keep`."""
        wait(self._beside)
        kept = self._keeper.keep(mint)
        own = self.own_credentials()
        new = {name: value for name, value in own.items() if name not in self._told}
        self._told |= new.keys()
        untold, self._untold = self._untold, []
        return replace(kept, notices=(*untold, *kept.notices), new_credentials=new)

    def wrap(self, text: str, ttl_seconds: int) -> Secret:
        """See `Session.wrap`."""
        return wrap_text(self._grants[-1].client, text, ttl_seconds)

    def close(self, reason: CloseReason, exposed: Sequence[str] = ()) -> list[Closing]:
        """See `Session.close`."""
        with self._closing:
            closings = self._closer.close(reason, exposed)
            if self._pool is not None:
                self._pool.shutdown(wait=False, cancel_futures=True)
                self._pool = None
            # What is under way holds up the end of the process: it would wait for its threads.
            self._grants[-1].client.wire.hang_up()
            return closings

    def handover(self) -> dict[str, Any]:
        """See `Session.handover`."""
        return pack(self._grants, self._ledger)

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="vault")
        return self._pool

    def _look(self) -> None:
        """Look the token up: half of the proof, and what the login did not say of it."""
        grant = self._grants[-1]
        if grant.info.num_uses:
            self._notices += notices_of(grant, None, refused=False)
            return  # it would spend a use
        try:
            reply = grant.client.look_up_self()
        except CiSecretsError:
            return  # nothing depends on it: close looks again
        grant.seen_alive |= reply.ok
        if reply.data:
            period = number(reply.data.get("period"))
            grant.info = replace(grant.info, period_seconds=period)
        self._notices += notices_of(grant, reply.data, refused=reply.status == 403)
