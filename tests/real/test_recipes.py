"""The recipes of README.md and docs/, as they stand there, on a real Vault and PostgreSQL."""

import json
import re
import secrets
from pathlib import Path

import pytest

from tests.real.recipes import TOOL, RealJob, Stage, block, nothing_stays, shown_forms
from tests.real.runners import gitlab, groovy_steps, jenkins

PROVEN = "revoked, proven: 1 token and 2 leases"


@pytest.fixture
def on_gitlab(stage: Stage, tmp_path: Path) -> RealJob:
    """Give a job on GitLab with that page's ci-secrets.yaml."""
    return stage.job("gitlab", tmp_path, block("docs/gitlab.md", "yaml", "version: 1"))


@pytest.fixture
def on_jenkins(stage: Stage, tmp_path: Path) -> RealJob:
    """Give a build on Jenkins with that page's ci-secrets.yaml."""
    job = stage.job("jenkins", tmp_path, block("docs/jenkins.md", "yaml", "version: 1"))
    job.env["CI_SECRETS_STATE_KEY"] = secrets.token_hex(16)
    return job


class TestGitLab:
    """What docs/gitlab.md tells; test_gitlab_door.py has what README.md does."""

    def test_exec(self, on_gitlab: RealJob) -> None:
        """The command logs in to the database, its log shows nothing, and all is gone after it."""
        done = gitlab(on_gitlab, block("docs/gitlab.md", "yaml", "id_tokens", "ci-secrets exec"))
        assert done.code == 0, done.said
        assert "in as ***" in done.said
        assert "revoked, proven: 1 token and 1 lease" in done.said
        nothing_stays(on_gitlab, done.said)

    def test_activate(self, on_gitlab: RealJob) -> None:
        """The script of the job has the values, its log shows none, and all is gone after it."""
        recipe = block("docs/gitlab.md", "yaml", "ci-secrets activate")
        done = gitlab(on_gitlab, recipe.replace("./smoke-test.sh", 'echo "again $API_KEY"'))
        assert done.code == 0, done.said
        assert "in as ***" in done.said
        assert "again ***" in done.said
        assert "verdict: contained (output complete)" in done.said
        assert "revoked, proven: 1 token and 1 lease" in done.said
        assert "already closed: verdict contained" in done.said
        nothing_stays(on_gitlab, done.said)

    def test_exchange_source_finish(self, on_gitlab: RealJob) -> None:
        """`after_script`, another shell with nothing but files, closes what `script` opened."""
        recipe = block("docs/gitlab.md", "yaml", "ci-secrets exchange")
        done = gitlab(on_gitlab, recipe)
        assert done.code == 0, done.said
        assert "plain " + on_gitlab.stage.api_key in done.said, "the page says: not redacted"
        assert "revoked, proven: 1 token and 1 lease" in done.said
        nothing_stays(on_gitlab, "")

    def test_finish_after_a_failed_script(self, on_gitlab: RealJob) -> None:
        """A script that fails after its exchange is cleaned up after by `after_script`."""
        recipe = block("docs/gitlab.md", "yaml", "ci-secrets exchange")
        done = gitlab(on_gitlab, recipe.replace("- ./deploy.sh", "- ./deploy.sh && false"))
        assert done.code != 0
        assert "revoked, proven: 1 token and 1 lease" in done.said
        assert not on_gitlab.user_is_alive()


