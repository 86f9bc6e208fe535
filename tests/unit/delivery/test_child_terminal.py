"""Where we have a terminal, CMD has one, and the real one works as before."""

import fcntl
import os
import re
import shlex
import subprocess
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import patience
from tests.unit.delivery.conftest import PYTHON, Runner, popen, python, sh

PROMPT = "next> "


class Terminal:
    """A terminal with somebody in front of it: we hold its other end."""

    def __init__(self) -> None:
        self.ours, self.theirs = os.openpty()
        termios.tcsetwinsize(self.ours, (33, 77))
        self.seen = b""

    def start(self, words: list[str], stderr: int | None = None) -> subprocess.Popen[bytes]:
        """Run `words` as the leader of a session that this terminal controls."""

        def control() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        return popen(
            words,
            stdin=self.theirs,
            stdout=self.theirs,
            stderr=self.theirs if stderr is None else stderr,
            start_new_session=True,
            preexec_fn=control,
        )

    def until(self, pattern: bytes) -> bytes:
        """Read until the screen shows `pattern`; all up to there since the last time."""
        while not (found := re.search(pattern, self.seen)):
            self.seen += os.read(self.ours, 4096)
        shown, self.seen = self.seen[: found.end()], self.seen[found.end() :]
        return shown

    def type(self, keys: bytes) -> None:
        """Press keys."""
        os.write(self.ours, keys)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """A terminal of 33 rows and 77 columns."""
    made = Terminal()
    yield made
    os.close(made.ours)
    os.close(made.theirs)


def test_cmd_has_a_terminal(runner: Runner, terminal: Terminal) -> None:
    """CMD's three descriptors are terminals, of the size of ours."""
    code = "import os; print([os.isatty(n) for n in (0, 1, 2)], *os.get_terminal_size(1), 'end')"
    with terminal.start(runner.command(python(code))) as process:
        assert terminal.until(rb"end") == b"[True, True, True] 77 33 end"
        assert process.wait(timeout=patience.SECONDS) == 0
    assert runner.noted("filter") == ["output"]


def test_only_where_we_have_one(runner: Runner, terminal: Terminal) -> None:
    """With stderr in a pipe, only stdout is a terminal."""
    code = "import os; print([os.isatty(n) for n in (1, 2)], 'end'); os.write(2, b'x\\n')"
    with terminal.start(runner.command(python(code)), stderr=subprocess.PIPE) as process:
        assert terminal.until(rb"end") == b"[True, False] end"
        assert process.stderr is not None
        assert process.stderr.read() == b"x\n"


def test_bytes_pass_untouched(runner: Runner, terminal: Terminal) -> None:
    """The real terminal's line discipline is applied once, and the word is hidden."""
    with terminal.start(runner.command(sh(r"printf '\033[1mhunter2\n10%%\r20%%\t.\nend'"))):
        assert terminal.until(rb"end") == b"\x1b[1m***\r\n10%\r20%\t.\r\nend"


def test_much_output(runner: Runner, terminal: Terminal) -> None:
    """Nothing is lost between two terminals, the last bytes before the end neither."""
    with terminal.start(runner.command(python("print('x' * 200_000 + 'end', end='')"))):
        assert terminal.until(rb"end") == b"x" * 200_000 + b"end"


def test_resize(runner: Runner, terminal: Terminal) -> None:
    """When the terminal gets another size, CMD hears of it and finds the new one."""
    code = """
import os, signal, time
def show(*_):
    os.write(1, b"%d." % os.get_terminal_size(1).columns)
signal.signal(signal.SIGWINCH, show)
os.write(1, b"ready")
while True:
    time.sleep(0.01)
"""
    with terminal.start(runner.command(python(code))) as process:
        terminal.until(rb"ready")
        termios.tcsetwinsize(terminal.ours, (40, 123))
        terminal.until(rb"123")
        process.terminate()


