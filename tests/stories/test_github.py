"""What only GitHub has: pages of its runner, variables for all steps, events of strangers."""

import base64
import shutil
import subprocess
from pathlib import Path

from tests import patience
from tests.stories.story import CONFIG, TOOL, Story


def test_finish_looks_at_the_pages_of_the_runner(github: Story, tmp_path: Path) -> None:
    """What the log has let through is a leak; what of it cannot be seen is said."""
    assert github.run("exchange").code == 0
    root = tmp_path / "runner"
    (root / "bin").mkdir(parents=True)
    (root / "_diag" / "pages").mkdir(parents=True)
    shutil.copy("/bin/sh", root / "bin" / "Runner.Worker")
    twice = base64.b64encode(base64.b64encode(github.api_key.encode())).decode()
    (root / "_diag" / "pages" / "t_r_1.log").write_text(f"fine\ndebug {twice}\n")
    done = subprocess.run(
        [root / "bin" / "Runner.Worker", "-c", '"$0" finish; exit $?', TOOL],
        cwd=github.stand.workspace,
        env=github.environment(),
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    said = done.stderr.decode()
    assert done.returncode == 11, said
    assert "verdict: leaked" in said
    assert "the runner's own pages masked-view" in said
    assert "the runner's own pages tail-missing" in said
    assert "the runner's own pages:2:7: API_KEY as base64 of base64" in said
    assert twice not in said
    assert github.users == {}


def test_variables_for_all_steps_are_remarked(github: Story) -> None:
    """`--export-env` works, and says who else has the values; outputs alone are not remarked."""
    remark = "all later steps of the job have these values"
    assert remark not in github.run("exchange").err
    done = github.run("exchange", "--export-env")
    assert done.code == 0
    assert remark in done.err
    assert github.api_key in github.stand.files["GITHUB_ENV"].read_text()
    github.run("finish")


def test_a_job_that_runs_beside_a_strangers_content(github: Story, tmp_path: Path) -> None:
    """On pull_request_target secrets that the workflow asks for are given, with a warning."""
    named = tmp_path / "trusted.yaml"
    named.write_text(CONFIG.format(url=github.vault.url))
    words = ("exec", "--config", str(named), "--", "true")
    assert "a stranger's" not in github.run(*words).err
    done = github.run(*words, env={"GITHUB_EVENT_NAME": "pull_request_target"})
    assert done.code == 0, done.err
    assert "::warning title=ci-secrets::ci-secrets: This run is on pull_request_target" in done.err
    assert "Let no step of this job run code of the pull request" in done.err


def test_a_workflow_that_grants_too_much_is_told(github: Story) -> None:
    """The job goes on, with a warning that has the lines to paste."""
    file = github.stand.workspace / ".github" / "workflows" / "deploy.yml"
    file.parent.mkdir(parents=True)
    file.write_text("permissions: write-all\njobs: {deploy: {}}\n")
    repository = github.stand.env["GITHUB_REPOSITORY"]
    reference = f"{repository}/.github/workflows/deploy.yml@refs/heads/main"
    done = github.run("exec", "--", "true", env={"GITHUB_WORKFLOW_REF": reference})
    assert done.code == 0, done.err
    assert "gives this job every permission there is" in done.err
