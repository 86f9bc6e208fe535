"""A file that somebody writes to: what was appended, and whether it is still the same one."""

import os
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.input.source import CHUNK
from ci_secrets.leaks.input.utf16 import BOMS
from ci_secrets.paths import look

REMEMBERED: Final = 4096
"""Bytes before the next ones that are looked at again: where they differ, the file was cut."""


class File:
    """An open file, and how far it has been read. It is closed when nobody has it any more."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._latest = b""
        self.read = 0
        """Bytes."""
        self.lines = self.columns = 0
        """Of what was read: whole lines, and bytes behind them."""
        self.cut = False
        """Whether what stood there once does so no more: the file holds another text."""

    def __del__(self) -> None:
        os.close(self._descriptor)

    def again(self) -> "File":
        """The same file from its beginning."""
        return File(os.dup(self._descriptor))

    @property
    def grown(self) -> bool:
        """Whether there is more to read."""
        return os.fstat(self._descriptor).st_size > self.read

    @property
    def is_utf16(self) -> bool:
        """Whether it begins with the mark of that."""
        return os.pread(self._descriptor, len(BOMS[0]), 0).startswith(BOMS)

    def stands_at(self, path: str) -> bool:
        """Whether it is still what the path leads to, or nothing else is yet."""
        here = look(path)
        if here.kind != "file" or here.found is None:
            return True  # it was moved away: the next one may come, and this one be written to
        return os.path.samestat(os.fstat(self._descriptor), here.found)

    def chunks(self) -> Iterator[bytes]:
        """What was appended, and an empty chunk behind it; nothing where the file was cut.

        NOTE: it may have been cut and have grown again meanwhile, so that its size tells nothing.
        """
        before = self.read
        while chunk := self._next():
            yield chunk
        if self.read > before:
            yield b""

    def _next(self) -> bytes:
        behind = self.read - len(self._latest)
        text = os.pread(self._descriptor, len(self._latest) + CHUNK, behind)
        if not text.startswith(self._latest):
            self.cut = True
            return b""
        chunk = text[len(self._latest) :]
        self._latest = text[-REMEMBERED:]
        self.read += len(chunk)
        self.lines += chunk.count(b"\n")
        begun = chunk.rfind(b"\n") + 1
        self.columns = len(chunk) - begun + (0 if begun else self.columns)
        return chunk


def opened(path: str) -> File | None:
    """The file at the path; `None` where it cannot be opened."""
    try:
        return File(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        return None
