"""docs/testing.md, executed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BLOCKS = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "testing.md").read_text(), re.DOTALL)


def test_there_are_examples() -> None:
    """The page has the three examples that the tests below run."""
    assert len(BLOCKS) == 3


@pytest.mark.parametrize("block", BLOCKS, ids=["step", "roles", "faults"])
def test_an_example_runs_as_it_stands(block: str, tmp_path: Path) -> None:
    """Each block is a test file that passes by itself, with the installed fixtures."""
    file = tmp_path / "test_example.py"
    file.write_text(block)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(file)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
