"""The end of a job through the command line, on a real Vault and a real PostgreSQL."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.real.recipes import RealJob, Stage, operators_command
from tests.real.servers import LOGIN_ROLE, VaultServer, database_engine

CONFIG = """\
version: 1
stores:
  vault: {{type: vault, url: "https://vault.example:8200", role: {role}}}
secrets:
  API_KEY: vault:secret/data/deploy/production#api_key
  DB: {{from: "vault:{path}", fields: {{username: DB_USER, password: DB_PASSWORD}}}}
"""


@pytest.fixture(scope="session")
def role(stage: Stage) -> str:
    """Give a role with the policy of docs/vault.md that any JWT for this Vault may take."""
    return stage.role("end")


@pytest.fixture
def job(stage: Stage, role: str, tmp_path: Path) -> RealJob:
    """Give a job on GitLab with one static secret and one database user."""
    config = CONFIG.format(role=role, path="database/creds/app-readonly")
    return stage.job("gitlab", tmp_path, config)


@contextmanager
def _frozen(server: VaultServer) -> Iterator[None]:
    """Within, the server and its plugins take connections and answer nothing."""
    assert server.pid is not None
    os.killpg(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.killpg(server.pid, signal.SIGCONT)


def test_a_database_user_lives_as_long_as_the_command(job: RealJob) -> None:
    """PostgreSQL lets the user in while CMD runs, and no longer when `exec` has ended."""
    process = job.begin()
    assert job.user_is_alive()
    done = job.end(process)
    assert done.code == 0, done.err
    assert not job.user_is_alive()


def test_a_user_of_a_short_lease_lives_as_long_as_the_command(stage: Stage, tmp_path: Path) -> None:
    """A lease that would end long before the token's first renewal is renewed in time."""
    path = database_engine(
        stage.vault, stage.postgres, role="short", creation=LOGIN_ROLE, default_ttl="12s"
    )
    rules = f'path "{path}" {{ capabilities = ["read"] }}'
    role = stage.role("short", "deploy", stage.vault.policy("short", rules))
    job = stage.job("gitlab", tmp_path, CONFIG.format(role=role, path=path))
    process = job.begin()
    (key,) = stage.vault.api("LIST", f"sys/leases/lookup/{path}").json()["data"]["keys"]
    lease = f"{path}/{key}"

    def renewed() -> bool:
        looked = stage.vault.write("sys/leases/lookup", lease_id=lease)
        return looked["data"]["last_renewal"] is not None

    wait_until(renewed)
    assert job.user_is_alive()
    done = job.end(process)
    assert done.code == 0, done.err
    assert "warning" not in done.err
    assert not job.user_is_alive()


def test_what_cannot_be_revoked_is_said_with_a_command_that_works(
    stage: Stage, tmp_path: Path
) -> None:
    """A failing revocation SQL is exit 9 with what, until when, and the operator's command."""
    path = database_engine(
        stage.vault,
        stage.postgres,
        role="stuck",
        creation=LOGIN_ROLE,
        revocation="SELECT drop_user('{{name}}');",
    )
    rules = f'path "{path}" {{ capabilities = ["read"] }}'
    role = stage.role("stuck", "deploy", stage.vault.policy("stuck", rules))
    job = stage.job("gitlab", tmp_path, CONFIG.format(role=role, path=path))
    done = job.run("exec", "--", "./deploy.sh")
    assert done.code == 9, done.said
    assert "FAILED, STILL ALIVE: 1 lease" in done.err
    assert "revoked, proven: 1 token" in done.err
    assert "It may live until 20" in done.err
    command = operators_command(done.err)
    assert command.startswith(f"vault lease revoke -sync {path}/")
    assert job.user_is_alive()

    assert stage.operator(command).code != 0, "the SQL is not mended yet"
    stage.postgres.sql(
        "CREATE FUNCTION drop_user(name text) RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN EXECUTE format('DROP ROLE IF EXISTS %I', name); END $$"
    )
    ended = stage.operator(command)
    assert ended.code == 0, ended.said
    assert not job.user_is_alive()
    # The token that could have looked is gone, so that a later `finish` has nothing new to say.
    later = job.run("finish")
    assert later.code == 9, later.err
    assert operators_command(later.err) == command


def test_killed_exec_leaves_no_user_beyond_the_heartbeat(job: RealJob) -> None:
    """After SIGKILL, with nobody's help, the user is gone within the heartbeat's TTL and a bit."""
    process = job.begin("--heartbeat-ttl", "5")
    process.kill()
    process.communicate()
    assert job.user_is_alive()
    wait_until(lambda: not job.user_is_alive())


