"""Whether packed data begin where their magic stands, and how far they go on."""

import re
import zlib
from base64 import b64decode, b85decode
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.clues import MAX_REACH

_HEADS: Final = {
    b"\x1f\x8b\x08": re.compile(rb"[\x00-\x1f]"),
    b"BZh": re.compile(rb"[1-9]1AY"),
    b"\xfd7zXZ": re.compile(b""),
    b"\x28\xb5\x2f\xfd": re.compile(b""),
    b"PK\x03\x04": re.compile(b""),
    b"\x5d\x00\x00": re.compile(rb".[\x00-\x04](?:\xff{8}|.{4}\x00{4})", re.DOTALL),
}
"""What packed data begin with, and what follows that: one pattern of all takes six times as long.

Source: RFC 1952, 8878; the file formats of bzip2, xz, lzma and zip.
"""
_ZLIB_HEADS: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
"""Source: RFC 1950; a window of 32 KiB, and the four levels."""
_ZLIB: Final = range(14, 65)
"""Bytes that zlib has at least where a value is in it, and in which noise is no zlib any more."""
_HEX: Final = re.compile(rb"[0-9A-Fa-f]+")
_HEX_GOES_ON: Final = re.compile(rb"(?:[0-9A-Fa-f]{2}[\s:-]?){8,24}")
_ESCAPED_ZLIB: Final = frozenset((rb"x\x9c", rb"x\xda", rb"x\x9C", rb"x\xDA"))
_ESCAPES: Final = re.compile(rb"(?:\\x[0-9A-Fa-f]{2}|\\[\\'\"abfnrtv]|\\0(?!\d)|[^\\\n]){0,64}")
_HEX_SPACE: Final = re.compile(rb"[\s:-]+")
_DIGITS: Final = re.compile(rb"[0-9a-fx ,:]+")
_DIGITS_GO_ON: Final = re.compile(rb"[0-9A-Fa-fTZx\s,.:|+-]{16}|[0-9A-Fa-fTZx\s,.:|+-]*\Z")
"""Also where a line ends, and the next begins with a time or a mark of `git diff`."""
_GOES_ON: Final = re.compile(rb"([0-9A-Za-z+/_-]{16,60})|(?:(?:[0-9A-Za-z+/_-]|%2[BFbf])\s*){16}")
"""In one piece; or wrapped, in percents: then a line may begin with its number, and nothing can be
undone."""
_LETTERS: Final = re.compile(rb"(?:[0-9A-Za-z+/_-]{4}){3,}")
_BASE64: Final = re.compile(rb"H4sI|e[JN]|Z(?=U[5p])|SDRz")
"""gzip and zlib in base64, and both in base64 again: their next letters can be undone."""
_BASE85: Final = re.compile(rb"ABzY[8G]")
"""gzip in base85: by chance so many letters hardly ever stand in a row."""
_DIGIT85: Final = rb"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]"
_BASE85_ZLIB: Final = re.compile(rb"c\$%b{3}(?:%b{5}){2,4}" % (_DIGIT85, _DIGIT85))
"""The first groups of zlib in base85, to be undone: `c$` ends words of shell and patterns, too."""
_STEP: Final = 512
_NOT_ENCODED: Final = bytes(
    byte for byte in range(256) if not (chr(byte).isascii() and chr(byte).isalnum())
)
_IN_TEXT: Final = bytes((0, 9, 10, 13, 27, *range(32, 127), *range(128, 256)))
"""Bytes of text of any language and charset, in colours, and of ASCII as UTF-16."""
_FEW_CONTROLS: Final = 16
"""Of the other bytes a step of packed data has 56, give or take 7 (one in nine)."""


def holds_packed(data: bytes) -> bool:
    """Whether packed data begin anywhere in it."""
    if data.isascii():
        return False  # NOTE: no packed data are
    return any(
        rest.match(data, at + len(begin))
        for begin, rest in _HEADS.items()
        for at in _places(data, begin)
    ) or any(
        is_zlib(data[at : at + _ZLIB[-1]]) for begin in _ZLIB_HEADS for at in _places(data, begin)
    )


