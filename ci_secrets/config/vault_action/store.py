"""The store that vault-action's inputs describe, and how to log in there."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from ci_secrets.config.headers import check_header, check_header_value
from ci_secrets.config.model import Auth, StoreConfig
from ci_secrets.config.reference import parse_parts
from ci_secrets.config.url import check_url
from ci_secrets.config.vault_action.inputs import Inputs, variable
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

STORE: Final = "vault"
POD_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105  # a path

_PARAMETERS: Final[Mapping[str, Mapping[str, str]]] = {
    "token": {"token": "token"},
    "approle": {"role-id": "roleId", "secret-id": "secretId"},
    "github": {"token": "githubToken"},
    "userpass": {"username": "username", "password": "password"},
    "ldap": {"username": "username", "password": "password"},
    "jwt": {},
    "kubernetes": {},
}
"""Method → its parameters, and the inputs that they come from."""
_OPTIONAL: Final = frozenset({"secretId"})


def store(inputs: Inputs, environment: Mapping[str, str]) -> StoreConfig:
    """The store, without its certificates. Raises `ConfigError`."""
    url = inputs["url"]
    if not url:
        raise ConfigError("The input `url` is missing.", fix="url: https://vault.example:8200")
    check_url(url)
    headers = _headers(inputs["extraHeaders"])
    auth = _auth(inputs)
    namespace = parse_parts("namespace", inputs["namespace"]) if inputs["namespace"] else None
    return StoreConfig(
        name=STORE,
        url=url,
        audience=inputs["jwtGithubAudience"] or _default_audience(environment),
        namespace=namespace,
        auth=auth,
        headers=headers,
        origin="workflow",
    )


def _default_audience(environment: Mapping[str, str]) -> str:
    """What GitHub puts into a token of which nobody says for whom it is: the owner's URL."""
    server, owner = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY_OWNER")
    return f"{server}/{owner}" if server and owner else ""


def _auth(inputs: Inputs) -> Auth:
    method = inputs["method"].lower() or "token"
    mount = parse_parts("path", inputs["path"]) if inputs["path"] else None
    payload = inputs["authPayload"]
    if method in _PARAMETERS and payload:
        raise ConfigError(
            f"`authPayload` does not go with `method: {method}`.",
            cause="vault-action ignores it there.",
            fix=f"Leave it out, or name the mount of another method: path: {method}.",
        )
    if method not in _PARAMETERS:
        if not payload:
            raise ConfigError(
                f"The method `{foreign(method, 60)}` needs `authPayload`.",
                fix=f"Methods with inputs of their own: {', '.join(_PARAMETERS)}.",
            )
        found = Auth(method=method, environment={"payload": variable("authPayload")})
    elif method == "kubernetes":
        found = Auth(method=method, files={"jwt": inputs["kubernetesTokenPath"] or POD_TOKEN})
    else:
        found = Auth(method=method, environment=_variables(method, inputs))
    return replace(found, mount=mount, role=inputs["role"] or None)


def _variables(method: str, inputs: Inputs) -> dict[str, str]:
    """Parameter of the login → the variable that holds it."""
    used = {
        parameter: name
        for parameter, name in _PARAMETERS[method].items()
        if inputs[name] or name not in _OPTIONAL
    }
    for name in used.values():
        if not inputs[name]:
            raise ConfigError(
                f"The method {method} needs the input `{name}`.",
                cause="It is not there, or it is a secret that this event does not get.",
                fix=f"{name}: ${{{{ secrets.VAULT_{name.upper()} }}}}\n"
                "or `method: jwt`, which needs no credential at all.",
            )
    return {parameter: variable(name) for parameter, name in used.items()}


def _headers(lines: str) -> dict[str, str]:
    """Header → value; a repeated one has all its values, in one line."""
    headers: dict[str, str] = {}
    for line in filter(None, map(str.strip, lines.splitlines())):
        name, _, value = (part.strip() for part in line.partition(":"))
        name = name.lower()
        try:
            check_header(name)
            check_header_value(value)
        except ConfigError as failure:
            raise ConfigError(f"extraHeaders: {failure.what}", fix=failure.fix) from None
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


_PEM: Final = ("caCertificate", "clientCertificate", "clientKey")


def pems(inputs: Inputs) -> dict[str, bytes]:
    """Input → the PEM text that it holds. Raises `ConfigError`."""
    if bool(inputs["clientCertificate"]) != bool(inputs["clientKey"]):
        raise ConfigError(
            "A client certificate needs both halves.", fix="clientCertificate and clientKey."
        )
    return {name: _pem(inputs, name) for name in _PEM if inputs[name]}


def _pem(inputs: Inputs, name: str) -> bytes:
    text = inputs[name].encode()
    if not text.startswith(b"-----BEGIN"):
        try:
            text = base64.b64decode(b"".join(text.split()), validate=True)
        except binascii.Error:
            text = b""
    if not text.lstrip().startswith(b"-----BEGIN"):
        raise ConfigError(
            f"The input `{name}` is neither PEM nor PEM in base64.", fix="base64 -w0 FILE.pem"
        )
    return text
