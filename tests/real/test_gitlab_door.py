"""The components for GitLab, as their page shows them, run by gitlab-ci-local on a real Vault."""

import base64
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gitlab_api import GitLabApi, Job
from tests.real.conftest import missing
from tests.real.gitlab import Pipeline, find_gitlab
from tests.real.recipes import Done, RealJob, Stage, block, blocks, shown_forms

PAGE = "gitlab-templates/README.md"
FOUR_LINES = blocks(PAGE, "yaml")[0]
CONFIG = block("docs/gitlab.md", "yaml", "version: 1")
STAGING = "https://staging.example:8200"


@pytest.fixture
def pipeline(stage: Stage, tmp_path: Path) -> Pipeline:
    """Give a checkout on GitLab with the ci-secrets.yaml of docs/gitlab.md."""
    folder = find_gitlab()
    if folder is None:
        missing("gitlab-ci-local")
    return Pipeline(job=stage.job("gitlab", tmp_path, CONFIG), folder=folder)


def nothing_stays(job: RealJob, log: str) -> None:
    """No value in the log in any form, none in a file, no user alive, no run open."""
    for value in job.values():
        assert shown_forms(log, value) == []
        assert holding(job, value) == []
    assert not job.user_is_alive()
    assert list(job.stand.workspace.parent.rglob("*.sealed")) == []


def holding(job: RealJob, value: str) -> list[Path]:
    """The files of a job that hold a value in clear."""
    files = [path for path in job.stand.workspace.parent.rglob("*") if path.is_file()]
    return [path for path in files if path != job.probe and value.encode() in path.read_bytes()]


class TestExec:
    """`script: ci-secrets exec -- ./deploy.sh` in a job that extends the component's."""

    def test_a_clean_run(self, pipeline: Pipeline) -> None:
        """The command has the values, nothing of them is seen, all is revoked at its end."""
        quiet = FOUR_LINES.replace("./deploy.sh", "sh -c './deploy.sh >deploy.log; rm deploy.log'")
        pipeline.write(quiet)
        done = pipeline.run("deploy")
        assert done.code == 0, done.out
        assert "verdict: clean" in done.out
        assert "revoked, proven: 1 token and 1 lease" in done.out
        nothing_stays(pipeline.job, done.out)

    def test_a_leak_is_contained(self, pipeline: Pipeline) -> None:
        """The very lines of the page: what deploy.sh prints of its values never reaches the log."""
        pipeline.write(FOUR_LINES)
        done = pipeline.run("deploy")
        assert done.code == 0, done.out
        assert "in as ***" in done.out
        assert "plain ***" in done.out
        assert "verdict: contained" in done.out
        assert "DB_PASSWORD as base64 of base64" in done.out
        assert done.out.count("revoked, proven") == 1, "after_script finds nothing left to do"
        assert "already closed" in done.out
        nothing_stays(pipeline.job, done.out)

    def test_no_id_token(self, pipeline: Pipeline) -> None:
        """The job fails with 4 before the command starts, and what to paste is printed."""
        pipeline.write(FOUR_LINES)
        done = pipeline.run("deploy", tokens=False)
        assert done.code != 0
        assert re.search(r"FAIL 4\b", done.out), done.out
        assert "This job has no ID token." in done.out
        assert f"aud: {pipeline.job.stage.vault.url}" in done.out
        assert "id_tokens:" in done.out
        assert not pipeline.job.probe.exists()

    def test_a_missing_secret(self, pipeline: Pipeline) -> None:
        """The job fails with 7 before the command starts; what was minted by then is revoked."""
        config = pipeline.job.stand.workspace / "ci-secrets.yaml"
        config.write_text(config.read_text().replace("#api_key", "#api_kez"))
        pipeline.write(FOUR_LINES)
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 7\b", done.out), done.out
        assert "api_key" in done.out, "the nearest name"
        assert not pipeline.job.probe.exists()
        assert list(pipeline.job.stand.workspace.parent.rglob("*.sealed")) == []

    def test_the_commands_own_failure(self, pipeline: Pipeline) -> None:
        """Its exit code is the job's."""
        pipeline.write(FOUR_LINES.replace("./deploy.sh", "sh -c './deploy.sh && exit 42'"))
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 42\b", done.out), done.out
        nothing_stays(pipeline.job, done.out)

    def test_a_merge_request_from_a_fork(self, pipeline: Pipeline) -> None:
        """The fork's ci-secrets.yaml is not read: no input names it unless somebody gave one."""
        pipeline.write(FOUR_LINES)
        done = pipeline.run("deploy", CI_MERGE_REQUEST_SOURCE_PROJECT_ID="4712")
        assert re.search(r"FAIL 3\b", done.out), done.out
        assert "merge request from a fork" in done.out
        assert not pipeline.job.probe.exists()

    def test_an_image_without_the_tool(self, pipeline: Pipeline) -> None:
        """The job says what to change, instead of going on without its secrets."""
        pipeline.write(FOUR_LINES)
        (pipeline.job.stand.workspace.parent / "bin" / "ci-secrets").unlink()
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 127\b", done.out), done.out
        assert "this image has no ci-secrets" in done.out
        assert "install: wheel" in done.out


