"""Bitbucket Pipelines: the ID token of a step with `oidc:`."""

from typing import ClassVar, Final

from ci_secrets.errors import IdentityError
from ci_secrets.platforms import given, jwt
from ci_secrets.platforms.base import TOKEN, Base
from ci_secrets.platforms.interface import Run
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

STEP_TOKEN: Final = "BITBUCKET_STEP_OIDC_TOKEN"  # noqa: S105  # a name


class Bitbucket(Base):
    """A step on Bitbucket Cloud. Forks have pipelines of their own, with another identity."""

    name: ClassVar[str] = "bitbucket"
    # Source: support.atlassian.com, "Integrate Pipelines with resource servers using OIDC".
    shown: ClassVar[tuple[str, ...]] = (
        "iss", "sub", "aud", "exp", "iat", "workspaceUuid", "repositoryUuid", "pipelineUuid",
        "stepUuid", "branchName", "deploymentEnvironmentUuid",
    )  # fmt: skip

    def run(self) -> Run:
        """The pipeline, and the step with the number of its repeat."""
        repository, number = self._get("BITBUCKET_REPO_FULL_NAME"), self._get(_NUMBER)
        return Run(
            platform=self.name,
            run=self._get("BITBUCKET_PIPELINE_UUID") or number,
            attempt=self._get("BITBUCKET_STEP_RUN_NUMBER"),
            job=self._get("BITBUCKET_STEP_UUID"),
            url=f"https://bitbucket.org/{repository}/pipelines/results/{number}"
            if repository
            else "",
        )

    def identity_variables(self) -> frozenset[str]:
        """Also Bitbucket's own."""
        return super().identity_variables() | {STEP_TOKEN}

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        for name in (TOKEN, STEP_TOKEN):
            if self._get(name):
                return given.from_variable(self._environment, name)
        raise IdentityError(
            "This step has no ID token.",
            cause=f"It has no `oidc:`, so {STEP_TOKEN} is not set.",
            fix=_declare(audience),
        )

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="It is made when the step begins: log in earlier in it, or set the clock of "
            "this runner (NTP).",
            audience=_declare(audience),
        )


_NUMBER: Final = "BITBUCKET_BUILD_NUMBER"


def _declare(audience: str) -> str:
    return (
        "Declare it in bitbucket-pipelines.yml, one step for each store: a token for several "
        "audiences opens each of them to the others.\n\n"
        "    - step:\n"
        "        oidc:\n"
        "          audiences:\n"
        f"            - {foreign(audience) or 'https://vault.example'}"
    )
