"""Every engine of docs/vault.md through the command line, on a real Vault."""

import base64
import json
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.patience import wait_until
from tests.real.recipes import Done, RealJob, Stage

RULES = """
path "engines1/*"       { capabilities = ["read", "list"] }
path "engines2/*"       { capabilities = ["read", "list"] }
path "nowhere/*"        { capabilities = ["read"] }
path "database/creds/*" { capabilities = ["read"] }
path "pki/issue/*"      { capabilities = ["update"] }
path "ssh/sign/ci"      { capabilities = ["update"] }
path "transit/*"        { capabilities = ["update"] }
path "sys/leases/revoke" { capabilities = ["update"] }
"""
STORE = 'version: 1\nstores: {{vault: {{url: "{url}", role: engines}}}}\nsecrets:\n'
BINARY = bytes(range(1, 256))


@pytest.fixture(scope="session")
def engines(stage: Stage) -> Stage:
    """Give the stage with an engine of each kind."""
    vault = stage.vault
    vault.enable_engine("kv", mount="engines1", options={"version": "1"})
    vault.enable_engine("kv", mount="engines2", options={"version": "2"})
    for kind in ("ssh", "transit"):
        vault.enable_engine(kind)
    vault.write("engines1/app", password="of-version-one", port="5432")
    # A new KV v2 engine upgrades itself for a moment before it takes writes.
    body = {"data": {"password": "the-first-version"}}
    wait_until(lambda: vault.api("POST", "engines2/data/app", body).is_success)
    vault.write("engines2/data/app", data={"password": "the-second-version", "tls.crt": "dotted"})
    for name in ("db", "team/mail"):
        vault.write(f"engines2/data/tree/{name}", data={"password": f"of-{name}-secret"})
    for name in ("deleted", "destroyed"):
        vault.write(f"engines2/data/{name}", data={"password": "is-no-more"})
    vault.api("DELETE", "engines2/data/deleted")
    vault.write("engines2/destroy/destroyed", versions=[1])
    vault.write("ssh/config/ca", generate_signing_key=True)
    vault.write(
        "ssh/roles/ci", key_type="ca", allow_user_certificates=True, allowed_users="*", ttl="5m"
    )
    vault.write("transit/keys/k")
    vault.policy("engines", RULES)
    stage.role("engines", "engines")
    return stage


def _exec(stage: Stage, folder: Path, entries: str) -> tuple[Done, dict[str, str], RealJob]:
    """Fetch these entries of `secrets:`; how `exec` ended, and the environment that CMD had."""
    job = stage.job("gitlab", folder, STORE.format(url=stage.vault.url) + entries)
    dump = (
        f"{job.stand.workspace.parent / 'dump.py'}",
        "import json, os, pathlib\n"
        "pathlib.Path(os.environ['PROBE']).write_text(json.dumps({\n"
        "    name: pathlib.Path(value).read_text() if name.startswith('FILE_') else value\n"
        "    for name, value in os.environ.items()}))\n",
    )
    Path(dump[0]).write_text(dump[1])
    done = job.run("exec", "--", "python3", dump[0])
    seen = json.loads(job.probe.read_text()) if job.probe.exists() else {}
    return done, seen, job


def test_key_values(engines: Stage, tmp_path: Path) -> None:
    """KV v1 and v2 by the same notation; older versions; dotted keys; all keys, and recursion."""
    done, seen, _ = _exec(
        engines,
        tmp_path,
        """\
  ONE: vault:engines1/app#password
  ONE_: vault:engines1/app#*
  TWO: vault:engines2/data/app#password
  FIRST: {from: "vault:engines2/data/app#password", version: 1}
  DOTTED: 'vault:engines2/data/app#"tls.crt"'
  TREE_: vault:engines2/data/tree/**#*
  MISSING: {from: "vault:engines2/data/nothing#password", default: made-up}
""",
    )
    assert done.code == 0, done.err
    wanted = {
        "ONE": "of-version-one",
        "ONE_PASSWORD": "of-version-one",
        "ONE_PORT": "5432",
        "TWO": "the-second-version",
        "FIRST": "the-first-version",
        "DOTTED": "dotted",
        "TREE_DB_PASSWORD": "of-db-secret",
        "TREE_TEAM_MAIL_PASSWORD": "of-team/mail-secret",
        "MISSING": "made-up",
    }
    assert {name: seen.get(name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("engines2/data/deleted#password", 7, "was deleted at"),
        ("engines2/data/destroyed#password", 7, "was destroyed"),
        ("engines2/data/app#pasword", 7, "password"),
        ("engines2/app#password", 3, "engines2/data/app"),
        ("nowhere/app#password", 7, "No secrets engine"),
        ("secret/data/deploy/production#api_key", 5, "in a policy"),
        ("cubbyhole/mine#password", 7, "cubbyhole/mine"),
    ],
)
def test_what_is_not_there_is_said(
    engines: Stage, tmp_path: Path, path: str, code: int, said: str
) -> None:
    """Deleted, destroyed, misspelt, without `data/`, forbidden: each has its own words."""
    done, seen, _ = _exec(engines, tmp_path, f"  VALUE: vault:{path}\n")
    assert done.code == code, done.err
    assert said in done.err
    assert seen == {}
    assert "revoked, proven: 1 token" in done.err


