"""Bytes from CMD, through a filter, to a descriptor that we inherited: one loop, one thread."""

import errno
import fcntl
import math
import os
import select
import stat
import struct
import termios
import time
from collections.abc import Collection, Sequence
from typing import Final, Protocol

READ_BYTES: Final = 64 * 1024
"""Of one read: what a Linux pipe holds."""
_PAUSE_SECONDS: Final = 0.0005
"""After as long without a byte, a stream pauses: a prompt is shown, and somebody reads it."""


class Filter(Protocol):
    """What redacts a stream. Any chunking of the input gives the same output in sum."""

    def feed(self, chunk: bytes) -> bytes:
        """Take the next bytes; return those that are certain by now."""

    def idle(self) -> bytes:
        """The input pauses: return what need not wait for more of it."""

    def finish(self) -> bytes:
        """The input has ended: return what was held back."""


class Stream:
    """One way from CMD's end of a pipe or terminal (`source`) to our own 1 or 2 (`sink`).

    Reads only when all that was read before is written: a slow reader slows CMD, as it would
    without us, and memory stays flat. When the sink fails, the source is closed, so that CMD gets
    SIGPIPE or EIO at its next write. Unfiltered bytes never leave, whatever fails.
    """

    def __init__(self, source: int, sink: int, redactor: Filter) -> None:
        os.set_blocking(source, False)
        self.source: int | None = source
        self.sink = sink
        self.failure: OSError | None = None
        """Why the sink took no more."""
        self._filter = redactor
        self._pending = memoryview(b"")
        self._owed = 0
        self._restless = False
        self._last_read = 0.0
        # NOTE: the sink may be blocking, and its flags are shared with other processes, so that
        # we must not change them. A pipe that polls writable takes PIPE_BUF bytes at once.
        regular = stat.S_ISREG(os.fstat(sink).st_mode)
        self._write_bytes = READ_BYTES if regular else select.PIPE_BUF

    @property
    def pending(self) -> bool:
        """Whether filtered bytes wait for the sink."""
        return bool(self._pending)

    @property
    def unwritten(self) -> str:
        """Why the sink took no more though somebody would read it; empty where it did, or is gone.

        Whoever is not read any more gets SIGPIPE, and says by its own code what that means to it.
        """
        if self.failure is None or self.failure.errno == errno.EPIPE:
            return ""
        return os.strerror(self.failure.errno or 0).lower()

    @property
    def open(self) -> bool:
        """Whether more may come out of it."""
        return self.source is not None or self.pending

    @property
    def may_pause(self) -> bool:
        """Whether the filter is to be told when nothing more comes for a moment."""
        return self._restless and not self.pending and self.source is not None

    @property
    def owes(self) -> bool:
        """Whether something that CMD wrote before its end is still to be passed on."""
        return self.pending or (self.source is not None and self._owed > 0)

    def wants(self) -> dict[int, int]:
        """Descriptor → poll events to wait for. The sink's errors are always listened to."""
        if self.pending:
            return {self.sink: select.POLLOUT}
        if self.source is not None:
            return {self.source: select.POLLIN, self.sink: 0}
        return {}

    def happened(self, events: dict[int, int]) -> None:
        """Act on what poll reported."""
        at_sink = events.get(self.sink, 0)
        if at_sink & select.POLLOUT:
            self._write()
        elif at_sink:
            self._fail(OSError(errno.EPIPE, os.strerror(errno.EPIPE)))
        if self.source is not None and self.source in events:
            self._read()
        elif self.may_pause and time.monotonic() >= self._last_read + _PAUSE_SECONDS:
            self._restless = False
            self._keep(self._filter.idle())

    def count_owed(self) -> None:
        """CMD has ended: what is in the pipe now is owed, however slow the sink is."""
        if self.source is not None:
            answer = fcntl.ioctl(self.source, termios.FIONREAD, b"\0" * 4)
            self._owed = struct.unpack("i", answer)[0]

    def settle(self) -> None:
        """Pass on what the filter has held back, as if the input ended here; more may come."""
        self._keep(self._filter.finish())

    def end_input(self) -> None:
        """Close the source and take what the filter has held back; once only."""
        if self.source is None:
            return
        self.close()
        self._keep(self._filter.finish())

    def close(self) -> None:
        """Close the source, if it still is open, and pass nothing on."""
        if self.source is not None:
            os.close(self.source)
            self.source = None

    def _read(self) -> None:
        assert self.source is not None  # noqa: S101 # the only caller has looked
        try:
            chunk = os.read(self.source, READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            if error.errno != errno.EIO:  # the end of a terminal
                raise
            chunk = b""
        if chunk:
            self._owed -= len(chunk)
            self._restless = True
            self._last_read = time.monotonic()
            self._keep(self._filter.feed(chunk))
        else:
            self.end_input()

    def _keep(self, filtered: bytes) -> None:
        if self.failure is None and filtered:
            # Not written here: only poll knows whether the sink takes it without blocking.
            self._pending = memoryview(bytes(self._pending) + filtered)

    def _write(self) -> None:
        try:
            written = os.write(self.sink, self._pending[: self._write_bytes])
        except BlockingIOError:
            return
        except OSError as error:
            self._fail(error)
            return
        self._pending = self._pending[written:]

    def _fail(self, error: OSError) -> None:
        self.failure = error
        self._pending = memoryview(b"")
        self.end_input()


def turn(
    streams: Sequence[Stream],
    wake: int,
    timeout_seconds: float | None,
    others: Collection[int] = (),
) -> list[int]:
    """Wait until something can be done, for `timeout_seconds` at most, and do it.

    `wake` is the descriptor that signals write to; it is emptied. Returns which of the `others`
    can be read.
    """
    wanted = dict.fromkeys((wake, *others), select.POLLIN)
    for stream in streams:
        wanted |= stream.wants()
    poll = select.poll()
    for descriptor, events in wanted.items():
        poll.register(descriptor, events)
    if any(stream.may_pause for stream in streams):
        happened = dict(poll.poll(0))
        if not happened:
            time.sleep(_PAUSE_SECONDS)  # NOTE: poll waits for a millisecond at least
            happened = dict(poll.poll(0))
    else:
        # NOTE: rounded up, or the last millisecond would be spent in a busy loop.
        milliseconds = None if timeout_seconds is None else math.ceil(timeout_seconds * 1000)
        happened = dict(poll.poll(milliseconds))
    if wake in happened:
        os.read(wake, READ_BYTES)
    for stream in streams:
        stream.happened(happened)
    return [descriptor for descriptor in others if descriptor in happened]
