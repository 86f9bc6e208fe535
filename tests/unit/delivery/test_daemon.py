"""A process that goes on alone: what the command gets of it, and what it takes along."""

import ast
import os
import signal
import subprocess
import textwrap
from pathlib import Path

import pytest

from ci_secrets.delivery.meeting import Answer
from tests import patience
from tests.patience import wait_until
from tests.unit.delivery.conftest import PYTHON


def start(code: str, *, folder: Path) -> "subprocess.Popen[bytes]":
    """Start a command that detaches: `child` is what goes on, its log is descriptor 9."""
    script = f"""\
import os, sys, time
from ci_secrets.delivery.daemon import Parent, detach
from ci_secrets.delivery.meeting import Answer
child = detach(9, frozenset({{7}}))
if isinstance(child, Parent):
    print(child.answer, flush=True)
    os._exit(child.answer.code)
{textwrap.dedent(code)}
os._exit(0)
"""
    (folder / "code.py").write_text(script)
    words = f"exec {PYTHON} code.py 7<code.py 8<code.py 9>log"
    return subprocess.Popen(
        ["sh", "-c", words], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
    )


def test_the_command_ends_with_what_the_other_one_sends(tmp_path: Path) -> None:
    """Then, and not when the other one ends; that writes to the log from then on."""
    process = start(
        """\
        child.send(Answer(3, b"x" * 200_000))
        while not os.path.exists("go"):
            time.sleep(0.01)
        print(sorted(os.listdir("/proc/self/fd"), key=int), os.getsid(0) == os.getpid(), flush=True)
        """,
        folder=tmp_path,
    )
    out, _ = process.communicate(timeout=patience.SECONDS)
    assert out.decode() == f"{Answer(3, b'x' * 200_000)}\n"
    assert process.returncode == 3
    assert (tmp_path / "log").read_text() == ""
    (tmp_path / "go").touch()
    wait_until((tmp_path / "log").read_text)
    held, alone = (tmp_path / "log").read_text().rsplit(" ", 1)
    assert alone == "True\n"
    # 0, 1, 2, the one that was to be kept, and that of the listing itself: not 8, not 9.
    numbers = set(ast.literal_eval(held))
    assert len(numbers) == 5
    assert {"0", "1", "2", "7"} < numbers
    assert not {"8", "9"} & numbers


def test_one_that_ends_without_a_word_is_an_error(tmp_path: Path) -> None:
    """Whatever it was: the command ends in 1."""
    process = start("os._exit(0)", folder=tmp_path)
    assert process.communicate(timeout=patience.SECONDS)[0].decode() == f"{Answer(1)}\n"
    assert process.returncode == 1


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_command_asks_the_other_one(tmp_path: Path, signum: int) -> None:
    """What was begun is undone there, and the command ends with the code that comes of it."""
    process = start(
        """\
        import signal
        signal.signal(signal.SIGTERM, lambda *_: (child.failed(143), os._exit(0)))
        open("ready", "w").close()
        time.sleep(300)
        """,
        folder=tmp_path,
    )
    wait_until((tmp_path / "ready").exists)
    os.kill(process.pid, signum)
    process.communicate(timeout=patience.SECONDS)
    assert process.returncode == 143


def test_a_signal_at_once_does_not_end_the_command_alone(tmp_path: Path) -> None:
    """Not even between the fork and what follows it: whoever asks the command asks both."""
    code = """\
import os, signal
fork = os.fork
def fork_and_ask():
    child = fork()
    if child:
        os.kill(os.getpid(), signal.SIGTERM)
    return child
os.fork = fork_and_ask
from ci_secrets.delivery.daemon import Parent, detach
child = detach(2)
if isinstance(child, Parent):
    os._exit(child.answer.code)
signal.pause()
"""
    done = subprocess.run([PYTHON, "-c", code], cwd=tmp_path, timeout=patience.SECONDS, check=False)
    assert done.returncode == 1
