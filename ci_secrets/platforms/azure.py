"""Azure Pipelines: its token endpoint, secret variables and issues."""

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from ci_secrets.errors import IdentityError, OutputRefusedError
from ci_secrets.platforms import given, jwt
from ci_secrets.platforms.base import TOKEN, Base
from ci_secrets.platforms.endpoint import Endpoint
from ci_secrets.platforms.interface import Level, Run
from ci_secrets.platforms.spoken import speak
from ci_secrets.secret import Secret

AUDIENCE: Final = "api://AzureADTokenExchange"
"""Of every token that the endpoint gives; a job cannot choose another."""
_URI: Final = "SYSTEM_OIDCREQUESTURI"
_TOKEN: Final = "SYSTEM_ACCESSTOKEN"  # noqa: S105  # a name
_API: Final = "7.1"

_MAP: Final = """\
Hand it to the step, and only to that one:

    - script: ci-secrets exec -- ./deploy.sh
      env:
        SYSTEM_ACCESSTOKEN: $(System.AccessToken)"""
_AUDIENCE: Final = f"""\
Let the store take it, and vouch for the store's URL, which its audience does not name:

    stores:
      vault: {{type: vault, url: https://vault.example:8200, audience: "{AUDIENCE}"}}

    - script: ci-secrets exec -- ./deploy.sh
      env:
        CI_SECRETS_ALLOWED_STORES: https://vault.example:8200
        SYSTEM_ACCESSTOKEN: $(System.AccessToken)"""

_ENDPOINT: Final = Endpoint(
    called="Azure DevOps's token endpoint",
    method="POST",
    answer="oidcToken",
    url_variable=_URI,
    token_variable=_TOKEN,
    headers={"X-TFS-FedAuthRedirect": "Suppress"},  # or a refusal is a page for people
    refused=("The job's own token is over, or is not that of this job.", _MAP),
    reach="Look at status.dev.azure.com; the agent must reach dev.azure.com.",
)


