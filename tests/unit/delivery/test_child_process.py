"""CMD is started, signalled and ended as if we were not there."""

import fcntl
import json
import os
import resource
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests import patience
from tests.unit.delivery.conftest import Runner, python, sh


class TestExit:
    """Exit codes are a shell's."""

    @pytest.mark.parametrize("code", [0, 1, 9, 11, 126, 255])
    def test_own_code(self, runner: Runner, code: int) -> None:
        """CMD's code is passed on."""
        done, ended = runner.run(sh(f"exit {code}"))
        assert done.returncode == ended["code"] == code
        assert ended["signal"] is None

    @pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
    def test_signal(self, runner: Runner, signum: int) -> None:
        """A death by signal n is 128+n."""
        done, ended = runner.run(sh(f"kill -{int(signum)} $$"))
        assert done.returncode == 128 + signum
        assert ended["signal"] == signum

    def test_not_found(self, runner: Runner) -> None:
        """127, and the name is said, harmlessly."""
        done, ended = runner.run(["no-such\ncommand"])
        assert done.returncode == 127
        assert ended["notes"] == [r"cannot run no-such\x0acommand: not found on PATH"]

    def test_no_name(self, runner: Runner) -> None:
        """127, as bash says it, and what may have become of the name."""
        done, ended = runner.run([""])
        assert done.returncode == 127
        assert ended["notes"] == ["cannot run a command with an empty name: is a variable unset?"]

    def test_path_is_the_childs(self, runner: Runner, tmp_path: Path) -> None:
        """CMD is looked up on the PATH that it gets."""
        assert (
            runner.run(["sh", "-c", ":"], environment={"PATH": str(tmp_path)})[0].returncode == 127
        )

    def test_no_such_file(self, runner: Runner, tmp_path: Path) -> None:
        """127 for a path that leads nowhere."""
        done, ended = runner.run([str(tmp_path / "nothing")])
        assert done.returncode == 127
        assert ended["notes"][0].endswith("no such file")

    def test_not_executable(self, runner: Runner, tmp_path: Path) -> None:
        """126 for a file that is no program, and for a directory."""
        (tmp_path / "data").write_text("x")
        done, ended = runner.run([str(tmp_path / "data")])
        assert done.returncode == 126
        assert ended["notes"][0].endswith("permission denied")
        assert runner.run([str(tmp_path)])[0].returncode == 126

    def test_missing_interpreter(self, runner: Runner, tmp_path: Path) -> None:
        """126 for a script whose interpreter is missing."""
        script = tmp_path / "script"
        script.write_text("#!/no/such/interpreter\n")
        script.chmod(0o755)
        done, ended = runner.run([str(script)])
        assert done.returncode == 126
        assert "interpreter" in ended["notes"][0]

    def test_script_without_interpreter_line(self, runner: Runner, tmp_path: Path) -> None:
        """A script without `#!` runs in sh, as it does from every shell."""
        script = tmp_path / "script"
        script.write_text("echo $1 is $0\n")
        script.chmod(0o755)
        environment = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
        done, _ = runner.run(["script", "one"], environment=environment)
        assert done.stdout.decode() == f"one is {script}\n"

    def test_too_long(self, runner: Runner) -> None:
        """126 where Linux refuses a string of 128 KiB, and it is said why."""
        done, ended = runner.run(["true"], environment={"PATH": "/bin", "A": "x" * 128 * 1024})
        assert done.returncode == 126
        assert "too long" in ended["notes"][0]


