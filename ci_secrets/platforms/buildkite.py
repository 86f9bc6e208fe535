"""Buildkite: ID tokens and the redactor of its agent, both by the agent's own program."""

import json
from collections.abc import Iterable
from typing import ClassVar, Final
from urllib.parse import urlsplit

from ci_secrets.errors import IdentityError, OutputRefusedError
from ci_secrets.platforms import given, jwt, programs
from ci_secrets.platforms.base import TOKEN, Base
from ci_secrets.platforms.interface import Run
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

AGENT_TOKEN: Final = "BUILDKITE_AGENT_ACCESS_TOKEN"  # noqa: S105  # a name
"""With it `buildkite-agent` speaks for the job, so whoever has it can ask for ID tokens."""
SOCKET_TOKEN: Final = "BUILDKITE_AGENT_JOB_API_TOKEN"  # noqa: S105  # a name
_PROGRAM: Final = "buildkite-agent"
_IMMUTABLE: Final = "organization_id,pipeline_id"
"""Not in a token that does not ask for them, and all organizations share one issuer."""

_REACH: Final = (
    "In a container hand on the agent's program, its socket and its variables:\n\n"
    "    plugins:\n"
    "      - docker#v5.13.0:\n"
    "          image: IMAGE\n"
    "          mount-buildkite-agent: true\n"
    "          propagate-environment: true"
)


class Buildkite(Base):
    """A job of a Buildkite agent."""

    name: ClassVar[str] = "buildkite"
    takes_masks: ClassVar[bool] = True
    # Source: buildkite.com/docs, "buildkite-agent oidc", claims.
    shown: ClassVar[tuple[str, ...]] = (
        "iss", "sub", "aud", "exp", "iat", "organization_id", "organization_slug", "pipeline_id",
        "pipeline_slug", "build_number", "build_branch", "build_tag", "build_commit",
        "build_source", "step_key", "job_id", "agent_id", "runner_environment",
    )  # fmt: skip

    @property
    def mints(self) -> bool:
        """The agent asks as long as the job runs."""
        return self._options.id_token_env is None

    def run(self) -> Run:
        """The build, and the job by its id: a job that is tried again has a new one."""
        url, job = self._get("BUILDKITE_BUILD_URL"), self._get("BUILDKITE_JOB_ID")
        return Run(
            platform=self.name,
            run=self._get("BUILDKITE_BUILD_ID"),
            job=job,
            url=f"{url}#{job}" if url and job else url,
        )

    def untrusted_event(self) -> str | None:
        """A pull request whose repository is not, or is not known to be, the pipeline's own."""
        if self._get("BUILDKITE_PULL_REQUEST") in ("", "false"):
            return None
        source = self._get("BUILDKITE_PULL_REQUEST_REPO")
        if _repository(source) == _repository(self._get("BUILDKITE_REPO")) != "":
            return None
        return f"pull request from a fork ({foreign(source) or 'of no known repository'})"

    def identity_variables(self) -> frozenset[str]:
        """Also what the agent's program identifies itself with."""
        return super().identity_variables() | {AGENT_TOKEN, SOCKET_TOKEN}

    def mask_lines(self, values: Iterable[bytes]) -> list[bytes]:
        """The agent's redactor is told, so there is nothing to print.

        Raises `OutputRefusedError` where it cannot be told: values must not go out unmasked.
        """
        texts = [value.decode() for value in values if _is_text(value)]
        if not texts:
            return []
        named = {str(number): text for number, text in enumerate(texts)}
        path = programs.find(_PROGRAM, self._environment)
        code = -1
        if path:
            words = ("redactor", "add", "--format", "json")
            asked = json.dumps(named).encode()
            code, _ = programs.ask(path, *words, environment=self._environment, stdin=asked)
        if code != 0:
            raise OutputRefusedError(
                "The agent cannot be told to redact the values in its log.",
                cause=f"`buildkite-agent redactor add` ended with {code}."
                if path
                else "`buildkite-agent` is not on the PATH of this job.",
                fix=f"{_REACH}\n\nOr give them to one command only: ci-secrets exec -- COMMAND",
            )
        return []

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        if self._get(TOKEN):
            return given.from_variable(self._environment, TOKEN)
        path = programs.find(_PROGRAM, self._environment)
        if not path:
            raise IdentityError(
                "This job cannot ask its agent for an ID token.",
                cause="`buildkite-agent` is not on the PATH of this job.",
                fix=_REACH,
            )
        words = ["oidc", "request-token", "--claim", _IMMUTABLE]
        words += ["--audience", audience] if audience else []
        code, out = programs.ask(path, *words, environment=self._environment)
        if code == 0 and out.strip():
            return Secret(out.strip()), "`buildkite-agent oidc request-token`"
        raise IdentityError(
            f"`buildkite-agent oidc request-token` gave no ID token (exit {code}).",
            cause="It cannot reach Buildkite or, from 3.104 on, the agent's socket (to redact the "
            "token); or this user's build may not ask for one.",
            fix=f"{_REACH}\n\nIts own words, in the job: buildkite-agent oidc request-token "
            "> /dev/null",
        )

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="Buildkite's tokens live for five minutes: set the clock of this agent (NTP); "
            "and if --id-token-env names a token of an earlier step, leave it out.",
            audience="Leave --id-token-env and --id-token-file out: ci-secrets asks the agent for "
            f"the audience {foreign(audience)} itself.",
        )


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _repository(address: str) -> str:
    """HOST/PATH of a git address, as URL or as `user@host:path`, to be compared."""
    if "://" not in address:
        address = f"ssh://{address.replace(':', '/', 1)}"
    try:
        parsed = urlsplit(address)
        host = parsed.hostname or ""
    except ValueError:
        return ""
    path = parsed.path.strip("/").removesuffix(".git")
    return f"{host}/{path}".lower() if host and path else ""
