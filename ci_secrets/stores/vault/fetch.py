"""From requests to credentials: equal calls once, all calls at once, nothing unless all came."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, Future, wait
from dataclasses import dataclass, field, replace

from ci_secrets.config.model import AllKeys, Field, Jsonata, Missing, SecretRequest
from ci_secrets.config.names import check_distinct, expand
from ci_secrets.errors import CiSecretsError, SecretMissingError
from ci_secrets.secret import Credential, Secret
from ci_secrets.stores.interface import Fetched, Notice
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import Ledger
from ci_secrets.stores.vault.mounts import Mounts
from ci_secrets.stores.vault.read import Absent, Found, Reader, check_path
from ci_secrets.stores.vault.select import decoded, nearest_field, select
from ci_secrets.stores.vault.tree import below, nearest_path
from ci_secrets.text import foreign

_Call = tuple[str, str | None, int | None]
"""Path, payload as canonical JSON, version: equal ones are one call, and so one lease."""
_Parts = tuple[str, ...]
_NO_FIELD = "The secret exists, but has no such field."


@dataclass(kw_only=True)
class Fetch:
    """One fetch. `pool` runs the calls."""

    client: Client
    mounts: Mounts
    ledger: Ledger
    pool: Executor
    limited: bool
    """Whether the token has few uses, so that it may end with a read."""
    _answers: dict[_Call, Future[Found | Absent]] = field(default_factory=dict)
    _notices: list[Notice] = field(default_factory=list)

    def run(self, requests: Sequence[SecretRequest]) -> Fetched:
        """All credentials, or the first error in the order of the requests."""
        for request in requests:
            check_path(request.path)
        before = {lease.lease_id for lease in self.ledger.leases()}
        try:
            credentials = self._all(requests)
        except CiSecretsError:
            # What is under way may mint a lease, which must stand in the ledger. Only a signal
            # does not wait: then the token goes first, and takes them all.
            for answer in self._answers.values():
                answer.cancel()
            wait(self._answers.values())
            raise
        check_distinct((each.name, each.source) for each in credentials)
        return Fetched(
            credentials=tuple(credentials),
            leases=tuple(lease for lease in self.ledger.leases() if lease.lease_id not in before),
            notices=tuple(self._notices),
        )

    def _all(self, requests: Sequence[SecretRequest]) -> list[Credential]:
        self._ask_for_mounts(requests)
        plain = [request for request in requests if not _is_recursive(request)]
        for request in plain:
            self._ask(request, request.path)
        # Listing goes on while the plain ones are on their way; it needs answers of its own.
        trees = [self._below(request) if _is_recursive(request) else ((),) for request in requests]
        wanted = [
            (request, parts)
            for request, tree in zip(requests, trees, strict=True)
            for parts in tree
        ]
        for request, parts in wanted:
            self._ask(request, _path(request, parts))
        return [credential for each in wanted for credential in self._of(*each)]

    def _below(self, request: SecretRequest) -> tuple[_Parts, ...]:
        try:
            return below(self.client, self.mounts, request.path.rstrip("/"), self.pool)
        except SecretMissingError as missing:
            if request.missing.policy == "required":
                raise
            list(self._instead(request, missing.what, ""))
            return ()

    def _ask_for_mounts(self, requests: Sequence[SecretRequest]) -> None:
        # One question for all paths with one beginning, before the reads: it runs beside them.
        paths = {request.path.split("/", 1)[0]: request.path for request in requests}.values()
        asked = [self.pool.submit(self.mounts.of, path) for path in paths]
        if self.limited:
            wait(asked)  # NOTE: it spends no use, but needs a token that lives

    def _ask(self, request: SecretRequest, path: str) -> None:
        call = _call(request, path)
        if call not in self._answers:
            reader = Reader(self.client, self.mounts, self.ledger)
            self._answers[call] = self.pool.submit(
                reader.get, path, request.payload, request.version
            )

    def _of(self, request: SecretRequest, parts: _Parts) -> Iterator[Credential]:
        path = _path(request, parts)
        answer = self._answers[_call(request, path)].result()
        if isinstance(answer, Absent) and parts:
            # A KV v2 engine lists what was deleted, too.
            self._notices.append(
                Notice(level="note", text=f"{foreign(path)} is left out. {answer.why}")
            )
        elif isinstance(answer, Absent):
            near = "" if request.missing.policy != "required" else self._near(answer, path)
            yield from self._instead(request, answer.why, near)
        elif isinstance(request.selector, AllKeys):
            yield from _every_key(request, path, parts, answer)
        else:
            yield from self._one(request, request.selector, answer)

    def _one(
        self, request: SecretRequest, selector: Field | Jsonata, answer: Found
    ) -> Iterator[Credential]:
        value = select(answer.data, selector, request.source)
        if value is None:
            near = nearest_field(answer.data, selector)
            hint = f"Its nearest field is called {near}." if near else ""
            yield from self._instead(_as_field(request), _NO_FIELD, hint)
            return
        yield _credential(
            request,
            name=request.name,
            output_name=request.output_name,
            value=decoded(value, request.encoding, request.source),
            source=request.source,
            lease_id=answer.lease_id,
        )

    def _instead(self, request: SecretRequest, why: str, near: str) -> Iterator[Credential]:
        """What is delivered in place of something that is missing."""
        shown = foreign(request.source)
        match request.missing.policy:
            case "required":
                raise SecretMissingError(
                    f"{shown} does not exist in the store.",
                    cause=why,
                    fix=near or "Check path and field, or make it `optional: true` or `default:`.",
                )
            case "optional" | "optional-path":
                text = f"{shown} does not exist in the store and is optional: left out. {why}"
                self._notices.append(Notice(level="note", text=text))
            case "default":
                text = f"{shown} does not exist in the store: its default is used. {why}"
                self._notices.append(Notice(level="note", text=text))
                yield _credential(
                    request,
                    name=request.name,
                    output_name=request.output_name,
                    value=Secret(request.missing.default),
                    source=request.source,
                    lease_id=None,
                )

    def _near(self, answer: Absent, path: str) -> str:
        found = nearest_path(self.client, answer.mount, path)
        return f"The nearest existing path is {found}" if found else ""


def _every_key(
    request: SecretRequest, path: str, parts: _Parts, answer: Found
) -> Iterator[Credential]:
    for key, value in answer.data.items():
        if value is None:
            continue
        source = f"{request.store}:{path}#{key}"
        name, output_name = expand(request, key, parts)
        yield _credential(
            request,
            name=name,
            output_name=output_name if output_name != name else None,
            value=decoded(value, request.encoding, source),
            source=source,
            lease_id=answer.lease_id,
        )


def _credential(
    request: SecretRequest,
    *,
    name: str,
    output_name: str | None,
    value: Secret,
    source: str,
    lease_id: str | None,
) -> Credential:
    return Credential(
        name=name,
        output_name=output_name,
        value=value,
        source=source,
        lease_id=lease_id,
        deliver=request.deliver,
        mode=request.mode,
    )


def _as_field(request: SecretRequest) -> SecretRequest:
    """The request, now that its path is there: only a field can still be missing."""
    required = request.missing.policy == "optional-path"
    return replace(request, missing=Missing()) if required else request


def _path(request: SecretRequest, parts: _Parts) -> str:
    return "/".join((request.path.rstrip("/"), *parts)) if parts else request.path


def _is_recursive(request: SecretRequest) -> bool:
    return isinstance(request.selector, AllKeys) and request.selector.recursive


def _call(request: SecretRequest, path: str) -> _Call:
    payload = None if request.payload is None else json.dumps(request.payload, sort_keys=True)
    return path, payload, request.version
