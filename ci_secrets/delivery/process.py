"""Our own process made unreadable to others, and CMD's process as its child."""

import ctypes
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ci_secrets.text import foreign

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
"""Source: linux/prctl.h."""

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
"""What a shell returns. Source: POSIX, XCU 2.8.2 "Exit Status for Commands"."""

# NOTE: looked up here, so that the child calls it between fork and exec without taking any lock.
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

_core_limit: tuple[int, int] | None = None
"""The core file limit that we were started with; CMD gets it back."""


def harden() -> None:
    """Let no other process of this user read our memory, and leave no core file.

    To be called first, before anything is opened: it also fills a closed descriptor 0, 1 or 2, so
    that no file of ours gets that number and is then written like standard output. Reads from it
    are at the end of file, writes fail with EBADF as before.
    """
    global _core_limit
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest free number is this one, for the ones below are open by now.
            os.set_inheritable(os.open(os.devnull, os.O_RDONLY), True)
    if _core_limit is None:
        _core_limit = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, _core_limit[1]))
    if _prctl is not None:
        _prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def spawn(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: int,
    stderr: int,
    caught: Collection[signal.Signals],
) -> subprocess.Popen[bytes]:
    """Start CMD in our session and process group, with our stdin, and with 0, 1 and 2 only.

    It dies with us (PR_SET_PDEATHSIG), gets its core limit back and the default disposition of the
    signals that we have `caught`. `PATH` is that of `environment`. To be called from the main
    thread: Linux sends the signal when the *thread* that forked ends. Raises `OSError`.

    NOTE: the signal is SIGKILL. Whoever asks nicely sends SIGINT or SIGTERM first, and those are
    passed on; who kills us wants the end, and CMD would go on with nobody to redact or revoke.
    """
    ourselves = os.getpid()
    # Blocked until CMD has its own dispositions: a signal in between would be ours in the child.
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, caught)

    def in_the_child() -> None:
        # NOTE: between fork and exec in a process that may have threads: system calls only, no
        # lock, no import, no allocation worth the name.
        if _prctl is not None:
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
            if os.getppid() != ourselves:  # we died before the line above
                os.kill(os.getpid(), signal.SIGKILL)
        if _core_limit is not None:
            resource.setrlimit(resource.RLIMIT_CORE, _core_limit)
        for signum in caught:
            signal.signal(signum, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def start(words: Sequence[str], program: str | None = None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            words,
            executable=program,
            env=environment,
            stdout=stdout,
            stderr=stderr,
            preexec_fn=in_the_child,
        )

    # NOTE: found here, for Popen goes on to the next in PATH when a file is no program.
    program = _found(argv[0], environment)
    try:
        return start(argv, program)
    except OSError as error:
        if error.errno != errno.ENOEXEC or program is None:
            raise
        # A script without `#!`: execvp(3) and every shell hand it to sh.
        return start(["/bin/sh", program, *argv[1:]])
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def why_not_started(
    error: OSError, argv: Sequence[str], environment: Mapping[str, str]
) -> tuple[int, str]:
    """The exit code that a shell would give, and one line for people."""
    name = foreign(argv[0])
    if error.errno == errno.E2BIG:
        return NOT_EXECUTABLE, f"cannot run {name}: its arguments and environment are too long"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if _found(argv[0], environment) is None:
            where = "no such file" if "/" in argv[0] else "not found on PATH"
            return NOT_FOUND, f"cannot run {name}: {where}"
        return NOT_EXECUTABLE, f"cannot run {name}: the interpreter that it names is missing"
    return NOT_EXECUTABLE, f"cannot run {name}: {os.strerror(error.errno or 0).lower()}"


def _found(command: str, environment: Mapping[str, str]) -> str | None:
    found = shutil.which(command, path=environment.get("PATH", os.defpath))
    return found if found is None or "/" in found else f"./{found}"  # an empty entry in PATH
