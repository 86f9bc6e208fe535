"""CircleCI's identity: a token in a variable, or one that its own program asks for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_secrets.errors import IdentityError
from ci_secrets.platforms.circleci import CircleCI
from ci_secrets.platforms.interface import IdentityOptions
from tests.stub import Stub

VAULT = "https://vault.example"
ORGANIZATION = "a1b2c3d4-0000-4000-8000-000000000001"
ENVIRONMENT = {
    "CIRCLECI": "true",
    "CIRCLE_WORKFLOW_ID": "w-1",
    "CIRCLE_WORKFLOW_JOB_ID": "j-1",
    "CIRCLE_NODE_INDEX": "0",
    "CIRCLE_BUILD_URL": "https://circleci.com/gh/shop/web/7",
    "HOME": "/root",
    "PATH": "/nowhere",
}
Make = Callable[..., str]


def test_the_token_of_the_organization_is_taken_as_it_is(mint: Make) -> None:
    """V2 before the older one: its `sub` names repository and branch too."""
    tokens = {
        "CIRCLE_OIDC_TOKEN": mint(ORGANIZATION),
        "CIRCLE_OIDC_TOKEN_V2": mint(ORGANIZATION, **{"oidc.circleci.com/project-id": "p-1"}),
    }
    token = CircleCI(ENVIRONMENT | tokens).id_token(ORGANIZATION)
    assert token.came_from == "$CIRCLE_OIDC_TOKEN_V2"
    assert token.shown_claims()["oidc.circleci.com/project-id"] == "p-1"


def test_another_audience_is_asked_for(mint: Make, tmp_path: Path) -> None:
    """By the program that CircleCI puts in each job, with exactly this audience."""
    stub = Stub(tmp_path, "circleci", out=mint())
    environment = ENVIRONMENT | {"CIRCLE_OIDC_TOKEN_V2": mint(ORGANIZATION)} | stub.path
    platform = CircleCI(environment)
    token = platform.id_token(VAULT)
    assert token.came_from == "`circleci run oidc get`"
    assert stub.words() == ["run", "oidc", "get", "--claims", f'{{"aud": "{VAULT}"}}']
    assert platform.mints


def test_a_token_that_is_over_is_asked_for_again(mint: Make, tmp_path: Path) -> None:
    """The variable's lives for an hour, a job longer."""
    stub = Stub(tmp_path, "circleci", out=mint(ORGANIZATION))
    old = mint(ORGANIZATION, exp=1_000_000_000, nbf=None)
    platform = CircleCI(ENVIRONMENT | {"CIRCLE_OIDC_TOKEN_V2": old} | stub.path)
    assert platform.id_token(ORGANIZATION).came_from == "`circleci run oidc get`"


def test_without_the_program_the_audience_is_explained(mint: Make) -> None:
    """Both ways out: the program, or the organization's id as the store's audience."""
    platform = CircleCI(ENVIRONMENT | {"CIRCLE_OIDC_TOKEN_V2": mint(ORGANIZATION)})
    with pytest.raises(IdentityError, match="another audience") as caught:
        platform.id_token(VAULT)
    assert "circleci run oidc get" in caught.value.fix
    assert "CI_SECRETS_ALLOWED_STORES" in caught.value.fix
    assert not platform.mints


def test_a_program_that_refuses_is_named(mint: Make, tmp_path: Path) -> None:
    """With its exit code, and nothing that it said."""
    stub = Stub(tmp_path, "circleci", code=255, says="made-up-words")
    environment = ENVIRONMENT | {"CIRCLE_OIDC_TOKEN_V2": mint(ORGANIZATION)} | stub.path
    with pytest.raises(IdentityError, match=r"gave no ID token .*exit 255") as caught:
        CircleCI(environment).id_token(VAULT)
    assert "made-up-words" not in f"{caught.value.what}{caught.value.cause}{caught.value.fix}"


def test_a_program_of_that_name_is_not_asked_without_a_token(tmp_path: Path) -> None:
    """Where CircleCI gives no token, a developer's program must not give another identity."""
    stub = Stub(tmp_path, "circleci", out="x")
    with pytest.raises(IdentityError, match="This job has no ID token"):
        CircleCI(ENVIRONMENT | stub.path).id_token(VAULT)
    assert stub.words() == []


def test_a_fork_without_a_token_is_told_so() -> None:
    """With the filter that keeps the job to the main branch."""
    platform = CircleCI(ENVIRONMENT | {"CIRCLE_PR_USERNAME": "stranger\n"})
    assert platform.untrusted_event() == "pull request from a fork (stranger\\x0a)"
    with pytest.raises(IdentityError, match="from a fork gets no ID token") as caught:
        platform.id_token(VAULT)
    assert "filters: {branches: {only: main}}" in caught.value.fix


def test_a_named_variable_is_the_only_one(mint: Make) -> None:
    """As on every platform."""
    options = IdentityOptions(id_token_env="MINE")
    platform = CircleCI(ENVIRONMENT | {"MINE": mint()}, options)
    assert platform.id_token(VAULT).came_from == "$MINE"
    assert not platform.mints


def test_both_variables_are_kept_from_cmd(mint: Make) -> None:
    """And looked for in the log."""
    platform = CircleCI(ENVIRONMENT | {"CIRCLE_OIDC_TOKEN": mint()})
    assert {"CIRCLE_OIDC_TOKEN", "CIRCLE_OIDC_TOKEN_V2"} <= platform.identity_variables()
    assert set(platform.own_credentials()) == {"$CIRCLE_OIDC_TOKEN"}


def test_parallel_containers_are_jobs_of_their_own() -> None:
    """They share everything but their number."""
    run = CircleCI(ENVIRONMENT).run()
    assert (run.run, run.job, run.url) == ("w-1", "j-1/0", ENVIRONMENT["CIRCLE_BUILD_URL"])
    assert CircleCI(ENVIRONMENT | {"CIRCLE_NODE_INDEX": "1"}).run() != run
    assert CircleCI(ENVIRONMENT).untrusted_event() is None
    assert CircleCI(ENVIRONMENT).state_directory() == Path("/root/.local/state/ci-secrets")
