"""What the servers share: a process group, a folder and a port, all gone when the block ends."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from tests import patience

LOOPBACK = "127.0.0.1"

_STOP_SECONDS = 10.0
_TRIES = 3
# Ends the server's whole group when our end of the pipe closes, however we came to die.
# A parent-death signal would not do: it follows the thread that forked, and misses plugins.
_GUARD = 'read -r _; kill -s KILL -- "-$1" 2>/dev/null'


def free_port() -> int:
    """Return a loopback port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        port: int = listener.getsockname()[1]
        return port


class ServerError(RuntimeError):
    """A real server did not do what a test asked of it; the text holds its own words."""


class Process:
    """One server with all its children, in a process group of its own."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        folder: Path,
        env: Mapping[str, str],
        account: pwd.struct_passwd | None = None,
    ) -> None:
        self.log = folder / "server.log"
        with self.log.open("wb") as log:
            self._popen = subprocess.Popen(
                argv,
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **run_as(account),
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "sh", str(self._popen.pid)],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    @property
    def pid(self) -> int:
        return self._popen.pid

    def exited(self) -> bool:
        """Say whether the server has ended, without reaping it: its id stays ours until `end`."""
        if self._popen.returncode is not None:
            return True
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def wait_ready(self, ready: Callable[[], bool]) -> None:
        """Wait until `ready()`, and stop waiting when the server ends or takes too long."""
        deadline = time.monotonic() + patience.SECONDS
        while not ready():
            if self.exited() or time.monotonic() > deadline:
                log = self.log.read_text(errors="replace")[-2000:]
                self.end(signal.SIGKILL)
                raise ServerError(f"the server did not start; the end of its log:\n{log}")
            time.sleep(0.02)

    def end(self, first: signal.Signals) -> None:
        """End the server with `first`, then whatever is left of its group; twice is harmless."""
        if self._popen.returncode is not None:
            return
        os.kill(self.pid, first)
        deadline = time.monotonic() + _STOP_SECONDS
        while not self.exited() and time.monotonic() < deadline:
            time.sleep(0.01)
        # Nothing is reaped before this point, so the ids cannot have passed to a stranger.
        self._guard.kill()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._popen.wait()
        self._guard.wait()
        if self._guard.stdin is not None:
            self._guard.stdin.close()


class Server:
    """What the servers share: a folder and a process, both gone when the block ends."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._folder: Path | None = None

    def __enter__(self) -> Self:
        for tries_left in range(_TRIES, 0, -1):
            try:
                self._start()
                break
            except BaseException as error:
                self._discard()
                # Between our choice of a port and its use somebody else may have taken it.
                taken = "address already in use" in str(error).lower()
                if not taken or tries_left == 1:
                    self.stop()
                    raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int | None:
        """The server's process, which also leads its process group."""
        return self._process.pid if self._process is not None else None

    def _start(self) -> None:
        raise NotImplementedError

    def _end(self, first: signal.Signals) -> None:
        if self._process is not None:
            self._process.end(first)

    def _new_folder(self) -> Path:
        # Not pytest's tmp_path: PostgreSQL's account cannot enter it, and a socket's path is short.
        self._folder = Path(tempfile.mkdtemp(prefix="ci-secrets-real-", dir="/tmp"))
        return self._folder

    def stop(self) -> None:
        """End the server and remove its folder; twice is harmless."""
        self._end(signal.SIGTERM)
        self._discard()

    def _discard(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def run_as(account: pwd.struct_passwd | None) -> dict[str, Any]:
    """Return the arguments with which `subprocess` runs something as `account`."""
    if account is None:
        return {}
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
