"""Every way in which ordinary tools print a value, and logs in which they do."""

import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator
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
from tests.data.corpus.way import Case, Program, Way
from tests.data.values import values

__all__ = ["WAYS", "Case", "Way", "absent", "cases"]

WAYS: Final[tuple[Way, ...]] = (
    *bases.WAYS, *dumps.WAYS, *torn.WAYS, *packed.WAYS, *quoting.WAYS, *text.WAYS, *chains.WAYS,
    *clients.WAYS, *programs.WAYS, *python.WAYS, *rules.WAYS,
)  # fmt: skip
_BY_NAME: Final = {way.name: way for way in WAYS}
assert len(_BY_NAME) == len(WAYS), "two ways have one name"


def absent() -> frozenset[str]:
    """The commands that ways need and that are not installed."""
    return frozenset(tool for way in WAYS for tool in way.needs if shutil.which(tool) is None)


def cases(seed: int, *, clean: bool = False, ways: Iterable[Way] = WAYS) -> Iterator[Case]:
    """One log for each way and kind, with `values(seed).known` in it, or with the clean set.

    What a tool is missing for is left out. The tools run in a temporary folder.
    """
    given = values(seed).clean if clean else values(seed).known
    missing = absent()
    ways = [way for way in ways if not missing.intersection(way.needs)]
    subjects = {
        (way.name, kind): _subject(seed, way, kind, given[kind])
        for way in ways
        for kind in way.kinds
    }
    with tempfile.TemporaryDirectory(prefix="corpus-") as folder, clients.server() as url:
        printed = {
            **shell.run(ways, subjects, Path(folder), url),
            **programs.run(ways, subjects, Path(folder)),
            **python.run(ways, subjects),
        }
    for (name, kind), output in printed.items():
        yield _case(seed, _BY_NAME[name], kind, output)


def _subject(seed: int, way: Way, kind: str, value: str) -> bytes:
    """What a tool is given. A program is given one for all of its ways."""
    if way.alone:
        return value.encode()
    who = way.how.name if isinstance(way.how, Program) else way.name
    return neighbours.inside(_random(seed, who, kind, "inside"), value.encode())


def _case(seed: int, way: Way, kind: str, printed: bytes) -> Case:
    rng = _random(seed, way.name, kind, "around")
    if way.outside and b"\n" not in printed.rstrip(b"\n"):
        printed = neighbours.beside(rng, printed.rstrip(b"\n"))
    text = neighbours.around(rng, printed)
    return Case(way=way.name, kind=kind, text=text, printed=printed, needs=way.needs)


def _random(*about: object) -> random.Random:
    """The same at each run, whichever ways are asked for."""
    return random.Random(repr(about))  # noqa: S311
