"""Which runs were opened on this machine, and how they stand."""

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ci_secrets import disk
from ci_secrets.platforms.interface import Run
from ci_secrets.seal import place
from ci_secrets.seal.box import read_header, run_of

_TOMBSTONE_LIMIT = 1 << 20


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One run that was opened on this machine."""

    kind: Literal["open", "closed", "damaged", "lost", "changed", "foreign"]
    """`damaged`: the clear header cannot be read, so whose it is cannot be told.
    `lost`: a directory in which something was opened, with neither state nor tombstone.
    `changed`: no directory that we made: a link, or open to the changes of others.
    `foreign`: of another user, who does not say that nothing is open in it."""
    path: Path
    """Of the state (`open`, `damaged`), of the tombstone (`closed`), else of the directory."""
    run: Run | None = None
    """As the clear header has it, without its URL; not yet authenticated. Foreign text."""
    tombstone: Mapping[str, Any] | None = None
    """What `SealedState.close` was given; `None` unless `closed`."""


def find(directory: Path, run: Run) -> list[Found]:
    """What stands in the directory for this run: its platform, run, attempt and job all match.

    Where `run.run` is empty (a machine without a CI, no `--run-id`), every open state of that
    platform; where none is open, the last tombstone. Damaged states are always listed, for they
    may be ours. A directory in which nothing is left is `lost`; where there is no directory,
    nothing was opened, and the list is empty. A directory that is not ours is not looked into.
    """
    if disk.absent(directory):
        return []
    if place.not_ours(directory):
        if not disk.of_another_user(directory):
            return [Found(kind="changed", path=directory)]
        closed = place.looks_closed(directory)
        return [] if closed else [Found(kind="foreign", path=directory)]
    found = [*_states(directory), *_tombstones(directory)]
    if not found:
        return [Found(kind="lost", path=directory)]
    if all(entry.kind == "closed" for entry in found):
        place.settle(directory)  # a crash may have come before that
    damaged = [entry for entry in found if entry.run is None]
    if run.run:
        ours = [entry for entry in found if entry.run and _same(entry.run, run)]
    else:
        known = [entry for entry in found if entry.run and entry.run.platform == run.platform]
        ours = [entry for entry in known if entry.kind == "open"] or known[-1:]
    return ours + damaged


def closed_meanwhile(state: Path) -> Found | None:
    """The tombstone of a state that was found open, if another process has closed it since."""
    return _tombstone(state.with_suffix(".closed"))


def _states(directory: Path) -> Iterator[Found]:
    for path in sorted(directory.glob("*.sealed")):
        if os.path.lexists(path.with_suffix(".closed")):
            disk.remove(path)  # a crash came between the tombstone and this
            continue
        header = read_header(path)
        if header is not None:
            yield Found(kind="open", path=path, run=header.run)
        elif os.path.lexists(path):
            yield Found(kind="damaged", path=path)


def _tombstones(directory: Path) -> Iterator[Found]:
    """The tombstones, last written last."""
    dated = []
    for path in directory.glob("*.closed"):
        with contextlib.suppress(OSError):
            dated.append((path.lstat().st_mtime, path))
    found = (_tombstone(path) for _, path in sorted(dated))
    return (entry for entry in found if entry)


def _tombstone(path: Path) -> Found | None:
    try:
        fields = json.loads(disk.read_private(path, _TOMBSTONE_LIMIT))
        tombstone = fields["tombstone"]
        run = run_of(fields)
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    if not isinstance(tombstone, dict):
        return None
    return Found(kind="closed", path=path, run=run, tombstone=tombstone)


def _same(one: Run, other: Run) -> bool:
    ours = (other.platform, other.run, other.attempt, other.job)
    return (one.platform, one.run, one.attempt, one.job) == ours
