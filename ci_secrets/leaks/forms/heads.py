"""How packed data begin, in each form in which bytes are printed: by these a scan notices them.

A head has four bytes or more. zlib's own is two bytes, so it counts only behind a separator; what
is long enough is noticed by its length. Raw deflate has no head at all, but SAML names it.
"""

from collections.abc import Iterable
from itertools import product
from typing import Final

_BEFORE: Final = (
    *(b" ", b"\t", b"\n", b'"', b"'", b"=", b":"),
    *(b"/", b">", b"(", b"[", b",", b"|"),
)
"""What stands before a text whose own head is too short to be looked for."""
_RAW: Final = (
    "1f8b0800",
    "1f8b0808",  # with the name of the file
    "28b52ffd",
    "fd377a585a00",
    "314159265359",  # bzip2 of any level
    "504b0304",
    "5d000080",  # lzma as it was before xz, of the usual level
)


def _hex() -> Iterable[bytes]:
    for head in _RAW:
        yield from (head.encode(), head.upper().encode())
    yield from _behind((b"789c", b"78da", b"789C", b"78DA"), (*_BEFORE, b"x", b"X"))


def _behind(heads: Iterable[bytes], before: Iterable[bytes] = _BEFORE) -> Iterable[bytes]:
    return map(b"".join, product(before, heads))


_DUMPED: Final = frozenset({"hex", "dump"})
_LISTED: Final = frozenset({"decimal", "dump"})
_BASE64: Final = frozenset({"base64", "base64url"})
_IN_ADDRESS: Final = _BASE64 | {"percent"}
"""Base64 whose signs may be percent-encoded, as in addresses and web forms."""
_ROWS: Final[tuple[tuple[frozenset[str], Iterable[bytes]], ...]] = (
    (frozenset(), map(bytes.fromhex, _RAW)),
    (_DUMPED, _hex()),
    (_DUMPED, (b"1f 8b 08 0", b"1f8b 080", b"8b1f 000", b"8b1f 080", b"28 b5 2f fd", b"28b5 2ffd")),
    # NOTE: the first rows of xxd, hexdump and od, by bytes, words, octal numbers and characters
    (_DUMPED, (b"0000: 789c", b"0000  78 9c", b"0000 78 9c", b"0000 9c78", b"0000 116170")),
    (_DUMPED, (b"0000: 78da", b"0000  78 da", b"0000 78 da", b"0000 da78", b"0000 155170")),
    (_DUMPED, (b"0000   x 234", b"0000   x 332")),
    (_DUMPED, (b"425a 6839", b"6839 3141", b"42 5a 68 39", b"5a42 3968", b"055102 034550")),
    (_DUMPED, (b"fd37 7a58", b"fd 37 7a 58", b"37fd 587a", b"033775 054172")),
    (_DUMPED, (b"504b 0304", b"50 4b 03 04", b"4b50 0403", b"045520 002003")),
    (_DUMPED, (b"b528 fd2f", b"132450 176457")),
    (_DUMPED, (b"   B   Z   h   9", b" 375   7   z   X", b"   P   K 003 004", b"   ( 265   / 375")),
    (_DUMPED, (b"0x42, 0x5a, 0x68", b"0xfd, 0x37, 0x7a", b"0x50, 0x4b, 0x03", b"0x28, 0xb5, 0x2f")),
    (_DUMPED, (b"1f:8b:08", b"0x1f, 0x8b", b"0x1f,0x8b", b"78:9c:", b"78:da:", b"0x78, 0x9c")),
    # NOTE: Go and Perl write 8 as `\b`
    (frozenset({"escape", "hex", "json"}), (rb"\x1f\x8b\x08", rb"\x1f\x8b\b", rb"\037\213")),
    (frozenset({"escape", "json"}), (b"BZh91AY&SY", rb"\xfd7zXZ\x00", rb"(\xb5/\xfd")),
    (frozenset({"escape", "hex", "json"}), (rb"x\x9c", rb"x\xda", rb"\x78\x9c", rb"\x78\xda")),
    (frozenset({"escape", "hex", "json"}), (rb"x\x9C", rb"x\xDA", rb"\x1F\x8B\b")),  # Ruby
    (_LISTED, (b"31, 139, 8", b"31,139,8,", b"[31 139 8 ", b"31 139   8   0")),
    (_LISTED, (b"31, -117, 8", b"31,-117,8")),
    (_LISTED, (b"[120, 156, ", b"[120,156,", b"[120 156 ", b"[120, 218, ", b"[120, -100, ")),
    (frozenset({"octal", "dump"}), (b"037 213 010", rb"037 213  \b", b"105437 0000")),
    (_IN_ADDRESS, (b"H4sI",)),
    (_BASE64, (b"KLUv/", b"KLUv_", b"/Td6WFoA", b"_Td6WFoA", b"UEsDB")),
    (_BASE64, (b"TFBWSZT",)),  # bzip2 of any level
    (_BASE64, (b"XQAAgAD/", b"XQAAgAD_", b"XQAAAAT/", b"XQAAAAT_")),
    # NOTE: uuencode, and the offset in the first row of od, hexdump -C and xxd
    (_BASE64, (b"YmVnaW4gNj", b"MDAwMDAwMC", b"MDAwMDAwMDAg", b"MDAwMDAwMDA6I")),
    (_BASE64, (b"SDRzSUF", b"SDRzSUN")),  # gzip in base64 in base64, without and with a name
    (_IN_ADDRESS, _behind((b"eJw", b"eJx", b"eJy", b"eJz"))),
    (_IN_ADDRESS, _behind((b"eNo", b"eNp", b"eNq", b"eNr"))),
    (_IN_ADDRESS, (b"SAMLRequest=", b"SAMLResponse=")),
    # NOTE: the same in base64 in base64
    (_BASE64, (b"ZUp3", b"ZUp4", b"ZUp5", b"ZUp6", b"ZU5v", b"ZU5w", b"ZU5x", b"ZU5y")),
    (frozenset({"base32", "base32hex"}), (b"D6FQQA", b"D6FQQC")),
    (frozenset({"base32"}), _behind((b"PCO", b"PDN"))),
    (frozenset({"ascii85"}), (b"+,^C",)),
    (frozenset({"base85"}), (b"ABzY8", b"ABzYG", b"D77#B")),  # gzip, without and with a name; zstd
    (frozenset({"base85"}), (b"{Wp48S^x", b"LRx4!F+o`-Q")),  # xz, bzip2
    (frozenset({"base85"}), (b"GIT binary patch",)),
    (frozenset({"base85"}), _behind(b"c$%c" % last for last in b"@^_`{|}~")),
)

_LISTS: Final = {b"\n10: ": frozenset({"torn"}), b"[10] => ": frozenset({"torn"})}
"""The eleventh line of a list of characters; no character says where in the list a value begins."""
MAGIC: Final[dict[bytes, frozenset[str]]] = {
    head: forms for forms, heads in _ROWS for head in heads
} | _LISTS
"""Heads, and the forms that have to be undone before what is packed can be unpacked."""
