"""What GitHub and GitLab would mask, by their published rules.

GitHub masks each line for itself: the value and its lines, as they are and in ten spellings
(`ValueEncoders.cs` of the runner). GitLab masks the value as it is and nothing else (`masker.go` of
its runner), and takes only values of its own alphabet as masked ones; the model takes all.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable
from typing import Final
from urllib.parse import quote
from xml.sax.saxutils import escape

from ci_secrets.leaks.parts import parts_of

MIN_QUOTED: Final = 8
MIN_SECTION: Final = 6
_AMPERSAND: Final = re.compile(r"&\+?")


def _before_ampersand(value: str) -> str:
    """PowerShell colours what stands before the last `&` in its own way."""
    found = list(_AMPERSAND.finditer(value))
    return _section(value[: found[-1].start()]) if found else ""


def _after_ampersand(value: str) -> str:
    found = list(_AMPERSAND.finditer(value))
    return _section(value[found[-1].end() :]) if found else ""


def _section(text: str) -> str:
    return text if len(text) >= MIN_SECTION else ""


def _unquoted(value: str) -> str:
    quoted = len(value) > MIN_QUOTED and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else ""


def _base64_from(skipped: int) -> Callable[[str], str]:
    return lambda value: b64encode(value.encode()[skipped:]).decode()


ENCODERS: Final[tuple[Callable[[str], str], ...]] = (
    lambda value: value,
    _base64_from(0),
    _base64_from(1),
    _base64_from(2),
    lambda value: value.replace('"', '\\"'),
    lambda value: value.replace("'", "''"),
    lambda value: json.dumps(value, ensure_ascii=False)[1:-1],
    lambda value: quote(value, safe="-._~"),
    lambda value: escape(value, {'"': "&quot;", "'": "&apos;"}),
    _unquoted,
    _before_ampersand,
    _after_ampersand,
)
"""How GitHub spells a value; nothing where a spelling does not apply."""


def github(value: str) -> Callable[[bytes], bool]:
    """Whether a line of the log would be masked, for a value of any number of lines.

    Of its lines those count that say something: that `{` is masked hides no value.
    """
    parts = parts_of("VALUE", value.encode()).parts
    telling = [value.strip(), *(part.text.decode() for part in parts if part.kind == "line")]
    patterns = {
        spelled.encode() for text in telling for encode in ENCODERS if (spelled := encode(text))
    }
    return lambda text: any(pattern in line for line in text.split(b"\n") for pattern in patterns)


def gitlab(value: str) -> Callable[[bytes], bool]:
    """Whether a log would be masked, across its lines."""
    pattern = value.strip().encode()
    return lambda text: pattern in text
