"""The file to source: real shells give back every byte, and print none."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_secrets.delivery import sourced
from ci_secrets.errors import ConfigError, OutputRefusedError
from ci_secrets.secret import Secret
from tests.ordinary import TOO_LONG
from tests.unit.delivery.conftest import PYTHON

SHELLS = {
    "dash": ["dash"],
    "bash": ["bash"],
    "bash-posix": ["bash", "--posix"],
    "busybox": ["busybox", "sh"],
    "zsh": ["zsh"],
}
VALUES = {
    "QUOTE": b"it's '' \\' \"",
    "EMPTY": b"",
    "BYTES": bytes(range(1, 256)),
    "BREAKS": b"a\r\nb\n\n",
    "TEXT": "ü€𝄞".encode(),
    "CODE": b"$(id)`id`${HOME}\\\n!x\\",
    "LARGE": b"made-up " * 12_000,
}
SHOW = f"{PYTHON} -c 'import os, sys; print([os.environb[n.encode()] for n in sys.argv[1:]])' "

shells = pytest.mark.parametrize(
    "shell", [name for name, words in SHELLS.items() if shutil.which(words[0])]
)


def source(
    shell: str, path: Path, before: str = ":", after: str = ":"
) -> subprocess.CompletedProcess[bytes]:
    """A shell that sources `path`, with commands around it."""
    return subprocess.run(
        [*SHELLS[shell], "-c", f"{before}\n. {path}\n{after}"], capture_output=True, timeout=60
    )


@shells
@pytest.mark.parametrize("flags", ["", "-x", "-v", "-xv", "-eu", "-xveu"])
def test_every_byte_and_no_print(tmp_path: Path, shell: str, flags: str) -> None:
    """All values come back whole; tracing prints none of them, and is on again afterwards."""
    path = tmp_path / "env"
    sourced.write(path, [(name, Secret(value)) for name, value in VALUES.items()])
    show = f"set +xv; {SHOW} {' '.join(VALUES)}"
    done = source(shell, path, f"set {flags}" if flags else ":", f"echo $-\n{show}")
    before, got = done.stdout.split(b"\n", 1)
    assert got == repr(list(VALUES.values())).encode() + b"\n"
    assert all(flag.encode() in before for flag in flags[1:])
    assert not any(value in done.stderr for value in VALUES.values() if value)
    assert b"made-up" not in done.stderr


@shells
def test_nothing_else_is_left(tmp_path: Path, shell: str) -> None:
    """Sourcing leaves no variable behind but the values, and prints nothing."""
    path = tmp_path / "env"
    sourced.write(path, [("ONE", Secret("1"))])
    done = source(shell, path, after="echo ${_ci_secrets_flags-unset} $ONE")
    assert (done.stdout, done.stderr) == (b"unset 1\n", b"")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=60).map(lambda value: value.replace(b"\0", b"")), max_size=8))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, values: list[bytes]) -> None:
    """Whatever the bytes are, dash gives them back."""
    path = tmp_path_factory.mktemp("any") / "env"
    sourced.write(path, [(f"V{n}", Secret(value)) for n, value in enumerate(values)])
    done = source("dash", path, after=SHOW + " ".join(f"V{n}" for n in range(len(values))))
    assert done.stdout == repr(values).encode() + b"\n"


def test_mode(tmp_path: Path) -> None:
    """Only this user can read the file."""
    sourced.write(tmp_path / "env", [("ONE", Secret("1"))])
    assert stat.S_IMODE((tmp_path / "env").stat().st_mode) == 0o600


def test_existing_is_refused(tmp_path: Path) -> None:
    """A file or a symlink that stands there is not written over."""
    path = tmp_path / "env"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OutputRefusedError, match="exists already"):
        sourced.write(path, [("ONE", Secret("1"))])
    assert not (tmp_path / "elsewhere").exists()


def test_refused_values(tmp_path: Path) -> None:
    """NUL and names of no variable are refused, and then there is no file."""
    with pytest.raises(OutputRefusedError, match="TWO") as caught:
        sourced.write(tmp_path / "env", [("ONE", Secret("1")), ("TWO", Secret(b"made-up\0"))])
    assert "made-up" not in caught.value.what
    with pytest.raises(ConfigError):
        sourced.write(tmp_path / "env", [("A;id", Secret("1"))])
    assert list(tmp_path.iterdir()) == []


def test_in_checkout(tmp_path: Path) -> None:
    """A path in a git work tree is recognised, at any depth; one beside it is not."""
    work = tmp_path / "work" / "deep"
    work.mkdir(parents=True)
    (tmp_path / "work" / ".git").mkdir()
    assert sourced.in_checkout(work / "env")
    assert not sourced.in_checkout(tmp_path / "work.tmp" / "env")
    assert not sourced.in_checkout(tmp_path / TOO_LONG / "env")  # where nobody can look
