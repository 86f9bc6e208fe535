"""The only place that talks HTTP: bounded waits, bounded bodies, and repeats that are safe.

Callers say how a request may be repeated (`Repeat`); errors name the host and the kind of the
failure, never a URL's query, a header or a body.
"""

import enum
import ipaddress
import math
import random
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any, Final

import httpx

from ci_secrets import deadline
from ci_secrets.errors import ConfigError, UnreachableError
from ci_secrets.text import foreign

MAX_BODY: Final = 16 * 1024 * 1024
"""Bytes of one answer; more is refused. A 1 MiB secret in JSON fits with every escape."""
TRIES: Final = 5
_CONNECTIONS: Final = 64
MAX_RETRY_AFTER: Final = 30.0
"""Seconds that a server's `Retry-After` may make us wait, at the most."""

_RETRIED_READ: Final = frozenset({412, 429, 500, 502, 503, 504})
"""412: a Vault replica that lags behind. Source: Vault API docs, "Consistency"; others RFC 9110."""


class Repeat(enum.Enum):
    """When a request may be sent again."""

    READ = "read"
    """After 412, 429, any 5xx of a gateway, a reset or a timeout: it changes nothing."""
    MINT = "mint"
    """Only where nothing can have been minted: refused connections, 412, 429, 503 without body."""
    NEVER = "never"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """A complete answer. `body` may hold secrets: it is never put in an error."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    perhaps_done: bool = False
    """Whether an earlier try, whose answer was lost, may have done what was asked for."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


class Http:
    """A pool of connections to servers that share a CA, a client certificate and headers.

    Safe to use from many threads. `timeout` bounds one try as a whole in seconds, slow-drip
    answers too; `transport` is for tests.
    """

    def __init__(
        self,
        *,
        ca_file: Path | None = None,
        client_cert: tuple[Path, Path] | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._ca_file = ca_file
        self._client_cert = client_cert
        self._headers = dict(headers or {})
        self._timeout = timeout
        self._transport = transport
        self._sleep = sleep
        self._clients: dict[tuple[str, bool], httpx.Client] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        repeat: Repeat,
        headers: Mapping[str, str] | None = None,
        json: Any = None,  # noqa: ANN401  # whatever the API takes
        params: Mapping[str, str] | None = None,
        timeout: float | None = None,
        until: float = math.inf,
        max_body: int = MAX_BODY,
    ) -> Answer:
        """The last answer, of whatever status; redirects are returned, not followed.

        `until` (of `time.monotonic()`) bounds all tries and pauses together. Raises
        `UnreachableError` when the last try got no answer, or one of more than `max_body` bytes.
        """
        last: UnreachableError | None = None
        perhaps_done = False
        for attempt in range(TRIES):
            more = attempt + 1 < TRIES
            left = max(0.01, until - time.monotonic())
            try:
                patience = min(left, timeout or self._timeout)
                answer = self._once(method, url, headers, json, params, patience, max_body)
            except (httpx.TransportError, httpx.DecodingError) as failure:
                last = unreachable(url, failure)
                pause = _pause(attempt, None)
                in_time = time.monotonic() + pause < until
                if not (more and in_time and _may_repeat_failure(repeat, failure)):
                    raise last from None
                perhaps_done |= last.answer_lost
                self._sleep(pause)
                continue
            pause = _pause(attempt, answer.headers.get("retry-after"))
            in_time = time.monotonic() + pause < until
            if not (more and in_time and _may_repeat_answer(repeat, answer)):
                return replace(answer, perhaps_done=perhaps_done)
            perhaps_done |= answer.status >= 500
            self._sleep(pause)
        raise last or UnreachableError(f"{host_of(url)} did not answer.")

    def _once(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        json: Any,  # noqa: ANN401
        params: Mapping[str, str] | None,
        timeout: float,
        max_body: int,
    ) -> Answer:
        client = self._client(url)
        with (
            deadline.before(time.monotonic() + timeout),
            client.stream(
                method,
                url,
                headers=headers,
                json=json,
                params=params,
                timeout=timeout,
            ) as response,
        ):
            body = bytearray()
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > max_body:
                    raise UnreachableError(
                        f"{host_of(url)} answered with more than {max_body >> 20} MiB."
                    )
            return Answer(
                status=response.status_code,
                headers=response.headers,
                body=bytes(body),
                url=str(response.request.url.copy_with(query=None, fragment=None)),
            )

    def _client(self, url: str) -> httpx.Client:
        parsed = httpx.URL(url)
        kind = (parsed.scheme, is_loopback(parsed.host))
        with self._lock:
            if kind not in self._clients:
                self._clients[kind] = self._new_client(*kind)
            return self._clients[kind]

    def _new_client(self, scheme: str, loopback: bool) -> httpx.Client:
        client = httpx.Client(
            headers=self._headers,
            # NOTE: building a TLS context reads the CA bundle (tens of ms); plain http needs none.
            verify=self._tls() if scheme == "https" else _no_tls(),
            # Through a proxy, what is in clear because it stays here would cross the network.
            trust_env=not loopback,
            limits=httpx.Limits(
                max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS
            ),
            follow_redirects=False,
            transport=self._transport,
        )
        deadline.bind(client)
        return client

    def _tls(self) -> ssl.SSLContext:
        try:
            # `--ca-file` replaces the default roots and SSL_CERT_*, it does not add to them.
            context = (
                ssl.create_default_context(cafile=str(self._ca_file))
                if self._ca_file
                else httpx.create_ssl_context()
            )
            if self._client_cert:
                context.load_cert_chain(*map(str, self._client_cert))
        except (OSError, ssl.SSLError) as failure:
            raise ConfigError(
                "The CA file or the client certificate cannot be loaded.",
                cause=f"{foreign(getattr(failure, 'strerror', None) or type(failure).__name__)}.",
                fix="Name readable PEM files; the key must belong to the certificate.",
            ) from None
        return context

    def close(self) -> None:
        """Close all connections."""
        for client in self._clients.values():
            client.close()


