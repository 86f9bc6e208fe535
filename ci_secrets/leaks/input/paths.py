"""From paths to what is scanned. What cannot be read is a source, too, with its coverage."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from ci_secrets.errors import UsageError
from ci_secrets.leaks.input.packed import unpacked
from ci_secrets.leaks.input.source import Source, peekable
from ci_secrets.text import foreign

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

STDIN: Final = "-"
Tick = Callable[[int], None]
"""Is told how many bytes more were read from the disk."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A file, standard input, or what is known already not to be readable."""

    name: str
    size: int = 0
    """Bytes on the disk, as far as they are known."""
    readable: bool = True
    below: str = ""
    """The folder that was named, where this was found in it."""


def targets(paths: Iterable[str | Path]) -> Iterator[Target]:
    """What there is under the paths, in a stable order; `-` is standard input.

    Raises `UsageError` where a path does not exist.
    """
    for path in paths:
        if str(path) == STDIN:
            yield Target(name=STDIN)
        elif not os.path.lexists(path):
            raise UsageError(
                f"There is no file {foreign(path)}.", fix="Check the path that is to be scanned."
            )
        elif Path(path).is_dir():
            yield from _directory(Path(path))
        else:
            yield _file(str(path))


def opened(target: Target, stdin: IO[bytes], tick: Tick = lambda _: None) -> Iterator[Source]:
    """One source for each text in it, each to be read before the next."""
    if target.name == STDIN:
        yield from unpacked(STDIN, peekable(stdin))
        return
    try:
        if not target.readable:
            raise OSError
        raw = Path(target.name).open("rb", buffering=0)  # noqa: SIM115  # closed below
    except OSError:
        yield Source(target.name, None, "none")
        return
    with raw:
        yield from unpacked(target.name, io.BufferedReader(_Counted(raw, tick)))


def sources(paths: Iterable[str | Path], stdin: IO[bytes]) -> Iterator[Source]:
    """One source for each file and member, in a stable order; to be read before the next.

    `-` is standard input. Raises `UsageError` where a path does not exist.
    """
    for target in targets(paths):
        yield from opened(target, stdin)


def _directory(top: Path) -> Iterator[Target]:
    missed: list[Target] = []
    count = 0
    for folder, subfolders, files in os.walk(
        top, onerror=lambda error: missed.append(Target(name=str(error.filename), readable=False))
    ):
        subfolders.sort()
        # NOTE: a link to a folder may lead in circles, or out of what is meant
        links = [name for name in subfolders if Path(folder, name).is_symlink()]
        for name in sorted(files + links):
            count += 1
            path = Path(folder, name)
            # NOTE: a pipe or a device in a directory would be waited for, and holds no log
            found = _file(str(path)) if path.is_file() else Target(name=str(path), readable=False)
            yield replace(found, below=str(top))
    yield from missed
    if not count and not missed:
        yield Target(name=str(top), readable=False)


def _file(name: str) -> Target:
    try:
        return Target(name=name, size=Path(name).stat().st_size)
    except OSError:
        return Target(name=name, readable=False)


class _Counted(io.RawIOBase):
    """A file that tells how far it has been read."""

    def __init__(self, file: io.FileIO, tick: Tick) -> None:
        self._file = file
        self._tick = tick

    def readable(self) -> bool:
        """Say yes."""
        return True

    def seekable(self) -> bool:
        """As the file."""
        return self._file.seekable()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """As the file."""
        return self._file.seek(offset, whence)

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        """Read on, and tell."""
        count = cast("int | None", self._file.readinto(buffer))
        self._tick(count or 0)
        return count
