"""What the parts of the development server say to each other: requests, answers, refusals."""

import datetime as dt
import re
import secrets
import string
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from ci_secrets.testing.vault.tokens import Token

Json = dict[str, Any]
Operation = Literal["read", "list", "write", "delete"]
SYSTEM_MAX_TTL: Final = 2_764_800
"""Seconds, 32 days: what a token or lease may live where nothing says otherwise.
Source: Vault's documentation, `max_lease_ttl`."""
_ALPHABET: Final = string.ascii_letters + string.digits
_DURATION: Final = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


@dataclass(kw_only=True, slots=True)
class Request:
    """One call, past HTTP. `path` has neither `/v1/` nor a leading slash."""

    operation: Operation
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Json = field(default_factory=dict)
    token_id: str = ""
    token: "Token | None" = None
    """Who asks; set once the token is known to be alive."""
    wrap_ttl_seconds: int = 0
    remote: str = "127.0.0.1"

    @property
    def caller(self) -> "Token":
        """Who asks, on a path that only tokens reach."""
        if self.token is None:
            raise denied()
        return self.token

    def need(self, name: str, otherwise: str | None = None) -> str:
        """A text from the body. Raises a 400 (`missing <name>`, or `otherwise`)."""
        value = self.body.get(name)
        if not isinstance(value, str) or not value:
            raise Refusal(400, otherwise or f"missing {name}")
        return value


@dataclass(kw_only=True, slots=True)
class Response:
    """One answer, before it becomes Vault's envelope."""

    data: Json | None = None
    auth: Json | None = None
    lease_id: str = ""
    lease_seconds: int = 0
    renewable: bool = False
    warnings: list[str] = field(default_factory=list)
    wrap_info: Json | None = None
    status: int = 200
    bare: bool = False
    """`data` alone is the body, without the envelope (`sys/health`); `None`: no body."""

    def envelope(self, mount_type: str) -> Json:
        """The body as Vault sends it."""
        return {
            "request_id": identifier("", 32),
            "lease_id": self.lease_id,
            "renewable": self.renewable,
            "lease_duration": self.lease_seconds,
            "data": self.data,
            "wrap_info": self.wrap_info,
            "warnings": self.warnings or None,
            "auth": self.auth,
            "mount_type": mount_type,
        }


class Refusal(Exception):  # noqa: N818  # it is an answer, not a failure of ours
    """An answer that is an error: a status and Vault's own words."""

    def __init__(self, status: int, *errors: str) -> None:
        super().__init__(status)
        self.status = status
        self.errors = errors


def several(status: int, *errors: str) -> Refusal:
    """A refusal in the shape of Go's multierror, which Vault lets out in many places."""
    plural = "error" if len(errors) == 1 else "errors"
    lines = "".join(f"\t* {error}\n" for error in errors)
    return Refusal(status, f"{len(errors)} {plural} occurred:\n{lines}\n")


def denied() -> Refusal:
    """The policies do not allow it."""
    return several(403, "permission denied")


def not_found() -> Refusal:
    """A 404 that says nothing, for a path of an existing mount."""
    return Refusal(404)


class Clock:
    """The server's time: the machine's when it began, and what has passed since.

    Moved by `advance` alone: where the machine's own clock is set, nothing ends before its time.
    """

    def __init__(self) -> None:
        self._began = time.time() - time.monotonic()
        self.offset_seconds = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self._began + time.monotonic() + self.offset_seconds


def timestamp(unix_seconds: float) -> str:
    """RFC 3339 in UTC, as Go prints it."""
    moment = dt.datetime.fromtimestamp(unix_seconds, dt.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def identifier(prefix: str, length: int) -> str:
    """Letters and digits that nobody can guess."""
    return prefix + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def seconds(value: object) -> int:
    """A duration as Vault takes it: a number of seconds, or `1h30m`. Raises a 400."""
    if value is None or value == "":
        return 0
    text = str(value)
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    match = _DURATION.fullmatch(text)
    if not match:
        raise Refusal(400, f"time: invalid duration {text!r}")
    days, hours, minutes, rest = (int(part or 0) for part in match.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def duration(total: int) -> str:
    """Seconds as Vault prints them in warnings: `1h30m`, `768h`."""
    hours, rest = divmod(total, 3600)
    parts = ((hours, "h"), (rest // 60, "m"), (rest % 60, "s"))
    return "".join(f"{count}{unit}" for count, unit in parts if count) or "0s"


def texts(value: object) -> list[str]:
    """A list of texts, given as a list or with commas. Empty where there is none."""
    if value is None:
        return []
    items = value if isinstance(value, list) else str(value).split(",")
    return [str(item).strip() for item in items if str(item).strip()]


def key_list(value: object) -> list[str]:
    """One text or a list of them, as a list; commas are part of a text here."""
    if isinstance(value, list):
        return [str(item) for item in value]
    return [str(value)] if value else []
