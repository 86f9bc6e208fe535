"""The file of a trail, as those who append and those who read see it."""

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LINE_LIMIT = 1 << 20
"""Bytes of a line; longer ones are none of ours."""
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not hold us up


@contextlib.contextmanager
def opened(path: Path, flags: int) -> Iterator[int]:
    """A descriptor of the trail: a regular file and no link, made with mode 0600.

    Raises `OSError`, which the caller explains.
    """
    descriptor = os.open(path, flags | _FLAGS, 0o600)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def lines(path: Path) -> Iterator[Iterator[bytes]]:
    """The lines of a trail with their ends; a longer one than `LINE_LIMIT` comes in pieces.

    Raises `OSError`, which the caller explains.
    """
    with opened(path, os.O_RDONLY) as descriptor:
        file: BinaryIO
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            yield iter(lambda: file.readline(LINE_LIMIT), b"")
