"""Every error that this package raises on purpose, with the exit code that it ends in.

    CiSecretsError            1  internal
    ├── UsageError            2  the command line is wrong
    ├── ConfigError           3  ci-secrets.yaml, a selector or a setting is wrong
    ├── IdentityError         4  this job has no identity, or not a usable one
    ├── RefusedError          5  the store said no
    ├── UnreachableError      6  the store, or the CI's token endpoint, did not answer
    ├── SecretMissingError    7  the path or field does not exist
    ├── OutputRefusedError    8  a value cannot be delivered as asked
    ├── NotClosedError        9  a revoke was refused, failed or timed out; or the state is lost
    ├── AuditBrokenError     10  the audit trail is not whole
    └── LeakedError          11  a secret stands in the log

The codes are part of the contract (docs/exit-codes.md).
"""

from typing import ClassVar


class CiSecretsError(Exception):
    """What happened, the likely cause, and what to change.

    The first two are sentences, with a capital and a full stop; the third may be lines to paste.
    All are for people and hold no secret value, no response body and no URL with a query. Text
    that came from outside goes through `ci_secrets.text.foreign` first.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, cause: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cause = cause
        """The likely cause, one sentence; may be empty."""
        self.fix = fix
        """What to change; may be several lines, with YAML to paste."""


class UsageError(CiSecretsError):
    """The command line is wrong."""

    exit_code = 2


class ConfigError(CiSecretsError):
    """ci-secrets.yaml, a selector or a setting is wrong."""

    exit_code = 3


class IdentityError(CiSecretsError):
    """This job has no identity, or not one that can be used."""

    exit_code = 4


class RefusedError(CiSecretsError):
    """The store answered, and said no."""

    exit_code = 5


class UnreachableError(CiSecretsError):
    """The store or the token endpoint did not answer in time, or answered 5xx to the last try."""

    exit_code = 6
    answer_lost = False
    """Whether the request had gone out: the server may have acted on it."""


class SecretMissingError(CiSecretsError):
    """The path or the field does not exist in the store."""

    exit_code = 7


class OutputRefusedError(CiSecretsError):
    """A value cannot be delivered the way it was asked for; nothing was written."""

    exit_code = 8


class NotClosedError(CiSecretsError):
    """Something that this run opened may still be alive, or the state to close it is lost."""

    exit_code = 9


class AuditBrokenError(CiSecretsError):
    """The audit trail is not whole, or a required append failed."""

    exit_code = 10


class LeakedError(CiSecretsError):
    """A secret, in whatever form, stands in text that left us."""

    exit_code = 11
