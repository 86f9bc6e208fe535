"""What is public of a private key is no finding, in whatever format; the key itself is one."""

import base64
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa

from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.forms.torn.squash import squash
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.parts.lines import lines_of
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret

pytestmark = [
    pytest.mark.skipif(
        not (shutil.which("ssh-keygen") and shutil.which("openssl")),
        reason="needs openssl and ssh-keygen",
    ),
    pytest.mark.filterwarnings("ignore:SSH DSA keys are deprecated"),
]

PASSPHRASE = "correct-horse"
_EC = "openssl genpkey -algorithm EC -out k -pkeyopt ec_paramgen_curve:"
_SSH = "ssh-keygen -q -f k -C user@host"
KINDS = {
    "rsa": "openssl genrsa -traditional -out k 2048",
    "rsa, PKCS #8": "openssl genrsa -out k 2048",
    "rsa, 4096": "openssl genrsa -out k 4096",
    "rsa, three primes": "openssl genrsa -primes 3 -out k 2048",
    "rsa, encrypted": "openssl genrsa -traditional -aes256 -passout pass:{} -out k 2048",
    "rsa, PKCS #8, encrypted": "openssl genrsa -aes256 -passout pass:{} -out k 2048",
    "P-256": "openssl ecparam -genkey -name prime256v1 -out k",
    "P-384": "openssl ecparam -genkey -name secp384r1 -noout -out k",
    "P-521": "openssl ecparam -genkey -name secp521r1 -noout -out k",
    "P-256, parameters in full": (
        "openssl ecparam -genkey -name prime256v1 -param_enc explicit -noout -out k"
    ),
    "P-256, PKCS #8": f"{_EC}P-256",
    "P-384, PKCS #8": f"{_EC}P-384",
    "P-521, PKCS #8": f"{_EC}P-521",
    "secp256k1, PKCS #8": f"{_EC}secp256k1",
    "Ed25519": "openssl genpkey -algorithm ED25519 -out k",
    "Ed448": "openssl genpkey -algorithm ED448 -out k",
    "dsa": "openssl dsaparam -genkey -noout -out k 1024",
    "rsa, OpenSSH": f"{_SSH} -t rsa -N ''",
    "rsa, of ssh-keygen in PEM": f"{_SSH} -t rsa -N '' -m PEM",
    "rsa, OpenSSH, encrypted": f"{_SSH} -t rsa -N {{}}",
    "P-256, OpenSSH": f"{_SSH} -t ecdsa -b 256 -N ''",
    "P-384, OpenSSH": f"{_SSH} -t ecdsa -b 384 -N ''",
    "P-521, OpenSSH": f"{_SSH} -t ecdsa -b 521 -N ''",
    "P-256, OpenSSH, encrypted": f"{_SSH} -t ecdsa -b 256 -N {{}}",
    "Ed25519, OpenSSH": f"{_SSH} -t ed25519 -N ''",
    "Ed25519, OpenSSH, encrypted": f"{_SSH} -t ed25519 -N {{}}",
    "dsa, OpenSSH": f"{_SSH} -t dsa -N ''",
}
"""How the key `k` is made; `{}` stands for the passphrase."""
EVERY = pytest.mark.parametrize("kind", KINDS)


def ran(command: str, folder: Path) -> bytes:
    """What a command prints; it is over for a kind of key that the tool no longer makes."""
    done = subprocess.run(
        shlex.split(command), cwd=folder, capture_output=True, stdin=subprocess.DEVNULL, check=False
    )
    if done.returncode and b"dsa" in command.encode() and b"unknown key type" in done.stderr:
        pytest.skip("OpenSSH makes no DSA keys any more")
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
    return done.stdout


