"""Real logs, made by running real tools: what a scan of them finds, it made up.

`python -m tests.real.logs FOLDER --size 3000` makes at most so many MB in a folder. Only packages
are fetched, and kept in the folder; the logs of a second run there are those of the first.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import IO, Final

from tests.real.log_sorts import COMMIT, FETCH, SORTS, Sort

_PATIENCE: Final = 30
"""Seconds that one tool may take for 100 MB of all logs; what it printed until then is its log."""
_PIECE: Final = 1 << 16


def sorts() -> list[Sort]:
    """Those that this machine can print."""
    return [one for one in SORTS if all(map(shutil.which, one.needs.split()))]


def make(folder: Path, size: int) -> list[Path]:
    """At most `size` bytes of logs in a folder, of every sort; the files there are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    _fetch(folder)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        made = pool.map(lambda one: _make(one, folder, size * one.share // 1000), sorts())
        return [path for path in made if path.stat().st_size]


def _fetch(folder: Path) -> None:
    """Several versions of some packages, and repositories of which each version is a commit."""
    if (folder / "repositories").exists():
        return
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        packages = Path(scratch) / "packages"
        packages.mkdir()
        tools = [tool for tool in FETCH if shutil.which(tool)]
        for tool in tools:
            subprocess.run(["bash", "-ec", FETCH[tool]], cwd=packages, check=True)
        subprocess.run(["bash", "-ec", COMMIT], cwd=packages, check=True)
        packages.rename(folder / "packages")
        (Path(scratch) / "repositories").rename(folder / "repositories")


def _make(sort: Sort, folder: Path, most: int) -> Path:
    path = folder / f"{sort.name}-{most}.log"
    if not path.exists():
        with tempfile.TemporaryDirectory(dir=folder) as scratch:
            part = Path(scratch) / "part"
            with part.open("wb") as log:
                for piece in _printed(sort, Path(scratch), folder, most):
                    log.write(piece)
            part.rename(path)
    return path


def _printed(sort: Sort, scratch: Path, folder: Path, most: int) -> Iterator[bytes]:
    env = os.environ | {
        "PACKAGES": str((folder / "packages").resolve()),
        "REPOSITORIES": str((folder / "repositories").resolve()),
        "PROJECT": str(Path(__file__).parents[2]),
        "PYTHON": sys.executable,
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_PAGER": "cat",
        "GOMAXPROCS": "1",
        "GOTOOLCHAIN": "local",
        "LC_ALL": "C.UTF-8",
        "NO_UPDATE_NOTIFIER": "1",
    }
    patience = _PATIENCE + _PATIENCE * most * 1000 // sort.share // 100_000_000
    work = scratch / "work"
    work.mkdir()
    child = subprocess.Popen(
        ["timeout", str(patience), "bash", "-c", sort.script],
        cwd=work,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    assert child.stdout
    left = most
    try:
        for piece in _stamped(child.stdout) if sort.stamped else _pieces(child.stdout):
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return
    finally:
        os.killpg(child.pid, signal.SIGKILL)
        child.stdout.close()
        child.wait()


def _pieces(log: IO[bytes]) -> Iterator[bytes]:
    while piece := log.read(_PIECE):
        yield piece


def _stamped(log: IO[bytes]) -> Iterator[bytes]:
    """As GitHub's runner writes a log: UTC with seven digits, and a blank."""
    began = datetime(2026, 11, 22, 6, 23, 36, 123456, tzinfo=UTC)
    for number, line in zip(count(), log, strict=False):
        at = began + timedelta(microseconds=1709 * number)
        yield f"{at:%Y-%m-%dT%H:%M:%S.%f}{number % 10}Z ".encode() + line


def main() -> None:
    """Make the logs, and say how large each is."""
    parser = argparse.ArgumentParser(prog="python -m tests.real.logs", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=3000, help="MB in all; default 3000")
    options = parser.parse_args()
    made = make(options.folder, options.size * 1_000_000)
    for path in made:
        print(f"{path.stat().st_size / 1e6:8.2f} MB  {path.name}")
    print(f"{sum(path.stat().st_size for path in made) / 1e6:8.2f} MB")


if __name__ == "__main__":
    main()