def test_engines_that_make_something(engines: Stage, tmp_path: Path) -> None:
    """Database, PKI, SSH and transit in one run; leases are revoked, bytes arrive as they were."""
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    public = key.public_bytes(
        serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
    ).decode()
    plain = secrets.token_urlsafe(24)
    sealed = [
        engines.vault.write("transit/encrypt/k", plaintext=base64.b64encode(text).decode())
        for text in (plain.encode(), BINARY)
    ]
    text, binary = (each["data"]["ciphertext"] for each in sealed)
    done, seen, job = _exec(
        engines,
        tmp_path,
        f"""\
  DB: {{from: "vault:database/creds/app-readonly", fields: {{username: DB_USER, password: DB_PASSWORD}}}}
  FILE_KEY: {{from: "vault:pki/issue/web", with: {{common_name: shop.example}}, field: private_key, as: file}}
  FILE_CERT: {{from: "vault:pki/issue/web", with: {{common_name: shop.example}}, field: certificate, as: file}}
  SIGNED: {{from: "vault:ssh/sign/ci", with: {{public_key: "{public}", valid_principals: ci}}, field: signed_key}}
  PLAIN: {{from: "vault:transit/decrypt/k", with: {{ciphertext: "{text}"}}, field: plaintext, encoding: base64}}
  BINARY: {{from: "vault:transit/decrypt/k", with: {{ciphertext: "{binary}"}}, field: plaintext}}
  DATAKEY: {{from: "vault:transit/datakey/plaintext/k", with: {{}}, field: plaintext}}
""",  # noqa: E501  # as people write them
    )
    assert done.code == 0, done.err
    assert seen["PLAIN"] == plain
    assert base64.b64decode(seen["BINARY"]) == BINARY
    assert len(base64.b64decode(seen["DATAKEY"])) == 32
    assert seen["SIGNED"].startswith("ssh-ed25519-cert-v01@openssh.com ")
    _same_pair(seen["FILE_CERT"], seen["FILE_KEY"])
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert not engines.postgres.can_login(seen["DB_USER"], seen["DB_PASSWORD"])
    assert not list(job.stand.workspace.parent.rglob("FILE_KEY"))


def _same_pair(certificate: str, key: str) -> None:
    """Both fields of one issue with the same parameters are of one call."""
    from cryptography import x509

    public = x509.load_pem_x509_certificate(certificate.encode()).public_key()
    private = serialization.load_pem_private_key(key.encode(), None)
    spki = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert public.public_bytes(*spki) == private.public_key().public_bytes(*spki)


def test_a_certificate_that_outlives_its_issuer(engines: Stage, tmp_path: Path) -> None:
    """A PKI role whose TTL is longer than its CA has left says so, and what to change."""
    entry = '{from: "vault:pki/issue/too-long", with: {common_name: shop.example}}'
    done, _, _ = _exec(engines, tmp_path, f"  KEY: {entry[:-1]}, field: private_key}}\n")
    assert done.code == 5, done.err
    assert "with: {ttl: 24h}" in done.err


def test_values_of_every_shape(engines: Stage, tmp_path: Path) -> None:
    """Quotes, newlines, umlauts, JSON and 100 KiB arrive as they are; too much is exit 8."""
    shapes = {
        "QUOTES": 'it\'s "so" $HOME `x` \\n',
        "LINES": "first\r\nsecond\n\n",
        "UMLAUTS": "Blaubär-Käse-€-🧀",
        "LARGE": "0123456789" * 10_000,
    }
    engines.vault.write("engines2/data/shapes", data={**shapes, "JSON": {"a": [1, True, None]}})
    entries = "".join(
        f"  {name}: vault:engines2/data/shapes#{name}\n" for name in (*shapes, "JSON")
    )
    done, seen, _ = _exec(engines, tmp_path, entries)
    assert done.code == 0, done.err
    assert {name: seen[name] for name in shapes} == shapes
    assert json.loads(seen["JSON"]) == {"a": [1, True, None]}


def test_too_large_for_an_environment(engines: Stage, tmp_path: Path) -> None:
    """1 MiB is refused with `as: file` named, and arrives as a file."""
    large = "0123456789abcdef" * 65_536
    engines.vault.write("engines2/data/large", data={"value": large[:900_000]})
    entry = "{from: vault:engines2/data/large#value}"
    refused, _, _ = _exec(engines, tmp_path / "1", f"  LARGE: {entry}\n")
    assert refused.code == 8, refused.err
    assert "as: file" in refused.err
    entry = "{from: vault:engines2/data/large#value, as: file}"
    done, seen, _ = _exec(engines, tmp_path / "2", f"  FILE_LARGE: {entry}\n")
    assert done.code == 0, done.err
    assert seen["FILE_LARGE"] == large[:900_000]
