"""Base64 (RFC 4648 §4) and its URL-safe sister (§5)."""

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from string import ascii_letters, digits
from typing import Final

from ci_secrets.leaks.forms.alphabets import Alphabet, Joined, fragments
from ci_secrets.leaks.forms.reading import Budget, Form, Piece, Span

MIN_RUN: Final = 8
"""Characters in one piece by which base64 is noticed; six bytes."""
MIN_START: Final = 40
"""Characters from which on the beginning of a run is decoded for its own sake (raw deflate)."""
_GROUP: Final = 4  # characters that make whole bytes
# NOTE: line breaks as JSON, shells and YAML write them, and what joins strings in source text
_WRITTEN_BREAK: Final = re.compile(rb"\\+[nr](?:\\+n)?|[\"']\s*\+\s*[\"']")
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Variant:
    encode: Callable[[bytes], bytes]
    alphabet: Alphabet
    sign: re.Pattern[bytes]
    """What a text has in it somewhere if there is anything to decode."""
    stretch: re.Pattern[bytes]
    """A long run, and the lines that may be its continuation."""


def _variant(encode: Callable[[bytes], bytes], last: bytes, sign: str = "") -> _Variant:
    """`last`: the characters for 62 and 63. `sign`: one that must be in a run."""
    alphabet = Alphabet(f"{ascii_letters}{digits}".encode() + last)
    one = f"[{re.escape(alphabet.characters.decode())}]"
    # NOTE: a word has one case, or a capital at its beginning; eight characters of base64 do not
    signs = ("[a-z]", "[A-Z]", "(?:[a-z][A-Z]|[A-Za-z][0-9]|[0-9][A-Za-z])", sign)
    mixed = "".join(f"(?={one}*?{each})" for each in signs)
    noticed = rf"(?<!{one}){mixed}{one}{{{MIN_RUN},}}"
    if not sign:
        noticed += rf"|(?<!{one})(?:{one}{{4}}[ ,:;]\s?){{4}}"  # in groups
        noticed += rf"|(?<!{one})(?:{one}{{1,{MIN_RUN}}}=?\\?\r?\n\s*){{6}}"  # in a narrow column
    return _Variant(
        encode=encode,
        alphabet=alphabet,
        sign=re.compile(noticed.encode()),
        stretch=re.compile(rf"{one}{{{MIN_START},}}(?:=?[\\\"']?\r?\n[\s\"']*{one}+)*".encode()),
    )


STANDARD: Final = _variant(base64.b64encode, b"+/")
# NOTE: what has neither `-` nor `_` is read as standard base64
URL_SAFE: Final = _variant(base64.urlsafe_b64encode, b"-_", sign="[_-]")


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


def _read(variant: _Variant, text: bytes, budget: Budget) -> Iterator[Piece]:
    """All that may be base64, as one.

    Base64 is wrapped, indented, quoted and grouped in every way, and its neighbours are often of
    its own alphabet. So what stands between the characters is deleted, and the rest is decoded at
    all four alignments: three give noise, and so do the words around.
    """
    if b"\\" in text or b"+" in text:
        text = _WRITTEN_BREAK.sub(lambda match: b"\n" * len(match[0]), text)
    if not variant.sign.search(text):
        return
    whole = Joined(text, variant.alphabet)
    for first in range(min(_GROUP, len(whole.characters) - MIN_RUN + 1)):
        piece = _decoded(whole, first)
        if not budget.spend(len(piece.text)):
            return
        yield piece
    for start, end in _paragraphs(variant, text):
        run = Joined(text, variant.alphabet, start, end)
        if len(run.characters) == len(whole.characters):
            return  # NOTE: this was the first of all
        piece = _decoded(run, 0)
        if not budget.spend(len(piece.text)):
            return
        yield piece


def _decoded(joined: Joined, first: int) -> Piece:
    characters = joined.characters[first:].translate(_TO_STANDARD)
    missing = -len(characters) % _GROUP
    data = binascii.a2b_base64(characters + b"A" * missing)
    return joined.piece(data[: len(characters) * 6 // 8], first, bits=6)


def _paragraphs(variant: _Variant, text: bytes) -> Iterator[Span]:
    """Where a long text in base64 may begin: lines of one width, and the shorter one after them.

    That one may also begin a text of its own. So no line is in more than two of them.
    """
    for stretch in variant.stretch.finditer(text):
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
        read=partial(_read, STANDARD),
    ),
    "base64url": Form(
        words="URL-safe base64",
        spell=partial(_spell, URL_SAFE),
        alone=partial(_alone, URL_SAFE),
        read=partial(_read, URL_SAFE),
    ),
}
