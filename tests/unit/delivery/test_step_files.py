"""The step's own files after CMD: the summary redacted in place."""

import errno
import os
import stat
import tempfile
import tracemalloc
from pathlib import Path

import pytest

from ci_secrets.delivery.step_files import redact_summary
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.redact import Redactor
from ci_secrets.secret import Secret


def redactor() -> Redactor:
    """A fresh filter that knows one value."""
    return Redactor(build({"KEY": Secret("made-up-value")}))


def test_redacted_in_place(tmp_path: Path) -> None:
    """The very file that the runner reads holds the redacted text, and nothing after it."""
    path = tmp_path / "summary.md"
    path.write_bytes(b"# Done\nmade-up-value and made-up-value\n")
    before = path.stat()
    redact_summary(path, redactor())
    assert path.read_bytes() == b"# Done\n*** and ***\n"
    assert path.stat().st_ino == before.st_ino
    assert path.stat().st_mode == before.st_mode


def test_a_summary_of_any_size_is_read_in_pieces(tmp_path: Path) -> None:
    """A value across the border of two pieces is redacted, and little of the file is in memory.

    Most of what is are the findings that are listed.
    """
    path = tmp_path / "summary.md"
    line = b"x" * 1012 + b" made-up-value\n"
    path.write_bytes(line * 32 * 1024)
    tracemalloc.start()
    redact_summary(path, redactor())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert path.read_bytes() == line.replace(b"made-up-value", b"***") * 32 * 1024
    assert peak < 13 * 1024 * 1024


def test_no_room_for_the_redacted_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a large summary cannot be put aside, it is removed: no value stays in it."""

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "summary.md"
    path.write_bytes((b"x" * 1012 + b" made-up-value\n") * 2048)
    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    redact_summary(path, redactor())
    assert not path.exists()


def test_clean_file_is_not_written(tmp_path: Path) -> None:
    """A summary without values is not touched."""
    path = tmp_path / "summary.md"
    path.write_bytes(b"fine\r\n")
    before = path.stat().st_mtime_ns
    redact_summary(path, redactor())
    assert path.stat().st_mtime_ns == before


def test_no_summary(tmp_path: Path) -> None:
    """A file that is not there is no error, and is not made."""
    redact_summary(tmp_path / "summary.md", redactor())
    assert list(tmp_path.iterdir()) == []


def test_link_is_removed(tmp_path: Path) -> None:
    """A symlink that CMD put there goes; its target stays as it is."""
    target = tmp_path / "target"
    target.write_bytes(b"made-up-value")
    path = tmp_path / "summary.md"
    path.symlink_to(target)
    redact_summary(path, redactor())
    assert not path.is_symlink()
    assert target.read_bytes() == b"made-up-value"


def test_fifo_does_not_hold_us_up(tmp_path: Path) -> None:
    """A FIFO is removed from the summary's place."""
    path = tmp_path / "summary.md"
    os.mkfifo(path)
    redact_summary(path, redactor())
    assert not path.exists()


def test_a_device_is_left_alone(tmp_path: Path) -> None:
    """It holds no text; and that of the machine (/dev/null) others need."""
    path = tmp_path / "null"
    try:
        os.mknod(path, stat.S_IFCHR | 0o666, Path("/dev/null").stat().st_rdev)
    except PermissionError:
        pytest.skip("only root may make a device")
    redact_summary(path, redactor())
    assert path.is_char_device()


def test_a_standard_stream_is_left_alone(tmp_path: Path) -> None:
    """Of /dev/stdout each process makes its own stdout: nothing of CMD's stands there."""
    path = tmp_path / "stdout"
    path.symlink_to("/proc/self/fd/1")
    redact_summary(path, redactor())
    assert path.is_symlink()