class TestJenkins:
    """What README.md and docs/jenkins.md tell."""

    @pytest.mark.parametrize("page", ["README.md", "docs/jenkins.md"])
    def test_exec(self, on_jenkins: RealJob, tmp_path: Path, page: str) -> None:
        """The one file that `sh -xe` writes holds no value in any form."""
        recipe = block(page, "groovy", "withCredentials", "ci-secrets exec")
        if "CI_SECRETS_STATE_KEY" not in recipe:
            del on_jenkins.env["CI_SECRETS_STATE_KEY"]
        (script,) = groovy_steps(recipe)
        log = tmp_path / "jenkins-log.txt"
        assert jenkins(on_jenkins, script, log) == 0, log.read_text()
        said = log.read_text()
        assert "+ ci-secrets exec -- ./deploy.sh" in said
        assert "in as ***" in said
        assert "revoked, proven: 1 token and 1 lease" in said
        assert said.index("plain ***") < said.index("verdict: contained")
        nothing_stays(on_jenkins, said)

    def test_activate(self, on_jenkins: RealJob, tmp_path: Path) -> None:
        """The one file that `sh -xe` writes holds no value in any form, though it traces them."""
        (script,) = groovy_steps(block("docs/jenkins.md", "groovy", "ci-secrets activate"))
        log = tmp_path / "jenkins-log.txt"
        script = script.replace("./smoke-test.sh", 'test "$API_KEY"')
        assert jenkins(on_jenkins, script, log) == 0, log.read_text()
        said = log.read_text()
        assert "+ test ***" in said
        assert "in as ***" in said
        assert "revoked, proven: 1 token and 1 lease" in said
        nothing_stays(on_jenkins, said)

    def test_exchange_source_finish(self, on_jenkins: RealJob, tmp_path: Path) -> None:
        """Under `-x` sourcing prints nothing; only the step with the credential has the JWT."""
        page = block("docs/jenkins.md", "groovy", "ci-secrets exchange")
        exchange, deploy, finish = groovy_steps(page)
        log = tmp_path / "jenkins-log.txt"
        assert jenkins(on_jenkins, exchange, log) == 0, log.read_text()
        del on_jenkins.env["CI_SECRETS_ID_TOKEN"]
        quiet = deploy.replace("./deploy.sh", "./deploy.sh >/dev/null")
        assert jenkins(on_jenkins, quiet, log) == 0, log.read_text()
        assert on_jenkins.user_is_alive()
        assert jenkins(on_jenkins, finish, log) == 0, log.read_text()
        said = log.read_text()
        assert "revoked, proven: 1 token and 1 lease" in said
        nothing_stays(on_jenkins, said)


class TestAnywhere:
    """A machine that holds a JWT in a file."""

    def test_the_line_of_the_readme(self, stage: Stage, tmp_path: Path) -> None:
        """A token file and `--secrets` are enough; no file, no CI."""
        job = stage.job("generic", tmp_path)
        token = tmp_path / "token"
        token.write_text(job.env.pop("CI_SECRETS_ID_TOKEN"))
        stage.policy_for_app()
        line = block("README.md", "sh", "--id-token-file").replace("/run/token", str(token))
        line = stage.told(line).replace("./deploy.sh", "sh -c 'printf %s \"$DB_PASSWORD\" >$PROBE'")
        done = job.sh(line)
        assert done.code == 0, done.said
        assert job.probe.read_text() == stage.api_key
        assert "revoked, proven: 1 token" in done.err


def test_the_demo_on_a_real_vault(stage: Stage, tmp_path: Path) -> None:
    """`ci-secrets demo --store vault` tells its story with the `vault` of PATH."""
    done = stage.operator(f"{TOOL} demo --store vault", tmp_path)
    assert done.code == 0, done.said
    assert "debug: ***" in done.out
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert "the trail is whole" in done.err


def test_a_whole_job_by_hand(stage: Stage, on_gitlab: RealJob, tmp_path: Path) -> None:
    """exchange, scan, redact, finish with the job's log, audit verify with the printed head."""
    trail, log, values = tmp_path / "audit.jsonl", tmp_path / "job.log", tmp_path / "secrets.env"
    on_gitlab.env["CI_SECRETS_AUDIT_FILE"] = str(trail)
    assert on_gitlab.run("exchange", "--env-file", str(values)).code == 0
    log.write_text(on_gitlab.sh(f". {values}; ./deploy.sh").out)

    found = on_gitlab.run("scan", str(log), "--format", "json")
    assert found.code == 11, found.err
    forms = {(each["secret"], *each["form"]) for each in json.loads(found.out)["findings"]}
    assert forms == {("API_KEY",), ("DB_USER",), ("DB_PASSWORD", "base64", "base64")}
    redacted = on_gitlab.sh(f"ci-secrets redact <{log}")
    assert redacted.code == 0, redacted.err
    assert [shown_forms(redacted.out, value) for value in on_gitlab.values()] == [[], [], []]

    done = on_gitlab.run("finish", "--log", str(log))
    assert done.code == 11, done.err
    assert "DB_PASSWORD as base64 of base64" in done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert not on_gitlab.user_is_alive()
    (head,) = re.findall(r"audit head: ([0-9a-f]{64})", done.err)
    whole = on_gitlab.run("audit", "verify", str(trail), "--head", head)
    assert whole.code == 0, whole.said
    api_key, _, password = on_gitlab.values()
    assert [shown_forms(trail.read_text(), value) for value in (api_key, password)] == [[], []]
