"""CMD as our child: its output through filters, its signals and its exit code passed on."""

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ci_secrets.delivery import command, terminal
from ci_secrets.delivery.pump import Filter, Stream, turn
from ci_secrets.delivery.signals import Signals

_AT_ONCE_SECONDS: Final = 0.1
"""How soon CMD must end for `meanwhile` not to be called."""
HELD_SECONDS: Final = 1.0
"""How long after CMD's end a process that it left behind may go on writing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """How CMD ended."""

    code: int
    """As a shell says it: 128+n after signal n, 126 and 127 where CMD could not be started."""
    signal: int | None = None
    unwritten: bool = False
    """Whether output was lost though somebody would read it, as on a full disk."""
    notes: tuple[str, ...] = ()
    """Lines for people, to be printed on stderr."""


def run(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    make_filter: Callable[[str], Filter],
    one_log: bool,
    on_signal: Callable[[int], None],
    meanwhile: Callable[[], object] = lambda: None,
) -> Ended:
    """Run CMD to its end, with exactly this environment and our stdin. Main thread only.

    `make_filter` is called with `stdout` and `stderr`, or once with `output` where both share one
    pipe: with `one_log`, or where our own 1 and 2 are one open file. `on_signal` is called first
    for SIGINT, SIGTERM and SIGHUP, inside a signal handler: it must return at once and not raise.
    `meanwhile` is called while CMD runs, unless that ends at once. What it or a filter raises ends
    CMD and is raised.
    """
    streams: list[Stream] = []
    theirs: list[int] = []
    for name, sink in _sinks(one_log).items():
        redactor = make_filter(name)
        ours, end = terminal.open_like(sink) if os.isatty(sink) else os.pipe()
        streams.append(Stream(ours, sink, redactor))
        theirs.append(end)
    try:
        with Signals(on_signal, lambda: _resize(streams)) as signals:
            try:
                child = command.spawn(
                    argv, environment, stdout=theirs[0], stderr=theirs[-1], caught=signals.caught
                )
            except OSError as error:
                code, why = command.why_not_started(error, argv, environment)
                return Ended(code=code, notes=(why,))
            finally:
                for end in theirs:
                    os.close(end)
            return _attend(child, streams, signals, meanwhile)
    finally:
        for stream in streams:
            stream.close()


def _sinks(one_log: bool) -> dict[str, int]:
    """Name of a filter → the inherited descriptor that it writes."""
    if one_log or os.path.sameopenfile(1, 2):
        return {"output": 1}
    return {"stdout": 1, "stderr": 2}


def _resize(streams: Sequence[Stream]) -> None:
    for stream in streams:
        if stream.source is not None and os.isatty(stream.source):
            terminal.copy_size(stream.sink, stream.source)


def _attend(
    child: subprocess.Popen[bytes],
    streams: Sequence[Stream],
    signals: Signals,
    meanwhile: Callable[[], object],
) -> Ended:
    signals.started(child.pid)
    try:
        turn(streams, signals.wake, _AT_ONCE_SECONDS)
        if (status := _status(child.pid, signals)) is None:
            meanwhile()
        while status is None:
            turn(streams, signals.wake, signals.seconds_to_kill)
            signals.kill_if_due()
            status = _status(child.pid, signals)
    except BaseException:
        child.kill()  # its output can no longer be filtered
        child.wait()
        raise
    signals.ended()
    child.returncode = status  # waited for here, so that Popen need not
    notes = _drain(streams, signals)
    signum = -status if status < 0 else None
    code = status if signum is None else 128 + signum
    reasons = [stream.unwritten for stream in streams if stream.unwritten]
    notes += [f"the command's output could not be written: {reason}" for reason in reasons]
    return Ended(code=code, signal=signum, unwritten=bool(reasons), notes=tuple(notes))


def _status(pid: int, signals: Signals) -> int | None:
    """The exit code, -n after signal n; `None` while it lives."""
    changed, status = os.waitpid(pid, os.WNOHANG | os.WUNTRACED)
    if not changed:
        return None
    if os.WIFSTOPPED(status):
        signals.stop_as(os.WSTOPSIG(status))
        return None
    return os.waitstatus_to_exitcode(status)


def _drain(streams: Sequence[Stream], signals: Signals) -> list[str]:
    """Pass on all that CMD wrote before its end, and for a short time what others write.

    The end of file is not waited for: a process that CMD left behind may hold the pipe for ever.
    What it writes later is lost, and gets SIGPIPE. A reader that does not read is waited for, but
    not where the job is being cancelled.
    """
    deadline = time.monotonic() + HELD_SECONDS

    def wait_while(busy: Callable[[Stream], bool], bound: Callable[[Stream], bool]) -> None:
        """Pump while a stream is `busy`; after the deadline only for those in `bound`."""
        while any(map(busy, streams)):
            left = deadline - time.monotonic()
            if left <= 0 and (signals.ending or not any(map(bound, streams))):
                return
            turn(streams, signals.wake, left if left > 0 else None)

    for stream in streams:
        stream.count_owed()
    wait_while(lambda stream: stream.open, lambda stream: stream.owes)
    held = any(stream.source is not None for stream in streams)
    for stream in streams:
        stream.end_input()
    wait_while(lambda stream: stream.pending, lambda stream: stream.pending)
    notes = []
    if held:
        notes.append(
            "a process that the command left behind still holds its output: what it writes from "
            "now on is lost"
        )
    if any(stream.pending for stream in streams):
        notes.append("the end of the output is lost: nobody read it before the job had to end")
    return notes
