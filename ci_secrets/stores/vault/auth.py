"""How a job logs in: one row per method of what is sent to `auth/MOUNT/login`."""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ci_secrets.config.model import Auth, StoreConfig
from ci_secrets.errors import (
    CiSecretsError,
    ConfigError,
    IdentityError,
    RefusedError,
    UnreachableError,
)
from ci_secrets.http import host_of
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Mint
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import number
from ci_secrets.stores.vault.known import LOGIN, meaning
from ci_secrets.stores.vault.trouble import in_trouble, trouble
from ci_secrets.stores.vault.wire import Reply
from ci_secrets.stores.vault.wrapping import WRAPPING_TOKEN, unwrap_secret_id
from ci_secrets.text import foreign

# Source: Kubernetes, "Configure Service Accounts for Pods": where every pod finds its token.
_POD_TOKEN: Final = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105

_LOOK: Final = 5.0
"""Seconds for the look-up of a parent: nothing but a warning depends on it."""
_CHILD_POLICY: Final = 'path "auth/token/create" { capabilities = ["update"] }'


@dataclass(frozen=True, kw_only=True, slots=True)
class Material:
    """What a login is made of; `used` collects every credential that goes out, as a needle."""

    config: StoreConfig
    environment: Mapping[str, str] = field(repr=False)
    mint: Mint
    client: Client
    used: dict[str, Secret]

    @property
    def auth(self) -> Auth:
        """The `auth:` part of the store."""
        return self.config.auth

    def jwt(self) -> Secret:
        """The job's JWT for this store's audience."""
        return self._use("jwt", self.mint(audience_of(self.config)))

    def secret(self, name: str, *, default_file: str | None = None) -> Secret:
        """A parameter that must not be seen. Raises `ConfigError`, `IdentityError` if missing."""
        return self._use(name, Secret(self.text(name, default_file=default_file)))

    def optional(self, name: str) -> str | None:
        """A parameter from wherever it is given: the file, a variable, or a file that is named."""
        if name in self.auth.parameters:
            return self.auth.parameters[name]
        if variable := self.auth.environment.get(name):
            return self.environment.get(variable) or None
        if path := self.auth.files.get(name):
            return _read(name, Path(path))
        return None

    def text(self, name: str, *, default_file: str | None = None) -> str:
        """A parameter that must be given. Raises `ConfigError`, `IdentityError`."""
        found = self.optional(name)
        if found is None and default_file is not None and name not in self.auth.environment:
            found = _read(name, Path(default_file))
        if found:
            return found
        if variable := self.auth.environment.get(name):
            raise IdentityError(
                f"${foreign(variable)} is empty or not set.",
                cause=f"It should hold the {foreign(name)} for {foreign(self.config.name)}.",
                fix="Set it in the CI's protected variables; fork pull requests do not get them.",
            )
        raise ConfigError(
            f"The store {foreign(self.config.name)} logs in by {foreign(self.auth.method)}, "
            f"which needs {foreign(name)}.",
            fix=f"auth:\n  method: {foreign(self.auth.method)}\n  {name}-env: VARIABLE",
        )

    def _use(self, name: str, value: Secret) -> Secret:
        # Every JWT of later logins is a needle of its own.
        kept = (f"login {name}", *(f"login {name} {number}" for number in range(2, 1000)))
        self.used[next(key for key in kept if self.used.get(key) in (None, value))] = value
        return value


Body = dict[str, object]
Method = Callable[[Material], tuple[str, Body]]
"""What comes after the mount in the path, and the body."""


def _jwt(material: Material) -> tuple[str, Body]:
    return "login", {**_role(material), "jwt": material.jwt().text()}


def _kubernetes(material: Material) -> tuple[str, Body]:
    token = material.secret("jwt", default_file=_POD_TOKEN)
    return "login", {**_role(material), "jwt": token.text().strip()}


def _approle(material: Material) -> tuple[str, Body]:
    body: Body = {"role_id": material.text("role-id")}
    if material.optional("secret-id") is None and "secret-id" not in material.auth.environment:
        return "login", body  # a role with bind_secret_id=false
    secret_id = material.secret("secret-id")
    creation_path = material.optional("creation-path")
    if creation_path or WRAPPING_TOKEN.match(secret_id.text()):
        secret_id = unwrap_secret_id(material.client, secret_id, creation_path)
        material.used["login secret-id (unwrapped)"] = secret_id
    return "login", {**body, "secret_id": secret_id.text()}


def _password(material: Material) -> tuple[str, Body]:
    # Source: Vault API docs of ldap, userpass, radius, okta: POST auth/MOUNT/login/USERNAME.
    return f"login/{material.text('username')}", {"password": material.secret("password").text()}


def _github(material: Material) -> tuple[str, Body]:
    return "login", {"token": material.secret("token").text()}


def _cert(material: Material) -> tuple[str, Body]:
    if material.config.client_cert is None:
        raise ConfigError(
            f"The store {foreign(material.config.name)} logs in by cert, without a certificate.",
            fix="client-cert: client.pem\nclient-key: client.key",
        )
    role = material.auth.role
    return "login", {"name": role} if role else {}


