"""GitHub Actions: its token endpoint, masks, outputs, summary and annotations."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, Literal

from ci_secrets.errors import IdentityError, UsageError
from ci_secrets.platforms import github_commands as commands
from ci_secrets.platforms import github_event as event
from ci_secrets.platforms import github_workflow as workflow
from ci_secrets.platforms import jwt
from ci_secrets.platforms.base import Base
from ci_secrets.platforms.endpoint import Endpoint
from ci_secrets.platforms.interface import CommandFiles, JobLog, Level, OwnLog, Run
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

_URL: Final = "ACTIONS_ID_TOKEN_REQUEST_URL"
_TOKEN: Final = "ACTIONS_ID_TOKEN_REQUEST_TOKEN"  # noqa: S105  # a name
API_TOKEN: Final = "CI_SECRETS_GITHUB_TOKEN"  # noqa: S105
"""The variable with the token for GitHub's API; GITHUB_TOKEN is not taken, for nobody meant it."""
_HANDED_ON: Final = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_PATH")

_PERMISSION: Final = """\
Grant it to the job; what `permissions:` does not list is taken away, so list all:

    jobs:
      deploy:
        permissions:
          id-token: write
          contents: read

If this job stands in a reusable workflow, the job that calls it must grant it too:

    jobs:
      call:
        permissions:
          id-token: write
          contents: read
        uses: ORG/REPO/.github/workflows/FILE.yml@REF"""

_FORK: Final = """\
Let the job that needs secrets run after the merge (`on: push`), and skip it for forks:

    jobs:
      deploy:
        if: github.event.pull_request.head.repo.full_name == github.repository

`pull_request_target` would hand the secrets to whatever the fork's code does: do not move there \
and check the fork out."""

_ENDPOINT: Final = Endpoint(
    called="GitHub's token endpoint",
    method="GET",
    answer="value",
    url_variable=_URL,
    token_variable=_TOKEN,
    refused=(
        "The job's own token is over, was masked away, or the audience is not accepted.",
        "Run ci-secrets in the job itself, not in what outlives it; and look at `audience:` of the "
        "store.",
    ),
    reach="Look at githubstatus.com; a self-hosted runner must reach "
    "*.actions.githubusercontent.com.",
)


