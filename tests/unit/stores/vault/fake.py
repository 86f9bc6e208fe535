"""A Vault made of a table: what each path answers, and what was asked."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from ci_secrets.config.model import Auth, Field, SecretRequest, StoreConfig
from ci_secrets.http import Http
from ci_secrets.secret import Secret
from ci_secrets.stores.vault.session import VaultSession
from ci_secrets.stores.vault.store import VaultStore

URL = "https://vault.example:8200"
JWT = "eyJ.made.up"
HEALTH = (
    "sys/health?standbycode=200&drsecondarycode=200&performancestandbycode=200"
    "&sealedcode=200&uninitcode=200"
)

Body = Mapping[str, Any] | bytes | None
Answer = tuple[int, Body] | tuple[int, Body, Mapping[str, str]] | Exception
Rule = Answer | Sequence[Answer] | Callable[[httpx.Request], Answer]


@dataclass(kw_only=True)
class Asked:
    """One request that came in."""

    method: str
    path: str
    """Without `/v1/`, with its query."""
    body: Any
    headers: httpx.Headers


@dataclass
class FakeVault:
    """Answers by `rules`: `METHOD path` → an answer, a list (the last one stays), a function."""

    rules: dict[str, Rule] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().removeprefix("/v1/")
        asked = Asked(
            method=request.method,
            path=path,
            body=json.loads(request.content) if request.content else None,
            headers=request.headers,
        )
        with self.lock:
            self.asked.append(asked)
            answer = self._answer(f"{request.method} {path}", request)
        if isinstance(answer, Exception):
            raise answer
        status, body, *headers = answer
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        return httpx.Response(status, content=content, headers=headers[0] if headers else {})

    def _answer(self, key: str, request: httpx.Request) -> Answer:
        rule = self.rules.get(key)
        if rule is None:
            return 404, {"errors": []}
        if callable(rule):
            return rule(request)
        if isinstance(rule, list):
            first: Answer = rule.pop(0) if len(rule) > 1 else rule[0]
            return first
        return rule  # type: ignore[return-value]

    def paths(self, method: str | None = None) -> list[str]:
        """What was asked, in order."""
        return [each.path for each in self.asked if method in (None, each.method)]

    def of(self, path: str) -> list[Asked]:
        """The requests to one path."""
        return [each for each in self.asked if each.path == path]


def auth(**changes: Any) -> dict[str, Any]:
    """The body of a login's answer."""
    block = {
        "client_token": "hvs.made-up-token",
        "accessor": "acc-1",
        "policies": ["default", "app"],
        "lease_duration": 600,
        "renewable": True,
        "token_type": "service",
        "num_uses": 0,
    }
    return {"auth": {**block, **changes}}


def kv2(mount: str = "secret/") -> dict[str, Any]:
    """The answer to which mount it is: KV v2."""
    return {"data": {"path": mount, "type": "kv", "options": {"version": "2"}}}


def kv1(mount: str = "kv/") -> dict[str, Any]:
    """The answer to which mount it is: KV v1."""
    return {"data": {"path": mount, "type": "kv", "options": {"version": "1"}}}


def engine(kind: str) -> dict[str, Any]:
    """The answer to which mount it is: some other engine at its usual place."""
    return {"data": {"path": f"{kind}/", "type": kind, "options": None}}


def forbidden() -> tuple[int, dict[str, Any]]:
    """What Vault says to whoever may not."""
    return 403, {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}


def request(path: str, key: str = "value", *, name: str = "VALUE", **more: Any) -> SecretRequest:
    """A wish for one field."""
    return SecretRequest(
        **{"name": name, "store": "vault", "path": path, "selector": Field(keys=(key,)), **more}
    )


@dataclass
class Bench:
    """The fake, and the ways to log in to it."""

    vault: FakeVault
    waits: list[float] = field(default_factory=list)

    def store(
        self,
        environment: Mapping[str, str] | None = None,
        *,
        through: Callable[[httpx.Request], httpx.Response] | None = None,
        **config: Any,
    ) -> VaultStore:
        """A store over the fake that never really sleeps; `through` stands before the fake."""
        settings = {"name": "vault", "url": URL, "auth": Auth(role="app"), **config}
        transport = httpx.MockTransport(through or self.vault)

        def connect() -> Http:
            return Http(transport=transport, sleep=self.waits.append)

        return VaultStore(StoreConfig(**settings), environment or {}, connect=connect)

    def login(self, **config: Any) -> VaultSession:
        """A session by the store's login."""
        return self.store(**config).login(mint)


def mint(_audience: str) -> Secret:
    """A JWT as the platform would give it."""
    return Secret(JWT)
