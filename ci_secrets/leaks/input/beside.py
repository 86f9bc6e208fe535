"""What stands in a zip archive beside its members' data, where no unpacker shows it.

Names and comments, members that its directory does not list, and what others wrote before or behind
it (`echo … >> logs.zip`).
"""

import io
import struct
import zipfile
from collections.abc import Iterable, Iterator
from typing import IO, Final

from ci_secrets.leaks.input.source import CHUNK, Reader

_HEADER: Final = struct.Struct("<4s22xHH")
"""Before each member: a mark, and the lengths of its name and of more that follow. Source: PKWARE
APPNOTE 4.3.7."""
_MARK: Final = b"PK\x03\x04"


def beside(content: IO[bytes], members: Iterable[zipfile.ZipInfo]) -> io.BufferedReader:
    """All of an archive but the data of these members, and the marks that data follow."""
    return io.BufferedReader(_Parts(content, _gaps(content, members)), CHUNK)


def _gaps(content: IO[bytes], members: Iterable[zipfile.ZipInfo]) -> Iterator[tuple[int, int]]:
    size = content.seek(0, io.SEEK_END)
    at = 0
    for start, end in sorted(_claimed(content, size, members)):
        if at < start:
            yield at, start
        at = max(at, end)
    yield at, size


def _claimed(
    content: IO[bytes], size: int, members: Iterable[zipfile.ZipInfo]
) -> Iterator[tuple[int, int]]:
    for member in members:
        at = member.header_offset
        # NOTE: a damaged directory may lead anywhere
        if 0 <= at < size - _HEADER.size:
            content.seek(at)
            mark, name, more = _HEADER.unpack(content.read(_HEADER.size))
            if mark == _MARK:
                data = at + _HEADER.size + name + more
                yield at, at + _HEADER.size
                yield data, data + member.compress_size


class _Parts(Reader):
    """Parts of a file, one after the other."""

    def __init__(self, content: IO[bytes], parts: Iterator[tuple[int, int]]) -> None:
        self._content = content
        self._parts = parts
        self._at = self._end = 0

    def some(self, most: int) -> bytes:
        """Read on."""
        while self._at >= self._end:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._at, self._end = part
        self._content.seek(self._at)
        data = self._content.read(min(self._end - self._at, most))
        self._at += len(data)
        return data
