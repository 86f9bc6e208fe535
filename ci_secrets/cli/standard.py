"""Standard input, output and error as every command may use them, whatever they are.

They may be non-blocking: that is a flag of the open file, and the job's other processes share it,
so that it is not ours to change. Python's own streams then take "not yet" for the end of the input,
and lose output.
"""

import io
import select
import sys
from typing import TYPE_CHECKING, TextIO

from ci_secrets.errors import OutputRefusedError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer


class Waiting(io.FileIO):
    """An inherited descriptor. Who reads or writes waits until that can be done."""

    def __init__(self, descriptor: int, mode: str) -> None:
        super().__init__(descriptor, mode, closefd=False)

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read what is there, one byte at least; 0 at the end."""
        while (count := super().readinto(buffer)) is None:
            self._wait(select.POLLIN)
        return count

    def read(self, size: int | None = -1) -> bytes:
        """As `readinto`."""
        return io.RawIOBase.read(self, -1 if size is None else size) or b""

    def readall(self) -> bytes:
        """To the end, as `readinto`."""
        return io.RawIOBase.readall(self)

    def write(self, data: "ReadableBuffer") -> int:
        """Write one byte at least, and say how many it were."""
        while (count := super().write(data)) is None:
            self._wait(select.POLLOUT)
        return count

    def _wait(self, event: int) -> None:
        poll = select.poll()
        poll.register(self, event)
        poll.poll()


class Output(Waiting):
    """Standard output. Raises `OutputRefusedError` where it cannot be written but has a reader."""

    def write(self, data: "ReadableBuffer") -> int:
        """As `Waiting`. Raises `BrokenPipeError` where nobody reads any more."""
        try:
            return super().write(data)
        except BrokenPipeError:
            raise
        except OSError as failure:
            raise OutputRefusedError(
                "Standard output cannot be written.", cause=failure.strerror or ""
            ) from None


def prepare() -> None:
    """Put streams that wait in the place of Python's own, before these have read anything."""
    if sys.stdin is not None:
        reader = io.BufferedReader(Waiting(sys.stdin.fileno(), "rb"))
        sys.stdin = io.TextIOWrapper(reader, sys.stdin.encoding, sys.stdin.errors)
    sys.stdout = _written(Output(sys.stdout.fileno(), "wb"), sys.stdout)
    sys.stderr = _written(Waiting(sys.stderr.fileno(), "wb"), sys.stderr)


def _written(raw: Waiting, pythons: TextIO) -> TextIO:
    writer = io.BufferedWriter(raw)
    lines = bool(pythons.line_buffering)
    # NOTE: a locale that lacks a character loses no line
    return io.TextIOWrapper(writer, pythons.encoding, "backslashreplace", line_buffering=lines)
