"""Opens packed files, zip and tar archives, within each other and within a budget.

A zip of GitHub's logs holds every line twice, as `1_build.txt` and as `build/2_step.txt`. Both are
scanned and both are told, for both are downloaded; a finding has the same fingerprint in either,
so that it is accepted or traced as one.
"""

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import IO, Final, cast

from ci_secrets.leaks.findings import CoverageState
from ci_secrets.leaks.input.beside import beside
from ci_secrets.leaks.input.frames import (
    Frame,
    Frames,
    GzipFrame,
    Kept,
    bzip2_frame,
    xz_frame,
    zlib_frame,
    zstd_frame,
)
from ci_secrets.leaks.input.source import (
    BROKEN,
    CHUNK,
    Budget,
    Source,
    Stream,
    begun,
    peekable,
)
from ci_secrets.leaks.magic import is_zlib

MAX_UNPACKED: Final = 4 * 1024**3
"""Bytes that one path may unpack to; what lies behind them is reported as missing."""
MAX_IN_MEMORY: Final = 256 * 1024**2
"""Bytes of a zip archive that comes through a pipe or lies inside another archive."""
MAX_DEPTH: Final = 3
"""Archives within archives."""
_SEALED: Final = re.compile(
    rb"7z\xbc\xaf'\x1c|Rar!\x1a\x07|\x04\x22\x4d\x18|\x02\x21\x4c\x18|\x1f\x9d|LZIP[\0\1]|\x89LZO\0"
)
"""How begins what we do not unpack: 7z, rar, lz4 and its forerunner, compress, lzip, lzop."""
_SEALED_NAMES: Final = (".br", ".7z", ".rar", ".lz4", ".Z", ".lz", ".lzo", ".lzma")
NAMES: Final = (".gz", ".zst", ".bz2", ".xz", ".zip", *_SEALED_NAMES)
_MANY: Final = 0xFFFF
"""Stands for a count that is told elsewhere (Zip64)."""
_GZIP: Final = b"\x1f\x8b"
_FRAMES: Final[tuple[tuple[re.Pattern[bytes], Callable[[], Frame]], ...]] = (
    (re.compile(rb"\x28\xb5\x2f\xfd"), zstd_frame),
    (re.compile(rb"BZh[1-9](?:1AY&SY|\x17rE8P\x90)"), bzip2_frame),  # the second: without blocks
    (re.compile(rb"\xfd7zXZ\x00"), xz_frame),
)
_HEAD: Final = 512
"""Bytes by which a kind is known: those of the first header of a tar archive."""
_ZIP: Final = (b"PK\x03\x04", b"PK\x05\x06")  # the second: an archive without members


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
        head, stream = begun(stream, _HEAD)
    except BROKEN:
        yield Source(name, None, "none")
        return
    budget_here = budget or Budget(MAX_UNPACKED)
    labels: list[bytes] = []
    begin, is_zip, holds_tar = _frame(head, labels), head.startswith(_ZIP), _holds_tar(head)
    if depth == MAX_DEPTH or not (begin or is_zip or holds_tar):
        # NOTE: too deep, unknown to us, or not what its name says: what is in it was not seen
        packed = begin or is_zip or holds_tar or _SEALED.match(head)
        sealed = packed or (named and name.endswith(NAMES))
        yield Source(name, stream, "none" if sealed else "complete", budget)
    elif begin:
        yield from _compressed(name, stream, begin, labels, budget_here, depth + 1)
    elif is_zip:
        yield from _archive(name, stream, budget_here, depth + 1)
    else:
        yield from _tar(name, stream, budget_here, depth + 1, was_packed=budget is not None)


def _frame(head: bytes, labels: list[bytes]) -> Callable[[], Frame] | None:
    """What unpacks a file that begins so; what stands in the heads of gzip goes to `labels`."""
    if head.startswith(_GZIP):
        return partial(GzipFrame, labels)
    begins = (frame for magic, frame in _FRAMES if magic.match(head))
    return next(begins, zlib_frame if is_zlib(head) else None)


def _holds_tar(head: bytes) -> bool:
    if b"\0" not in head:
        return False  # NOTE: text, for which the reader of archives is not imported
    from ci_secrets.leaks.input.tar import is_tar

    return is_tar(head)


def _compressed(
    name: str,
    stream: Stream,
    begin: Callable[[], Frame],
    labels: list[bytes],
    budget: Budget,
    depth: int,
) -> Iterator[Source]:
    kept = Kept(stream)
    frames = Frames(kept, begin)
    state: CoverageState = "none"
    for source in unpacked(name, io.BufferedReader(frames, CHUNK), budget, depth, named=False):
        yield source
        state = source.state
    if any(labels):
        yield Source(name, peekable(io.BytesIO(b"\n".join(labels))), state)
    if frames.broken:
        yield Source(name, kept.again(), state, budget)


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
        members = [info for info in archive.infolist() if not info.is_dir()]
        seen = set()
        for info in members:
            if budget.left < 0:
                whole = False
                break
            for source in _member(f"{name}!/{info.filename}", archive, info, budget, depth):
                yield source
                seen.add(source.state)
        state: CoverageState = "complete" if whole else "tail-missing"
        # NOTE: who has read the names of what could not be read has seen nothing
        yield Source(name, beside(content, members), "none" if seen == {"none"} else state)


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


def _tar(
    name: str, stream: Stream, budget: Budget, depth: int, *, was_packed: bool
) -> Iterator[Source]:
    from ci_secrets.leaks.input.tar import Tar

    tar = Tar(stream, None if was_packed else budget)
    paid = budget if was_packed else None
    seen = set()
    for path, content in tar.members():
        if path is None:
            yield Source(name, content, budget=paid)
        else:
            for source in unpacked(f"{name}!/{path}", content, budget, depth):
                yield source
                seen.add(source.state)
        if budget.left < 0:
            yield Source(name, tar.rest(), "tail-missing", budget)
            return
    state: CoverageState = "complete" if tar.whole else "tail-missing"
    # NOTE: who has read the names of what could not be read has seen nothing
    yield Source(name, tar.rest(), "none" if seen == {"none"} else state, paid)


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
