"""What is never looked for, because it stands in every log."""

import re
from base64 import b64encode
from functools import cache
from typing import Final

STOP: Final = frozenset(
    b"true false null none nil undefined yes no on off enabled disabled default unknown example "
    b"test testing secret secrets password passwd passphrase token username admin administrator "
    b"root user guest changeme change-me localhost 127.0.0.1 0.0.0.0 production staging "
    b"development release master main latest public private internal string number boolean "
    b"object value postgres postgresql mysql mariadb mongodb redis sqlite github gitlab jenkins "
    b"docker kubernetes service_account us-east-1 us-east-2 us-west-1 us-west-2 eu-west-1 "
    b"eu-west-2 eu-central-1 ap-southeast-1 123456 12345678 123456789 1234567890 0123456789 "
    b"abcdef abcdefgh qwerty asdfgh redacted masked hidden placeholder dummy sample foobar "
    b"foo-bar foobarbaz username:password user:password user:pass password123 your-token "
    b"your_token your-password your_password your-api-key your_api_key bearer basic "
    b"application/json text/plain content-type authorization account accounts service services "
    b"cluster clusters context contexts registry version latest-release namespace default-token "
    b"kubernetes-admin cluster-admin deploy deployer deployment deployments ubuntu debian alpine "
    b"windows darwin x86_64 amd64 arm64 google amazonaws amazon azure gcloud example.com "
    b"https://example.com googleapis.com github.com gitlab.com docker.io ghcr.io authorized_user "
    b"00000000-0000-0000-0000-000000000000 "
    # what the hashes of nothing come to: MD5, SHA-1, SHA-256, git's empty tree
    b"d41d8cd98f00b204e9800998ecf8427e da39a3ee5e6b4b0d3255bfef95601890afd80709 "
    b"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 "
    b"4b825dc642cb6eb9a060e54bf8d69288fbee4904".split()
)
"""Whole values, in lower case."""

_BLANK: Final = re.compile(rb"[xX]{3,}|0{4,}")
# NOTE: `$TOKEN`, `${TOKEN:-}`, `$(cat token)`, `{{ token }}`, `%TOKEN%`, `<your token>`, `@token@`
_REFERENCE: Final = re.compile(
    r"\$[A-Z_][A-Z0-9_]*|\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|\$\{\{[^{}]*\}\}|%[A-Z_]+%"
    r"|<[a-zA-Z][a-zA-Z _-]*>|@[A-Za-z_]+@"
)
# NOTE: `sha256:…`, `registry/app@sha256:…`, `sha512-…=` of npm, `1.2-3f9c2ab`, `v1.4.2-7-g3f9c2ab`
_PUBLISHED: Final = re.compile(
    r"(?:[\w./:-]{1,200}@)?sha(?:256|384|512):[0-9a-f]{64,128}"
    r"|sha(?:256|384|512)-[A-Za-z0-9+/]{43,88}={0,2}"
    r"|(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-nistp[0-9]{3})(?:-cert-v01@openssh\.com)? AAAA[^\r\n]*"
    r"|(?:-----BEGIN (?P<label>(?:X509 |TRUSTED )?CERTIFICATE|(?:RSA )?PUBLIC KEY)-----"
    r"[A-Za-z0-9+/=\s]{1,16384}-----END (?P=label)-----\s*)+"
    r"|v?[0-9]{1,4}(?:\.[0-9]{1,4}){1,3}(?:[-+.][0-9a-z]{1,6}){0,3}[-+.]g?[0-9a-f]{7,12}"
)

_ARMOUR: Final = re.compile(rb"-----(BEGIN|END) [^\r\n]*-----|-+\s*(BEGIN|END)\s.*")
_RULER: Final = re.compile(rb"([^0-9A-Za-z\x80-\xff])\1*", re.DOTALL)
# NOTE: a word or a usual number, not a piece of a key: `apiVersion`, `HTTP`, `oauth2`, `6443`.
_WORD: Final = re.compile(rb"[A-Z]?[a-z]+([A-Z][a-z]+)*\d{0,3}|[A-Z]+\d{0,3}|\d{1,4}|.{1,3}")
_TOKEN: Final = re.compile(rb"[0-9A-Za-z]+")
_ORDINARY: Final = re.compile(rb"[0-9A-Za-z\s:/.,_\"'{}\[\]()=<>#@-]*")
# NOTE: `key: value`, `"key": value`, `- key:`, `KEY=value`, `[section]`, `# comment`, brackets
_ENTRY: Final = re.compile(rb"[\s-]*[\"']?[\w.-]+[\"']?\s*(:(\s|$)|=).*|[\[#].*|[\s{}\[\](),:]*")


def is_stop_value(value: bytes) -> bool:
    """Whether a whole value is a common word, armour, `xxxx`, or one mark repeated."""
    return bool(
        value.lower() in STOP
        or _ARMOUR.fullmatch(value)
        or _RULER.fullmatch(value)
        or _BLANK.fullmatch(value)
    )


def is_reference(text: str) -> bool:
    """Whether a text names a value that is filled in elsewhere, as templates do."""
    return _REFERENCE.fullmatch(text) is not None


def is_published(text: str) -> bool:
    """Whether a text is made to be seen by everybody, whatever it is called.

    A digest that says so, a version with a short commit, certificates, public keys.
    """
    return _PUBLISHED.fullmatch(text) is not None


def is_armour(line: bytes) -> bool:
    """Whether a line is the first or last of a PEM block, which every such block shares."""
    return _ARMOUR.fullmatch(line) is not None


def is_plain_setting(line: bytes) -> bool:
    """Whether a line is an entry of a settings file that holds only words and usual numbers.

    Such lines of a structured value (`apiVersion: v1`, `"type": "service_account",`) are no
    secret and stand in many logs.
    """
    if not (_ENTRY.fullmatch(line) and _ORDINARY.fullmatch(line)):
        return False
    return all(_WORD.fullmatch(token) for token in _TOKEN.findall(line))


_DER: Final = (
    # NOTE: heads of PKCS #8 and #1 keys up to the modulus, of public keys, exponents, curves
    "300d06092a864886f70d01010105000482",
    "300d06092a864886f70d01010105000382",
    "300d06092a864886f70d01010b0500",
    "300d06092a864886f70d01010c0500",
    "0201000282010100",
    "02030100010282010100",
    "0203010001028180",
    "301306072a8648ce3d020106082a8648ce3d030107034200",
    "307702010104",
    "308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420",
    "06082a8648ce3d030107a144034200",
    "06072a8648ce3d020106052b81040022",
    "06082a8648ce3d040302",
    "302e020100300506032b657004220420",
)
"""Hex of bytes that stand in the key files of everybody. Source: RFC 8017, 5915, 5958, 8410."""
_PIECE: Final = 6


@cache
def _everybodys() -> frozenset[bytes]:
    """Pieces of their base64 at any alignment, in lower case."""
    pieces = set()
    for der in map(bytes.fromhex, _DER):
        for before, cut in enumerate((0, 2, 3)):
            encoded = b64encode(bytes(before) + der)[cut : 8 * (before + len(der)) // 6].lower()
            pieces |= {encoded[at : at + _PIECE] for at in range(len(encoded) - _PIECE + 1)}
    return frozenset(pieces)


def is_everybodys(piece: bytes) -> bool:
    """Whether a piece of base64 comes from what the key files of everybody have in common."""
    known, lower = _everybodys(), piece.lower()
    return any(lower[at : at + _PIECE] in known for at in range(len(lower) - _PIECE + 1))
