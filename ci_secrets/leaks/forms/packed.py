"""Compressed data: gzip, zlib, raw deflate, bzip2, xz, Zstandard, and members of zip archives.

A tar archive needs no reader: it holds its members as they are.
"""

import bz2
import lzma
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, Protocol

from ci_secrets.leaks.forms.deflated import alone_deflate, alone_gzip, alone_zlib, spell_deflate
from ci_secrets.leaks.forms.heads import MAGIC as MAGIC
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Read, indivisible

MAX_UNPACKED: Final = 4 * 1024 * 1024
"""Bytes after which no more is unpacked from one place; what lies behind them is not seen."""
MIN_UNPACKED: Final = 6
# NOTE: so little is fed at a time that at most 2 MB come out at a time, even of a bomb. bzip2 and
# xz can hold more than that in a few bytes, but can be told how much to give.
_SLICE: Final = 64
_PART: Final = 1024 * 1024
_MAX_MEMORY: Final = 72 * 1024 * 1024
"""Bytes; the highest level of xz takes 65 MiB, of which only what is unpacked is touched."""
_FIRST_OFFSETS: Final = 4
"""Raw deflate has no magic; it is tried at so many offsets of a text, and of so many lines."""
_HEAD: Final = 256
_LINE: Final = re.compile(rb"\n(?=.{6})", re.DOTALL)
_PRINTABLE: Final = bytes((9, 10, 13, *range(32, 127)))


class _Unpacker(Protocol):
    """What zlib, bz2, lzma and zstandard have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _unzstd() -> _Unpacker:
    import zstandard

    return zstandard.ZstdDecompressor().decompressobj()


_Make = Callable[[], _Unpacker]
_inflate: Final = partial(zlib.decompressobj, -zlib.MAX_WBITS)


class _Unpacked(NamedTuple):
    text: bytes
    end: int
    """Where the packed data end."""
    sound: bool
    """Whether there was no mistake in it; it may still be cut off."""


def _parts(unpacker: _Unpacker, fed: bytes) -> Iterator[bytes]:
    """What comes out of one slice, some at a time."""
    if not isinstance(unpacker, bz2.BZ2Decompressor | lzma.LZMADecompressor):
        yield unpacker.decompress(fed)
        return
    yield unpacker.decompress(fed, _PART)
    while not (unpacker.needs_input or unpacker.eof):
        yield unpacker.decompress(b"", _PART)


def _unpack(make: _Make, text: bytes, start: int, budget: Budget) -> _Unpacked:
    """As much as comes out of what begins at `start`."""
    parts: list[bytes] = []
    room = MAX_UNPACKED
    at = start
    try:
        unpacker = make()
        # NOTE: what is fed is paid for as well, before, or false starts would be free
        while at < len(text) and room > 0 and not unpacker.eof and budget.spend(_SLICE):
            fed = text[at : at + _SLICE]
            at += len(fed)
            for part in _parts(unpacker, fed):
                parts.append(part)
                room -= len(part)
                if not budget.spend(len(part)) or room <= 0:
                    break
        return _Unpacked(b"".join(parts), at - len(unpacker.unused_data), sound=True)
    except Exception:  # NOTE: each library has its own, and none may stop a scan
        return _Unpacked(b"".join(parts), at, sound=False)


def _itself(_text: bytes, start: int) -> int:
    return start


def _behind_zip_header(text: bytes, start: int) -> int:
    """Source: PKWARE APPNOTE 4.3.7: the lengths of name and extra field are its last fields."""
    name, extra = struct.unpack_from("<HH", text, start + 26)
    return start + 30 + int(name) + int(extra)


def _read(
    magic: re.Pattern[bytes],
    make: _Make,
    text: bytes,
    budget: Budget,
    data: Callable[[bytes, int], int] = _itself,
) -> Iterator[Piece]:
    """Wherever the magic is. `data` tells where the packed data of a header begin."""
    at = 0
    while budget.left > 0 and (match := magic.search(text, at)):
        start = match.start()
        unpacked = _unpack(make, text, data(text, start), budget)
        if len(unpacked.text) >= MIN_UNPACKED:
            yield indivisible(unpacked.text, (start, unpacked.end))
        at = unpacked.end if unpacked.sound and unpacked.text else start + 1


def _read_deflate(text: bytes, budget: Budget) -> Iterator[Piece]:
    """The beginning of a text that is none. Noise soon has a mistake in it, so that is refused."""
    head = text[:_HEAD]
    if len(head.translate(None, _PRINTABLE)) * 10 < len(head):
        return
    for start in _beginnings(text):
        unpacked = _unpack(_inflate, text, start, budget)
        if unpacked.sound and len(unpacked.text) >= MIN_UNPACKED:
            yield indivisible(unpacked.text, (start, unpacked.end))


def _beginnings(text: bytes) -> Iterator[int]:
    """Where deflate may begin: at the text itself, and at its lines, which other readers made."""
    yield from range(min(_FIRST_OFFSETS, len(text)))
    for line in islice(_LINE.finditer(text, _FIRST_OFFSETS), _FIRST_OFFSETS):
        yield line.end()


def _reader(magic: bytes, make: _Make) -> Read:
    return partial(_read, re.compile(magic, re.DOTALL), make)


FORMS: Final[dict[str, Form]] = {
    "gzip": Form(
        words="gzip",
        alone=alone_gzip,
        read=_reader(rb"\x1f\x8b\x08[\x00-\x1f]", partial(zlib.decompressobj, 16 + zlib.MAX_WBITS)),
    ),
    "zlib": Form(
        words="zlib",
        alone=alone_zlib,
        read=_reader(rb"\x78[\x01\x5e\x9c\xda]", zlib.decompressobj),
    ),
    "deflate": Form(words="deflate", spell=spell_deflate, alone=alone_deflate, read=_read_deflate),
    "bzip2": Form(words="bzip2", read=_reader(rb"BZh[1-9]1AY&SY", bz2.BZ2Decompressor)),
    "xz": Form(
        words="xz",
        # NOTE: or the format before it: properties, size of the dictionary, size (often not told)
        read=_reader(
            rb"\xfd7zXZ\x00|\x5d\x00\x00.[\x00-\x04](?:\xff{8}|.{4}\x00{4})",
            partial(lzma.LZMADecompressor, lzma.FORMAT_AUTO, _MAX_MEMORY),
        ),
    ),
    "zstd": Form(words="Zstandard", read=_reader(rb"\x28\xb5\x2f\xfd", _unzstd)),
    "zip": Form(
        words="zip",
        read=partial(
            _read,
            # NOTE: method 8, deflate; the others have a magic of their own, or leave text as it is
            re.compile(rb"PK\x03\x04.{4}\x08\x00(?=.{20})", re.DOTALL),
            _inflate,
            data=_behind_zip_header,
        ),
    ),
}
