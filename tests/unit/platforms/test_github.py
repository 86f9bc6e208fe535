"""GitHub's identity: the endpoint of the job, and why it may not be there."""

import json
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ci_secrets.errors import ConfigError, IdentityError, UnreachableError
from ci_secrets.platforms.github import GitHub
from ci_secrets.platforms.interface import IdentityOptions
from ci_secrets.secret import Secret
from tests.unit.platforms.answers import Answers, told

AUDIENCE = "https://vault.example:8200/?a=b&c"
URL = "https://tokens.example/_apis/token?api-version=2.0&x=1%2F2"
BEARER = "made-up-bearer"
ENVIRONMENT = {
    "GITHUB_ACTIONS": "true",
    "ACTIONS_ID_TOKEN_REQUEST_URL": URL,
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN": BEARER,
    "GITHUB_SERVER_URL": "https://github.com",
    "GITHUB_REPOSITORY": "octo/app",
    "GITHUB_RUN_ID": "42",
    "GITHUB_RUN_ATTEMPT": "2",
    "GITHUB_JOB": "deploy",
    "RUNNER_TEMP": "/runner/_temp",
}
STATE = Path("/state")
Make = Callable[..., str]


class Endpoint(Answers):
    """GitHub's endpoint: gives `answers` one by one."""

    def github(self, **more: str) -> GitHub:
        """A job that asks here."""
        return GitHub(ENVIRONMENT | more, None, self.http)


def test_the_endpoint_is_asked_for_exactly_this_audience(mint: Make) -> None:
    """The query that the URL has stays, the audience is escaped, the job's token is the bearer."""
    endpoint = Endpoint(httpx.Response(200, json={"count": 1, "value": mint(AUDIENCE)}))
    token = endpoint.github().id_token(AUDIENCE)
    (request,) = endpoint.requests
    assert dict(request.url.params) == {"api-version": "2.0", "x": "1/2", "audience": AUDIENCE}
    assert request.url.host == "tokens.example"
    assert request.headers["authorization"] == f"Bearer {BEARER}"
    assert token.claims["aud"] == AUDIENCE
    assert token.came_from == "GitHub's token endpoint"


def test_each_call_mints_anew(mint: Make) -> None:
    """Any audience, at any time of the job."""
    answers = [httpx.Response(200, json={"value": mint(name)}) for name in ("a", "b")]
    github = Endpoint(*answers).github()
    assert github.mints
    assert [github.id_token(name).claims["aud"] for name in ("a", "b")] == ["a", "b"]


@pytest.mark.parametrize(
    "failure", [httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("late")], ids=repr
)
def test_a_hiccup_is_tried_again(mint: Make, failure: httpx.Response | Exception) -> None:
    """A JWT that nobody received opens nothing, so asking twice is harmless."""
    endpoint = Endpoint(failure, httpx.Response(200, json={"value": mint(AUDIENCE)}))
    assert endpoint.github().id_token(AUDIENCE).claims
    assert len(endpoint.pauses) == 1


@pytest.mark.parametrize("failure", [httpx.Response(500), httpx.ConnectError("x")], ids=repr)
def test_after_five_tries_it_is_unreachable(failure: httpx.Response | Exception) -> None:
    """The store has nothing to do with it, so its settings are not blamed."""
    endpoint = Endpoint(*[failure] * 5)
    with pytest.raises(UnreachableError) as caught:
        endpoint.github().id_token(AUDIENCE)
    assert len(endpoint.requests) == 5
    assert "githubstatus.com" in caught.value.fix
    assert BEARER not in told(caught.value)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404])
def test_a_refusal_is_no_identity(status: int) -> None:
    """Asked once, its body unseen, and no redirect followed with the job's token."""
    away = {"location": "https://evil.example"}
    endpoint = Endpoint(httpx.Response(status, text="made-up-body", headers=away))
    with pytest.raises(IdentityError, match=str(status)) as caught:
        endpoint.github().id_token(AUDIENCE)
    assert len(endpoint.requests) == 1
    assert "made-up-body" not in told(caught.value)


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>made-up-body", b"[]", b'{"value": 7}', b'{"value": ""}', b"[" * 9000, b"\xff"],
    ids=lambda body: repr(body[:12]),
)
def test_an_answer_without_a_token_is_no_identity(body: bytes) -> None:
    """Such as a captive proxy gives."""
    with pytest.raises(IdentityError, match="with no token") as caught:
        Endpoint(httpx.Response(200, content=body)).github().id_token(AUDIENCE)
    assert "made-up-body" not in told(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://tokens.example/?a=b",
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "//x",
        "http://[x",
        "x",
    ],
)
def test_the_jobs_token_goes_nowhere_in_clear(url: str) -> None:
    """Nor to what is no URL; nothing is sent."""
    endpoint = Endpoint()
    with pytest.raises(IdentityError, match="not an https URL"):
        endpoint.github(ACTIONS_ID_TOKEN_REQUEST_URL=url).id_token(AUDIENCE)
    assert endpoint.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:80"])
