"""The leak engine beside other scanners: speed as ratios of one run, memory, hostile texts.

Processor time decides, for others may use the machine meanwhile; it counts all threads.
"""

import statistics
import subprocess
import tempfile
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Final

from benchmarks import leaks_peers
from benchmarks.leaks_history import history
from benchmarks.leaks_hostile import HOSTILE
from benchmarks.leaks_logs import MB, known_file, known_values, synthetic
from benchmarks.leaks_peers import Peer
from benchmarks.leaks_work import work
from benchmarks.timing import PYTHON, TOOL, cost, in_turn
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.needles import Needle
from ci_secrets.secret import Secret

_VALUES: Final = known_values()
_LITERALS: Final = 27
"""Spellings of each value that ripgrep is told."""
_RUNS: Final = 5
_MAX_GROWTH: Final = 5.0
"""What four times as much of a hostile text may cost, as a multiple."""


def main() -> None:
    """Print all tables."""
    with tempfile.TemporaryDirectory() as folder:
        log = synthetic(_VALUES, 200)
        _speed(log, Path(folder))
        _redaction(log)
        _start(Path(folder))
        _memory(log)
        _hostile(log)


def _speed(log: Path, folder: Path) -> None:
    literals = _spelled(_VALUES)
    print(f"\nscan for {len(_VALUES)} values in all forms, beside peers; 2.00x is twice as fast")
    logs = [("200 MB of synthetic log", log, 2.0)]
    if real := history():
        logs.append((f"{real.stat().st_size / MB:.0f} MB of git log -p", real, 1.5))
    else:
        print("no `git log -p` to scan: its packages cannot be fetched")
    ripgrep = leaks_peers.ripgrep(literals, folder)
    for words, path, aim in logs:
        for peer, label, least, runs in (
            (ripgrep, f"ripgrep -F, {len(literals)} literals", aim, _RUNS),
            (leaks_peers.gitleaks(_VALUES, folder), "gitleaks, depth 5", 20.0, 1),
            (leaks_peers.kingfisher(_VALUES, folder), "kingfisher", None, 3),
        ):
            if peer is None:
                print(f"{words}: {label} is not there")
            else:
                _beside(f"{words}, {label}", path, peer, least, runs)


def _beside(label: str, log: Path, peer: Peer, aim: float | None, runs: int) -> None:
    """Our search, without the start of Python, beside a peer as a whole."""
    speed = log.stat().st_size / MB
    command, given = peer.command(log), leaks_peers.environment()
    found, theirs, ours = in_turn(
        lambda: cost(command, given, ends=peer.ends).cpu, lambda: work("scan", str(log)).cpu, runs
    )
    verdict = (f"{aim:.1f}x", found >= aim) if aim else None
    _row(label, f"{found:.2f}x", f"{speed / ours:.0f} to {speed / theirs:.0f} MB/s", verdict)


def _redaction(log: Path) -> None:
    print("\nredaction of 200 MB as they stream")
    pairs = [(work("redact", str(log)), work("translate", str(log))) for _ in range(_RUNS)]
    ours = statistics.median(one.speed for one, _ in pairs)
    found = statistics.median(one.speed / peer.speed for one, peer in pairs)
    _row("beside bytes.translate", f"{found:.2f}x", f"{ours:.0f} MB/s", ("300 MB/s", ours >= 300))


def _start(folder: Path) -> None:
    print("\nwhat is paid once, beside `python -I -c pass`")
    nothing = statistics.median(cost([PYTHON, "-I", "-c", "pass"]).cpu for _ in range(_RUNS))
    for label, size, aim in (("", MB, 0.2), (", made fast for much text", 200 * MB, None)):
        engine = statistics.median(work("build", "50", str(size)).cpu for _ in range(_RUNS))
        verdict = (f"{aim * 1000:.0f} ms", engine <= aim) if aim else None
        _row("engine for 50 values" + label, f"{engine / nothing:.1f}x",
             f"{engine * 1000:.0f} ms", verdict)  # fmt: skip
    small = folder / "small.log"
    with synthetic(_VALUES, 200).open("rb") as file:
        small.write_bytes(file.read(MB))
    command = [TOOL, "scan", "--known", str(known_file(_VALUES)), str(small)]
    took = [cost(command, ends=(0, 11)) for _ in range(_RUNS)]
    whole = statistics.median(one.wall for one in took)  # NOTE: what a job waits for
    busy = statistics.median(one.cpu for one in took)
    _row("ci-secrets scan of 1 MB, 20 values", f"{busy / nothing:.1f}x",
         f"{whole * 1000:.0f} ms, of all processors {busy * 1000:.0f}",
         ("300 ms", whole <= 0.3))  # fmt: skip


def _memory(log: Path) -> None:
    print("\nmemory at its peak")
    feeder = subprocess.Popen(["cat", *[str(log)] * 5], stdout=subprocess.PIPE)
    with feeder:
        command = [TOOL, "scan", "--known", str(known_file(_VALUES)), "-"]
        peak = cost(command, stdin=feeder.stdout, ends=(0, 11)).peak / MB
    _row("ci-secrets scan of 1 GB through a pipe", f"{peak:.0f} MB", "", ("200 MB", peak <= 200))


def _hostile(log: Path) -> None:
    print(
        "\nhostile texts: how much slower a byte is than of the synthetic log, and what four times"
    )
    print("as much of the text costs")
    usual = work("scan", str(log))
    for name in HOSTILE:
        part, whole = work("hostile", name, "25"), work("hostile", name, "100")
        growth = (whole.cpu / part.cpu) * 4 / (whole.bytes / part.bytes)
        _row(f"{name}", f"{usual.speed / whole.speed:.1f}x",
             f"{whole.speed:.1f} MB/s, peak {whole.peak / MB:.0f} MB, growth {growth:.1f}",
             (f"growth {_MAX_GROWTH:.0f}", growth <= _MAX_GROWTH))  # fmt: skip


def _row(label: str, found: str, source: str, aim: tuple[str, bool] | None) -> None:
    verdict = f"aim {aim[0]}, {'ok' if aim[1] else 'MISSED'}" if aim else "no aim"
    print(f"{label:<58} {found:>8}  ({'; '.join(filter(None, (verdict, source)))})")


def _is_line(needle: Needle) -> bool:
    """Whether ripgrep takes it as a literal."""
    return needle.pattern.isascii() and b"\n" not in needle.pattern


def _spelled(values: Mapping[str, str]) -> list[bytes]:
    """The likeliest spellings of each value, as many as a careful person would look for."""
    engine = build({name: Secret(value) for name, value in values.items()})
    return [
        needle.pattern
        for one in engine.spelled
        for needle in islice(filter(_is_line, one.needles), _LITERALS)
    ]
