"""Any machine that holds a JWT."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_secrets.errors import ConfigError, IdentityError, OutputRefusedError, UsageError
from ci_secrets.platforms.base import Base
from ci_secrets.platforms.bitbucket import Bitbucket
from ci_secrets.platforms.generic import Generic
from ci_secrets.platforms.github import GitHub
from ci_secrets.platforms.gitlab import GitLab
from ci_secrets.platforms.interface import IdentityOptions
from ci_secrets.platforms.jenkins import Jenkins
from ci_secrets.secret import Secret

AUDIENCE = "https://vault.example"
Make = Callable[..., str]


def test_the_named_variable_holds_the_token(mint: Make) -> None:
    """White space around it is none of it."""
    token = mint()
    platform = Generic({"MY_JWT": f"{token}\n"}, IdentityOptions(id_token_env="MY_JWT"))
    found = platform.id_token(AUDIENCE)
    assert found.token.text() == token
    assert found.came_from == "$MY_JWT"
    assert not platform.mints


def test_without_a_name_it_is_ours(mint: Make) -> None:
    """`CI_SECRETS_ID_TOKEN`, and no other name is tried."""
    token = mint()
    assert Generic({"CI_SECRETS_ID_TOKEN": token}).id_token(AUDIENCE).token.text() == token
    with pytest.raises(IdentityError, match="has no ID token") as caught:
        Generic({"ID_TOKEN": token, "VAULT_ID_TOKEN": token}).id_token(AUDIENCE)
    assert "--id-token-env" in caught.value.fix


@pytest.mark.parametrize("platform", [Generic, GitHub, GitLab, Jenkins, Bitbucket])
def test_who_took_the_identity_is_said(platform: type[Base]) -> None:
    """Within `exec` and `activate` it is gone; where any of it is there, these are not around."""
    with pytest.raises(IdentityError) as caught:
        platform({}).id_token(AUDIENCE)
    assert "`ci-secrets exec`" in caught.value.cause
    assert "--keep-identity" in caught.value.cause
    with pytest.raises(IdentityError) as caught:
        platform({"CI_SECRETS_STATE_KEY": "k" * 32}).id_token(AUDIENCE)
    assert "--keep-identity" not in caught.value.cause


@pytest.mark.parametrize("value", [None, "", "  "])
def test_a_named_variable_without_a_token_is_said(value: str | None) -> None:
    """Nothing else is taken in its place."""
    environment = {"CI_SECRETS_ID_TOKEN": "other"} | ({} if value is None else {"MY_JWT": value})
    with pytest.raises(IdentityError, match=r"\$MY_JWT holds no ID token"):
        Generic(environment, IdentityOptions(id_token_env="MY_JWT")).id_token(AUDIENCE)


def test_a_file_is_read_anew_each_time(mint: Make, tmp_path: Path) -> None:
    """Kubernetes renews a projected token by moving the links that lead to it."""
    (tmp_path / "first").write_text(mint(jti="1") + "\n")
    (tmp_path / "token").symlink_to("first")
    platform = Generic({}, IdentityOptions(id_token_file=tmp_path / "token"))
    assert platform.mints
    assert platform.id_token(AUDIENCE).claims["jti"] == "1"
    (tmp_path / "second").write_text(mint(jti="2"))
    (tmp_path / "new").symlink_to("second")
    (tmp_path / "new").rename(tmp_path / "token")
    assert platform.id_token(AUDIENCE).claims["jti"] == "2"


def missing(_: Path) -> None:
    """No file."""


def directory(path: Path) -> None:
    """A directory."""
    path.mkdir()


def pipe(path: Path) -> None:
    """A FIFO, which would hold us up for ever."""
    os.mkfifo(path)


def large(path: Path) -> None:
    """More than any token."""
    path.write_bytes(b"a" * 65_537)


@pytest.mark.parametrize("make", [missing, directory, pipe, large], ids=lambda it: it.__name__)
def test_what_is_no_token_file_is_refused(tmp_path: Path, make: Callable[[Path], None]) -> None:
    """At once, with the YAML of a projected volume."""
    make(tmp_path / "token")
    with pytest.raises(IdentityError, match="No ID token can be read") as caught:
        Generic({}, IdentityOptions(id_token_file=tmp_path / "token")).id_token(AUDIENCE)
    assert "serviceAccountToken" in caught.value.fix


def test_a_file_and_a_variable_are_one_too_many(mint: Make, tmp_path: Path) -> None:
    """We do not guess which was meant."""
    options = IdentityOptions(id_token_env="A", id_token_file=tmp_path / "token")
    with pytest.raises(UsageError, match="Both a variable and a file"):
        Generic({"A": mint()}, options).id_token(AUDIENCE)


def test_a_token_for_another_audience_names_both(mint: Make) -> None:
    """And what to change."""
    with pytest.raises(IdentityError, match="https://other") as caught:
        Generic({"CI_SECRETS_ID_TOKEN": mint("https://other.example")}).id_token(AUDIENCE)
    assert AUDIENCE in caught.value.cause + caught.value.fix


def test_our_credentials_are_needles_and_kept_from_cmd() -> None:
    """The token and the state's key; the path of a file is neither."""
    environment = {
        "MY_JWT": "made-up-jwt",
        "CI_SECRETS_STATE_KEY": "made-up-key",
        "CI_SECRETS_ID_TOKEN_FILE": "/run/token",
        "OTHER": "value",
    }
    platform = Generic(environment, IdentityOptions(id_token_env="MY_JWT"))
    assert platform.own_credentials() == {
        "$MY_JWT": Secret("made-up-jwt"),
        "$CI_SECRETS_STATE_KEY": Secret("made-up-key"),
    }
    assert {"MY_JWT", "CI_SECRETS_STATE_KEY", "CI_SECRETS_ID_TOKEN"} <= (
        platform.identity_variables()
    )
    assert "OTHER" not in platform.identity_variables()


