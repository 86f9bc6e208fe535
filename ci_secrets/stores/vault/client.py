"""The calls that we make, through hvac; the one module that imports it.

hvac's own HTTP (requests) is replaced: it would follow redirects with the token, read a stray
`~/.vault-token`, and raise errors that carry bodies and URLs.
"""

import math
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from ci_secrets.http import Repeat
from ci_secrets.lazy import deferred
from ci_secrets.secret import Secret
from ci_secrets.stores.vault.wire import Reply, Wire

# NOTE: requests is a third of what hvac costs to import, and our adapter never calls it.
with deferred({"requests": {"Response": object}, "requests.exceptions": {}}):
    import hvac
    import hvac.adapters

_CHANGES_NOTHING_TWICE: Final = re.compile(
    r"v1/(auth/token/(renew|revoke)-self|sys/leases/(lookup|renew|revoke)|sys/wrapping/lookup)"
)
"""Writes that may be sent again after a lost answer: the second does what the first did."""
_WHICH_MOUNT: Final = "v1/sys/internal/ui/mounts/"
"""Below it nothing spends a use of the token; Vault and OpenBao look at the token all the same."""


class _Adapter(hvac.adapters.Adapter):  # type: ignore[misc]  # hvac is not typed
    """What hvac calls instead of requests; returns a `Reply` of whatever status."""

    def __init__(
        self,
        *,
        wire: Wire,
        until: float,
        calls: "Calls",
        **settings: Any,  # noqa: ANN401
    ) -> None:
        # NOTE: the parent wants a session of requests; nothing here ever uses one.
        super().__init__(**{**settings, "session": _NoSession()})
        self._wire = wire
        self._until = until
        self._calls = calls

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None = None,
        raise_exception: bool = True,
        **more: Any,  # noqa: ANN401
    ) -> Reply:
        """Send one request; never raises for a status, whatever `raise_exception` says."""
        path = url.lstrip("/")
        sent = {"X-Vault-Request": "true", **(headers or {})}
        if self.token:
            if not path.startswith(_WHICH_MOUNT):
                self._calls.add()
            sent["X-Vault-Token"] = self.token
        # Source: Vault API docs, "System Backend: /sys/health" is only in the root namespace.
        if self.namespace and not path.startswith("v1/sys/health"):
            sent["X-Vault-Namespace"] = self.namespace
        return self._wire.call(
            method.upper(),
            path,
            repeat=more.get("repeat") or _repeat(method, path),
            headers=sent,
            json=more.get("json"),
            params=more.get("params"),
            until=self._until,
        )

    def get_login_token(self, response: Reply) -> str:
        """The token of a login's reply."""
        return str((response.auth or {})["client_token"])


@dataclass(slots=True)
class Calls:
    """How many calls have spent a use of a token, if that has limited ones."""

    count: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self) -> None:
        """Count one call."""
        with self._lock:
            self.count += 1


class _NoSession:
    verify = cert = proxies = None


def _repeat(method: str, path: str) -> Repeat:
    if method.upper() in ("GET", "LIST") or _CHANGES_NOTHING_TWICE.fullmatch(path):
        return Repeat.READ
    return Repeat.MINT


