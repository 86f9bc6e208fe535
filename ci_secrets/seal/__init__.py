"""What start hands to end: one encrypted file a run, whose key never lies beside it.

Start and end of a job are two processes, and what end needs (values, leases, tokens) must not
stand on a disk in clear. In a directory of this user alone (see `place`) each run has, under one
random name:

    NAME.sealed   clear header line (JSON: which run, salt), then the frame (see `box`)
    NAME.closed   value-free tombstone (JSON), written when the run was closed, state removed after
    NAME.lock     empty; held by the process that uses the state, so that two never close one run

The key is HKDF-SHA256 of material that the platform keeps elsewhere. The header is associated data:
a state whose header was edited to belong to another run does not open. What one job hands to
another (`pack`, `unpack`) has the same form, and lies in no file.
"""

from ci_secrets.seal.parcel import pack, unpack
from ci_secrets.seal.search import Found, closed_meanwhile, find
from ci_secrets.seal.state import SealedState, new, open_state

__all__ = [
    "Found",
    "SealedState",
    "closed_meanwhile",
    "find",
    "new",
    "open_state",
    "pack",
    "unpack",
]
