"""Times whole commands in turn (A B A B …), so that a machine that drifts drifts for both."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

PYTHON = sys.executable
TOOL = str(Path(PYTHON).parent / "ci-secrets")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one run took. Processor time counts all threads, and no one else's work."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds, of the process and those that it waited for."""
    peak: int
    """Bytes of memory, at most."""


def cost(
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    stdin: IO[bytes] | None = None,
    ends: Sequence[int] = (0,),
) -> Cost:
    """One run, from outside. `ends`: the exit codes that say it did its work; else it raises."""
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=stdin if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in ends:
        raise SystemExit(f"{command[0]} ended in {process.returncode}")
    return Cost(wall=wall, cpu=usage.ru_utime + usage.ru_stime, peak=usage.ru_maxrss * 1024)


def in_turn(
    ours: Callable[[], float], peer: Callable[[], float], runs: int
) -> tuple[float, float, float]:
    """The median ratio ours/peer, pair by pair, and both medians."""
    pairs = [(ours(), peer()) for _ in range(runs)]
    return (
        statistics.median(a / b for a, b in pairs),
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
    )


def ratio(
    ours: Sequence[str],
    peer: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    runs: int = 11,
) -> tuple[float, float, float]:
    """The median ratio of wall times ours/peer after a warm-up, and both median seconds."""
    env = dict(environment or os.environ)
    cost(ours, env), cost(peer, env)
    return in_turn(lambda: cost(ours, env).wall, lambda: cost(peer, env).wall, runs)


def row(label: str, measured: tuple[float, float, float], aim: float) -> None:
    """One line of a table: the ratio, what it was aimed at, and what it came from."""
    found, ours, peer = measured
    verdict = "ok" if found <= aim else "MISSED"
    print(
        f"{label:<44} {found:5.2f}x  (aim {aim:.2f}x, {verdict}; "
        f"{ours * 1000:.0f} ms to {peer * 1000:.0f} ms)"
    )
