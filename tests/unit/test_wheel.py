"""What is published: a wheel whose script runs, with all the files that the code reads."""

import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Final

import pytest

from ci_secrets import __version__

ROOT: Final = Path(__file__).parents[2]
_SITE: Final = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of a copy of what it is built from, so that nothing stays in the checkout."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in ("ci_secrets", "scripts"):
        shutil.copytree(ROOT / name, source / name)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "wheel"]
    offline = ["--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, *offline, "--wheel-dir", built, source], check=True)
    (found,) = built.glob("*.whl")
    return found


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a fresh environment with nothing in it but the wheel."""
    place = tmp_path_factory.mktemp("fresh") / "venv"
    venv.create(place)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    into = ["--python", str(place / "bin" / "python"), "install", "--no-deps", "--no-index"]
    subprocess.run([*pip, *into, wheel], check=True)
    return place


def test_the_wheel_has_what_the_code_reads(wheel: Path) -> None:
    """The schema for editors, the page's style, the mark that we are typed, and no test."""
    names = zipfile.ZipFile(wheel).namelist()
    read = {"config/schema.json", "leaks/formats/page.css", "py.typed"}
    assert {f"ci_secrets/{name}" for name in read} <= set(names)
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "ci_secrets").rglob("*.py")}
    assert ours <= set(names)
    assert [name for name in names if name.startswith("tests/") or name.endswith(".pyc")] == []


@pytest.mark.parametrize(("word", "says"), [("--version", __version__), ("--help", "exchange")])
def test_the_installed_script_runs(installed: Path, word: str, says: str) -> None:
    """Without one of its dependencies, by the Python beside it, from another directory."""
    done = subprocess.run(
        [installed / "bin" / "ci-secrets", word],
        cwd=installed,
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert not list((installed / _SITE).glob("httpx*"))
