"""`examples/github/` and `examples/gitlab/`, each run on a real Vault with `examples/vault/`."""

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest
import yaml

from ci_secrets.testing.claims import github_claims, gitlab_claims
from ci_secrets.testing.issuer import Issuer
from tests import patience
from tests.real.conftest import missing
from tests.real.gitlab import find_gitlab
from tests.real.recipes import ROOT, Done, RealJob, Stage, nothing_stays
from tests.real.runners import GitHubRunner, gitlab
from tests.real.servers import PostgresServer, VaultServer, find_vault
from tests.real.servers.vault import real_dir

EXAMPLES: Final = ROOT / "examples"
OWN_IDS: Final = {"project_id": "4711"}
"""The examples' ids are those of the made-up jobs: no page's id is to be put in their place."""
APPS: Final = ("web", "api")
PROVEN: Final = "revoked, proven: 1 token and 1 lease"
GITHUB: Final = sorted(path.name for path in (EXAMPLES / "github").glob("*.yml"))
GITLAB: Final = sorted(path.name for path in (EXAMPLES / "gitlab").glob("*.yml"))
CALLERS: Final = {"production.yml"}
"""They have no steps of their own: what they call has."""
REUSABLE: Final = "shop/workflows/.github/workflows/deploy.yml"
VENDORED: Final = "python/check_jsonschema/builtin_schemas/vendor"
PAGE_SCHEMAS: Final = {
    "CircleCI": "circle-ci",
    "Buildkite": "buildkite",
    "Azure Pipelines": "azure-pipelines",
}
"""Section of docs/other-ci.md → schema. That of Bitbucket is older than `oidc: {audiences: …}`."""
JOB_ENVIRONMENT: Final = {
    "${{ inputs.environment }}": "production",
    "${{ secrets.CI_SECRETS_STATE_KEY }}": secrets.token_hex(16),
    "${{ matrix.app }}": APPS[0],
}


@pytest.fixture(scope="module")
def shop(
    postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stage]:
    """Give a Vault of its own that `examples/vault/apply.sh` has told of both CIs."""
    if find_vault() is None:
        missing("Vault")
    with VaultServer() as vault, Issuer() as issuer:
        folder = tmp_path_factory.mktemp("shop")
        shop = Stage(
            vault=vault,
            postgres=postgres_server,
            issuer=issuer,
            api_key=secrets.token_urlsafe(24),
            folder=folder,
        )
        shop.furnish()
        for ci in ("github", "gitlab"):
            (folder / ci).mkdir()
            for file in (EXAMPLES / "vault" / ci).glob("*.json"):
                (folder / ci / file.name).write_text(shop.told(file.read_text(), OWN_IDS))
        for name in ("apply.sh", "deploy.hcl"):
            (folder / name).write_bytes((EXAMPLES / "vault" / name).read_bytes())
        for ci in ("github", "gitlab"):
            done = shop.operator(f"sh apply.sh {ci}")
            assert done.code == 0, done.said
        yield shop


def _job(shop: Stage, kind: Any, folder: Path) -> RealJob:
    """A job with the example's ci-secrets.yaml at its root, and one for each application."""
    job = shop.job(kind, folder, (EXAMPLES / kind / "ci-secrets.yaml").read_text())
    production = EXAMPLES / kind / "ci-secrets.production.yaml"
    (job.stand.workspace / production.name).write_text(shop.told(production.read_text()))
    for app in APPS:
        place = job.stand.workspace / "apps" / app
        place.mkdir(parents=True)
        for name in ("ci-secrets.yaml", "deploy.sh"):
            (place / name).write_bytes((job.stand.workspace / name).read_bytes())
        (place / "deploy.sh").chmod(0o755)
    return job


def _workflow(name: str) -> dict[str, Any]:
    text = (EXAMPLES / "github" / name).read_text()
    for expression, value in JOB_ENVIRONMENT.items():
        text = text.replace(expression, value)
    parsed: dict[str, Any] = yaml.safe_load(text)
    return parsed


@pytest.mark.parametrize("name", sorted(set(GITHUB) - CALLERS))
def test_a_github_workflow_runs(shop: Stage, tmp_path: Path, name: str) -> None:
    """Its job logs in to the database, shows nothing, and leaves nothing."""
    job = _job(shop, "github", tmp_path)
    ((_, steps),) = _workflow(name)["jobs"].items()
    job.env |= steps.get("env", {})
    if name == "reusable.yml":
        called: dict[str, Any] = {"job_workflow_ref": f"{REUSABLE}@refs/tags/v1"}
        called |= {"environment": "production"}
        shop.issuer.github = github_claims(**called)
    runner = GitHubRunner(job)
    runner.run(steps["steps"])
    assert set(runner.codes) == {0}, runner.log
    assert PROVEN in runner.log
    assert "plain ***" in runner.log
    # What `exec` is not around is masked by the runner alone, which knows no base64 of base64.
    nothing_stays(job, "" if name == "outputs.yml" else runner.log)


def test_a_workflow_that_calls_grants_what_the_called_one_needs() -> None:
    """And calls the very file and version that the role lets in."""
    (caller,) = _workflow("production.yml")["jobs"].values()
    ((_, called),) = _workflow("reusable.yml")["jobs"].items()
    role = json.loads((EXAMPLES / "vault" / "github" / "production.json").read_text())
    path, _, version = caller["uses"].partition("@")
    assert role["bound_claims"]["job_workflow_ref"] == f"{path}@refs/tags/{version}"
    assert path == REUSABLE
    assert caller["permissions"] == called["permissions"]
    assert caller["with"]["environment"] == role["bound_claims"]["environment"]


