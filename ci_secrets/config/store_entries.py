"""`stores:` of ci-secrets.yaml."""

import re
from pathlib import Path
from typing import Final

from ci_secrets.config.auth import METHODS, SECRET, parameters_of
from ci_secrets.config.fields import Section, number, text
from ci_secrets.config.headers import check_header, check_header_value
from ci_secrets.config.model import Auth, StoreConfig
from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.reference import STORE_NAME, parse_parts
from ci_secrets.config.url import check_url
from ci_secrets.config.wording import nearest, shown

TYPES: Final = ("vault",)
MAX_TIMEOUT_SECONDS: Final = 300

_KEYS: Final = (
    "type", "url", "role", "audience", "namespace", "auth", "ca-file", "client-cert",
    "client-key", "headers", "hosts", "timeout",
)  # fmt: skip
_TLS: Final = "TLS is always verified. Name a private CA: `ca-file: ca.pem`, or --ca-file."
_HINTS: Final = {
    **dict.fromkeys(
        ("insecure", "skip-verify", "tls-skip-verify", "tlsSkipVerify", "verify", "tls-verify",
         "insecure-skip-verify"), _TLS,
    ),
    **dict.fromkeys(
        ("method", "mount", "path", "token", "role-id", "secret-id", "username", "password"),
        "How to log in stands below `auth:`, such as auth: {method: approle, mount: ci}.",
    ),
}  # fmt: skip
_AUTH_HINTS: Final = {"role": "Write `role:` in the store, beside `url:`."}

_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_METHOD: Final = re.compile(r"[a-z][a-z0-9-]*")


def read_store(name: str, place: Place, node: Node, directory: Path) -> StoreConfig:
    """One store; relative files are taken from `directory`. Raises `ConfigError`."""
    if not STORE_NAME.fullmatch(name):
        raise place.error(
            "this cannot be the name of a store.", fix="Use letters, digits, `-` and `_`."
        )
    section = Section(node, f"store {name}", _KEYS, _HINTS)
    url = section.required_text("url", "https://vault.example:8200")
    with section.at("url").blame():
        check_url(url)
    certificate, key = (_file(section, it, directory) for it in ("client-cert", "client-key"))
    if (certificate is None) != (key is None):
        raise section.place.error(
            "a client certificate needs both halves.", fix="Add `client-cert:` and `client-key:`."
        )
    return StoreConfig(
        name=name,
        type=section.choice("type", TYPES) or "vault",
        url=url,
        audience=section.text("audience") or "",
        namespace=_parts(section, "namespace"),
        auth=_auth(section, directory),
        ca_file=_file(section, "ca-file", directory),
        client_cert=certificate,
        client_key=key,
        headers=_headers(section),
        hosts=_hosts(section),
        timeout=_timeout(section),
    )


def _auth(store: Section, directory: Path) -> Auth:
    role, node = store.text("role"), store.node("auth")
    if node is None:
        return Auth(role=role)
    method = _method(node, store)
    section = _auth_section(node, method, store.what)
    if method not in METHODS and not section.one_of("payload-env", "payload-file"):
        raise section.at("method").error(
            f"the method {shown(method)} of {store.what} is not known.",
            fix=f"{nearest(method, METHODS)} Other methods need `payload-env:` or `payload-file:`.",
        )
    parameters: dict[str, str] = {}
    variables: dict[str, str] = {}
    files: dict[str, str] = {}
    for name in parameters_of(method):
        plain, variable, file = name, f"{name}-env", f"{name}-file"
        found = section.one_of(plain, variable, file)
        if found == plain:
            parameters[name] = section.required_text(plain, "…")
        elif found == variable:
            variables[name] = _variable(section, variable)
        elif found == file:
            files[name] = str(_file(section, file, directory))
    return Auth(
        method=method,
        mount=_parts(section, "mount"),
        role=role,
        parameters=parameters,
        environment=variables,
        files=files,
    )


def _auth_section(node: Node, method: str, store: str) -> Section:
    names = set(parameters_of(method))
    known = {"method", "mount"} | (names - SECRET)
    known |= {f"{name}-{where}" for name in names for where in ("env", "file")}
    hints = _AUTH_HINTS | {
        name: f"A secret does not stand in a file. Say where it is found: `{name}-env: VARIABLE` "
        f"or `{name}-file: PATH`."
        for name in SECRET & names
    }
    return Section(node, f"{method} auth of {store}", known, hints)


def _method(node: Node, store: Section) -> str:
    """The method, which decides what else may stand beside it."""
    found = node.value.get("method") if isinstance(node.value, dict) else None
    method = "jwt" if found is None else text(found, "method")
    if found is not None and not _METHOD.fullmatch(method):
        raise found.place.error(
            f"this is no method of a login at {store.what}.",
            fix=f"Known: {', '.join(METHODS)}; others take `payload-env:` or `payload-file:`.",
        )
    return method


def _variable(section: Section, key: str) -> str:
    name = section.text(key) or ""
    if not _VARIABLE.fullmatch(name):
        # NOTE: not shown: it may be the secret itself, put here by mistake.
        raise section.at(key).error(
            f"`{key}` must be the name of a variable, not a value.",
            fix=f"Write `{key}: VAULT_SECRET_ID`, without `$`.",
        )
    return name


def _parts(section: Section, key: str) -> str | None:
    value = section.text(key)
    if value is None:
        return None
    with section.at(key).blame():
        return parse_parts(key, value)


def _file(section: Section, key: str, directory: Path) -> Path | None:
    value = section.text(key)
    if value is None:
        return None
    if "\0" in value:
        raise section.at(key).error(f"`{key}` is no path.", fix="Remove the NUL.")
    return directory / value


def _headers(section: Section) -> dict[str, str]:
    headers: dict[str, str] = {}
    places = section.keys_of("headers")
    for name, node in section.entries("headers").items():
        value = text(node, name)
        with places[name].blame():
            check_header(name)
        with node.place.blame():
            check_header_value(value)
        headers[name] = value
    return headers


def _hosts(section: Section) -> tuple[str, ...]:
    hosts = []
    for node in section.items("hosts"):
        url = text(node, "hosts")
        with node.place.blame():
            check_url(url)
        hosts.append(url)
    return tuple(hosts)


def _timeout(section: Section) -> float:
    node = section.node("timeout")
    if node is None:
        return 10.0
    return float(number(node, "timeout", 0.1, MAX_TIMEOUT_SECONDS))
