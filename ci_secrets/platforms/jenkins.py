"""Jenkins: the JWT that the oidc-provider plugin binds, and the build's own log by its URL."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

from ci_secrets.errors import CiSecretsError, IdentityError, RefusedError, UnreachableError
from ci_secrets.platforms import given, jwt
from ci_secrets.platforms.base import TOKEN, TOKEN_FILE, Base, keeps_tokens_safe
from ci_secrets.platforms.interface import OwnLog, Run
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

LOG_USER: Final = "CI_SECRETS_JENKINS_USER"
LOG_TOKEN: Final = "CI_SECRETS_JENKINS_TOKEN"  # noqa: S105  # a name
"""An API token of a user with Job/Read; a build has no token of its own."""
MAX_LOG_BYTES: Final = 64 * 1024 * 1024
_LOG_SECONDS: Final = 30.0
# Source: jenkins, hudson.console.ConsoleNote: PREAMBLE_STR, base64, POSTAMBLE_STR.
_CONSOLE_NOTE: Final = re.compile(rb"\x1b\[8mha:[A-Za-z0-9+/=]*\x1b\[0m")

_BIND: Final = f"""\
Bind an "OpenID Connect id token" credential (oidc-provider plugin) around the step:

    withCredentials([string(credentialsId: 'ID', variable: '{TOKEN}')]) {{
      sh 'ci-secrets exec -- ./deploy.sh'
    }}

or, of the kind "as file":

    withCredentials([file(credentialsId: 'ID', variable: '{TOKEN_FILE}')]) {{ … }}

With another variable, name it: --id-token-env NAME or --id-token-file PATH."""


class Jenkins(Base):
    """A build on a Jenkins agent."""

    name: ClassVar[str] = "jenkins"
    # Source: jenkinsci/oidc-provider-plugin, README: the default claims.
    shown: ClassVar[tuple[str, ...]] = ("iss", "sub", "aud", "exp", "iat", "build_number")

    def run(self) -> Run:
        """The build by job name and number; by its name a block of it that has one.

        Parallel branches share all of the build's variables, and often its workspace.
        """
        parts = (self._get("BUILD_NUMBER"), self._options.run_id)
        return Run(
            platform=self.name,
            run="/".join(filter(None, parts)),
            job=self._get("JOB_NAME"),
            url=self._get("BUILD_URL"),
        )

    def untrusted_event(self) -> str | None:
        """A change request from a fork, as multibranch projects say it."""
        fork = self._get("CHANGE_FORK")
        return f"change request from a fork ({foreign(fork)})" if fork else None

    def identity_variables(self) -> frozenset[str]:
        """Also what the log is read with."""
        return super().identity_variables() | {LOG_USER, LOG_TOKEN}

    def own_credentials(self) -> Mapping[str, Secret]:
        """The token that the log is read with is one; its user's name is not."""
        found = dict(super().own_credentials())
        found.pop(f"${LOG_USER}", None)
        return found

    def state_directory(self) -> Path:
        """In the workspace's temporary directory, which is beside the checkout."""
        given_place = self._get("WORKSPACE_TMP")
        return Path(given_place or self._need("WORKSPACE") + "@tmp", "ci-secrets")

    def own_log(self) -> OwnLog | None:
        """The text so far, where a user and an API token are given: masked, the end under way."""
        user, token = self._get(LOG_USER), self._get(LOG_TOKEN)
        if not user or not token:
            return None
        url = f"{self._get('BUILD_URL').rstrip('/')}/logText/progressiveText?start=0"
        log = _CONSOLE_NOTE.sub(b"", self._fetch_log(url, user, token))
        return OwnLog(
            source="Jenkins's copy of the log", states=("masked-view", "tail-missing"), log=log
        )

    def _fetch_log(self, url: str, user: str, token: str) -> bytes:
        if not keeps_tokens_safe(url):
            raise RefusedError(
                "The build's log is not read: BUILD_URL is not https.",
                cause="The API token would go over the wire in clear.",
            )
        from ci_secrets.http import Repeat

        basic = base64.b64encode(f"{user}:{token}".encode("utf-8", "surrogateescape")).decode()
        answer = self._http.send(
            "GET",
            url,
            repeat=Repeat.READ,
            headers={"Authorization": f"Basic {basic}"},
            timeout=_LOG_SECONDS,
            max_body=MAX_LOG_BYTES,
        )
        if answer.ok:
            return answer.body
        raise _explained(answer.status)

    def _own_token(self, audience: str) -> tuple[Secret, str]:
        if self._get(TOKEN):
            return given.from_variable(self._environment, TOKEN)
        raise IdentityError(
            "This build has no ID token.",
            cause=f"{TOKEN} is not set, and no other variable or file was named.",
            fix=_BIND,
        )

    def _advice(self, audience: str) -> jwt.Advice:
        return jwt.Advice(
            expired="oidc-provider's tokens live for an hour by default, and each "
            "`withCredentials` makes a fresh one: put it around the step that needs it. Or set "
            "the clocks of controller and agent (NTP).",
            audience="The audience belongs to the credential: set its Audience to "
            f"{foreign(audience)} (Manage Jenkins » Credentials), one credential per store; or "
            "give the store the audience that the credential has (`audience:`).",
        )


def _explained(status: int) -> CiSecretsError:
    if status in (401, 403, 404):
        return RefusedError(
            f"Jenkins does not let {LOG_USER} read this build's log ({status}).",
            fix="Use an API token of a user with Job/Read.",
        )
    return UnreachableError(f"Jenkins answered {status} when asked for the build's log.")