@pytest.mark.parametrize("name", sorted(set(GITLAB) - {"reusable.yml"}))
def test_a_gitlab_pipeline_runs(shop: Stage, tmp_path: Path, name: str) -> None:
    """Its job logs in to the database, shows nothing, and leaves nothing."""
    job = _job(shop, "gitlab", tmp_path)
    ((title, steps),) = _pipeline(name).items()
    if name == "production.yml":
        claims = gitlab_claims(environment="production", environment_protected="true")
        job.env["VAULT_ID_TOKEN"] = shop.issuer.mint(shop.vault.url, **claims)
    job.env |= {"APP": APPS[1], **steps.get("variables", {})}
    done = gitlab(job, yaml.safe_dump({title: steps}))
    assert done.code == 0, done.said
    assert PROVEN in done.said
    assert "plain ***" in done.said
    nothing_stays(job, done.said)


def _pipeline(name: str) -> dict[str, Any]:
    """The jobs of a file; what they extend stands in reusable.yml, which GitLab merges in."""
    parsed = yaml.safe_load((EXAMPLES / "gitlab" / name).read_text())
    (included,) = parsed.pop("include", [None])
    hidden = yaml.safe_load((EXAMPLES / "gitlab" / "reusable.yml").read_text())
    if included:
        assert included["file"] == "reusable.yml"
        parsed = {title: hidden[job.pop("extends")] | job for title, job in parsed.items()}
    return dict(parsed)


class TestRetries:
    """The loop of github/retries.yml."""

    def _run(self, tmp_path: Path, *codes: int) -> tuple[Done, int]:
        """Run it where `ci-secrets` ends with these codes, one a call; its end and the calls."""
        ((_, job),) = _workflow("retries.yml")["jobs"].items()
        script = job["steps"][-1]["run"]
        calls = tmp_path / "calls"
        tool = tmp_path / "ci-secrets"
        cases = "\n".join(f"{number}) exit {code};;" for number, code in enumerate(codes, 1))
        tool.write_text(f"#!/bin/sh\necho >>{calls}\ncase $(wc -l <{calls}) in\n{cases}\nesac\n")
        tool.chmod(0o755)
        (tmp_path / "sleep").symlink_to("/bin/true")
        done = subprocess.run(
            ["bash", "-e", "-c", script],
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=patience.SECONDS,
        )
        return Done(code=done.returncode, out=done.stdout), len(calls.read_text())

    @pytest.mark.parametrize(
        ("codes", "end"),
        [((0,), 0), ((6, 6, 0), 0), ((6, 3), 3), ((1,), 1), ((11,), 11), ((6, 6, 6, 6), 6)],
    )
    def test_only_a_store_that_cannot_be_reached_is_tried_again(
        self, tmp_path: Path, codes: tuple[int, ...], end: int
    ) -> None:
        """The command's own code, a leak and a refusal end the step at once."""
        done, calls = self._run(tmp_path, *codes)
        assert (done.code, calls) == (end, len(codes))


def _parts() -> list[tuple[str, str, str]]:
    """Name, schema and text of each pipeline file, and of each on the page of the other CIs."""
    files = [("github-workflows", f"github/{name}") for name in GITHUB]
    files += [("gitlab-ci", f"gitlab/{name}") for name in GITLAB]
    parts = [(name, schema, (EXAMPLES / name).read_text()) for schema, name in files]
    page = (ROOT / "docs" / "other-ci.md").read_text()
    for title, schema in PAGE_SCHEMAS.items():
        section = page.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        found = re.findall(r"^```yaml\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
        ours = [text for text in found if "stores:" not in text]
        assert ours, title
        parts += [(f"{title} {number}", schema, text) for number, text in enumerate(ours, 1)]
    return parts


@pytest.mark.parametrize(
    ("schema", "text"), [part[1:] for part in _parts()], ids=[part[0] for part in _parts()]
)
def test_each_file_is_valid_by_its_cis_schema(schema: str, text: str) -> None:
    """Keys that this CI knows, with values of the kinds that it takes."""
    found = find_gitlab()
    if found is None:
        missing("the schemas of CI files")
    document = yaml.safe_load(text)
    if True in document:  # YAML 1.1 of `on:`
        document["on"] = document.pop(True)
    rules = json.loads((found / VENDORED / f"{schema}.json").read_text())
    validator = jsonschema.validators.validator_for(rules)(rules)
    assert [error.message for error in validator.iter_errors(document)] == []
    assert not validator.is_valid({**document, "jobs": 7, "steps": 7, "deploy": 7})


def test_actionlint_finds_nothing() -> None:
    """In any workflow of the examples."""
    found = sorted(real_dir().glob("actionlint-*/actionlint"))
    if not found:
        missing("actionlint")
    files = [EXAMPLES / "github" / name for name in GITHUB]
    done = subprocess.run(
        [found[-1], "-shellcheck=", "-pyflakes=", *files],
        capture_output=True,
        text=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.returncode == 0, done.stdout


def test_actions_are_pinned_to_a_commit() -> None:
    """A tag can be moved to other code; ours is told by its version, and the reusable workflow is
    held by its role instead.
    """
    uses = re.findall(
        r"^ *- uses: (?!OWNER/ci-secrets/)(\S+)",
        "".join((EXAMPLES / "github" / name).read_text() for name in GITHUB),
        re.MULTILINE,
    )
    assert uses
    assert [each for each in uses if not re.search(r"@[0-9a-f]{40}$", each)] == []