class TestSurroundings:
    """What CMD inherits."""

    def test_what_is_done_meanwhile(self, runner: Runner) -> None:
        """It is done beside CMD, once; a CMD that ends at once does not pay for it."""
        with runner.start(sh("read line; echo $line"), stdin=subprocess.PIPE) as process:
            assert process.stdin is not None
            while ["meanwhile"] not in runner.journal_so_far():
                time.sleep(0.01)
            process.stdin.write(b"go\n")
            process.stdin.close()
            assert process.wait(timeout=patience.SECONDS) == 0
        assert runner.journal().count(["meanwhile"]) == 1

    def test_environment_is_exact(self, runner: Runner) -> None:
        """CMD gets the environment that was given, and nothing of ours."""
        done, _ = runner.run(["env", "-0"], environment={"PATH": "/usr/bin:/bin", "A": "1\n2"})
        assert sorted(done.stdout.split(b"\0")) == [b"", b"A=1\n2", b"PATH=/usr/bin:/bin"]

    def test_descriptors(self, runner: Runner) -> None:
        """CMD gets 0, 1 and 2 and no descriptor of ours."""
        done, _ = runner.run(sh("ls /proc/$$/fd"))
        assert done.stdout.split() == [b"0", b"1", b"2"]

    def test_descriptors_to_read(self, runner: Runner, tmp_path: Path) -> None:
        """CMD can read what a shell opened for it, as a shell's own command could."""
        (tmp_path / "text").write_text("text\n")
        script = 'exec 7<text; exec "$@" <(echo piped)'
        words = runner.command(sh('cat <&7; cat "$0"'))
        done = subprocess.run(
            ["bash", "-c", script, "bash", *words], cwd=tmp_path, capture_output=True, timeout=60
        )
        assert done.stdout == b"text\npiped\n", done.stderr

    def test_descriptors_to_write(self, runner: Runner, tmp_path: Path) -> None:
        """What CMD could write to past the filter it does not have."""
        script = 'exec 7>&1 8>file 9<>file; exec "$@"'
        words = runner.command(sh("ls /proc/$$/fd"))
        done = subprocess.run(
            ["bash", "-c", script, "bash", *words], cwd=tmp_path, capture_output=True, timeout=60
        )
        assert done.stdout.split() == [b"0", b"1", b"2"]

    def test_dispositions(self, runner: Runner) -> None:
        """Python ignores SIGPIPE, CMD does not; and nothing is blocked or caught.

        What was ignored when we were started stays so: of whoever runs these tests, too.
        """
        done, _ = runner.run(["cat", "/proc/self/status"])
        found, ours = _masks(done.stdout), _masks(Path("/proc/self/status").read_bytes())
        pythons = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
        assert found["SigBlk"] == found["SigCgt"] == 0
        assert found["SigIgn"] == ours["SigIgn"] & ~pythons

    def test_ignored_signals_stay_ignored(self, runner: Runner) -> None:
        """Under nohup neither we nor CMD die of SIGHUP."""

        def nohup() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

        done, _ = runner.run(sh("kill -HUP $PPID; kill -HUP $$; echo alive"), before=nohup)
        assert done.stdout == b"alive\n"
        assert runner.noted("signal") == []

    def test_process_group(self, runner: Runner) -> None:
        """CMD is in our session and process group: job control reaches both."""
        code = "import os; print(os.getpgrp() == os.getpgid(os.getppid()), os.getsid(0))"
        done, _ = runner.run(python(code))
        assert done.stdout.decode().split() == ["True", str(os.getsid(0))]

    def test_hardened_but_not_cmd(self, runner: Runner) -> None:
        """We cannot be dumped; CMD can, and has the core limit that we were started with."""
        code = (
            "import ctypes, resource; print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), "
            "*resource.getrlimit(resource.RLIMIT_CORE))"
        )

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_CORE, (4096, 8192))

        done, _ = runner.run(python(code), before=limit)
        assert done.stdout.split() == [b"1", b"4096", b"8192"]


WAIT = """
import os, signal, time
got = []
for number in (1, 2, 3, 10, 12, 15):
    signal.signal(number, lambda n, _: (os.write(1, b"got %d\\n" % n), got.append(n)))
os.write(1, b"ready\\n")
while len(got) < {count}:
    time.sleep(0.01)
"""


def in_pipe(descriptor: int) -> int:
    """Bytes that wait to be read."""
    answer = fcntl.ioctl(descriptor, termios.FIONREAD, b"\0" * 4)
    return int.from_bytes(answer, sys.byteorder)


def broken(pipe: int) -> bool:
    """Whether nobody can read the pipe any more."""
    poll = select.poll()
    poll.register(pipe, 0)
    return bool(poll.poll(0))


