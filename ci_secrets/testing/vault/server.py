"""`DevVault`: the development server as a context manager, with its knobs for tests."""

import json
import secrets
import threading
from collections.abc import Mapping
from typing import NamedTuple, Self

from ci_secrets.testing.loopback import Loopback
from ci_secrets.testing.vault.admin import Administered
from ci_secrets.testing.vault.core import Core, Flavour
from ci_secrets.testing.vault.database import Create, Database, Hooks, Revoke
from ci_secrets.testing.vault.faults import Fault, Faults
from ci_secrets.testing.vault.http import OPERATIONS, VaultHandler
from ci_secrets.testing.vault.kv import Cubbyhole, KvV2
from ci_secrets.testing.vault.lease_paths import LeasePaths
from ci_secrets.testing.vault.system import System
from ci_secrets.testing.vault.token_auth import TokenAuth
from ci_secrets.testing.vault.wire import Json, Request
from ci_secrets.testing.vault.wrapping import WrappingPaths


class Seen(NamedTuple):
    """One call that came in by HTTP."""

    method: str
    path: str
    """Without `/v1/`."""
    status: int
    """0 where no answer was given (an injected fault)."""


class DevVault(Administered):
    """A Vault-compatible server on loopback, for demos and tests: nothing is stored.

    It has what `vault server -dev` has at first: KV v2 at `secret/`, the cubbyhole, tokens, the
    default policy. `delay_seconds` holds every answer back. `flavour` chooses between the words
    of HashiCorp Vault and of OpenBao.
    """

    def __init__(self, *, flavour: Flavour = "vault", delay_seconds: float = 0.0) -> None:
        self.root_token = f"root-{secrets.token_hex(16)}"
        self.delay_seconds = delay_seconds
        self.requests: list[Seen] = []
        """What came in by HTTP, in the order of the answers."""
        self.faults = Faults()
        self.core = Core(flavour)
        self.core.mounts |= {
            "sys/": System(self.core, "sys/"),
            "sys/leases/": LeasePaths(self.core, "sys/leases/"),
            "sys/wrapping/": WrappingPaths(self.core, "sys/wrapping/"),
            "auth/token/": TokenAuth(self.core, "auth/token/"),
            "cubbyhole/": Cubbyhole(self.core, "cubbyhole/"),
            "secret/": KvV2(self.core, "secret/", {"version": "2"}),
        }
        self.core.tokens.add_root(self.root_token)
        self._stopping = threading.Event()
        # NOTE: what ends by the clock ends without being asked for, as users of it rely on.
        self._server = Loopback(VaultHandler, self, tick=self.core.sweep)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._server.stop()

    def root(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """Call `/v1/<path>` as root, past HTTP: no fault, delay or log."""
        path, _, query = path.partition("?")
        request = Request(
            operation=OPERATIONS[method],
            path=path,
            query=dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair),
            body=json.loads(json.dumps(body or {})),
            token_id=self.root_token,
        )
        status, answer = self.core.answer(request)
        return status, answer or {}

    def dynamic(
        self,
        role: str,
        *,
        ttl: str = "1h",
        max_ttl: str = "24h",
        create: Create | None = None,
        revoke: Revoke | None = None,
    ) -> str:
        """A role of the `database` engine; returns the path whose reading makes a user.

        `create(username, password)` and `revoke(username)` are called for each user; what
        `revoke` raises is reported as a failing revocation statement, and the user lives on.
        """
        if "database/" not in self.core.mounts:
            self.configure("sys/mounts/database", type="database")
        self.configure(f"database/roles/{role}", default_ttl=ttl, max_ttl=max_ttl)
        hooks = Hooks()
        self._database.hooks[role] = Hooks(
            create=create or hooks.create, revoke=revoke or hooks.revoke
        )
        return f"database/creds/{role}"

    def can_login(self, username: str, password: str) -> bool:
        """Whether a user of `dynamic` is alive, and this is the password."""
        return self._database.users.get(username) == password

    @property
    def _database(self) -> Database:
        engine = self.core.mounts["database/"]
        assert isinstance(engine, Database)  # noqa: S101  # `dynamic` mounted it
        return engine

    def inject(
        self,
        method: str = "*",
        path: str = "*",
        *,
        times: int | None = 1,
        status: int | None = None,
        body: str = '{"errors": ["injected"]}',
        headers: Mapping[str, str] | None = None,
        retry_after: int | None = None,
        stall: float = 0.0,
        reset: bool = False,
        drop_reply: bool = False,
        drip: float = 0.0,
    ) -> Fault:
        """Misbehave the next `times` times (`None`: for ever) on calls that fit.

        `path` is a glob without `/v1/`. `status` (with `body`, `headers`, `retry_after` seconds)
        and `reset` do nothing else; `drop_reply` and `drip` (seconds a byte) do what was asked
        first; `stall` (seconds) waits before any of these. The result counts its `hits`.
        """
        asked = {} if retry_after is None else {"Retry-After": str(retry_after)}
        fault = Fault(
            method=method,
            path=path,
            times_left=times,
            status=status,
            body=body,
            headers={**asked, **(headers or {})},
            stall_seconds=stall,
            reset=reset,
            drop_reply=drop_reply,
            drip_seconds=drip,
        )
        self.faults.add(fault)
        return fault

    def advance(self, seconds: float) -> None:
        """Move the server's clock: what is over by then has ended when this returns."""
        self.core.clock.offset_seconds += seconds
        self.core.sweep()
        self.core.leases.settle()

    def pause(self, seconds: float) -> None:
        """Sleep, but no longer than the server runs."""
        if seconds:
            self._stopping.wait(seconds)

    def note(self, method: str, path: str, status: int) -> None:
        """Add a line to `requests`."""
        self.requests.append(Seen(method, path, status))