class Client:
    """One server, seen with one token (or none). Safe to use from many threads.

    `until` (of `time.monotonic()`) bounds every call. All calls raise what `Wire.call` raises.
    """

    def __init__(
        self,
        wire: Wire,
        token: Secret | None = None,
        *,
        until: float = math.inf,
        calls: "Calls | None" = None,
    ) -> None:
        self.wire = wire
        self.calls = calls or Calls()
        self._token = token
        # NOTE: an empty token, not None: for None hvac reads $VAULT_TOKEN and ~/.vault-token.
        self._hvac = hvac.Client(
            url=wire.url,
            token=token.text() if token else "",
            namespace=wire.namespace,
            verify=True,
            cert=(),
            adapter=partial(_Adapter, wire=wire, until=until, calls=self.calls),
        )
        self._adapter: Any = self._hvac.adapter

    def until(self, deadline: float) -> "Client":
        """The same client with all its calls bound by a deadline (of `time.monotonic()`)."""
        return Client(self.wire, self._token, until=deadline, calls=self.calls)

    def as_token(self, token: Secret) -> "Client":
        """The same server, seen with another token."""
        return Client(self.wire, token)

    def health(self) -> Reply:
        """What the server is; 200 in whatever state it is in."""
        codes = dict.fromkeys(
            (
                "standby_code",
                "dr_secondary_code",
                "performance_standby_code",
                "sealed_code",
                "uninit_code",
            ),
            200,
        )
        return _reply(self._hvac.sys.read_health_status(method="GET", **codes))

    def login(self, path: str, body: Mapping[str, object]) -> Reply:
        """Log in at `auth/{path}`; the token is in the reply, and this client does not take it."""
        return _reply(self._adapter.login(f"v1/auth/{quoted(path)}", use_token=False, json=body))

    def create_child(self) -> Reply:
        """Mint a child of this token, with its policies; it dies with its parent at the latest."""
        return _reply(self._hvac.auth.token.create(display_name="ci-secrets"))

    def look_up_self(self) -> Reply:
        """What this token is: 200, or 403 where it is gone or may not ask."""
        return _reply(self._hvac.auth.token.lookup_self())

    def renew_self(self, increment_seconds: int | None) -> Reply:
        """Give this token a new TTL, longer or shorter; the reply tells which."""
        return _reply(self._hvac.auth.token.renew_self(increment=increment_seconds))

    def revoke_self(self) -> Reply:
        """End this token and, soon after, its leases: 204."""
        return _reply(self._hvac.auth.token.revoke_self())

    def look_up_lease(self, lease_id: str) -> Reply:
        """What this lease is: 200, or 400 where there is none such."""
        return _reply(self._hvac.sys.read_lease(lease_id))

    def renew_lease(self, lease_id: str, increment_seconds: int | None = None) -> Reply:
        """Give a lease a new TTL; the reply tells which."""
        return _reply(self._hvac.sys.renew_lease(lease_id, increment=increment_seconds))

    def revoke_lease(self, lease_id: str) -> Reply:
        """End a lease and wait until it has ended (204) or could not be ended."""
        # NOTE: hvac's revoke_lease has no `sync`, without which 204 only means "queued".
        body = {"lease_id": lease_id, "sync": True}
        return _reply(self._adapter.put("v1/sys/leases/revoke", json=body))

    def look_up_wrapping(self, token: Secret) -> Reply:
        """What is wrapped in a wrapping token, and which path made it; does not use it up."""
        body = {"token": token.text()}
        return _reply(self._adapter.post("v1/sys/wrapping/lookup", json=body))

    def wrap(self, data: Mapping[str, object], ttl_seconds: int) -> Reply:
        """Wrap these data; the wrapping token is in `wrap_info`."""
        headers = {"X-Vault-Wrap-TTL": f"{ttl_seconds}s"}
        return _reply(self._adapter.post("v1/sys/wrapping/wrap", json=dict(data), headers=headers))

    def unwrap(self) -> Reply:
        """What this (wrapping) token holds; works once."""
        return _reply(self._hvac.sys.unwrap())

    def mount_of(self, path: str) -> Reply:
        """Which mount serves a path: 200 with `path`, `type` and `options`; else 403."""
        return _reply(self._adapter.get(f"{_WHICH_MOUNT}{quoted(path)}"))

    def read(self, path: str, *, version: int | None, repeat: Repeat) -> Reply:
        """GET a path; `repeat` because a GET may mint a credential."""
        params = None if version is None else {"version": str(version)}
        return _reply(self._adapter.get(f"v1/{quoted(path)}", params=params, repeat=repeat))

    def write(self, path: str, payload: Mapping[str, object]) -> Reply:
        """POST to a path."""
        return _reply(self._adapter.post(f"v1/{quoted(path)}", json=dict(payload)))

    def list(self, path: str) -> Reply:
        """The names below a path, in `data.keys`; those that end in `/` have more below them."""
        # NOTE: GET with `list=true` is what Vault makes of LIST; proxies know no LIST.
        params = {"list": "true"}
        return _reply(self._adapter.get(f"v1/{quoted(path.rstrip('/'))}/", params=params))


def quoted(path: str) -> str:
    """A path as it stands in a URL; slashes stay."""
    return quote(path, safe="/:@!$&'()*+,;=~")


def _reply(answer: Any) -> Reply:  # noqa: ANN401  # hvac is not typed; our adapter returns replies
    assert isinstance(answer, Reply)  # noqa: S101
    return answer
