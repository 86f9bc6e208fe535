"""The values that must not be seen, and what is known of their lives."""

import time
from dataclasses import dataclass, field
from typing import NoReturn


class Secret:
    """A value that prints as `***` wherever it goes; only `reveal()` and `text()` return it.

    Holds bytes, so that every value of every store is kept without loss. Cannot be pickled,
    hashed or put in JSON by accident. Two secrets compare in constant time.
    """

    __slots__ = ("_value",)

    def __init__(self, value: bytes | str) -> None:
        self._value = _encoded(value) if isinstance(value, str) else bytes(value)

    def reveal(self) -> bytes:
        """The value itself. Every call of this is a place to look at in a review."""
        return self._value

    def text(self) -> str:
        """The value as text. Raises `ValueError`, without the value, if it is not UTF-8."""
        try:
            return self._value.decode()
        except UnicodeDecodeError:
            pass  # NOTE: raised below, for as a context it would carry the value along
        msg = "the value is not UTF-8 text"
        raise ValueError(msg)

    def __len__(self) -> int:
        """The length in bytes."""
        return len(self._value)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        import hmac  # NOTE: brings OpenSSL along, and is seldom needed

        return hmac.compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]  # NOTE: a hash of a short value is the value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __reduce__(self) -> NoReturn:
        msg = "a Secret is not pickled"
        raise TypeError(msg)


def _encoded(text: str) -> bytes:
    """The bytes of a text; those of an environment variable that is not UTF-8 come back too."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        pass  # NOTE: as in `text()`
    msg = "the value is not Unicode text"
    raise ValueError(msg)


@dataclass(frozen=True, kw_only=True, slots=True)
class Lease:
    """A promise of the store that ends: of a dynamic credential, or of the token itself."""

    lease_id: str
    """The store's name for it; not secret. For Vault also what look-up and revoke take."""
    path: str
    """Where it was read, such as `database/creds/app`."""
    ttl_seconds: int
    """What the store granted, never what was asked for."""
    renewable: bool
    issued_at: float = field(default_factory=time.time)
    """Unix seconds, by our clock, when the answer arrived."""

    @property
    def expires_at(self) -> float:
        """Unix seconds."""
        return self.issued_at + self.ttl_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """One named value, ready to be delivered."""

    name: str
    """The name that the user gave: of the variable, the output or the file."""
    value: Secret
    source: str
    """`store:path#field`, for people and for the audit trail; not secret."""
    lease_id: str | None = None
    """The lease that it lives on; `None` for a static value."""
    deliver: str = "value"
    """`value` (environment or output), `file`, or `none` (for templates only)."""
    output_name: str | None = None
    """Where the CI's output is to have another name than the variable."""
    mode: int = 0o600
    """Of the file, where `deliver` is `file`."""
