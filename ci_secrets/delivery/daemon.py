"""A process that goes on when the command that started it has answered and ended."""

import contextlib
import os
import signal
from types import FrameType
from typing import Final, NamedTuple

from ci_secrets.delivery.meeting import Answer

_ASKED_TO_END: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Parent(NamedTuple):
    """This process is the command that was run; the other one does the work."""

    answer: Answer
    """What the other one sent, once it did; code 1 where it ended without a word."""


class Child(NamedTuple):
    """This process goes on alone."""

    pipe: int

    def send(self, answer: Answer) -> None:
        """Let the command end. Raises `OSError` where it is gone already."""
        view = memoryview(answer.encoded())
        while view:
            view = view[os.write(self.pipe, view) :]
        os.close(self.pipe)

    def failed(self, code: int) -> int:
        """Let the command end with this code, if it has not been answered; gives the code."""
        with contextlib.suppress(OSError):
            self.send(Answer(code))
        return code


def detach(log: int, keep: frozenset[int] = frozenset()) -> Parent | Child:
    """Fork. Comes back in both processes, in the command when the other one has sent its answer.

    The other one has a session of its own, `log` as its stdout, no stdin, and of the descriptors
    that were inherited stderr and those to `keep`: a lock or a pipe of the script's must not live
    as long as it does. What asks the command to end asks the other one.

    NOTE: not forked twice. The command's own parent, which is the shell, has no child of ours, and
    a session leader gets a terminal only by opening one.
    """
    ours, theirs = os.pipe()
    # NOTE: blocked until the command passes them on: one in between would end it alone
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, _ASKED_TO_END)
    child = os.fork()
    if child:
        os.close(theirs)
        _pass_on(child)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        with os.fdopen(ours, "rb") as file:
            return Parent(Answer.decoded(file.read()) or Answer(1))
    os.setsid()
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    os.dup2(log, 1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    _close_others({0, 1, 2, theirs} | keep)
    return Child(theirs)


def _pass_on(child: int) -> None:
    def ask(_signum: int, _frame: FrameType | None) -> None:
        os.kill(child, signal.SIGTERM)  # a zombie at worst, for nobody has waited for it

    for signum in _ASKED_TO_END:
        if signal.getsignal(signum) is not signal.SIG_IGN:
            signal.signal(signum, ask)


def _close_others(keep: set[int]) -> None:
    below = 0
    for descriptor in sorted(keep):
        if below < descriptor:  # NOTE: an empty range from 0 is all descriptors (CPython 3.11)
            os.closerange(below, descriptor)
        below = descriptor + 1
    os.closerange(below, os.sysconf("SC_OPEN_MAX"))
