"""CircleCI: the ID token in the job's environment, or one that its own program asks for."""

import json
import time
from typing import ClassVar, Final

from ci_secrets.errors import IdentityError
from ci_secrets.platforms import given, jwt, programs
from ci_secrets.platforms.base import TOKEN, Base
from ci_secrets.platforms.interface import Run
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

# Source: circleci.com/docs, "Using OpenID Connect tokens in jobs" and "OIDC tokens with custom
# claims". V2 has the repository and the branch in `sub` too, so it goes first.
TOKENS: Final = ("CIRCLE_OIDC_TOKEN_V2", "CIRCLE_OIDC_TOKEN")
_PROGRAM: Final = "circleci"


class CircleCI(Base):
    """A job on CircleCI, cloud or server."""

    name: ClassVar[str] = "circleci"
    shown: ClassVar[tuple[str, ...]] = (
        "iss", "sub", "aud", "exp", "iat", "oidc.circleci.com/project-id",
        "oidc.circleci.com/context-ids", "oidc.circleci.com/vcs-origin",
        "oidc.circleci.com/vcs-ref", "oidc.circleci.com/ssh-rerun",
    )  # fmt: skip

    @property
    def mints(self) -> bool:
        """Where `circleci` is on PATH, and no variable was named."""
        if self._options.id_token_env is not None:
            return False
        return super().mints or programs.find(_PROGRAM, self._environment) is not None

    def run(self) -> Run:
        """The workflow, and the job by its id; the containers of a parallel job by number."""
        job, node = self._get("CIRCLE_WORKFLOW_JOB_ID"), self._get("CIRCLE_NODE_INDEX")
        return Run(
            platform=self.name,
            run=self._get("CIRCLE_WORKFLOW_ID"),
            job=f"{job}/{node}" if node else job,
            url=self._get("CIRCLE_BUILD_URL"),
        )

    def untrusted_event(self) -> str | None:
        """A pull request of a fork, where the project builds those."""
        fork = self._get("CIRCLE_PR_USERNAME")
        return f"pull request from a fork ({foreign(fork)})" if fork else None

    def identity_variables(self) -> frozenset[str]:
        """Also both of CircleCI's own."""
        return super().identity_variables() | frozenset(TOKENS)

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        for name in (TOKEN, *TOKENS):
            if self._fits(name, audience):
                return given.from_variable(self._environment, name)
        program = programs.find(_PROGRAM, self._environment)
        if program and audience and any(map(self._get, TOKENS)):
            return self._asked(program, audience)
        for name in (TOKEN, *TOKENS):
            if self._get(name):  # what is wrong with it is said by whoever reads it
                return given.from_variable(self._environment, name)
        raise self._no_token()

    def _fits(self, name: str, audience: str) -> bool:
        claims = jwt.decode(Secret(self._get(name))) if self._get(name) else None
        if claims is None or (audience and audience not in jwt.audiences(claims)):
            return False
        expiry = claims.get("exp")
        return not isinstance(expiry, int | float) or expiry > time.time()

    def _asked(self, program: str, audience: str) -> tuple[Secret, str]:
        words = ("run", "oidc", "get", "--claims", json.dumps({"aud": audience}))
        code, out = programs.ask(program, *words, environment=self._environment)
        if code == 0 and out.strip():
            return Secret(out.strip()), "`circleci run oidc get`"
        raise IdentityError(
            f"`circleci run oidc get` gave no ID token for {foreign(audience)} (exit {code}).",
            cause="The program is too old for it, or is not the one that CircleCI puts in jobs.",
            fix=self._advice(audience).audience,
        )

    def _no_token(self) -> IdentityError:
        if self.untrusted_event():
            return IdentityError(
                "A pull request from a fork gets no ID token.",
                cause='Project Settings » Advanced has "Pass secrets to builds from forked pull '
                'requests" off, as it should be.',
                fix="Let the job that needs secrets run after the merge:\n\n"
                "    workflows:\n"
                "      deploy:\n"
                "        jobs:\n"
                "          - deploy:\n"
                "              filters: {branches: {only: main}}",
            )
        return IdentityError(
            "This job has no ID token.",
            cause=f"{TOKENS[0]} is not set.",
            fix="CircleCI sets it in each job of a project on its cloud, and of server 4.4 and "
            "newer. In a container that the job starts, hand it on: docker run --env "
            f"{TOKENS[0]} …",
        )

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="The variable's token lives for an hour. Let ci-secrets ask for a fresh one: "
            "have CircleCI's own `circleci` on the PATH of the job.",
            audience="The variable's audience is the id of the organization. For another one "
            "ci-secrets asks `circleci run oidc get`, so have CircleCI's own `circleci` on the "
            "PATH of the job. Or take the token as it is: `audience: ORGANIZATION_ID` in the "
            "store, and its URL in CI_SECRETS_ALLOWED_STORES of a context.",
        )
