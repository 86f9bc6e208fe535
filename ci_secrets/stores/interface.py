"""What ci-secrets asks of a place where secrets live. One folder beside this file per kind."""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from ci_secrets.config.model import SecretRequest
from ci_secrets.secret import Credential, Lease, Secret

Mint = Callable[[str], Secret]
"""Audience → JWT. Given by the job, so that a store never imports a platform."""


class Outcome(enum.StrEnum):
    """How the end of one token or lease went."""

    REVOKED = "revoked"
    """Seen alive before and gone after (decision 3)."""
    GONE = "already gone"
    """Not there when we came: expired, or revoked by somebody else."""
    UNPROVEN = "unproven"
    """Revoked as far as the store says, but we could not see it (rights, no first look-up)."""
    QUEUED = "queued, not seen"
    """Its parent token was revoked; the store will end it, we did not wait (signal)."""
    UNKNOWN = "not known"
    """A login was never answered: the store may have made a token, which nobody has."""
    EXPIRES = "cannot be revoked"
    """A batch token, or one whose uses are spent: it ends at `expires_at`."""
    REFUSED = "refused"
    FAILED = "failed"
    """The store tried and could not (a failing revocation statement): it is alive."""
    UNREACHABLE = "unreachable"

    @property
    def closed(self) -> bool:
        """Whether nothing is left for an operator to do."""
        return self in (
            Outcome.REVOKED,
            Outcome.GONE,
            Outcome.UNPROVEN,
            Outcome.QUEUED,
            Outcome.UNKNOWN,
        )

    @property
    def proven(self) -> bool:
        """Whether a change was seen."""
        return self in (Outcome.REVOKED, Outcome.GONE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Closing:
    """The end of one token or lease, for the report; holds no secret."""

    store: str
    kind: Literal["token", "lease"]
    id: str
    """The accessor of a token, the id of a lease."""
    outcome: Outcome
    detail: str = ""
    """Why not proven or not closed, one sentence."""
    expires_at: float | None = None
    """Unix seconds until which it may live where it is not closed."""
    command: str = ""
    """For an operator: the command that ends it by hand."""
    policy: str = ""
    """Policy lines to paste that would have made the proof possible."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TokenInfo:
    """What the store told of the token that it gave; not secret."""

    accessor: str
    kind: Literal["service", "batch"]
    ttl_seconds: int
    renewable: bool
    policies: tuple[str, ...] = ()
    period_seconds: int = 0
    num_uses: int = 0
    """0: unlimited."""
    issued_at: float = 0.0

    @property
    def expires_at(self) -> float:
        """Unix seconds."""
        return self.issued_at + self.ttl_seconds


@dataclass(frozen=True, kw_only=True, slots=True)
class Notice:
    """Something that the user should know: `warning` or `note`, one sentence each."""

    level: Literal["warning", "note"]
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What a fetch brought."""

    credentials: tuple[Credential, ...]
    leases: tuple[Lease, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What one round of keeping did."""

    next_in_seconds: float
    """When `keep` wants to be called again."""
    notices: tuple[Notice, ...] = ()
    new_credentials: Mapping[str, Secret] = field(default_factory=dict)
    """Tokens that were minted meanwhile: needles from now on, and to be sealed."""


CloseReason = Literal["end", "leak", "signal"]


class Session(Protocol):
    """A login at one store. Safe to use from many threads."""

    @property
    def store(self) -> str:
        """The store's name in the configuration."""

    @property
    def token(self) -> TokenInfo:
        """The newest token. Reading it may wait for a look-up that runs beside the first fetch."""

    @property
    def first_token(self) -> TokenInfo:
        """The token as the login gave it, whatever became of it. Waits for nothing."""

    @property
    def notices(self) -> tuple[Notice, ...]:
        """Of the login: a batch token, limited uses, no default policy, CIDR bounds … May wait."""

    def own_credentials(self) -> Mapping[str, Secret]:
        """Token and login credentials, by what they are (`vault token`); always needles."""

    def fetch(self, requests: Sequence[SecretRequest]) -> Fetched:
        """All values of these requests, or an error and nothing.

        Requests with equal (path, payload, version) are one call. Raises `RefusedError`,
        `UnreachableError`, `SecretMissingError`, `ConfigError`. Leases that were minted before the
        error are in `leases()` all the same.
        """

    def leases(self) -> tuple[Lease, ...]:
        """The ledger: every lease that this session minted, without values."""

    def on_lease(self, tell: Callable[[], None]) -> None:
        """Call `tell` with each lease that comes from now on: `keep` is to look at it soon."""

    def heartbeat(self, ttl_seconds: int) -> None:
        """Lower the token's TTL, so that a killed job's credentials die by themselves.

        Only for renewable, non-periodic service tokens of unlimited uses; for others it does
        nothing. From then on `keep` holds the token up.
        """

    def keep(self, mint: Mint | None) -> Kept:
        """Renew what needs it now; log in again where a token cannot be renewed further.

        `mint` is `None` where the platform cannot give another JWT. Raises `UnreachableError` or
        `RefusedError` when a credential will be lost.
        """

    def wrap(self, text: str, ttl_seconds: int) -> Secret:
        """A token that gives a text to whoever shows it first, within its TTL; it outlives us.

        Raises `RefusedError`, `UnreachableError`.
        """

    def close(self, reason: CloseReason, exposed: Sequence[str] = ()) -> list[Closing]:
        """End everything that this session minted, with proof (decision 3); never raises.

        `exposed`: lease ids that leaked, first. Calling it again tries again what is not closed.
        """

    def handover(self) -> dict[str, Any]:
        """What `Store.resume` needs in another process, as JSON types. HOLDS THE TOKEN: seal it."""


class Store(Protocol):
    """One configured store."""

    def login(self, mint: Mint) -> Session:
        """Trade the job's identity for a session.

        Raises `IdentityError`, `RefusedError`, `UnreachableError`, `ConfigError`. Nothing that was
        minted is left alive when it raises, as far as that can be known.
        """

    def resume(self, handover: Mapping[str, Any]) -> Session:
        """The session that `handover()` described, in order to close it."""

    def unwrap(self, token: Secret) -> str:
        """The text that `Session.wrap` wrapped. Works once; needs no login.

        Raises `RefusedError` where somebody was faster, or it was made elsewhere.
        """
