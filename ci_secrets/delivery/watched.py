"""A process that is no child of ours, and whether it has ended."""

import os
from collections.abc import Collection
from typing import Final

_POLL_SECONDS: Final = 1.0
"""How often to look where the kernel tells nothing."""


class Watched:
    """One process; it may become another program meanwhile."""

    def __init__(self, process: int) -> None:
        self._process = process
        self._descriptor: int | None = None
        try:
            if hasattr(os, "pidfd_open"):
                self._descriptor = os.pidfd_open(process)
        except OSError:  # an old kernel, or it has ended already
            pass

    @property
    def descriptors(self) -> list[int]:
        """Readable when it has ended; empty where the kernel does not tell."""
        return [] if self._descriptor is None else [self._descriptor]

    @property
    def poll_seconds(self) -> float | None:
        """How often to ask `ended` when nothing else happens."""
        return _POLL_SECONDS if self._descriptor is None else None

    def ended(self, readable: Collection[int]) -> bool:
        """Whether it is gone; `readable` are those of `descriptors` that are."""
        if self._descriptor is not None:
            return self._descriptor in readable
        try:
            os.kill(self._process, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # it runs as somebody else by now
        return False
