"""Reads the private keys of OpenSSH. Source: openssh-portable PROTOCOL.key, RFC 4253 and 8709."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

MAGIC: Final = b"openssh-key-v1\0"
_CURVE: Final = ("", "", "d")
_FIELDS: Final[Mapping[bytes, Sequence[str]]] = {
    b"ssh-rsa": ("", "", "d", "qi", "p", "q"),
    b"ssh-dss": ("", "", "", "", "x"),
    b"ssh-ed25519": ("", "d"),
    b"ecdsa-sha2-nistp256": _CURVE,
    b"ecdsa-sha2-nistp384": _CURVE,
    b"ecdsa-sha2-nistp521": _CURVE,
}
"""What follows the kind of a key, as JSON Web Keys name it; what is public has no name."""
_SEED: Final = 32
"""Bytes of an Ed25519 key, behind which the public one stands again."""
_CHECKS: Final = 8
"""Bytes of two random numbers, by which a wrong passphrase is told."""


def secrets_of(key: bytes) -> list[tuple[str, bytes]]:
    """Its secret numbers by name, big-endian; nothing where it is cut off.

    What is encrypted, or of another kind, is one text without a name.
    """
    head = list(islice(_strings(key[len(MAGIC) :]), 3))
    behind = len(MAGIC) + sum(4 + len(one) for one in head) + 4  # NOTE: how many keys, always one
    match list(islice(_strings(key[behind:]), 2)):
        case [_, locked]:
            pass
        case _:
            return []
    kind, *fields = [*islice(_strings(locked[_CHECKS:]), 7)] or [b""]
    if head[0] != b"none" or kind not in _FIELDS:
        return [("", locked)]
    if kind == b"ssh-ed25519":
        fields = [field[:_SEED] for field in fields]
    named = zip(_FIELDS[kind], fields, strict=False)
    return [(name, field) for name, field in named if name]


def _strings(data: bytes) -> Iterator[bytes]:
    """The texts in a row with their sizes before them, up to the first that is cut off."""
    at = 0
    while at + 4 <= len(data):
        end = at + 4 + int.from_bytes(data[at : at + 4], "big")
        if end > len(data):
            return
        yield data[at + 4 : end]
        at = end
