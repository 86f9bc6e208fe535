"""Jobs of each CI as their processes see them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import jwt
import pytest

from ci_secrets.testing.ci import CiStand, Kind, ci_environment
from ci_secrets.testing.issuer import Issuer

KINDS: tuple[Kind, ...] = ("github", "gitlab", "jenkins", "generic")


def test_github_has_its_files_and_its_endpoint(
    ci_secrets_github: CiStand, ci_secrets_issuer: Issuer
) -> None:
    """Command files are there and empty; the endpoint mints the job's claims."""
    env, files = ci_secrets_github.env, ci_secrets_github.files
    assert {"GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_STEP_SUMMARY"} <= set(files)
    assert all(Path(env[name]) == file for name, file in files.items())
    assert all(file.read_bytes() == b"" for file in files.values())
    assert Path(env["RUNNER_TEMP"]).is_dir()
    assert json.loads(Path(env["GITHUB_EVENT_PATH"]).read_text()) == {}
    answer = httpx.get(
        env["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=a",
        headers={"Authorization": f"Bearer {env['ACTIONS_ID_TOKEN_REQUEST_TOKEN']}"},
    )
    claims = jwt.decode(answer.json()["value"], options={"verify_signature": False})
    assert claims["run_id"] == env["GITHUB_RUN_ID"]
    assert claims["repository"] == env["GITHUB_REPOSITORY"]
    assert ci_secrets_issuer.minted == ["a"]


def test_github_takes_an_event(tmp_path: Path, ci_secrets_issuer: Issuer) -> None:
    """A fork's pull request is a matter of claims and payload."""
    event = {"pull_request": {"head": {"repo": {"fork": True}}}}
    claims = {"event_name": "pull_request_target"}
    stand = ci_environment("github", tmp_path, ci_secrets_issuer, claims=claims, event=event)
    assert stand.env["GITHUB_EVENT_NAME"] == "pull_request_target"
    assert json.loads(Path(stand.env["GITHUB_EVENT_PATH"]).read_text()) == event


def test_gitlab_has_its_token_in_a_variable(
    ci_secrets_gitlab: CiStand, ci_secrets_issuer: Issuer
) -> None:
    """VAULT_ID_TOKEN is a JWT for the development Vault; the runner's folder is there."""
    env = ci_secrets_gitlab.env
    claims = jwt.decode(env["VAULT_ID_TOKEN"], options={"verify_signature": False})
    assert claims["iss"] == ci_secrets_issuer.url
    assert claims["job_id"] == env["CI_JOB_ID"]
    assert Path(f"{env['CI_PROJECT_DIR']}.tmp").is_dir()
    assert env["CI_JOB_TOKEN"]


def test_jenkins_has_its_token_in_a_variable_or_a_file(
    ci_secrets_jenkins: CiStand, tmp_path: Path, ci_secrets_issuer: Issuer
) -> None:
    """Both bindings of the credential, and the folder beside the workspace."""
    env = ci_secrets_jenkins.env
    claims = jwt.decode(env["CI_SECRETS_ID_TOKEN"], options={"verify_signature": False})
    assert env["BUILD_URL"] == f"{claims['sub']}{claims['build_number']}/"
    assert Path(env["WORKSPACE_TMP"]).is_dir()
    other = ci_environment(
        "jenkins", tmp_path / "file", ci_secrets_issuer, audience="a", token_in_file=True
    )
    file = Path(other.env["CI_SECRETS_ID_TOKEN_FILE"])
    assert "CI_SECRETS_ID_TOKEN" not in other.env
    assert file.stat().st_mode & 0o777 == 0o600
    assert jwt.decode(file.read_text(), options={"verify_signature": False})["aud"] == "a"


def test_the_variable_s_name_can_be_chosen(tmp_path: Path, ci_secrets_issuer: Issuer) -> None:
    """GitLab's `id_tokens:` have any name."""
    stand = ci_environment(
        "gitlab", tmp_path, ci_secrets_issuer, audience="a", token_variable="PROD_TOKEN"
    )
    assert "PROD_TOKEN" in stand.env
    assert "VAULT_ID_TOKEN" not in stand.env


@pytest.mark.parametrize("kind", KINDS)
def test_a_job_can_lack_its_identity(kind: Kind, tmp_path: Path, ci_secrets_issuer: Issuer) -> None:
    """`identity=False` leaves nothing to get a JWT from."""
    stand = ci_environment(kind, tmp_path, ci_secrets_issuer, audience="a", identity=False)
    assert [name for name in stand.env if "ID_TOKEN" in name] == []


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_this_machine_gets_in(
    kind: Kind, tmp_path: Path, ci_secrets_issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The environment is whole and made up: only texts, and none of ours."""
    monkeypatch.setenv("OURS", "secret")
    stand = ci_environment(kind, tmp_path, ci_secrets_issuer, audience="a")
    assert {type(value) for value in stand.env.values()} == {str}
    assert "OURS" not in stand.env
    assert stand.env["HOME"] != os.environ.get("HOME")
    assert stand.workspace.is_dir()


def test_the_plugin_costs_other_people_s_tests_nothing() -> None:
    """Loading it imports neither HTTP nor cryptography, nor the parts that it hands out."""
    code = (
        "import sys, pytest; before = set(sys.modules); import ci_secrets.testing.plugin;"
        "print(*sorted(name for name in set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert {name for name in loaded if not name.startswith("ci_secrets")} == set()
    assert "ci_secrets.testing.plugin" in loaded
    heavy = {"ci_secrets.testing.vault", "ci_secrets.testing.issuer", "ci_secrets.testing.ci"}
    assert not heavy & set(loaded)
