"""The job summary, after CMD has written it."""

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import IO, BinaryIO, Final

from ci_secrets.delivery.pump import Filter
from ci_secrets.errors import OutputRefusedError
from ci_secrets.paths import is_device_or_stream
from ci_secrets.text import foreign

_IN_MEMORY_BYTES: Final = 1024 * 1024
"""GitHub shows no larger summary, but CMD can write one of any size."""
_PIECE_BYTES: Final = 64 * 1024


def redact_summary(path: Path, redactor: Filter) -> None:
    """Put the text of a file through a fresh filter, in place: the runner reads this very file.

    A file that is not there is no error. What cannot be redacted (a symlink that CMD put there, a
    file that cannot be written) is removed, but for a device. Raises `OutputRefusedError` where
    that fails too.
    """
    try:
        _rewrite(path, redactor)
    except FileNotFoundError:
        return
    except OSError as error:
        try:
            if not is_device_or_stream(path):
                path.unlink(missing_ok=True)
        except OSError:
            raise OutputRefusedError(
                f"The job summary {foreign(path)} cannot be redacted: {error.strerror}.",
                cause="The command replaced it, or the disk is full or read-only.",
                fix="Look at the summary of this step: what the command wrote there stands in it.",
            ) from None


def _rewrite(path: Path, redactor: Filter) -> None:
    # What is put aside is redacted already, so it may lie on the disk.
    with _open(path) as file, tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as aside:
        if not _redacted(file, redactor, aside):
            return
        # Empty first: killed in between, we leave too little, never a value.
        file.truncate(0)
        file.seek(0)
        aside.seek(0)
        shutil.copyfileobj(aside, file, _PIECE_BYTES)


def _redacted(file: IO[bytes], redactor: Filter, aside: IO[bytes]) -> bool:
    """Whether anything in the file had to be redacted; its text then stands aside."""
    before, after = hashlib.sha256(), hashlib.sha256()
    while piece := file.read(_PIECE_BYTES):
        before.update(piece)
        passed = redactor.feed(piece)
        after.update(passed)
        aside.write(passed)
    last = redactor.finish()
    after.update(last)
    aside.write(last)
    return before.digest() != after.digest()


def _open(path: Path) -> BinaryIO:
    # Neither through a link, nor held up by a FIFO: CMD could have put either there.
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a regular file")
    return os.fdopen(descriptor, "r+b")
