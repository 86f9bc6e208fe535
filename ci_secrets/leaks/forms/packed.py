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
from itertools import product
from typing import Final, NamedTuple, Protocol

from ci_secrets.leaks.forms.deflated import alone_deflate, alone_gzip, alone_zlib, spell_deflate
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Read, indivisible

MAX_UNPACKED: Final = 4 * 1024 * 1024
"""Bytes after which no more is unpacked from one place; what lies behind them is not seen."""
MIN_UNPACKED: Final = 6
# NOTE: so little is fed at a time that at most 2 MB come out at a time, even of a bomb. bzip2 and
# xz can hold more than that in a few bytes, but can be told how much to give.
_SLICE: Final = 64
_PART: Final = 1024 * 1024
_MAX_MEMORY: Final = 64 * 1024 * 1024
_FIRST_OFFSETS: Final = 4
"""Raw deflate has no magic; it is tried at so many offsets of a text."""
_HEAD: Final = 256
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
    for start in range(min(_FIRST_OFFSETS, len(text))):
        unpacked = _unpack(_inflate, text, start, budget)
        if unpacked.sound and len(unpacked.text) >= MIN_UNPACKED:
            yield indivisible(unpacked.text, (start, unpacked.end))


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
        read=_reader(rb"\xfd7zXZ\x00", partial(lzma.LZMADecompressor, lzma.FORMAT_XZ, _MAX_MEMORY)),
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

_BEFORE: Final = (b" ", b"\n", b'"', b"'", b"=", b":")
"""What stands before a text in base64 or hex whose own head is too short to be looked for."""
_HEX_HEADS: Final = (
    b"1f8b0800",
    b"1f8b0808",  # with the name of the file
    b"28b52ffd",
    b"fd377a585a00",
    b"314159265359",  # bzip2 of any level
    b"504b0304",
)

MAGIC: Final[tuple[bytes, ...]] = (
    *map(bytes.fromhex, (head.decode() for head in _HEX_HEADS)),
    *_HEX_HEADS,
    *(head.upper() for head in _HEX_HEADS if head != head.upper()),
    rb"\x1f\x8b\x08",
    b"1f 8b 08 0",
    b"1f8b 080",
    b"28 b5 2f fd",
    b"28b5 2ffd",
    b"H4sI",
    b"SDRzSUF",  # and that in base64
    b"KLUv/",
    b"KLUv_",
    b"/Td6WFoA",
    b"_Td6WFoA",
    b"TFBWSZT",  # bzip2 of any level
    b"UEsDB",
    b"D6FQQA",  # gzip in base32
    *map(b"".join, product(_BEFORE, (b"eJw", b"eJx", b"eJy", b"eJz"))),
    *map(b"".join, product(_BEFORE, (b"eNo", b"eNp", b"eNq", b"eNr"))),
    *map(b"".join, product((*_BEFORE, b"x", b"X"), (b"789c", b"78da", b"789C", b"78DA"))),
)
"""By these, of four bytes or more, packed data are noticed: raw, in base64, in hex.

zlib (two bytes) only behind a separator, at the usual and the highest level; what is long enough is
noticed by its length. Raw deflate has no head at all.
"""
