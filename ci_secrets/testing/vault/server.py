"""`DevVault`: the development server as a context manager, with its knobs for tests."""

import json
import secrets
from typing import NamedTuple, Self

from ci_secrets.testing.loopback import Loopback
from ci_secrets.testing.vault.admin import Administered
from ci_secrets.testing.vault.core import Core, Flavour
from ci_secrets.testing.vault.http import OPERATIONS, VaultHandler
from ci_secrets.testing.vault.kv import Cubbyhole, KvV2
from ci_secrets.testing.vault.system import System
from ci_secrets.testing.vault.token_auth import TokenAuth
from ci_secrets.testing.vault.wire import Json, Request


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
        self.core = Core(flavour)
        self.core.mounts |= {
            "sys/": System(self.core, "sys/"),
            "auth/token/": TokenAuth(self.core, "auth/token/"),
            "cubbyhole/": Cubbyhole(self.core, "cubbyhole/"),
            "secret/": KvV2(self.core, "secret/", {"version": "2"}),
        }
        self.core.tokens.add_root(self.root_token)
        self._server = Loopback(VaultHandler, self)
        self.url = self._server.url

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def root(self, method: str, path: str, body: Json | None = None) -> tuple[int, Json]:
        """Call `/v1/<path>` as root, past HTTP: no fault, delay or log."""
        path, _, query = path.partition("?")
        fields = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        request = Request(
            operation=OPERATIONS[method],
            path=path,
            query=fields,
            body=json.loads(json.dumps(body or {})),
            token_id=self.root_token,
        )
        status, answer = self.core.answer(request)
        return status, answer or {}

    def advance(self, seconds: float) -> None:
        """Move the server's clock: what is over by then has ended when this returns."""
        self.core.clock.offset_seconds += seconds
        self.core.sweep()

    def note(self, method: str, path: str, status: int) -> None:
        """Add a line to `requests`."""
        self.requests.append(Seen(method, path, status))
