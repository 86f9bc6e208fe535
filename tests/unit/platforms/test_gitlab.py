"""GitLab's identity: ID tokens of any name, one for each audience."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ci_secrets.errors import ConfigError, IdentityError
from ci_secrets.platforms.gitlab import GitLab
from ci_secrets.platforms.interface import IdentityOptions
from ci_secrets.secret import Secret

SERVER = "https://gitlab.example"
VAULT = "https://vault.example"
ENVIRONMENT = {
    "GITLAB_CI": "true",
    "CI_SERVER_URL": SERVER,
    "CI_PROJECT_ID": "7",
    "CI_PIPELINE_ID": "100",
    "CI_JOB_ID": "1001",
    "CI_JOB_URL": f"{SERVER}/g/p/-/jobs/1001",
    "CI_PROJECT_DIR": "/builds/g/p",
    "CI_JOB_TOKEN": "made-up-job-token",
}
STATE = Path("/state")
Make = Callable[..., str]


@pytest.fixture
def environment(mint: Make) -> dict[str, str]:
    """A job with three ID tokens and some look-alikes."""
    return ENVIRONMENT | {
        "SIGSTORE_ID_TOKEN": mint("sigstore", iss=SERVER),
        "ANY_NAME": mint(VAULT, iss=SERVER),
        "SEVERAL": mint(["https://a.example", "https://b.example"], iss=f"{SERVER}/"),
        "STRANGER": mint(VAULT, iss="https://elsewhere.example"),
        "BASE64_JSON": "eyJhIjogMX0=",
        "BROKEN": "eyJ.eyJ.x",
    }


@pytest.mark.parametrize(
    ("audience", "name"),
    [(VAULT, "ANY_NAME"), ("sigstore", "SIGSTORE_ID_TOKEN"), ("https://b.example", "SEVERAL")],
)
def test_the_token_is_found_by_its_audience(
    environment: dict[str, str], audience: str, name: str
) -> None:
    """Whatever the variable is called; tokens of another issuer are not taken."""
    token = GitLab(environment).id_token(audience)
    assert token.token.text() == environment[name]
    assert token.came_from == f"${name}"


def test_a_named_variable_is_taken_at_its_word(environment: dict[str, str]) -> None:
    """Also one of another issuer."""
    gitlab = GitLab(environment, IdentityOptions(id_token_env="STRANGER"))
    assert gitlab.id_token(VAULT).came_from == "$STRANGER"


def test_only_the_tokens_that_were_used_are_kept_from_cmd(environment: dict[str, str]) -> None:
    """CMD may need the others itself; all of them are needles."""
    gitlab = GitLab(environment)
    gitlab.id_token(VAULT)
    assert "ANY_NAME" in gitlab.identity_variables()
    assert not {"SIGSTORE_ID_TOKEN", "CI_JOB_TOKEN"} & gitlab.identity_variables()
    assert set(gitlab.own_credentials()) == {"$ANY_NAME", "$SEVERAL", "$SIGSTORE_ID_TOKEN"}


def test_another_audience_is_explained_with_the_yaml(environment: dict[str, str]) -> None:
    """What there is, what is wanted, and the lines to add."""
    with pytest.raises(IdentityError, match="None of this job's ID tokens is for") as caught:
        GitLab(environment).id_token("https://other.example:8200")
    error = caught.value
    assert "$ANY_NAME for https://vault.example; " in error.cause
    assert "$SEVERAL for https://a.example, https://b.example" in error.cause
    assert (
        "id_tokens:\n        VAULT_ID_TOKEN:\n          aud: https://other.example:8200"
        in error.fix
    )


def test_a_named_token_of_another_audience_is_explained_too(environment: dict[str, str]) -> None:
    """With the same YAML."""
    gitlab = GitLab(environment, IdentityOptions(id_token_env="SIGSTORE_ID_TOKEN"))
    with pytest.raises(IdentityError, match="another audience: sigstore") as caught:
        gitlab.id_token(VAULT)
    assert f"aud: {VAULT}" in caught.value.fix


@pytest.mark.parametrize("server", [SERVER, ""])
def test_without_a_token_the_yaml_is_shown(mint: Make, server: str) -> None:
    """Where GitLab does not say who it is (local runners), nothing is guessed either."""
    environment = ENVIRONMENT | {"CI_SERVER_URL": server}
    environment |= {"STRANGER": mint(VAULT)} if server else {"X": mint(VAULT, iss=SERVER)}
    with pytest.raises(IdentityError, match="has no ID token") as caught:
        GitLab(environment).id_token(VAULT)
    assert "id_tokens:" in caught.value.fix
    assert "--id-token-env" in caught.value.fix


def test_our_own_variable_is_the_last_resort(environment: dict[str, str], mint: Make) -> None:
    """For tokens that come from elsewhere."""
    environment["CI_SECRETS_ID_TOKEN"] = mint("https://other.example")
    assert GitLab(environment).id_token("https://other.example").came_from == "$CI_SECRETS_ID_TOKEN"
    assert GitLab(environment).id_token(VAULT).came_from == "$ANY_NAME"


def test_the_job_token_is_no_id_token(mint: Make) -> None:
    """Even where it is a JWT of GitLab's, under each of its names."""
    job_token = mint(VAULT, iss=SERVER)
    copies = {"CI_JOB_TOKEN": job_token, "CI_REGISTRY_PASSWORD": job_token}
    with pytest.raises(IdentityError, match="has no ID token"):
        GitLab(ENVIRONMENT | copies).id_token(VAULT)


