"""Our own process made unreadable to others, and the end of those that we start with ours.

The command line imports this before any command runs, so it imports little.
"""

import ctypes
import os
import resource
import signal
import sys
from typing import Final

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
"""Source: linux/prctl.h."""

# NOTE: looked up here, so that the child calls it between fork and exec without taking any lock.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

_core_limit: tuple[int, int] | None = None
"""The core file limit that we were started with; CMD gets it back."""


def harden() -> None:
    """Let no other process of this user read our memory, and leave no core file."""
    global _core_limit
    if _core_limit is None:
        _core_limit = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, _core_limit[1]))
    if _prctl is not None:
        _prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def die_with(parent: int) -> None:
    """Be killed when the thread of process `parent` that forked us ends (Linux only)."""
    if _prctl is not None:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the line above
            os.kill(os.getpid(), signal.SIGKILL)


def restore_core_limit() -> None:
    """Have the core file limit that we were started with again; for CMD."""
    if _core_limit is not None:
        resource.setrlimit(resource.RLIMIT_CORE, _core_limit)
