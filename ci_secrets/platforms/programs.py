"""Programs that a CI puts beside its jobs, asked for what only they can get."""

import shutil
import subprocess
from collections.abc import Mapping
from typing import Final

from ci_secrets.errors import UnreachableError
from ci_secrets.text import foreign

SECONDS: Final = 30.0
"""Of one call; the programs ask their CI over the network, and repeat that themselves."""
_NOT_FOR_HELPERS: Final = ("LD_", "CI_SECRETS_")


def find(program: str, environment: Mapping[str, str]) -> str | None:
    """Where the job's PATH has the program; `None` where it has none."""
    return shutil.which(program, path=environment.get("PATH", ""))


def ask(
    path: str, *words: str, environment: Mapping[str, str], stdin: bytes = b""
) -> tuple[int, bytes]:
    """Exit code and stdout of a program. What it says on stderr is shown to nobody.

    It may quote the answer of a server. Raises `UnreachableError` where it does not end in time.
    """
    handed = {
        name: value for name, value in environment.items() if not name.startswith(_NOT_FOR_HELPERS)
    }
    try:
        done = subprocess.run(
            [path, *words],
            env=handed,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise UnreachableError(
            f"`{shown(path, words)}` did not end within {SECONDS:.0f} seconds."
        ) from None
    except OSError as failure:
        raise UnreachableError(
            f"`{shown(path, words)}` cannot be started.", cause=f"{foreign(failure.strerror)}."
        ) from None
    return done.returncode, done.stdout


def shown(path: str, words: tuple[str, ...]) -> str:
    """A command line for people."""
    return foreign(" ".join((path.rpartition("/")[2], *words)))
