"""CMD run by a process of its own, so that signals and descriptors are real."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from tests import patience

RUNNER = Path(__file__).with_name("runner.py")
PYTHON = sys.executable


def sh(script: str) -> list[str]:
    """The words that run a script in sh."""
    return ["sh", "-c", script]


def python(code: str) -> list[str]:
    """The words that run a program in Python."""
    return [PYTHON, "-c", code]


_started: list[subprocess.Popen[bytes]] = []


def popen(words: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
    """Start a process that is killed when its test takes too long."""
    process = subprocess.Popen(words, **options)
    _started.append(process)
    return process


@pytest.fixture(autouse=True)
def _bounded() -> Iterator[None]:
    """Let a test that waits for ever fail instead."""

    def late(_signum: int, _frame: FrameType | None) -> None:
        for process in _started:
            process.kill()
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(patience.SECONDS)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
    _started.clear()


class Runner:
    """Starts `runner.py` and reads its journal."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "journal"

    def command(self, argv: Sequence[str], **settings: object) -> list[str]:
        """The words that run `argv` under the runner."""
        settings["journal"] = str(self.path)
        file = self.path.with_name("settings.json")
        file.write_text(json.dumps(settings))
        return [PYTHON, "-I", str(RUNNER), str(file), *argv]

    def start(
        self,
        argv: Sequence[str],
        *,
        stdin: Any = subprocess.DEVNULL,
        stdout: Any = subprocess.PIPE,
        stderr: Any = subprocess.PIPE,
        before: Callable[[], None] | None = None,
        **settings: object,
    ) -> subprocess.Popen[bytes]:
        """Start it in a process group of its own, as a shell with job control does."""
        return popen(
            self.command(argv, **settings),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            process_group=0,
            preexec_fn=before,
        )

    def run(
        self, argv: Sequence[str], **options: Any
    ) -> tuple[subprocess.CompletedProcess[bytes], dict[str, Any]]:
        """Run it to its end: the process, and what `child.run` returned."""
        with self.start(argv, **options) as process:
            out, err = process.communicate(timeout=patience.SECONDS)
        done = subprocess.CompletedProcess(argv, process.returncode, out or b"", err or b"")
        return done, self.ended()

    def journal(self) -> list[list[Any]]:
        """All that was noted so far."""
        return [json.loads(line) for line in self.path.read_text().splitlines()]

    def journal_so_far(self) -> list[list[Any]]:
        """The same, where nothing may have been noted."""
        return self.journal() if self.path.exists() else []

    def noted(self, kind: str) -> list[Any]:
        """What was noted of one kind."""
        return [entry[1] for entry in self.journal() if entry[0] == kind]

    def ended(self) -> dict[str, Any]:
        """What `child.run` returned; empty where it raised."""
        entries = self.noted("ended")
        return entries[0] if entries else {}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """A runner with its journal in the test's directory."""
    return Runner(tmp_path)
