"""Times whole commands in turn (A B A B …), so that a machine that drifts drifts for both."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

PYTHON = sys.executable
TOOL = str(Path(PYTHON).parent / "ci-secrets")


def seconds(command: Sequence[str], environment: Mapping[str, str]) -> float:
    """Wall time of one run, from outside. Raises where the command fails."""
    began = time.perf_counter()
    done = subprocess.run(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False
    )
    took = time.perf_counter() - began
    if done.returncode:
        raise SystemExit(f"{command[0]} ended in {done.returncode}: {done.stderr.decode()[-800:]}")
    return took


def ratio(
    ours: Sequence[str],
    peer: Sequence[str],
    environment: Mapping[str, str] | None = None,
    *,
    runs: int = 11,
) -> tuple[float, float, float]:
    """The median ratio ours/peer, pair by pair after a warm-up, and both median seconds."""
    env = dict(environment or os.environ)
    seconds(ours, env), seconds(peer, env)
    pairs = [(seconds(ours, env), seconds(peer, env)) for _ in range(runs)]
    return (
        statistics.median(a / b for a, b in pairs),
        statistics.median(a for a, _ in pairs),
        statistics.median(b for _, b in pairs),
    )


def row(label: str, measured: tuple[float, float, float], aim: float) -> None:
    """One line of a table: the ratio, what it was aimed at, and what it came from."""
    found, ours, peer = measured
    verdict = "ok" if found <= aim else "MISSED"
    print(
        f"{label:<44} {found:5.2f}x  (aim {aim:.2f}x, {verdict}; "
        f"{ours * 1000:.0f} ms to {peer * 1000:.0f} ms)"
    )