def test_loopback_needs_no_tls(mint: Make, host: str) -> None:
    """For tests and local runners."""
    endpoint = Endpoint(httpx.Response(200, json={"value": mint(AUDIENCE)}))
    endpoint.github(ACTIONS_ID_TOKEN_REQUEST_URL=f"http://{host}/t").id_token(AUDIENCE)
    assert len(endpoint.requests) == 1


@pytest.mark.parametrize("bearer", ["a\nb", "ä", "\udcff"])
def test_a_damaged_bearer_is_not_sent(bearer: str) -> None:
    """An HTTP library would put it in its error."""
    with pytest.raises(IdentityError, match="does not hold the job's token"):
        Endpoint().github(ACTIONS_ID_TOKEN_REQUEST_TOKEN=bearer).id_token(AUDIENCE)


def without_permission(**more: str) -> GitHub:
    """A job that was not granted `id-token: write`."""
    names = [name for name in ENVIRONMENT if not name.startswith("ACTIONS_")]
    return GitHub({name: ENVIRONMENT[name] for name in names} | more)


def test_a_missing_permission_shows_the_yaml() -> None:
    """For the job, and for a job that calls it as a reusable workflow."""
    with pytest.raises(IdentityError, match="may not ask") as caught:
        without_permission().id_token(AUDIENCE)
    assert "permissions:\n          id-token: write\n" in caught.value.fix
    assert "reusable workflow" in caught.value.fix
    assert "uses: ORG/REPO/.github/workflows/" in caught.value.fix


def test_one_half_of_the_endpoint_is_none() -> None:
    """An address without its token, or the other way round."""
    with pytest.raises(IdentityError, match="may not ask"):
        without_permission(ACTIONS_ID_TOKEN_REQUEST_URL=URL).id_token(AUDIENCE)


def test_a_fork_gets_no_token_and_is_told_so(tmp_path: Path) -> None:
    """The permission would not help; `pull_request_target` is advised against."""
    event = tmp_path / "event.json"
    head = {"repo": {"full_name": "evil\n::error::x/app"}}
    event.write_text(json.dumps({"pull_request": {"head": head}}))
    github = without_permission(GITHUB_EVENT_NAME="pull_request", GITHUB_EVENT_PATH=str(event))
    with pytest.raises(IdentityError, match="from a fork") as caught:
        github.id_token(AUDIENCE)
    assert "\n" not in caught.value.what
    assert "head.repo.full_name == github.repository" in caught.value.fix
    assert "pull_request_target" in caught.value.fix


def test_a_token_that_the_user_names_goes_before_the_endpoint(mint: Make) -> None:
    """And then no other can be minted."""
    environment = ENVIRONMENT | {"MY_JWT": mint(AUDIENCE)}
    github = GitHub(environment, IdentityOptions(id_token_env="MY_JWT"))
    assert github.id_token(AUDIENCE).came_from == "$MY_JWT"
    assert not github.mints


def test_what_gives_identity_is_a_needle_and_kept_from_cmd() -> None:
    """The bearer; the endpoint's address alone is worth nothing, but CMD loses it too."""
    github = GitHub(ENVIRONMENT)
    assert github.own_credentials() == {"$ACTIONS_ID_TOKEN_REQUEST_TOKEN": Secret(BEARER)}
    assert {"ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"} <= (
        github.identity_variables()
    )


def test_the_run_is_named_with_its_attempt() -> None:
    """With the address of its page."""
    run = GitHub(ENVIRONMENT).run()
    assert (run.platform, run.run, run.attempt, run.job) == ("github", "42", "2", "deploy")
    assert run.url == "https://github.com/octo/app/actions/runs/42/attempts/2"
    assert GitHub({}).run().url == ""


def test_the_workspace_is_the_one_of_the_job() -> None:
    """Else the working directory."""
    workspace = {"GITHUB_WORKSPACE": "/runner/_work/app/app"}
    assert GitHub(ENVIRONMENT | workspace).workspace() == Path("/runner/_work/app/app")
    assert GitHub(ENVIRONMENT).workspace() == Path()


def test_the_state_lies_in_the_runners_temporary_directory() -> None:
    """Without it this is no job of GitHub."""
    assert GitHub(ENVIRONMENT).state_directory() == Path("/runner/_temp/ci-secrets")
    with pytest.raises(ConfigError, match="RUNNER_TEMP is not set"):
        GitHub({}).state_directory()


def test_the_actions_own_state_is_the_key() -> None:
    """The shim hands it over in a variable, masked."""
    github = GitHub(ENVIRONMENT | {"CI_SECRETS_STATE_KEY": "made-up-" * 4})
    key = github.state_key(github.run(), directory=STATE, create=True)
    assert (key.came_from, key.weaker) == ("$CI_SECRETS_STATE_KEY", False)


def test_a_steps_files_are_known() -> None:
    """Those that are set."""
    files = GitHub({"GITHUB_STEP_SUMMARY": "/f/summary", "GITHUB_ENV": "/f/env"}).command_files()
    assert files.summary == Path("/f/summary")
    assert files.handed_on == {"GITHUB_ENV": Path("/f/env")}
    assert GitHub({}).command_files().summary is None
