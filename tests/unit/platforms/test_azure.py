"""Azure Pipelines: its token endpoint, and what its agent reads from the log."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import httpx
import pytest

from ci_secrets.errors import (
    ConfigError,
    IdentityError,
    OutputRefusedError,
    UnreachableError,
)
from ci_secrets.platforms.azure import AUDIENCE, Azure
from ci_secrets.secret import Secret
from tests.unit.platforms.answers import Answers, told

URI = "https://dev.azure.com/shop/p-1/_apis/distributedtask/hubs/build/plans/x/jobs/y/oidctoken"
BEARER = "made-up-bearer"
ENVIRONMENT: Final = {
    "TF_BUILD": "True",
    "SYSTEM_OIDCREQUESTURI": URI,
    "SYSTEM_ACCESSTOKEN": BEARER,
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/shop/",
    "SYSTEM_TEAMPROJECTID": "p-1",
    "SYSTEM_JOBID": "j-1",
    "SYSTEM_JOBATTEMPT": "2",
    "BUILD_BUILDID": "7",
    "BUILD_SOURCESDIRECTORY": "/agent/_work/1/s",
    "AGENT_TEMPDIRECTORY": "/agent/_work/_temp",
}
Make = Callable[..., str]


class Endpoint(Answers):
    """Azure's endpoint: gives `answers` one by one."""

    def azure(self, **more: str) -> Azure:
        """A job that asks here."""
        return Azure(ENVIRONMENT | more, None, self.http)


def test_the_endpoint_is_asked_as_its_documentation_says(mint: Make) -> None:
    """By POST, with the job's token, and without a service connection."""
    endpoint = Endpoint(httpx.Response(200, json={"oidcToken": mint(AUDIENCE, def_id="9")}))
    token = endpoint.azure().id_token(AUDIENCE)
    (request,) = endpoint.requests
    assert request.method == "POST"
    assert str(request.url) == f"{URI}?api-version=7.1"
    assert request.headers["authorization"] == f"Bearer {BEARER}"
    assert request.headers["x-tfs-fedauthredirect"] == "Suppress"
    assert token.came_from == "Azure DevOps's token endpoint"
    assert token.shown_claims()["def_id"] == "9"


def test_the_fixed_audience_is_explained(mint: Make) -> None:
    """A pipeline cannot choose one; the store takes it, and the workflow vouches for its URL."""
    endpoint = Endpoint(httpx.Response(200, json={"oidcToken": mint(AUDIENCE)}))
    with pytest.raises(IdentityError, match="another audience") as caught:
        endpoint.azure().id_token("https://vault.example")
    assert f'audience: "{AUDIENCE}"' in caught.value.fix
    assert "CI_SECRETS_ALLOWED_STORES: " in caught.value.fix


@pytest.mark.parametrize("bearer", ["", "$(System.AccesToken)"])
def test_a_step_without_the_jobs_token_is_shown_the_mapping(bearer: str) -> None:
    """Agents hand it to no step that does not ask; an unknown name stays as it is written."""
    endpoint = Endpoint()
    with pytest.raises(IdentityError) as caught:
        endpoint.azure(SYSTEM_ACCESSTOKEN=bearer).id_token(AUDIENCE)
    assert "SYSTEM_ACCESSTOKEN: $(System.AccessToken)" in caught.value.fix
    assert endpoint.requests == []


@pytest.mark.parametrize("uri", ["", "http://dev.azure.com/x"])
def test_no_token_goes_where_there_is_no_endpoint(uri: str) -> None:
    """Nor over the wire in clear."""
    endpoint = Endpoint()
    with pytest.raises(IdentityError, match=r"SYSTEM_OIDCREQUESTURI|no endpoint"):
        endpoint.azure(SYSTEM_OIDCREQUESTURI=uri).id_token(AUDIENCE)
    assert endpoint.requests == []


@pytest.mark.parametrize("status", [302, 401, 403, 404])
def test_a_refusal_is_no_identity(status: int) -> None:
    """Asked once, its body unseen, and no redirect followed with the job's token."""
    away = {"location": "https://evil.example"}
    endpoint = Endpoint(httpx.Response(status, text="made-up-body", headers=away))
    with pytest.raises(IdentityError, match=str(status)) as caught:
        endpoint.azure().id_token(AUDIENCE)
    assert len(endpoint.requests) == 1
    assert "made-up-body" not in told(caught.value)


