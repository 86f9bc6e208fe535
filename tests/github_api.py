"""GitHub's API as far as logs need it, on loopback; made from its documentation.

Source: docs.github.com, REST API, "List jobs for a workflow run attempt" and "Download job logs for
a workflow run".
"""

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from ci_secrets.testing.loopback import Handler
from tests.served import Served


@dataclass(kw_only=True, slots=True)
class Job:
    """One job of the run."""

    name: str
    log: str = ""
    status: str = "completed"
    conclusion: str | None = "success"


@dataclass(kw_only=True, slots=True)
class GitHubApi(Served):
    """A context manager: the API at `url` with the jobs of one run, for whoever has `token`."""

    repository: str
    run: str = "1001"
    jobs: list[Job] = field(default_factory=list)
    token: str = field(default_factory=lambda: f"ghs_{secrets.token_urlsafe(27)}")

    def listed(self) -> dict[str, Any]:
        """What the list of jobs shows."""
        step = {"name": "Set up job", "status": "completed", "conclusion": "success", "number": 1}
        jobs = [
            {
                "id": number,
                "run_id": int(self.run),
                "name": job.name,
                "status": job.status,
                "conclusion": job.conclusion,
                "steps": [step],
            }
            for number, job in enumerate(self.jobs, 1)
        ]
        return {"total_count": len(jobs), "jobs": jobs}


class _Api(Handler[GitHubApi]):
    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        api, path = self.app, urlsplit(self.path).path
        api.asked.append(path)
        repository = f"/repos/{api.repository}/actions"
        trusted = self.headers.get("Authorization") == f"Bearer {api.token}"
        if path.startswith("/storage/"):
            status = 400 if self.headers.get("Authorization") else 200
            self.reply(status, api.jobs[int(path.rpartition("/")[2]) - 1].log.encode())
        elif not trusted:
            self.reply(401, {"message": "Bad credentials"})
        elif path == f"{repository}/runs/{api.run}/attempts/1/jobs":
            self.reply(200, api.listed())
        elif path.startswith(f"{repository}/jobs/") and path.endswith("/logs"):
            number = path.removesuffix("/logs").rpartition("/")[2]
            self.reply(302, headers={"Location": f"{api.url}/storage/{number}"})
        else:
            self.reply(404, {"message": "Not Found"})


GitHubApi.handler = _Api
