"""Takes escape sequences out of a stream, for the redactor."""

import re
from typing import Final

LONGEST: Final = 64
"""Bytes of an escape sequence; a longer one is text."""
_ESCAPE: Final = b"\x1b"
_BODY: Final = rb"[^\x00-\x1f]{0,60}+"
# NOTE: whether a sequence is whole depends on its own bytes alone, and where an escape stands that
# ends no string, one begins or none does: so pieces of any size do
_SEQUENCE: Final = re.compile(
    rb"\x1b\[[0-?]{0,48}+[ -/]{0,8}+[@-~]"
    rb"|\x1b(?:[\]P^_X]" + _BODY + rb"(?:\x07|\x1b\\)"
    rb"|[ -/]{1,8}+[0-~])"
)
"""Source: ECMA-48 §5.4 and §5.6, ECMA-35 §13.2.

But no sequences of two bytes: a value may stand behind an escape, and its first letter is no
command to the terminal.
"""
_UNFINISHED: Final = re.compile(
    rb"\x1b(?:\[[0-?]{0,48}+[ -/]{0,8}+|[\]P^_X]" + _BODY + rb"\x1b?|[ -/]{1,8}+)?\Z"
)


class Sequences:
    """A stream that is cut only where no escape sequence goes on.

    One that has begun is held back until its end, for less than `LONGEST` bytes.
    """

    def __init__(self) -> None:
        self.held = b""
        """What may be the beginning of a sequence."""

    def feed(self, piece: bytes) -> bytes:
        """The next bytes of the stream → what can be read of them, and of what was held."""
        text = self.held + piece
        begun = _UNFINISHED.search(text, max(0, len(text) - LONGEST))
        self.held = begun.group() if begun else b""
        return text[: begun.start()] if begun else text

    def close(self) -> bytes:
        """The end of the stream: a sequence that was not finished is text."""
        held, self.held = self.held, b""
        return held


def uncoloured(text: bytes) -> bytes:
    """The text without control sequences, titles and links."""
    if _ESCAPE not in text:
        return text
    return _SEQUENCE.sub(b"", text)


def blanked(text: bytes) -> bytes:
    """The text with a NUL for each byte of such a sequence: what is left stays in its place."""
    if _ESCAPE not in text:
        return text
    return _SEQUENCE.sub(lambda match: bytes(len(match.group())), text)


def begin_of_end(text: bytes, least: int) -> int:
    """Where a piece at the end of a text begins, of `least` bytes or more, that no sequence enters.

    All of the text where no line ends before.
    """
    start = max(0, len(text) - least)
    return text.rfind(b"\n", 0, start) + 1 if _ESCAPE in text else start
