"""Unpacks gzip, Zstandard, bzip2, xz and zlib: frames that follow each other."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Final, NoReturn, Protocol

from ci_secrets.leaks.input.source import CHUNK, Reader, Stream

# NOTE: so little is fed at a time that little comes out at a time, even of a bomb: some 16 MB.
# bzip2 and xz can hold more than that in a few bytes, but can be told how much to give.
_SLICE: Final = 512
_MAX_WINDOW: Final = 2**27
"""Bytes that a Zstandard frame may refer back to: what `zstd --long` writes, and `zstd` reads."""
_MAX_MEMORY: Final = 72 * 1024**2
"""Bytes that xz may take: its highest level takes 65 MiB."""
_MAX_HEAD: Final = 1024**2
"""Bytes of gzip out of which nothing comes: a longer name or comment is no name or comment."""
_FIXED: Final = 10
_HAS_MORE, _HAS_NAME, _HAS_COMMENT = 4, 8, 16


class Kept(Reader):
    """Passes bytes on, and keeps the latest: where they cannot be unpacked they are scanned."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._latest = b""
        self._again = False

    def some(self, most: int) -> bytes:
        """Read on."""
        if self._again and self._latest:
            data = self._latest[:most]
            self._latest = self._latest[len(data) :]
        else:
            data = self._stream.read1(most)
            if not self._again:
                self._latest = data
        return data

    def again(self) -> io.BufferedReader:
        """What was read last, and what is still to be read."""
        self._again = True
        return io.BufferedReader(self, CHUNK)


class _Unpacker(Protocol):
    """What zlib and zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


class Frame:
    """What begins, is fed, and ends somewhere in what it was fed."""

    def __init__(self, unpacker: _Unpacker) -> None:
        self._unpacker = unpacker

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        return self._unpacker.eof

    @property
    def holds_more(self) -> bool:
        """Whether more comes out before more is fed."""
        return False

    @property
    def unused_data(self) -> bytes:
        """What stands behind its end."""
        return self._unpacker.unused_data

    def decompress(self, data: bytes) -> bytes:
        """What comes out. Raises whatever the library does where it is damaged."""
        return self._unpacker.decompress(data)


class _PartedFrame(Frame):
    """A frame of bzip2 or xz."""

    def __init__(self, unpacker: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        super().__init__(unpacker)
        self._parted = unpacker

    @property
    def holds_more(self) -> bool:
        """As these libraries say."""
        return not (self._parted.needs_input or self._parted.eof)

    def decompress(self, data: bytes) -> bytes:
        """Some of it."""
        return self._parted.decompress(data, CHUNK)


class GzipFrame(Frame):
    """A frame of gzip. What its header holds (more fields, a name, a comment) goes to `labels`."""

    def __init__(self, labels: list[bytes]) -> None:
        super().__init__(zlib.decompressobj(zlib.MAX_WBITS | 16))
        self._labels = labels
        self._head: bytes | None = b""

    def decompress(self, data: bytes) -> bytes:
        """What comes out. Raises `zlib.error` where it is damaged."""
        text = super().decompress(data)
        if self._head is not None:
            self._head += data
            if text or self.eof:
                self._labels.append(_label(self._head))
                self._head = None
            elif len(self._head) > _MAX_HEAD:
                raise zlib.error
        return text


def _label(head: bytes) -> bytes:
    """Source: RFC 1952, 2.3."""
    flags, end = head[3], _FIXED
    if flags & _HAS_MORE:
        end += 2 + int.from_bytes(head[end : end + 2], "little")
    for flag in (_HAS_NAME, _HAS_COMMENT):
        if flags & flag:
            end = head.index(b"\0", end) + 1
    return head[_FIXED:end]


def zstd_frame() -> Frame:
    """A frame of Zstandard."""
    from zstandard import ZstdDecompressor

    return Frame(ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj())


def zlib_frame() -> Frame:
    """A stream of zlib."""
    return Frame(zlib.decompressobj())


def bzip2_frame() -> Frame:
    """A stream of bzip2."""
    return _PartedFrame(bz2.BZ2Decompressor())


def xz_frame() -> Frame:
    """A stream of xz."""
    return _PartedFrame(lzma.LZMADecompressor(lzma.FORMAT_XZ, _MAX_MEMORY))


class Frames(Reader):
    """What comes out of frames that follow each other. Raises `OSError` where one is damaged.

    NOTE: readers of the libraries take a frame of Zstandard that breaks off for one that ends, and
    lose what came out of a frame before the damage.
    """

    def __init__(self, stream: io.RawIOBase, begin: Callable[[], Frame]) -> None:
        self._stream = io.BufferedReader(stream, CHUNK)
        self._begin = begin
        self._frame: Frame | None = None
        self._fed = b""
        self._ready = b""
        self.broken = False
        """Whether the frames end in damage."""

    def some(self, most: int) -> bytes:
        """Read on."""
        while not self._ready:
            if self._frame is None or not self._frame.holds_more:
                self._feed()
                if not self._fed and self._frame is None:
                    return b""
            self._unpack()
        data = self._ready[:most]
        self._ready = self._ready[len(data) :]
        return data

    def _feed(self) -> None:
        """Have something to unpack, unless it ends here."""
        ended = False
        while not ended:
            self._fed = self._fed or self._stream.read1(_SLICE)
            ended = not self._fed
            if self._frame is None:
                self._fed = self._fed.lstrip(b"\0")  # what fills up a tape
            if self._fed:
                return
        if self._frame is not None:
            self._break()

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
