"""Reads job logs from GitLab's API through python-gitlab, one try each, all of it bounded."""

import time
from typing import TYPE_CHECKING, Final

from ci_secrets.errors import RefusedError, UnreachableError
from ci_secrets.platforms.base import keeps_tokens_safe
from ci_secrets.secret import Secret

if TYPE_CHECKING:
    import gitlab
    import requests

MAX_LOG_BYTES: Final = 64 * 1024 * 1024
MAX_SECONDS: Final = 60.0
_READ_TIMEOUT: Final = 10.0
_CHUNK_BYTES: Final = 64 * 1024


class _EnoughError(Exception):
    """Stops python-gitlab in the middle of a log that is too large or too slow."""


def read(server: str, token: Secret, *, project: str, job: str, ca_file: str) -> bytes:
    """The log of a job that runs, so far; at most `MAX_LOG_BYTES` of it.

    Raises `RefusedError` where the token may not read it, `UnreachableError` where no answer came;
    neither holds anything of the answer.
    """
    import gitlab
    import requests

    try:
        log, _ = trace(connect(server, token, ca_file), project, job, MAX_LOG_BYTES, MAX_SECONDS)
    except gitlab.GitlabError as failure:
        raise refused_or_away(failure.response_code, "this job's log") from None
    except (requests.RequestException, OSError) as failure:
        raise silent("the job's log", failure) from None
    return log


def connect(
    server: str, token: Secret, ca_file: str, session: "requests.Session | None" = None
) -> "gitlab.Gitlab":
    """A client that waits for no rate limit. Raises `RefusedError`."""
    if not keeps_tokens_safe(server):
        raise RefusedError(
            "The job's log is not read: CI_SERVER_URL is not https.",
            cause="The access token would go over the wire in clear.",
        )
    bearer = token.reveal()
    if not bearer.isascii() or any(byte <= ord(" ") for byte in bearer):
        raise RefusedError("CI_SECRETS_GITLAB_TOKEN is not an access token.")
    import gitlab

    # NOTE: as a bearer: `requests` takes that away at a redirect to another host, but would send
    # GitLab's own header on.
    return gitlab.Gitlab(
        server,
        oauth_token=bearer.decode(),
        ssl_verify=ca_file or True,
        timeout=_READ_TIMEOUT,
        session=session,
    )


def trace(
    client: "gitlab.Gitlab", project: str, job: str, max_bytes: int, max_seconds: float
) -> tuple[bytes, bool]:
    """The log of a job, and whether that is all of it. Raises what the two libraries raise."""
    log = bytearray()
    deadline = time.monotonic() + max_seconds

    def collect(chunk: bytes) -> None:
        log.extend(chunk)
        if len(log) > max_bytes or time.monotonic() > deadline:
            raise _EnoughError

    try:
        # No waiting for rate limits: the server would say for how long.
        client.projects.get(project, lazy=True).jobs.get(job, lazy=True).trace(
            streamed=True, action=collect, chunk_size=_CHUNK_BYTES, obey_rate_limit=False
        )
    except _EnoughError:
        return bytes(log), False
    return bytes(log), True


def silent(what: str, failure: Exception) -> UnreachableError:
    """The error for a GitLab that is not there."""
    return UnreachableError(
        f"GitLab did not answer when asked for {what}.", cause=f"{type(failure).__name__}."
    )


def refused_or_away(status: int | None, what: str) -> RefusedError | UnreachableError:
    """The error for an answer that is none."""
    if status in (401, 403, 404):
        return RefusedError(
            f"GitLab does not let CI_SECRETS_GITLAB_TOKEN read {what} ({status}).",
            cause="It may not see it, or the log was erased." if status == 404 else "",
            fix="Use a project access token with the scope `read_api`, masked, of a role that may "
            "see job logs (Developer where CI_DEBUG_TRACE is on).",
        )
    return UnreachableError(f"GitLab answered {status or 'nothing'} when asked for {what}.")
