"""The runner's pages: found through the processes that we descend from, read as they are.

The runner is made up here, by what its sources say: a process called Runner.Worker in a folder
`bin`, and beside that `_diag/pages`.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ci_secrets.platforms import github_diag
from tests import patience

BOM = b"\xef\xbb\xbf"
CODE = """\
import sys
from ci_secrets.platforms.github_diag import read
log = read()
sys.stdout.buffer.write(b"none" if log is None else log)
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give the folder of a runner that has no pages yet."""
    (tmp_path / "bin").mkdir()
    shutil.copy("/bin/sh", tmp_path / "bin" / "Runner.Worker")
    (tmp_path / "_diag" / "pages").mkdir(parents=True)
    return tmp_path


def _seen(root: Path, before: str = "") -> bytes:
    """What a process sees that the runner's worker has started; `before`: what that does first."""
    script = f'{before}\n"$1" -I -c "$2"; exit $?'
    done = subprocess.run(
        [root / "bin" / "Runner.Worker", "-c", script, "sh", sys.executable, CODE],
        cwd=root,
        capture_output=True,
        check=True,
        timeout=patience.SECONDS,
    )
    return done.stdout


def test_pages_of_the_job(root: Path) -> None:
    """All of them in order, each without its BOM."""
    pages = root / "_diag" / "pages"
    write = f"cd {pages}; printf '\\357\\273\\277one\\n' >a_b_1.log; printf 'two\\n' >a_b_2.log"
    assert _seen(root, write) == b"one\ntwo\n"


def test_a_page_that_nobody_has_written_to_for_a_while(root: Path) -> None:
    """Counts as long as it is younger than the job."""
    write = f"echo early >{root}/_diag/pages/a_1.log; sleep 3"
    assert _seen(root, write) == b"early\n"


def test_pages_of_an_earlier_job(root: Path) -> None:
    """Are left alone: they are older than the worker."""
    old = root / "_diag" / "pages" / "old_1.log"
    old.write_bytes(BOM + b"of another job\n")
    os.utime(old, (time.time() - 100, time.time() - 100))
    assert _seen(root) == b"none"


def test_a_link_or_a_pipe_among_them(root: Path) -> None:
    """Neither is followed, nor waited for."""
    pages = root / "_diag" / "pages"
    write = f"cd {pages}; ln -s /etc/passwd x_1.log; mkfifo x_2.log; echo mine >x_3.log"
    assert _seen(root, write) == b"mine\n"


def test_no_runner() -> None:
    """On a machine where no runner started us there is nothing to see."""
    assert github_diag.read() is None


def test_no_more_than_can_be_scanned(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read has a limit."""
    monkeypatch.setattr(github_diag, "MAX_LOG_BYTES", 5)
    pages = [root / "a.log", root / "b.log"]
    for page in pages:
        page.write_bytes(b"four")
    assert b"".join(github_diag._contents(pages)) == b"fourf"
