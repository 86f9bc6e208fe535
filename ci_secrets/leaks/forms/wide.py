"""Text in another charset: UTF-16 and UTF-32 in either order, and the code pages of Windows."""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.reading import (
    Budget,
    Form,
    Piece,
    Rewriting,
    Span,
    as_text,
    in_place,
    spelled_out,
)

# NOTE: three characters below U+0100 in a row are taken for UTF-16
_SURE: Final = {
    "utf-16-le": rb"(?:[^\0]\0){3,}",
    "utf-16-be": rb"(?:\0[^\0]){3,}",
}
_UTF32: Final = {
    "utf-32-le": (rb"(?s)[\x01-\x7f]\0\0\0(?:[^\0]\0\0\0|.[\x01-\xff]\0\0|..[\x01-\x10]\0){2,}"),
    "utf-32-be": (rb"(?s)\0\0\0[\x01-\x7f](?:\0\0\0[^\0]|\0\0[\x01-\xff].|\0[\x01-\x10]..){2,}"),
}
"""Three characters or more, the first of them ASCII."""
_BETWEEN: Final = 128
"""Bytes of other characters between two such rows that are one text with them."""
_BESIDE: Final = 32
"""Bytes of other characters before and after that are read too."""
_ROW: Final = re.compile(rb"[^\0](\0|\0\0\0)[^\0]")
WIDEST: Final = 5
"""Bytes of the longest such row."""
_NULS: Final = b"\0" * 3
_NUL: Final = re.compile(rb"[^\0]\0[^\0]\0")
_CONTINUED: Final = bytes(range(0x80, 0xC0))
_BELOW_ASTRAL: Final = bytes(range(0xF0))


def utf16(text: bytes) -> Iterator[bytes]:
    """Both orders, little-endian first as Windows has it."""
    try:
        value = text.decode()
    except UnicodeDecodeError:
        return  # NOTE: it has no characters
    for order in _SURE:
        yield value.encode(order)


def as_wide(mark: bytes, pattern: bytes) -> bytes:
    """A mark in ASCII as UTF-16, for a pattern in UTF-16 that has no NULs at its ends."""
    if len(pattern) % 2:
        return b"\0".join(map(bytes, zip(mark)))  # NOTE: that of a neighbour fits in either order
    # NOTE: the characters of one script have the same high byte, or few
    is_little = len(set(pattern[1::2])) <= len(set(pattern[::2]))
    return mark.decode().encode("utf-16-le" if is_little else "utf-16-be")


def like(mark: bytes, text: bytes) -> bytes:
    """A mark in ASCII with as many NULs between its characters as between the first of a text."""
    row = _ROW.match(text)
    return (row[1] if row else b"").join(map(bytes, zip(mark)))


class _Run(NamedTuple):
    """A stretch `[start, end)` of UTF-16, and where it went."""

    start: int
    end: int
    at: int
    """Where its UTF-8 begins in the new text."""
    utf8: bytes
    unit: int = 2
    """Bytes of a character."""

    def span(self, offset: int) -> Span:
        """Where the character stood whose bytes hold this offset in the new text."""
        first = last = offset - self.at
        while self.utf8[first] in _CONTINUED:
            first -= 1
        last += 1
        while last < len(self.utf8) and self.utf8[last] in _CONTINUED:
            last += 1
        return self.start + self._size(self.utf8[:first]), self.start + self._size(self.utf8[:last])

    def _size(self, utf8: bytes) -> int:
        """The bytes that this took."""
        pairs = len(utf8.translate(None, _BELOW_ASTRAL)) if self.unit == 2 else 0
        return self.unit * (len(utf8.translate(None, _CONTINUED)) + pairs)


def read_wide(text: bytes, budget: Budget) -> Iterator[Piece]:
    """The text with all that is UTF-16 or UTF-32 in it put in UTF-8, for each order."""
    orders = [*(_SURE if _NUL.search(text) else ()), *(_UTF32 if _NULS in text else ())]
    for order in orders:
        runs, new = _decoded(text, order)
        if len(runs) == 1:
            continue
        if not budget.spend(len(new)):
            return
        yield Piece(new, _way_back(runs))


