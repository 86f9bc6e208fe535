"""A real `git log -p`: versions of published packages, committed one after the other.

They come as wheels through pip, by their hashes; nothing in them is run.
"""

import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.leaks_logs import CACHE

_GIT: Final = (
    *("git", "-c", "user.name=bench", "-c", "user.email=bench@example.com"),
    *("-c", "gc.auto=0", "-c", "core.autocrlf=false", "-c", "commit.gpgsign=false"),
)


class Wheel(NamedTuple):
    """One commit: what it holds replaces what the same package held before."""

    name: str
    version: str
    sha256: str


WHEELS: Final = (
    Wheel("django", "3.2.25", "a52ea7fcf280b16f7b739cec38fa6d3f8953a5456986944c3ca97e79882b4e38"),
    Wheel("sympy", "1.12", "c3588cd4295d0c0f603d0f2ae780587e64e2efeedb3521e46b9bb1d08d184fa5"),
    Wheel("notebook", "7.0.6", "0fe8f67102fea3744fedf652e4c15339390902ca70c5a31c4f547fa23da697cc"),
    Wheel("django", "4.2.16", "1ddc333a16fc139fd253035a1606bb24261951bbc3a6ca256717fa06cc41a898"),
    Wheel("sympy", "1.13.3", "54612cf55a62755ee71824ce692986f23c88ffa77207b30c1368eda4a7060f73"),
    Wheel("notebook", "7.3.1", "212e1486b2230fe22279043f33c7db5cf9a01d29feb063a85cb139747b7c9483"),
    Wheel("django", "5.1.4", "236e023f021f5ce7dee5779de7b286565fdea5f4ab86bae5338e3f7b69896cf0"),
)


def history() -> Path | None:
    """The output of `git log -p`, over 100 MB of it, or `None` where nothing can be fetched."""
    path = CACHE / "history.log"
    if path.exists():
        return path
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        try:
            written = _write(Path(folder))
        except (OSError, subprocess.CalledProcessError):
            return None
        written.rename(path)
    return path


def _write(folder: Path) -> Path:
    tree = folder / "tree"
    tree.mkdir()
    _git(tree, "init", "--quiet", "--initial-branch=main")
    for wheel in WHEELS:
        place = tree / wheel.name
        shutil.rmtree(place, ignore_errors=True)
        with zipfile.ZipFile(_fetched(wheel, folder)) as archive:
            archive.extractall(place)
        _git(tree, "add", "--all", "--force")
        _git(tree, "commit", "--quiet", f"--message={wheel.name} {wheel.version}")
    log = folder / "history.log"
    with log.open("wb") as file:
        subprocess.run([*_GIT, "log", "-p", "--no-color"], cwd=tree, stdout=file, check=True)
    return log


def _fetched(wheel: Wheel, folder: Path) -> Path:
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{wheel.name}=={wheel.version} --hash=sha256:{wheel.sha256}\n")
    place = folder / f"{wheel.name}-{wheel.version}"
    options = ("--quiet", "--require-hashes", "--no-deps", "--only-binary=:all:")
    command = [sys.executable, "-m", "pip", "download", *options, "-r", str(wanted)]
    subprocess.run([*command, "--dest", str(place)], check=True, stdout=subprocess.DEVNULL)
    (file,) = place.iterdir()
    return file


def _git(tree: Path, *arguments: str) -> None:
    subprocess.run([*_GIT, *arguments], cwd=tree, check=True, stdout=subprocess.DEVNULL)
