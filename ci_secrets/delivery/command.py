"""CMD's process: started as a shell would, as a child that dies with us."""

import contextlib
import errno
import fcntl
import os
import shutil
import signal
import subprocess
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from ci_secrets.process import die_with, restore_core_limit
from ci_secrets.text import foreign

NOT_EXECUTABLE: Final = 126
NOT_FOUND: Final = 127
"""What a shell returns. Source: POSIX, XCU 2.8.2 "Exit Status for Commands"."""


def spawn(
    argv: Sequence[str],
    environment: Mapping[str, str],
    *,
    stdout: int,
    stderr: int,
    caught: Collection[signal.Signals],
) -> subprocess.Popen[bytes]:
    """Start CMD in our session and process group, with our stdin, and what it may read beside it.

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
        die_with(ourselves)
        restore_core_limit()
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
            pass_fds=_readable(),
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
    if not argv[0]:
        return NOT_FOUND, "cannot run a command with an empty name: is a variable unset?"
    name = foreign(argv[0])
    if error.errno == errno.E2BIG:
        return NOT_EXECUTABLE, f"cannot run {name}: its arguments and environment are too long"
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        if _found(argv[0], environment) is None:
            where = "no such file" if "/" in argv[0] else "not found on PATH"
            return NOT_FOUND, f"cannot run {name}: {where}"
        return NOT_EXECUTABLE, f"cannot run {name}: the interpreter that it names is missing"
    return NOT_EXECUTABLE, f"cannot run {name}: {os.strerror(error.errno or 0).lower()}"


def _readable() -> list[int]:
    """Descriptors above 2 that we were given to read: files, and pipes such as bash's `<(…)`.

    What we open ourselves is not inheritable (PEP 446). And what CMD could write to (a copy of the
    log, `>(…)`) would be a way past the redaction.
    """
    with contextlib.suppress(OSError):  # a container without /dev/fd
        given = [int(entry.name) for entry in Path("/dev/fd").iterdir()]
        return [it for it in given if it > 2 and _is_given_to_read(it)]
    return []


def _is_given_to_read(descriptor: int) -> bool:
    try:
        way = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
        return os.get_inheritable(descriptor) and way == os.O_RDONLY
    except OSError:  # it was that of /dev/fd
        return False


def _found(command: str, environment: Mapping[str, str]) -> str | None:
    found = shutil.which(command, path=environment.get("PATH", os.defpath))
    return found if found is None or "/" in found else f"./{found}"  # an empty entry in PATH
