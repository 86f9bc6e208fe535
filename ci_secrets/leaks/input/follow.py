"""A log that is still being written: read on until the writer is done, or somebody says stop."""

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

from ci_secrets.errors import UsageError
from ci_secrets.leaks.input.paths import STDIN
from ci_secrets.leaks.input.source import CHUNK, Source
from ci_secrets.text import foreign

PAUSE: Final = 0.2
"""Seconds between two looks at a file; a pipe tells by itself."""
REMEMBERED: Final = 4096
"""Bytes before the next ones that are looked at again: where they differ, the file was cut."""
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
    Raises `UsageError` where there is no such file.
    """
    if path == STDIN:
        yield _Piped(stdin, stop)
        return
    if not Path(path).is_file():
        raise UsageError(
            f"There is no file {foreign(path)} to follow.",
            fix="Give one file that is there already, or - for standard input.",
        )
    while True:
        source = _Growing(path, stop)
        yield source
        if not source.replaced:
            return


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

    def __init__(self, path: str, stop: threading.Event) -> None:
        super().__init__(path, None)
        self._path = path
        self._stop = stop
        self._latest = b""
        self.replaced = False
        """Whether there is another text to read under this name."""

    def _read(self) -> Iterator[bytes]:
        try:
            with Path(self._path).open("rb", buffering=0) as file:
                while True:
                    stopped = self._stop.is_set()
                    self.replaced = self._is_renamed(file.fileno())
                    before = self.bytes
                    while chunk := self._next(file.fileno()):
                        yield chunk
                    if self.bytes > before:
                        yield b""
                    if stopped or self.replaced:
                        return
                    self._stop.wait(PAUSE)
        except OSError:
            self.state = "tail-missing" if self.bytes else "none"

    def _next(self, descriptor: int) -> bytes:
        """What was appended; empty where nothing was, and where the file was cut.

        NOTE: it may have been cut and have grown again meanwhile, so that its size tells nothing.
        """
        behind = self.bytes - len(self._latest)
        text = os.pread(descriptor, len(self._latest) + CHUNK, behind)
        if not text.startswith(self._latest):
            self.replaced = True
            return b""
        chunk = text[len(self._latest) :]
        self._latest = text[-REMEMBERED:]
        self.bytes += len(chunk)
        return chunk

    def _is_renamed(self, descriptor: int) -> bool:
        """Whether the file's name was given to another one (a rotated log)."""
        try:
            return not os.path.samestat(os.fstat(descriptor), Path(self._path).stat())
        except FileNotFoundError:
            return False  # it was moved away: the next one may come, and this one be written to
