"""Opens what there is to scan: files, directories, gzip and zip archives, standard input.

Whatever cannot be read to its end is a source with its coverage, never a source that is left out.
"""

import gzip
import io
import lzma
import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Final, cast

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import CoverageState
from ci_secrets.text import foreign

MAX_UNPACKED: Final = 4 * 1024**3
"""Bytes that one path may unpack to; what lies behind them is reported as missing."""
MAX_IN_MEMORY: Final = 256 * 1024**2
"""Bytes of a zip archive that comes through a pipe or lies inside another archive."""
_MANY: Final = 0xFFFF
"""Stands for a count that is told elsewhere (Zip64)."""
MAX_DEPTH: Final = 3
"""Archives within archives."""
_CHUNK: Final = 256 * 1024
_GZIP: Final = b"\x1f\x8b"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without members
_BROKEN: Final = (
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

Stream = io.BufferedReader | gzip.GzipFile | zipfile.ZipExtFile
"""What can be peeked into, and read so that nothing is lost where the next read fails (`read1`)."""


class Budget:
    """How many more bytes may come out of the archives of one path."""

    def __init__(self, left: int) -> None:
        self.left = left


class Source:
    """Bytes under one name. `state` is known when `chunks` has been read to its end."""

    def __init__(
        self,
        name: str,
        stream: Stream | None,
        state: CoverageState = "complete",
        budget: Budget | None = None,
    ) -> None:
        self.name = name
        self.state: CoverageState = state
        self._stream = stream
        self._budget = budget

    def chunks(self) -> Iterator[bytes]:
        """The content, as far as it can be read and the budget lasts."""
        read = 0
        try:
            while self._stream and (chunk := self._stream.read1(_CHUNK)):
                if self._budget:
                    self._budget.left -= len(chunk)
                    if self._budget.left < 0:
                        self.state = "tail-missing"
                        return
                read += len(chunk)
                yield chunk
        except _BROKEN:
            self.state = "tail-missing" if read else "none"


def sources(paths: Iterable[str | Path], stdin: IO[bytes]) -> Iterator[Source]:
    """One source for each file and member, in a stable order; to be read before the next.

    `-` is standard input. Raises `UsageError` where a path does not exist.
    """
    for path in paths:
        if str(path) == "-":
            yield from _opened("-", _peekable(stdin))
        elif not os.path.lexists(path):
            raise UsageError(
                f"there is no file {foreign(path)}", fix="check the path that is to be scanned"
            )
        elif Path(path).is_dir():
            yield from _directory(Path(path))
        else:
            yield from _file(Path(path))


def _directory(top: Path) -> Iterator[Source]:
    missed: list[Source] = []
    count = 0
    for folder, subfolders, files in os.walk(
        top, onerror=lambda error: missed.append(Source(str(error.filename), None, "none"))
    ):
        subfolders.sort()
        for name in sorted(files):
            count += 1
            path = Path(folder, name)
            # NOTE: a pipe or a device in a directory would be waited for, and holds no log
            yield from _file(path) if path.is_file() else [Source(str(path), None, "none")]
    yield from missed
    if not count and not missed:
        yield Source(str(top), None, "none")


def _file(path: Path) -> Iterator[Source]:
    try:
        stream = path.open("rb")
    except OSError:
        yield Source(str(path), None, "none")
        return
    with stream:
        yield from _opened(str(path), stream)


def _peekable(stream: IO[bytes]) -> Stream:
    if hasattr(stream, "peek"):
        return cast("Stream", stream)
    return io.BufferedReader(cast("io.RawIOBase", stream))


def _opened(
    name: str,
    stream: Stream,
    budget: Budget | None = None,
    depth: int = 0,
    *,
    named: bool = True,
) -> Iterator[Source]:
    """`named`: whether the name tells the kind of this stream, and not of what it came out of."""
    try:
        head = stream.peek(4)[:4]
    except _BROKEN:
        yield Source(name, None, "none")
        return
    if depth < MAX_DEPTH and head.startswith(_GZIP):
        unpacked = gzip.GzipFile(fileobj=stream, mode="rb")
        yield from _opened(name, unpacked, budget or Budget(MAX_UNPACKED), depth + 1, named=False)
    elif depth < MAX_DEPTH and head.startswith(_ZIP):
        yield from _archive(name, stream, budget or Budget(MAX_UNPACKED), depth + 1)
    else:
        # NOTE: too deep, or not what its name says: what is in it was not seen
        sealed = head.startswith((_GZIP, *_ZIP)) or (named and name.endswith((".gz", ".zip")))
        yield Source(name, stream, "none" if sealed else "complete", budget)


def _archive(name: str, stream: Stream, budget: Budget, depth: int) -> Iterator[Source]:
    try:
        content = _seekable(stream, budget, in_archive=depth > 1)
        archive = zipfile.ZipFile(content)
        whole = _declared_members(content) in (len(archive.infolist()), _MANY)
    except _BROKEN:
        yield Source(name, None, "none")
        return
    with archive:
        for info in archive.infolist():
            if budget.left < 0:
                whole = False
                break
            if not info.is_dir():
                yield from _member(f"{name}!/{info.filename}", archive, info, budget, depth)
    if not whole:
        yield Source(name, None, "tail-missing")


def _member(
    name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget, depth: int
) -> Iterator[Source]:
    try:
        opened = archive.open(info)
    except _BROKEN:
        yield Source(name, None, "none")
        return
    with opened:
        yield from _opened(name, cast("zipfile.ZipExtFile", opened), budget, depth)


def _seekable(stream: Stream, budget: Budget, *, in_archive: bool) -> IO[bytes]:
    """An archive that a zip reader can jump about in. Raises `ValueError` where it is too big."""
    if stream.seekable() and not in_archive:
        return cast("IO[bytes]", stream)
    content = stream.read(MAX_IN_MEMORY + 1)
    if len(content) > MAX_IN_MEMORY:
        msg = "too big to be held in memory"
        raise ValueError(msg)
    budget.left -= len(content) if in_archive else 0
    return io.BytesIO(content)


def _declared_members(content: IO[bytes]) -> int:
    """How many members the end of an archive speaks of; `zipfile` does not compare them."""
    content.seek(0, io.SEEK_END)
    content.seek(max(0, content.tell() - 22 - 0xFFFF))  # the end record and the longest comment
    tail = content.read()
    (count,) = struct.unpack_from("<H", tail, tail.rindex(b"PK\x05\x06") + 10)
    return int(count)