def test_finish_after_a_kill_revokes_at_once(job: RealJob) -> None:
    """`finish` closes what a killed `exec` left, with proof, and is done the second time."""
    process = job.begin()
    process.kill()
    process.communicate()
    assert job.user_is_alive()
    done = job.run("finish")
    assert done.code == 0, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert not job.user_is_alive()
    again = job.run("finish")
    assert again.code == 0, again.err
    assert "already closed" in again.err


def test_vault_down_at_the_end(job: RealJob) -> None:
    """With Vault down `exec` ends in 9 and says what lives on; a later `finish` closes it."""
    process = job.begin()
    with _frozen(job.stage.vault):
        done = job.end(process)
        assert job.user_is_alive()
    assert done.code == 9, done.err
    assert "NOT REACHED: 1 token and 1 lease" in done.err
    assert "It may live until 20" in done.err
    assert "`ci-secrets finish` in this job tries again" in done.err
    later = job.run("finish")
    # What was still in the server's sockets is done when it wakes: by then they may be gone.
    assert later.code == 0, later.err
    assert "1 token" in later.err
    wait_until(lambda: not job.user_is_alive(), "the end of the user")


def test_batch_tokens_are_said_to_stay(stage: Stage, tmp_path: Path) -> None:
    """A batch token cannot be revoked: exit 9 with its end; its lease is revoked all the same."""
    role = stage.role("batch", token_type="batch", token_ttl="10m")
    config = CONFIG.format(role=role, path="database/creds/app-readonly")
    job = stage.job("gitlab", tmp_path, config)
    done = job.run("exec", "--", "./deploy.sh")
    assert done.code == 9, done.err
    assert "CANNOT BE REVOKED: 1 token" in done.err
    assert "revoked, proven: 1 lease" in done.err
    assert "token_type=service" in done.err
    assert not job.user_is_alive()


def test_a_batch_token_that_has_expired_keeps_nothing_open(stage: Stage, tmp_path: Path) -> None:
    """When the TTL of a batch token has ended, `finish` finds it gone and closes the run: 0."""
    role = stage.role("brief", token_type="batch", token_ttl="6s")
    config = CONFIG.format(role=role, path="database/creds/app-readonly")
    job = stage.job("gitlab", tmp_path, config)
    job.run("exec", "--", "./deploy.sh")
    wait_until(lambda: job.run("finish").code == 0)
    assert "already closed" in job.run("finish").err


def test_without_the_default_policy(stage: Stage, tmp_path: Path) -> None:
    """A token that may do nothing but read is never called revoked: 9, with the policy lines."""
    rules = """
path "secret/data/deploy/production" { capabilities = ["read"] }
path "database/creds/app-readonly"   { capabilities = ["read"] }
"""
    bare = stage.vault.policy("bare", rules)
    role = stage.role("bare", bare, token_no_default_policy=True, token_ttl="20s")
    config = CONFIG.format(role=role, path="database/creds/app-readonly")
    job = stage.job("gitlab", tmp_path, config)
    done = job.run("exec", "--", "./deploy.sh")
    assert done.code == 9, done.err
    assert "REFUSED: 1 token and 1 lease" in done.err
    assert 'path "auth/token/revoke-self" { capabilities = ["update"] }' in done.err
    assert job.user_is_alive()
    for command in done.err.split("an operator ends it with: ")[1:]:
        ended = stage.operator(command.splitlines()[0])
        assert ended.code == 0, ended.said
    assert not job.user_is_alive()


def test_two_stores_in_one_run(stage: Stage, role: str, tmp_path: Path) -> None:
    """Two roles of one server are two logins, and both end."""
    stage.vault.write("secret/data/app", data={"password": "of-the-second-store"})
    rules = 'path "secret/data/app" { capabilities = ["read"] }'
    second = stage.role("second", stage.vault.policy("second", rules))
    config = CONFIG.format(role=role, path="database/creds/app-readonly").replace(
        "secrets:\n",
        f'  app: {{url: "https://vault.example:8200", role: {second}}}\n'
        "secrets:\n  APP: app:secret/data/app#password\n",
    )
    job = stage.job("gitlab", tmp_path, config)
    done = job.run("exec", "--", "sh", "-c", './deploy.sh; test "$APP" = of-the-second-store')
    assert done.code == 0, done.err
    assert "revoked, proven: 2 tokens and 1 lease" in done.err
    assert not job.user_is_alive()


def test_a_namespace_is_refused_where_there_is_none(stage: Stage, tmp_path: Path) -> None:
    """Vault Community would serve root's secret, so that such a store is not even logged in to."""
    config = CONFIG.format(role="end, namespace: team/a", path="database/creds/app-readonly")
    job = stage.job("gitlab", tmp_path, config)
    done = job.run("exec", "--", "./deploy.sh")
    assert done.code == 3, done.err
    assert "namespace" in done.err
    assert not job.probe.exists()
