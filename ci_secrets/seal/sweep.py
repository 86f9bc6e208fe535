"""What closed runs left: swept when another run opens, for nobody asks for it after the job."""

import contextlib
import time
from pathlib import Path

from ci_secrets.seal.place import LEFT_OVER, not_ours

_SECONDS = 7 * 24 * 3600
"""The age from which a tombstone goes."""


def sweep(directory: Path) -> None:
    """Remove old tombstones of this run, and whole directories of runs beside it.

    Those go that hold tombstones and stray locks only, all of them old. Where anything else lies,
    such as a state, nothing is touched; neither is an empty directory, whose run is lost. What
    cannot be removed stays, silently: the next run tries again.
    """
    oldest = time.time() - _SECONDS
    with contextlib.suppress(OSError):
        for path in _left_over(directory, oldest):
            if path.suffix == ".closed":
                path.unlink()
    with contextlib.suppress(OSError):  # of where we may write the names may be hidden from us
        for place in directory.parent.iterdir():
            if place != directory and not not_ours(place):
                with contextlib.suppress(OSError):
                    _sweep_away(place, oldest)


def _sweep_away(place: Path, oldest: float) -> None:
    names = [path.name for path in _left_over(place, oldest)]
    if len(names) < len(list(place.iterdir())) or not any(".closed" in name for name in names):
        return
    # NOTE: under another name first: without its tombstones it would look like a lost run's.
    aside = place.rename(place.with_name(f".{place.name}.swept"))
    for name in names:
        (aside / name).unlink()
    aside.rmdir()


def _left_over(place: Path, oldest: float) -> list[Path]:
    """Old tombstones and locks."""
    ours = [path for path in place.iterdir() if LEFT_OVER.fullmatch(path.name)]
    return [path for path in ours if path.lstat().st_mtime < oldest]
