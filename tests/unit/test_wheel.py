"""What is published: a wheel whose script runs, with all the files that the code reads."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path
from typing import Final

import pytest

from ci_secrets import __version__
from tests.building import ROOT, build_wheel

_SITE: Final = f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


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
    read = {
        "config/schema.json",
        "leaks/formats/page.css",
        "delivery/shell/activate.sh",
        "py.typed",
    }
    assert {f"ci_secrets/{name}" for name in read} <= set(names)
    ours = {path.relative_to(ROOT).as_posix() for path in (ROOT / "ci_secrets").rglob("*.py")}
    assert ours <= set(names)
    assert [name for name in names if name.startswith("tests/") or name.endswith(".pyc")] == []


def test_the_wheel_brings_what_it_needs_with_hashes(wheel: Path) -> None:
    """Its list is the project's lock: who holds the wheel to its hash holds all else to theirs."""
    brought = zipfile.ZipFile(wheel).read("ci_secrets/requirements.txt")
    assert brought == (ROOT / "requirements" / "runtime.txt").read_bytes()
    pinned = [line for line in brought.decode().splitlines() if line[:1].isalpha()]
    assert len(pinned) >= 20
    assert [line for line in pinned if "==" not in line or not line.endswith(" \\")] == []


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
