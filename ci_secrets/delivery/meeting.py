"""Where a shell meets its keeper: a private directory with a FIFO and a socket.

The FIFO takes the shell's output; over the socket a second command of the same shell asks, and the
keeper answers once: with an exit code, and with text for the shell.
"""

import contextlib
import hmac
import json
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Self

from ci_secrets.errors import NotClosedError, OutputRefusedError
from ci_secrets.text import foreign

_FIFO: Final = "output"
_SOCKET: Final = "socket"
_MAX_PATH_BYTES: Final = 107
"""Of a socket, less the NUL at its end. Source: unix(7), `sun_path`."""
_READ_SECONDS: Final = 2.0
"""What the keeper gives to somebody who connects and says nothing: the output waits meanwhile."""
ANSWER_SECONDS: Final = 240.0
"""What the shell gives to the keeper: it may log in meanwhile, or revoke at a store that hangs."""
_MAX_BYTES: Final = 16 * 1024 * 1024
"""Of a question: an environment and a command line."""


class Answer(NamedTuple):
    """An exit code, and text for the shell to evaluate."""

    code: int
    text: bytes = b""

    def encoded(self) -> bytes:
        """As it is sent; `decoded` tells one that was cut off before its first line."""
        return b"%d\n%s" % self

    @classmethod
    def decoded(cls, data: bytes) -> "Self | None":
        """What was sent; `None` where nothing was."""
        code, end, text = data.partition(b"\n")
        return cls(int(code), text) if end and code.isdigit() else None


class Add(NamedTuple):
    """Another `activate` in a shell that has a keeper."""

    words: Sequence[str]
    """Its command line."""
    environment: Mapping[str, str]
    directory: str
    """Where it was run."""


class End(NamedTuple):
    """The shell ends, with this code of its own."""

    code: int


Question = Add | End


class Asked:
    """A question that waits for its answer."""

    def __init__(self, connection: socket.socket, question: Question) -> None:
        self._connection = connection
        self.question = question

    def answer(self, answer: Answer) -> None:
        """Once. Nobody may be there any more."""
        with contextlib.suppress(OSError), self._connection as connection:
            connection.settimeout(_READ_SECONDS)
            connection.sendall(answer.encoded())


class Meeting:
    """The keeper's side, from `open` to `close`."""

    def __init__(self, home: Path, key: str) -> None:
        self.home = home
        self._key = key
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(str(home / _SOCKET))
        self._socket.listen()
        self._writers = contextlib.ExitStack()
        os.mkfifo(home / _FIFO, 0o600)

    def fileno(self) -> int:
        """Readable when somebody asks."""
        return self._socket.fileno()

    def output(self) -> int:
        """The end of the FIFO to read from; at its end once we have closed and nobody writes."""
        reader = os.open(self.home / _FIFO, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        # NOTE: a FIFO that nobody has ever opened to write would never come to its end.
        writer = os.open(self.home / _FIFO, os.O_WRONLY | os.O_CLOEXEC)
        self._writers.callback(os.close, writer)
        return reader

    def asked(self) -> Asked | None:
        """The question of whoever has connected; `None` where it was none, or not by our shell."""
        connection, _ = self._socket.accept()
        connection.settimeout(_READ_SECONDS)
        try:
            with connection.makefile("rb") as file:
                question = _decoded(file.read(_MAX_BYTES), self._key)
        except (OSError, ValueError):
            question = None
        if question is None:
            connection.close()
            return None
        return Asked(connection, question)

    def close(self) -> None:
        """Nobody is answered any more, and nothing is left on the disk."""
        self._socket.close()
        self._writers.close()
        shutil.rmtree(self.home, ignore_errors=True)


@contextlib.contextmanager
def meeting(environment: Mapping[str, str], key: str) -> Iterator[Meeting]:
    """Open one in a directory of its own. Raises `OutputRefusedError` where there is no place."""
    place = Meeting(_directory(environment), key)
    try:
        yield place
    finally:
        place.close()


def ask(home: Path, key: str, question: Question) -> Answer:
    """The keeper's answer. Raises `NotClosedError` where there is none."""
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_SECONDS)
            connection.connect(str(home / _SOCKET))
            connection.sendall(_encoded(question, key))
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as file:
                answer = Answer.decoded(file.read())
    except TimeoutError:
        raise _unanswered(f"did not answer within {ANSWER_SECONDS:.0f} s") from None
    except OSError:
        answer = None
    if answer is None:
        raise _unanswered("is gone")
    return answer


def _unanswered(what: str) -> NotClosedError:
    return NotClosedError(
        f"The keeper of this shell {what}.",
        cause="It was killed, or the machine ran out of memory. What the shell printed since then "
        "is lost, and no verdict can be given.",
        fix="Run `ci-secrets finish` in this job: it revokes what was left open.",
    )


def _directory(environment: Mapping[str, str]) -> Path:
    wanted = (environment.get("XDG_RUNTIME_DIR"), environment.get("TMPDIR"), "/tmp", "/dev/shm")  # noqa: S108
    for base in filter(None, wanted):
        with contextlib.suppress(OSError):
            home = Path(tempfile.mkdtemp(prefix="ci-secrets-", dir=base)).absolute()
            if len(os.fsencode(home / _SOCKET)) <= _MAX_PATH_BYTES:
                return home
            home.rmdir()
    raise OutputRefusedError(
        "There is no place for the pipe of this shell.",
        cause="No directory for temporary files can be written, or their paths are too long for a "
        f"socket ({_MAX_PATH_BYTES} bytes).",
        fix=f"Set TMPDIR to a short path that can be written (it is {foreign(wanted[1])}).",
    )


def _encoded(question: Question, key: str) -> bytes:
    kind = "add" if isinstance(question, Add) else "end"
    return f"{key}\n{json.dumps([kind, *question])}".encode()


def _decoded(data: bytes, key: str) -> Question | None:
    """`None` where it is no question of ours. Raises `ValueError`."""
    given, _, text = data.partition(b"\n")
    if not hmac.compare_digest(given, key.encode()):
        return None
    match json.loads(text):
        case ["add", list(words), dict(environment), str(directory)]:
            return Add(words, environment, directory)
        case ["end", int(code)]:
            return End(code)
        case _:
            return None
