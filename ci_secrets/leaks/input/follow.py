"""A log that is still being written: read on until the writer is done, or somebody says stop."""

import os
import select
import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Final

from ci_secrets.errors import UsageError
from ci_secrets.leaks.input.growing import File, opened
from ci_secrets.leaks.input.paths import STDIN
from ci_secrets.leaks.input.source import CHUNK, Source
from ci_secrets.paths import look
from ci_secrets.text import foreign

PAUSE: Final = 0.2
"""Seconds between two looks at a file; a pipe tells by itself."""
QUIET: Final = 10
"""Looks at a file that was moved away, by which nothing more came, until the next one is read."""
KEPT: Final = 16
"""Files that were moved away and are looked at again, for a writer that never opened the next."""
STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def until_signal() -> Iterator[threading.Event]:
    """Within: a signal to end sets the event, and nothing else; what was ignored stays ignored."""
    stop = threading.Event()
    before = {
        signum: signal.signal(signum, lambda *_: stop.set())
        for signum in STOPPING
        if signal.getsignal(signum) is not signal.SIG_IGN
    }
    try:
        yield stop
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def followed(path: str, stdin: IO[bytes], stop: threading.Event) -> Iterator[Source]:
    """The text of a file that grows, or of a pipe; each to be read before the next.

    Where nothing more has come for now, an empty chunk says so, once.
    A pipe ends with its writer. A file ends when `stop` is set, after what it holds by then; where
    it is cut or replaced, what comes from there on is another text of the same name, from line 1.
    What is written to a file after that is a text of that name as well, whose lines go on.
    Raises `UsageError` where there is no such file.
    """
    if path == STDIN:
        yield _Piped(stdin, stop)
        return
    _check(path)
    left: deque[File] = deque()
    file: File | None = opened(path)
    if file is None:
        yield Source(path, None, "none")
    while file:
        source = _Growing(path, file, stop)
        yield source
        yield from (_Rest(path, earlier) for earlier in left if earlier.grown)
        if not file.cut:
            left.append(file)
        if len(left) > KEPT:
            left.popleft()
        if source.following is None and not file.stands_at(path):
            yield Source(path, None, "none")  # what has taken its place cannot be opened
        file = source.following


def _check(path: str) -> None:
    here = look(path)
    if here.kind == "file":
        return
    why = {"nothing": "is not there", "unseen": f"cannot be looked at: {here.why}"}
    raise UsageError(
        f"{foreign(path)} {why.get(here.kind, 'is no regular file')}, so there is nothing to "
        "follow.",
        fix="Give one file that is there already, or - for standard input.",
    )


class _Piped(Source):
    """Standard input. Stopped before its end, its tail is missing."""

    def __init__(self, stdin: IO[bytes], stop: threading.Event) -> None:
        super().__init__(STDIN, None)
        self._stdin = stdin
        self._stop = stop

    def _read(self) -> Iterator[bytes]:
        descriptor = self._stdin.fileno()
        told = True
        try:
            while True:
                # NOTE: what stands in the pipe when we are stopped is still read
                stopped = self._stop.is_set()
                ready, _, _ = select.select([descriptor], [], [], 0 if stopped else PAUSE)
                if ready:
                    chunk = os.read(descriptor, CHUNK)
                    if not chunk:
                        return
                    self.bytes += len(chunk)
                    told = False
                    yield chunk
                elif stopped:
                    break
                elif not told:
                    told = True
                    yield b""
        except OSError:
            pass
        self.state = "tail-missing" if self.bytes else "none"


class _Growing(Source):
    """A file from its beginning to where it is stopped, cut or replaced."""

    def __init__(self, path: str, file: File, stop: threading.Event) -> None:
        super().__init__(path, None)
        self._path = path
        self._file = file
        self._stop = stop
        self.following: File | None = None
        """Another text to read under this name."""

    def _read(self) -> Iterator[bytes]:
        quiet = 0
        try:
            while True:
                stopped = self._stop.is_set()
                if self.following is None and not self._file.stands_at(self._path):
                    # NOTE: opened at once, for it may be moved away as well before it is read
                    self.following = opened(self._path)
                quiet = quiet + 1 if self.following else 0
                for chunk in self._file.chunks():
                    quiet = 0
                    self.bytes = self._file.read
                    yield chunk
                if self._file.cut:
                    self._begin_again()
                if stopped or self._file.cut or quiet > QUIET:
                    return
                self._stop.wait(PAUSE)
        except OSError:
            self.state = "tail-missing" if self.bytes else "none"

    def _begin_again(self) -> None:
        if self.following is None:
            self.following = self._file.again()
        else:
            self.state = "tail-missing"  # it was moved away, and then cut


class _Rest(Source):
    """What came into a file after it had been left; its places go on where they ended."""

    def __init__(self, path: str, file: File) -> None:
        super().__init__(path, None)
        self._file = file
        self._lines, self._columns = file.lines, file.columns

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column in the whole file."""
        return line + self._lines, column + (self._columns if line == 1 else 0)

    def _read(self) -> Iterator[bytes]:
        before = self._file.read
        try:
            for chunk in self._file.chunks():
                self.bytes = self._file.read - before
                yield chunk
            # NOTE: what began before the rest, and goes on in it, is in neither text
            whole = not (self._file.cut or self._file.is_utf16 or (self.bytes and self._columns))
        except OSError:
            whole = False
        self.state = "complete" if whole else "tail-missing"
