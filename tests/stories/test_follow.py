"""`scan --follow` as a user runs it."""

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests import patience
from tests.patience import wait_until
from tests.stories.story import TOOL, ending

PW = "made-up-hunter23-9f8e"


def _catches(pid: int, signum: signal.Signals) -> bool:
    """Whether a process has a handler for this signal by now."""
    status = Path(f"/proc/{pid}/status").read_text()
    return bool(int(status.partition("SigCgt:")[2].split()[0], 16) >> (signum - 1) & 1)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM], ids=lambda it: it.name)
@pytest.mark.parametrize(("text", "code"), [(f"login {PW}\n", 11), ("nothing\n", 0)])
def test_a_signal_ends_it_with_a_report(
    tmp_path: Path, signum: signal.Signals, text: str, code: int
) -> None:
    """What was written by then is in the report, and the exit code is that of any scan."""
    (tmp_path / "known").write_text(json.dumps({"PW": PW}))
    log = tmp_path / "log"
    log.touch()
    words = ["scan", "--known", "known", "--follow", "--format", "json", "log"]
    with ending(
        subprocess.Popen(
            [TOOL, *words], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    ) as process:
        # NOTE: Python itself catches SIGINT from its start on
        wait_until(lambda: _catches(process.pid, signal.SIGTERM), "the handlers")
        log.write_text(text)
        process.send_signal(signum)
        out, err = process.communicate(timeout=patience.SECONDS)
    assert process.returncode == code, err
    report = json.loads(out)
    assert report["coverage"] == [{"source": "log", "state": "complete"}]
    assert report["stats"]["bytes"] == log.stat().st_size
    assert len(report["findings"]) == (code == 11)


@pytest.mark.parametrize("piped", [False, True], ids=["file", "pipe"])
def test_a_value_is_told_of_while_the_text_still_grows(tmp_path: Path, *, piped: bool) -> None:
    """Nobody has to wait for the end: a warning names the place, once, and never the value."""
    (tmp_path / "known").write_text(json.dumps({"PW": PW}))
    log = tmp_path / "log"
    log.touch()
    words = ["scan", "--known", "known", "--follow", "-" if piped else "log"]
    with ending(
        subprocess.Popen(
            [TOOL, *words], cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
    ) as process:  # fmt: skip
        assert process.stdin
        assert process.stderr
        with log.open("wb", buffering=0) as file:
            writer = process.stdin if piped else file
            writer.write(f"first\nlogin {PW}\n".encode())
            writer.flush()
            place = f"{'-' if piped else 'log'}:2:7: PW in clear\n".encode()
            assert process.stderr.readline() == b"ci-secrets: warning: " + place
            writer.write(b"and so on\n")
            writer.flush()
            if not piped:
                process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=patience.SECONDS)  # NOTE: which closes the pipe
        assert process.returncode == 11
        assert err == b""
        assert place in out


def test_two_files_are_refused(tmp_path: Path) -> None:
    """One file is followed at a time, and that is said."""
    (tmp_path / "known").write_text(json.dumps({"PW": PW}))
    done = subprocess.run(
        [TOOL, "scan", "--known", "known", "--follow", "a", "b"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.returncode == 2
    assert b"--follow takes one file" in done.stderr