def test_interrupt_reaches_cmd_once(runner: Runner, terminal: Terminal) -> None:
    """Ctrl-C is one SIGINT for CMD and one for us."""
    code = """
import signal, time
got = []
signal.signal(signal.SIGINT, lambda *_: got.append(1))
print("ready", flush=True)
while not got:
    time.sleep(0.01)
time.sleep(0.3)
print("got", len(got), "end", flush=True)
"""
    with terminal.start(runner.command(python(code))) as process:
        terminal.until(rb"ready")
        terminal.type(b"\x03")
        assert b"got 1 end" in terminal.until(rb"end")
        assert process.wait(timeout=patience.SECONDS) == 0
    assert runner.noted("signal") == [2]


def test_modes_are_cmds_own(runner: Runner, terminal: Terminal) -> None:
    """We do not touch the modes of the real terminal; CMD can, through its stdin."""
    before = termios.tcgetattr(terminal.theirs)
    with terminal.start(runner.command(sh("echo end"))) as process:
        terminal.until(rb"end")
        process.wait(timeout=patience.SECONDS)
    assert termios.tcgetattr(terminal.theirs) == before
    with terminal.start(runner.command(sh("stty -echo; echo end"))) as process:
        terminal.until(rb"end")
        process.wait(timeout=patience.SECONDS)
    assert not termios.tcgetattr(terminal.theirs)[3] & termios.ECHO


def test_background_process(runner: Runner, terminal: Terminal) -> None:
    """A process that keeps the terminal open does not keep us."""
    with terminal.start(runner.command(sh("sleep 300 & echo end; exit 4"))) as process:
        terminal.until(rb"end")
        assert process.wait(timeout=patience.SECONDS) == 4
    assert "still holds" in runner.ended()["notes"][0]


@pytest.fixture
def shell(terminal: Terminal) -> Iterator[subprocess.Popen[bytes]]:
    """An interactive shell at its first prompt: a key before that may be lost."""
    command = ["env", f"PS1={PROMPT}", "bash", "--norc", "--noprofile", "-i"]
    with terminal.start(command) as shell:
        terminal.until(PROMPT.encode())
        yield shell
        terminal.type(b"exit\n")
        shell.wait(timeout=patience.SECONDS)


def test_suspend_and_resume(
    runner: Runner, terminal: Terminal, shell: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """Ctrl-Z in an interactive shell gives its prompt back, and `fg` goes on."""
    code = "print('run' + 'ning', flush=True); print('got ' + input() + ' end', flush=True)"
    terminal.type(_typed(runner, code, tmp_path))
    terminal.until(rb"running")
    terminal.type(b"\x1a")
    assert b"Stopped" in terminal.until(PROMPT.encode())
    terminal.type(b"fg\n")
    terminal.until(rb"fg\r\n.*\n")
    terminal.type(b"answer\n")
    terminal.until(rb"got answer end")
    terminal.until(PROMPT.encode())
    assert runner.ended()["code"] == 0


def test_cmd_that_takes_the_key(
    runner: Runner, terminal: Terminal, shell: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """Where Ctrl-Z is a key of CMD's own, it stops neither CMD nor us."""
    code = """
import signal
signal.signal(signal.SIGTSTP, lambda *_: print("took" + " it", flush=True))
print("run" + "ning", flush=True)
print("got", input(), "end", flush=True)
"""
    terminal.type(_typed(runner, code, tmp_path))
    terminal.until(rb"running")
    terminal.type(b"\x1a")
    terminal.until(rb"took it")
    terminal.type(b"answer\n")
    assert b"Stopped" not in terminal.until(rb"got answer end")
    terminal.until(PROMPT.encode())
    assert runner.ended()["code"] == 0


def _typed(runner: Runner, code: str, directory: Path) -> bytes:
    """What one types to run a program in Python."""
    (directory / "script.py").write_text(code)
    words = runner.command([PYTHON, str(directory / "script.py")])
    return shlex.join(words).encode() + b"\n"
