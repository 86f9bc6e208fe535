"""Failures on demand, for tests of what a client does when its store misbehaves."""

import fnmatch
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(kw_only=True, slots=True)
class Fault:
    """What happens to the calls that it fits; made by `DevVault.inject`."""

    method: str
    path: str
    """A glob over the path without `/v1/`; `*` crosses slashes."""
    times_left: int | None
    """`None`: for ever."""
    status: int | None = None
    """Answer with it, and do nothing."""
    body: str = '{"errors": ["injected"]}'
    """Goes with `status`; may be empty."""
    headers: Mapping[str, str] = field(default_factory=dict)
    stall_seconds: float = 0.0
    """Wait before anything is done."""
    reset: bool = False
    """Break the connection, and do nothing."""
    drop_reply: bool = False
    """Do what is asked, then break the connection instead of answering."""
    drip_seconds: float = 0.0
    """Do what is asked, and wait so long before each byte of the answer's body."""
    hits: int = 0
    """Calls that it has met."""

    def fits(self, method: str, path: str) -> bool:
        """Whether it is meant for this call, and not used up."""
        wanted = self.method in ("*", method) and fnmatch.fnmatchcase(path, self.path)
        return wanted and self.times_left != 0


class Faults:
    """All that were injected; the oldest that fits is taken."""

    def __init__(self) -> None:
        self._all: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Put one in force."""
        self._all.append(fault)

    def clear(self) -> None:
        """Behave again."""
        self._all.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The fault for this call, counted."""
        with self._lock:
            for fault in self._all:
                if fault.fits(method, path):
                    fault.hits += 1
                    if fault.times_left is not None:
                        fault.times_left -= 1
                    return fault
        return None