def test_an_expired_token_tells_of_the_jobs_timeout(mint: Make) -> None:
    """That is when GitLab's tokens end."""
    gitlab = GitLab(ENVIRONMENT | {"T": mint(VAULT, iss=SERVER, exp=1_000_000_000)})
    with pytest.raises(IdentityError, match="expired") as caught:
        gitlab.id_token(VAULT)
    assert "timeout:" in caught.value.fix


def test_the_state_lies_beside_the_checkout_and_the_job_token_is_its_key() -> None:
    """Both are the same in after_script, where /dev/shm is new."""
    gitlab = GitLab(ENVIRONMENT)
    assert gitlab.state_directory() == Path("/builds/g/p.tmp/ci-secrets")
    for create in (True, False):
        key = gitlab.state_key(gitlab.run(), directory=STATE, create=create)
        assert (key.material, key.came_from) == (Secret("made-up-job-token"), "$CI_JOB_TOKEN")
        assert (key.weaker, key.file) == (False, None)


def test_a_key_of_ones_own_goes_before_the_job_token() -> None:
    """The user's word."""
    gitlab = GitLab(ENVIRONMENT | {"CI_SECRETS_STATE_KEY": "made-up-" * 4})
    assert (
        gitlab.state_key(gitlab.run(), directory=STATE, create=True).came_from
        == "$CI_SECRETS_STATE_KEY"
    )


def test_without_a_job_token_there_is_a_key_file(tmp_path: Path) -> None:
    """As gitlab-ci-local has none."""
    environment = ENVIRONMENT | {"CI_JOB_TOKEN": "", "XDG_RUNTIME_DIR": str(tmp_path)}
    gitlab = GitLab(environment)
    assert gitlab.state_key(gitlab.run(), directory=STATE, create=True).weaker


def test_without_a_checkout_this_is_no_job_of_gitlab() -> None:
    """It is said, with the way out."""
    with pytest.raises(ConfigError, match="CI_PROJECT_DIR is not set"):
        GitLab({}).state_directory()


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({}, None),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "7"}, None),
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8"}, "merge request from a fork (8)"),
        (
            {
                "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "8",
                "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "evil/p\n::error::x",
            },
            "merge request from a fork (evil/p\\x0a::error::x)",
        ),
    ],
    ids=["branch", "own", "fork", "hostile fork"],
)
def test_a_merge_request_from_a_fork_is_not_trusted(
    more: dict[str, str], reason: str | None
) -> None:
    """Its pipeline may run in the parent project, on the fork's content."""
    assert GitLab(ENVIRONMENT | more).untrusted_event() == reason


def test_the_run_is_the_job_of_the_pipeline() -> None:
    """A retried job has another number."""
    run = GitLab(ENVIRONMENT).run()
    assert (run.platform, run.run, run.job) == ("gitlab", "100", "1001")
    assert run.url.endswith("/jobs/1001")


def test_gitlab_takes_no_masks() -> None:
    """Printed there, a mask command would be the leak."""
    assert GitLab(ENVIRONMENT).mask_lines([b"made-up"]) == []
    assert not GitLab.takes_masks
