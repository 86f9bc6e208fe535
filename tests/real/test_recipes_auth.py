"""The stores of docs/vault.md, one per auth method, each logging in to a real Vault."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.recipes import Done, RealJob, Stage, block
from tests.real.servers import TokenReviewStub, VaultServer, kubernetes_auth

METHODS = block("docs/vault.md", "yaml", "method: kubernetes")
PASSWORD = "made-up-password-4711"
READ_DEPLOY = 'path "secret/data/deploy/production" { capabilities = ["read"] }'


@pytest.fixture(scope="session")
def review_stub() -> Iterator[TokenReviewStub]:
    """Give a Kubernetes API that vouches for service accounts."""
    with TokenReviewStub() as stub:
        yield stub


@pytest.fixture
def job(stage: Stage, tmp_path: Path) -> RealJob:
    """Give a machine without an identity: these logins need none."""
    made = stage.job("generic", tmp_path)
    del made.env["CI_SECRETS_ID_TOKEN"]
    return made


def _enter(job: RealJob, store: str, *changes: tuple[str, str], **more: str) -> Done:
    """Run `exec` with the page's stores, reading from one of them; DB_PASSWORD goes to PROBE."""
    config = job.stage.told(METHODS).replace("DB_PASSWORD: token:", f"DB_PASSWORD: {store}:")
    for old, new in changes:
        assert old in config
        config = config.replace(old, new)
    (job.stand.workspace / "ci-secrets.yaml").write_text(config)
    return job.run("exec", "--", "sh", "-c", 'printf %s "$DB_PASSWORD" >"$PROBE"', **more)


def _has_entered(job: RealJob, done: Done) -> None:
    """It read the secret, and its token is gone."""
    assert done.code == 0, done.err
    assert job.probe.read_text() == job.stage.api_key[::-1]
    assert "revoked, proven: 1 token" in done.err


def _approle(stage: Stage) -> tuple[str, str]:
    """The role-id of the page, and a secret-id."""
    stage.vault.enable_auth("approle")
    stage.vault.write("auth/approle/role/ci", token_policies=["deploy"])
    stage.vault.write("auth/approle/role/ci/role-id", role_id="6a0d5b7c")
    made = stage.vault.write("auth/approle/role/ci/secret-id")
    return "6a0d5b7c", made["data"]["secret_id"]


def test_approle(job: RealJob) -> None:
    """By role-id and a secret-id from a variable, which CMD does not get."""
    role_id, secret_id = _approle(job.stage)
    assert role_id in METHODS
    done = _enter(job, "approle", VAULT_SECRET_ID=secret_id)
    _has_entered(job, done)
    seen = job.run("exec", "--", "env", VAULT_SECRET_ID=secret_id)
    assert "DB_PASSWORD=***" in seen.out
    assert "VAULT_SECRET_ID" not in seen.out


def test_wrapped_secret_id_once(job: RealJob) -> None:
    """A wrapped secret-id works once; the second job that has it is told of a theft."""
    _approle(job.stage)
    made = job.stage.operator(
        "vault write -f -wrap-ttl=60s -field=wrapping_token auth/approle/role/ci/secret-id"
    )
    wrapped = made.out.strip()
    _has_entered(job, _enter(job, "wrapped", VAULT_WRAPPED_SECRET_ID=wrapped))
    again = _enter(job, "wrapped", VAULT_WRAPPED_SECRET_ID=wrapped)
    assert again.code == 5, again.err
    assert "theft" in again.err
    assert wrapped not in again.said


def test_userpass(job: RealJob) -> None:
    """By name and a password from a variable."""
    job.stage.vault.enable_auth("userpass")
    job.stage.vault.write("auth/userpass/users/ci", password=PASSWORD, token_policies=["deploy"])
    _has_entered(job, _enter(job, "userpass", VAULT_PASSWORD=PASSWORD))
    wrong = _enter(job, "userpass", VAULT_PASSWORD="another")
    assert wrong.code == 5, wrong.err


def test_kubernetes(job: RealJob, review_stub: TokenReviewStub, tmp_path: Path) -> None:
    """By a pod's projected token, wherever it is mounted."""
    kubernetes_auth(job.stage.vault, review_stub, role="ci", policies=["deploy"])
    token = tmp_path / "token"
    token.write_text(review_stub.token() + "\n")
    mounted = "/var/run/secrets/kubernetes.io/serviceaccount/token"
    _has_entered(job, _enter(job, "kubernetes", (mounted, str(token))))


def test_token(job: RealJob) -> None:
    """Of a given token a child is used, and the token itself is alive afterwards."""
    vault = job.stage.vault
    parent = vault.policy("parent", 'path "auth/token/create" { capabilities = ["update"] }')
    token = vault.token("deploy", parent)
    _has_entered(job, _enter(job, "token", VAULT_TOKEN=token))
    assert vault.read("auth/token/lookup-self", token=token)["data"]["policies"]
    childless = _enter(job, "token", VAULT_TOKEN=vault.token("deploy"))
    assert childless.code == 5, childless.err
    assert "auth/token/create" in childless.err


def test_any_other_method_by_its_payload(job: RealJob) -> None:
    """A login that we know nothing of, by the JSON body that it takes."""
    stage = job.stage
    stage.vault.enable_auth("jwt", mount="azure-ci")
    stage.vault.write("auth/azure-ci/config", oidc_discovery_url=stage.issuer.url)
    stage.vault.write(
        "auth/azure-ci/role/vm",
        role_type="jwt",
        user_claim="sub",
        bound_audiences=["https://management.azure.example"],
        token_policies=["deploy"],
    )
    jwt = stage.issuer.mint("https://management.azure.example", sub="vm-1")
    payload = json.dumps({"role": "vm", "jwt": jwt})
    _has_entered(job, _enter(job, "any-other", VAULT_LOGIN_JSON=payload))


def test_certificate(stage: Stage, job: RealJob) -> None:
    """By mTLS, the server known by `ca-file` alone; with another CA nothing is sent."""
    with VaultServer(tls=True) as server:
        assert server.ca_file is not None
        server.enable_auth("cert")
        server.policy("deploy", READ_DEPLOY)
        server.write("secret/data/deploy/production", data={"db_password": stage.api_key[::-1]})
        server.write(
            "auth/cert/certs/ci",
            certificate=server.ca_file.read_text(),
            token_policies=["deploy"],
        )
        pair = server.client_certificate("runner.example")
        place = (
            (stage.vault.url, server.url),
            ("ci.pem", str(pair.cert_file)),
            ("ci.key", str(pair.key_file)),
        )
        trusted = ("auth: {method: cert}", f"auth: {{method: cert}}, ca-file: {server.ca_file}")
        done = _enter(job, "certificate", *place, trusted)
        _has_entered(job, done)
        stranger = _enter(job, "certificate", *place)
        assert stranger.code == 6, stranger.err
        assert re.search(r"certificate|CA", stranger.err)


def test_jwt_with_another_audience(stage: Stage, job: RealJob) -> None:
    """A JWT for somebody else is told apart before it is sent, with what to change."""
    token = stage.issuer.mint("https://other.example", sub="x")
    stage.role("plain")
    done = job.run(
        "exec",
        *("--url", stage.vault.url, "--role", "plain"),
        *("--secrets", "secret/data/deploy/production api_key | API_KEY", "--", "true"),
        CI_SECRETS_ID_TOKEN=token,
    )
    assert done.code == 4, done.err
    assert "https://other.example" in done.err
