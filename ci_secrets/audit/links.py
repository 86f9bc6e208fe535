"""What binds the records of a trail, and the key of the operator who wants to be sure."""

import hashlib
import hmac
import os
import stat
from pathlib import Path

from ci_secrets.errors import ConfigError
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

KEY_MINIMUM = 32
"""Bytes of an operator's key."""
_KEY_LIMIT = 64 * 1024
_FINGERPRINT_MINIMUM = 16
"""Characters; a shorter value could be found by trying, by whoever holds the key."""


class Links:
    """How records are bound: by SHA-256, or by HMAC-SHA256 under an operator's key.

    Without a key whoever can write the file can also bind it anew; with one he cannot.
    """

    __slots__ = ("_link_key", "_value_key", "name")

    def __init__(self, key: bytes | None) -> None:
        self.name = "sha256" if key is None else "hmac-sha256"
        self._link_key = key and hmac.digest(key, b"ci-secrets audit link 1", "sha256")
        self._value_key = key and hmac.digest(key, b"ci-secrets audit value 1", "sha256")

    def digest(self, body: bytes) -> str:
        """The hash of a line's bytes, in hex."""
        if self._link_key is None:
            return hashlib.sha256(body).hexdigest()
        return hmac.digest(self._link_key, body, "sha256").hex()

    def fingerprint(self, secret: Secret) -> str | None:
        """What recognises a value that the holder of the key has, but does not tell it."""
        try:
            characters = len(secret.text())
        except ValueError:
            characters = len(secret)
        if self._value_key is None or characters < _FINGERPRINT_MINIMUM:
            return None
        return hmac.digest(self._value_key, secret.reveal(), "sha256").hex()


def load_key(source: str) -> bytes:
    """The operator's key: of a file, or of the open descriptor whose number `source` is.

    Line ends at its end do not count. Raises `ConfigError` where it cannot be read, is shorter
    than 32 bytes, or is a file that everybody on the machine can read.
    """
    try:
        by_number = source.isdecimal() and len(source) < 8
        with os.fdopen(int(source), "rb") if by_number else Path(source).open("rb") as file:
            found = os.fstat(file.fileno())
            key = file.read(_KEY_LIMIT).rstrip(b"\r\n")
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "that is no path"
        raise _bad_key(
            source, f"cannot be read: {why}", "Name a file, or the number of an open descriptor."
        ) from None
    if stat.S_ISREG(found.st_mode) and found.st_mode & 0o007:
        raise _bad_key(source, "can be read by everybody on this machine", "chmod 600 the file")
    if len(key) < KEY_MINIMUM:
        raise _bad_key(
            source,
            f"has {len(key)} bytes, and {KEY_MINIMUM} is the least",
            "Make it of random bytes: (umask 077; openssl rand -hex 32 > KEY-FILE)",
        )
    return key


def _bad_key(source: str, why: str, fix: str) -> ConfigError:
    return ConfigError(
        f"The audit key {foreign(source)} {why}.",
        cause="Whoever has the key can bind a changed trail anew.",
        fix=fix,
    )
