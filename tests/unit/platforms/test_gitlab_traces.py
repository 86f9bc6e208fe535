"""GitLab's API for the logs of a pipeline, on a stub of what its documentation says."""

from collections.abc import Iterator

import pytest

from ci_secrets.errors import CiSecretsError, RefusedError, UnreachableError, UsageError
from ci_secrets.platforms import gitlab_traces
from ci_secrets.platforms.gitlab import GitLab
from ci_secrets.platforms.gitlab_traces import Traces
from ci_secrets.platforms.interface import OwnLog
from ci_secrets.secret import Secret
from tests.gitlab_api import GitLabApi, Job

PRIVATE = "made-up-body"


@pytest.fixture
def api() -> Iterator[GitLabApi]:
    """Give a pipeline with one job that is over, and the one that verifies."""
    jobs = [Job(name="deploy", log="fine\n"), Job(name="verify", status="running")]
    with GitLabApi(project="7", pipeline="42", jobs=jobs) as api:
        yield api


@pytest.fixture
def slept() -> list[float]:
    """Give the pauses that were made."""
    return []


def traces(api: GitLabApi, slept: list[float], token: str = "") -> Traces:
    """What is tested, before this stub."""
    given = Secret(token or api.token)
    place = {"project": "7", "pipeline": "42", "ca_file": ""}
    return Traces(api.url, given, sleep=slept.append, **place)


def read(api: GitLabApi, slept: list[float], token: str = "") -> list[OwnLog]:
    """All logs, one after another, as job 1002 reads them."""
    return [log.read() for log in traces(api, slept, token).of_jobs(but="1002") if log.read]


def test_logs_of_finished_jobs(api: GitLabApi, slept: list[float]) -> None:
    """Each that ran and is over, retried ones too; not this one, not one that never began."""
    api.jobs += [
        Job(name="test", log="first\n", status="failed", retried=True),
        Job(name="test", log="second\n"),
        Job(name="by hand", status="manual", started=False),
        Job(name="too late", status="canceled", started=False),
        Job(name="stopped", log="third\n", status="canceled"),
        Job(name="under way", status="running"),
    ]
    found = read(api, slept)
    assert {log.source: log.log for log in found} == {
        "log of the job deploy (1001)": b"fine\n",
        "log of the job test (1003)": b"first\n",
        "log of the job test (1004)": b"second\n",
        "log of the job stopped (1007)": b"third\n",
    }
    assert {log.states for log in found} == {("masked-view",)}


def test_a_job_that_is_not_over(api: GitLabApi, slept: list[float]) -> None:
    """Is named, and not read."""
    api.jobs += [Job(name="under way", status="running"), Job(name="waits", status="created")]
    logs = traces(api, slept).of_jobs(but="1002")
    assert [(log.source, log.read is None) for log in logs] == [
        ("log of the job deploy (1001)", False),
        ("log of the job under way (1003)", True),
    ]


def test_this_job_is_none_of_them(api: GitLabApi, slept: list[float]) -> None:
    """Also where GitLab already calls it over."""
    api.jobs[1].status = "success"
    assert len(read(api, slept)) == 1


def test_more_jobs_than_a_page_holds(api: GitLabApi, slept: list[float]) -> None:
    """All pages are asked for, and no link is followed."""
    api.jobs += [Job(name=f"job {number}", log="x") for number in range(150)]
    assert len(read(api, slept)) == 151
    assert api.asked.count("/api/v4/projects/7/pipelines/42/jobs") == 2


@pytest.mark.parametrize("status", [429, 500, 502, 503])
@pytest.mark.parametrize("before", [0, 1], ids=["list", "log"])
def test_a_busy_gitlab_is_asked_again(
    api: GitLabApi, slept: list[float], status: int, before: int
) -> None:
    """After a pause, for the list as for a log."""
    logs = [] if before == 0 else traces(api, slept).of_jobs(but="1002")
    api.instead = [(status, {}, b"{}")] * 2
    found = [log.read() for log in logs if log.read] or read(api, slept)
    assert [log.log for log in found] == [b"fine\n"]
    assert slept == [1.0, 2.0]


def test_it_waits_as_long_as_gitlab_says(api: GitLabApi, slept: list[float]) -> None:
    """In seconds, where that is not long."""
    api.instead = [(429, {"Retry-After": "7"}, b"{}")]
    assert len(read(api, slept)) == 1
    assert slept == [7.0]


def test_a_limit_that_lasts(api: GitLabApi, slept: list[float]) -> None:
    """Is said, and not waited for."""
    api.instead = [(429, {"Retry-After": "3600"}, PRIVATE.encode())]
    with pytest.raises(UnreachableError, match="429") as caught:
        read(api, slept)
    assert slept == []
    assert PRIVATE not in texts(caught.value)


def test_a_gitlab_that_stays_busy(api: GitLabApi, slept: list[float]) -> None:
    """Is given up after half a minute."""
    api.instead = [(503, {}, b"{}")] * 6
    with pytest.raises(UnreachableError, match="503"):
        read(api, slept)
    assert 20 <= sum(slept) <= 40


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_token_without_rights(api: GitLabApi, slept: list[float], status: int) -> None:
    """Says which scope is missing, and nothing of the answer or the token."""
    api.instead = [(status, {}, f'{{"message": "{PRIVATE}"}}'.encode())]
    with pytest.raises(RefusedError, match=str(status)) as caught:
        read(api, slept)
    assert "read_api" in caught.value.fix
    assert PRIVATE not in texts(caught.value)
    assert api.token not in texts(caught.value)
    assert slept == []


@pytest.mark.parametrize("body", [b"<html>", b'{"jobs": []}', b"[1]", b"null"])
def test_an_answer_that_is_none(api: GitLabApi, slept: list[float], body: bytes) -> None:
    """A proxy's page is not an empty list of jobs."""
    api.instead = [(200, {"Content-Type": "application/json"}, body)]
    with pytest.raises(UnreachableError):
        read(api, slept)


def test_a_log_that_is_too_large(
    api: GitLabApi, slept: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is looked at as far as it was read, and its end is called missing."""
    monkeypatch.setattr(gitlab_traces, "MAX_LOG_BYTES", 100_000)
    api.jobs[0].log = "x" * 1_000_000
    (log,) = read(api, slept)
    assert log.states == ("masked-view", "tail-missing")


def test_without_a_token() -> None:
    """CI_JOB_TOKEN may not, and that is said."""
    with pytest.raises(UsageError) as caught:
        GitLab({"CI_JOB_TOKEN": "made-up"}).job_logs()
    assert "read_api" in caught.value.fix


def test_without_tls() -> None:
    """The token does not go over the wire in clear."""
    environment = {
        "CI_SERVER_URL": "http://gitlab.example",
        "CI_PROJECT_ID": "7",
        "CI_PIPELINE_ID": "42",
        "CI_SECRETS_GITLAB_TOKEN": "made-up",
    }
    with pytest.raises(RefusedError, match="not https"):
        GitLab(environment).job_logs()


def texts(error: CiSecretsError) -> str:
    """All that an error says."""
    return f"{error.what} {error.cause} {error.fix}"