class TestSignals:
    """What reaches us reaches CMD."""

    @pytest.mark.parametrize("name", ["HUP", "INT", "QUIT", "USR1", "USR2", "TERM"])
    def test_passed_on(self, runner: Runner, name: str) -> None:
        """Each signal reaches CMD once, and our end is CMD's end."""
        signum = signal.Signals[f"SIG{name}"]
        with runner.start(python(WAIT.format(count=1))) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.send_signal(signum)
            assert process.stdout.read() == b"got %d\n" % signum
            assert process.wait(timeout=patience.SECONDS) == 0
        revokes = name in ("HUP", "INT", "TERM")
        assert runner.noted("signal") == ([signum] if revokes else [])

    def test_job_is_told_first(self, runner: Runner) -> None:
        """The job begins to revoke before CMD hears of the signal."""
        code = f"""
import os, signal, time
def told(*_):
    with open({str(runner.path)!r}) as journal:
        print('"signal"' in journal.read(), flush=True)
    os._exit(0)
signal.signal(15, told)
print("ready", flush=True)
time.sleep(300)
"""
        with runner.start(python(code)) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            process.terminate()
            assert process.stdout.read() == b"True\n"

    def test_death_by_a_signal_that_was_passed_on(self, runner: Runner) -> None:
        """A CMD that does not catch it dies of it: 143."""
        with runner.start(sh("echo ready; exec sleep 300")) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.terminate()
            assert process.wait(timeout=patience.SECONDS) == 143

    def test_second_request_to_end_kills(self, runner: Runner) -> None:
        """GitHub's SIGINT, then SIGTERM: a CMD that ignores both is killed while we can close."""
        with runner.start(sh("trap '' INT TERM; echo ready; exec sleep 300")) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGINT)
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=patience.SECONDS) == 137
        assert runner.noted("signal") == [signal.SIGINT, signal.SIGTERM]

    def test_cancel_with_a_reader_that_is_stuck(self, runner: Runner) -> None:
        """Nobody reads our stdout and the job is cancelled: we still end, and say what is lost."""
        script = "trap 'exit 5' TERM; head -c 300000 /dev/zero & wait"
        with runner.start(sh(script)) as process:
            assert process.stdout is not None
            while in_pipe(process.stdout.fileno()) < 65536:
                time.sleep(0.01)
            process.terminate()
            assert process.wait(timeout=patience.SECONDS) == 5
        assert any("the end of the output is lost" in note for note in runner.ended()["notes"])

    def test_kill_of_us_kills_cmd(self, runner: Runner) -> None:
        """After SIGKILL of us CMD is gone: its stdin, which only it holds, has no reader."""
        ours, theirs = os.pipe()
        with runner.start(
            sh("trap '' TERM HUP; echo ready; exec sleep 300"), stdin=ours
        ) as process:
            os.close(ours)
            assert process.stdout is not None
            process.stdout.readline()
            process.kill()
            process.wait()
            while not broken(theirs):
                time.sleep(0.01)
        os.close(theirs)

    def test_stopped_by_its_terminal(self, runner: Runner) -> None:
        """When job control stops CMD alone, we stop too; continued, both go on."""
        code = "import os, signal; os.kill(os.getpid(), signal.SIGTSTP); print('on', flush=True)"
        with runner.start(python(code)) as process:
            _, status = os.waitpid(process.pid, os.WUNTRACED)
            assert os.WIFSTOPPED(status)
            process.send_signal(signal.SIGCONT)
            assert process.wait(timeout=patience.SECONDS) == 0
            assert process.stdout is not None
            assert process.stdout.read() == b"on\n"


def test_handlers_are_put_back(runner: Runner) -> None:
    """After `run` the caller has its own signal handlers and wake-up descriptor again."""
    code = f"""
import signal
from ci_secrets.delivery import child
class F:
    def feed(self, chunk): return chunk
    def idle(self): return b""
    def finish(self): return b""
numbers = (1, 2, 3, 10, 12, 15, 17, 18, 20, 28)
before = [signal.getsignal(n) for n in numbers]
child.run(["true"], {json.dumps(dict(os.environ))}, make_filter=lambda _: F(), one_log=False,
          on_signal=print)
assert before == [signal.getsignal(n) for n in numbers]
assert signal.set_wakeup_fd(-1) == -1
"""
    subprocess.run(python(code), check=True)


def _masks(status: bytes) -> dict[str, int]:
    """Signal masks of a /proc/PID/status: bit n-1 stands for signal n."""
    lines = [line.split(":\t") for line in status.decode().splitlines() if line.startswith("Sig")]
    return {name: int(value, 16) for name, value in lines if name != "SigQ"}
