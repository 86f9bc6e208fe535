"""The job's own log, as GitHub's runner keeps it on this machine while the job runs.

No interface promises it: the runner writes the log, masked, into pages below its `_diag`, and
deletes them once they are uploaded. Where it can be found it is looked at; where not, nothing is
lost. Source: actions/runner, Logging.cs and ExecutionContext.cs, read 2026-08.
"""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

MAX_LOG_BYTES: Final = 64 * 1024 * 1024
_WORKER: Final = "Runner.Worker"
_GENERATIONS: Final = 64
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_SLACK_SECONDS: Final = 2
"""Of the two clocks that are compared."""


def read(proc: Path = Path("/proc")) -> bytes | None:
    """All pages of this job's log that are there now; `None` where there are none.

    A runner runs one job at a time, so that pages younger than its worker are this job's. A page
    of a step that is over is in the job's own pages too.
    """
    worker = _worker(proc)
    if worker is None:
        return None
    executable, began = worker
    folder = executable.parents[1] / "_diag" / "pages"
    pages = [page for page in sorted(folder.glob("*.log")) if _changed_since(page, began)]
    log = b"".join(_contents(pages))
    return log or None


def _worker(proc: Path) -> tuple[Path, float] | None:
    """The runner's process that we descend from, and when it began, in Unix seconds."""
    process = os.getpid()
    for _ in range(_GENERATIONS):
        try:
            executable = (proc / str(process) / "exe").readlink()
            parent, began = _of_stat((proc / str(process) / "stat").read_text())
            if executable.name == _WORKER:
                return executable, _booted(proc) + began / os.sysconf("SC_CLK_TCK")
        except (OSError, ValueError, IndexError):
            return None
        process = parent
    return None


def _of_stat(text: str) -> tuple[int, int]:
    """Parent and beginning, in ticks since the machine started. Source: proc(5), /proc/PID/stat."""
    fields = text.rpartition(")")[2].split()  # a name may hold anything, `)` too
    return int(fields[1]), int(fields[19])


def _booted(proc: Path) -> int:
    """When the machine started, in whole Unix seconds."""
    (line,) = (it for it in (proc / "stat").read_text().splitlines() if it.startswith("btime "))
    return int(line.split()[1])


def _changed_since(page: Path, began: float) -> bool:
    try:
        return page.lstat().st_mtime >= began - _SLACK_SECONDS
    except OSError:
        return False


def _contents(pages: list[Path]) -> Iterator[bytes]:
    """Of regular files, without the BOM that each begins with; no more than we would scan."""
    left = MAX_LOG_BYTES
    for page in pages:
        try:
            with os.fdopen(os.open(page, _READ), "rb") as file:
                if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                    continue
                content = file.read(left)
        except OSError:
            continue  # uploaded and deleted meanwhile
        left -= len(content)
        yield content.removeprefix(b"\xef\xbb\xbf")
