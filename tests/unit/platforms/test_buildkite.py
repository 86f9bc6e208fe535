"""Buildkite's identity and redactor: both by the agent's own program."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_secrets.errors import IdentityError, OutputRefusedError
from ci_secrets.platforms.buildkite import Buildkite
from tests.stub import Stub

VAULT = "https://vault.example"
ENVIRONMENT = {
    "BUILDKITE": "true",
    "BUILDKITE_BUILD_ID": "b-1",
    "BUILDKITE_JOB_ID": "j-1",
    "BUILDKITE_BUILD_URL": "https://buildkite.com/shop/web/builds/7",
    "BUILDKITE_REPO": "git@github.com:Shop/web.git",
    "BUILDKITE_PULL_REQUEST": "false",
    "BUILDKITE_AGENT_ACCESS_TOKEN": "made-up-agent-token",
    "CI_SECRETS_STATE_KEY": "made-up-" * 4,
    "LD_PRELOAD": "",
    "HOME": "/root",
    "PATH": "/nowhere",
}
Make = Callable[..., str]


def test_the_agent_is_asked_for_exactly_this_audience(mint: Make, tmp_path: Path) -> None:
    """With the ids that no rename changes: they are not in a token that does not ask for them."""
    stub = Stub(tmp_path, "buildkite-agent", out=mint(organization_id="o-1") + "\n")
    platform = Buildkite(ENVIRONMENT | stub.path)
    token = platform.id_token(VAULT)
    assert token.came_from == "`buildkite-agent oidc request-token`"
    assert token.shown_claims()["organization_id"] == "o-1"
    assert " ".join(stub.words()) == (
        f"oidc request-token --claim organization_id,pipeline_id --audience {VAULT}"
    )
    assert platform.mints


def test_the_agents_program_sees_its_own_variables_and_none_of_ours(
    mint: Make, tmp_path: Path
) -> None:
    """Nor what would load foreign code into it."""
    stub = Stub(tmp_path, "buildkite-agent", out=mint())
    Buildkite(ENVIRONMENT | stub.path).id_token(VAULT)
    assert "BUILDKITE_AGENT_ACCESS_TOKEN" in stub.environment()
    assert not {"CI_SECRETS_STATE_KEY", "LD_PRELOAD"} & stub.environment()


@pytest.mark.parametrize("out", ["", " \n"])
def test_an_agent_that_gives_nothing_is_explained(tmp_path: Path, out: str) -> None:
    """A container without the agent's socket is the usual reason."""
    stub = Stub(tmp_path, "buildkite-agent", out=out, says="made-up-words", code=1)
    with pytest.raises(IdentityError, match=r"gave no ID token \(exit 1\)") as caught:
        Buildkite(ENVIRONMENT | stub.path).id_token(VAULT)
    assert "mount-buildkite-agent: true" in caught.value.fix
    assert "made-up-words" not in f"{caught.value.what}{caught.value.cause}{caught.value.fix}"


def test_without_the_program_the_way_into_a_container_is_shown() -> None:
    """It is not on PATH."""
    with pytest.raises(IdentityError, match="cannot ask its agent") as caught:
        Buildkite(ENVIRONMENT).id_token(VAULT)
    assert "mount-buildkite-agent: true" in caught.value.fix


def test_values_are_told_to_the_redactor_through_stdin(tmp_path: Path) -> None:
    """None stands on the command line, and nothing is left to print."""
    stub = Stub(tmp_path, "buildkite-agent")
    platform = Buildkite(ENVIRONMENT | stub.path)
    assert platform.mask_lines([b"made-up-value", b"two\nlines", b"\xff\xfe"]) == []
    assert stub.words() == ["redactor", "add", "--format", "json"]
    assert sorted(json.loads(stub.stdin()).values()) == ["made-up-value", "two\nlines"]


def test_values_do_not_go_out_where_the_redactor_cannot_be_told(tmp_path: Path) -> None:
    """Masks before values: exit 8, with `exec` as the way out."""
    stub = Stub(tmp_path, "buildkite-agent", code=1)
    for environment in (ENVIRONMENT | stub.path, ENVIRONMENT):
        with pytest.raises(OutputRefusedError, match="cannot be told to redact") as caught:
            Buildkite(environment).mask_lines([b"made-up-value"])
        assert "ci-secrets exec" in caught.value.fix
        assert "made-up-value" not in f"{caught.value.what}{caught.value.cause}{caught.value.fix}"
    assert Buildkite(ENVIRONMENT).mask_lines([]) == []


@pytest.mark.parametrize(
    ("source", "trusted"),
    [
        ("https://github.com/shop/web.git", True),
        ("git://github.com/shop/web", True),
        ("ssh://git@github.com/shop/web.git", True),
        ("https://github.com/stranger/web.git", False),
        ("https://evil.example/shop/web.git", False),
        ("https://[/shop/web.git", False),
        ("", False),
    ],
)
def test_a_pull_request_is_trusted_from_its_own_repository(source: str, trusted: bool) -> None:
    """However its address is written; one of no known repository is not trusted."""
    pull = {"BUILDKITE_PULL_REQUEST": "3", "BUILDKITE_PULL_REQUEST_REPO": source}
    assert (Buildkite(ENVIRONMENT | pull).untrusted_event() is None) is trusted
    assert Buildkite(ENVIRONMENT).untrusted_event() is None


def test_what_can_ask_for_tokens_is_kept_from_cmd() -> None:
    """And looked for in the log."""
    platform = Buildkite(ENVIRONMENT)
    assert "$BUILDKITE_AGENT_ACCESS_TOKEN" in platform.own_credentials()
    assert {"BUILDKITE_AGENT_ACCESS_TOKEN", "BUILDKITE_AGENT_JOB_API_TOKEN"} <= (
        platform.identity_variables()
    )


def test_the_run_is_the_build_and_its_job() -> None:
    """A job that is tried again has a new id."""
    run = Buildkite(ENVIRONMENT).run()
    assert (run.run, run.job) == ("b-1", "j-1")
    assert run.url == "https://buildkite.com/shop/web/builds/7#j-1"
