"""Files and folders: each that is there is told, once, whatever keeps us from reading it."""

import io
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Report, Verdict
from ci_secrets.leaks.scan import scan_paths
from tests.ordinary import TOO_LONG, ordinary_user
from tests.unit.leaks.strategies import engine_of

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})
LEAK = f"first\nlogin {PW} done\n".encode()


def entries(report: Report) -> list[tuple[str, str]]:
    """Source and state of each, in order."""
    return [(entry.source, entry.state) for entry in report.coverage]


def test_a_folder_whose_files_may_not_be_looked_at(tmp_path: Path) -> None:
    """It can be listed and no more: its files and folders are said, and the others are read."""
    (tmp_path / "logs" / "locked" / "sub").mkdir(parents=True)
    (tmp_path / "logs" / "locked" / "a.log").write_bytes(LEAK)
    (tmp_path / "logs" / "b.log").write_bytes(LEAK)
    (tmp_path / "logs" / "locked").chmod(0o444)
    with ordinary_user(tmp_path):
        report = scan_paths(ENGINE, ["logs"])
    (tmp_path / "logs" / "locked").chmod(0o755)
    assert entries(report) == [
        ("logs/b.log", "complete"),
        ("logs/locked/a.log", "none"),
        ("logs/locked/sub", "none"),
    ]
    assert [one.file for one in report.findings] == ["logs/b.log"]


def test_a_folder_that_may_not_be_listed(tmp_path: Path) -> None:
    """It is said, as its name is looked at; what was named itself is said alone."""
    (tmp_path / "logs" / f"of-{PW}").mkdir(parents=True, mode=0o000)
    (tmp_path / "logs" / "b.log").write_bytes(b"nothing\n")
    with ordinary_user(tmp_path):
        report = scan_paths(ENGINE, ["logs"])
        alone = scan_paths(ENGINE, [f"logs/of-{PW}"])
    assert [state for _, state in entries(report)] == ["complete", "none"]
    assert [(one.file, one.line) for one in report.findings] == [("logs", 2)]
    assert [state for _, state in entries(alone)] == ["none"]
    assert not alone.findings


def test_a_file_that_may_not_be_looked_at(tmp_path: Path) -> None:
    """It may be there: that is no typing error, and no clean log."""
    (tmp_path / "private").mkdir()
    (tmp_path / "private" / "a.log").write_bytes(LEAK)
    (tmp_path / "private").chmod(0o000)
    with ordinary_user(tmp_path):
        report = scan_paths(ENGINE, ["private/a.log"])
    (tmp_path / "private").chmod(0o755)
    assert entries(report) == [("private/a.log", "none")]
    assert report.verdict is Verdict.UNKNOWN
    assert entries(scan_paths(ENGINE, [TOO_LONG])) == [(TOO_LONG, "none")]


@contextmanager
def deep_tree(top: Path, name: str, depth: int) -> Iterator[None]:
    """Folders in folders with a leak at their end; taken away again, which pytest cannot."""
    before = Path.cwd()
    os.chdir(top)
    for _ in range(depth):
        Path(name).mkdir()
        os.chdir(name)
    Path("deep.log").write_bytes(LEAK)
    end = os.open(".", os.O_RDONLY)
    os.chdir(before)
    yield
    os.chdir(end)
    os.close(end)
    Path("deep.log").unlink()
    os.chdir("..")
    for _ in range(depth - 1):
        Path(name).rmdir()
        os.chdir("..")
    os.chdir(before)


@pytest.mark.parametrize(("name", "depth"), [("d", 1100), ("d" * 200, 25)], ids=["many", "long"])
def test_a_deep_tree(tmp_path: Path, name: str, depth: int) -> None:
    """What lies deeper than a path can say is said; all above is read."""
    (tmp_path / name).mkdir()
    (tmp_path / name / "a.log").write_bytes(LEAK)
    with deep_tree(tmp_path / name, name, depth):
        report = scan_paths(ENGINE, [tmp_path])
    ((first, _), (_, state)) = entries(report)
    assert first == f"{tmp_path}/{name}/a.log"
    assert (len(report.findings), state) == ((2, "complete") if len(name) == 1 else (1, "none"))


@pytest.mark.parametrize(
    "paths",
    [
        ("dup", "dup/a.log", "dup"),
        ("dup", "./dup/", "dup/sub/../a.log"),
        ("dup/a.log", "link/a.log", "./dup/a.log"),
    ],
)
def test_paths_that_overlap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, paths: tuple[str, ...]
) -> None:
    """What is named twice, by itself or with its folder, is read and told once."""
    (tmp_path / "dup" / "sub").mkdir(parents=True)
    (tmp_path / "dup" / "a.log").write_bytes(LEAK)
    (tmp_path / "link").symlink_to("dup")
    monkeypatch.chdir(tmp_path)
    report = scan_paths(ENGINE, paths)
    assert entries(report) == [("dup/a.log", "complete")]
    assert [(one.file, one.line) for one in report.findings] == [("dup/a.log", 2)]
    assert report.bytes == len(LEAK)


def test_what_has_two_names_is_told_under_both(tmp_path: Path) -> None:
    """A link to a file, or a hard link, is a file of its own to whoever downloads it."""
    (tmp_path / "a.log").write_bytes(LEAK)
    (tmp_path / "b.log").hardlink_to(tmp_path / "a.log")
    (tmp_path / "c.log").symlink_to("a.log")
    report = scan_paths(ENGINE, [tmp_path, tmp_path / "c.log"])
    assert [one.file for one in report.findings] == [f"{tmp_path}/{it}.log" for it in "abc"]


def test_a_pipe_that_is_named_is_read_beside_its_folder(tmp_path: Path) -> None:
    """What is passed over in a folder is not read by that."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(LEAK,), daemon=True)
    writer.start()
    report = scan_paths(ENGINE, [tmp_path, tmp_path / "pipe"])
    writer.join(30)
    assert [state for _, state in entries(report)] == ["none", "complete"]
    assert len(report.findings) == 1


def test_standard_input_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is named; a file of its name is something else."""
    monkeypatch.chdir(tmp_path)
    Path("-").write_bytes(b"nothing\n")
    report = scan_paths(ENGINE, ["-", "-", "./-"], io.BytesIO(LEAK))
    assert entries(report) == [("-", "complete"), ("./-", "complete")]
    assert [one.file for one in report.findings] == ["-"]


def test_a_file_of_its_name_in_the_working_directory_is_no_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`scan .` reads it from the disk."""
    monkeypatch.chdir(tmp_path)
    Path("-").write_bytes(LEAK)
    report = scan_paths(ENGINE, ["."], io.BytesIO(b"nothing\n"))
    assert entries(report) == [("./-", "complete")]
    assert [one.file for one in report.findings] == ["./-"]


def test_a_path_that_does_not_exist_is_refused_among_others(tmp_path: Path) -> None:
    """Before anything is read."""
    with pytest.raises(UsageError, match="absent"):
        scan_paths(ENGINE, [tmp_path, tmp_path / "absent"])
