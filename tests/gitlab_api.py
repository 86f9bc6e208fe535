"""GitLab's API as far as logs need it, on loopback; made from its documentation.

Source: docs.gitlab.com, "Jobs API": list all jobs for a pipeline; get a log file.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ci_secrets.testing.loopback import Handler
from tests.served import Served

Answer = tuple[int, dict[str, str], bytes]


@dataclass(kw_only=True, slots=True)
class Job:
    """One job of the pipeline."""

    name: str
    log: str = ""
    status: str = "success"
    started: bool = True
    retried: bool = False


@dataclass(kw_only=True, slots=True)
class GitLabApi(Served):
    """A context manager: the API at `url` with the jobs of one pipeline, for whoever has `token`.

    A job's id is 1001 and so on, in their order.
    """

    project: str
    pipeline: str
    jobs: list[Job] = field(default_factory=list)
    token: str = field(default_factory=lambda: f"glpat-{secrets.token_urlsafe(15)}")
    instead: list[Answer] = field(default_factory=list)
    """Answers that come before the right ones, one a request."""
    look: Callable[[], object] = lambda: None
    """Called at each request."""
    looked: list[object] = field(default_factory=list)
    """What it saw."""

    def listed(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        """A page of the list of jobs; those that were retried only where they are asked for."""
        page, size = int(query["page"][0]), int(query["per_page"][0])
        retried = query.get("include_retried") == ["True"]
        jobs = [
            {
                "id": number,
                "name": job.name,
                "status": job.status,
                "started_at": "2026-11-28T08:00:00.000Z" if job.started else None,
                "pipeline": {"id": int(self.pipeline)},
            }
            for number, job in enumerate(self.jobs, 1001)
            if retried or not job.retried
        ]
        return jobs[(page - 1) * size : page * size]


class _Api(Handler[GitLabApi]):
    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        api, url = self.app, urlsplit(self.path)
        api.asked.append(url.path)
        api.looked.append(api.look())
        project = f"/api/v4/projects/{api.project}"
        if api.instead:
            status, headers, body = api.instead.pop(0)
            self.reply(status, body, headers)
        elif self.headers.get("Authorization") != f"Bearer {api.token}":
            self.reply(401, {"message": "401 Unauthorized"})
        elif url.path == f"{project}/pipelines/{api.pipeline}/jobs":
            self.reply(200, api.listed(parse_qs(url.query)))
        elif url.path.startswith(f"{project}/jobs/") and url.path.endswith("/trace"):
            number = int(url.path.removesuffix("/trace").rpartition("/")[2]) - 1001
            self.reply(200, api.jobs[number].log.encode())
        else:
            self.reply(404, {"message": "404 Not Found"})


GitLabApi.handler = _Api
