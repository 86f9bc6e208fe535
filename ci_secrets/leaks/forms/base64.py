"""Base64 (RFC 4648 §4) and its URL-safe sister (§5)."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from functools import partial
from string import ascii_letters, digits
from typing import Final, NamedTuple

from ci_secrets.leaks.forms.alphabets import MARK, Alphabet, Joined, fragments
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span

MIN_RUN: Final = 8
"""Characters in one piece by which base64 is noticed; six bytes."""
MIN_START: Final = 40
"""Characters from which on the beginning of a run is decoded for its own sake (raw deflate)."""
_GROUP: Final = 4  # characters that make whole bytes
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
# NOTE: line breaks as JSON, shells and YAML write them, and what joins strings in source text
_WRITTEN_BREAK: Final = re.compile(rb"(?<!\\)\\+[nr](?:\\+n)?|[\"']\s*\+\s*[\"']")
_WIDTHS: Final = (64, 76)
"""Characters of a line. Source: RFC 7468 §2; RFC 2045 §6.8."""
_BREAK_SIGNS: Final = (b"\\n", b"\\r", b'"+', b"'+", b'" +', b"' +", b'+ "', b"+ '")
_CHANGE: Final = re.compile(rb"[a-z][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z]")


class _Variant(NamedTuple):
    encode: Callable[[bytes], bytes]
    alphabet: Alphabet
    needs: re.Pattern[bytes]
    """What a run must have in it, so that the other variant is not read twice."""


def _variant(encode: Callable[[bytes], bytes], last: bytes, needs: bytes = b"") -> _Variant:
    """`last`: the characters for 62 and 63."""
    characters = f"{ascii_letters}{digits}".encode() + last
    alphabet = Alphabet(characters, fold=rb"=?[\\\"']?\r?\n[\s\"']*")
    return _Variant(encode=encode, alphabet=alphabet, needs=re.compile(needs))


STANDARD: Final = _variant(base64.b64encode, b"+/")
# NOTE: what has neither `-` nor `_` is read as standard base64
URL_SAFE: Final = _variant(base64.urlsafe_b64encode, b"-_", needs=b"[_-]")

# NOTE: tables for the shape of a text in which separators, or ends of lines, can be told
_SHAPE: Final = STANDARD.alphabet.shape
_GROUPED: Final = bytes(0x20 if byte in b" ,:;" else mark for byte, mark in enumerate(_SHAPE))
_COLUMN: Final = bytes(byte if byte == 0x0A else mark for byte, mark in enumerate(_SHAPE))
_BESIDE_COLUMN: Final = b"\r\t =\\\"'"


def _spell(variant: _Variant, text: bytes) -> Iterator[bytes]:
    """At the three alignments."""
    return fragments(variant.encode, text, bits=6)


def _alone(variant: _Variant, text: bytes) -> Iterator[bytes]:
    """The whole of what is printed for the text, and for the text with its newline.

    A fragment leaves the last characters in sight, in which a few bits of the text still are.
    """
    for encoded in map(variant.encode, (text, text + b"\n")):
        yield encoded
        if variant is URL_SAFE:
            yield encoded.rstrip(b"=")


def _in_strings(text: bytes) -> Iterator[bytes]:
    r"""Wrapped as OpenSSL, Python and MIME do, with `\n` where the lines of a string break."""
    for encoded in map(STANDARD.encode, (text, text + b"\n")):
        for width in _WIDTHS:
            starts = range(0, len(encoded), width)
            yield b"\\n".join([encoded[start : start + width] for start in starts])


def _read(variant: _Variant, text: bytes, budget: Budget) -> Iterator[Piece]:
    """All that may be base64, as one.

    Base64 is wrapped, indented, quoted and grouped in every way, and its neighbours are often of
    its own alphabet. So what stands between the characters is deleted, and the rest is decoded at
    all four alignments: three give noise, and so do the words around.
    """
    if any(sign in text for sign in _BREAK_SIGNS):
        text = _WRITTEN_BREAK.sub(lambda match: b"\n".rjust(len(match[0])), text)
    if not _noticed(variant, text):
        return
    whole = Joined(text, variant.alphabet)
    for first in range(min(_GROUP, len(whole.characters) - MIN_RUN + 1)):
        piece = _decoded(whole, first)
        if not budget.spend(len(piece.text)):
            return
        yield piece
    for start, end in _paragraphs(variant, text):
        if not variant.needs.search(text, start, end):
            continue
        run = Joined(text, variant.alphabet, start, end)
        if len(run.characters) == len(whole.characters):
            return  # NOTE: this was the first of all
        piece = _decoded(run, 0)
        if not budget.spend(len(piece.text)):
            return
        yield piece


def _noticed(variant: _Variant, text: bytes) -> bool:
    """Whether there is a run that is no word, or what is left of one: groups, a narrow column.

    A word has one case, or a capital at its beginning; eight characters of base64 do not.
    """
    for run in variant.alphabet.long(text, MIN_RUN, variant.alphabet.run):
        one_case = run[0].islower() or run[0].isupper()
        if not one_case and _CHANGE.search(run[0]) and variant.needs.search(run[0]):
            return True
    if variant is URL_SAFE:
        return False
    groups = text.translate(_GROUPED)
    if b"AAAA AAAA AAAA AAAA" in groups or b"AAAA  AAAA  AAAA  AAAA" in groups:
        return True
    lines = text.translate(_COLUMN, _BESIDE_COLUMN)
    return any((MARK * width + b"\n") * 4 in lines for width in range(1, MIN_RUN))


def _decoded(joined: Joined, first: int) -> Piece:
    characters = joined.characters[first:].translate(_TO_STANDARD)
    missing = -len(characters) % _GROUP
    data = binascii.a2b_base64(characters + b"A" * missing)
    return joined.piece(data[: len(characters) * 6 // 8], first, bits=6)


def _paragraphs(variant: _Variant, text: bytes) -> Iterator[Span]:
    """Where a long text in base64 may begin: lines of one width, and the shorter one after them.

    That one may also begin a text of its own. So no line is in more than two of them.
    """
    for stretch in variant.alphabet.long(text, MIN_START, variant.alphabet.stretch):
        lines = [line.span() for line in variant.alphabet.run.finditer(text, *stretch.span())]
        widths = [end - start for start, end in lines]
        at = 0
        while at < len(lines):
            after = at + 1
            while after < len(lines) and widths[after] == widths[at]:
                after += 1
            closed = after < len(lines) and widths[after] < widths[at]
            last = after if closed else after - 1
            if widths[at] >= MIN_START:
                yield lines[at][0], lines[last][1]
            at = after


FORMS: Final[dict[str, Form]] = {
    "base64": Form(
        words="base64",
        spell=partial(_spell, STANDARD),
        alone=partial(_alone, STANDARD),
        streamed=_in_strings,
        read=partial(_read, STANDARD),
    ),
    "base64url": Form(
        words="URL-safe base64",
        spell=partial(_spell, URL_SAFE),
        alone=partial(_alone, URL_SAFE),
        read=partial(_read, URL_SAFE),
    ),
}
