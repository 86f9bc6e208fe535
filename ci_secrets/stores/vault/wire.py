"""One server and one namespace of it: what is sent, where redirects may lead, what comes back."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

from ci_secrets.config.model import StoreConfig
from ci_secrets.errors import ConfigError, RefusedError, UnreachableError
from ci_secrets.http import Answer, Http, Repeat, host_of, is_loopback
from ci_secrets.text import foreign

MAX_REDIRECTS: Final = 3
"""A standby sends us to the active node, a load balancer to a standby: two are usual."""

_REFUSED_HEADERS: Final = {
    "x-vault-token": "The token comes from the login; use `auth: {method: token}` for a given one.",
    "x-vault-wrap-ttl": "A wrapped answer holds no values; ask for the values themselves.",
    "x-vault-namespace": "Write `namespace:` in the store instead.",
}


class Number(float):
    """A JSON number with a fraction or an exponent, that remembers how it was written."""

    literal: str

    def __new__(cls, literal: str) -> "Number":
        """Of the number's text in JSON."""
        made = super().__new__(cls, literal)
        made.literal = literal
        return made


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What the server said. The body may hold secrets: it is never printed nor put in an error."""

    status: int
    body: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """Empty where the answer was not a JSON object."""
    perhaps_done: bool = False
    """See `Answer.perhaps_done`."""

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def data(self) -> Mapping[str, Any] | None:
        """`data` of the answer, where it is an object."""
        return self._object("data")

    @property
    def auth(self) -> Mapping[str, Any] | None:
        """`auth` of the answer: a token, after a login or a renewal."""
        return self._object("auth")

    @property
    def wrap_info(self) -> Mapping[str, Any] | None:
        """`wrap_info` of the answer: a wrapping token instead of the data."""
        return self._object("wrap_info")

    @property
    def errors(self) -> str:
        """All error texts in one, to be matched against known ones; never to be shown."""
        errors = self.body.get("errors")
        return "\n".join(map(str, errors)) if isinstance(errors, list) else ""

    def _object(self, name: str) -> Mapping[str, Any] | None:
        found = self.body.get(name)
        return found if isinstance(found, dict) else None


class Wire:
    """Sends requests to the server of one store, and follows redirects only where it may.

    `connect` makes the pool of connections, and another one after `hang_up`.
    """

    def __init__(self, config: StoreConfig, connect: Callable[[], Http]) -> None:
        check_headers(config.headers)
        self.url = config.url.rstrip("/")
        self.origin = origin_of(config.url)
        self.namespace = config.namespace
        self._connect = connect
        self._http = connect()
        self._trusted = frozenset({self.origin, *map(origin_of, config.hosts)})

    def call(
        self,
        method: str,
        path: str,
        *,
        repeat: Repeat,
        headers: Mapping[str, str],
        json: object = None,
        params: Mapping[str, str] | None = None,
        until: float = math.inf,
    ) -> Reply:
        """The reply to one request to `path` (with `v1/`, already quoted), of whatever status.

        Raises `UnreachableError`, and `RefusedError` for a redirect to where the token must not go.
        """
        url, http = f"{self.url}/{path.lstrip('/')}", self._http
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = http.send(
                    method,
                    url,
                    repeat=repeat,
                    headers=headers,
                    json=json,
                    params=params,
                    until=until,
                )
            except RuntimeError:  # httpx: the client has been closed
                raise UnreachableError(
                    f"{host_of(self.url)} was not asked any more.", cause="This run is ending."
                ) from None
            if answer.status not in (301, 302, 303, 307, 308):
                return self._reply(answer)
            url = self._next(method, url, answer)
        raise RefusedError(
            f"{host_of(self.url)} redirects in circles.",
            cause="A load balancer and the store's nodes send us to each other.",
            fix="Point `url:` at the active node, or at a balancer that knows it.",
        )

    def hang_up(self) -> None:
        """Close all connections, and so stop what is still being asked; later calls open others."""
        http, self._http = self._http, self._connect()
        http.close()

    def _next(self, method: str, url: str, answer: Answer) -> str:
        location = urljoin(url, answer.headers.get("location", ""))
        origin = origin_of(location)
        if origin not in self._trusted:
            raise RefusedError(
                f"{host_of(self.url)} redirects to {foreign(origin)}, which is not trusted.",
                cause="A redirect is followed with the token, so only known places are followed.",
                fix=f"If that is your store: add `hosts: [{foreign(origin)}]` to it.",
            )
        if answer.status in (301, 302, 303) and method.upper() not in ("GET", "LIST"):
            raise RefusedError(
                f"{host_of(self.url)} redirects a {method.upper()} by {answer.status}, "
                "which would lose its body.",
                cause="A proxy before the store rewrites its URL (http to https, or a path).",
                fix="Write the final address as `url:`.",
            )
        return location

    def _reply(self, answer: Answer) -> Reply:
        try:
            body = json.loads(answer.body, parse_float=Number) if answer.body else {}
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict):
            return Reply(status=answer.status, body=body, perhaps_done=answer.perhaps_done)
        if answer.ok:
            raise ConfigError(
                f"{host_of(self.url)} does not answer as Vault or OpenBao does.",
                cause="Its answer is not a JSON object.",
                fix="`url:` is the server's address without `/v1` and without `/ui`.",
            ) from None
        return Reply(status=answer.status, perhaps_done=answer.perhaps_done)


def origin_of(url: str) -> str:
    """`scheme://host:port` of a URL; `https://` is added where there is no scheme.

    Raises `ConfigError` for what is no such URL, and for `http://` to another machine.
    """
    text = url if "://" in url else f"https://{url}"
    try:
        parts = urlsplit(text)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or parts.username is not None:
        raise ConfigError(
            f"{foreign(url.split('@')[-1])} is not the URL of a store.",
            fix="Write `https://host:port`, without user and password.",
        )
    if parts.scheme == "http" and not is_loopback(host):
        raise ConfigError(
            f"{foreign(host)} is asked for over plain http.",
            cause="Token and secrets would cross the network readable by all.",
            fix="Use `https://` (with `ca-file:` for a private CA); http is for loopback only.",
        )
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}:{port or (443 if parts.scheme == 'https' else 80)}"


def check_headers(headers: Mapping[str, str]) -> None:
    """Raise `ConfigError` for extra headers that would change whose token is used, or what for."""
    for name in headers:
        if reason := _REFUSED_HEADERS.get(name.lower()):
            raise ConfigError(f"The extra header {foreign(name)} is not taken.", fix=reason)
