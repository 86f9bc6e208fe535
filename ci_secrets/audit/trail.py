"""Appending to the trail, from many processes at once."""

import contextlib
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ci_secrets import disk
from ci_secrets.audit.file import LINE_LIMIT, lines, opened
from ci_secrets.audit.links import Links
from ci_secrets.audit.record import START, Head, Record, decode, encode, plain
from ci_secrets.errors import AuditBrokenError
from ci_secrets.platforms.interface import Run
from ci_secrets.secret import Secret
from ci_secrets.stores.interface import Notice
from ci_secrets.text import foreign

_LOCK_SECONDS = 10.0


class Trail:
    """The records of one run in a file that it may share with others. Safe from many threads.

    Made by `open`. Without a file it takes every record and keeps none.
    """

    def __init__(
        self, path: Path | None, run: Run, *, links: Links, required: bool, opening: str, count: int
    ) -> None:
        self._path = path
        self._run = run
        self._links = links
        self._required = required
        self._opening = opening
        self._count = count
        self._lost = 0
        self._digest = ""
        self._closed = False
        self._lock = threading.Lock()
        self.notices: list[Notice] = []
        """What the user should know: the first append that failed, where none is required."""

    @classmethod
    def open(
        cls,
        path: Path | None,
        run: Run,
        *,
        key: bytes | None = None,
        required: bool = False,
        resume: Mapping[str, Any] | None = None,
    ) -> "Trail":
        """The trail of a run that starts now, or, with `resume`, of one that started elsewhere.

        `path` `None`: no file is configured. `key`: see `load_key`. `required`: an append that
        fails raises `AuditBrokenError`; else it becomes one of `notices`. `resume`: the
        `handover()` of the process that started the run.
        """
        links = Links(key)
        if resume is None:
            opening, count = os.urandom(8).hex(), 0
        else:
            # What start wrote after its last handover counts too; what somebody took away since
            # then counts as well, so that `verify` misses it.
            opening = str(resume["opening"])
            count = max(int(resume["count"]), _count(path, opening))
        return cls(path, run, links=links, required=required, opening=opening, count=count)

    def handover(self) -> dict[str, Any]:
        """What `open` needs to go on in another process, as JSON types; not secret."""
        return {"opening": self._opening, "count": self._count}

    def append(self, event: str, /, **facts: object) -> None:
        """Write one record. Facts are JSON types and not secret; long texts and lists are capped.

        Raises `TypeError` for a `Secret` or bytes, and `AuditBrokenError` where the record is
        required and cannot be written.
        """
        with self._lock:
            if self._closed:
                raise RuntimeError("the audit trail of this run is closed")
            self._append(event, facts)

    def close(self, /, **facts: object) -> Head:
        """Write the `closed` record, which counts this run's records; its hash is the head.

        Raises like `append`. Nothing can be appended afterwards.
        """
        with self._lock:
            numbers = {"count": self._count + 1, "lost": self._lost}
            written = self._append("closed", {**facts, **numbers}, sync=True)
            self._closed = True
            return Head(count=self._count, digest=self._digest if written else "")

    def fingerprint(self, secret: Secret) -> str | None:
        """The HMAC of a value under the operator's key; `None` without one, or below 16 characters.

        With it an operator who holds a found value can tell which runs had it.
        """
        return self._links.fingerprint(secret)

    def _append(self, event: str, facts: Mapping[str, object], *, sync: bool = False) -> bool:
        # Before all else: a fact that must not be written is our own mistake, not the disk's.
        kept = {name: plain(fact) for name, fact in facts.items()}
        if self._path is None:
            return False
        try:
            self._digest = self._write(self._path, event, kept, sync=sync)
        except OSError as error:
            self._failed(self._path, error.strerror or "unknown reason")
            return False
        self._count += 1
        return True

    def _write(self, path: Path, event: str, facts: Mapping[str, Any], *, sync: bool) -> str:
        """Bind a record to the end of the file and append it, all of it or nothing."""
        with (
            opened(path, os.O_RDWR | os.O_APPEND | os.O_CREAT) as descriptor,
            disk.locked(descriptor, _LOCK_SECONDS),
        ):
            size = os.fstat(descriptor).st_size
            end = _end(descriptor, size)
            record = Record(
                seq=end.seq + 1,
                opening=self._opening,
                run=self._run,
                event=event,
                facts=facts,
                torn=end.torn,
                prev=end.prev,
            )
            line, digest = encode(record, self._links)
            try:
                _write_whole(descriptor, b"\n" + line if end.in_line else line)
                if sync:
                    os.fsync(descriptor)
            except OSError:
                with contextlib.suppress(OSError):  # where it stays, the next record notes it
                    os.ftruncate(descriptor, size)
                raise
        return digest

    def _failed(self, path: Path, why: str) -> None:
        what = f"The audit trail {foreign(path)} cannot be written: {why}."
        if self._required:
            raise AuditBrokenError(
                what,
                cause="The disk is full or read-only, or the path is a link or not ours.",
                fix="Make the file writable; only `audit: {required: false}` goes on without it.",
            ) from None
        self._lost += 1
        if not self.notices:
            self.notices.append(Notice(level="warning", text=what))


@dataclass(frozen=True, kw_only=True, slots=True)
class _End:
    """Where the file ends, for the record that comes next."""

    prev: str = START
    """The hash of the last record."""
    seq: int = 0
    """Its number."""
    torn: int
    """Bytes that crashes left behind it: of all unfinished lines, and the line ends between."""
    in_line: bool
    """Whether the last line has no end, be it of a record or torn."""


def _end(descriptor: int, size: int) -> _End:
    """Looks no further back than one line can be long.

    Behind so much garbage a new chain starts, and `verify` tells.
    """
    torn, in_line = 0, False
    for window in (64 * 1024, 2 * LINE_LIMIT):
        lines = os.pread(descriptor, window, max(0, size - window)).split(b"\n")
        in_line = bool(lines[-1])
        torn, behind = 0, -1
        for line in reversed(lines):
            # The last may be a record of which a crash kept all but the line end: it counts.
            found = decode(line + b"\n")
            if found is not None:
                prev, seq = found.digest, found.record.seq
                return _End(prev=prev, seq=seq, torn=torn, in_line=in_line)
            behind += len(line) + 1
            torn = behind if in_line else max(0, behind - 1)
    return _End(torn=torn, in_line=in_line)


def _write_whole(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _count(path: Path | None, opening: str) -> int:
    """How many records of one opening the file holds; 0 where there is no file to read."""
    if path is None:
        return 0
    try:
        with lines(path) as found:
            known = (decode(line.removesuffix(b"\n") + b"\n") for line in found)
            return sum(1 for line in known if line and line.record.opening == opening)
    except OSError:
        return 0
