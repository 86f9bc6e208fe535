"""Many files by several processes."""

import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ci_secrets.leaks import workers
from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.input import Target
from ci_secrets.leaks.scan import scan_paths
from ci_secrets.leaks.workers import scanned, shares
from tests import patience
from tests.unit.leaks.strategies import engine_of

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})


@pytest.fixture
def two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give two processors, no other thread, and no lower bound."""
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    monkeypatch.setattr(threading, "active_count", lambda: 1)
    monkeypatch.setattr(workers, "MIN_BYTES", 0)


def _files(*sizes: int) -> list[Target]:
    return [Target(name=f"{at}.log", size=size) for at, size in enumerate(sizes)]


@pytest.mark.usefixtures("two")
class TestShares:
    """Who scans what."""

    def test_even(self) -> None:
        """The work is dealt out by size, the largest first."""
        assert shares(_files(1, 9, 5, 4)) == [[1, 0], [2, 3]]

    @pytest.mark.parametrize("sizes", [(), (5,)])
    def test_too_few(self, sizes: tuple[int, ...]) -> None:
        """One file is scanned by one process: ours."""
        assert shares(_files(*sizes)) == []

    def test_too_small(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A start of processes would take longer than the work."""
        monkeypatch.setattr(workers, "MIN_BYTES", 100)
        assert shares(_files(50, 49)) == []
        assert len(shares(_files(50, 50))) == 2

    def test_beside_other_threads(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where threads run there is no fork."""
        monkeypatch.setattr(threading, "active_count", lambda: 2)
        assert shares(_files(5, 5)) == []


@pytest.mark.usefixtures("two")
def test_the_report_is_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings, coverage and counts, in the same order; progress reaches all of the bytes."""
    for at in range(9):
        (tmp_path / f"{at}.log").write_text(f"{'x' * 1000 * at}\n{PW}\n" * (at % 3))
    told: list[tuple[int, int]] = []
    several = scan_paths(ENGINE, [tmp_path], on_progress=lambda *now: told.append(now))
    monkeypatch.setattr(workers, "MIN_BYTES", 10**9)
    single = scan_paths(ENGINE, [tmp_path])
    assert len(several.findings) == 9
    assert replace(several, seconds=0) == replace(single, seconds=0)
    assert told[-1][0] == told[-1][1] == single.bytes


def test_each_report_comes_from_another_process() -> None:
    """The work is done elsewhere."""
    reports = scanned(lambda _: Report(lines=os.getpid()), _files(1, 1, 1), [[0, 1], [2]])
    pids = {at: report.lines for at, report in reports}
    assert pids[0] == pids[1] != pids[2]
    assert os.getpid() not in pids.values()


@pytest.mark.usefixtures("two")
def test_a_process_that_dies_owes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process that was killed has not told is scanned by ours."""
    ours = os.getpid()
    for at in range(4):
        (tmp_path / f"{at}.log").write_text(PW)

    def scan(target: Target) -> Report:
        os._exit(9) if os.getpid() != ours and target.name.endswith("2.log") else None
        return Report()

    assert {at for at, _ in scanned(scan, _files(1, 1, 1, 1), [[0, 2], [1, 3]])} == {0, 1, 3}
    monkeypatch.setattr("ci_secrets.leaks.scan.scanned", lambda *_: iter(()))
    assert len(scan_paths(ENGINE, [tmp_path]).findings) == 4


ENDLESS = """
import os, signal
from ci_secrets.leaks.input import Target
from ci_secrets.leaks.workers import scanned

def scan(target):
    os.write(1, f"{os.getpid()}\\n".encode())
    signal.pause()

list(scanned(scan, [Target(name="a", size=1), Target(name="b", size=1)], [[0], [1]]))
"""


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_they_end_with_us(signum: int) -> None:
    """Whatever ends us: none of them goes on with the values in its memory."""
    with subprocess.Popen([sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signum)
        try:
            # NOTE: at an end when nobody has the pipe open any more
            process.communicate(timeout=patience.SECONDS)
        except subprocess.TimeoutExpired:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            raise
        assert process.returncode == -signum