def _payload(material: Material) -> tuple[str, Body]:
    given = material.secret("payload")
    try:
        body = json.loads(given.text())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise ConfigError(
            f"The login payload for {foreign(material.config.name)} is not a JSON object.",
            fix='It is sent to auth/MOUNT/login as it is, such as {"role": "ci", "jwt": "…"}.',
        )
    for key, value in body.items():
        if isinstance(value, str) and key != "role":
            material.used[f"login payload {key}"] = Secret(value)
    return "login", body


METHODS: Final[Mapping[str, Method]] = {
    "jwt": _jwt,
    "approle": _approle,
    "ldap": _password,
    "userpass": _password,
    "radius": _password,
    "okta": _password,
    "github": _github,
    "kubernetes": _kubernetes,
    "cert": _cert,
}
"""The methods with a form of their own; any other takes a `payload`, and `token` a child."""


def log_in(material: Material) -> Reply:
    """The reply that brings our own, fresh token.

    Raises `ConfigError`, `IdentityError`, `RefusedError`, `UnreachableError`.
    """
    reply = _child(material) if material.auth.method == "token" else _post(material)
    auth = reply.auth or {}
    if reply.ok and auth.get("client_token"):
        return reply
    if auth.get("mfa_requirement"):
        raise RefusedError(
            f"{host_of(material.config.url)} asks for a second factor.",
            cause="An MFA enforcement covers this auth mount, and a pipeline has no second factor.",
            fix="Except this mount or role from the login enforcement.",
        )
    raise RefusedError(f"{host_of(material.config.url)} gave no token (status {reply.status}).")


def _post(material: Material) -> Reply:
    suffix, body = _method(material)(material)
    mount = (material.auth.mount or material.auth.method).strip("/").removeprefix("auth/")
    where = host_of(material.config.url)
    try:
        reply = material.client.login(f"{mount}/{suffix}", body)
    except UnreachableError as failure:
        raise _perhaps_minted(failure) from None
    if in_trouble(reply.status):
        cause = (
            "It is sealed, standby without a leader, or its identity provider did not answer. "
            "If it made a token all the same, that ends by the role's TTL."
        )
        raise trouble(reply, "the login", where=where, cause=cause)
    if not reply.ok:
        what = f"{where} refused the login at auth/{foreign(mount)}"
        if material.auth.role:
            what += f" as {foreign(material.auth.role)}"
        fills = {"audience": foreign(audience_of(material.config))}
        raise meaning(LOGIN, reply, what=what, fills=fills)
    return reply


def _method(material: Material) -> Method:
    if material.optional("payload") is not None or "payload" in material.auth.environment:
        return _payload
    # A method without a row of its own needs a payload, and `_payload` says so.
    return METHODS.get(material.auth.method, _payload)


def _child(material: Material) -> Reply:
    """Only what this run minted is revoked, so a token that was given is never used itself."""
    parent = material.client.as_token(material.secret("token"))
    where = host_of(material.config.url)
    try:
        reply = parent.create_child()
    except UnreachableError as failure:
        raise _perhaps_minted(failure) from None
    if in_trouble(reply.status):
        cause = (
            "It is sealed, or standby without a leader. If it made a token all the same, that ends "
            "with the given one."
        )
        raise trouble(reply, "a child of the given token", where=where, cause=cause)
    if not reply.ok:
        raise RefusedError(
            f"{where} gave no child of the given token (status {reply.status}).",
            cause="The token is not valid, is a batch or limited-use token (these have no "
            "children), or its policies do not allow it. A child is made so that the end of this "
            "job does not revoke a token that others use too.",
            fix=f"Allow it: {_CHILD_POLICY}\nor log in by jwt, which needs no token at all.",
        )
    return reply


def parents_ttl(material: Material) -> int:
    """Seconds that the given token has left; 0 where none was given, without end, or not known."""
    if material.auth.method != "token":
        return 0
    parent = material.client.as_token(material.secret("token")).until(time.monotonic() + _LOOK)
    try:
        return number((parent.look_up_self().data or {}).get("ttl"))
    except CiSecretsError:
        return 0  # the child stands: it must not be lost for want of this


def _perhaps_minted(failure: UnreachableError) -> UnreachableError:
    if not failure.answer_lost:
        return failure
    cause = (
        f"{failure.cause} The answer to the login was lost: if the store made a token, nobody "
        "knows it, and it ends by the role's TTL."
    )
    return UnreachableError(failure.what, cause=cause.strip(), fix=failure.fix)


def _role(material: Material) -> Body:
    # Without a role the mount's default_role counts.
    return {"role": material.auth.role} if material.auth.role else {}


def audience_of(config: StoreConfig) -> str:
    """The audience of this store's JWT: as configured, else the URL's origin."""
    if config.audience:
        return config.audience
    scheme, _, rest = config.url.partition("://")
    return f"{scheme}://{rest.split('/', 1)[0]}"


def _read(name: str, path: Path) -> str:
    try:
        return path.read_text().rstrip("\n")
    except (OSError, UnicodeDecodeError):
        raise IdentityError(
            f"The file {foreign(path)} with the {foreign(name)} cannot be read.",
            cause="It does not exist here, or this user may not read it.",
            fix="Check that it is mounted into the job, and its mode.",
        ) from None
