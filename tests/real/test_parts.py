"""The real parts are what the other tests take them for."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.patience import wait_until
from tests.real.conftest import missing
from tests.real.servers import (
    LOGIN_ROLE,
    PostgresServer,
    ServerError,
    TokenReviewStub,
    VaultServer,
    database_engine,
    free_port,
    kubernetes_auth,
)

STUCK_REVOCATION = "SELECT 1 / 0;"


@pytest.fixture(scope="module")
def review_stub() -> Iterator[TokenReviewStub]:
    """Give a TokenReview stub to the tests of this file."""
    with TokenReviewStub() as stub:
        yield stub


def test_vault_is_the_pinned_version(vault_server: VaultServer) -> None:
    """`sys/health` names Vault 1.21.0, unsealed."""
    health = vault_server.api("GET", "sys/health", token="").json()
    assert health["version"] == "1.21.0"
    assert health["initialized"]
    assert not health["sealed"]


def test_missing_part_fails_under_ci_and_skips_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a part CI is red, and a workstation is told in one line how to get it.

    So it is within a test too, where CI is no longer in the environment.
    """
    assert "CI" not in os.environ
    monkeypatch.setattr("tests.real.conftest.UNDER_CI", True)
    with pytest.raises(pytest.fail.Exception, match="make real"):
        missing("Vault")
    monkeypatch.setattr("tests.real.conftest.UNDER_CI", False)
    with pytest.raises(pytest.skip.Exception, match="make real"):
        missing("Vault")


@pytest.mark.parametrize("server", [VaultServer, PostgresServer])
@pytest.mark.usefixtures("vault_server", "postgres_server")
def test_taken_port_is_not_the_end(
    monkeypatch: pytest.MonkeyPatch, server: type[VaultServer] | type[PostgresServer]
) -> None:
    """A server whose port was taken in the meantime starts on another one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        ports = iter([taken.getsockname()[1], free_port()])
        monkeypatch.setattr("tests.real.servers.process.free_port", lambda: next(ports))
        with server() as running:
            assert running.pid is not None


@pytest.mark.parametrize("kind", ["jwt", "approle", "cert", "userpass", "kubernetes"])
def test_auth_method_can_be_enabled(vault_server: VaultServer, kind: str) -> None:
    """Each auth method that the stores speak can be mounted, and is found again."""
    mount = vault_server.enable_auth(kind, mount=f"parts-{kind}")
    assert vault_server.read("sys/auth")["data"][f"{mount}/"]["type"] == kind
    assert vault_server.enable_auth(kind, mount=mount) == mount


@pytest.mark.parametrize("kind", ["kv", "pki", "ssh", "transit", "database"])
def test_engine_can_be_enabled(vault_server: VaultServer, kind: str) -> None:
    """Each secrets engine that the stores speak can be mounted."""
    mount = vault_server.enable_engine(kind, mount=f"parts-{kind}")
    assert vault_server.read("sys/mounts")["data"][f"{mount}/"]["type"] == kind


def test_mount_of_another_type_is_not_reused(vault_server: VaultServer) -> None:
    """A mount that is taken by another engine is an error, not a surprise later."""
    vault_server.enable_engine("kv", mount="parts-taken")
    with pytest.raises(ServerError, match="taken by the type kv"):
        vault_server.enable_engine("transit", mount="parts-taken")


def test_jwt_login(vault_server: VaultServer) -> None:
    """A JWT signed by the configured key logs in; one signed by a stranger does not."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    mount = vault_server.enable_auth("jwt", mount="parts-login")
    vault_server.write(f"auth/{mount}/config", jwt_validation_pubkeys=[public.decode()])
    vault_server.write(
        f"auth/{mount}/role/ci", role_type="jwt", user_claim="sub", bound_audiences=["vault"]
    )
    claims = {"sub": "repo:a/b", "aud": "vault", "exp": int(time.time()) + 60}
    stranger = ec.generate_private_key(ec.SECP256R1())
    answers = [
        vault_server.api(
            "POST",
            f"auth/{mount}/login",
            {"role": "ci", "jwt": jwt.encode(claims, signer, algorithm="ES256")},
            token="",
        )
        for signer in (key, stranger)
    ]
    assert [answer.status_code for answer in answers] == [200, 400]


@pytest.mark.usefixtures("vault_server")
def test_certificate_login() -> None:
    """With TLS, a client certificate logs in, and https is trusted through `ca_file` alone."""
    with VaultServer(tls=True) as server:
        assert server.ca_file is not None
        server.enable_auth("cert")
        server.write("auth/cert/certs/ci", certificate=server.ca_file.read_text())
        pair = server.client_certificate("runner.example")
        trust = ssl.create_default_context(cafile=server.ca_file)
        bare = httpx.post(f"{server.url}/v1/auth/cert/login", verify=trust, trust_env=False)
        trust.load_cert_chain(pair.cert_file, pair.key_file)
        shown = httpx.post(f"{server.url}/v1/auth/cert/login", verify=trust, trust_env=False)
    assert server.url.startswith("https://")
    assert bare.status_code == 400
    assert shown.status_code == 200
    assert shown.json()["auth"]["metadata"]["common_name"] == "runner.example"


