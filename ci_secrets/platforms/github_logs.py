"""Reads the logs of finished jobs of this run through GitHub's API.

Source: docs.github.com, REST API, "Workflow jobs": list jobs for a workflow run attempt; download
job logs (302, the link holds for a minute); "Rate limits for the REST API". Read 2026-09.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urljoin

from ci_secrets.errors import ConfigError, RefusedError, UnreachableError
from ci_secrets.http import MAX_RETRY_AFTER, Answer, Http, Repeat
from ci_secrets.platforms.base import keeps_tokens_safe
from ci_secrets.platforms.interface import JobLog, OwnLog
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

MAX_LOG_BYTES: Final = 256 * 1024 * 1024
_LOG_SECONDS: Final = 120.0
_PAGE: Final = 100
_PAGES: Final = 20
_TRIES: Final = 6
_PAUSE_SECONDS: Final = 2.0
"""Between two questions for a log that is not there yet: it comes moments after the job's end."""
_PATIENCE_SECONDS: Final = 120.0
"""For one answer, where a rate limit wants us to wait; GitHub's secondary one asks for a minute."""
_PERMISSION: Final = """\
Grant it to this job; what `permissions:` does not list is taken away, so list all:

    permissions:
      actions: read
      contents: read"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Which run of which repository, at which API."""

    api: str
    repository: str
    run: str
    attempt: str
    runner: str = ""
    """Name of the runner that this job runs on."""


class Logs:
    """The finished jobs of one run, seen with one token."""

    def __init__(
        self,
        http: Http,
        run: Source,
        token: Secret,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not keeps_tokens_safe(run.api):
            raise ConfigError(
                "GITHUB_API_URL is not an https URL.", cause="The token would go over in clear."
            )
        self._http = http
        self._run = run
        self._headers = {
            "Authorization": f"Bearer {token.text()}",
            "Accept": "application/vnd.github+json",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        self._sleep = sleep

    def of_jobs(self) -> list[JobLog]:
        """Each job of this attempt that began, but this one.

        Raises `RefusedError` where the token may not read them, `UnreachableError` where no answer
        came; neither holds anything of the answer, and `read` raises the same.
        """
        run = self._run
        path = f"actions/runs/{run.run}/attempts/{run.attempt or 1}/jobs"
        logs: list[JobLog] = []
        for page in range(1, _PAGES + 1):
            answer = self._ask(path, {"per_page": str(_PAGE), "page": str(page)})
            if not answer.ok:
                raise _refused(answer, "the jobs of this run")
            listed = _jobs(answer)
            logs += [log for log in map(self._of_job, listed) if log]
            if len(listed) < _PAGE:
                break
        return logs

    def _of_job(self, job: Mapping[str, Any]) -> JobLog | None:
        """The log of a listed job; `None` where it has none, or is this one."""
        source = f"log of the job {foreign(job.get('name'))}"
        status, runner, number = job.get("status"), job.get("runner_name"), job.get("id")
        if status == "in_progress" and self._run.runner and runner:
            other = runner != self._run.runner  # NOTE: nothing else says which of them is this job
            return JobLog(source=source, read=None) if other else None
        if status != "completed" or not isinstance(number, int):
            return None
        if not job.get("steps"):  # it was skipped, or cancelled before it began
            return None
        return JobLog(source=source, read=partial(self._log, number, source))

    def _log(self, job: int, source: str) -> OwnLog:
        for attempt in range(_TRIES):
            answer = self._ask(f"actions/jobs/{job}/logs", {})
            if answer.status in (301, 302, 307) and answer.headers.get("location"):
                found = self._fetched(urljoin(answer.url, answer.headers["location"]), source)
                if found.ok:
                    return OwnLog(source=source, states=("masked-view",), log=found.body)
                answer = found
            if answer.status not in (404, 410) and answer.status < 500:
                raise _refused(answer, f"the {source}")
            if attempt + 1 < _TRIES:
                self._sleep(_PAUSE_SECONDS)
        raise UnreachableError(
            f"The {source} is not there.",
            cause="GitHub has not stored it yet, or it was deleted.",
            fix="Run this job again.",
        )

    def _fetched(self, url: str, source: str) -> Answer:
        """What the link leads to; our token does not go there."""
        if not keeps_tokens_safe(url):
            raise UnreachableError(f"GitHub sends us to a place without TLS for the {source}.")
        return self._http.send(
            "GET", url, repeat=Repeat.READ, timeout=_LOG_SECONDS, max_body=MAX_LOG_BYTES
        )

    def _ask(self, path: str, params: Mapping[str, str]) -> Answer:
        """One answer of the API; where it tells us to wait for a little while, the next one."""
        url = f"{self._run.api.rstrip('/')}/repos/{self._run.repository}/{path}"
        waited = 0.0
        for _ in range(_TRIES):
            answer = self._http.send(
                "GET", url, repeat=Repeat.READ, headers=self._headers, params=params
            )
            pause = _limited(answer)
            if pause is None:
                return answer
            waited += pause
            if waited > _PATIENCE_SECONDS:
                break
            self._sleep(pause)
        raise UnreachableError(
            "GitHub's API has a rate limit, and this token has reached it.",
            fix="Run this job again later, or give it another token.",
        )


def _limited(answer: Answer) -> float | None:
    """How long a rate limit wants us to wait, in seconds; `None` where there is none."""
    if answer.status not in (403, 429):
        return None
    after = answer.headers.get("retry-after", "")
    if after.isdecimal():
        return float(after)
    if answer.headers.get("x-ratelimit-remaining") != "0":
        return None
    reset = answer.headers.get("x-ratelimit-reset", "")
    return max(1.0, float(reset) - time.time()) if reset.isdecimal() else MAX_RETRY_AFTER


def _jobs(answer: Answer) -> list[dict[str, Any]]:
    try:
        jobs = json.loads(answer.body)["jobs"]
    except (ValueError, LookupError, TypeError, RecursionError):
        jobs = None
    if not isinstance(jobs, list):
        raise UnreachableError("GitHub's API answered, but with no jobs.")
    return [job for job in jobs if isinstance(job, dict)]


def _refused(answer: Answer, what: str) -> RefusedError | UnreachableError:
    if answer.status in (401, 403, 404):
        return RefusedError(
            f"GitHub does not let this token read {what} ({answer.status}).",
            cause="It lacks the permission `actions: read`.",
            fix=_PERMISSION,
        )
    return UnreachableError(f"GitHub answered {answer.status} when asked for {what}.")