class TestExchange:
    """`exchange`, a file to source, `finish` in the script and again in `after_script`."""

    RECIPE = block(PAGE, "yaml", "ci-secrets exchange")

    def test_the_page(self, pipeline: Pipeline) -> None:
        """The script has the values; the log that it kept is looked through, and fails the job."""
        pipeline.write(self.RECIPE)
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 11\b", done.out), done.out
        assert "verdict: leaked" in done.out
        assert not pipeline.job.user_is_alive()
        (pipeline.job.stand.workspace / "deploy.log").unlink()
        nothing_stays(pipeline.job, done.out)

    def test_after_script_is_the_second_net(self, pipeline: Pipeline) -> None:
        """A script that dies after its exchange is cleaned up after."""
        pipeline.write(
            self.RECIPE.replace("./deploy.sh >deploy.log", "./deploy.sh >/dev/null; exit 5")
        )
        done = pipeline.run("deploy")
        assert re.search(r"FAIL 5\b", done.out), done.out
        assert "revoked, proven: 1 token and 1 lease" in done.out
        nothing_stays(pipeline.job, done.out)


class TestPipelines:
    """Jobs with more than the four lines."""

    def test_two_stores(self, pipeline: Pipeline) -> None:
        """Included under two names, each job has a token for its own store and no other."""
        stage, workspace = pipeline.job.stage, pipeline.job.stand.workspace
        role = stage.vault.read("auth/gitlab/role/deploy")["data"]
        names = ("role_type", "user_claim", "bound_claims", "token_policies")
        kept = {name: role[name] for name in names}
        stage.vault.write("auth/gitlab/role/staging", **kept, bound_audiences=[STAGING])
        staging = (workspace / "ci-secrets.yaml").read_text()
        staging = staging.replace("role: deploy", f'role: staging, audience: "{STAGING}"')
        (workspace / "staging.yaml").write_text(staging)
        pipeline.write(block(PAGE, "yaml", "deploy-to-staging"))
        declared = {
            name: job["id_tokens"]
            for name, job in pipeline.expanded().items()
            if isinstance(job, dict) and "id_tokens" in job
        }
        assert declared == {
            "deploy": {"CI_SECRETS_ID_TOKEN": {"aud": stage.vault.url}},
            "deploy-to-staging": {"CI_SECRETS_ID_TOKEN": {"aud": STAGING}},
        }
        for name, as_role in (("deploy", "deploy"), ("deploy-to-staging", "staging")):
            done = pipeline.run(name)
            assert done.code == 0, done.out
            assert f"logged in to vault as {as_role}:" in done.out
            nothing_stays(pipeline.job, done.out)

    def test_scripts_of_its_own(self, pipeline: Pipeline) -> None:
        """`!reference` keeps ours beside them: both run, before and after."""
        workspace = pipeline.job.stand.workspace
        for name in ("prepare", "tidy"):
            (workspace / f"{name}.sh").write_text(f"#!/bin/sh\necho {name} was run\n")
            (workspace / f"{name}.sh").chmod(0o755)
        pipeline.write(block(PAGE, "yaml", "!reference"))
        done = pipeline.run("deploy")
        assert done.code == 0, done.out
        for text in ("prepare was run", "verdict: contained", "already closed", "tidy was run"):
            assert text in done.out
        job = pipeline.expanded()["deploy"]
        assert [line for line in job["before_script"] if "ci-secrets" not in line] == [
            "./prepare.sh"
        ]
        assert "command -v ci-secrets" in job["before_script"][0]
        assert "ci-secrets finish" in job["after_script"][0]
        nothing_stays(pipeline.job, done.out)


