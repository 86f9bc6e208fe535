"""Paths: what can be said of them is said, and nothing raises for the rest."""

import os
import subprocess
import sys
from pathlib import Path

from ci_secrets import paths
from tests.ordinary import TOO_LONG, ordinary_user, stand_nowhere


def test_what_stands_there(tmp_path: Path) -> None:
    """A link is looked through, unless it is asked for itself."""
    (tmp_path / "file").write_bytes(b"12345")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    names = ("file", "link", "dangling", "pipe", ".", "absent", "file/below")
    kinds = {name: paths.look(tmp_path / name).kind for name in names}
    assert kinds == {
        "file": "file",
        "link": "file",
        "dangling": "nothing",
        "pipe": "other",
        ".": "directory",
        "absent": "nothing",
        "file/below": "nothing",
    }
    assert paths.look(tmp_path / "link").size == 5
    assert paths.look(tmp_path / "absent").size == 0
    links = {paths.look(tmp_path / name, follow=False).kind for name in ("link", "dangling")}
    assert links == {"link"}


def test_what_may_not_be_seen(tmp_path: Path) -> None:
    """It may be there, so it is not nothing; why it cannot be seen is told."""
    (tmp_path / "locked").mkdir(mode=0o600)
    (tmp_path / "loop").symlink_to("loop")
    with ordinary_user(tmp_path):
        assert paths.look("locked/file") == ("unseen", None, "Permission denied")
    assert paths.look(tmp_path / TOO_LONG) == ("unseen", None, "File name too long")
    assert paths.look(tmp_path / "loop").kind == "unseen"


def test_one_file_under_two_names(tmp_path: Path) -> None:
    """By a link, a hard link or a detour, be it there or not."""
    (tmp_path / "file").touch()
    (tmp_path / "hard").hardlink_to(tmp_path / "file")
    (tmp_path / "link").symlink_to("file")
    (tmp_path / "dangling").symlink_to("absent")
    for one, other in (("file", "hard"), ("link", "hard"), ("dangling", "absent")):
        assert paths.same_file(tmp_path / one, tmp_path / "." / ".." / tmp_path.name / other)
    assert not paths.same_file(tmp_path / "file", tmp_path / "absent")
    assert not paths.same_file(tmp_path / TOO_LONG, tmp_path / "file")


def test_where_the_working_directory_is_gone(tmp_path: Path) -> None:
    """A relative path stays as it is where it is compared, and is refused where it is kept."""
    code = (
        "import sys; from ci_secrets import paths; from pathlib import Path\n"
        "print(paths.real_path('a'), paths.same_file('a', 'a'), paths.same_file('a', 'b'))\n"
        "print(paths.absolute(Path('/a')))\n"
        "paths.absolute(Path('a'))"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code],
        preexec_fn=lambda: stand_nowhere(tmp_path / "gone"),
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.stdout == "a True False\n/a\n"
    assert "OutputRefusedError: a leads nowhere" in done.stderr
