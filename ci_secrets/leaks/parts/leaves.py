"""Takes a structured value apart, as deep as it is packed, and keeps the fields that are secret."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ci_secrets.leaks.forms.stop import is_published, is_reference, is_stop_value
from ci_secrets.leaks.parts.addresses import (
    read_connection,
    read_header,
    read_jwt,
    read_login,
    read_url,
)
from ci_secrets.leaks.parts.documents import read_json, read_xml, read_yaml
from ci_secrets.leaks.parts.keys import says
from ci_secrets.leaks.parts.packed import read_packed
from ci_secrets.leaks.parts.reading import Field, Reader
from ci_secrets.leaks.parts.settings import read_netrc, read_pgpass, read_rows, read_settings
from ci_secrets.leaks.parts.words import is_wordy

MIN_LEAF: Final = 8
"""Bytes of a field to be looked for on its own."""
MAX_LEAVES: Final = 1000
"""Fields of one value that are looked for on their own."""
MAX_FIELDS: Final = 4 * MAX_LEAVES
"""Fields of one value that are read."""
MAX_OPENED: Final = 4
"""How deep values are opened that are packed in each other: a URL in dotenv in JSON in base64."""
MAX_CHARACTERS: Final = 256 * 1024
"""Characters that are read of one value and all that is packed in it."""

READERS: Final[tuple[Reader, ...]] = (
    read_json,
    read_xml,
    read_netrc,
    read_pgpass,
    read_yaml,
    read_url,
    read_jwt,
    read_header,
    read_connection,
    read_settings,
    read_rows,
    read_login,
    read_packed,
)
"""The first that finds fields is the one that a text is for."""

_NOTHING: Final = frozenset(("true", "false", "null", "none"))
# NOTE: `token: /var/run/secrets/token` and `auth: https://login.example.com` say where it is.
_PLACE: Final = re.compile(r"(?:~|\.{1,2})?/\S*|[A-Za-z]:\\\S*|[a-z][a-z0-9+.-]*://\S*")


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """A field that is looked for."""

    name: str
    """Its place in the value: `.db.password`, `.hosts[0]`, `.auth.decoded.password`."""
    text: str = field(repr=False)
    wordy: bool


@dataclass(kw_only=True, slots=True)
class Leaves:
    """What taking one value apart came to. The numbers count fields."""

    found: list[Leaf] = field(default_factory=list)
    plain: int = 0
    """Words, names, and ids, or too short."""
    short: int = 0
    """Secrets by their name, and too short."""
    deep: int = 0
    """Nested too deep, or packed in too many layers, or behind the last that is read."""
    _left: int = MAX_CHARACTERS
    _fields: int = MAX_FIELDS

    def open(self, text: str, name: str = "", key: str = "", layers: int = 0) -> None:
        """Read the fields of `text`, which stands at `name` below `key`, and theirs."""
        self._left -= len(text)
        fields: Sequence[Field] = ()
        if self._left >= 0:
            fields = next(filter(None, (reader(text, key) for reader in READERS)), ())
        if self._left < 0 or (fields and layers == MAX_OPENED):
            self.deep += 1
            return
        for place, own_key, inner in fields:
            self._fields -= 1
            if inner is None or self._fields < 0 or len(self.found) >= MAX_LEAVES:
                self.deep += 1
                continue
            inner = inner.strip()
            self._judge(inner, name + place, own_key or key)
            if len(inner) >= MIN_LEAF and not is_published(inner):  # NOTE: `sha256:…` is no login
                self.open(inner, name + place, own_key or key, layers + 1)

    def _judge(self, text: str, name: str, key: str) -> None:
        meaning = says(key)
        size = len(text.encode("utf-8", "surrogatepass"))
        if not text or text.lower() in _NOTHING:
            return
        if size < MIN_LEAF:
            self.short += meaning == "secret"
            self.plain += meaning != "secret"
            return
        wordy = is_wordy(text)
        if _is_secret(text, meaning, wordy=wordy):
            self.found.append(Leaf(name=name, text=text, wordy=wordy))
        else:
            self.plain += 1


def _is_secret(text: str, meaning: str, *, wordy: bool) -> bool:
    """Whether a field is a secret by what its name says, or else by how it looks."""
    if meaning == "plain" or is_stop_value(text.encode("utf-8", "replace")) or is_reference(text):
        return False
    if meaning == "secret":
        return not (wordy and _PLACE.fullmatch(text))
    return not (wordy or is_published(text))
