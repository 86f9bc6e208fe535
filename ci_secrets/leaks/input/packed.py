"""Opens gzip and Zstandard files and zip archives, within each other and within a budget.

A zip of GitHub's logs holds every line twice, as `1_build.txt` and as `build/2_step.txt`. Both are
scanned and both are told, for both are downloaded; a finding has the same fingerprint in either,
so that it is accepted or traced as one.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO, TYPE_CHECKING, Final, NoReturn, Protocol, cast

from ci_secrets.leaks.findings import CoverageState
from ci_secrets.leaks.input.beside import beside
from ci_secrets.leaks.input.source import BROKEN, CHUNK, Budget, Source, Stream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_UNPACKED: Final = 4 * 1024**3
"""Bytes that one path may unpack to; what lies behind them is reported as missing."""
MAX_IN_MEMORY: Final = 256 * 1024**2
"""Bytes of a zip archive that comes through a pipe or lies inside another archive."""
MAX_DEPTH: Final = 3
"""Archives within archives."""
NAMES: Final = (".gz", ".zst", ".zip")
_MANY: Final = 0xFFFF
"""Stands for a count that is told elsewhere (Zip64)."""
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without members
# NOTE: so little is fed at a time that little comes out at a time, even of a bomb: some 16 MB
_SLICE: Final = 512
_MAX_WINDOW: Final = 2**27
"""Bytes that a Zstandard frame may refer back to: what `zstd --long` writes, and `zstd` reads."""


def unpacked(
    name: str,
    stream: Stream,
    budget: Budget | None = None,
    depth: int = 0,
    *,
    named: bool = True,
) -> Iterator[Source]:
    """The text of a stream, or those of its members; each to be read before the next.

    `named`: whether the name tells the kind of this stream, and not of what it came out of.
    """
    try:
        head = stream.peek(4)[:4]
    except BROKEN:
        yield Source(name, None, "none")
        return
    budget_here = budget or Budget(MAX_UNPACKED)
    if depth < MAX_DEPTH and head.startswith((_GZIP, _ZSTD)):
        yield from _compressed(name, stream, head, budget_here, depth + 1)
    elif depth < MAX_DEPTH and head.startswith(_ZIP):
        yield from _archive(name, stream, budget_here, depth + 1)
    else:
        # NOTE: too deep, or not what its name says: what is in it was not seen
        sealed = head.startswith((_GZIP, _ZSTD, *_ZIP)) or (named and name.endswith(NAMES))
        yield Source(name, stream, "none" if sealed else "complete", budget)


def _compressed(
    name: str, stream: Stream, head: bytes, budget: Budget, depth: int
) -> Iterator[Source]:
    kept = _Kept(stream)
    frames = _Frames(kept, _gzip_frame if head.startswith(_GZIP) else _zstd_frame)
    state: CoverageState = "none"
    for source in unpacked(name, io.BufferedReader(frames, CHUNK), budget, depth, named=False):
        yield source
        state = source.state
    if frames.broken:
        yield Source(name, kept.again(), state, budget)


class _Kept(io.RawIOBase):
    """Passes bytes on, and keeps the latest: where they cannot be unpacked they are scanned."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._latest = b""
        self._again = False

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read on."""
        view = memoryview(buffer).cast("B")
        if self._again and self._latest:
            data = self._latest[: len(view)]
            self._latest = self._latest[len(data) :]
        else:
            data = self._stream.read1(len(view))
            if not self._again:
                self._latest = data
        view[: len(data)] = data
        return len(data)

    def again(self) -> io.BufferedReader:
        """What was read last, and what is still to be read."""
        self._again = True
        return io.BufferedReader(self, CHUNK)


class _Frame(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _gzip_frame() -> _Frame:
    return zlib.decompressobj(zlib.MAX_WBITS | 16)


def _zstd_frame() -> _Frame:
    from zstandard import ZstdDecompressor

    return ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()


class _Frames(io.RawIOBase):
    """What comes out of frames that follow each other. Raises `OSError` where one is damaged.

    NOTE: readers of the libraries take a frame of Zstandard that breaks off for one that ends, and
    lose what came out of a frame before the damage.
    """

    def __init__(self, stream: io.RawIOBase, begin: Callable[[], _Frame]) -> None:
        self._stream = io.BufferedReader(stream, CHUNK)
        self._begin = begin
        self._frame: _Frame | None = None
        self._fed = b""
        self._ready = b""
        self.broken = False
        """Whether the frames end in damage."""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read on."""
        view = memoryview(buffer).cast("B")
        while not self._ready:
            self._fed = self._fed or self._stream.read1(_SLICE)
            if self._frame is None:
                self._fed = self._fed.lstrip(b"\0")  # what fills up a tape
            if not self._fed and not self._stream.peek(1):
                if self._frame is None:
                    return 0
                self._break()
            if self._fed:
                self._unpack()
        data = self._ready[: len(view)]
        self._ready = self._ready[len(data) :]
        view[: len(data)] = data
        return len(data)

    def _unpack(self) -> None:
        self._frame = self._frame or self._begin()
        try:
            self._ready = self._frame.decompress(self._fed)
        except Exception:  # NOTE: each library has its own
            self._break()
        self._fed = b""
        if self._frame.eof:
            self._fed = self._frame.unused_data
            self._frame = None

    def _break(self) -> NoReturn:
        self.broken = True
        raise OSError from None


def _archive(name: str, stream: Stream, budget: Budget, depth: int) -> Iterator[Source]:
    try:
        content = _seekable(stream, budget, in_archive=depth > 1)
    except BROKEN:
        yield Source(name, None, "none")
        return
    try:
        archive = zipfile.ZipFile(content)
        whole = _declared_members(content) in (len(archive.infolist()), _MANY)
    except BROKEN:
        content.seek(0)  # NOTE: the members may stand in it all the same
        yield Source(name, io.BufferedReader(cast("io.RawIOBase", content)), "none", budget)
        return
    with archive:
        for info in archive.infolist():
            if budget.left < 0:
                whole = False
                break
            if not info.is_dir():
                yield from _member(f"{name}!/{info.filename}", archive, info, budget, depth)
        files = (info for info in archive.infolist() if not info.is_dir())
        yield Source(name, beside(content, files), "complete" if whole else "tail-missing")


def _member(
    name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget, depth: int
) -> Iterator[Source]:
    try:
        opened = archive.open(info)
    except BROKEN:
        yield Source(name, None, "none")
        return
    with opened:
        yield from unpacked(name, cast("zipfile.ZipExtFile", opened), budget, depth)


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
