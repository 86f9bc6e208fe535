"""A CI's own endpoint for ID tokens: it answers whoever has the job's token with a JWT in JSON."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ci_secrets.errors import IdentityError, UnreachableError
from ci_secrets.platforms.base import keeps_tokens_safe
from ci_secrets.secret import Secret

if TYPE_CHECKING:
    from ci_secrets.http import Http


@dataclass(frozen=True, kw_only=True, slots=True)
class Endpoint:
    """What one CI's endpoint takes and gives, and what to say of it."""

    called: str
    """For people: `GitHub's token endpoint`."""
    method: Literal["GET", "POST"]
    answer: str
    """The key of the answer that holds the JWT."""
    url_variable: str
    token_variable: str
    headers: Mapping[str, str] = field(default_factory=dict)
    refused: tuple[str, str]
    """Cause and fix where it refuses."""
    reach: str
    """Fix where it cannot be reached."""

    def ask(self, http: "Http", url: str, bearer: str, query: Mapping[str, str]) -> Secret:
        """A fresh token. Raises `IdentityError` or `UnreachableError`, never with the answer."""
        import httpx

        from ci_secrets.http import Repeat

        if not keeps_tokens_safe(url):
            raise IdentityError(
                f"{self.url_variable} is not an https URL.",
                cause="The job's token would go over the wire in clear.",
            )
        if not bearer.isascii() or not bearer.isprintable() or bearer.startswith("$("):
            raise IdentityError(
                f"{self.token_variable} does not hold the job's token.", fix=self.refused[1]
            )
        headers = {"Authorization": f"Bearer {bearer}", "Accept": "application/json"}
        try:
            # Another mint does no harm: a JWT that nobody received opens nothing.
            answer = http.send(
                self.method,
                str(httpx.URL(url).copy_merge_params(query) if query else url),
                repeat=Repeat.READ,
                headers={**headers, **self.headers},
                json={} if self.method == "POST" else None,
            )
        except UnreachableError as failure:
            raise UnreachableError(
                f"{self.called} did not answer.",
                cause=f"{failure.what} {failure.cause}",
                fix=self.reach,
            ) from None
        if answer.ok:
            return Secret(self._token_in(answer.body))
        if answer.status in (408, 429) or answer.status >= 500:
            raise UnreachableError(
                f"{self.called} answered {answer.status}, also when asked again.", fix=self.reach
            )
        cause, fix = self.refused
        raise IdentityError(
            f"{self.called} refused an ID token ({answer.status}).", cause=cause, fix=fix
        )

    def _token_in(self, body: bytes) -> str:
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            document = None
        value = document.get(self.answer) if isinstance(document, dict) else None
        if isinstance(value, str) and value:
            return value
        raise IdentityError(
            f"{self.called} answered, but with no token.",
            cause="Something between here and the CI answers in its place, such as a proxy.",
            fix=self.reach,
        )
