"""What stands at a path: looked at in a way that no path, however odd, makes an error of ours."""

import os
import stat
from pathlib import Path
from typing import Final, Literal, NamedTuple

from ci_secrets.errors import OutputRefusedError
from ci_secrets.text import foreign

_STREAMS: Final = (Path("/proc/self/fd/1"), Path("/proc/self/fd/2"))
"""Where /dev/stdout and /dev/stderr lead."""


class Look(NamedTuple):
    """What stands at a path, as far as this user may see."""

    kind: Literal["file", "directory", "link", "other", "nothing", "unseen"]
    """`unseen`: something may stand there, but we cannot look."""
    found: os.stat_result | None = None
    """`None` where nothing stands there, or cannot be seen."""
    why: str = ""
    """What keeps us from looking, where it is `unseen`."""

    @property
    def size(self) -> int:
        """Bytes; 0 where they are not known."""
        return self.found.st_size if self.found else 0


def look(path: str | Path, *, follow: bool = True) -> Look:
    """Look at a path; never raises, as `Path.is_file` and its like do.

    `follow`: at that which a link leads to; a link that leads nowhere is nothing then.
    """
    try:
        found = Path(path).stat(follow_symlinks=follow)
    except (FileNotFoundError, NotADirectoryError):
        return Look("nothing")
    except OSError as error:
        return Look("unseen", why=error.strerror or "unknown reason")
    if stat.S_ISREG(found.st_mode):
        return Look("file", found)
    if stat.S_ISDIR(found.st_mode):
        return Look("directory", found)
    return Look("link" if stat.S_ISLNK(found.st_mode) else "other", found)


def is_device_or_stream(path: Path) -> bool:
    """Whether it is a device, or a stream of whoever opens it: /dev/null, /dev/stdout.

    No text stays there. Root, in a container, could remove it all the same, and all that write to
    it would make a file of it. Raises `OSError`.
    """
    if path.is_symlink():
        return path.readlink() in _STREAMS
    return path.is_char_device() or path.is_block_device()


def real_path(path: str | Path) -> str:
    """The path without links, be it there or not; as it is where the working directory is gone."""
    try:
        return os.path.realpath(path)
    except OSError:
        return str(path)


def same_file(one: str | Path, other: str | Path) -> bool:
    """Whether two paths lead to one file, be it by a link or a hard link, or would."""
    ours, theirs = look(one).found, look(other).found
    if ours and theirs and os.path.samestat(ours, theirs):
        return True
    return real_path(one) == real_path(other)


def absolute(path: Path) -> Path:
    """The path, to be used from anywhere.

    Raises `OutputRefusedError` where it is relative and the working directory is gone.
    """
    try:
        return path.absolute()
    except OSError:
        raise OutputRefusedError(
            f"{foreign(path)} leads nowhere: the working directory is gone.",
            cause="It was deleted, or moved out of reach.",
            fix="Run in a directory that is there, or name the whole path.",
        ) from None
