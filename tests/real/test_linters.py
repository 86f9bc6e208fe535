"""What we ship and show for GitHub is clean for actionlint and for zizmor at its most pedantic."""

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests import patience
from tests.real.conftest import missing
from tests.real.recipes import ROOT, blocks
from tests.real.servers import real_dir

PAGES = [
    *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "actions").glob("*/README.md"))),
    "README.md",
    "docs/github.md",
]
ZIZMOR = Path(sys.executable).with_name("zizmor")
_ACTIONLINT = re.compile(r"/actionlint@(v[\d.]+)")
_TOP = "on: {push: {branches: [main]}}\npermissions: {}\n"
_JOB = """\
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions: {contents: read}
    steps:
"""
_AFTER = """\
jobs:
  deploy:
    runs-on: ubuntu-latest
    permissions: {}
    outputs: {hand-over: "${{ steps.secrets.outputs.hand-over }}"}
    steps:
      - id: secrets
        uses: OWNER/ci-secrets/actions/exchange@v1
  verify:
    runs-on: ubuntu-latest
    needs: deploy
    permissions: {}
    steps:
"""
"""What stands around the steps of a following job."""
_EXCHANGE = "- id: secrets\n  uses: OWNER/ci-secrets/actions/exchange@v1\n"
"""What the lines of a page may go after."""


def _workflows() -> dict[str, str]:
    """Each as a whole: what an example of a page leaves out is put around it."""
    found = {
        f"examples/github/{path.stem}-0": path.read_text()
        for path in sorted((ROOT / "examples" / "github").glob("*.yml"))
    } | {
        f"tests/conformance/{path.parent.name}-0": path.read_text()
        for path in sorted((ROOT / "tests" / "conformance").glob("*/workflow.yml"))
    }
    for page in PAGES:
        for number, text in enumerate(blocks(page, "yaml")):
            if re.search(r"^jobs:$", text, re.MULTILINE) and "steps:" in text:
                found[f"{page}-{number}"] = _TOP + text
            elif re.match(r"- (id|uses|run|if):", text):
                before = "" if "id: secrets" in text else _EXCHANGE
                steps = textwrap.indent(before + text, "      ")
                job = _AFTER if "needs." in text else _JOB
                found[f"{page}-{number}"] = _TOP + job + steps
    return found


WORKFLOWS = _workflows()


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a repository with all examples as workflows, and the actions as they are."""
    folder = tmp_path_factory.mktemp("linted")
    workflows = folder / ".github" / "workflows"
    workflows.mkdir(parents=True)
    for name, text in WORKFLOWS.items():
        (workflows / f"{name.replace('/', '-')}.yml").write_text(text)
    (folder / "actions").symlink_to(ROOT / "actions")
    return folder


def test_there_are_examples() -> None:
    """Each page of an action has one, README and docs/github.md too; the folders have some."""
    names = {name.rpartition("-")[0] for name in WORKFLOWS}
    assert names > set(PAGES)
    assert {Path(name).parts[0] for name in names - set(PAGES)} == {"examples", "tests"}


def test_actionlint(repository: Path) -> None:
    """Finds nothing in the examples."""
    (version,) = _ACTIONLINT.findall((ROOT / "tests/real/install").read_text())
    actionlint = real_dir() / f"actionlint-{version}" / "actionlint"
    if not actionlint.is_file():
        missing("actionlint")
    done = _run(actionlint, "-no-color", *sorted((repository / ".github/workflows").iterdir()))
    assert done.stdout == ""
    assert done.returncode == 0


def test_zizmor(repository: Path) -> None:
    """Finds nothing in the examples and in the actions."""
    config = ROOT / "tests" / "real" / "zizmor.yml"
    actions = sorted((ROOT / "actions").glob("*/action.yml"))
    words: list[str | Path] = [
        "--offline",
        "--persona=pedantic",
        "--no-progress",
        "--config",
        config,
    ]
    done = _run(ZIZMOR, *words, repository / ".github", *actions)
    assert "No findings to report" in done.stdout
    assert done.returncode == 0, done.stdout


def test_zizmor_looks(repository: Path) -> None:
    """With a mistake among them it does find it: the test above is no formality."""
    odd = repository / "odd.yml"
    odd.write_text(_TOP + _JOB + "      - run: echo ${{ github.head_ref }}\n")
    config = ROOT / "tests" / "real" / "zizmor.yml"
    done = _run(ZIZMOR, "--offline", "--persona=pedantic", "--config", config, odd)
    assert "template-injection" in done.stdout
    assert done.returncode != 0


def _run(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=patience.SECONDS
    )