class GitHub(Base):
    """A step of a job on a GitHub runner, hosted or self-hosted."""

    name: ClassVar[str] = "github"
    takes_masks: ClassVar[bool] = True
    takes_outputs: ClassVar[bool] = True
    reads_logs: ClassVar[bool] = True
    # Source: docs.github.com, "OpenID Connect reference", claims of the token.
    shown: ClassVar[tuple[str, ...]] = (
        "iss", "sub", "aud", "exp", "repository", "repository_id", "repository_owner",
        "repository_owner_id", "repository_visibility", "ref", "ref_type", "ref_protected", "sha",
        "head_ref", "base_ref", "environment", "event_name", "workflow_ref", "job_workflow_ref",
        "actor", "actor_id", "run_id", "run_attempt", "runner_environment", "check_run_id",
    )  # fmt: skip

    @property
    def mints(self) -> bool:
        """The endpoint answers as long as the job runs."""
        return self._options.id_token_env is None

    def run(self) -> Run:
        """The attempt of the workflow run, and the id of the job in its file."""
        server, repository = self._get("GITHUB_SERVER_URL"), self._get("GITHUB_REPOSITORY")
        run, attempt = self._get("GITHUB_RUN_ID"), self._get("GITHUB_RUN_ATTEMPT")
        url = f"{server}/{repository}/actions/runs/{run}" if server and run else ""
        return Run(
            platform=self.name,
            run=run,
            attempt=attempt,
            job=self._get("GITHUB_JOB"),
            url=f"{url}/attempts/{attempt}" if url and attempt else url,
        )

    def too_much(self, read: Callable[[Path], object]) -> str | None:
        """Permissions of the workflow's file, where the checkout has it."""
        return workflow.too_much(self._environment, self.workspace(), read)

    def untrusted_event(self) -> str | None:
        """Events that run beside, or on, content of somebody who has no write access."""
        return event.untrusted(self._environment)

    def identity_variables(self) -> frozenset[str]:
        """Also the address and the bearer token of the endpoint."""
        return super().identity_variables() | {_URL, _TOKEN, API_TOKEN}

    def own_credentials(self) -> Mapping[str, Secret]:
        """The endpoint's bearer token; its address is none."""
        found = dict(super().own_credentials())
        found.pop(f"${_URL}", None)
        return found

    def workspace(self) -> Path:
        """GITHUB_WORKSPACE, also where a step has a working directory of its own."""
        return Path(self._get("GITHUB_WORKSPACE"))

    def state_directory(self) -> Path:
        """Below RUNNER_TEMP, which the runner empties before and after each job."""
        return Path(self._need("RUNNER_TEMP"), "ci-secrets")

    def mask_lines(self, values: Iterable[bytes]) -> list[bytes]:
        """One `::add-mask::` for each line of each value."""
        return [line for value in values for line in commands.masks(value)]

    def write_outputs(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Append to GITHUB_OUTPUT, all values or none."""
        commands.append("GITHUB_OUTPUT", self._environment, values)

    def export_variables(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Append to GITHUB_ENV, all values or none."""
        commands.append("GITHUB_ENV", self._environment, values)

    def write_summary(self, markdown: str) -> None:
        """Append to GITHUB_STEP_SUMMARY, unless that is more than GitHub takes."""
        commands.append_summary(self._environment, markdown)

    def mask_request(self, line: bytes) -> bytes | None:
        """Both spellings that the runner obeys, parsed as it parses them."""
        return commands.mask_request(line)

    def annotate(self, level: Level, message: str) -> str | None:
        """`::error title=ci-secrets::…`."""
        return commands.annotation(level, message)

    def command_files(self) -> CommandFiles:
        """The files of this step, as far as they are set."""
        summary = self._get("GITHUB_STEP_SUMMARY")
        return CommandFiles(
            summary=Path(summary) if summary else None,
            handed_on={name: Path(self._get(name)) for name in _HANDED_ON if self._get(name)},
        )

    def own_log(self) -> OwnLog | None:
        """What the runner has on this machine: masked, its end not yet written."""
        from ci_secrets.platforms.github_diag import read

        log = read()
        if log is None:
            return None
        states: tuple[Literal["masked-view", "tail-missing"], ...] = ("masked-view", "tail-missing")
        return OwnLog(source="the runner's own pages", states=states, log=log)

    def job_logs(self) -> Sequence[JobLog]:
        """By the API, with the token in CI_SECRETS_GITHUB_TOKEN."""
        from ci_secrets.platforms.github_logs import Logs, Source

        token = self._get(API_TOKEN)
        if not token.isascii() or not token.isprintable() or not token:
            raise UsageError(
                f"{API_TOKEN} holds no token.",
                cause="The logs of finished jobs are read by GitHub's API.",
                fix=f"env: {{{API_TOKEN}: ${{{{ github.token }}}}}}, and the permission "
                "`actions: read`.",
            )
        source = Source(
            api=self._need("GITHUB_API_URL"),
            repository=self._need("GITHUB_REPOSITORY"),
            run=self._need("GITHUB_RUN_ID"),
            attempt=self._get("GITHUB_RUN_ATTEMPT"),
            runner=self._get("RUNNER_NAME"),
        )
        return Logs(self._http, source, Secret(token)).of_jobs()

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        url, bearer = self._get(_URL), self._get(_TOKEN)
        if not url or not bearer:
            raise self._no_endpoint()
        query = {"audience": audience} if audience else {}
        return _ENDPOINT.ask(self._http, url, bearer, query), _ENDPOINT.called

    def _no_endpoint(self) -> IdentityError:
        fork = event.fork(self._environment)
        if fork:
            return IdentityError(
                f"A pull request from a fork ({fork}) gets no ID token.",
                cause="GitHub gives none to such runs, whatever the workflow grants.",
                fix=_FORK,
            )
        return IdentityError(
            "This job may not ask GitHub for an ID token.",
            cause=f"It has no permission `id-token: write` ({_URL} is not set).",
            fix=_PERMISSION,
        )

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="GitHub's tokens live for minutes: set the clock of this runner (NTP); and if "
            "--id-token-env names a token of an earlier step, leave it out.",
            audience="Leave --id-token-env and --id-token-file out: ci-secrets asks GitHub for "
            f"the audience {foreign(audience)} itself.",
        )