@cache
def made(kind: str) -> tuple[str, dict[str, bytes]]:
    """A private key, and its public one in every format; one of each kind for all tests."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        ran(KINDS[kind].format(PASSPHRASE), folder)
        key = (folder / "k").read_text()
        return key, dict(public(key, folder))


def opened(key: str, folder: Path) -> bytes:
    """The key as openssl reads it without a passphrase."""
    if "OPENSSH" not in key and "ENCRYPTED" not in key:
        return key.encode()
    if "OPENSSH" not in key:
        return ran(f"openssl pkey -in k -passin pass:{PASSPHRASE}", folder)
    ran(f"ssh-keygen -q -p -f k -P {PASSPHRASE} -N ''", folder)
    of = serialization.load_ssh_private_key((folder / "k").read_bytes(), None)
    return of.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def public(key: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    """What openssl and ssh-keygen print of a key that anybody may see."""
    (folder / "bare").write_bytes(opened(key, folder))
    for form in ("PEM", "DER"):
        for what, command in (
            ("public key", "openssl pkey -in bare -pubout"),
            ("certificate", "openssl req -x509 -new -key bare -subj /CN=x"),
            ("request", "openssl req -new -key bare -subj /CN=x"),
        ):
            printed = ran(f"{command} -outform {form}", folder)
            if form == "PEM":
                yield what, printed
                (folder / what.split()[0]).write_bytes(printed)
                continue
            yield f"{what}, base64", base64.b64encode(printed)
            yield f"{what}, wrapped base64", base64.encodebytes(printed)
            yield f"{what}, hex", printed.hex().encode()
            for at in 1, 2:
                yield f"{what}, base64 behind {at}", base64.b64encode(b"x" * at + printed)
    yield "certificate in words", ran("openssl x509 -in certificate -text", folder)
    yield "request in words", ran("openssl req -in request -text", folder)
    yield "public key in words", ran("openssl pkey -pubin -in public -text", folder)
    yield "fingerprint", ran("openssl x509 -in certificate -noout -fingerprint -sha256", folder)
    if b"BEGIN RSA" in (folder / "bare").read_bytes():
        yield "PKCS #1", ran("openssl rsa -in bare -RSAPublicKey_out", folder)
    yield from _of_ssh(folder)
    yield from _of_jwk(folder)


def _of_ssh(folder: Path) -> Iterator[tuple[str, bytes]]:
    line = folder / "k.pub"
    if not line.exists():
        command = ["ssh-keygen", "-i", "-m", "PKCS8", "-f", "public"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if not done.stdout.startswith((b"ssh-rsa", b"ssh-dss", b"ssh-ed25519", b"ecdsa-")):
            return  # NOTE: SSH has no keys of this kind
        line.write_bytes(done.stdout)
    yield "line of SSH", line.read_bytes()
    yield "fingerprint of SSH", ran("ssh-keygen -l -f k.pub", folder)
    yield "picture of SSH", ran("ssh-keygen -l -v -f k.pub", folder)
    yield "RFC 4716", ran("ssh-keygen -e -f k.pub -m RFC4716", folder)


def _of_jwk(folder: Path) -> Iterator[tuple[str, bytes]]:
    public = jwk(serialization.load_pem_public_key((folder / "public").read_bytes()))
    if public:
        yield "JWK", json.dumps(public).encode()
        yield "JWK in lines", json.dumps(public, indent=2).encode()


def jwk(of: object) -> dict[str, str]:
    """A key as JSON Web Key; empty where that has none of its kind."""
    algorithms = jwt.algorithms
    match of:
        case rsa.RSAPublicKey() | rsa.RSAPrivateKey():
            return algorithms.RSAAlgorithm.to_jwk(of, as_dict=True)
        case ec.EllipticCurvePublicKey() | ec.EllipticCurvePrivateKey():
            return algorithms.ECAlgorithm.to_jwk(of, as_dict=True)
        case (
            ed25519.Ed25519PublicKey()
            | ed25519.Ed25519PrivateKey()
            | ed448.Ed448PublicKey()
            | ed448.Ed448PrivateKey()
        ):
            return algorithms.OKPAlgorithm.to_jwk(of, as_dict=True)
        case _:
            return {}


@cache
def knowing(kind: str) -> Engine:
    """An engine that knows the key of this kind."""
    return build({"KEY": Secret(made(kind)[0])})


def scanned(engine: Engine, text: bytes) -> tuple[Finding, ...]:
    """The findings of a log."""
    scanner = Scanner(engine)
    scanner.feed(text)
    scanner.finish()
    return scanner.report("log").findings


def redacted(engine: Engine, text: bytes) -> bytes:
    """A log as it is let through."""
    redactor = Redactor(engine)
    return redactor.feed(text) + redactor.finish()


@EVERY
def test_what_is_public_of_a_key_is_no_finding(kind: str) -> None:
    """Certificates, requests, public keys and fingerprints are left as they are."""
    _, texts = made(kind)
    engine = knowing(kind)
    found = {name: scanned(engine, text) for name, text in texts.items()}
    assert {name: findings for name, findings in found.items() if findings} == {}
    assert [name for name, text in texts.items() if redacted(engine, text) != text] == []


@EVERY
def test_what_is_public_of_a_key_without_armour_is_no_finding(kind: str) -> None:
    """Nor is it where the key is kept as wrapped base64 alone."""
    key, texts = made(kind)
    rows = [row for row in key.rpartition("BEGIN")[2].split("\n")[1:-2] if ":" not in row]
    der = base64.b64decode("".join(rows))
    engine = build({"KEY": Secret(base64.encodebytes(der).decode())})
    assert [name for name, text in texts.items() if scanned(engine, text)] == []


@EVERY
def test_no_line_that_is_looked_for_stands_in_what_is_public(kind: str) -> None:
    """Not even when everything but letters and digits is taken out."""
    key, texts = made(kind)
    lines = [squash(line.text) for line in lines_of(key.encode()).worth]
    public = [squash(text) for text in texts.values()]
    assert lines
    assert not [line for line in lines if any(line in text for text in public)]


@EVERY
def test_the_key_is_found_whole_and_by_its_secret_lines(kind: str) -> None:
    """Printed as it is, on one line, or one line of its secrets alone."""
    key, _ = made(kind)
    engine = knowing(kind)
    printed = [key, json.dumps(key), *(line.text.decode() for line in lines_of(key.encode()).worth)]
    for text in chain(printed, ("".join(key.split("\n")[1:-2]),)):
        assert scanned(engine, f"before\n{text}\nafter\n".encode()), text.count("\n")


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("of", ["rsa", "P-256", "Ed25519"])
def test_what_is_public_of_a_json_web_key_is_no_finding(of: str, indent: int | None) -> None:
    """Nor in a set of keys; the secret numbers are found."""
    secret = jwk(serialization.load_pem_private_key(made(of)[0].encode(), None))
    secret |= {"kid": "q8Zk2vX0pLw4", "x5t": "q8Zk2vX0pLw4q8Zk2vX0pLw4q8Z"}
    hidden = {name: secret[name] for name in ("d", "p", "q", "dp", "dq", "qi") if name in secret}
    public = {name: text for name, text in secret.items() if name not in hidden}
    for value, shown in ((secret, public), ({"keys": [secret]}, {"keys": [public]})):
        engine = build({"KEY": Secret(json.dumps(value, indent=indent))})
        assert scanned(engine, json.dumps(shown, indent=indent).encode()) == ()
        assert scanned(engine, made(of)[1]["JWK in lines"]) == ()
        assert all(scanned(engine, f"x {text} x".encode()) for text in hidden.values())


PUTTY = """PuTTY-User-Key-File-3: ssh-ed25519
Encryption: none
Comment: user@host
Public-Lines: 2
AAAAC3NzaC1lZDI1NTE5AAAAIHJjfpT0xmKqn7ZmxV8dGqKpPzK0nNbBq4zC9kPd
Lm8qYw3T
Private-Lines: 1
AAAAIEuT0xmKqn7ZmxV8dGqKpPzK0nNbBq4zC9kPdLm8
Private-MAC: 2b4f0d3c9a8e7f6d5c4b3a29182736455463728190abcdef
"""


def test_the_public_lines_of_a_key_of_putty_are_no_finding() -> None:
    """They are the line of SSH."""
    rows = PUTTY.splitlines()
    engine = build({"KEY": Secret(PUTTY)})
    assert scanned(engine, f"ssh-ed25519 {rows[4]}{rows[5]} user@host\n{rows[5]}".encode()) == ()
    assert scanned(engine, rows[7].encode())


@pytest.mark.skipif(not shutil.which("gpg"), reason="needs gpg")
@pytest.mark.parametrize("passphrase", ["", PASSPHRASE], ids=["open", "encrypted"])
@pytest.mark.parametrize("of", ["rsa2048", "dsa2048", "ed25519", "nistp256", "future-default"])
def test_what_is_public_of_a_key_of_openpgp_is_no_finding(of: str, passphrase: str) -> None:
    """Neither the public key nor what it is signed with; the lines of the secret are found."""
    with TemporaryDirectory() as name:  # NOTE: short, for a socket is made in it
        folder = Path(name)
        gpg = f"gpg --homedir {name} --batch --quiet --pinentry-mode loopback --armor"
        gpg += f" --passphrase '{passphrase}'"
        try:
            ran(f"{gpg} --quick-gen-key user@example.com {of}", folder)
            key = ran(f"{gpg} --export-secret-keys", folder).decode()
            public = ran(f"{gpg} --export", folder)
        finally:
            ran(f"gpgconf --homedir {name} --kill gpg-agent", folder)
    engine = build({"KEY": Secret(key)})
    assert scanned(engine, public) == ()
    assert redacted(engine, public) == public
    lines = lines_of(key.encode()).worth
    assert lines
    assert all(scanned(engine, line.text) for line in lines)
