"""Reads the secret numbers of private keys, which any other format of the key holds too.

All else in a key is public: it stands in the public key and in certificates, and is no secret.
"""

import base64
import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, NamedTuple

from ci_secrets.leaks.parts import openpgp, openssh

MIN_NUMBER: Final = 16
"""Bytes of a number that is looked for."""
MAX_KEYS: Final = 4
"""Keys of one value whose numbers are looked for."""
_PEM: Final = re.compile(
    rb"-----BEGIN ((?:RSA |EC |DSA |OPENSSH )?PRIVATE KEY)-----"
    rb"([A-Za-z0-9+/=\s\\]{1,16384})-----END \1-----"
)
# NOTE: line breaks may be written out, as in a variable of one line
_NO_LETTERS: Final = re.compile(rb"\\[rn]|[\s\\=]")
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_RSA: Final = ("d", "p", "q", "dp", "dq", "qi", "oth")
"""What follows the version, the modulus and the public exponent; the last is seldom there."""
_DSA: Final = 6
"""Numbers of a DSA key: the version, four public ones, the secret one."""


class Number(NamedTuple):
    """A secret number, big-endian."""

    name: str
    """As JSON Web Keys name it: `d` is the private exponent, or the scalar of a curve."""
    data: bytes


def numbers_of(text: bytes) -> list[Number]:
    """Those of the keys in PEM that are not encrypted; `.2.d` is that of the second."""
    found = []
    for count, pem in enumerate(islice(_PEM.finditer(text), MAX_KEYS), start=1):
        place = f".{count}" if count > 1 else ""
        for name, data in _secrets_of(decoded(pem[2])):
            if name and len(data) >= MIN_NUMBER:
                found.append(Number(f"{place}.{name}", data))
    return found


def secret_bytes(key: bytes, *, pgp: bool = False) -> list[tuple[int, int]]:
    """Where the secrets of a key start and end; nothing where none can be read.

    `key` is what the body of a PEM block is base64 of; `pgp` where its armour says that it is of
    OpenPGP, as which one in two hundred random texts can be read. What is encrypted is secret.
    """
    secrets = openpgp.secrets_of(key) if pgp else _secrets_of(key)
    return [
        (start, start + len(data))
        for _, data in secrets
        if len(data) >= MIN_NUMBER and (start := key.find(data)) >= 0
    ]


def decoded(body: bytes) -> bytes:
    """What the body of a PEM block is base64 of, without what is left of cut off letters."""
    letters = _NO_LETTERS.sub(b"", body)
    return base64.b64decode(letters[: len(letters) - (len(letters) % 4 == 1)] + b"==")


def _secrets_of(key: bytes) -> list[tuple[str, bytes]]:
    if key.startswith(openssh.MAGIC):
        return [(name, _bare(data)) for name, data in openssh.secrets_of(key)]
    return _of_key(key)


def _of_key(der: bytes) -> list[tuple[str, bytes]]:
    """Source: RFC 5958 (PKCS #8), 8017 (RSA), 5915 (elliptic curves), 8410 (Ed25519)."""
    key = _inside(der)
    if [tag for tag, _ in key[:3]] == [_INTEGER, _SEQUENCE, _OCTETS]:
        der = key[2][1]
        key = _inside(der) or list(_elements(der))[:1]
    tags = [tag for tag, _ in key]
    if tags[:9] == [_INTEGER] * 9:
        return [(name, _bare(data)) for name, (_, data) in zip(_RSA, key[3:], strict=False)]
    if tags[:2] == [_INTEGER, _OCTETS]:
        return [("d", key[1][1])]
    if tags in ([_OCTETS], [_INTEGER], [_INTEGER] * _DSA):
        tag, data = key[-1]
        return [("d", data)] if tag == _OCTETS else [("x", _bare(data))]
    return []


def _bare(number: bytes) -> bytes:
    """Without the zero by which it is told from a negative one."""
    return number.lstrip(b"\0")


def _inside(der: bytes) -> list[tuple[int, bytes]]:
    """What the sequence that the bytes are is made of; nothing where they are none."""
    outer = next(_elements(der), (0, b""))
    return list(_elements(outer[1])) if outer[0] == _SEQUENCE else []


def _elements(der: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element, up to the first that is cut off. Source: X.690 §8.1."""
    at = 0
    while at + 2 <= len(der):
        tag, size = der[at], der[at + 1]
        at += 2
        if size & 0x80:
            count = size & 0x7F
            size = int.from_bytes(der[at : at + count], "big")
            at += count
        if at + size > len(der):
            return
        yield tag, der[at : at + size]
        at += size
