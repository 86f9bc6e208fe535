"""Where the states of runs lie, each user's in a place of his own, and what is left there."""

import contextlib
import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ci_secrets import disk, seal
from ci_secrets.paths import absolute
from ci_secrets.platforms.interface import Platform, Run

if TYPE_CHECKING:
    from ci_secrets.job.opening import Wanted

_OWN_DIRECTORY = re.compile(r"[0-9a-f]{16}")
"""As `directory` names them; what else lies in a `--state-dir` is none of our business."""


def directory(base: Path, run: Run) -> Path:
    """The run's own directory below the platform's: that it exists says that the run was opened."""
    identity = "\0".join((run.platform, run.run, run.attempt, run.job))
    return base / hashlib.sha256(identity.encode()).hexdigest()[:16]


def base(wanted: "Wanted", platform: Platform) -> Path:
    """Where the runs have their directories: the place that was named, else the platform's.

    Raises `OutputRefusedError` where it leads nowhere.
    """
    return absolute(wanted.state_dir or platform.state_directory())


def own_base(base: Path, run: Run) -> Path:
    """`base`, or where another user keeps us from it, our own place beside it.

    So it is after a step by sudo: its directory for this run, or even `base`, is root's. Raises
    `OutputRefusedError` where the place beside cannot be had either.
    """
    if disk.absent(base):
        return disk.private_directory(base, 0o755)
    place = directory(base, run)
    kept_out = disk.of_another_user(base) and not os.access(base, os.W_OK | os.X_OK)
    if disk.of_another_user(place) or (disk.absent(place) and kept_out):
        return disk.private_directory(_beside(base), 0o755)
    return base


def _beside(base: Path) -> Path:
    return base.parent / f"{base.name}-{os.geteuid()}"  # NOTE: / has no name to replace


def _bases(base: Path) -> list[Path]:
    """`base`, and beside it what is our own place, and what is that of other users."""
    found = [base, _beside(base)]
    named = re.compile(re.escape(base.name) + r"-(\d+)")
    with contextlib.suppress(OSError):  # it is not there, or its names are hidden from us
        for path in sorted(base.parent.iterdir()):
            user = named.fullmatch(path.name)
            if user and path not in found and path.lstat().st_uid == int(user[1]):
                found.append(path)
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What runs have left on this machine."""

    found: list[seal.Found]
    """This run's, or what may be of this run; empty where it opened nothing."""
    others: list[Path]
    """Directories of other users, who may have runs open there; not of this run."""


def find(base: Path, run: Run) -> Left:
    """What this run left in `base` or beside it; without a run id, what any of this platform left.

    Then: all that is open or lost, for one of them may be ours; else what was written last, be it
    a tombstone or by another user.
    """
    if run.run:
        found = [it for each in _bases(base) for it in _in(directory(each, run), run)]
        return Left(found=found, others=[])
    listed = [place for each in _bases(base) for place in _listed(each)]
    found = [entry for place in listed for entry in seal.find(place, run)]
    ours = [it for it in found if it.kind not in ("closed", "foreign")] or _last(found)
    others = [it.path for it in found if it.kind == "foreign" and it not in ours]
    return Left(found=ours, others=others)


def _in(place: Path, run: Run) -> list[seal.Found]:
    found = seal.find(place, run)
    if found or disk.why_not_private(place, 0o755):
        return found
    # NOTE: a state in it that names another run was changed; ours is not there.
    return [seal.Found(kind="lost", path=place)]


def _listed(base: Path) -> list[Path]:
    """The directories of runs in `base`; itself where another user hides them from us."""
    try:
        return [place for place in base.iterdir() if _OWN_DIRECTORY.fullmatch(place.name)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:
        return [base]


def _last(entries: list[seal.Found]) -> list[seal.Found]:
    dated = []
    for found in entries:
        with contextlib.suppress(OSError):  # it was old, and another run swept it
            dated.append((found.path.lstat().st_mtime, found))
    return [max(dated, key=lambda entry: entry[0])[1]] if dated else []
