"""Files that only this user may see: made whole or not at all, never through somebody's link.

What is written here holds values in clear, or what unlocks them. So a file is created aside under
a random name with `O_EXCL | O_NOFOLLOW`, synced, and renamed into its place: nobody reads half of
it, and a crash or a full disk leaves what was there before.
"""

import contextlib
import errno
import fcntl
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from ci_secrets.errors import NotClosedError, OutputRefusedError
from ci_secrets.paths import look
from ci_secrets.text import foreign

_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not hold us up
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LOCK_POLL_SECONDS = 0.02


def private_directory(path: Path, mode: int = 0o700) -> Path:
    """Make `path` (and its parents), or take it as it stands if it is private; returns `path`.

    Private means: a directory and no symlink, owned by this user, closed to all others (0700), or
    with `mode` 0755 to their changes only. Raises `OutputRefusedError` for anything else, and where
    it cannot be made.
    """
    try:
        # NOTE: not `parents=True`, which under umask 0 (GitLab's containers) opens them to all.
        for parent in reversed(path.parents):
            _make_directory(parent, 0o755)
        if _make_directory(path, mode):
            _lift_umask(path, mode)
    except OSError as error:
        raise _refused(path, "the directory cannot be made", error) from None
    why = why_not_private(path, mode)
    if not why:
        return path
    if of_another_user(path):
        cause = "Another user was here before, for instance a step that ran ci-secrets by sudo."
        fix = "Name a directory that only this user can enter."
    else:
        cause = "What is kept there must be seen by nobody else."
        fix = f"chmod 700 {foreign(path)}, or name a directory that only this user can enter."
    raise OutputRefusedError(f"{foreign(path)} {why}.", cause=cause, fix=fix)


def why_not_private(path: Path, mode: int = 0o700) -> str:
    """What keeps a directory from being as `private_directory` gives it, to end a sentence.

    `""` where nothing does.
    """
    try:
        found = path.lstat()
    except OSError as error:
        return f"cannot be looked at: {error.strerror}"
    if found.st_uid != os.geteuid():
        return f"belongs to user {found.st_uid}, not to us ({os.geteuid()})"
    if not stat.S_ISDIR(found.st_mode):
        return "is a symlink or a file, not a directory"
    found_mode = stat.S_IMODE(found.st_mode)
    return f"is open to others (mode {found_mode:04o})" if found_mode & 0o077 & ~mode else ""


@contextlib.contextmanager
def own_directory(path: Path) -> Iterator[int]:
    """A descriptor of a directory of this user, no link, for what root could do to anybody's.

    Raises `OSError` (`PermissionError` where it is none), which the caller explains.
    """
    descriptor = os.open(path, _DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise PermissionError(errno.EACCES, "it is not a directory of this user")
        yield descriptor
    finally:
        os.close(descriptor)


def of_another_user(path: Path) -> bool:
    """Whether somebody else owns `path` (no link is followed), or what hides it from us."""
    try:
        return path.lstat().st_uid != os.geteuid()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        return error.errno == errno.EACCES


def absent(path: Path) -> bool:
    """Whether nothing stands at `path`, not even a link; not so where we may not look."""
    return look(path, follow=False).kind == "nothing"


def write_private(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put `data` in the file `path`, all of it or none; a regular file there is replaced.

    The file gets exactly `mode`, whatever the umask. The parent directory must exist. Raises
    `OutputRefusedError`, and leaves nothing behind, where the disk is full or read-only, and
    where `path` is a symlink, a directory or a device.
    """
    aside = f".{path.name[:80]}.{os.urandom(8).hex()}"
    try:
        with _directory(path.parent) as parent:
            _refuse_irregular(path, parent)
            try:
                _create(aside, data, mode, parent)
                os.rename(aside, path.name, src_dir_fd=parent, dst_dir_fd=parent)
            except BaseException:  # also when a signal interrupts: nothing half-written stays
                with contextlib.suppress(OSError):
                    os.unlink(aside, dir_fd=parent)
                raise
            os.fsync(parent)
    except OSError as error:
        raise _refused(path, "the file cannot be written", error) from None


def remove(path: Path) -> None:
    """Delete a file, or the link that stands in its place; one that is not there is no error.

    Raises `NotClosedError` where it stays, for it may hold a value in clear.
    """
    try:
        with _directory(path.parent) as parent:
            os.unlink(path.name, dir_fd=parent)
            os.fsync(parent)
    except FileNotFoundError:
        return
    except OSError as error:
        raise NotClosedError(
            f"{foreign(path)} cannot be deleted: {error.strerror}.",
            cause="The file system became read-only, or the file belongs to another user.",
            fix=f"Delete it by hand: rm -f -- {foreign(path)}",
        ) from None


def read_private(path: Path, limit: int) -> bytes:
    """The bytes of a regular file of this user, no link, of at most `limit` bytes.

    Raises `OSError` (`PermissionError` where it is not such a file), which the caller explains.
    """
    with open_private(path) as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise PermissionError(errno.EACCES, f"It is larger than {limit} bytes")
    return data


def open_private(path: Path) -> BinaryIO:
    """A regular file of this user, no link, opened to read.

    Raises `OSError` (`PermissionError` where it is not such a file), which the caller explains.
    """
    descriptor = os.open(path, _READ)
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
        os.close(descriptor)
        raise PermissionError(errno.EACCES, "It is not a regular file of this user")
    return os.fdopen(descriptor, "rb")


@contextlib.contextmanager
def locked(descriptor: int, seconds: float) -> Iterator[None]:
    """Hold the exclusive lock on an open file; wait at most `seconds`, then `TimeoutError`.

    The kernel releases it when the process dies, so a killed job leaves no stale lock.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() >= deadline:
                text = f"another process held the lock for {seconds:g} s"
                raise TimeoutError(errno.ETIMEDOUT, text) from None
            time.sleep(_LOCK_POLL_SECONDS)
    try:
        yield
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _make_directory(path: Path, mode: int) -> bool:
    """Whether it was made just now."""
    if not os.path.lexists(path):  # not every file system says "exists" before "read-only"
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode)
            return True
    return False


def _lift_umask(path: Path, mode: int) -> None:
    """That of root may hide from the job's own user what was made just now, and is empty."""
    with own_directory(path) as directory:
        if not os.listdir(directory):  # noqa: PTH208  # else another one stands there by now
            os.fchmod(directory, mode)


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[int]:
    """A descriptor of the directory, so that all steps see the same one, renamed or not."""
    descriptor = os.open(path, _DIRECTORY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _refuse_irregular(path: Path, parent: int) -> None:
    # A rename would replace the link or the device itself: harmless to its target, but neither
    # what the user meant nor something to do to /dev/stdout as root.
    try:
        found = os.stat(path.name, dir_fd=parent, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISREG(found.st_mode):
        raise OutputRefusedError(
            f"{foreign(path)} is not a regular file.",
            cause="A symlink, a directory or a device stands there; perhaps the checkout put it.",
            fix="Name a path that is free, or that holds a regular file.",
        )


def _create(name: str, data: bytes, mode: int, parent: int) -> None:
    descriptor = os.open(name, _CREATE, 0o600, dir_fd=parent)
    with os.fdopen(descriptor, "wb", buffering=0) as file:
        view = memoryview(data)
        while view:
            view = view[file.write(view) :]
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)


def _refused(path: Path, what: str, error: OSError) -> OutputRefusedError:
    return OutputRefusedError(
        f"{foreign(path)}: {what}: {error.strerror or 'unknown reason'}.",
        cause="The disk is full or read-only, or the directory is missing or not ours.",
        fix="Free some space, or name a directory that this user can write to.",
    )
