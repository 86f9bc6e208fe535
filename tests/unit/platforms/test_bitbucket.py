"""Bitbucket's identity: the token of a step with `oidc:`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_secrets.errors import IdentityError
from ci_secrets.platforms.bitbucket import Bitbucket

VAULT = "https://vault.example"
ENVIRONMENT = {
    "BITBUCKET_BUILD_NUMBER": "7",
    "BITBUCKET_PIPELINE_UUID": "{p-1}",
    "BITBUCKET_STEP_UUID": "{s-1}",
    "BITBUCKET_STEP_RUN_NUMBER": "2",
    "BITBUCKET_REPO_FULL_NAME": "shop/web",
    "HOME": "/root",
}
Make = Callable[..., str]


def test_the_steps_token_is_taken_for_its_audience(mint: Make) -> None:
    """Its claims say which repository, branch and environment it is."""
    claims = {"repositoryUuid": "{r-1}", "branchName": "main", "email": "a@shop.example"}
    token = mint([VAULT], **claims)
    shown = Bitbucket(ENVIRONMENT | {"BITBUCKET_STEP_OIDC_TOKEN": token}).id_token(VAULT)
    assert shown.came_from == "$BITBUCKET_STEP_OIDC_TOKEN"
    assert shown.shown_claims()["repositoryUuid"] == "{r-1}"
    assert "email" not in shown.shown_claims()


def test_our_own_variable_goes_first(mint: Make) -> None:
    """Whoever sets it means it."""
    tokens = {"BITBUCKET_STEP_OIDC_TOKEN": mint(), "CI_SECRETS_ID_TOKEN": mint()}
    assert Bitbucket(ENVIRONMENT | tokens).id_token(VAULT).came_from == "$CI_SECRETS_ID_TOKEN"


def test_a_step_without_oidc_is_shown_the_lines() -> None:
    """For this audience."""
    with pytest.raises(IdentityError, match="This step has no ID token") as caught:
        Bitbucket(ENVIRONMENT).id_token(VAULT)
    assert f"          audiences:\n            - {VAULT}" in caught.value.fix


def test_another_audience_is_declared(mint: Make) -> None:
    """`oidc: true` makes one that belongs to the workspace."""
    token = mint("ari:cloud:bitbucket::workspace/w-1")
    with pytest.raises(IdentityError, match="another audience") as caught:
        Bitbucket(ENVIRONMENT | {"BITBUCKET_STEP_OIDC_TOKEN": token}).id_token(VAULT)
    assert "one step for each store" in caught.value.fix


def test_the_run_is_the_pipeline_and_its_step() -> None:
    """A repeated step has another number."""
    run = Bitbucket(ENVIRONMENT).run()
    assert (run.run, run.attempt, run.job) == ("{p-1}", "2", "{s-1}")
    assert run.url == "https://bitbucket.org/shop/web/pipelines/results/7"
    assert Bitbucket(ENVIRONMENT).state_directory() == Path("/root/.local/state/ci-secrets")


def test_the_token_is_a_needle_and_kept_from_cmd(mint: Make) -> None:
    """Nothing else of Bitbucket's is."""
    platform = Bitbucket(ENVIRONMENT | {"BITBUCKET_STEP_OIDC_TOKEN": mint()})
    assert set(platform.own_credentials()) == {"$BITBUCKET_STEP_OIDC_TOKEN"}
    assert "BITBUCKET_STEP_OIDC_TOKEN" in platform.identity_variables()
    assert not platform.mints
    assert platform.untrusted_event() is None