@pytest.mark.parametrize("failure", [httpx.Response(503), httpx.ConnectError("x")], ids=repr)
def test_after_five_tries_it_is_unreachable(failure: httpx.Response | Exception) -> None:
    """And neither the store nor the job's token is blamed or shown."""
    endpoint = Endpoint(*[failure] * 5)
    with pytest.raises(UnreachableError) as caught:
        endpoint.azure().id_token(AUDIENCE)
    assert len(endpoint.requests) == 5
    assert BEARER not in told(caught.value)


@pytest.mark.parametrize("body", [b"", b"<html>made-up-body", b"[]", b'{"oidcToken": ""}'])
def test_an_answer_without_a_token_is_no_identity(body: bytes) -> None:
    """Such as a captive proxy gives."""
    with pytest.raises(IdentityError, match="with no token") as caught:
        Endpoint(httpx.Response(200, content=body)).azure().id_token(AUDIENCE)
    assert "made-up-body" not in told(caught.value)


def test_each_line_of_a_value_is_masked() -> None:
    """With what the agent reads as escapes written so that it reads the value."""
    lines = Azure(ENVIRONMENT).mask_lines([b"50%0A off", b"one\r\ntwo\n \n"])
    assert lines == [
        b"##vso[task.setsecret]50%AZP250A off",
        b"##vso[task.setsecret]one",
        b"##vso[task.setsecret]two",
    ]


def test_outputs_are_secret_variables(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Masked by the agent as it sets them; on stderr, which no `$(…)` takes away."""
    values = [("API_KEY", Secret("a;b]c %0D")), ("EMPTY", Secret(""))]
    Azure(ENVIRONMENT).write_outputs(values)
    Azure(ENVIRONMENT).export_variables([("API_KEY", Secret("x"))])
    said = capfdbinary.readouterr()
    assert said.out == b""
    assert said.err.splitlines() == [
        b"##vso[task.setvariable variable=API_KEY;issecret=true;isoutput=true]a;b]c %AZP250D",
        b"##vso[task.setvariable variable=EMPTY;issecret=true;isoutput=true]",
        b"##vso[task.setvariable variable=API_KEY;issecret=true]x",
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [("KEY", b"one\ntwo"), ("KEY", b"a\0b"), ("KEY", b"\xff"), ("A-B", b"x"), ("A;B", b"x")],
)
def test_what_the_agent_would_not_keep_is_refused_whole(
    name: str, value: bytes, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Before the first line is printed."""
    with pytest.raises(OutputRefusedError):
        Azure(ENVIRONMENT).write_outputs([("FIRST", Secret("made-up")), (name, Secret(value))])
    assert capfdbinary.readouterr() == (b"", b"")


def test_errors_and_warnings_become_issues() -> None:
    """In one line that cannot be taken for two."""
    azure = Azure(ENVIRONMENT)
    assert azure.annotate("error", "a%0A\nb") == "##vso[task.logissue type=error]a%AZP250A b"
    assert azure.annotate("warning", "w") == "##vso[task.logissue type=warning]w"
    assert azure.annotate("notice", "n") is None


def test_what_gives_identity_is_a_needle_and_kept_from_cmd() -> None:
    """The endpoint's address is no secret."""
    azure = Azure(ENVIRONMENT)
    assert azure.own_credentials() == {"$SYSTEM_ACCESSTOKEN": Secret(BEARER)}
    assert {"SYSTEM_ACCESSTOKEN", "SYSTEM_OIDCREQUESTURI"} <= azure.identity_variables()


def test_a_pull_request_from_a_fork_is_not_trusted() -> None:
    """Azure says so in a word."""
    assert Azure(ENVIRONMENT | {"SYSTEM_PULLREQUEST_ISFORK": "False"}).untrusted_event() is None
    assert Azure(ENVIRONMENT | {"SYSTEM_PULLREQUEST_ISFORK": "True"}).untrusted_event()


def test_the_run_its_files_and_its_state() -> None:
    """The agent empties its folder for temporary files after each job."""
    azure = Azure(ENVIRONMENT)
    run = azure.run()
    assert (run.run, run.attempt, run.job) == ("7", "2", "j-1")
    assert run.url == "https://dev.azure.com/shop/p-1/_build/results?buildId=7"
    assert azure.workspace() == Path("/agent/_work/1/s")
    assert azure.state_directory() == Path("/agent/_work/_temp/ci-secrets")
    with pytest.raises(ConfigError, match="AGENT_TEMPDIRECTORY is not set"):
        Azure({}).state_directory()
