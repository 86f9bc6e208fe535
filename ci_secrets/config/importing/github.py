"""Steps of hashicorp/vault-action in a GitHub workflow, or in a composite action."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ci_secrets.config.auth import SECRET, parameters_of
from ci_secrets.config.importing.draft import NOWHERE, Draft, inside, quoted, spelled, text_of
from ci_secrets.config.model import AllKeys, SecretRequest
from ci_secrets.config.names import normalise
from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.selectors import parse_secrets
from ci_secrets.config.url import origin
from ci_secrets.errors import ConfigError

_ACTION: Final = re.compile(r"hashicorp/vault-action(@.*)?", re.IGNORECASE)
_EXPRESSION: Final = re.compile(r"\$\{\{\s*(?:secrets|vars|env)\.(\w+)\s*\}\}")
"""The whole of a value that a variable of the job can hold."""
_PARAMETERS: Final = {
    "role-id": "roleId",
    "secret-id": "secretId",
    "username": "username",
    "password": "password",
    "token": "token",
    "jwt": "kubernetesTokenPath",
    "payload": "authPayload",
}
"""Parameter of a login → vault-action's input."""
_LEFT_OUT: Final = {
    "caCertificate": "put the CA into a file of the repository: `ca-file: ca.pem` in the store",
    "clientCertificate": "put it into a file: `client-cert:` and `client-key:` in the store",
    "clientKey": "a private key is no part of a configuration; have the job write it to a file",
    "tlsSkipVerify": "TLS is always verified; a private CA is named by `ca-file:`",
    "jwtPrivateKey": "a key that never ends; log in with the job's own JWT (`method: jwt`)",
    "exportToken": "the token stays with ci-secrets",
    "outputToken": "the token stays with ci-secrets",
}
_PKI: Final = {"certificate": "CERT", "private_key": "KEY", "issuing_ca": "CA"}


def collect(root: Node, draft: Draft) -> None:
    """Put into the draft what the steps of all jobs ask for."""
    for job, step in _steps(root):
        given = inside(step, "with")
        if _ACTION.fullmatch(text_of(inside(step, "uses")) or "") and draft.wants(job):
            _Step(given or step, draft).carry_over()


def _steps(root: Node) -> Iterator[tuple[str, Node]]:
    jobs = inside(root, "jobs")
    for job, node in _entries(jobs).items():
        yield from ((job, step) for step in _items(inside(node, "steps")))
    yield from (("runs", step) for step in _items(inside(root, "runs", "steps")))


def _entries(node: Node | None) -> Mapping[str, Node]:
    return node.value if node and isinstance(node.value, dict) else {}


def _items(node: Node | None) -> tuple[Node, ...]:
    return node.value if node and isinstance(node.value, tuple) else ()


