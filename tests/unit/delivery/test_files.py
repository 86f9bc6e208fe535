"""Values in files: private, exact, all or none."""

import stat
from pathlib import Path

import pytest

from ci_secrets import disk
from ci_secrets.delivery.files import remove_files, write_files
from ci_secrets.errors import ConfigError, NotClosedError, OutputRefusedError
from ci_secrets.secret import Credential, Secret


def credential(name: str, value: bytes = b"made up", mode: int = 0o600) -> Credential:
    """A credential that is delivered as a file."""
    return Credential(
        name=name, value=Secret(value), source="vault:kv/app#x", deliver="file", mode=mode
    )


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A private directory."""
    return disk.private_directory(tmp_path / "files")


def test_bytes_and_modes(place: Path) -> None:
    """Any bytes are kept; the mode is the one that was asked for."""
    value = bytes(range(256)) * 100
    paths = write_files([credential("KEY", value), credential("PUBLIC", b"", 0o444)], place)
    assert paths == {"KEY": place / "KEY", "PUBLIC": place / "PUBLIC"}
    assert paths["KEY"].read_bytes() == value
    assert stat.S_IMODE(paths["KEY"].stat().st_mode) == 0o600
    assert stat.S_IMODE(paths["PUBLIC"].stat().st_mode) == 0o444


def test_all_or_none(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the second cannot be written, the first is removed again."""
    write = disk.write_private

    def full(path: Path, data: bytes, mode: int = 0o600) -> None:
        if path.name == "SECOND":
            raise OutputRefusedError("no space left")
        write(path, data, mode)

    monkeypatch.setattr(disk, "write_private", full)
    with pytest.raises(OutputRefusedError):
        write_files([credential("FIRST"), credential("SECOND"), credential("THIRD")], place)
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "link", "dangling"])
def test_nothing_is_written_over(place: Path, tmp_path: Path, kind: str) -> None:
    """What stands there already stays as it is, and nothing else is written."""
    target = tmp_path / "target"
    if kind != "dangling":
        target.write_text("theirs")
    if kind == "file":
        (place / "B").write_text("theirs")
    else:
        (place / "B").symlink_to(target)
    with pytest.raises(OutputRefusedError, match="exists already"):
        write_files([credential("A"), credential("B")], place)
    assert [path.name for path in place.iterdir()] == ["B"]
    assert target.exists() == (kind != "dangling")


@pytest.mark.parametrize("name", ["../escape", "a/b", "..", "", "/abs", "PATH"])
def test_names(place: Path, name: str) -> None:
    """A name never leads out of the directory."""
    with pytest.raises(ConfigError):
        write_files([credential(name)], place)
    assert list(place.iterdir()) == []


def test_removal(place: Path) -> None:
    """All files go; one that is gone already is no error."""
    paths = write_files([credential("A"), credential("B")], place)
    paths["A"].unlink()
    remove_files(paths.values())
    assert list(place.iterdir()) == []


def test_removal_goes_on_after_a_failure(place: Path) -> None:
    """A file that cannot be removed is named, and the others are removed all the same."""
    (place / "A").mkdir()
    paths = [place / "A", *write_files([credential("B")], place).values()]
    with pytest.raises(NotClosedError, match="A"):
        remove_files(paths)
    assert [path.name for path in place.iterdir()] == ["A"]
