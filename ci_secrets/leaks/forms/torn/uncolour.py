"""Takes escape sequences out of a stream, for the redactor."""

import re
from typing import Final, NamedTuple

LONGEST: Final = 64
"""Bytes of an escape sequence; a longer one is text."""
_BODY: Final = rb"[^\x00-\x1f]{0,60}"
# NOTE: whether a sequence is whole depends on its own bytes alone, so pieces of any size do
_SEQUENCE: Final = re.compile(
    rb"\x1b(?:\[[0-?]{0,48}[ -/]{0,8}[@-~]"
    rb"|[\]P^_X]" + _BODY + rb"(?:\x07|\x1b\\)"
    rb"|[ -/]{1,8}[0-~]"
    rb"|[0-OQ-WYZ\\`-~])"
    rb"|(?P<unfinished>\x1b(?:\[[0-?]{0,48}[ -/]{0,8}|[\]P^_X]" + _BODY + rb"\x1b?|[ -/]{1,8})?\Z)"
)
"""Source: ECMA-48 §5.4 and §5.6, ECMA-35 §13.2."""


class Run(NamedTuple):
    """Text that was kept in one piece."""

    text: bytes
    start: int
    """Offset of its first byte in the stream."""


class Uncoloured:
    """A stream without escape sequences: control sequences, titles and links, two-byte ones.

    A sequence that has begun is held back until its end, for `LONGEST` bytes at most. How the
    stream is cut into pieces changes nothing but where runs are parted.
    """

    def __init__(self, offset: int = 0) -> None:
        self._held = b""
        self._end = offset

    @property
    def read(self) -> int:
        """Offset behind the last byte of which is known whether it is text."""
        return self._end - len(self._held)

    def feed(self, piece: bytes) -> list[Run]:
        """The next bytes of the stream → what of them, and of what was held, is text."""
        if not self._held and b"\x1b" not in piece:
            run = Run(piece, self._end)
            self._end += len(piece)
            return [run] if piece else []
        data, base = self._held + piece, self._end - len(self._held)
        self._held = b""
        self._end = base + len(data)
        runs = []
        at = 0
        for match in _SEQUENCE.finditer(data):
            if match.start() > at:
                runs.append(Run(data[at : match.start()], base + at))
            at = match.end()
            if match["unfinished"] is not None:
                self._held = match.group()
        if at < len(data):
            runs.append(Run(data[at:], base + at))
        return runs

    def close(self) -> list[Run]:
        """The end of the stream: a sequence that was not finished is text."""
        held, self._held = self._held, b""
        return [Run(held, self._end - len(held))] if held else []