class _Step:
    """One step: its inputs, and where they go."""

    def __init__(self, given: Node, draft: Draft) -> None:
        self._given = given
        self._draft = draft

    def carry_over(self) -> None:
        """The store, then what is read from it, then what has no counterpart."""
        store = self._draft.store(self._settings())
        for item in (self._text("secrets") or "").split(";"):
            if item.strip():
                self._secret(item.strip(), store)
        for item in (self._text("pki") or "").split(";"):
            if item.strip():
                self._certificate(item.strip(), store)
        for name, instead in _LEFT_OUT.items():
            if self._text(name) not in (None, "", "false"):
                self._note(name, f"`{name}` was not carried over: {instead}")
        if self._text("exportEnv") != "false":
            self._note(
                "exportEnv",
                "the values were variables of all later steps. `ci-secrets exec -- COMMAND` gives "
                "them to one command; `ci-secrets exchange --export-env` does as before",
            )

    def _text(self, name: str) -> str | None:
        return text_of(inside(self._given, name))

    def _place(self, name: str) -> Place:
        node = inside(self._given, name)
        return node.place if node else self._given.place

    def _note(self, name: str, text: str) -> None:
        self._draft.note(self._place(name), text)

    def _literal(self, name: str) -> str | None:
        """An input that holds no expression; of one that does it is said that it was left out."""
        value = self._text(name)
        if value and "${{" in value:
            self._note(name, f"`{name}` was left out: {quoted(value)} is known to GitHub alone")
            return None
        return value or None

    def _settings(self) -> dict[str, Any]:
        given = self._text("url")
        known = given if given and "${{" not in given else None
        why = f"{quoted(given)} is known to GitHub alone" if given else "the step has none"
        settings: dict[str, Any] = {"url": self._draft.url(self._place("url"), known, why)}
        method = self._literal("method") or "token"
        if role := self._literal("role"):
            settings["role"] = role
        if audience := self._audience(method, settings["url"]):
            settings["audience"] = audience
        namespace = self._draft.parts(
            self._place("namespace"), "namespace", self._literal("namespace")
        )
        if namespace:
            settings["namespace"] = namespace
        if auth := self._auth(method):
            settings["auth"] = auth
        if headers := self._headers():
            settings["headers"] = headers
        return settings

    def _audience(self, method: str, url: str) -> str | None:
        if method != "jwt":
            return None
        audience = self._literal("jwtGithubAudience")
        if audience is None and not self._text("jwtGithubAudience"):
            self._note(
                "method",
                "the JWT's audience was GitHub's default, the URL of the repository's owner. Now "
                f"it is {'that of the store' if url == NOWHERE else origin(url)}: add it to the "
                "role's bound_audiences",
            )
        return audience if audience != origin(url) else None

    def _auth(self, method: str) -> dict[str, str]:
        auth = {} if method == "jwt" else {"method": method}
        mount = self._draft.parts(self._place("path"), "mount", self._literal("path"))
        if mount and mount != method:
            auth["mount"] = mount
        for parameter in parameters_of(method):
            name = _PARAMETERS.get(parameter, "")
            if method == "github" and parameter == "token":
                name = "githubToken"
            if given := self._text(name):
                auth |= self._parameter(parameter, name, given)
        return auth

    def _parameter(self, parameter: str, name: str, given: str) -> dict[str, str]:
        if found := _EXPRESSION.fullmatch(given.strip()):
            self._note(
                name,
                "the step with ci-secrets needs this below its `env:`: "
                + quoted(f"{found[1]}: {given}"),
            )
            return {f"{parameter}-env": found[1]}
        if parameter == "jwt":
            return {"jwt-file": given}
        if parameter not in SECRET and "${{" not in given:
            return {parameter: given}
        variable = f"VAULT_{parameter.upper().replace('-', '_')}"
        self._note(  # NOTE: the value itself, which may stand there in clear, is never shown
            name,
            f"`{name}` was not carried over. Put it into a secret of the CI, and into {variable} "
            "of the job; if it stood in the file in clear, it is to be replaced",
        )
        return {f"{parameter}-env": variable}

    def _headers(self) -> dict[str, str]:
        headers = {}
        for line in (self._literal("extraHeaders") or "").splitlines():
            name, colon, value = line.partition(":")
            if not line.strip():
                continue
            if not colon or name.strip().lower().startswith(("x-vault-token", "x-vault-wrap")):
                self._note("extraHeaders", f"left out: the header {quoted(name)}")
            else:
                headers[name.strip()] = value.strip()
        return headers

    def _secret(self, item: str, store: str) -> None:
        if "${{" in item:
            self._note("secrets", f"left out: {quoted(item)} is known to GitHub alone")
            return
        try:
            (request,) = parse_secrets(item, store)
        except ConfigError as failure:
            self._note("secrets", f"left out: {failure.what.removeprefix('--secrets, ')}")
            return
        place = self._place("secrets")
        if request.output_name not in (None, request.name):
            self._note(
                "secrets",
                f"the output {quoted(request.output_name or '')} is called "
                f"{quoted(request.name)} now, as the variable was",
            )
        name, entry = self._entry(request)
        self._draft.add(place, name, entry)

    def _entry(self, request: SecretRequest) -> tuple[str, str | dict[str, Any]]:
        """Name and entry of one line."""
        below = isinstance(request.selector, AllKeys) and request.selector.recursive
        path = request.path + ("/**" if below else "")
        source = f"{request.store}:{path}#{spelled(request.selector)}"
        more: dict[str, Any] = {}
        name = request.name
        if isinstance(request.selector, AllKeys) and not name.endswith("_"):
            more["prefix"], name = name, self._draft.label("ALL")
        encoding = self._literal("secretEncodingType")
        if encoding in ("base64", "hex"):
            more["encoding"] = encoding
        elif encoding not in (None, "utf8"):
            self._note("secretEncodingType", f"{quoted(encoding)} is no encoding; left out")
        if self._text("ignoreNotFound") == "true":
            more["optional"] = True
        return name, {"from": source, **more} if more else source

    def _certificate(self, item: str, store: str) -> None:
        path, _, rest = item.partition(" ")
        try:
            given = json.loads(rest or "{}")
        except (ValueError, RecursionError):
            given = None
        if "${{" in item or not isinstance(given, dict):
            self._note("pki", f"left out: {quoted(item)} is no path with parameters in JSON")
            return
        stem = normalise(path.rpartition("/")[2]).upper()
        fields = {field: f"{stem}_{ending}" for field, ending in _PKI.items()}
        entry = {"from": f"{store}:{path.strip('/')}", "with": given, "fields": fields}
        self._draft.add(self._place("pki"), self._draft.label(f"{stem}_PKI"), entry)
        self._note(
            "pki", f"the certificate's names are in upper case now: {', '.join(fields.values())}"
        )
