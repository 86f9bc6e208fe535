"""One text to scan: its bytes, how far they could be read, and where they stand in the original."""

import io
import lzma
import struct
import zipfile
import zlib
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from typing import IO, TYPE_CHECKING, Final, cast

from ci_secrets.leaks.findings import CoverageState
from ci_secrets.leaks.input.utf16 import BOMS, Transcript

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK: Final = 256 * 1024
BROKEN: Final = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,  # an encrypted member
    NotImplementedError,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
)
"""What the readers of files and archives raise where there is nothing (more) to read."""

Stream = io.BufferedReader | zipfile.ZipExtFile
"""What can be peeked into, and read so that nothing is lost where the next read fails (`read1`)."""


def peekable(stream: IO[bytes]) -> Stream:
    """The same bytes, as a stream that can be peeked into."""
    if hasattr(stream, "peek"):
        return cast("Stream", stream)
    return io.BufferedReader(cast("io.RawIOBase", stream))


class Reader(io.RawIOBase):
    """A stream of what `some` gives."""

    @abstractmethod
    def some(self, most: int) -> bytes:
        """The next bytes, at most so many; none at the end."""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read on."""
        view = memoryview(buffer).cast("B")
        data = self.some(len(view))
        view[: len(data)] = data
        return len(data)


class Ahead(Reader):
    """What was read of a stream already, and then the stream."""

    def __init__(self, head: bytes, stream: Stream) -> None:
        self._head = head
        self._stream = stream

    def some(self, most: int) -> bytes:
        """Read on."""
        data = self._head[:most] or self._stream.read1(most)
        self._head = self._head[len(data) :]
        return data


def begun(stream: Stream, size: int) -> tuple[bytes, Stream]:
    """So many bytes that it begins with, however slowly they come, and the same stream."""
    head = stream.peek(size)[:size]
    if len(head) == size or stream.seekable():
        return head, stream
    head = b""
    with suppress(*BROKEN):  # NOTE: whoever reads on comes to it again
        while len(head) < size and (more := stream.read1(size - len(head))):
            head += more
    return head, io.BufferedReader(Ahead(head, stream), CHUNK)


class Budget:
    """How many more bytes may come out of the archives of one path."""

    def __init__(self, left: int) -> None:
        self.left = left


class Source:
    """Bytes under one name. `state` and `bytes` are known when `chunks` has been read to its end.

    A text that begins with the mark of UTF-16 is given as UTF-8; `place` leads back.
    """

    def __init__(
        self,
        name: str,
        stream: Stream | None,
        state: CoverageState = "complete",
        budget: Budget | None = None,
    ) -> None:
        self.name = name
        self.state: CoverageState = state
        self.bytes = 0
        """Read so far: what came out of an archive, and not what it was packed into."""
        self._stream = stream
        self._budget = budget
        self._transcript: Transcript | None = None

    def chunks(self) -> Iterator[bytes]:
        """The content, as far as it can be read and the budget lasts."""
        text = self._read()
        head = b""
        for chunk in text:
            head += chunk
            if len(head) >= len(BOMS[0]):
                break
        if head.startswith(BOMS):
            self._transcript = transcript = Transcript(head[: len(BOMS[0])])
            yield transcript.feed(head)
            for chunk in text:
                yield transcript.feed(chunk)
            yield transcript.finish()
        else:
            yield head
            yield from text

    def place(self, line: int, column: int) -> tuple[int, int]:
        """Line and column of a place in what `chunks` gave, in the bytes that were read."""
        if self._transcript is None:
            return line, column
        return line, self._transcript.column(line, column)

    def _read(self) -> Iterator[bytes]:
        try:
            while self._stream and (chunk := self._stream.read1(CHUNK)):
                if self._budget:
                    self._budget.left -= len(chunk)
                    if self._budget.left < 0:
                        self.state = "tail-missing"
                        return
                self.bytes += len(chunk)
                yield chunk
        except BROKEN:
            self.state = "tail-missing" if self.bytes else "none"
