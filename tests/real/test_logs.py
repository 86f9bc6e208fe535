"""Real logs with none of the values in them: nothing is found, and little is looked at closely."""

import os
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path

import pytest

from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.index import Hit
from ci_secrets.leaks.inspector import Inspector
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret
from tests.data.values import values
from tests.real.log_sorts import SORTS
from tests.real.logs import make
from tests.real.servers.vault import real_dir

MEGABYTES = int(os.environ.get("CI_SECRETS_LOGS_MB", "30"))
"""3000 make more than 1 GB of logs, and take some minutes."""
VALUES = 50
MOST = 40
"""Closer looks at each MB of a log that is not encoded."""
SMALL = 200_000
"""Bytes below which a log is too short to count by the MB."""


def _values(seed: int) -> Iterator[tuple[str, Secret]]:
    """Values of all seven kinds, of this seed and the next ones."""
    for number in count(seed):
        for kind, value in values(number).known.items():
            yield f"{kind}-{number}", Secret(value)


@pytest.fixture(scope="module")
def logs() -> list[Path]:
    """Give logs of every sort that this machine can print."""
    return make(real_dir() / "logs", MEGABYTES * 1_000_000)


@pytest.fixture(scope="module")
def engine() -> Engine:
    """Give an engine that knows fifty values."""
    return build(dict(islice(_values(1000), VALUES)))


def _scan(engine: Engine, path: Path) -> tuple[Finding, ...]:
    scanner = Scanner(engine)
    with path.open("rb") as log:
        while piece := log.read(1 << 18):
            scanner.feed(piece)
    scanner.finish()
    return scanner.report(path.name).findings


def test_nothing_is_found_and_little_is_inspected(
    logs: list[Path], engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """None of fifty values is found in any log, and a closer look is taken at few places."""
    looks = 0
    inspect = Inspector.inspect

    def counted(self: Inspector, text: bytes, noticed: Iterable[int]) -> list[Hit]:
        nonlocal looks
        looks += 1
        return inspect(self, text, noticed)

    monkeypatch.setattr(Inspector, "inspect", counted)
    assert sum(path.stat().st_size for path in logs) > MEGABYTES * 300_000
    ordinary = {sort.name for sort in SORTS if not sort.encoded}
    found: dict[str, tuple[Finding, ...]] = {}
    often: dict[str, float] = {}
    for path in logs:
        name, size, looks = path.stem.rpartition("-")[0], path.stat().st_size, 0
        if findings := _scan(engine, path):
            found[name] = findings
        if name in ordinary and size > SMALL and looks * 1_000_000 > MOST * size:
            often[name] = looks * 1_000_000 / size
    assert not found
    assert not often, f"closer looks by MB: {often}"
