"""GitLab CI: the ID tokens that the job's YAML declared, and the job's own log by the API."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from ci_secrets.errors import IdentityError, UsageError
from ci_secrets.platforms import given, jwt, keyfile
from ci_secrets.platforms.base import TOKEN, Base
from ci_secrets.platforms.interface import (
    IdentityOptions,
    IdToken,
    JobLog,
    OwnLog,
    Run,
    StateKey,
)
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

if TYPE_CHECKING:
    from ci_secrets.http import Http

LOG_TOKEN: Final = "CI_SECRETS_GITLAB_TOKEN"  # noqa: S105  # a name
"""A project or personal access token with `read_api`; CI_JOB_TOKEN may not read logs."""


class GitLab(Base):
    """A job of a GitLab pipeline. Its tokens are made before it starts; none can be added."""

    name: ClassVar[str] = "gitlab"
    reads_logs: ClassVar[bool] = True
    # Source: docs.gitlab.com, "OpenID Connect (OIDC) Authentication Using ID Tokens".
    shown: ClassVar[tuple[str, ...]] = (
        "iss", "sub", "aud", "exp", "namespace_id", "namespace_path", "project_id", "project_path",
        "project_visibility", "pipeline_id", "pipeline_source", "job_id", "job_project_id", "ref",
        "ref_type", "ref_path", "ref_protected", "sha", "environment", "environment_protected",
        "deployment_tier", "user_login", "runner_id", "runner_environment", "ci_config_ref_uri",
    )  # fmt: skip

    def __init__(
        self,
        environment: Mapping[str, str],
        options: IdentityOptions | None = None,
        http: "Http | None" = None,
    ) -> None:
        super().__init__(environment, options, http)
        self._consumed: set[str] = set()

    def run(self) -> Run:
        """The pipeline, and the job by its number: a retried job has a new one."""
        return Run(
            platform=self.name,
            run=self._get("CI_PIPELINE_ID"),
            job=self._get("CI_JOB_ID"),
            url=self._get("CI_JOB_URL"),
        )

    def untrusted_event(self) -> str | None:
        """A merge request from another project: its pipeline works on that project's content."""
        source = self._get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
        if not source or source == self._get("CI_PROJECT_ID"):
            return None
        path = self._get("CI_MERGE_REQUEST_SOURCE_PROJECT_PATH") or source
        return f"merge request from a fork ({foreign(path)})"

    def identity_variables(self) -> frozenset[str]:
        """Also the ID tokens that were used; others of the job's are left to CMD."""
        return super().identity_variables() | {LOG_TOKEN} | self._consumed

    def own_credentials(self) -> Mapping[str, Secret]:
        """Also every ID token of this job, used or not."""
        tokens = {f"${name}": token for name, (token, _) in self._id_tokens().items()}
        return {**super().own_credentials(), **tokens}

    def state_directory(self) -> Path:
        """Beside the checkout, where `git clean` does not come, and kept for after_script."""
        return Path(self._need("CI_PROJECT_DIR") + ".tmp", "ci-secrets")

    def state_key(self, run: Run, *, directory: Path, create: bool) -> StateKey:
        """CI_JOB_TOKEN: after_script has it too, even when the server has ended it.

        Its container has lost /dev/shm by then; so a key file is only for where there is no token.
        """
        token = self._get("CI_JOB_TOKEN")
        if token and not self._get(keyfile.VARIABLE):
            return StateKey(material=Secret(token), came_from="$CI_JOB_TOKEN")
        return super().state_key(run, directory=directory, create=create)

    def id_token(self, audience: str) -> IdToken:
        """The ID token that was named, else the one that was declared for this audience."""
        token = super().id_token(audience)
        self._consumed |= {token.came_from.removeprefix("$")}
        return token

    def own_log(self) -> OwnLog | None:
        """By the API, where CI_SECRETS_GITLAB_TOKEN is given: masked, and the end under way."""
        if not self._get(LOG_TOKEN):
            return None
        from ci_secrets.platforms import gitlab_log

        log = gitlab_log.read(
            self._get("CI_SERVER_URL"),
            Secret(self._get(LOG_TOKEN)),
            project=self._get("CI_PROJECT_ID"),
            job=self._get("CI_JOB_ID"),
            ca_file=self._get("CI_SERVER_TLS_CA_FILE"),
        )
        return OwnLog(
            source="GitLab's copy of the log", states=("masked-view", "tail-missing"), log=log
        )

    def job_logs(self) -> Sequence[JobLog]:
        """By the API, with the access token in CI_SECRETS_GITLAB_TOKEN."""
        if not self._get(LOG_TOKEN):
            raise UsageError(
                f"{LOG_TOKEN} holds no access token.",
                cause="The logs of finished jobs are read by GitLab's API, and CI_JOB_TOKEN may "
                "not. A protected variable is there on protected branches only.",
                fix=f"Make {LOG_TOKEN} a masked CI/CD variable with a project access token that "
                "has the scope `read_api`.",
            )
        from ci_secrets.platforms.gitlab_traces import Traces

        traces = Traces(
            self._need("CI_SERVER_URL"),
            Secret(self._get(LOG_TOKEN)),
            project=self._need("CI_PROJECT_ID"),
            pipeline=self._need("CI_PIPELINE_ID"),
            ca_file=self._get("CI_SERVER_TLS_CA_FILE"),
        )
        return traces.of_jobs(but=self._get("CI_JOB_ID"))

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        tokens = self._id_tokens()
        for name, (token, claims) in tokens.items():
            if not audience or audience in jwt.audiences(claims):
                return token, f"${name}"
        if self._get(TOKEN):
            return given.from_variable(self._environment, TOKEN)
        if tokens:
            had = "; ".join(
                f"${name} for {', '.join(map(foreign, jwt.audiences(claims))) or 'nobody'}"
                for name, (_, claims) in tokens.items()
            )
            raise IdentityError(
                f"None of this job's ID tokens is for {foreign(audience)}.",
                cause=f"It has {had}.",
                fix=self._advice(audience).audience,
            )
        raise IdentityError(
            "This job has no ID token.",
            cause="No variable holds a JWT of "
            f"{foreign(self._get('CI_SERVER_URL') or 'this GitLab (CI_SERVER_URL is not set)')}.",
            fix=_declare(audience) + "\n\nIf it comes from elsewhere, name it: --id-token-env NAME",
        )

    def _id_tokens(self) -> dict[str, tuple[Secret, dict[str, object]]]:
        """Name → token and claims of every variable with a JWT of this GitLab, by name."""
        issuer = self._get("CI_SERVER_URL").rstrip("/")
        job_token = self._get("CI_JOB_TOKEN")  # may be a JWT, and has copies under other names
        found = {}
        for name, value in sorted(self._environment.items()):
            if not issuer or not value.startswith("eyJ") or value == job_token:
                continue
            token = Secret(value)
            claims = jwt.decode(token)
            if claims and str(claims.get("iss", "")).rstrip("/") == issuer:
                found[name] = token, claims
        return found

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="GitLab's tokens end with the job's timeout: set it longer (`timeout: 2h` in "
            "the job), or log in earlier; or set the clock of this runner (NTP).",
            audience=_declare(audience)
            + "\n\nor give the store the audience of a token that is there (--audience, or "
            "`audience:` in the store).",
        )


def _declare(audience: str) -> str:
    return (
        "Declare one in .gitlab-ci.yml, under any name:\n\n"
        "    JOB:\n"
        "      id_tokens:\n"
        "        VAULT_ID_TOKEN:\n"
        f"          aud: {foreign(audience) or 'https://vault.example'}"
    )
