"""Standard input, output and error as every command may use them, whatever they are.

They may be non-blocking: that is a flag of the open file, and the job's other processes share it,
so that it is not ours to change. Python's own streams then take "not yet" for the end of the input,
and lose output.
"""

import io
import os
import select
import sys
from typing import TYPE_CHECKING, NoReturn, TextIO

from ci_secrets.errors import OutputRefusedError, UsageError

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
                "Standard output cannot be written.", cause=f"{failure.strerror}."
            ) from None


class ClosedInput(io.RawIOBase):
    """Standard input that is closed: who needs it is told, with `UsageError`."""

    def readable(self) -> bool:
        """Say yes, for who asks will read."""
        return True

    def readinto(self, _buffer: "WriteableBuffer") -> NoReturn:
        """Refuse."""
        raise UsageError(
            "Standard input is closed.",
            fix="Give this command its text through a pipe or `< FILE`.",
        )

    def fileno(self) -> NoReturn:
        """Refuse, for it would be waited for."""
        self.readinto(b"")


def prepare() -> None:
    """Put streams that wait in the place of Python's own, before these have read anything."""
    raw = ClosedInput() if sys.stdin is None else Waiting(0, "rb")
    occupy()
    sys.stdin = io.TextIOWrapper(io.BufferedReader(raw))
    sys.stdout = _written(Output(1, "wb"), by_line=os.isatty(1))
    sys.stderr = _written(Waiting(2, "wb"), by_line=True)


def occupy() -> None:
    """Fill a descriptor 0, 1 or 2 that is closed.

    To be called before anything is opened, so that no file of ours gets that number and is then
    written like standard output. Reads from it are at the end of file, writes fail with EBADF as
    before.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one, for the ones below are open by now.
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)


def _written(raw: Waiting, *, by_line: bool) -> TextIO:
    # NOTE: a locale that lacks a character loses no line
    writer = io.BufferedWriter(raw)
    return io.TextIOWrapper(writer, errors="backslashreplace", line_buffering=by_line)
