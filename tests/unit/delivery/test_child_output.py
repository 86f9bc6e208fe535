"""What CMD writes arrives: in order, untouched, at once, redacted, or not at all."""

import fcntl
import os
import socket
import subprocess
import time
from pathlib import Path

import pytest

from ci_secrets.delivery.pump import READ_BYTES
from tests import patience
from tests.unit.delivery.conftest import PYTHON, Runner, sh

NOISE = (
    b"\x1b[31mred\x1b[0m 10%\r 20%\r\n::group::a\n##[x]\nsection_start:1:a\r\x1b[0K\x00\xff\xfe\t\n"
)
HELD = "a process that the command left behind still holds its output"


class TestStreams:
    """Two streams stay two, one stays one."""

    def test_one_file_keeps_the_order(self, runner: Runner, tmp_path: Path) -> None:
        """Where stdout and stderr are one open file, lines stand in the order of writing."""
        log = tmp_path / "log"
        lines = "".join(f"echo out{n}; echo err{n} >&2; " for n in range(50))
        with log.open("wb") as file:
            runner.run(sh(lines), stdout=file, stderr=file)
        expected = "".join(f"out{n}\nerr{n}\n" for n in range(50))
        assert log.read_text() == expected
        assert runner.noted("filter") == ["output"]

    def test_one_log_goes_to_stdout(self, runner: Runner) -> None:
        """With `one_log` both come out of stdout, in order."""
        done, _ = runner.run(sh("echo a; echo b >&2; echo c"), one_log=True)
        assert (done.stdout, done.stderr) == (b"a\nb\nc\n", b"")

    def test_two_streams_stay_apart(self, runner: Runner) -> None:
        """`X=$(ci-secrets exec -- cmd)` catches stdout only."""
        done, _ = runner.run(sh("echo a; echo b >&2; echo c"))
        assert (done.stdout, done.stderr) == (b"a\nc\n", b"b\n")
        assert runner.noted("filter") == ["stdout", "stderr"]

    def test_each_stream_is_filtered(self, runner: Runner) -> None:
        """The word is hidden on both, though it comes in pieces."""
        done, _ = runner.run(sh("printf hun; printf hun >&2; printf ter2; printf ter2. >&2"))
        assert (done.stdout, done.stderr) == (b"***", b"***.")

    def test_held_back_bytes_come_at_the_end(self, runner: Runner) -> None:
        """What looked like the beginning of a secret and was none is not lost."""
        assert runner.run(sh("printf hunter"))[0].stdout == b"hunter"

    def test_bytes_pass_untouched(self, runner: Runner, tmp_path: Path) -> None:
        """Colours, progress bars, workflow commands and any other bytes are not changed."""
        noise = NOISE + os.urandom(300_000)
        (tmp_path / "noise").write_bytes(noise)
        done, _ = runner.run(["cat", str(tmp_path / "noise")])
        assert done.stdout == noise

    def test_a_file_goes_on_where_it_stands(self, runner: Runner, tmp_path: Path) -> None:
        """The descriptor itself is written: opened anew the file would begin at its start."""
        log = tmp_path / "log"
        with log.open("w+b", buffering=0) as file:
            file.write(b"before\n")
            runner.run(sh("echo out; echo err >&2"), stdout=file, stderr=file)
            file.write(b"after\n")
        assert log.read_bytes() == b"before\nout\nerr\nafter\n"

    def test_a_socket_is_written(self, runner: Runner) -> None:
        """Nobody can open a socket anew by its name in /proc or /dev."""
        ours, theirs = socket.socketpair()
        with ours, theirs:
            with runner.start(sh("echo hunter2"), stdout=theirs) as process:
                theirs.close()
                assert process.wait(timeout=patience.SECONDS) == 0
            assert ours.recv(100) == b"***\n"

    def test_stdin_is_inherited(self, runner: Runner, tmp_path: Path) -> None:
        """CMD reads our stdin, and we do not."""
        (tmp_path / "in").write_bytes(b"question")
        with (tmp_path / "in").open("rb") as file:
            assert runner.run(["cat"], stdin=file)[0].stdout == b"question"

    def test_output_comes_at_once(self, runner: Runner) -> None:
        """A prompt without a newline is seen while CMD waits for the answer."""
        script = "printf 'name? '; read answer; echo \"hello $answer\""
        with runner.start(sh(script), stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stdout.read(6) == b"name? "
            process.stdin.write(b"you\n")
            process.stdin.close()
            assert process.stdout.read() == b"hello you\n"


class TestReaders:
    """Whoever reads us, slowly, not at all, or without blocking."""

    def test_much_output_takes_no_memory(self, runner: Runner) -> None:
        """50 MB pass whole, and our memory does not grow with them."""
        done, _ = runner.run(["head", "-c", "50000000", "/dev/zero"], stdout=subprocess.PIPE)
        (large,) = runner.noted("kilobytes")
        runner.run(["true"])
        small = runner.noted("kilobytes")[-1]
        assert len(done.stdout) == 50_000_000
        assert large - small < 8 * 1024

    @pytest.mark.parametrize("blocking", [True, False])
    def test_slow_reader(self, runner: Runner, blocking: bool) -> None:
        """A slow reader gets every byte, on a blocking stdout and on a non-blocking one."""
        ours, theirs = os.pipe()
        os.set_blocking(theirs, blocking)
        fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
        with runner.start([PYTHON, "-c", "print('x' * 300_000)"], stdout=theirs) as process:
            os.close(theirs)
            got = b""
            while piece := os.read(ours, 1000):
                got += piece
                time.sleep(0.0005)
            assert process.wait() == 0
        os.close(ours)
        assert got == b"x" * 300_000 + b"\n"

    def test_one_stuck_stream_does_not_stop_the_other(self, runner: Runner) -> None:
        """Nobody reads stdout, and stderr still comes."""
        script = (
            "head -c 65536 /dev/zero & head -c 65536 /dev/zero & sleep 0.2; echo here >&2; wait"
        )
        with runner.start(sh(script)) as process:
            assert process.stderr is not None
            assert process.stdout is not None
            assert process.stderr.readline() == b"here\n"
            assert len(process.stdout.read()) == 131072

    def test_reader_gone(self, runner: Runner) -> None:
        """When nobody reads any more, CMD dies of SIGPIPE, as it would without us."""
        with runner.start(["yes"]) as process:
            assert process.stdout is not None
            process.stdout.read(10)
            process.stdout.close()
            assert process.wait(timeout=patience.SECONDS) == 141
            assert process.stderr is not None
            assert process.stderr.read() == b""
        assert not runner.ended()["unwritten"]

    def test_full_disk(self, runner: Runner) -> None:
        """Output that cannot be written is said, beside the code that CMD itself gave."""
        with Path("/dev/full").open("wb") as full:
            _, ended = runner.run(sh("echo a; exit 0"), stdout=full)
        assert (ended["code"], ended["unwritten"]) == (0, True)
        assert "no space left" in ended["notes"][0]

    def test_closed_stdout(self, runner: Runner) -> None:
        """With stdout closed nothing else gets its number: the output is lost, and that is said."""
        done, ended = runner.run(sh("echo a; echo b >&2"), stdout=None, before=lambda: os.close(1))
        assert done.stderr == b"b\n"
        assert (ended["code"], ended["unwritten"]) == (0, True)
        assert "bad file descriptor" in ended["notes"][0]

    def test_broken_filter_lets_nothing_out(self, runner: Runner) -> None:
        """A filter that fails ends CMD; its bytes are not passed on as they are."""
        done, _ = runner.run(sh("echo hunter2; sleep 300; echo late"), **{"break": True})
        assert done.stdout == b""
        assert runner.journal()[-1] == ["raised"]


class TestLeftBehind:
    """Processes that outlive CMD."""

    def test_holding_the_pipe(self, runner: Runner, tmp_path: Path) -> None:
        """A background process does not keep us waiting, and what it writes later is lost."""
        gate = tmp_path / "gate"
        os.mkfifo(gate)
        script = f"(read x < {gate}; echo hunter2; echo $? > {tmp_path}/said) & echo done"
        with runner.start(sh(script)) as process:
            assert process.wait(timeout=patience.SECONDS) == 0
            gate.write_text("go\n")
            assert process.stdout is not None
            assert process.stdout.read() == b"done\n"
        assert runner.ended()["notes"][0].startswith(HELD)

    def test_writing_a_little_later(self, runner: Runner) -> None:
        """What a process substitution or a trap writes just after CMD's end still comes."""
        later = "while kill -0 $$; do sleep 0.01; done 2>/dev/null; echo hunter2"
        done, ended = runner.run(sh(f"({later}) & echo done"))
        assert done.stdout == b"done\n***\n"
        assert ended["notes"] == []

    def test_writing_for_ever(self, runner: Runner) -> None:
        """A process that never stops writing does not keep us."""
        with runner.start(sh("yes & exit 3")) as process:
            assert process.stdout is not None
            while process.stdout.read(READ_BYTES):
                pass
            assert process.wait(timeout=patience.SECONDS) == 3
        assert runner.ended()["notes"][0].startswith(HELD)

    def test_what_cmd_wrote_waits_for_a_slow_reader(self, runner: Runner) -> None:
        """CMD's own bytes are all passed on, however late they are read."""
        with runner.start(sh("head -c 150000 /dev/zero; sleep 300 & exit 0")) as process:
            time.sleep(1.5)  # longer than anything is waited for that CMD did not write
            assert process.stdout is not None
            assert len(process.stdout.read()) == 150_000
            assert process.wait(timeout=patience.SECONDS) == 0
