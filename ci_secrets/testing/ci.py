"""Environments as CI systems make them: variables, folders and command files of one job."""

import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from ci_secrets.testing.claims import github_claims, gitlab_claims, jenkins_claims
from ci_secrets.testing.issuer import Issuer

Kind = Literal["github", "gitlab", "jenkins", "generic"]


@dataclass(frozen=True, kw_only=True, slots=True)
class CiStand:
    """One job of one CI system, as a process in it sees it."""

    kind: Kind
    workspace: Path
    """The checkout, empty."""
    env: Mapping[str, str]
    """The whole environment, with nothing of this machine: PATH is the usual one, HOME is empty."""
    claims: Mapping[str, Any]
    """Of the job's ID token."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Command files by variable (GITHUB_OUTPUT, …); empty where the CI has none."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Job:
    """What the builders below need to know."""

    folder: Path
    workspace: Path
    issuer: Issuer
    audience: str
    claims: Mapping[str, Any]
    event: Mapping[str, Any]
    identity: bool
    token_variable: str
    token_in_file: bool

    def token_environment(self) -> dict[str, str]:
        """The ID token in a variable, or in a file that a variable names."""
        if not self.identity:
            return {}
        token = self.issuer.mint(self.audience, **self.claims)
        if not self.token_in_file:
            return {self.token_variable: token}
        file = self.folder / "id-token"
        file.touch(mode=0o600)
        file.write_text(token)
        return {f"{self.token_variable}_FILE": str(file)}


def ci_environment(
    kind: Kind,
    folder: Path,
    issuer: Issuer,
    *,
    audience: str = "",
    claims: Mapping[str, Any] | None = None,
    event: Mapping[str, Any] | None = None,
    identity: bool = True,
    token_variable: str = "",
    token_in_file: bool = False,
) -> CiStand:
    """A job of one CI system, below an empty `folder`.

    GitHub's mints ID tokens of any audience at `issuer`; the others are given one token for
    `audience` in `token_variable` (default VAULT_ID_TOKEN on GitLab, else CI_SECRETS_ID_TOKEN),
    or with `token_in_file` in a file that `<token_variable>_FILE` names. `claims` override the
    made-up job's; `event` is GitHub's event payload; `identity=False` takes the identity away,
    as a missing `id-token: write` does.
    """
    own, build = _KINDS[kind]
    workspace = folder / "workspace"
    home = folder / "home"
    for directory in (workspace, home):
        directory.mkdir(parents=True)
    merged = own() | dict(claims or {})
    job = _Job(
        folder=folder,
        workspace=workspace,
        issuer=issuer,
        audience=audience,
        claims=merged,
        event=event or {},
        identity=identity,
        token_variable=token_variable or _TOKEN_VARIABLE.get(kind, "CI_SECRETS_ID_TOKEN"),
        token_in_file=token_in_file,
    )
    env, files = build(job)
    base = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(home)}
    return CiStand(kind=kind, workspace=workspace, env=base | env, claims=merged, files=files)


_Built = tuple[dict[str, str], dict[str, Path]]


def _github(job: _Job) -> _Built:
    """Source: docs.github.com, "Variables reference"; actions/runner for the command files."""
    claims = job.claims
    temp = job.folder / "temp"
    commands = temp / "_runner_file_commands"
    commands.mkdir(parents=True)
    step = secrets.token_hex(8)
    files = {
        "GITHUB_OUTPUT": commands / f"set_output_{step}",
        "GITHUB_ENV": commands / f"set_env_{step}",
        "GITHUB_STATE": commands / f"save_state_{step}",
        "GITHUB_PATH": commands / f"add_path_{step}",
        "GITHUB_STEP_SUMMARY": commands / f"step_summary_{step}",
    }
    for file in files.values():
        file.touch()
    event = temp / "event.json"
    event.write_text(json.dumps(job.event))
    env = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTOR": claims["actor"],
        "GITHUB_API_URL": "https://api.github.com",
        "GITHUB_EVENT_NAME": claims["event_name"],
        "GITHUB_EVENT_PATH": str(event),
        "GITHUB_JOB": "deploy",
        "GITHUB_REF": claims["ref"],
        "GITHUB_REPOSITORY": claims["repository"],
        "GITHUB_REPOSITORY_ID": claims["repository_id"],
        "GITHUB_REPOSITORY_OWNER": claims["repository_owner"],
        "GITHUB_REPOSITORY_OWNER_ID": claims["repository_owner_id"],
        "GITHUB_RUN_ATTEMPT": claims["run_attempt"],
        "GITHUB_RUN_ID": claims["run_id"],
        "GITHUB_RUN_NUMBER": claims["run_number"],
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": claims["sha"],
        "GITHUB_WORKFLOW": claims["workflow"],
        "GITHUB_WORKSPACE": str(job.workspace),
        "RUNNER_ENVIRONMENT": claims["runner_environment"],
        "RUNNER_OS": "Linux",
        "RUNNER_TEMP": str(temp),
        **{name: str(file) for name, file in files.items()},
    }
    job.issuer.github = claims
    if job.identity:
        env["ACTIONS_ID_TOKEN_REQUEST_URL"] = job.issuer.request_url
        env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] = job.issuer.request_token
    return env, files


def _gitlab(job: _Job) -> _Built:
    """Source: docs.gitlab.com, "Predefined CI/CD variables reference"."""
    claims = job.claims
    # A GitLab server is the issuer of its jobs' tokens.
    server, project = job.issuer.url, claims["project_path"]
    # The runner keeps file variables beside the checkout.
    (job.workspace.parent / f"{job.workspace.name}.tmp").mkdir()
    env = {
        "CI": "true",
        "GITLAB_CI": "true",
        "CI_API_V4_URL": f"{server}/api/v4",
        "CI_COMMIT_REF_NAME": claims["ref"],
        "CI_COMMIT_REF_PROTECTED": claims["ref_protected"],
        "CI_COMMIT_SHA": claims["sha"],
        "CI_JOB_ID": claims["job_id"],
        "CI_JOB_NAME": "deploy",
        "CI_JOB_STAGE": "deploy",
        "CI_JOB_TOKEN": f"glcbt-64_{secrets.token_urlsafe(15)}",
        "CI_JOB_URL": f"{server}/{project}/-/jobs/{claims['job_id']}",
        "CI_PIPELINE_ID": claims["pipeline_id"],
        "CI_PIPELINE_SOURCE": claims["pipeline_source"],
        "CI_PIPELINE_URL": f"{server}/{project}/-/pipelines/{claims['pipeline_id']}",
        "CI_PROJECT_DIR": str(job.workspace),
        "CI_PROJECT_ID": claims["project_id"],
        "CI_PROJECT_PATH": project,
        "CI_PROJECT_URL": f"{server}/{project}",
        "CI_SERVER_HOST": server.rpartition("/")[2].partition(":")[0],
        "CI_SERVER_URL": server,
        "GITLAB_USER_LOGIN": claims["user_login"],
    }
    return env | job.token_environment(), {}


def _jenkins(job: _Job) -> _Built:
    """Source: Jenkins, "Using environment variables"; WORKSPACE_TMP of the Pipeline plugins."""
    job_url, number = str(job.claims["sub"]), str(job.claims["build_number"])
    temp = job.workspace.parent / f"{job.workspace.name}@tmp"
    temp.mkdir()
    env = {
        "BUILD_ID": number,
        "BUILD_NUMBER": number,
        "BUILD_TAG": f"jenkins-deploy-{number}",
        "BUILD_URL": f"{job_url}{number}/",
        "EXECUTOR_NUMBER": "0",
        "JENKINS_URL": f"{job_url.partition('/job/')[0]}/",
        "JOB_NAME": "deploy",
        "JOB_URL": job_url,
        "NODE_NAME": "built-in",
        "WORKSPACE": str(job.workspace),
        "WORKSPACE_TMP": str(temp),
    }
    return env | job.token_environment(), {}


def _generic(job: _Job) -> _Built:
    return job.token_environment(), {}


def _generic_claims() -> dict[str, Any]:
    return {"sub": "machine:builder-1"}


_TOKEN_VARIABLE: Final = {"gitlab": "VAULT_ID_TOKEN"}
_KINDS: Final[Mapping[Kind, tuple[Callable[[], dict[str, Any]], Callable[[_Job], _Built]]]] = {
    "github": (github_claims, _github),
    "gitlab": (gitlab_claims, _gitlab),
    "jenkins": (jenkins_claims, _jenkins),
    "generic": (_generic_claims, _generic),
}
