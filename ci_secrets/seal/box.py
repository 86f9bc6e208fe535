"""The sealed file itself: a clear header line, and behind it a frame of authenticated encryption.

    header   one line of JSON: version, platform, run, attempt, job, salt
    frame    key check (16 bytes) · length of the ciphertext (4) · nonce (12) · ciphertext

AES-256-GCM with the bytes of the header as associated data, under a fresh nonce each time; not
ChaCha20-Poly1305, because an OpenSSL in FIPS mode does not have it.
"""

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_secrets import disk
from ci_secrets.errors import NotClosedError
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.text import foreign

HEADER_LIMIT = 64 * 1024
"""Bytes of a header line."""
_VERSION = 1
_SALT_BYTES = 16
_NONCE_BYTES = 12
_FRAME = struct.Struct(f">16sI{_NONCE_BYTES}s")

_CONSEQUENCE = (
    "What this run minted may still be alive, and until when is not known, for that stands in the "
    "state. The audit trail names its accessors and lease ids: an operator can end them by these."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Header:
    """The clear first line; its exact bytes are authenticated together with the body."""

    line: bytes
    run: Run
    salt: bytes

    @classmethod
    def fresh(cls, run: Run) -> "Header":
        """The header of a run that opens now, with a new salt."""
        salt = os.urandom(_SALT_BYTES)
        bare = cls(line=b"", run=run, salt=salt)
        line = json.dumps({**bare.fields(), "salt": salt.hex()}).encode() + b"\n"
        return cls(line=line, run=run, salt=salt)

    @classmethod
    def read(cls, line: bytes) -> "Header | None":
        """The header that a line is, not yet authenticated; `None` where it is none of ours."""
        try:
            fields = json.loads(line)
            return cls(line=line, run=run_of(fields), salt=bytes.fromhex(fields["salt"]))
        except (ValueError, LookupError, TypeError, RecursionError):
            return None

    def fields(self) -> dict[str, Any]:
        """What names the run, as it stands in the header and in the tombstone."""
        run = self.run
        return {
            "version": _VERSION,
            "platform": run.platform,
            "run": run.run,
            "attempt": run.attempt,
            "job": run.job,
        }


class Keys:
    """Encryption under the key that one salt derives from the material."""

    __slots__ = ("_came_from", "_check", "_key")

    def __init__(self, key: StateKey, salt: bytes) -> None:
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        # 48 bytes: the key, and a check that tells a wrong key from a damaged file. By HKDF
        # neither says anything about the other (RFC 5869 §3.2).
        derived = HKDF(SHA256(), length=48, salt=salt, info=b"ci-secrets state 1").derive(
            key.material.reveal()
        )
        self._key, self._check = derived[:32], derived[32:]
        self._came_from = key.came_from

    def seal(self, text: bytes, header: bytes) -> bytes:
        """Key check, length, a fresh nonce, and the ciphertext with its tag."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        ciphertext = AESGCM(self._key).encrypt(nonce, text, header)
        return _FRAME.pack(self._check, len(ciphertext), nonce) + ciphertext

    def open(self, frame: bytes, header: bytes) -> bytes:
        """The text that was sealed. Raises `NotClosedError` for every other frame or header."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if len(frame) < _FRAME.size:
            raise _truncated()
        check, length, nonce = _FRAME.unpack_from(frame)
        ciphertext = frame[_FRAME.size :]
        if check != self._check:
            raise _wrong_key(self._came_from)
        if len(ciphertext) < length:
            raise _truncated()
        if len(ciphertext) > length:  # the tag would not tell a length that was made smaller
            raise _damaged_body()
        try:
            return AESGCM(self._key).decrypt(nonce, ciphertext, header)
        except InvalidTag:
            raise _damaged_body() from None


def read_header(path: Path) -> Header | None:
    """The header of a sealed file, not yet authenticated; `None` where it is none of ours."""
    try:
        with disk.open_private(path) as file:
            return Header.read(file.readline(HEADER_LIMIT))
    except OSError:
        return None


def run_of(fields: dict[str, Any]) -> Run:
    """The run that clear fields name. Raises `LookupError`, `TypeError`, `ValueError`."""
    if fields["version"] != _VERSION:
        raise ValueError("another version wrote it")
    names = [fields[name] for name in ("platform", "run", "attempt", "job")]
    if not all(isinstance(name, str) for name in names):
        raise TypeError("a name is no text")
    platform, run, attempt, job = names
    return Run(platform=platform, run=run, attempt=attempt, job=job)


def lost(what: str, cause: str) -> NotClosedError:
    """The error for a state that cannot be had: how it is, the likely cause, what that means."""
    return NotClosedError(f"The sealed state of this run {what}.", cause=cause, fix=_CONSEQUENCE)


def gone(directory: Path) -> NotClosedError:
    """The error for a run's directory that holds neither a state nor a tombstone."""
    return NotClosedError(
        "The state of this run is gone: its directory is there, but no state and no tombstone.",
        cause="Something deleted it, or the disk lost it.",
        fix="What was handed out lives until its TTL ends; an operator finds it in the store's "
        "audit log by the run's identity. When nothing of it is alive any more: "
        f"rm -r -- {foreign(directory)}",
    )


def _wrong_key(came_from: str) -> NotClosedError:
    return NotClosedError(
        f"The sealed state of this run does not open with the key from {foreign(came_from)}.",
        cause="It is another key than the one at the start of the job, which had other variables "
        "(CI_SECRETS_STATE_KEY, XDG_RUNTIME_DIR, CI_JOB_TOKEN); or the file was changed.",
        fix=f"Run `ci-secrets finish` with the variables of the start. {_CONSEQUENCE}",
    )


def damaged_header() -> NotClosedError:
    """The error for a first line that is not what this file was sealed with."""
    return lost(
        "has a damaged header", "Its first line was changed, or another version of us wrote it."
    )


def _damaged_body() -> NotClosedError:
    return lost(
        "is damaged, or was made to look like that of this run",
        "Bytes of the file were changed, or the file was copied from another run or job.",
    )


def _truncated() -> NotClosedError:
    return lost("is truncated", "The file was cut off after it was written: a full disk, a copy.")
