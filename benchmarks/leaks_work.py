"""Runs one piece of the engine's work in a process of its own, and says what it took.

`python -m benchmarks.leaks_work scan LOG` prints seconds and bytes as JSON. Only the work counts:
neither the start of Python, nor the engine (which `build` measures), nor the making of the text.
"""

import gc
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from benchmarks.leaks_hostile import HOSTILE
from benchmarks.leaks_logs import known_values
from benchmarks.timing import PYTHON
from ci_secrets.cli.main import GARBAGE
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret

_CHUNK: Final = 1 << 20
_MUCH: Final = 1 << 30
"""Bytes for which everything is made fast."""
_ROOT: Final = Path(__file__).parents[1]


@dataclass(frozen=True, kw_only=True, slots=True)
class Work:
    """What a piece of work took."""

    cpu: float
    """Seconds of processor time."""
    wall: float
    """Seconds."""
    bytes: int
    peak: int
    """Bytes of memory that the process had at most."""
    found: int = 0
    """Findings."""

    @property
    def speed(self) -> float:
        """MB a second of processor time."""
        return self.bytes / self.cpu / 1e6


def work(*words: str) -> Work:
    """Do it in a process of its own: `work("scan", LOG)`, `work("hostile", NAME, HUNDREDTHS)`."""
    command = [PYTHON, "-m", "benchmarks.leaks_work", *words]
    done = subprocess.run(command, cwd=_ROOT, stdout=subprocess.PIPE, check=True)
    return Work(**json.loads(done.stdout))


class _Clock:
    """Adds up what calls take."""

    def __init__(self) -> None:
        self.cpu = self.wall = 0.0
        self.bytes = 0

    def feed(self, call: Callable[[bytes], object], chunks: Iterable[bytes]) -> None:
        """Call it with each chunk."""
        for chunk in chunks:
            self.run(lambda chunk=chunk: call(chunk))  # type: ignore[misc]
            self.bytes += len(chunk)

    def run(self, call: Callable[[], object]) -> None:
        """Call it once."""
        wall, cpu = time.perf_counter(), time.process_time()
        call()
        self.cpu += time.process_time() - cpu
        self.wall += time.perf_counter() - wall

    def stopped(self, found: int = 0) -> Work:
        """What it came to."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return Work(cpu=self.cpu, wall=self.wall, bytes=self.bytes, peak=peak, found=found)


def _scan(log: str) -> Work:
    return _scanned(_engine(known_values(), Path(log).stat().st_size), _chunks(log))


def _hostile(name: str, hundredths: str) -> Work:
    text = HOSTILE[name]
    return _scanned(_engine(text.values, _MUCH), text.chunks(int(hundredths)))


def _scanned(engine: Engine, chunks: Iterable[bytes]) -> Work:
    scanner, clock = Scanner(engine), _Clock()
    clock.feed(scanner.feed, chunks)
    clock.run(scanner.finish)
    return clock.stopped(len(scanner.report("log").findings))


def _redact(log: str) -> Work:
    redactor, clock = Redactor(_engine(known_values())), _Clock()
    clock.feed(redactor.feed, _chunks(log))
    clock.run(redactor.finish)
    return clock.stopped(len(redactor.report("log").findings))


def _translate(log: str) -> Work:
    clock = _Clock()
    clock.feed(lambda chunk: chunk.translate(None, b" \t\r\n"), _chunks(log))
    return clock.stopped()


def _build(count: str, size: str) -> Work:
    gc.set_threshold(GARBAGE)
    _engine(known_values(1), _MUCH)  # NOTE: so that all modules are there
    clock = _Clock()
    clock.run(lambda: _engine(known_values(int(count), seed=2), int(size)))
    return clock.stopped()


def _engine(values: Mapping[str, str], size: int = 0) -> Engine:
    """With all that it builds when it is first used for so many bytes."""
    engine = build({name: Secret(value) for name, value in values.items()})
    for shelf in engine.shelves:
        _ = shelf.literal, shelf.squashed, shelf.partials, shelf.anchors
    engine.expect(size)
    return engine


def _chunks(log: str) -> Iterator[bytes]:
    with Path(log).open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


_KINDS: Final[Mapping[str, Callable[..., Work]]] = {
    "scan": _scan,
    "hostile": _hostile,
    "redact": _redact,
    "translate": _translate,
    "build": _build,
}

if __name__ == "__main__":
    print(json.dumps(asdict(_KINDS[sys.argv[1]](*sys.argv[2:]))))
