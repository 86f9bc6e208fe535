"""Headers that somebody adds to each request at a store."""

import re
from typing import Final

from ci_secrets.errors import ConfigError

# RFC 9110 §5.1 and §5.5: a token; visible characters, spaces and tabs.
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE: Final = re.compile(r"[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?")
_OUR_HEADERS: Final = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "te", "upgrade"}
)


def check_header(name: str) -> None:
    """Refuse the name of a header that cannot be added. Raises `ConfigError`."""
    if not _HEADER.fullmatch(name) or name.lower() in _OUR_HEADERS:
        raise ConfigError(
            "this header cannot be added.",
            fix="Its name has letters, digits and `-`; those of the transport are ours.",
        )


def check_header_value(value: str) -> None:
    """Refuse what cannot be the value of a header; it is not shown. Raises `ConfigError`."""
    if not _HEADER_VALUE.fullmatch(value):
        raise ConfigError(
            "this cannot be the value of a header.", fix="Use printable ASCII on one line."
        )
