"""Standard input, output and error that are not what a program hopes for."""

import fcntl
import json
import os
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from tests import patience
from tests.patience import wait_until

VALUE = "made-up-q8Zk2vX0-value"
MUCH = b"not a value\n" * 100_000


def words(command: str, known: Path) -> list[str]:
    """The words that start it with one known value."""
    known.write_text(json.dumps({"PW": VALUE}))
    return [sys.executable, "-I", "-m", "ci_secrets", command, "--known", str(known)]


def held(descriptor: int) -> int:
    """How many bytes stand in a pipe."""
    answer: int = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4))[0]
    return answer


@pytest.mark.parametrize("command", ["redact", "scan"])
def test_a_writer_that_takes_its_time_is_waited_for(command: str, tmp_path: Path) -> None:
    """Nothing to read yet is not the end, also where the pipe says so at once."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    begun = [*words(command, tmp_path / "known"), *(["-"] if command == "scan" else [])]
    with subprocess.Popen(begun, stdin=ours, stdout=subprocess.PIPE) as process:
        os.write(theirs, b"first\n")
        wait_until(lambda: not held(ours))
        os.close(ours)
        with os.fdopen(theirs, "wb") as writer:
            writer.write(f"login {VALUE}\n".encode())
        out, _ = process.communicate(timeout=patience.SECONDS)
    if command == "redact":
        assert (process.returncode, out) == (0, b"first\nlogin ***\n")
    else:
        assert process.returncode == 11
        assert b"-:2:7: PW in clear" in out


def test_known_values_that_take_their_time_are_waited_for(tmp_path: Path) -> None:
    """Half of the values is never taken for all of them."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    (tmp_path / "log").write_text(VALUE)
    begun = [*words("scan", tmp_path / "known")[:-1], "-", str(tmp_path / "log")]
    with subprocess.Popen(begun, stdin=ours, stdout=subprocess.DEVNULL) as process:
        os.write(theirs, b'{"PW": ')
        wait_until(lambda: not held(ours))
        os.close(ours)
        with os.fdopen(theirs, "wb") as writer:
            writer.write(json.dumps(VALUE).encode() + b"}")
        assert process.wait(patience.SECONDS) == 11


def test_a_reader_that_takes_its_time_gets_all(tmp_path: Path) -> None:
    """A pipe that takes no more for now is no reason to lose what comes next."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    (tmp_path / "log").write_bytes(MUCH)
    with (tmp_path / "log").open("rb") as log:
        begun = words("redact", tmp_path / "known")
        process = subprocess.Popen(begun, stdin=log, stdout=theirs)
    wait_until(lambda: held(ours) > 60_000)
    os.close(theirs)
    with os.fdopen(ours, "rb") as reader:
        assert reader.read() == MUCH
    assert process.wait(patience.SECONDS) == 0


def closed(descriptor: int, argv: list[str], folder: Path) -> "subprocess.CompletedProcess[bytes]":
    """Run it with standard input, output or error closed."""
    shell = f'exec "$@" {descriptor}>&-'
    return subprocess.run(
        ["sh", "-c", shell, "sh", *argv], cwd=folder, capture_output=True, check=False, timeout=30
    )


def test_who_does_not_read_standard_input_does_not_miss_it(tmp_path: Path) -> None:
    """A file is scanned as ever where it is closed."""
    (tmp_path / "log").write_text(VALUE)
    done = closed(0, [*words("scan", tmp_path / "known"), "log"], tmp_path)
    assert (done.returncode, done.stderr) == (11, b"")
    assert b"log:1:1: PW in clear" in done.stdout


@pytest.mark.parametrize(
    "more", [["redact"], ["scan", "-"], ["scan", "--follow", "-"], ["scan", "--known", "-", "log"]]
)
def test_closed_standard_input_is_no_empty_text(more: list[str], tmp_path: Path) -> None:
    """Who is to read it says that it is closed."""
    (tmp_path / "log").touch()
    command, *rest = more
    done = closed(0, [*words(command, tmp_path / "known"), *rest], tmp_path)
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"ci-secrets: Standard input is closed.\n")


def test_closed_standard_output_is_told(tmp_path: Path) -> None:
    """A verdict that goes nowhere is no success."""
    (tmp_path / "log").touch()
    done = closed(1, [*words("scan", tmp_path / "known"), "log"], tmp_path)
    assert done.returncode == 8
    assert b"Standard output cannot be written." in done.stderr


def test_closed_standard_error_changes_nothing(tmp_path: Path) -> None:
    """What was to be said there is lost, and nothing else."""
    (tmp_path / "log").write_text(VALUE)
    done = closed(2, [*words("scan", tmp_path / "known"), "log", "--ignore-file", "x"], tmp_path)
    assert done.returncode == 3
    done = closed(2, [*words("scan", tmp_path / "known"), "log"], tmp_path)
    assert done.returncode == 11
    assert b"log:1:1: PW in clear" in done.stdout


def test_the_flags_of_others_are_left_alone(tmp_path: Path) -> None:
    """Whether a pipe blocks is for all that have it open, so that we do not change it."""
    ours, theirs = os.pipe()
    os.set_blocking(ours, False)
    os.close(theirs)
    subprocess.run(words("redact", tmp_path / "known"), stdin=ours, check=True)
    assert not os.get_blocking(ours)
    os.close(ours)
