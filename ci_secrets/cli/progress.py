"""How far long work is, for people who wait: a bar on a terminal, erased at the end."""

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import Final, Self, TextIO

from ci_secrets.console import takes_escapes

PATIENCE: Final = 1.0
"""Seconds after which one wants to know."""
_BETWEEN: Final = 0.1
_WIDEST: Final = 30
_NARROWEST: Final = 10
"""Columns of a bar; where there are fewer the numbers stand alone."""
_COLUMNS: Final = 80
"""Of a terminal that does not say."""
_ERASE: Final = "\r\x1b[K"
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """Call it with bytes done and bytes in all, as often as you like; silent off a terminal."""

    def __init__(self, stream: TextIO, environment: Mapping[str, str]) -> None:
        self._stream = stream
        self._began = time.monotonic()
        drawing = takes_escapes(stream, environment)
        self._next = self._began + PATIENCE if drawing else float("inf")
        self._drawn = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._drawn:
            self._write(_ERASE)

    def __call__(self, done: int, total: int) -> None:
        """Show how far it is, if it is time to."""
        now = time.monotonic()
        if now >= self._next:
            self._next = now + _BETWEEN
            self._drawn = True
            speed = done / (now - self._began)
            self._write(_ERASE + shown(done, total, speed, _columns(self._stream)))

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._next = float("inf")  # nobody looks any more


def _columns(stream: TextIO) -> int:
    """Now: a window may be made narrower meanwhile."""
    try:
        return os.get_terminal_size(stream.fileno()).columns or _COLUMNS
    except (OSError, ValueError):
        return _COLUMNS


def shown(done: int, total: int, speed: float, columns: int) -> str:
    """The line: a bar, what is done of all, bytes in a second.

    The last column stays free, for a terminal may wrap there, and one row is all that is erased.
    """
    # NOTE: the directory of a zip archive is read twice, and a file may have grown meanwhile
    part = min(1.0, done / total) if total else 1.0
    told = f"{part:4.0%} of {_size(total)}, {_size(speed)}/s"
    width = min(_WIDEST, columns - 1 - len(f"[] {told}"))
    if width < _NARROWEST:
        return told.strip()[: columns - 1]
    return f"[{'=' * int(part * width):<{width}}] {told}"


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.0f} {_UNITS[-1]}"