class TestScan:
    """A job that looks through what earlier jobs made."""

    RECIPE = block(PAGE, "yaml", "scan@")
    STATIC = "\n".join(line for line in CONFIG.splitlines() if "database" not in line)

    @pytest.fixture
    def built(self, pipeline: Pipeline) -> Path:
        """Give the file that an earlier job made, without a secret in it."""
        workspace = pipeline.job.stand.workspace
        config = pipeline.job.stage.told(self.STATIC, pipeline.job.stand.claims)
        (workspace / "scan.yaml").write_text(config)
        (workspace / "dist").mkdir()
        made = workspace / "dist" / "app.js"
        made.write_text("// made by an earlier job\n")
        pipeline.write(self.RECIPE)
        return made

    def test_nothing_found(self, pipeline: Pipeline, built: Path) -> None:
        """The job passes, and what it fetched to look for is gone."""
        done = pipeline.run("ci-secrets-scan")
        assert done.code == 0, done.out
        assert "revoked, proven: 1 token" in done.out
        assert built.exists()
        assert holding(pipeline.job, pipeline.job.stage.api_key) == []

    def test_a_secret_in_disguise(self, pipeline: Pipeline, built: Path) -> None:
        """The job fails with 11, and both reports name the place and never the value."""
        value = pipeline.job.stage.api_key
        built.write_text(f"// made\nkey = '{base64.b64encode(value.encode()).decode()}';\n")
        done = pipeline.run("ci-secrets-scan")
        assert re.search(r"FAIL 11\b", done.out), done.out
        workspace = pipeline.job.stand.workspace
        for name in ("ci-secrets-scan.xml", "gl-secret-detection-report.json"):
            report = (workspace / name).read_text()
            assert "dist/app.js" in report
            assert "API_KEY" in report
            assert shown_forms(report, value) == []
        assert "revoked, proven: 1 token" in done.out
        assert shown_forms(done.out, value) == []
        assert holding(pipeline.job, value) == []


class TestVerify:
    """A job at the pipeline's end that looks through the logs of the others."""

    RECIPE = block(PAGE, "yaml", "verify@")

    @pytest.fixture
    def api(self, pipeline: Pipeline) -> Iterator[GitLabApi]:
        """Give the API of a GitLab where the other jobs of this pipeline are over."""
        workspace = pipeline.job.stand.workspace
        config = pipeline.job.stage.told(TestScan.STATIC, pipeline.job.stand.claims)
        (workspace / "verify.yaml").write_text(config)
        pipeline.write(self.RECIPE)
        jobs = [Job(name="deploy", log="fine\n"), Job(name="ci-secrets-verify", status="running")]
        project = pipeline.job.env["CI_PROJECT_ID"]
        with GitLabApi(project=project, pipeline="42", jobs=jobs) as api:
            yield api

    def run(self, pipeline: Pipeline, api: GitLabApi) -> Done:
        """Run the component's job, on that GitLab."""
        return pipeline.run(
            "ci-secrets-verify",
            CI_SERVER_URL=api.url,
            CI_PIPELINE_ID="42",
            CI_JOB_ID="1002",
            CI_SECRETS_GITLAB_TOKEN=api.token,
        )

    def test_nothing_in_the_logs(self, pipeline: Pipeline, api: GitLabApi) -> None:
        """The job passes, and what it fetched to look for is gone."""
        done = self.run(pipeline, api)
        assert done.code == 0, done.out
        assert "log of the job deploy (1001)" in done.out
        assert "revoked, proven: 1 token" in done.out
        assert holding(pipeline.job, pipeline.job.stage.api_key) == []

    def test_a_secret_in_disguise(self, pipeline: Pipeline, api: GitLabApi) -> None:
        """The job fails with 11, and both reports name the job and never the value."""
        value = pipeline.job.stage.api_key
        api.jobs[0].log = f"fine\n{base64.b64encode(value.encode()).decode()}\n"
        done = self.run(pipeline, api)
        assert re.search(r"FAIL 11\b", done.out), done.out
        for name in ("ci-secrets-verify.xml", "gl-secret-detection-report.json"):
            report = (pipeline.job.stand.workspace / name).read_text()
            assert "log of the job deploy (1001)" in report
            assert "API_KEY" in report
            assert shown_forms(report, value) == []
        assert shown_forms(done.out, value) == []

    def test_it_comes_last_and_always(self, pipeline: Pipeline, api: GitLabApi) -> None:
        """After all stages, and where a job before it failed."""
        job = pipeline.expanded()["ci-secrets-verify"]
        assert api.jobs
        assert (job["stage"], job["when"]) == (".post", "always")
