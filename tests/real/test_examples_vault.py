"""`examples/vault/` on a real Vault: the right job gets in, and nobody who looks like it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from ci_secrets.testing.claims import github_claims, gitlab_claims, jenkins_claims
from ci_secrets.testing.issuer import Issuer
from tests.real.conftest import missing
from tests.real.recipes import ROOT, STORE, run
from tests.real.servers import VaultServer, find_vault

EXAMPLES: Final = ROOT / "examples" / "vault"
CIS: Final = sorted(path.name for path in EXAMPLES.iterdir() if path.is_dir())
ROLES: Final = [
    (ci, file.stem)
    for ci in CIS
    for file in sorted((EXAMPLES / ci).glob("*.json"))
    if file.stem != "config"
]
AZURE: Final = "api://AzureADTokenExchange"
Claims = dict[str, Any]


def _role(ci: str, role: str) -> Claims:
    written: Claims = json.loads((EXAMPLES / ci / f"{role}.json").read_text())
    return written


def _bound(ci: str) -> Claims:
    """The claims of the right job on a CI that has no builder: those that the role asks for."""
    bound = _role(ci, "deploy")["bound_claims"]
    return {name: value[0] if isinstance(value, list) else value for name, value in bound.items()}


PRODUCTION: Final[Claims] = {
    "environment": "production",
    "job_workflow_ref": "shop/workflows/.github/workflows/deploy.yml@refs/tags/v1",
}
GITLAB_PRODUCTION: Final[Claims] = {"environment": "production", "environment_protected": "true"}
BRANCH: Final = {"ref": "refs/heads/feature"}
CIRCLE: Final = "oidc.circleci.com"

RIGHT: Final[dict[tuple[str, str], list[Claims]]] = {
    ("github", "deploy"): [
        github_claims(),
        github_claims(immutable=True),
        github_claims(event_name="workflow_dispatch"),
        github_claims("renamed/shop"),  # its ids stay
    ],
    ("github", "deploy-by-subject"): [github_claims(immutable=True)],
    ("github", "production"): [github_claims(**PRODUCTION)],
    ("gitlab", "deploy"): [gitlab_claims(), gitlab_claims(pipeline_source="schedule")],
    ("gitlab", "production"): [gitlab_claims(**GITLAB_PRODUCTION)],
    ("jenkins", "deploy"): [jenkins_claims(), jenkins_claims(build_number=9)],
    ("circleci", "deploy"): [_bound("circleci")],
    ("bitbucket", "deploy"): [_bound("bitbucket")],
    ("buildkite", "deploy"): [_bound("buildkite")],
    ("azure", "deploy"): [_bound("azure")],
}
_OTHERS_ON_GITHUB: Final[dict[str, Claims]] = {
    "a fork": github_claims("stranger/web", repository_id="999", owner_id="666", immutable=True),
    "a fork's pull request": github_claims(event_name="pull_request", ref="refs/pull/3/merge"),
    "a pull request with main's rights": github_claims(event_name="pull_request_target"),
    "another repository": github_claims("shop/api", repository_id="4712", immutable=True),
    "a name that was taken over": github_claims(repository_id="5000", owner_id="6000"),
    "a repository that was given away": github_claims("new/web", owner_id="816", immutable=True),
    "another branch": github_claims(ref="refs/heads/feature", immutable=True),
    "a tag called main": github_claims(ref="refs/tags/main", immutable=True),
}
WRONG: Final[dict[tuple[str, str], dict[str, Claims]]] = {
    ("github", "deploy"): _OTHERS_ON_GITHUB,
    ("github", "deploy-by-subject"): {
        **_OTHERS_ON_GITHUB,
        "names without ids": github_claims(),
        "a name with a colon": github_claims(ref="refs/heads/main:x", immutable=True),
    },
    ("github", "production"): {
        "no environment": github_claims(job_workflow_ref=PRODUCTION["job_workflow_ref"]),
        "another environment": github_claims(**{**PRODUCTION, "environment": "staging"}),
        "a workflow of its own": github_claims(environment="production"),
        "another version": github_claims(
            **{**PRODUCTION, "job_workflow_ref": PRODUCTION["job_workflow_ref"] + ".1"}
        ),
        "a fork": github_claims("stranger/web", repository_id="9", owner_id="6", **PRODUCTION),
        "another repository": github_claims("shop/api", repository_id="4712", **PRODUCTION),
    },
    ("gitlab", "deploy"): {
        "a fork": gitlab_claims("stranger/web", project_id="999", namespace_id="666"),
        "another project": gitlab_claims("shop/api", project_id="21"),
        "a project that was moved away": gitlab_claims("other/web", namespace_id="73"),
        "another branch": gitlab_claims(ref="feature", ref_protected=False),
        "another protected branch": gitlab_claims(ref="release"),
        "a branch without protection": gitlab_claims(ref_protected=False),
        "a tag called main": gitlab_claims(ref_type="tag"),
        "a truth value that is no text": {**gitlab_claims(), "ref_protected": True},
    },
    ("gitlab", "production"): {
        "no environment": gitlab_claims(),
        "another environment": gitlab_claims(**{**GITLAB_PRODUCTION, "environment": "review"}),
        "an environment without protection": gitlab_claims(
            **{**GITLAB_PRODUCTION, "environment_protected": "false"}
        ),
        "a fork": gitlab_claims("stranger/web", project_id="999", **GITLAB_PRODUCTION),
    },
    ("jenkins", "deploy"): {
        "another job": jenkins_claims("https://jenkins.example/job/other/"),
        "a job below it": jenkins_claims("https://jenkins.example/job/deploy/job/PR-3/"),
        "a beginning": jenkins_claims("https://jenkins.example/job/deploy"),
        "another Jenkins": {**jenkins_claims(), "iss": "https://other.example/oidc"},
    },
    ("circleci", "deploy"): {
        "a fork": {**_bound("circleci"), f"{CIRCLE}/vcs-origin": "github.com/stranger/web"},
        "another project": {**_bound("circleci"), f"{CIRCLE}/project-id": "0"},
        "another branch": {**_bound("circleci"), f"{CIRCLE}/vcs-ref": "refs/heads/x"},
        "a rerun by SSH": {**_bound("circleci"), f"{CIRCLE}/ssh-rerun": True},
    },
    ("bitbucket", "deploy"): {
        "a fork or another repository": {**_bound("bitbucket"), "repositoryUuid": "{0}"},
        "another branch": {**_bound("bitbucket"), "branchName": "feature"},
        "another environment": {**_bound("bitbucket"), "deploymentEnvironmentUuid": "{0}"},
    },
    ("buildkite", "deploy"): {
        "another organization": {**_bound("buildkite"), "organization_id": "0"},
        "another pipeline": {**_bound("buildkite"), "pipeline_id": "0"},
        "another branch": {**_bound("buildkite"), "build_branch": "feature"},
        "a build by hand": {**_bound("buildkite"), "build_source": "ui"},
        "a token without ids": {"organization_slug": "shop", "build_branch": "main"},
    },
    ("azure", "deploy"): {
        "another pipeline": {**_bound("azure"), "def_id": "13"},
        "a fork or another repository": {**_bound("azure"), "rpo_id": "0"},
        "another branch": {**_bound("azure"), "rpo_ref": BRANCH["ref"]},
    },
}


class Entrance:
    """A Vault that `apply.sh` has told of every CI, with one issuer in the place of all."""

    def __init__(self, server: VaultServer, issuer: Issuer, folder: Path) -> None:
        self.server = server
        self.issuer = issuer
        for name in ("production", "staging"):
            server.write(f"secret/data/deploy/{name}", data={"api_key": "made-up"})
        files = folder / "vault"
        shutil.copytree(EXAMPLES, files)
        for file in files.rglob("*.json"):
            text = file.read_text().replace(STORE, server.url)
            if file.name == "config.json":
                real = json.loads(text)["bound_issuer"]
                text = text.replace(real, issuer.url)
            file.write_text(text)
        vault = find_vault()
        assert vault is not None
        env = {
            "PATH": f"{vault.parent}:/usr/bin:/bin",
            "HOME": str(folder),
            "VAULT_ADDR": server.url,
            "VAULT_TOKEN": server.root_token,
        }
        for ci in [*CIS, CIS[0]]:  # twice is harmless
            done = run(["sh", str(files / "apply.sh"), ci], env=env, cwd=folder)
            assert done.code == 0, done.said

    def login(self, ci: str, role: str, claims: Claims, audience: str = "") -> dict[str, Any]:
        """What a login gives, or its `errors`."""
        usual = AZURE if ci == "azure" else self.server.url
        jwt = self.issuer.mint(audience or usual, **{"sub": "a job", **claims})
        body = {"role": role, "jwt": jwt}
        answer = self.server.api("POST", f"auth/{ci}/login", json=body, token="")
        assert answer.status_code in (200, 400), answer.text
        given: dict[str, Any] = answer.json()
        return given


@pytest.fixture(scope="module")
def entrance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Entrance]:
    """Give that Vault to the whole module."""
    if find_vault() is None:
        missing("Vault")
    with VaultServer() as server, Issuer() as issuer:
        yield Entrance(server, issuer, tmp_path_factory.mktemp("entrance"))


@pytest.mark.parametrize(("ci", "role"), ROLES, ids=map("-".join, ROLES))
def test_the_right_job_gets_in(entrance: Entrance, ci: str, role: str) -> None:
    """With a service token of ten minutes that has the one policy, without the default one."""
    for claims in RIGHT[ci, role]:
        auth = entrance.login(ci, role, claims)["auth"]
        assert auth["token_policies"] == ["deploy"]
        assert auth["token_type"] == "service"
        assert auth["lease_duration"] == 600


@pytest.mark.parametrize(("ci", "role"), ROLES, ids=map("-".join, ROLES))
def test_nobody_else_gets_in(entrance: Entrance, ci: str, role: str) -> None:
    """Neither a fork nor another repository nor another branch, and no JWT for another store."""
    for who, claims in WRONG[ci, role].items():
        assert "errors" in entrance.login(ci, role, claims), who
    stolen = entrance.login(ci, role, RIGHT[ci, role][0], audience="https://other.example")
    assert "errors" in stolen
    assert len(WRONG[ci, role]) >= 3


@pytest.mark.parametrize("ci", CIS)
def test_a_ci_that_is_not_the_issuer_gets_in_nowhere(entrance: Entrance, ci: str) -> None:
    """A JWT with the right claims, signed by somebody else."""
    audience = AZURE if ci == "azure" else entrance.server.url
    with Issuer() as stranger:
        claims = {"sub": "a job", **RIGHT[ci, "deploy"][0], "iss": entrance.issuer.url}
        body = {"role": "deploy", "jwt": stranger.mint(audience, **claims)}
    assert entrance.server.api("POST", f"auth/{ci}/login", json=body, token="").status_code == 400


def test_the_policy_opens_one_path_and_its_own_end(entrance: Entrance) -> None:
    """What stands beside it is refused, and so is to list and to write."""
    auth = entrance.login("github", "deploy", github_claims())["auth"]
    token = auth["client_token"]

    def status(method: str, path: str, **body: object) -> int:
        return entrance.server.api(method, path, json=body or None, token=token).status_code

    assert status("GET", "secret/data/deploy/production") == 200
    assert status("GET", "secret/data/deploy/staging") == 403
    assert status("LIST", "secret/metadata/deploy") == 403
    assert status("POST", "secret/data/deploy/production", data={"api_key": "x"}) == 403
    assert status("POST", "auth/token/create") == 403
    assert status("GET", "sys/auth") == 403
    assert status("GET", "auth/token/lookup-self") == 200
    assert status("POST", "auth/token/renew-self") == 200
    assert status("POST", "auth/token/revoke-self") == 204
    assert status("GET", "auth/token/lookup-self") == 403


def test_the_token_says_whose_it_is(entrance: Entrance) -> None:
    """Vault's audit log has repository and run beside each request."""
    auth = entrance.login("github", "production", RIGHT["github", "production"][0])["auth"]
    assert auth["metadata"] == {
        "role": "production",
        "repository": "shop/web",
        "ref": "refs/heads/main",
        "run_id": "1001",
        "job_workflow_ref": PRODUCTION["job_workflow_ref"],
    }


def test_each_role_has_its_cases() -> None:
    """None is added without somebody who gets in and others who do not."""
    assert set(RIGHT) == set(WRONG) == set(ROLES)
