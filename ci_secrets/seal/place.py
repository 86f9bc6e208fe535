"""Whose a run's directory is, and what its mode tells the job's other users.

While a run is open its directory is 0700. Once nothing but tombstones lies in it, it is 0755: so
the user of another step, say after one by `sudo`, sees without looking into it that it is in
nobody's way. This takes the owner's word for it, who could as well have removed the directory.
"""

import contextlib
import os
import re
import stat
from pathlib import Path

from ci_secrets import disk
from ci_secrets.errors import NotClosedError
from ci_secrets.seal.box import gone, lost
from ci_secrets.text import foreign

LEFT_OVER = re.compile(r"[0-9a-f]{32}\.(closed|lock)")
"""What closed runs leave."""
_OPEN = 0o700
_CLOSED = 0o755


def take(directory: Path) -> None:
    """Make the directory, or take that of an earlier run of ours, closed to all others.

    Raises `OutputRefusedError` where it is another user's, a link, or open to others' changes.
    """
    if not not_ours(directory):
        with contextlib.suppress(OSError), disk.own_directory(directory) as found:
            os.fchmod(found, _OPEN)
    disk.private_directory(directory)


def settle(directory: Path) -> None:
    """Show that nothing but tombstones is left in the directory, if that is so.

    NOTE: looked at once more after it is shown, as `take` closes it once more after the state
    stands: whoever of the two is last, an open state never lies in a directory that looks closed.
    """
    with contextlib.suppress(OSError), disk.own_directory(directory) as found:
        if _left_over(found):
            os.fchmod(found, _CLOSED)
            if not _left_over(found):
                os.fchmod(found, _OPEN)


def _left_over(directory: int) -> bool:
    return all(LEFT_OVER.fullmatch(name) for name in os.listdir(directory))


def not_ours(directory: Path) -> str:
    """Why nothing in the directory is to be believed, as the rest of a sentence, or `""`."""
    return disk.why_not_private(directory, _CLOSED)


def looks_closed(directory: Path) -> bool:
    """Whether the owner of a directory, another user, says that nothing is open in it."""
    try:
        mode = directory.lstat().st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and stat.S_IMODE(mode) == _CLOSED


def refusal(directory: Path) -> NotClosedError:
    """The error for a directory in which there is no state that we could open."""
    why = not_ours(directory)
    if not why:
        return gone(directory)
    what = f"is not trusted: {foreign(directory)} {why}"
    if not disk.of_another_user(directory):
        return lost(what, "Somebody changed the directory.")
    return NotClosedError(
        f"The sealed state of this run {what}.",
        cause="Another user ran ci-secrets here, for instance a step by sudo, and may have left "
        "open what was opened.",
        fix="Run `ci-secrets finish` as that user, with the environment of that step (root: "
        "`sudo -E ci-secrets finish`). Else what is open lives to the end of its TTL.",
    )
