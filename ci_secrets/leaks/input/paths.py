"""From paths to what is scanned. What cannot be read is a source, too, with its coverage."""

import io
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

from ci_secrets.errors import UsageError
from ci_secrets.leaks.input.packed import unpacked
from ci_secrets.leaks.input.source import Source, peekable
from ci_secrets.paths import Look, look, real_path
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
    """What there is under the paths, in a stable order, each name once; `-` is standard input.

    Raises `UsageError` where a path does not exist.
    """
    folder = cache(real_path)
    seen = set()
    for path in paths:
        for target in _named(path):
            place, name = os.path.split(target.name)
            # NOTE: paths may overlap; a link to a file is a name of its own, and what was passed
            # over in a folder is read where it is named
            known = ("" if str(path) == STDIN else folder(place), name, target.readable)
            if known not in seen:
                seen.add(known)
                yield target


def _named(path: str | Path) -> Iterator[Target]:
    """What there is under one path."""
    if str(path) == STDIN:
        yield Target(name=STDIN)
        return
    if look(path, follow=False).kind == "nothing":
        raise UsageError(
            f"There is no file {foreign(path)}.", fix="Check the path that is to be scanned."
        )
    here = look(path)
    if here.kind == "directory":
        yield from _directory(Path(path))
    else:
        readable = here.kind in ("file", "other")
        yield Target(name=str(path), size=here.size, readable=readable)


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
    empty = True
    folders = [top]
    while folders:
        folder = folders.pop()
        try:
            paths = sorted(folder.iterdir())
        except OSError:
            below = str(top) if folder != top else ""
            yield Target(name=str(folder), readable=False, below=below)
            empty = False
            continue
        looks = [(path, look(path, follow=False)) for path in paths]
        folders += reversed([path for path, here in looks if here.kind == "directory"])
        for path, here in looks:
            if here.kind != "directory":
                empty = False
                yield _file(path, here, top)
    if empty:
        yield Target(name=str(top), readable=False)


def _file(path: Path, here: Look, top: Path) -> Target:
    """What was found in a folder.

    NOTE: a link to a folder may lead in circles, or out of what is meant; a pipe or a device would
    be waited for, and holds no log.
    """
    found = look(path) if here.kind == "link" else here
    name = str(path) if str(path) != STDIN else f"./{STDIN}"
    return Target(name=name, size=found.size, readable=found.kind == "file", below=str(top))


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