@pytest.mark.parametrize(
    ("environment", "place"),
    [
        ({"XDG_STATE_HOME": "/s", "HOME": "/home/me"}, "/s/ci-secrets"),
        ({"XDG_STATE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.local/state/ci-secrets"),
        ({"HOME": "/home/me"}, "/home/me/.local/state/ci-secrets"),
    ],
    ids=str,
)
def test_the_state_lies_where_state_belongs(environment: dict[str, str], place: str) -> None:
    """As the XDG specification has it."""
    assert Generic(environment).state_directory() == Path(place)


def test_the_workspace_is_the_working_directory() -> None:
    """Also where a variable of a CI is left over in the environment."""
    assert Generic({"GITHUB_WORKSPACE": "/elsewhere"}).workspace() == Path()


def test_without_a_home_there_is_no_place_for_the_state() -> None:
    """It is asked for, not guessed."""
    with pytest.raises(ConfigError, match="HOME") as caught:
        Generic({}).state_directory()
    assert "--state-dir" in caught.value.fix


def test_the_run_has_the_name_that_was_given() -> None:
    """Or none."""
    assert Generic({}, IdentityOptions(run_id="r1")).run().run == "r1"
    assert Generic({}).run().run == ""


def test_there_is_no_runner_to_talk_to(capfd: pytest.CaptureFixture[str]) -> None:
    """No masks, which would put values in the log; outputs are refused with another way."""
    platform = Generic({})
    assert platform.mask_lines([b"made-up"]) == []
    assert platform.mask_request(b"::add-mask::x") is None
    assert platform.annotate("error", "x") is None
    assert platform.command_files().summary is None
    assert platform.own_log() is None
    assert platform.untrusted_event() is None
    platform.write_summary("# hello")
    for write in (platform.write_outputs, platform.export_variables):
        with pytest.raises(OutputRefusedError, match="no outputs on generic") as caught:
            write([("A", Secret("made-up"))])
        assert "--env-file" in caught.value.fix
    assert capfd.readouterr() == ("", "")
