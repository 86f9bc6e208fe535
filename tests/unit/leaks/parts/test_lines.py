"""Which lines of a value are looked for on their own."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest

from ci_secrets.leaks.parts.lines import lines_of


def worth(value: bytes) -> dict[int, bytes]:
    """The lines that are looked for, by number."""
    return {line.number: line.text for line in lines_of(value).worth}


def test_lines_are_numbered_in_the_value_as_it_is() -> None:
    """Lines count from 1, and armour is none of them."""
    value = b"\n-----BEGIN A KEY-----\nMIIEpAIBAAKCAQEA\r\n  c2Vjb25k+x==\n-----END A KEY-----\n"
    assert worth(value) == {3: b"MIIEpAIBAAKCAQEA", 4: b"c2Vjb25k+x=="}
    assert lines_of(value).left_out == 0


def test_one_line_is_the_whole() -> None:
    """A value of one line has no lines."""
    assert lines_of(b"\n  Zq8x7Kq9mZ2w \n").worth == ()


@pytest.mark.parametrize(
    "line",
    [
        b"apiVersion: v1",
        b'"type": "service_account",',
        b'"auth_uri": "https://accounts.google.com/o/oauth2/auth",',
        b"server: https://10.0.0.1:6443",
        b"APP_ENV=production",
        b"# written by hand",
        b"# public key: age1zq8x7kq9mz2w",
        b"password: changeme",
        b"token: ${{ secrets.TOKEN }}",
        b"certificate-authority-data: LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
        b"Proc-Type: 4,ENCRYPTED",
        b'"private_key_id": "4f2c9d0b71",',
        b"RELEASE=2026.11.28-3f9c2ab",
        b"IMAGE=registry/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        b"short",
    ],
)
def test_plain_lines_are_counted(line: bytes) -> None:
    """Lines that every file of their kind has are no secret."""
    found = lines_of(line + b"\nZq8x7Kq9mZ2w")
    assert [one.number for one in found.worth] == [2]
    assert found.left_out == 1


@pytest.mark.parametrize(
    "line",
    [
        b"MIIEpAIBAAKCAQEA7bq0Zk2",
        b"password=correct$horse",
        b"password: Zq8x7",
        b"client-key-data: LS0tLS1CRUdJTiBSU0E=",
        b"TOKEN=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        b"0a1b2c3d4e5f",
        b"\xff\xfe\x00\x01 binary",
    ],
)
def test_lines_that_may_be_secret_are_kept(line: bytes) -> None:
    """Pieces of keys, and settings of what is secret by its name."""
    assert worth(line + b"\nshort") == {1: line}


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_what_all_keys_of_openssh_share_is_not_looked_for(tmp_path: Path, kind: str) -> None:
    """Of two keys of one kind and one user no line is the same."""
    keys = []
    for name in "ab":
        path = tmp_path / name
        command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "user@host", "-f", str(path)]
        subprocess.run(command, check=True)
        keys.append(path.read_bytes())
    first, second = (set(worth(key).values()) for key in keys)
    assert first
    assert second
    assert not any(line in keys[1] for line in first)
    assert not any(line in keys[0] for line in second)


@pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")
def test_the_comment_of_a_key_is_no_secret(tmp_path: Path) -> None:
    """The last lines of an OpenSSH key may hold nothing but the name of a user."""
    path = tmp_path / "key"
    command = [
        "ssh-keygen",
        "-q",
        "-t",
        "ed25519",
        "-N",
        "",
        "-C",
        "user@host" * 20,
        "-f",
        str(path),
    ]
    subprocess.run(command, check=True)
    value = path.read_bytes()
    assert len(value.splitlines()) == 10
    assert list(worth(value)) == [5]


def test_lines_of_a_key_that_cannot_be_read_are_all_looked_for() -> None:
    """Of what is encrypted, cut off or of another kind any line may be secret."""
    rows = [base64.b64encode(bytes(range(start, start + 48))) for start in (1, 2, 3)]
    for label in (b"PRIVATE KEY", b"ENCRYPTED PRIVATE KEY", b"PGP PRIVATE KEY BLOCK"):
        value = b"-----BEGIN %b-----\n%b\n-----END %b-----\n" % (label, b"\n".join(rows), label)
        assert list(worth(value)) == [2, 3, 4]
