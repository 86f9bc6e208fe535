"""The container of a GitLab job, as the docker executor treats it: files stay, all else goes.

Source: gitlab-runner, shells/bash.go for the form of a script, executors/docker for the rest.
"""

import contextlib
import os
import shlex
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests import patience
from tests.real.recipes import Done, run

ALONE = ("unshare", "--user", "--map-root-user", "--mount", "--pid", "--fork", "--mount-proc")
_TERM_SECONDS = 6.0


def can_contain() -> bool:
    """Whether this machine lets us have namespaces of our own."""
    return run([*ALONE, "true"], env={"PATH": os.environ["PATH"]}, cwd=Path("/")).code == 0


@dataclass(kw_only=True, slots=True)
class Container:
    """`script` and `after_script` each have their own processes and their own /dev/shm."""

    job: Mapping[str, Any]
    """Of the expanded pipeline."""
    workspace: Path
    env: Mapping[str, str]
    interpreter: str = "bash"
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def script(self) -> Done:
        """Run `before_script` and `script`, which are one shell."""
        return self.ended(self.start())

    def after_script(self) -> Done:
        """Run `after_script`, in what is a new container but for its files."""
        return self.ended(self._start(self.job["after_script"]))

    def start(self) -> "subprocess.Popen[bytes]":
        """Begin what `script` runs."""
        return self._start([*self.job.get("before_script", []), *self.job["script"]])

    @staticmethod
    def ended(process: "subprocess.Popen[bytes]") -> Done:
        """Wait for the end of a phase."""
        out, _ = process.communicate(timeout=patience.SECONDS)
        return Done(code=process.returncode, out=out.decode())

    def cancel(self, process: "subprocess.Popen[bytes]") -> None:
        """SIGTERM to each process but the first, the newest first, with six seconds each."""
        for pid in self._inside(process):
            with contextlib.suppress(ProcessLookupError):  # ended with one that came before
                os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + _TERM_SECONDS
            while _runs(pid) and time.monotonic() < deadline:
                time.sleep(0.02)
        self.kill(process)

    def kill(self, process: "subprocess.Popen[bytes]") -> None:
        """End the container at once, with all that runs in it."""
        process.kill()  # `--kill-child` takes the first process along, and that all others

    def _start(self, lines: Sequence[str]) -> "subprocess.Popen[bytes]":
        text = "\n".join(lines)
        pipefail = "if set -o | grep pipefail >/dev/null; then set -o pipefail; fi; set -o errexit"
        evaluated = f"eval {shlex.quote(text)}"
        if self.job["variables"].get("FF_USE_NEW_BASH_EVAL_STRATEGY") == "true":
            evaluated = f"({evaluated})"
        script = f"{pipefail}\nset +o noclobber\n: | {evaluated}\nexit 0\n"
        enter = f"mount -t tmpfs none /dev/shm && exec {self.interpreter}"
        process = subprocess.Popen(
            [*ALONE, "--kill-child", "sh", "-c", enter],
            cwd=self.workspace,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
        )
        self.started.append(process)
        assert process.stdin is not None
        process.stdin.write(script.encode())
        process.stdin.close()
        process.stdin = None
        return process

    def _inside(self, process: "subprocess.Popen[bytes]") -> list[int]:
        """The processes of a container but its first, the newest first."""
        (first,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        space = Path(f"/proc/{first}/ns/pid").readlink()
        pids = sorted(pid for pid in _processes() if _namespace(pid) == space)
        return [pid for pid in reversed(pids) if pid != int(first)]


def _processes() -> Iterator[int]:
    return (int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal())


def _namespace(pid: int) -> Path | None:
    try:
        return Path(f"/proc/{pid}/ns/pid").readlink()
    except OSError:
        return None


def _runs(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
