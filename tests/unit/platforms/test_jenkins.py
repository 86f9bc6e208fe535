"""Jenkins's identity: what oidc-provider binds; and the build's own log."""

import base64
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from ci_secrets.errors import ConfigError, IdentityError, RefusedError, UnreachableError
from ci_secrets.http import Http
from ci_secrets.platforms.interface import IdentityOptions
from ci_secrets.platforms.jenkins import Jenkins
from ci_secrets.secret import Secret

VAULT = "https://vault.example"
ENVIRONMENT = {
    "JENKINS_URL": "https://jenkins.example/",
    "BUILD_URL": "https://jenkins.example/job/deploy/7/",
    "BUILD_NUMBER": "7",
    "JOB_NAME": "deploy",
    "WORKSPACE": "/agent/workspace/deploy",
    "WORKSPACE_TMP": "/agent/workspace/deploy@tmp",
}
LOG = {"CI_SECRETS_JENKINS_USER": "watcher", "CI_SECRETS_JENKINS_TOKEN": "made-up-api-token"}
STATE = Path("/state")
Make = Callable[..., str]


def test_a_bound_text_is_the_token(mint: Make) -> None:
    """Under our own name."""
    jenkins = Jenkins(ENVIRONMENT | {"CI_SECRETS_ID_TOKEN": mint(build_number=7)})
    token = jenkins.id_token(VAULT)
    assert token.came_from == "$CI_SECRETS_ID_TOKEN"
    assert token.shown_claims()["build_number"] == "7"


def test_a_bound_text_may_have_another_name(mint: Make) -> None:
    """If it is named."""
    options = IdentityOptions(id_token_env="VAULT_JWT")
    jenkins = Jenkins(ENVIRONMENT | {"VAULT_JWT": mint()}, options)
    assert jenkins.id_token(VAULT).came_from == "$VAULT_JWT"
    assert "VAULT_JWT" in jenkins.identity_variables()


def test_a_bound_file_is_read(mint: Make, tmp_path: Path) -> None:
    """oidc-provider's other kind of credential."""
    (tmp_path / "token").write_text(mint())
    jenkins = Jenkins(ENVIRONMENT, IdentityOptions(id_token_file=tmp_path / "token"))
    assert jenkins.id_token(VAULT).came_from == f"file {tmp_path}/token"


def test_without_a_token_the_pipeline_lines_are_shown() -> None:
    """Of both kinds of credential."""
    with pytest.raises(IdentityError, match="This build has no ID token") as caught:
        Jenkins(ENVIRONMENT).id_token(VAULT)
    assert "withCredentials([string(" in caught.value.fix
    assert "withCredentials([file(" in caught.value.fix


def test_another_audience_is_set_at_the_credential(mint: Make) -> None:
    """A build cannot choose it."""
    jenkins = Jenkins(ENVIRONMENT | {"CI_SECRETS_ID_TOKEN": mint("https://jenkins.example")})
    with pytest.raises(IdentityError, match="another audience") as caught:
        jenkins.id_token(VAULT)
    assert f"set its Audience to {VAULT}" in caught.value.fix


def test_an_expired_token_is_bound_again(mint: Make) -> None:
    """Each `withCredentials` makes a fresh one."""
    jenkins = Jenkins(ENVIRONMENT | {"CI_SECRETS_ID_TOKEN": mint(exp=1_000_000_000)})
    with pytest.raises(IdentityError, match="expired") as caught:
        jenkins.id_token(VAULT)
    assert "withCredentials" in caught.value.fix


def test_the_state_lies_beside_the_checkout() -> None:
    """Also where only WORKSPACE is set."""
    place = Path("/agent/workspace/deploy@tmp/ci-secrets")
    assert Jenkins(ENVIRONMENT).state_directory() == place
    assert Jenkins({"WORKSPACE": "/agent/workspace/deploy"}).state_directory() == place
    with pytest.raises(ConfigError, match="WORKSPACE is not set"):
        Jenkins({}).state_directory()


def test_the_key_is_a_credential_else_a_file_called_weaker(tmp_path: Path) -> None:
    """A build has no secret of its own."""
    environment = ENVIRONMENT | {"XDG_RUNTIME_DIR": str(tmp_path)}
    run = Jenkins(environment).run()
    assert Jenkins(environment).state_key(run, directory=STATE, create=True).weaker
    environment["CI_SECRETS_STATE_KEY"] = "made-up-" * 4
    assert not Jenkins(environment).state_key(run, directory=STATE, create=True).weaker


