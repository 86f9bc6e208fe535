"""The job summary, after CMD has written it."""

import os
import stat
from pathlib import Path
from typing import BinaryIO

from ci_secrets.delivery.pump import Filter
from ci_secrets.errors import OutputRefusedError
from ci_secrets.text import foreign


def redact_summary(path: Path, redactor: Filter) -> None:
    """Put the text of a file through a fresh filter, in place: the runner reads this very file.

    A file that is not there is no error. What cannot be redacted (a symlink that CMD put there, a
    file that cannot be written) is removed. Raises `OutputRefusedError` where that fails too.
    """
    try:
        _rewrite(path, redactor)
    except FileNotFoundError:
        return
    except OSError as error:
        try:
            path.unlink(missing_ok=True)
        except OSError:
            raise OutputRefusedError(
                f"the job summary {foreign(path)} cannot be redacted: {error.strerror}",
                cause="the command replaced it, or the disk is full or read-only",
                fix="Look at the summary of this step: what the command wrote there stands in it.",
            ) from None


def _rewrite(path: Path, redactor: Filter) -> None:
    with _open(path) as file:
        original = file.read()
        redacted = redactor.feed(original) + redactor.finish()
        if redacted == original:
            return
        # Empty first: killed in between, we leave too little, never a value.
        file.truncate(0)
        file.seek(0)
        file.write(redacted)


def _open(path: Path) -> BinaryIO:
    # Neither through a link, nor held up by a FIFO: CMD could have put either there.
    descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(0, "it is not a regular file")
    return os.fdopen(descriptor, "r+b")
