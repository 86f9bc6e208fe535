"""Permissions that are wider than needed are remarked on, and nothing else is."""

from pathlib import Path

import pytest

from ci_secrets.config import yaml
from ci_secrets.platforms.github import GitHub

FILE = ".github/workflows/deploy.yml"
NARROW = "permissions: {id-token: write, contents: read}"


def read(path: Path) -> object:
    """As the job reads it."""
    return yaml.read(path).plain()


def remark(folder: Path, text: str, repository: str = "octo/app") -> str | None:
    """What is said of a workflow file, in its job `deploy`."""
    (folder / FILE).parent.mkdir(parents=True)
    (folder / FILE).write_text(text)
    environment = {
        "GITHUB_WORKSPACE": str(folder),
        "GITHUB_REPOSITORY": "octo/app",
        "GITHUB_WORKFLOW_REF": f"{repository}/{FILE}@refs/heads/main",
        "GITHUB_JOB": "deploy",
    }
    return GitHub(environment).too_much(read)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"on: push\n{NARROW}\njobs: {{deploy: {{}}, test: {{}}}}\n", "each of its 2 jobs"),
        ("permissions: write-all\njobs: {deploy: {}}\n", "every permission there is"),
        ("jobs: {deploy: {permissions: write-all}}\n", "every permission there is"),
    ],
    ids=["for all jobs", "write-all", "write-all of the job"],
)
def test_wide_permissions_are_remarked_with_what_to_write(
    tmp_path: Path, text: str, said: str
) -> None:
    """The remark names the file and has the lines to paste."""
    found = remark(tmp_path, text)
    assert found
    assert said in found
    assert found.startswith(FILE)
    assert "id-token: write\n" in found


@pytest.mark.parametrize(
    "text",
    [
        f"{NARROW}\njobs: {{deploy: {{}}}}\n",
        f"jobs: {{deploy: {{{NARROW}}}, test: {{}}}}\n",
        f"{NARROW}\njobs: {{deploy: {{}}, test: {{permissions: {{}}}}}}\n",
        "permissions: read-all\njobs: {deploy: {}, test: {}}\n",
        "jobs: [deploy]\n",
        "no: [yaml\n",
        "a: &a {}\nb: *a\n",
        "x" * 300_000,
    ],
    ids=["one job", "own", "taken away", "read", "no jobs", "no YAML", "alias", "too large"],
)
def test_what_is_narrow_or_cannot_be_read_is_not_remarked(tmp_path: Path, text: str) -> None:
    """No remark, and never an error: the file is not ours."""
    assert remark(tmp_path, text) is None


def test_a_workflow_of_another_repository_is_not_looked_for(tmp_path: Path) -> None:
    """The checkout's file of the same name is another one."""
    assert remark(tmp_path, "permissions: write-all\njobs: {deploy: {}}\n", "octo/other") is None


def test_outside_of_a_workflow_there_is_nothing_to_remark() -> None:
    """A job without the variable is asked nothing."""
    assert GitHub({}).too_much(read) is None