def test_a_block_of_the_build_has_a_run_of_its_own() -> None:
    """Where it was given a name; parallel branches have all variables of the build in common."""
    build = Jenkins(ENVIRONMENT).run()
    one, two = (Jenkins(ENVIRONMENT, IdentityOptions(run_id=name)).run() for name in ("a", "b"))
    assert (build.run, one.run, two.run) == ("7", "7/a", "7/b")
    assert build.job == one.job == "deploy"
    assert Jenkins({}, IdentityOptions(run_id="a")).run().run == "a"


def test_a_change_request_from_a_fork_is_not_trusted() -> None:
    """Multibranch projects say so."""
    assert Jenkins(ENVIRONMENT | {"CHANGE_ID": "3"}).untrusted_event() is None
    untrusted = Jenkins(ENVIRONMENT | {"CHANGE_ID": "3", "CHANGE_FORK": "evil\n::x"})
    assert untrusted.untrusted_event() == "change request from a fork (evil\\x0a::x)"


def test_the_run_is_the_build() -> None:
    """By job and number."""
    run = Jenkins(ENVIRONMENT).run()
    assert (run.platform, run.run, run.job) == ("jenkins", "7", "deploy")
    assert run.url == ENVIRONMENT["BUILD_URL"]


def test_what_gives_identity_is_a_needle_and_kept_from_cmd() -> None:
    """The name of the log's user is no secret."""
    jenkins = Jenkins(ENVIRONMENT | LOG | {"CI_SECRETS_ID_TOKEN": "made-up-jwt"})
    assert jenkins.own_credentials() == {
        "$CI_SECRETS_ID_TOKEN": Secret("made-up-jwt"),
        "$CI_SECRETS_JENKINS_TOKEN": Secret("made-up-api-token"),
    }
    assert {"CI_SECRETS_ID_TOKEN", *LOG} <= jenkins.identity_variables()


def watching(
    answer: httpx.Response | Exception, **more: str
) -> tuple[Jenkins, list[httpx.Request]]:
    """A build that may read its log, and what it asks."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = Http(transport=httpx.MockTransport(handle), sleep=lambda _: None)
    return Jenkins(ENVIRONMENT | LOG | more, None, http), seen


def test_the_log_is_read_without_its_notes() -> None:
    """They split words: `ESC[8mha:` … `ESC[0m` is Jenkins's own markup."""
    body = b"pass\x1b[8mha:////4AAA+x/Y=\x1b[0mword\n\x1b[32mgreen\x1b[0m\n"
    jenkins, seen = watching(httpx.Response(200, content=body))
    log = jenkins.own_log()
    assert log is not None
    assert log.log == b"password\n\x1b[32mgreen\x1b[0m\n"
    assert log.states == ("masked-view", "tail-missing")
    (request,) = seen
    assert str(request.url) == f"{ENVIRONMENT['BUILD_URL']}logText/progressiveText?start=0"
    basic = base64.b64encode(b"watcher:made-up-api-token").decode()
    assert request.headers["authorization"] == f"Basic {basic}"


@pytest.mark.parametrize("name", sorted(LOG))
def test_without_a_user_or_token_there_is_nothing_to_read(name: str) -> None:
    """A build has no token of its own."""
    jenkins, seen = watching(httpx.Response(200), **{name: ""})
    assert jenkins.own_log() is None
    assert seen == []


@pytest.mark.parametrize("url", ["http://jenkins.example/job/1/", ""])
def test_the_api_token_goes_nowhere_in_clear(url: str) -> None:
    """Nothing is sent."""
    jenkins, seen = watching(httpx.Response(200), BUILD_URL=url)
    with pytest.raises(RefusedError, match="not https"):
        jenkins.own_log()
    assert seen == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_user_without_rights_is_explained(status: int) -> None:
    """Without the body of the answer."""
    jenkins, _ = watching(httpx.Response(status, text="made-up-body"))
    with pytest.raises(RefusedError, match=str(status)) as caught:
        jenkins.own_log()
    assert "Job/Read" in caught.value.fix
    assert "made-up-body" not in caught.value.what


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.ReadTimeout("late")], ids=repr)
def test_a_failing_controller_is_unreachable(answer: httpx.Response | Exception) -> None:
    """After five tries."""
    jenkins, seen = watching(answer)
    with pytest.raises(UnreachableError):
        jenkins.own_log()
    assert len(seen) == 5
