"""Private files: whole or nothing, never through a link, never open to others."""

import contextlib
import os
import resource
import stat
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_secrets import disk
from ci_secrets.errors import NotClosedError, OutputRefusedError


@contextlib.contextmanager
def _full_disk(room: int) -> Iterator[None]:
    """Let no file grow beyond `room` bytes: the kernel then stops a write half-way."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def _open_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


class TestPrivateDirectory:
    """`private_directory` gives a directory that only this user can enter, or refuses."""

    @pytest.mark.usefixtures("_open_umask")
    def test_is_made_closed_under_an_open_umask(self, tmp_path: Path) -> None:
        """Under umask 0 the directory is 0700 and the parents made for it are not writable."""
        made = disk.private_directory(tmp_path / "a" / "b" / "state")
        assert _mode(made) == 0o700
        assert _mode(made.parent) == _mode(made.parent.parent) == 0o755

    def test_is_taken_as_it_stands(self, tmp_path: Path) -> None:
        """A second call takes the directory and leaves what is in it."""
        made = disk.private_directory(tmp_path / "state")
        (made / "kept").touch()
        assert disk.private_directory(tmp_path / "state") == made
        assert (made / "kept").exists()

    def test_refuses_a_symlink(self, tmp_path: Path) -> None:
        """A symlink is refused even where it leads to a private directory."""
        (tmp_path / "real").mkdir(0o700)
        (tmp_path / "state").symlink_to("real")
        with pytest.raises(OutputRefusedError, match="symlink"):
            disk.private_directory(tmp_path / "state")

    def test_refuses_a_dangling_symlink(self, tmp_path: Path) -> None:
        """A dangling symlink is refused, and its target is not made."""
        (tmp_path / "state").symlink_to("elsewhere")
        with pytest.raises(OutputRefusedError):
            disk.private_directory(tmp_path / "state")
        assert not (tmp_path / "elsewhere").exists()

    def test_refuses_a_file(self, tmp_path: Path) -> None:
        """A file in its place is refused."""
        (tmp_path / "state").touch()
        with pytest.raises(OutputRefusedError):
            disk.private_directory(tmp_path / "state")

    @pytest.mark.parametrize("mode", [0o750, 0o701, 0o777])
    def test_refuses_one_open_to_others(self, tmp_path: Path, mode: int) -> None:
        """A directory that others can look into is refused, with the command that closes it."""
        (tmp_path / "state").mkdir()
        (tmp_path / "state").chmod(mode)
        with pytest.raises(OutputRefusedError) as refused:
            disk.private_directory(tmp_path / "state")
        assert "chmod 700" in refused.value.fix

    def test_refuses_one_of_somebody_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A directory of another user is refused, however closed it is."""
        (tmp_path / "state").mkdir(0o700)
        owner = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: owner + 1)
        with pytest.raises(OutputRefusedError, match="belongs to user"):
            disk.private_directory(tmp_path / "state")

    def test_refuses_where_it_cannot_be_made(self) -> None:
        """Where the kernel lets nobody make a directory, the reason is told."""
        with pytest.raises(OutputRefusedError, match="cannot be made"):
            disk.private_directory(Path("/proc/ci-secrets/state"))


