"""The secret numbers of a private key are looked for, whatever format it is printed in."""

import base64
import json
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.parts import parts_of
from ci_secrets.leaks.parts.numbers import MAX_KEYS, numbers_of, secret_bytes

PKCS8 = serialization.PrivateFormat.PKCS8
TRADITIONAL = serialization.PrivateFormat.TraditionalOpenSSL

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | dsa.DSAPrivateKey


@cache
def key(kind: str) -> Key:
    """A new key, one of each kind for all tests."""
    match kind:
        case "rsa":
            return rsa.generate_private_key(public_exponent=65537, key_size=2048)
        case "ec":
            return ec.generate_private_key(ec.SECP384R1())
        case "dsa":
            return dsa.generate_private_key(1024)  # noqa: S505  # larger ones take long to make
        case _:
            return ed25519.Ed25519PrivateKey.generate()


def pem(of: Key, form: serialization.PrivateFormat = PKCS8) -> bytes:
    """Without a password."""
    return of.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())


def as_bytes(number: int) -> bytes:
    """Big-endian, as short as it can be."""
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def expected(of: Key) -> dict[str, bytes]:
    """The secret numbers as another library reads them."""
    match of:
        case rsa.RSAPrivateKey():
            own = of.private_numbers()
            both = ("d", own.d), ("p", own.p), ("q", own.q)
            rest = ("dp", own.dmp1), ("dq", own.dmq1), ("qi", own.iqmp)
            return {f".{name}": as_bytes(number) for name, number in (*both, *rest)}
        case ec.EllipticCurvePrivateKey():
            return {".d": of.private_numbers().private_value.to_bytes(48, "big")}
        case dsa.DSAPrivateKey():
            return {".x": as_bytes(of.private_numbers().x)}
        case _:
            return {".d": of.private_bytes_raw()}


@pytest.mark.parametrize("form", [PKCS8, TRADITIONAL], ids=["pkcs8", "traditional"])
@pytest.mark.parametrize("kind", ["rsa", "ec", "dsa", "ed25519"])
def test_numbers_of_each_kind_of_key(kind: str, form: serialization.PrivateFormat) -> None:
    """Both formats of a key give the same numbers."""
    of = key(kind)
    written = pem(of, PKCS8 if kind == "ed25519" else form)
    assert dict(numbers_of(b"before\n" + written + b"after")) == expected(of)


@pytest.mark.parametrize("kind", ["rsa", "ec", "ed25519"])
def test_numbers_of_keys_of_openssh(kind: str) -> None:
    """That format gives them too, but for those that are quickly computed from others."""
    of = key(kind)
    quick = (".dp", ".dq")
    numbers = {name: data for name, data in expected(of).items() if name not in quick}
    assert dict(numbers_of(pem(of, serialization.PrivateFormat.OpenSSH))) == {
        name: data.lstrip(b"\0") for name, data in numbers.items()
    }


@pytest.mark.parametrize("end", [b"\\n", b"\r\n", b"", b" "])
def test_lines_of_a_key_may_be_joined_in_any_way(end: bytes) -> None:
    """As in variables of one line, and in files of other systems."""
    assert dict(numbers_of(pem(key("rsa")).replace(b"\n", end))) == expected(key("rsa"))


def test_each_key_of_a_file_is_read_up_to_a_bound() -> None:
    """The second and later ones are told by their number."""
    names = [number.name for number in numbers_of(pem(key("ec")) * (MAX_KEYS + 2))]
    assert names == [".d", ".2.d", ".3.d", ".4.d"]


def test_what_is_encrypted_or_public_has_no_secret_numbers() -> None:
    """Only what can be read without a password is."""
    of = key("rsa")
    locked = of.private_bytes(
        serialization.Encoding.PEM, PKCS8, serialization.BestAvailableEncryption(b"made up")
    )
    public = of.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert numbers_of(locked) == numbers_of(public) == []


def test_numbers_are_parts_of_the_field_that_holds_the_key() -> None:
    """They are told by its name, and looked for as bytes."""
    written = pem(key("rsa"))
    value = json.dumps({"type": "service_account", "private_key": written.decode()})
    numbers = [part for part in parts_of("CLOUD", value.encode()).parts if part.kind == "number"]
    assert {part.name: part.text for part in numbers} == {
        f".private_key{name}": data for name, data in expected(key("rsa")).items()
    }


@given(der=st.binary(max_size=60), cut=st.integers(0, 1200), flip=st.integers(0, 255))
def test_any_bytes_are_read(der: bytes, cut: int, flip: int) -> None:
    """Broken keys give what can be read of them, and raise nothing."""
    whole = bytearray(base64.b64decode(b"".join(pem(key("rsa")).splitlines()[1:-1])))
    whole[cut % len(whole)] ^= flip
    for body in (der, whole[:cut], bytes(whole)):
        text = base64.b64encode(body)
        numbers_of(b"-----BEGIN PRIVATE KEY-----\n%b\n-----END PRIVATE KEY-----" % text)
        numbers_of(b"-----BEGIN PRIVATE KEY-----\n%b-----END PRIVATE KEY-----" % text[:cut])


@given(cut=st.integers(0, 500), flip=st.integers(0, 255), end=st.integers(0, 500))
def test_any_bytes_of_openssh_are_read(cut: int, flip: int, end: int) -> None:
    """Broken keys of that format raise nothing either, and where it is secret lies in them."""
    written = pem(key("ec"), serialization.PrivateFormat.OpenSSH)
    whole = bytearray(base64.b64decode(b"".join(written.splitlines()[1:-1])))
    whole[cut % len(whole)] ^= flip
    for broken in (bytes(whole), bytes(whole[:end])):
        assert all(0 <= start < stop <= len(broken) for start, stop in secret_bytes(broken))


@given(
    head=st.sampled_from([b"\x94", b"\x95", b"\x96", b"\x97", b"\xc5"]),
    rest=st.binary(max_size=300),
)
def test_any_bytes_of_openpgp_are_read(head: bytes, rest: bytes) -> None:
    """Broken packets raise nothing, and what is secret lies in them."""
    key = head + rest
    assert all(0 <= start < stop <= len(key) for start, stop in secret_bytes(key))
