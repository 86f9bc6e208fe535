"""Reads the logs of a pipeline's finished jobs through python-gitlab.

Source: docs.gitlab.com, "Jobs API": list all jobs for a pipeline (`include_retried`), get a log
file. A job token may read neither.
"""

import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, TypeVar

import gitlab
import requests

from ci_secrets.errors import UnreachableError
from ci_secrets.http import MAX_RETRY_AFTER
from ci_secrets.platforms.gitlab_log import connect, refused_or_away, silent, trace
from ci_secrets.platforms.interface import JobLog, OwnLog
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

MAX_LOG_BYTES: Final = 256 * 1024 * 1024
_LOG_SECONDS: Final = 120.0
_PAGE: Final = 100
_PAGES: Final = 20
_OVER: Final = frozenset({"success", "failed", "canceled"})
_UNDER_WAY: Final = frozenset({"running", "canceling"})
_PAUSES_SECONDS: Final = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Before each further try, where GitLab does not say how long."""
_RETRIED: Final = frozenset({429, 500, 502, 503, 504})

_Answer = TypeVar("_Answer")


class Traces:
    """The finished jobs of one pipeline, seen with one token."""

    def __init__(
        self,
        server: str,
        token: Secret,
        *,
        project: str,
        pipeline: str,
        ca_file: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._project = project
        self._pipeline = pipeline
        self._sleep = sleep
        self._retry_after = ""
        session = requests.Session()
        session.hooks["response"].append(self._note)
        self._client = connect(server, token, ca_file, session)

    def of_jobs(self, but: str) -> list[JobLog]:
        """Each job of the pipeline that began, retried ones too, `but` for one.

        Raises `RefusedError` where the token may not read them, `UnreachableError` where no answer
        came; neither holds anything of the answer, and `read` raises the same.
        """
        found: list[JobLog] = []
        for page in range(1, _PAGES + 1):
            listed = self._ask(partial(self._listed, page), "the jobs of this pipeline")
            others = (job for job in listed if str(job.get("id")) != but)
            found += [log for log in map(self._of_job, others) if log]
            if len(listed) < _PAGE:
                break
        return found

    def _of_job(self, job: Mapping[str, Any]) -> JobLog | None:
        """The log of a listed job; `None` where it has none."""
        source = foreign(f"log of the job {job.get('name')} ({job.get('id')})")
        status = job.get("status")
        if status in _OVER and job.get("started_at"):
            return JobLog(source=source, read=partial(self._log, str(job.get("id")), source))
        return JobLog(source=source, read=None) if status in _UNDER_WAY else None

    def _listed(self, page: int) -> list[dict[str, Any]]:
        # NOTE: page by page, for a `Link` could lead the token to another place.
        project = self._client.projects.get(self._project, lazy=True)
        jobs = project.pipelines.get(self._pipeline, lazy=True).jobs.list(
            page=page, per_page=_PAGE, include_retried=True, get_all=False, obey_rate_limit=False
        )
        return [job.attributes for job in jobs]

    def _log(self, job: str, source: str) -> OwnLog:
        once = partial(trace, self._client, self._project, job, MAX_LOG_BYTES, _LOG_SECONDS)
        log, whole = self._ask(once, f"the {source}")
        states: tuple[Any, ...] = ("masked-view",) if whole else ("masked-view", "tail-missing")
        return OwnLog(source=source, states=states, log=log)

    def _ask(self, once: Callable[[], _Answer], what: str) -> _Answer:
        """The answer; again after a pause where GitLab is busy."""
        failure = UnreachableError(f"GitLab did not answer when asked for {what}.")
        for pause in (*_PAUSES_SECONDS, None):
            self._retry_after = ""
            try:
                return once()
            except gitlab.GitlabError as refused:
                error = refused_or_away(refused.response_code, what)
                if refused.response_code not in _RETRIED or not isinstance(error, UnreachableError):
                    raise error from None
                failure = error
            except (requests.RequestException, OSError) as broken:
                failure = silent(what, broken)
            except (
                AttributeError,
                LookupError,
                TypeError,
            ):  # of python-gitlab, on what is no list of jobs
                raise UnreachableError("GitLab's API answered, but with no jobs.") from None
            asked = self._retry_after
            wanted = float(asked) if asked.isdecimal() else pause
            if pause is None or wanted is None or wanted > MAX_RETRY_AFTER:
                break
            self._sleep(wanted)
        raise failure

    def _note(self, response: requests.Response, **_: object) -> None:
        self._retry_after = response.headers.get("Retry-After", "")