def _places(data: bytes, literal: bytes) -> Iterator[int]:
    at = data.find(literal)
    while at >= 0:
        yield at
        at = data.find(literal, at + 1)


def is_zlib(data: bytes) -> bool:
    """Whether zlib begins it, and goes on for so long that it is nothing else."""
    head = data[: _ZLIB[-1]]
    return head.startswith(_ZLIB_HEADS) and len(head) in _ZLIB and _is_begun(head, zlib.MAX_WBITS)


def is_packed(text: bytes, end: int, magic: bytes) -> bool:
    """Whether a magic that ends there is no word: in its own letter case, and more follows."""
    if not text.endswith(magic, 0, end):
        return False
    word = magic if magic[:1].isalnum() and magic[:1] not in b"xX" else magic[1:]
    if magic in _ESCAPED_ZLIB:
        escapes = _ESCAPES.match(text, end)
        return escapes is None or _goes_on_escaped(magic + escapes.group())
    if word.startswith(b"c$"):
        run = _BASE85_ZLIB.match(text, end - len(word))
        return run is not None and _is_zlib_in_base85(run.group())
    if not word.isalnum():
        return not _DIGITS.fullmatch(magic) or _DIGITS_GO_ON.match(text, end) is not None
    if _BASE85.fullmatch(word):
        return True
    if _HEX.fullmatch(word):
        digits = _HEX_GOES_ON.match(text, end)
        return digits is not None and _may_be_zlib(word + digits.group())
    letters = _GOES_ON.match(text, end)
    if letters is None or not letters[1] or not _BASE64.match(word):
        return letters is not None
    return _goes_on_packed(word + letters[1])


def _may_be_zlib(digits: bytes) -> bool:
    """Whether hex that begins like zlib's goes on so: most digests that begin so do not."""
    head = bytes.fromhex(_HEX_SPACE.sub(b"", digits).decode())
    return head[:1] != b"x" or _is_begun(head, zlib.MAX_WBITS)


def _is_zlib_in_base85(letters: bytes) -> bool:
    """The same of what is base85 at all."""
    try:
        return _is_begun(b85decode(letters), zlib.MAX_WBITS)
    except ValueError:  # a group of five stands for more than four bytes hold: `c${id}_name`
        return False


def _goes_on_escaped(shown: bytes) -> bool:
    """The same of zlib as languages quote bytes, where all of them read it alike."""
    data = shown.decode("unicode_escape").encode("latin-1", "replace")
    return len(data) < _ZLIB[0] or _is_begun(data, zlib.MAX_WBITS)


def _goes_on_packed(letters: bytes) -> bool:
    """The same of base64 of either, once or twice."""
    while _BASE64.match(letters):
        whole = _LETTERS.match(letters)
        if whole is None:
            return False
        letters = b64decode(whole.group(), b"-_")
    return _is_begun(letters, zlib.MAX_WBITS | 32)  # NOTE: zlib or gzip, as the header says


def _is_begun(head: bytes, bits: int) -> bool:
    """Whether there is no mistake so far."""
    try:
        zlib.decompressobj(bits).decompress(head)
    except zlib.error:
        return False
    return True


def extent(text: bytes, start: int, dense: int) -> int:
    """How far encoded text goes on, of which so many eighths are letters and digits.

    Or packed data as they are.
    """
    end = start + 8 * _STEP
    while end < min(len(text), start + MAX_REACH):
        step = text[end - _STEP : end]
        encoded = 8 * len(step.translate(None, _NOT_ENCODED)) >= dense * len(step)
        if not encoded and len(step.translate(None, _IN_TEXT)) < _FEW_CONTROLS:
            break
        end += _STEP
    return end