def _no_tls() -> ssl.SSLContext:
    """A context without roots: if anything did try TLS with it, it would fail closed."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _may_repeat_answer(repeat: Repeat, answer: Answer) -> bool:
    match repeat:
        case Repeat.READ:
            return answer.status in _RETRIED_READ
        case Repeat.MINT:
            return answer.status in (412, 429) or (answer.status == 503 and not answer.body)
        case Repeat.NEVER:
            return False


def _may_repeat_failure(repeat: Repeat, failure: httpx.RequestError) -> bool:
    match repeat:
        case Repeat.READ:
            # What is wrong with the request itself stays wrong.
            return not isinstance(failure, httpx.LocalProtocolError | httpx.UnsupportedProtocol)
        case Repeat.MINT:
            return isinstance(failure, httpx.ConnectError | httpx.ConnectTimeout)
        case Repeat.NEVER:
            return False


def _pause(attempt: int, retry_after: str | None) -> float:
    """Seconds: what the server asks for, else 0.2, 0.4, 0.8 … with full jitter."""
    asked = _retry_after_seconds(retry_after)
    if asked is not None:
        return min(asked, MAX_RETRY_AFTER)
    return random.uniform(0.05, 0.2 * 2**attempt)  # noqa: S311  # jitter, not cryptography


def _retry_after_seconds(value: str | None) -> float | None:
    """Both forms of RFC 9110 §10.2.3; `None` for anything else."""
    if not value:
        return None
    try:
        if value.strip().isdecimal():
            return float(value)
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, told without asking any name server."""
    name = host.lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """`host:port` of a URL, fit to be shown; never its user, path or query."""
    parsed = httpx.URL(url)
    return foreign(parsed.netloc.decode("ascii", "replace") or parsed.host)


def unreachable(url: str, failure: httpx.RequestError) -> UnreachableError:
    """The error for a request that got no answer, without anything of the request but its host."""
    # NOTE: httpx chains the cause; its own text can carry URLs, so only known kinds are named.
    text = str(failure)
    match failure:
        case httpx.ConnectError() if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text:
            cause = "Its TLS certificate is not trusted by this machine."
            fix = "Give the CA that signed it: `ca-file:` in the store, or --ca-file."
        case httpx.ConnectError() if "SSL" in text:
            cause, fix = "TLS could not be agreed on.", "Check the scheme and the port of the URL."
        case httpx.ConnectError():
            cause = "No connection could be made (name, port or network)."
            fix = "Check the URL, and that this runner may reach it (proxy, firewall, VPN)."
        case httpx.ConnectTimeout() | httpx.ReadTimeout() | httpx.WriteTimeout():
            cause, fix = (
                "It took too long.",
                "Check its health; `timeout:` in the store is seconds.",
            )
        case httpx.ProxyError():
            cause, fix = "The proxy refused.", "Check HTTPS_PROXY and NO_PROXY."
        case _:
            cause = f"The connection broke ({type(failure).__name__})."
            fix = "Try again; if it stays, look at the server's own log."
    error = UnreachableError(f"{host_of(url)} did not answer.", cause=cause, fix=fix)
    # Where no connection stood, the server cannot have acted on the request.
    unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    error.answer_lost = not isinstance(failure, unsent)
    return error
