"""ci-secrets: short-lived credentials for a pipeline, shown to nobody, gone when the job ends.

The public API: `exchange()`, `scan()`, `redact()`, `Secret` and the errors. `ci_secrets.testing`
has an issuer, a development server and CI stands for tests. Everything else is private.
"""

from typing import TYPE_CHECKING

from ci_secrets.errors import (
    AuditBrokenError,
    CiSecretsError,
    ConfigError,
    IdentityError,
    LeakedError,
    NotClosedError,
    OutputRefusedError,
    RefusedError,
    SecretMissingError,
    UnreachableError,
    UsageError,
)

if TYPE_CHECKING:
    from ci_secrets.api import exchange, redact, scan
    from ci_secrets.secret import Secret

__version__ = "0.1.0"

__all__ = [
    "AuditBrokenError",
    "CiSecretsError",
    "ConfigError",
    "IdentityError",
    "LeakedError",
    "NotClosedError",
    "OutputRefusedError",
    "RefusedError",
    "Secret",
    "SecretMissingError",
    "UnreachableError",
    "UsageError",
    "exchange",
    "redact",
    "scan",
]

# NOTE: imported when asked for: every CI step pays for what this package imports at its start.
_LATER = {
    "Secret": "ci_secrets.secret",
    "exchange": "ci_secrets.api",
    "redact": "ci_secrets.api",
    "scan": "ci_secrets.api",
}


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in _LATER:
        raise AttributeError(f"module 'ci_secrets' has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
