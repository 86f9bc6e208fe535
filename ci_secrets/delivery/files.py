"""`as: file`: values in files that only this user can read, all of them or none."""

import contextlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from ci_secrets import disk
from ci_secrets.config.names import check_name
from ci_secrets.errors import NotClosedError, OutputRefusedError
from ci_secrets.paths import look
from ci_secrets.secret import Credential
from ci_secrets.text import foreign

_DIRECTORY: Final = "ci-secrets-files-"
"""Directories of this name are ours to delete."""


def write_files(credentials: Sequence[Credential], directory: Path) -> Mapping[str, Path]:
    """Put each value in a file of its name and `mode` in a private directory; name → path.

    Nothing that exists is written over. Raises `ConfigError` for a name that is none, or
    `OutputRefusedError`; then none of the files is left.
    """
    paths = {credential.name: directory / credential.name for credential in credentials}
    for name, path in paths.items():
        check_name(name)  # so it has no path parts either
        refuse_existing(path)
    written: list[Path] = []
    try:
        for credential in credentials:
            path = paths[credential.name]
            disk.write_private(path, credential.value.reveal(), credential.mode)
            written.append(path)
    except BaseException:  # a signal, too
        remove_files(written)
        raise
    return paths


def new_directory(base: Path) -> Path:
    """A private directory below `base` for the files of one command."""
    return disk.private_directory(base / f"{_DIRECTORY}{secrets.token_hex(4)}")


def remove_files(paths: Collection[Path]) -> None:
    """Delete the files, and what `new_directory` made for them; what is gone already is no error.

    Tries all of them. Raises `NotClosedError` where one stays, for it holds a value in clear.
    """
    failures = []
    for path in paths:
        try:
            disk.remove(path)
        except NotClosedError as failure:
            failures.append(failure)
    for parent in {path.parent for path in paths if path.parent.name.startswith(_DIRECTORY)}:
        with contextlib.suppress(OSError):  # not empty: somebody else's file lies there
            parent.rmdir()
    if failures:
        raise NotClosedError(
            " ".join(failure.what for failure in failures),
            cause=failures[0].cause,
            fix="\n".join(failure.fix for failure in failures),
        )


def refuse_existing(path: Path) -> None:
    """Raise `OutputRefusedError` where something stands at `path`, or may.

    That a symlink leads nowhere does not matter.
    """
    here = look(path, follow=False)
    if here.kind == "unseen":
        raise OutputRefusedError(
            f"{foreign(path)} cannot be looked at: {here.why}.",
            cause="This user may not enter the directory, or the name is none.",
            fix="Name another path.",
        )
    if here.kind != "nothing":
        raise OutputRefusedError(
            f"{foreign(path)} exists already.",
            cause="It is of an earlier job, or the checkout brought it along.",
            fix=f"Name another path, or remove it first: rm -f -- {foreign(path)}",
        )