class TestWritePrivate:
    """`write_private` replaces a file by all of the data, or leaves things as they were."""

    @pytest.mark.usefixtures("_open_umask")
    def test_writes_all_bytes_with_the_mode(self, tmp_path: Path) -> None:
        """Bytes come back unchanged, and the mode is the one asked for."""
        data = bytes(range(256)) * 5000
        disk.write_private(tmp_path / "default", data)
        disk.write_private(tmp_path / "shared", b"", mode=0o640)
        assert (tmp_path / "default").read_bytes() == data
        assert _mode(tmp_path / "default") == 0o600
        assert _mode(tmp_path / "shared") == 0o640

    def test_replaces_a_file_and_its_mode(self, tmp_path: Path) -> None:
        """A world-readable file in its place does not hand its mode on."""
        (tmp_path / "file").write_text("old")
        (tmp_path / "file").chmod(0o644)
        disk.write_private(tmp_path / "file", b"new")
        assert (tmp_path / "file").read_bytes() == b"new"
        assert _mode(tmp_path / "file") == 0o600

    def test_a_full_disk_leaves_the_old_file_and_nothing_else(self, tmp_path: Path) -> None:
        """When the disk fills half-way, the old file stands and no part of the new one does."""
        (tmp_path / "file").write_bytes(b"old")
        with _full_disk(4096), pytest.raises(OutputRefusedError) as refused:
            disk.write_private(tmp_path / "file", b"x" * 10_000)
        assert _names(tmp_path) == ["file"]
        assert (tmp_path / "file").read_bytes() == b"old"
        assert "xxx" not in str(refused.value)

    def test_an_interrupt_leaves_nothing(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A signal that arrives before the rename leaves no file with a random name."""

        def interrupted(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(os, "rename", interrupted)
        with pytest.raises(KeyboardInterrupt):
            disk.write_private(tmp_path / "file", b"value")
        assert _names(tmp_path) == []

    def test_refuses_a_symlink(self, tmp_path: Path) -> None:
        """A symlink is neither followed nor replaced."""
        (tmp_path / "target").write_text("old")
        (tmp_path / "link").symlink_to("target")
        with pytest.raises(OutputRefusedError, match="regular"):
            disk.write_private(tmp_path / "link", b"new")
        assert (tmp_path / "link").is_symlink()
        assert (tmp_path / "target").read_text() == "old"

    def test_refuses_a_device_and_a_directory(self, tmp_path: Path) -> None:
        """Neither a FIFO nor a directory is replaced."""
        os.mkfifo(tmp_path / "fifo")
        (tmp_path / "directory").mkdir()
        for name in ("fifo", "directory"):
            with pytest.raises(OutputRefusedError, match="regular"):
                disk.write_private(tmp_path / name, b"new")
        assert _names(tmp_path) == ["directory", "fifo"]

    def test_refuses_without_a_directory(self, tmp_path: Path) -> None:
        """A missing parent directory is refused, not made."""
        with pytest.raises(OutputRefusedError, match="cannot be written"):
            disk.write_private(tmp_path / "missing" / "file", b"new")

    def test_a_path_full_of_control_characters_is_shown_safely(self, tmp_path: Path) -> None:
        """A hostile file name cannot print a runner's command through our error."""
        with pytest.raises(OutputRefusedError) as refused:
            disk.write_private(tmp_path / "no" / "\n::stop-commands::x\x1b]52", b"")
        assert "\n" not in str(refused.value)
        assert "\x1b" not in str(refused.value)


class TestRemove:
    """`remove` ends with the file gone, or says that it is not."""

    def test_deletes_a_file_and_forgives_its_absence(self, tmp_path: Path) -> None:
        """Removing twice is as good as once."""
        (tmp_path / "file").touch()
        disk.remove(tmp_path / "file")
        disk.remove(tmp_path / "file")
        disk.remove(tmp_path / "missing" / "file")
        assert _names(tmp_path) == []

    def test_deletes_the_link_not_its_target(self, tmp_path: Path) -> None:
        """A symlink put in the place of our file cannot make us delete another."""
        (tmp_path / "target").touch()
        (tmp_path / "link").symlink_to("target")
        disk.remove(tmp_path / "link")
        assert _names(tmp_path) == ["target"]

    def test_what_stays_is_told(self, tmp_path: Path) -> None:
        """What cannot be deleted ends in exit 9, with the command for a person."""
        (tmp_path / "directory").mkdir()
        with pytest.raises(NotClosedError) as left:
            disk.remove(tmp_path / "directory")
        assert "rm -f" in left.value.fix


class TestReadPrivate:
    """`read_private` reads only regular files of this user, and never too much."""

    def test_reads_up_to_the_limit(self, tmp_path: Path) -> None:
        """A file of exactly the limit is read; one byte more is refused."""
        (tmp_path / "file").write_bytes(b"1234")
        assert disk.read_private(tmp_path / "file", 4) == b"1234"
        with pytest.raises(PermissionError):
            disk.read_private(tmp_path / "file", 3)

    def test_refuses_links_and_fifos_without_waiting(self, tmp_path: Path) -> None:
        """A link is not followed, and a FIFO without a writer does not hang us."""
        (tmp_path / "target").touch()
        (tmp_path / "link").symlink_to("target")
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(OSError, match="symbolic"):
            disk.read_private(tmp_path / "link", 10)
        with pytest.raises(PermissionError):
            disk.read_private(tmp_path / "fifo", 10)


class TestLocked:
    """`locked` lets one process in at a time, and waits no longer than it was told."""

    def test_a_second_holder_gives_up(self, tmp_path: Path) -> None:
        """While one descriptor holds the lock, another gets `TimeoutError`; afterwards it is in."""
        (tmp_path / "file").touch()
        file = tmp_path / "file"
        with file.open() as one, file.open() as two:
            with disk.locked(one.fileno(), 0), pytest.raises(TimeoutError, match="lock"):
                disk.locked(two.fileno(), 0).__enter__()
            with disk.locked(two.fileno(), 0):
                pass

    def test_a_killed_holder_leaves_no_lock(self, tmp_path: Path) -> None:
        """The lock of a process that got SIGKILL is free."""
        (tmp_path / "file").touch()
        script = textwrap.dedent("""
            import sys, time
            from ci_secrets import disk
            with open(sys.argv[1]) as file, disk.locked(file.fileno(), 0):
                print("held", flush=True)
                time.sleep(300)
        """)
        command = [sys.executable, "-c", script, str(tmp_path / "file")]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"held\n"
            holder.kill()
            holder.wait()
            with (tmp_path / "file").open() as file, disk.locked(file.fileno(), 5):
                pass