def test_kubernetes_login(vault_server: VaultServer, review_stub: TokenReviewStub) -> None:
    """A service account that the stub knows logs in; a deleted or another one does not."""
    mount = kubernetes_auth(vault_server, review_stub, role="ci", accounts=["deployer"])

    def login(token: str) -> httpx.Response:
        body = {"role": "ci", "jwt": token}
        return vault_server.api("POST", f"auth/{mount}/login", body, token="")

    token = review_stub.token("deployer", namespace="shop")
    answer = login(token)
    assert answer.status_code == 200
    assert answer.json()["auth"]["metadata"]["service_account_name"] == "deployer"
    assert login(review_stub.token("stranger")).status_code == 403
    review_stub.forget(token)
    assert login(token).status_code == 403


def test_dynamic_user_is_gone_after_revocation(
    vault_server: VaultServer, postgres_server: PostgresServer
) -> None:
    """A dynamic user logs in, and no longer does once its lease is revoked with `sync`."""
    path = database_engine(vault_server, postgres_server, role="parts", creation=LOGIN_ROLE)
    lease = vault_server.read(path)
    user, password = lease["data"]["username"], lease["data"]["password"]
    assert postgres_server.can_login(user, password)
    assert not postgres_server.can_login(user, "another password")

    vault_server.write("sys/leases/revoke", lease_id=lease["lease_id"], sync=True)
    assert not postgres_server.can_login(user, password)
    lookup = vault_server.api("POST", "sys/leases/lookup", {"lease_id": lease["lease_id"]})
    assert lookup.status_code == 400


def test_failed_revocation_leaves_the_lease_alive(
    vault_server: VaultServer, postgres_server: PostgresServer
) -> None:
    """Where the revocation SQL fails, `sync` says so, and lease and user live on."""
    path = database_engine(
        vault_server,
        postgres_server,
        role="parts-stuck",
        creation=LOGIN_ROLE,
        revocation=STUCK_REVOCATION,
    )
    lease = vault_server.read(path)
    body = {"lease_id": lease["lease_id"]}
    try:
        refused = vault_server.api("POST", "sys/leases/revoke", {**body, "sync": True})
        assert refused.is_error
        assert vault_server.api("POST", "sys/leases/lookup", body).status_code == 200
        assert postgres_server.can_login(lease["data"]["username"], lease["data"]["password"])
    finally:
        # Vault would try again and again for the rest of the session.
        vault_server.write(f"sys/leases/revoke-force/{path}")


def test_default_ttl_reaches_the_lease(
    vault_server: VaultServer, postgres_server: PostgresServer
) -> None:
    """The role's lifetime is that of its leases."""
    path = database_engine(
        vault_server,
        postgres_server,
        role="parts-short",
        creation=LOGIN_ROLE,
        default_ttl="90s",
        max_ttl="2m",
    )
    assert vault_server.read(path)["lease_duration"] == 90


def test_sql_tells_rows_and_errors(postgres_server: PostgresServer) -> None:
    """`sql` returns rows as text and raises with PostgreSQL's own words."""
    assert postgres_server.sql("SELECT 1, 'a'; SELECT 2") == "1|a\n2"
    with pytest.raises(ServerError, match="division by zero"):
        postgres_server.sql("SELECT 1/0")


def test_policy_binds_a_token(vault_server: VaultServer) -> None:
    """A token of one policy reads what that names, and nothing else."""
    vault_server.write("secret/data/parts/mine", data={"a": "1"})
    vault_server.policy("parts-reader", 'path "secret/data/parts/*" { capabilities = ["read"] }')
    token = vault_server.token("parts-reader", ttl="1m")
    assert vault_server.read("secret/data/parts/mine", token=token)["data"]["data"] == {"a": "1"}
    assert vault_server.api("GET", "secret/data/other", token=token).status_code == 403


@pytest.mark.usefixtures("vault_server")
def test_killed_vault_is_gone_with_its_plugins(postgres_server: PostgresServer) -> None:
    """After `kill` nothing answers, and no plugin process lives on."""
    with VaultServer() as server:
        path = database_engine(server, postgres_server, role="r", creation=LOGIN_ROLE)
        server.read(path)
        group = server.pid or 0
        assert len(_group(group)) > 1
        server.kill()
        with pytest.raises(httpx.TransportError):
            server.api("GET", "sys/health")
        wait_until(lambda: not _group(group))


@pytest.mark.usefixtures("vault_server")
def test_servers_end_with_a_killed_test_run() -> None:
    """A test run that dies without a word takes its servers with it."""
    script = (
        "import os, signal\n"
        "from tests.real.servers import VaultServer\n"
        "server = VaultServer().__enter__()\n"
        "print(server.pid, server._folder, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -9, done.stderr
    group, folder = done.stdout.split()
    wait_until(lambda: not _group(int(group)))
    subprocess.run(["rm", "-rf", folder], check=True)


def _group(leader: int) -> list[int]:
    """Return the living processes of a group."""
    members = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, group = stat.read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == leader and state != "Z":
            members.append(int(stat.parent.name))
    return members
