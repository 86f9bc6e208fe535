"""The signals that reach us while CMD runs, and how they reach CMD."""

import os
import signal
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Final, Self

ENDING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Told to the job first: it revokes."""
PASSED_ON: Final = (*ENDING, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2)
_KEYBOARD: Final = (signal.SIGINT, signal.SIGQUIT)
_STOPPED_BY_TERMINAL: Final = (signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)

KILL_AFTER_SECONDS: Final = 1.0
"""From a second request to end, where it is SIGTERM, to SIGKILL of CMD. GitHub sends SIGINT, 7.5 s
later SIGTERM, and kills us 2.5 s after that: the rest is needed to close."""
_RESUMED_SECONDS: Final = 1.0
"""How long after we were continued a report that CMD was stopped is an old one."""


class Signals:
    """Catches signals while the context is open; what was ignored before stays ignored.

    NOTE: the work is done in the Python handlers, not in the pump's loop: they run even while a
    write to a blocking terminal waits. The wake-up descriptor only ends a poll.
    """

    def __init__(self, on_signal: Callable[[int], None], on_resize: Callable[[], None]) -> None:
        self._on_signal = on_signal
        self._on_resize = on_resize
        self._pid: int | None = None
        self._early: list[int] = []
        self._kill_at: float | None = None
        self._resumed_at = float("-inf")
        self._before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int] = {}
        self.ending = False
        """Whether we were asked to end."""

    def __enter__(self) -> Self:
        self.wake, self._wake_from = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self._wake_from, False)
        self._wake_before = signal.set_wakeup_fd(self._wake_from, warn_on_full_buffer=False)
        ours = (signal.SIGTSTP, signal.SIGWINCH, signal.SIGCHLD, signal.SIGCONT)
        for signum in (*PASSED_ON, *ours):
            before = signal.getsignal(signum)
            # SIGCHLD must never be ignored: the kernel would then drop CMD's exit code.
            if before is not None and (before != signal.SIG_IGN or signum == signal.SIGCHLD):
                self._before[signum] = before
                signal.signal(signum, self._arrived)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for signum, before in self._before.items():
            signal.signal(signum, before)
        signal.set_wakeup_fd(self._wake_before)
        os.close(self.wake)
        os.close(self._wake_from)

    @property
    def caught(self) -> tuple[signal.Signals, ...]:
        """Those that have a handler of ours now."""
        return tuple(self._before)

    @property
    def seconds_to_kill(self) -> float | None:
        """Until `kill_if_due` has something to do."""
        return None if self._kill_at is None else max(0.0, self._kill_at - time.monotonic())

    def started(self, pid: int) -> None:
        """CMD runs: pass on what arrived before it did."""
        self._pid = pid
        for signum in self._early:
            self._send(signum)

    def ended(self) -> None:
        """CMD is gone; its number may belong to somebody else soon."""
        self._pid = None
        self._kill_at = None

    def kill_if_due(self) -> None:
        """Kill CMD when it has not obeyed the last request to end."""
        if self._kill_at is not None and time.monotonic() >= self._kill_at:
            self._kill_at = None
            self._send(signal.SIGKILL)

    def stop_as(self, signum: int) -> None:
        """CMD was stopped: stop too, where it is a matter of the terminal's job control.

        When the shell continues us, so is CMD. In a process group that no shell controls the
        kernel does not let this stop us.
        """
        if signum not in _STOPPED_BY_TERMINAL:
            return
        # NOTE: where CMD reads in the background, the kernel stops both of us and `fg` continues us
        # one after the other, so that we may hear of CMD's stop when we go on again already.
        if time.monotonic() - self._resumed_at > _RESUMED_SECONDS:
            _stop()
        self._send(signal.SIGCONT)

    def _arrived(self, signum: int, frame: FrameType | None) -> None:
        if signum == signal.SIGCHLD:
            return
        if signum == signal.SIGCONT:
            self._resumed_at = time.monotonic()
            return
        if signum == signal.SIGWINCH:
            # CMD may have seen the kernel's own SIGWINCH before its terminal had the new size.
            self._on_resize()
            self._send(signum)
            return
        if signum == signal.SIGTSTP:
            # CMD decides: we stop when it has, or the shell would take a terminal that CMD still
            # reads, or one whose Ctrl-Z CMD takes for a key of its own.
            if self._pid is None:
                _stop()
            elif not _in_foreground():
                self._send(signum)
            return
        try:
            if signum in ENDING:
                self._on_signal(signum)
        finally:
            if self.ending and signum == signal.SIGTERM:
                self._kill_at = time.monotonic() + KILL_AFTER_SECONDS
            self.ending = self.ending or signum in ENDING
            if self._pid is None or signum not in _KEYBOARD or not _in_foreground():
                self._send(signum)

    def _send(self, signum: int) -> None:
        if self._pid is None:
            self._early.append(signum)
            return
        try:
            os.kill(self._pid, signum)
        except (ProcessLookupError, PermissionError):
            pass  # it is gone, or runs as somebody else by now (sudo)


def _stop() -> None:
    """Stop ourselves, until a shell continues us."""
    before = signal.signal(signal.SIGTSTP, signal.SIG_DFL)
    os.kill(os.getpid(), signal.SIGTSTP)
    signal.signal(signal.SIGTSTP, before)


def _in_foreground() -> bool:
    """Whether a key on our terminal has reached CMD too: it is sent to the whole group.

    NOTE: Python does not tell who sent a signal. `kill -INT` of us alone, on a terminal in the
    foreground, is therefore taken for Ctrl-C; SIGTERM and SIGHUP are always passed on.
    """
    try:
        terminal = os.open(os.ctermid(), os.O_RDONLY | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
