"""Values of the seven kinds that secrets come in, made from a seed and stored nowhere."""

import json
import random
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

ALNUM: Final = string.ascii_letters + string.digits
AWKWARD: Final = " '\"\\$&<>%`!#;{}"
"""What every tool quotes, escapes or expands in its own way."""
_FOREIGN: Final = ("äöüÄÖÜéñçå", "北京上海東京鍵盤密碼", "🔑🦊🌍🎲🚀")
_SMALL: Final = (3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73)


def _letters(rng: random.Random, count: int, alphabet: str = ALNUM) -> str:
    return "".join(rng.choices(alphabet, k=count))


def _shuffled(rng: random.Random, text: str) -> str:
    return "".join(rng.sample(text, len(text)))


def token(rng: random.Random) -> str:
    """Forty characters behind a prefix that all such tokens share."""
    return "ghp_" + _letters(rng, 36)


def cloud_key(rng: random.Random) -> str:
    """Forty characters of the base64 alphabet, with `/` and `+` inside."""
    inside = _shuffled(rng, "/+/+" + _letters(rng, 34))
    return rng.choice(ALNUM) + inside + rng.choice(ALNUM)


def password(rng: random.Random) -> str:
    """Every awkward character once, among ten to eighteen letters and digits."""
    inside = _shuffled(rng, AWKWARD + _letters(rng, rng.randint(8, 16)))
    return rng.choice(ALNUM) + inside + rng.choice(ALNUM)


def short_password(rng: random.Random) -> str:
    """Ten to twelve mixed characters, at least one of them a mark."""
    inside = _letters(rng, rng.randint(7, 9)) + rng.choice("!@#%^&*-_=+")
    return rng.choice(ALNUM) + _shuffled(rng, inside) + rng.choice(ALNUM)


def pem_key(rng: random.Random) -> str:
    """A real private key: RSA with 2048 bits, or one of an elliptic curve."""
    if rng.random() < 0.7:
        return _rsa(rng, 2048)
    return _armoured(ec.derive_private_key(rng.getrandbits(250), ec.SECP256R1()))


def passphrase(rng: random.Random) -> str:
    """Words of umlauts, Chinese characters and emoji between letters and digits."""
    parts = [
        _letters(rng, 5) + _letters(rng, 3, alphabet) + _letters(rng, 2) for alphabet in _FOREIGN
    ]
    return rng.choice(" -").join(rng.sample(parts, len(parts)))


def json_credential(rng: random.Random) -> str:
    """A service account as a cloud hands it out, pretty-printed, with a password beside the key."""
    project = f"{rng.choice(('billing', 'search', 'media'))}-{_letters(rng, 6, string.digits)}"
    document = {
        "type": "service_account",
        "project_id": project,
        "private_key_id": f"{rng.getrandbits(160):040x}",
        "private_key": _rsa(rng, 1024),
        "client_email": f"deployer@{project}.iam.example.com",
        "client_id": _letters(rng, 21, string.digits),
        "auth_uri": "https://accounts.example.com/o/oauth2/auth",
        "password": _letters(rng, 9) + _shuffled(rng, '"\\/&<+%$') + _letters(rng, 9),
    }
    return json.dumps(document, indent=2) + "\n"


KINDS: Final[Mapping[str, Callable[[random.Random], str]]] = {
    "token": token,
    "cloud": cloud_key,
    "password": password,
    "short": short_password,
    "pem": pem_key,
    "nonascii": passphrase,
    "json": json_credential,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Values:
    """Two sets of one value of each kind."""

    known: Mapping[str, str]
    """Kind → the value that is looked for."""
    clean: Mapping[str, str]
    """Kind → another value of that kind: printed in any form it is no finding."""


def values(seed: int) -> Values:
    """The two sets of one seed; the same ones each time."""
    rng = random.Random(seed)  # noqa: S311  # NOTE: has to be the same at each run
    known = {kind: make(rng) for kind, make in KINDS.items()}
    return Values(known=known, clean={kind: make(rng) for kind, make in KINDS.items()})


def _rsa(rng: random.Random, bits: int) -> str:
    p, q = _prime(rng, bits // 2), _prime(rng, bits // 2)
    d = pow(65537, -1, (p - 1) * (q - 1))
    dmp1, dmq1, iqmp = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    public = rsa.RSAPublicNumbers(65537, p * q)
    return _armoured(rsa.RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, public).private_key())


def _prime(rng: random.Random, bits: int) -> int:
    """A number that is prime but for one chance in very many: keys of the tests guard nothing."""
    while True:
        number = rng.getrandbits(bits) | 3 << (bits - 2) | 1
        if number % 65537 == 1 or not all(number % small for small in _SMALL):
            continue
        if pow(2, number - 1, number) == 1:
            return number


def _armoured(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()
