"""Several processes for many files, where that is quicker."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.input import Target
from ci_secrets.process import die_with

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

MIN_BYTES: Final = 16 * 1024**2
"""From so much on more processes are worth their start, some tens of milliseconds each."""


def shares(files: Sequence[Target]) -> list[list[int]]:
    """Which files each process would scan, by their places; less than two where one is as quick.

    The largest go first, each to whoever has least.
    """
    # NOTE: a fork while other threads run copies the locks that they hold: it may never go on
    alone = threading.active_count() == 1 and hasattr(os, "sched_getaffinity")
    count = min(len(os.sched_getaffinity(0)), len(files)) if alone else 1
    if count < 2 or sum(file.size for file in files) < MIN_BYTES:
        return []
    dealt: list[list[int]] = [[] for _ in range(count)]
    loads = [0] * count
    for at in sorted(range(len(files)), key=lambda at: -files[at].size):
        least = loads.index(min(loads))
        dealt[least].append(at)
        loads[least] += files[at].size
    return dealt


def scanned(
    scan: Callable[[Target], Report], files: Sequence[Target], dealt: Sequence[Sequence[int]]
) -> Iterator[tuple[int, Report]]:
    """Each file's place and report, as they come.

    What is looked for reaches the processes as a copy of our memory, so that no value goes through
    a pipe, an argument or a file, and they are as unreadable to others as we are. They end with us.
    A process that dies owes its reports: they do not come.
    """
    if not dealt:
        return
    from multiprocessing import connection, get_context

    context = get_context("fork")
    ends: list[Connection] = []
    processes = []
    try:
        for share in dealt:
            ours, theirs = context.Pipe(duplex=False)
            ends.append(ours)
            process = context.Process(
                target=_work,
                args=(os.getpid(), theirs, scan, files, share, tuple(ends)),
                daemon=True,
            )
            processes.append(process)
            process.start()
            theirs.close()
        while ends:
            for end in connection.wait(ends):
                assert isinstance(end, connection.Connection)  # noqa: S101  # no socket, no handle
                try:
                    yield end.recv()
                except EOFError:
                    ends.remove(end)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _work(
    parent: int,
    end: "Connection",
    scan: Callable[[Target], Report],
    files: Sequence[Target],
    share: Sequence[int],
    not_ours: Sequence["Connection"],
) -> None:
    """One process: ends when it is done, when it fails, or when nobody reads its reports."""
    die_with(parent)
    for other in not_ours:
        other.close()
    try:
        for at in share:
            end.send((at, scan(files[at])))
    finally:
        os._exit(0)  # NOTE: without the parent's farewell, and without a traceback
