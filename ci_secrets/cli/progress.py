"""How far long work is, for people who wait: a bar on a terminal, erased at the end."""

import time
from types import TracebackType
from typing import Final, Self, TextIO

PATIENCE: Final = 1.0
"""Seconds after which one wants to know."""
_BETWEEN: Final = 0.1
_WIDTH: Final = 30
_ERASE: Final = "\r\x1b[K"
_UNITS: Final = ("B", "kB", "MB", "GB", "TB")


class Progress:
    """Call it with bytes done and bytes in all, as often as you like; silent off a terminal."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._began = time.monotonic()
        self._next = self._began + PATIENCE if stream.isatty() else float("inf")
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
            self._write(_ERASE + shown(done, total, done / (now - self._began)))

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            self._next = float("inf")  # nobody looks any more


def shown(done: int, total: int, speed: float) -> str:
    """The line: a bar, what is done of all, bytes in a second."""
    # NOTE: the directory of a zip archive is read twice, and a file may have grown meanwhile
    part = min(1.0, done / total) if total else 1.0
    bar = "=" * int(part * _WIDTH)
    return f"[{bar:<{_WIDTH}}] {part:4.0%} of {_size(total)}, {_size(speed)}/s"


def _size(count: float) -> str:
    for unit in _UNITS[:-1]:
        if count < 999.5:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.0f} {_UNITS[-1]}"
