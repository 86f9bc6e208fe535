"""Reads a GitLab job's log while the job runs, through python-gitlab."""

import time
from typing import Final

from ci_secrets.errors import CiSecretsError, RefusedError, UnreachableError
from ci_secrets.platforms.base import keeps_tokens_safe
from ci_secrets.secret import Secret

MAX_LOG_BYTES: Final = 64 * 1024 * 1024
MAX_SECONDS: Final = 60.0
_READ_TIMEOUT: Final = 10.0
_CHUNK_BYTES: Final = 64 * 1024


class _EnoughError(Exception):
    """Stops python-gitlab in the middle of a log that is too large or too slow."""


def read(server: str, token: Secret, *, project: str, job: str, ca_file: str) -> bytes:
    """The log so far, at most `MAX_LOG_BYTES` of it.

    Raises `RefusedError` where the token may not read it, `UnreachableError` where no answer came;
    neither holds anything of the answer.
    """
    if not keeps_tokens_safe(server):
        raise RefusedError(
            "The job's log is not read: CI_SERVER_URL is not https.",
            cause="The access token would go over the wire in clear.",
        )
    bearer = token.reveal()
    if not bearer.isascii() or any(byte <= ord(" ") for byte in bearer):
        raise RefusedError("CI_SECRETS_GITLAB_TOKEN is not an access token.")
    import gitlab
    import requests

    log = bytearray()
    deadline = time.monotonic() + MAX_SECONDS

    def collect(chunk: bytes) -> None:
        log.extend(chunk)
        if len(log) > MAX_LOG_BYTES or time.monotonic() > deadline:
            raise _EnoughError

    # NOTE: as a bearer: `requests` takes that away at a redirect to another host, but would send
    # GitLab's own header on. No waiting for rate limits: the server would say for how long.
    client = gitlab.Gitlab(
        server, oauth_token=bearer.decode(), ssl_verify=ca_file or True, timeout=_READ_TIMEOUT
    )
    try:
        client.projects.get(project, lazy=True).jobs.get(job, lazy=True).trace(
            streamed=True, action=collect, chunk_size=_CHUNK_BYTES, obey_rate_limit=False
        )
    except _EnoughError:
        pass
    except gitlab.GitlabError as failure:
        raise _explained(failure.response_code) from None
    except (requests.RequestException, OSError) as failure:
        raise UnreachableError(
            "GitLab did not answer when asked for the job's log.", cause=type(failure).__name__
        ) from None
    return bytes(log)


def _explained(status: int | None) -> CiSecretsError:
    if status in (401, 403, 404):
        return RefusedError(
            f"GitLab does not let CI_SECRETS_GITLAB_TOKEN read this job's log ({status}).",
            fix="Use a project access token with the scope `read_api`, masked, of a role that may "
            "see job logs (Developer where CI_DEBUG_TRACE is on).",
        )
    return UnreachableError(f"GitLab answered {status or 'nothing'} when asked for the job's log.")
