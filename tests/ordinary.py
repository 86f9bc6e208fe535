"""What keeps an ordinary user out, and what has become of where somebody stood."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NOBODY: Final = 65534
TOO_LONG: Final = "x" * 300
"""A name that no file system takes: to look at it is an error other than that nothing is there."""


@contextmanager
def ordinary_user(folder: Path) -> Iterator[None]:
    """Within: no root, whom no mode keeps out; in the folder, which anybody may enter."""
    before = Path.cwd()
    folder.chmod(0o755)
    os.chdir(folder)
    user = os.geteuid()
    try:
        if user == 0:
            os.seteuid(NOBODY)
        yield
    finally:
        os.seteuid(user)
        os.chdir(before)


def stand_nowhere(folder: Path) -> None:
    """Make a folder, enter it, and delete it; for a process that is about to begin."""
    folder.mkdir()
    os.chdir(folder)
    folder.rmdir()