def _decoded(text: bytes, order: str) -> tuple[list[_Run], bytes]:
    unit = 4 if order in _UTF32 else 2
    runs = [_Run(0, 0, 0, b"")]
    parts: list[bytes] = []
    size = 0
    for start, end in _stretches(text, order):
        gap = text[runs[-1].end : start]
        utf8 = text[start:end].decode(order, "surrogatepass").encode("utf-8", "surrogatepass")
        runs.append(_Run(start, end, size + len(gap), utf8, unit))
        parts += gap, utf8
        size += len(gap) + len(utf8)
    return runs, b"".join([*parts, text[runs[-1].end :]])


def _stretches(text: bytes, order: str) -> Iterator[Span]:
    """What is UTF-16, in whole units: sure rows, what lies between them, and some on both sides.

    What is UTF-32 tells its ends itself.
    """
    if order in _UTF32:
        yield from (match.span() for match in re.finditer(_UTF32[order], text))
        return
    begin = end = 0
    for row in re.finditer(_SURE[order], text):
        start = row.start()
        if end and start - end <= _BETWEEN and (start - end) % 2 == 0:
            end = row.end()
            continue
        if end:
            after = end + min(_BESIDE, (start - end) // 2 * 2)
            yield begin, after
            end = after
        begin = start - min(_BESIDE, (start - end) // 2 * 2)
        end = row.end()
    if end:
        yield begin, end + min(_BESIDE, (len(text) - end) // 2 * 2)


def _way_back(runs: list[_Run]) -> Callable[[int, int], Span]:
    starts = [run.at for run in runs]

    def place(offset: int) -> Span:
        run = runs[bisect_right(starts, offset) - 1]
        beyond = offset - run.at - len(run.utf8)
        if beyond < 0:
            return run.span(offset)
        return run.end + beyond, run.end + beyond + 1

    return lambda start, end: (place(start)[0], place(end - 1)[1])


# --- code pages


def code_pages(text: bytes) -> Iterator[bytes]:
    """In the charsets of Windows; and UTF-8 that was taken for one of these and encoded again.

    And with each accent as a character of its own, as macOS has names of files, or without such.
    """
    value = as_text(text)
    if value.isascii():
        return  # NOTE: the same in all of them, or no characters
    for page in ("cp1252", "cp850", "cp437"):
        yield value.encode(page, "replace")
    yield _again(text)
    for page in ("latin-1", "cp437", "cp850"):
        yield text.decode(page).encode()
    from unicodedata import normalize  # NOTE: seldom needed, and large

    for composed in (normalize("NFD", value), normalize("NFC", value)):
        if composed != value:
            yield composed.encode()
    if _tells(text):
        yield _NOT_ASCII.sub(b".", text)  # NOTE: text columns of dumps, `curl --trace-ascii`


_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_FEWEST_ASCII: Final = 5
"""Letters and digits, not all of one kind, that tell one value from another."""


def _tells(text: bytes) -> bool:
    rest = re.sub(rb"[^0-9A-Za-z]", b"", text)
    return len(rest) >= _FEWEST_ASCII and not (rest.islower() or rest.isupper() or rest.isdigit())


_SPECIAL: Final = {
    bytes([code]): character
    for code in range(0x80, 0x100)
    if (character := bytes([code]).decode("cp1252", "replace")) != "\ufffd"
}
_ONCE: Final = {one.encode(): code for code, one in _SPECIAL.items()} | {
    chr(code).encode(): bytes([code]) for code in range(0x80, 0x100)
}


def _again(text: bytes) -> bytes:
    def once_more(match: re.Match[bytes]) -> bytes:
        return _SPECIAL.get(match[0], match[0].decode("latin-1")).encode()

    return re.sub(rb"[\x80-\xff]", once_more, text)


FORMS: Final[dict[str, Form]] = {
    "utf-16": Form(
        words="UTF-16 or UTF-32",
        spell=utf16,
        nested=2,
        # NOTE: where its NULs are escaped, that is noticed first
        hint=spelled_out("{:c}\0", "{:c}\0\0\0", count=4),
        read=read_wide,
    ),
    "charset": Form(
        words="text in another charset",
        spell=code_pages,
        read=in_place(
            Rewriting(
                rb"\xc3[\x82-\xb4](?:\xc2[\x80-\xbf]|[\xc5\xc6\xcb\xe2])",
                b"|".join(map(re.escape, _ONCE)),
                lambda match: _ONCE[match[0]],
            )
        ),
    ),
}
