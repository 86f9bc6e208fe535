"""Speaks to people: short lines on stderr, errors with cause and cure, colour on terminals only."""

import sys
from collections.abc import Callable, Mapping
from typing import Final, Literal, TextIO

from ci_secrets.errors import CiSecretsError

Tone = Literal["plain", "good", "warn", "bad", "dim"]

_COLOURS: Final[dict[Tone, str]] = {
    "plain": "",
    "good": "\x1b[32m",
    "warn": "\x1b[33m",
    "bad": "\x1b[31m",
    "dim": "\x1b[2m",
}
_END: Final = "\x1b[0m"
PREFIX: Final = "ci-secrets: "

Annotate = Callable[[Literal["error", "warning", "notice"], str], str | None]


def takes_escapes(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether it is a terminal that does not show escapes as they are."""
    return stream.isatty() and environment.get("TERM") != "dumb"


class Console:
    """Lines on stderr. Texts that hold anything foreign have been through `text.foreign`.

    `annotate` is the platform's way to lift a warning or an error out of the log; `hide` replaces
    known values in a line, once there are any.
    """

    def __init__(self, stream: TextIO, *, colour: bool = False) -> None:
        self._stream: TextIO | None = stream
        self._colour = colour
        self._said: set[str] = set()
        self.annotate: Annotate = lambda _level, _message: None
        self.hide: Callable[[str], str] = lambda line: line

    @classmethod
    def standard(cls, environment: Mapping[str, str]) -> "Console":
        """On stderr; colour as NO_COLOR and the terminal say."""
        colour = takes_escapes(sys.stderr, environment) and not environment.get("NO_COLOR")
        return cls(sys.stderr, colour=colour)

    def say(self, line: str, tone: Tone = "plain") -> None:
        """One line."""
        self._write(PREFIX, line, tone)

    def detail(self, line: str, tone: Tone = "dim") -> None:
        """A line that belongs to the one before."""
        self._write("  ", line, tone)

    def warn(self, line: str) -> None:
        """A warning, once: lifted out of the log where the CI can."""
        if line in self._said:
            return
        self._said.add(line)
        lifted = self.annotate("warning", f"{PREFIX}{line}")
        if lifted is None:
            self._write(f"{PREFIX}warning: ", line, "warn")
        else:
            self._raw(lifted)

    def error(self, error: CiSecretsError) -> None:
        """What happened, the likely cause, what to change."""
        lifted = self.annotate("error", f"{PREFIX}{error.what}")
        if lifted is None:
            self._write(PREFIX, error.what, "bad")
        else:
            self._raw(lifted)
        if error.cause:
            self.detail(error.cause, "plain")
        for line in error.fix.splitlines():
            self.detail(line, "plain")

    def _write(self, prefix: str, line: str, tone: Tone) -> None:
        start = _COLOURS[tone] if self._colour else ""
        self._raw(start + prefix + line + (_END if start else ""))

    def _raw(self, line: str) -> None:
        # NOTE: stderr may be gone (closed pipe); then nobody reads, and the work must go on.
        try:
            if self._stream is not None:
                self._stream.write(self.hide(line) + "\n")
                self._stream.flush()
        except (OSError, ValueError):
            self._stream = None
