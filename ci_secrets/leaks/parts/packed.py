"""Reads a value that is base64 or hex of text, as users store what a CI system would refuse."""

import base64
import binascii
import re
from typing import Final

from ci_secrets.leaks.forms.reading import as_text
from ci_secrets.leaks.parts.reading import Field

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{11,}={0,2}")
_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}")
_NO_TEXT: Final = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_URL_SAFE: Final = str.maketrans("-_", "+/")


def read_packed(text: str, _key: str) -> list[Field]:
    """The text that it is base64 (either alphabet, wrapped, unpadded) or hex of."""
    joined = "".join(text.split())
    if _HEX.fullmatch(joined) and (decoded := _text(bytes.fromhex(joined))):
        return [Field(".decoded", "", decoded)]
    if not _BASE64.fullmatch(joined):
        return []
    bare = joined.rstrip("=").translate(_URL_SAFE)
    try:
        decoded = _text(base64.b64decode(bare + "=" * (-len(bare) % 4)))
    except binascii.Error:
        return []
    return [Field(".decoded", "", decoded)] if decoded else []


def _text(data: bytes) -> str:
    """The text that the bytes are, empty where they are none."""
    text = as_text(data)
    return "" if _NO_TEXT.search(text) else text
