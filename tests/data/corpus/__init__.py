"""Every way in which ordinary tools print a value, and logs in which they do."""

import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.data.corpus import (
    bases,
    chains,
    clients,
    dumps,
    neighbours,
    packed,
    programs,
    python,
    quoting,
    rules,
    shell,
    text,
    torn,
)
from tests.data.corpus.way import Case, Way
from tests.data.values import values

__all__ = ["WAYS", "Case", "Way", "absent", "cases"]

WAYS: Final[tuple[Way, ...]] = (
    *bases.WAYS, *dumps.WAYS, *torn.WAYS, *packed.WAYS, *quoting.WAYS, *text.WAYS, *chains.WAYS,
    *clients.WAYS, *programs.WAYS, *python.WAYS, *rules.WAYS,
)  # fmt: skip
assert len({way.name for way in WAYS}) == len(WAYS)


def absent() -> frozenset[str]:
    """The commands that ways need and that are not installed."""
    return frozenset(tool for way in WAYS for tool in way.needs if shutil.which(tool) is None)


def cases(seed: int, *, clean: bool = False) -> Iterator[Case]:
    """One log for each way and kind, with `values(seed).known` in it, or with the clean set.

    What a tool is missing for is left out. The tools run in a temporary folder.
    """
    rng = random.Random(f"{seed} {clean}")  # noqa: S311  # NOTE: has to be the same at each run
    given = values(seed).clean if clean else values(seed).known
    ways = [way for way in WAYS if not absent().intersection(way.needs)]
    subjects = {
        (way.name, kind): (
            given[kind].encode() if way.alone else neighbours.inside(rng, given[kind].encode())
        )
        for way in ways
        for kind in way.kinds
    }
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder, clients.server() as url:
        printed = {
            **shell.run(ways, subjects, Path(folder), url),
            **programs.run(ways, subjects, Path(folder)),
            **python.run(ways, subjects),
        }
    for way in ways:
        for kind in way.kinds:
            yield _case(rng, way, kind, printed[way.name, kind])


def _case(rng: random.Random, way: Way, kind: str, printed: bytes) -> Case:
    if way.outside and b"\n" not in printed.rstrip(b"\n"):
        printed = neighbours.beside(rng, printed.rstrip(b"\n"))
    text = neighbours.around(rng, printed)
    return Case(way=way.name, kind=kind, text=text, printed=printed, needs=way.needs)
