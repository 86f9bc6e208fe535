"""GitHub's API for logs, on a stub of what its documentation says: pages, redirects, limits."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from ci_secrets.errors import ConfigError, RefusedError, UnreachableError
from ci_secrets.http import Http
from ci_secrets.platforms.github_logs import Logs, Source
from ci_secrets.platforms.interface import OwnLog
from ci_secrets.secret import Secret

API = "https://api.github.com"
STORAGE = "https://results.blob.example/job.txt?sig=hunter2"
LOG = b"2026-11-28T08:00:00.0000000Z fine\n"


def job(number: int, name: str = "deploy", **more: Any) -> dict[str, Any]:
    """Give one finished job as the API lists it."""
    steps = [{"name": "Set up job", "status": "completed", "conclusion": "success", "number": 1}]
    base = {"id": number, "run_id": 1001, "name": name, "status": "completed", "steps": steps}
    return {**base, "conclusion": "success", **more}


class Stub:
    """The documented routes; `answers` come before them, one a request."""

    def __init__(self, *jobs: dict[str, Any]) -> None:
        self.jobs = list(jobs)
        self.answers: list[httpx.Response] = []
        self.seen: list[httpx.Request] = []
        self.slept: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        self.seen.append(request)
        if self.answers:
            return self.answers.pop(0)
        if str(request.url) == STORAGE:
            return httpx.Response(200, content=LOG)
        if request.url.path == "/repos/shop/web/actions/runs/1001/attempts/2/jobs":
            size, page = (int(request.url.params[name]) for name in ("per_page", "page"))
            shown = self.jobs[(page - 1) * size : page * size]
            return httpx.Response(200, json={"total_count": len(self.jobs), "jobs": shown})
        if request.url.path.startswith("/repos/shop/web/actions/jobs/"):
            return httpx.Response(302, headers={"Location": STORAGE})
        return httpx.Response(404, json={"message": "Not Found"})

    def logs(self, api: str = API) -> Logs:
        """What is tested, before this stub."""
        source = Source(
            api=api, repository="shop/web", run="1001", attempt="2", runner="GitHub Actions 7"
        )
        http = Http(transport=httpx.MockTransport(self), sleep=self.slept.append)
        return Logs(http, source, Secret("ghs_hunter2"), sleep=self.slept.append)

    def read(self, api: str = API) -> list[OwnLog]:
        """All logs, one after another."""
        return [log.read() for log in self.logs(api).of_jobs() if log.read]


def test_logs_of_finished_jobs() -> None:
    """Each that ran and is over; not this one, not one that was skipped or never began."""
    stub = Stub(
        job(1),
        job(2, "verify", status="in_progress", conclusion=None),
        job(3, "skipped", conclusion="skipped", steps=[]),
        job(4, "cancelled early", conclusion="cancelled", steps=[]),
        job(5, "build (3.12)", conclusion="failure"),
    )
    found = stub.read()
    assert [log.source for log in found] == ["log of the job deploy", "log of the job build (3.12)"]
    assert {log.states for log in found} == {("masked-view",)}
    assert {log.log for log in found} == {LOG}


def test_a_job_that_is_not_over() -> None:
    """Is named, and not read; this job, which runs on our runner, is not."""
    stub = Stub(
        job(1),
        job(2, "verify", status="in_progress", runner_name="GitHub Actions 7"),
        job(3, "build", status="in_progress", runner_name="GitHub Actions 8"),
        job(4, "later", status="queued"),
    )
    assert [(log.source, log.read is None) for log in stub.logs().of_jobs()] == [
        ("log of the job deploy", False),
        ("log of the job build", True),
    ]


def test_more_jobs_than_a_page_holds() -> None:
    """All pages are asked for."""
    stub = Stub(*(job(number) for number in range(1, 203)))
    assert len(stub.read()) == 202


def test_the_token_goes_to_the_api_alone() -> None:
    """The link to the log leads elsewhere, and is followed without it."""
    stub = Stub(job(1))
    stub.read()
    told = {request.url.host: request.headers.get("authorization") for request in stub.seen}
    assert told == {"api.github.com": "Bearer ghs_hunter2", "results.blob.example": None}


def test_an_enterprise_server() -> None:
    """Its API lies below a path; a relative link leads to it."""
    stub = Stub(job(1))
    stub.answers = [
        httpx.Response(200, json={"total_count": 1, "jobs": [job(1)]}),
        httpx.Response(302, headers={"Location": "/storage/1"}),
        httpx.Response(200, content=LOG),
    ]
    (log,) = stub.read("https://ghes.example/api/v3")
    assert log.log == LOG
    assert [str(request.url.copy_with(query=None)) for request in stub.seen] == [
        "https://ghes.example/api/v3/repos/shop/web/actions/runs/1001/attempts/2/jobs",
        "https://ghes.example/api/v3/repos/shop/web/actions/jobs/1/logs",
        "https://ghes.example/storage/1",
    ]


def _page(*jobs: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json={"total_count": len(jobs), "jobs": list(jobs)})


@pytest.mark.parametrize(
    "late",
    [
        lambda: [httpx.Response(404)],
        lambda: [httpx.Response(302, headers={"Location": STORAGE}), httpx.Response(404)],
    ],
    ids=["no link", "nothing behind it"],
)
def test_a_log_that_comes_a_moment_later(late: Callable[[], list[httpx.Response]]) -> None:
    """Is asked for again, with a new link."""
    stub = Stub(job(1))
    stub.answers = [_page(job(1)), *late()]
    (log,) = stub.read()
    assert log.log == LOG
    assert len(stub.slept) == 1


def test_a_log_that_never_comes() -> None:
    """Is an error after a few tries, never an empty log."""
    stub = Stub(job(1))
    stub.answers = [_page(job(1)), *(httpx.Response(404) for _ in range(6))]
    with pytest.raises(UnreachableError, match="log of the job deploy is not there"):
        stub.read()
    assert sum(stub.slept) < 30


@pytest.mark.parametrize(
    ("status", "headers"),
    [
        (429, {"Retry-After": "3"}),
        (403, {"Retry-After": "3"}),
        (403, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 20)}),
    ],
)
def test_a_limit_that_is_soon_over(status: int, headers: dict[str, str]) -> None:
    """Is waited for as long as the API says."""
    stub = Stub(job(1))
    stub.answers = [httpx.Response(status, headers=headers)]
    assert len(stub.read()) == 1
    assert 1 <= sum(stub.slept) <= 20


def test_a_limit_that_comes_back() -> None:
    """Is waited for no longer than two minutes in all."""
    stub = Stub(job(1))
    stub.answers = [httpx.Response(403, headers={"Retry-After": "50"}) for _ in range(6)]
    with pytest.raises(UnreachableError, match="rate limit"):
        stub.read()
    assert stub.slept == [50, 50]


def test_a_limit_that_lasts() -> None:
    """Is said, and not waited for."""
    stub = Stub(job(1))
    reset = str(int(time.time()) + 3000)
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": reset}
    stub.answers = [httpx.Response(403, headers=headers)]
    with pytest.raises(UnreachableError, match="rate limit"):
        stub.read()
    assert stub.slept == []


def test_no_permission() -> None:
    """Says which one, as YAML; nothing of the answer or the token."""
    stub = Stub(job(1))
    stub.answers = [httpx.Response(403, json={"message": "hunter2 not accessible"})]
    with pytest.raises(RefusedError) as caught:
        stub.read()
    assert "actions: read" in caught.value.fix
    assert "hunter2" not in f"{caught.value.what} {caught.value.cause} {caught.value.fix}"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"jobs": {}}', b"<html>"])
def test_an_answer_that_is_none(body: bytes) -> None:
    """A proxy's page is not an empty list of jobs."""
    stub = Stub()
    stub.answers = [httpx.Response(200, content=body)]
    with pytest.raises(UnreachableError, match="no jobs"):
        stub.read()


def test_without_tls() -> None:
    """Neither our token nor a log goes over the wire in clear."""
    with pytest.raises(ConfigError):
        Stub().logs("http://ghes.example/api/v3")
    stub = Stub(job(1))
    stub.answers = [_page(job(1)), httpx.Response(302, headers={"Location": "http://s.example/1"})]
    with pytest.raises(UnreachableError, match="without TLS"):
        stub.read()
    assert json.dumps(stub.slept) == "[]"
