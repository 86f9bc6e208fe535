"""The trail: one JSON line an event, each bound to the one before, values never.

Who got what, from where, until when, and how it ended. Several runs and processes append to one
file; docs/audit.md has the fields and what `ci-secrets audit verify` can and cannot see.
"""

from ci_secrets.audit.links import load_key
from ci_secrets.audit.record import Head
from ci_secrets.audit.trail import Trail
from ci_secrets.audit.verify import Verified, verify

__all__ = ["Head", "Trail", "Verified", "load_key", "verify"]
