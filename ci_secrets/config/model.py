"""What a run is asked to do, whatever syntax it was written in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Encoding = Literal["utf8", "base64", "hex"]
Deliver = Literal["value", "file", "none"]
"""`value`: environment or output. `file`: a 0600 file, its path in the environment or output.
`none`: fetched for templates only."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Auth:
    """How to log in to a store; of long-lived credentials only where they are found."""

    method: str = "jwt"
    """`jwt`, `approle`, `ldap`, `github`, `kubernetes`, `cert`, `userpass`, `token`, or any other
    with a payload."""
    mount: str | None = None
    """Path of the auth mount below `auth/`; `None`: the method's own name."""
    role: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)
    """What is not secret: `role-id`, `username`, `creation-path` (of a wrapped secret-id), …"""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Parameter → the environment variable that holds it: `{"secret-id": "VAULT_SECRET_ID"}`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Parameter → path of the file that holds it, such as a Kubernetes service account token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StoreConfig:
    """One place where secrets live, and who we are there."""

    name: str
    type: str = "vault"
    url: str
    audience: str = ""
    """Of the JWT; empty: the URL's origin."""
    namespace: str | None = None
    auth: Auth = field(default_factory=Auth)
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ()
    """Origins that a redirect may lead to with the token, besides `url`'s own."""
    timeout: float = 10.0
    """Seconds for one request."""
    origin: Literal["file", "workflow"] = "file"
    """Who wrote the URL: the repository's file, or an option, an action's input, a CI variable."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Field:
    """A plain path of keys into the data: `#password`, or `#"a"."b.c"`."""

    keys: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Jsonata:
    """A JSONata expression over the data, as vault-action takes it."""

    expression: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AllKeys:
    """Every key of the data (`*`, `**`); `recursive`: of every secret below the path too."""

    keep_case: bool = False
    """False (`*`): environment names are upper-cased. True (`**`): both keep their case."""
    recursive: bool = False


Selector = Field | Jsonata | AllKeys


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """What to do when the path or the field does not exist (a 404 of an existing mount only)."""

    policy: Literal["required", "optional", "default", "optional-path"] = "required"
    """`optional-path`: a path may be missing, but not a field of one that is there."""
    default: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class SecretRequest:
    """One value (or, with `AllKeys`, many) that is wanted from a store."""

    name: str
    """Of the variable, output or file; with `AllKeys` the prefix of all names, may be empty."""
    output_name: str | None = None
    """Where the CI's output is to have another name than the variable (vault-action's lines)."""
    store: str
    path: str
    """The raw API path without leading slash: `secret/data/app`, `database/creds/app`."""
    selector: Selector
    payload: Mapping[str, object] | None = None
    """`with:`; not `None` makes the read a POST. Two requests with equal (store, path, payload,
    version) are one call, so two fields of a dynamic credential come from one lease."""
    version: int | None = None
    """Of a KV v2 secret; `None`: the newest."""
    encoding: Encoding = "utf8"
    """How the store's text encodes the bytes; they are decoded before delivery."""
    missing: Missing = field(default_factory=Missing)
    deliver: Deliver = "value"
    mode: int = 0o600

    @property
    def source(self) -> str:
        """`store:path#field`, for people."""
        return f"{self.store}:{self.path}#{_spelled(self.selector)}"


def _spelled(selector: Selector) -> str:
    match selector:
        case Field(keys=keys):
            return ".".join(keys)
        case Jsonata(expression=expression):
            return expression
        case AllKeys(keep_case=keep_case):
            return "**" if keep_case else "*"


@dataclass(frozen=True, kw_only=True, slots=True)
class Template:
    """A text made of named secrets, rendered in the Jinja sandbox."""

    name: str
    text: str
    deliver: Deliver = "file"
    mode: int = 0o600


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaks:
    """What a finding does to the job."""

    on_leak: Literal["fail", "warn"] = "fail"
    on_contained: Literal["fail", "warn"] = "warn"


@dataclass(frozen=True, kw_only=True, slots=True)
class Audit:
    """Where the trail goes."""

    file: Path | None = None
    required: bool = False
    """A failed append stops the exchange."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """A whole run. `origin` tells who wrote it; each store has its own (`--url` beside a file)."""

    origin: Literal["file", "workflow"]
    """`file` (the repository's own word), or `workflow` (options, action inputs, CI variables)."""
    path: Path | None = None
    stores: Mapping[str, StoreConfig] = field(default_factory=dict)
    secrets: tuple[SecretRequest, ...] = ()
    templates: tuple[Template, ...] = ()
    leaks: Leaks = field(default_factory=Leaks)
    audit: Audit = field(default_factory=Audit)
