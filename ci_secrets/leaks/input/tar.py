"""Reads a tar archive once, from its beginning to its end: its members, and what is beside them."""

import io
import re
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from ci_secrets.leaks.input.source import BROKEN, CHUNK, Ahead, Budget, Reader, Stream

_HEAD: Final = tarfile.BLOCKSIZE
_MAX_LABEL: Final = 1024**2
"""Bytes of a name, or of the fields of a member: more are none."""
_FIELDS: Final = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_LABELS: Final = (
    *_FIELDS,
    tarfile.XGLTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
"""What stands before the header of a member, or of all, and has a header of its own."""
_FIELD: Final = re.compile(rb"\d+ (path|size)=(.*)\n")
_MORE_HOLES: Final = 482
"""Where the header of a sparse file says that more of its map follows."""
_STILL_MORE_HOLES: Final = 504
"""The same, in that."""


def is_tar(head: bytes) -> bool:
    """Whether a tar archive begins so: its first header has the right checksum."""
    try:
        _header(head)
    except tarfile.HeaderError:
        return False
    return True


def _header(block: bytes) -> tarfile.TarInfo:
    return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")


class Tar:
    """An archive. With a budget what lies in it as it is costs nothing: it was not unpacked."""

    def __init__(self, stream: Stream, budget: Budget | None) -> None:
        self._stream = stream
        self._budget = budget
        self._beside = bytearray()
        self._fields: dict[bytes, bytes] = {}
        """What was said of the next member before its header."""
        self.whole = False
        """Whether it ends in what says that it ends, and what others wrote behind that."""

    def members(self) -> Iterator[tuple[str | None, Stream]]:
        """Name and data of each, to be read before the next; no name: some of what is beside them.

        Ends where there is no header any more.
        """
        with suppress(tarfile.HeaderError, *BROKEN):
            while block := self._take(_HEAD):
                if any(block):
                    yield from self._member(_header(block), block)
                self.whole = not any(block)
                if len(self._beside) > CHUNK:
                    yield None, io.BufferedReader(io.BytesIO(self._beside))
                    self._beside.clear()

    def rest(self) -> Stream:
        """What is beside the last members, and what cannot be told for members."""
        return io.BufferedReader(Ahead(bytes(self._beside), self._stream), CHUNK)

    def _member(self, info: tarfile.TarInfo, block: bytes) -> Iterator[tuple[str, Stream]]:
        if info.type in _LABELS:
            self._note(info)
            return
        fields, self._fields = self._fields, {}
        self._pass_map(info, block)
        if info.isreg() or info.type not in tarfile.SUPPORTED_TYPES:
            size = int(fields.get(b"size", info.size))
            if size < 0:
                raise tarfile.HeaderError
            name = fields.get(b"path")
            part = _Part(self._stream, size, self._budget)
            shown = name.decode("utf-8", "surrogateescape") if name else info.name
            yield shown, io.BufferedReader(part, CHUNK)
            part.skip()
            self._take(-size % _HEAD)

    def _take(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._beside += data
        return data

    def _note(self, info: tarfile.TarInfo) -> None:
        if not 0 <= info.size <= _MAX_LABEL:
            raise tarfile.HeaderError
        label = self._take(info.size)
        self._take(-info.size % _HEAD)
        if info.type == tarfile.GNUTYPE_LONGNAME:
            self._fields[b"path"] = label.partition(b"\0")[0]
        elif info.type in _FIELDS:
            self._fields.update(_FIELD.findall(label))

    def _pass_map(self, info: tarfile.TarInfo, block: bytes) -> None:
        """Source: GNU tar, `struct sparse_header`."""
        more = info.type == tarfile.GNUTYPE_SPARSE and block[_MORE_HOLES]
        while more and len(self._beside) < _MAX_LABEL:
            more = self._take(_HEAD)[_STILL_MORE_HOLES]


class _Part(Reader):
    """The next so many bytes of a stream. Raises `EOFError` where there are fewer."""

    def __init__(self, stream: Stream, size: int, budget: Budget | None) -> None:
        self._stream = stream
        self._left = size
        self._budget = budget

    def some(self, most: int) -> bytes:
        """Read on."""
        data = self._stream.read1(min(self._left, most)) if self._left else b""
        if self._left and not data:
            raise EOFError
        self._left -= len(data)
        if self._budget:
            self._budget.left += len(data)
        return data

    def skip(self) -> None:
        """Pass over what was not read."""
        while self._left:
            self.read(CHUNK)
