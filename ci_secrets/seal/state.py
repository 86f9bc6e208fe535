"""The state of one run, from its opening to its tombstone."""

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ci_secrets import disk
from ci_secrets.errors import ConfigError, NotClosedError
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.seal import place
from ci_secrets.seal.box import Header, Keys, damaged_header, lost, read_header
from ci_secrets.seal.sweep import sweep
from ci_secrets.text import foreign

_MATERIAL_MINIMUM = 16
"""Bytes; less could be guessed by whoever copies the file."""
_FILE_LIMIT = 1 << 30
_LOCK_SECONDS = 10.0


class SealedState:
    """The encrypted state of one run, held by this process alone until `close` or `release`."""

    __slots__ = ("_header", "_keys", "_lock", "_material_file", "path", "run")

    def __init__(
        self, path: Path, header: "Header", key: StateKey, lock: contextlib.ExitStack
    ) -> None:
        self.path = path
        self.run = header.run
        self._header = header
        self._keys = Keys(key, header.salt)
        self._material_file = key.file
        self._lock = lock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()

    def write(self, payload: Mapping[str, Any]) -> None:
        """Replace what is sealed by `payload` (JSON types), all of it or nothing.

        Raises `OutputRefusedError` where the disk is full or read-only, and `TypeError` for what
        is not JSON, such as a `Secret` or bytes: those are encoded by whoever knows their meaning.
        """
        text = json.dumps(payload, separators=(",", ":")).encode()
        disk.write_private(self.path, self._header.line + self._keys.seal(text, self._header.line))

    def read(self) -> dict[str, Any]:
        """What was written last. Raises `NotClosedError` where that cannot be known for sure."""
        try:
            data = disk.read_private(self.path, _FILE_LIMIT)
        except OSError as error:
            raise lost(f"cannot be read: {error.strerror}", "It was deleted or replaced.") from None
        line, newline, frame = data.partition(b"\n")
        if line + newline != self._header.line:
            raise damaged_header()
        payload: dict[str, Any] = json.loads(self._keys.open(frame, self._header.line))
        return payload

    def close(self, tombstone: Mapping[str, Any]) -> None:
        """Leave `tombstone` (JSON types, no value) in place of the state; then let go of it.

        To be called once everything is closed, for afterwards nothing can be. A crash between the
        steps leaves both files, which `find` takes for closed. Deletes the key file too, if there
        is one. Raises `OutputRefusedError` or `NotClosedError` where a file cannot be changed.
        """
        clear = {**self._header.fields(), "tombstone": dict(tombstone)}
        disk.write_private(self.path.with_suffix(".closed"), json.dumps(clear).encode() + b"\n")
        disk.remove(self.path)
        for aside in self.path.parent.glob(f".{self.path.stem}*"):  # of a write that was killed
            disk.remove(aside)
        # NOTE: where two jobs share a key file, the last one takes it along.
        if self._material_file is not None and not any(self.path.parent.glob("*.sealed")):
            disk.remove(self._material_file)
        disk.remove(self.path.with_suffix(".lock"))
        place.settle(self.path.parent)
        self.release()

    def release(self) -> None:
        """Let other processes use the state; the file stays. The end of a process does it too."""
        self._lock.close()


def new(
    directory: Path, run: Run, key: StateKey, payload: Mapping[str, Any] | None = None
) -> SealedState:
    """Make the directory and a sealed state in it (empty without `payload`), and hold it.

    Called before anything is minted, so that a disk which cannot hold the state is found in time:
    raises `OutputRefusedError` then, and `ConfigError` for key material that is too short.
    """
    if len(key.material) < _MATERIAL_MINIMUM:
        raise ConfigError(
            f"{foreign(key.came_from)} is too short to seal anything with.",
            cause=f"It has {len(key.material)} bytes, and {_MATERIAL_MINIMUM} is the least.",
            fix="Make it of random bytes, for instance with: openssl rand -hex 32",
        )
    ours = not os.path.lexists(directory)
    place.take(directory)
    sweep(directory)
    path = directory / f"{os.urandom(16).hex()}.sealed"
    with contextlib.ExitStack() as undo:
        if ours:
            undo.callback(_remove_empty, directory)
        undo.callback(disk.remove, path.with_suffix(".lock"))
        disk.write_private(path.with_suffix(".lock"), b"")
        state = SealedState(path, Header.fresh(run), key, undo.enter_context(_hold(path, 0)))
        state.write(payload or {})
        place.take(directory)  # once more: an end may have settled it meanwhile
        undo.pop_all()  # it stands: nothing is undone
    return state


def _remove_empty(directory: Path) -> None:
    """Left behind, it would look like that of a run whose state was lost."""
    with contextlib.suppress(OSError):
        directory.rmdir()


def open_state(
    path: Path, key_of: Callable[[Run], StateKey], wait_seconds: float = _LOCK_SECONDS
) -> SealedState:
    """The state that `find` found, proven to be whole, and held by this process.

    `key_of` is asked for the key of the run that the header names, not yet authenticated. Where
    `find` found a directory alone, the error says what is wrong with that.

    Waits at most `wait_seconds` for another process that holds it. Raises `NotClosedError`, whose
    text tells a wrong key, a changed header, a changed body, a truncated and a lost file apart, and
    says when another process still holds the state or has closed it meanwhile.
    """
    if path.suffix != ".sealed":
        raise place.refusal(path)
    lock = _hold(path, wait_seconds)
    try:
        if not os.path.lexists(path):
            disk.remove(path.with_suffix(".lock"))
            raise NotClosedError(
                "The sealed state of this run was closed or removed by another process just now.",
                cause="Two `ci-secrets finish` ran at once.",
                fix="Run `ci-secrets finish` once more: it prints what the other one left.",
            )
        header = read_header(path)
        if header is None:
            raise damaged_header()
        state = SealedState(path, header, key_of(header.run), lock)
        state.read()
    except BaseException:
        lock.close()
        raise
    return state


def _hold(path: Path, seconds: float) -> contextlib.ExitStack:
    """The lock that belongs to a state, held; closing the stack lets go of it."""
    flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
    stack = contextlib.ExitStack()
    try:
        descriptor = os.open(path.with_suffix(".lock"), flags, 0o600)
        stack.callback(os.close, descriptor)
        stack.enter_context(disk.locked(descriptor, seconds))
    except TimeoutError:
        stack.close()
        raise NotClosedError(
            "The sealed state of this run is in use by another process.",
            cause="`exec` or another `finish` of this job still runs.",
            fix="Wait for it to end, then run `ci-secrets finish` again.",
        ) from None
    except OSError as error:
        stack.close()
        raise lost(
            f"cannot be locked: {error.strerror}", "The disk is full or read-only."
        ) from None
    return stack