class Azure(Base):
    """A job of an Azure DevOps pipeline."""

    name: ClassVar[str] = "azure"
    takes_masks: ClassVar[bool] = True
    takes_outputs: ClassVar[bool] = True
    # Source: learn.microsoft.com, "Oidctoken - Create"; a token asked for without a service
    # connection says which pipeline this is. With one it would open Azure too, so none is used.
    shown: ClassVar[tuple[str, ...]] = (
        "iss", "sub", "aud", "exp", "iat", "org_id", "prj_id", "def_id", "rpo_id", "rpo_uri",
        "rpo_ver", "rpo_ref", "run_id",
    )  # fmt: skip

    @property
    def mints(self) -> bool:
        """The endpoint answers as long as the job runs."""
        return self._options.id_token_env is None

    def run(self) -> Run:
        """The build, and the job by its id."""
        collection, project = self._get("SYSTEM_COLLECTIONURI"), self._get("SYSTEM_TEAMPROJECTID")
        build = self._get("BUILD_BUILDID")
        return Run(
            platform=self.name,
            run=build,
            attempt=self._get("SYSTEM_JOBATTEMPT"),
            job=self._get("SYSTEM_JOBID"),
            url=f"{collection.rstrip('/')}/{project}/_build/results?buildId={build}"
            if collection and project
            else "",
        )

    def untrusted_event(self) -> str | None:
        """A pull request from a fork, if the pipeline builds those."""
        fork = self._get("SYSTEM_PULLREQUEST_ISFORK").lower() == "true"
        return "pull request from a fork" if fork else None

    def identity_variables(self) -> frozenset[str]:
        """Also the address and the bearer token of the endpoint."""
        return super().identity_variables() | {_URI, _TOKEN}

    def own_credentials(self) -> Mapping[str, Secret]:
        """The endpoint's bearer token; its address is none."""
        found = dict(super().own_credentials())
        found.pop(f"${_URI}", None)
        return found

    def workspace(self) -> Path:
        """BUILD_SOURCESDIRECTORY, also where a step has a working directory of its own."""
        return Path(self._get("BUILD_SOURCESDIRECTORY"))

    def state_directory(self) -> Path:
        """Below AGENT_TEMPDIRECTORY, which the agent empties after each job."""
        return Path(self._need("AGENT_TEMPDIRECTORY"), "ci-secrets")

    def mask_lines(self, values: Iterable[bytes]) -> list[bytes]:
        """One `##vso[task.setsecret]` for each line of each value."""
        lines = (line for value in values for line in re.split(rb"[\r\n]+", value))
        return [b"##vso[task.setsecret]" + _escaped(line) for line in lines if line.strip()]

    def write_outputs(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Secret output variables: `$(STEP.NAME)`, mapped by `env:` in the steps that want them."""
        _set(values, "issecret=true;isoutput=true")

    def export_variables(self, values: Sequence[tuple[str, Secret]]) -> None:
        """Secret variables of this job: `$(NAME)`, mapped by `env:` too."""
        _set(values, "issecret=true")

    def annotate(self, level: Level, message: str) -> str | None:
        """`##vso[task.logissue type=error]…`; there is no kind for notices."""
        if level == "notice":
            return None
        text = _escaped(message.replace("\r", " ").replace("\n", " ").encode()).decode()
        return f"##vso[task.logissue type={level}]{text}"

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        if self._get(TOKEN):
            return given.from_variable(self._environment, TOKEN)
        uri, bearer = self._get(_URI), self._get(_TOKEN)
        if not bearer:
            raise IdentityError(
                "This step may not ask Azure DevOps for an ID token.",
                cause=f"{_TOKEN} is not set: the pipeline has to map it.",
                fix=_MAP,
            )
        if not uri:
            raise IdentityError(
                "This agent names no endpoint for ID tokens.",
                cause=f"{_URI} is not set. Azure DevOps Server has none.",
                fix="Update the agent. Elsewhere name a token: --id-token-env NAME.",
            )
        return _ENDPOINT.ask(self._http, uri, bearer, {"api-version": _API}), _ENDPOINT.called

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="Azure's tokens live for minutes: set the clock of this agent (NTP); and if "
            "--id-token-env names a token of an earlier step, leave it out.",
            audience=f"A pipeline's tokens are all for {AUDIENCE}. {_AUDIENCE}",
        )


_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Source: microsoft/azure-pipelines-agent, Command.cs: the message of a command is read with these
# three undone, `%` last.
_ESCAPES: Final = ((b"%", b"%AZP25"), (b"\r", b"%0D"), (b"\n", b"%0A"))


def _escaped(data: bytes) -> bytes:
    for character, escape in _ESCAPES:
        data = data.replace(character, escape)
    return data


def _set(values: Sequence[tuple[str, Secret]], properties: str) -> None:
    """Print the commands at once: all of them, or none. The agent shows none of their lines."""
    speak([_assignment(name, value, properties) for name, value in values])


def _assignment(name: str, value: Secret, properties: str) -> bytes:
    if not _NAME.fullmatch(name):
        raise OutputRefusedError(
            f"{name} cannot be the name of a variable in Azure Pipelines.",
            fix="Use letters, digits and `_`; the first is no digit.",
        )
    data = value.reveal()
    why = _unfit(data)
    if why:
        raise OutputRefusedError(
            f"The value of {name} {why}, so it cannot be a secret variable.",
            fix=f"Take it as a file:\n\n    secrets:\n      {name}: {{from: …, as: file}}",
        )
    return b"##vso[task.setvariable variable=%b;%b]%b\n" % (
        name.encode(),
        properties.encode(),
        _escaped(data),
    )


def _unfit(data: bytes) -> str:
    # Source: azure-pipelines-agent, TaskCommandExtension: it refuses secrets of several lines.
    if b"\n" in data or b"\r" in data:
        return "has several lines"
    if b"\0" in data:
        return "holds a NUL byte"
    try:
        data.decode()
    except UnicodeDecodeError:
        return "is not UTF-8 text"
    return ""
