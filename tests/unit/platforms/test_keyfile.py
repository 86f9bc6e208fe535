"""The key of the sealed state: a credential, else a file of our own in another place."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_secrets.errors import ConfigError, NotClosedError
from ci_secrets.platforms import keyfile
from ci_secrets.platforms.interface import Run, StateKey

RUN = Run(platform="jenkins", run="7", job="deploy")
CREDENTIAL = "0123456789abcdef-made-up"


@pytest.fixture
def runtime(tmp_path: Path) -> Path:
    """A runtime directory, as a login session has."""
    place = tmp_path / "runtime"
    place.mkdir(mode=0o700)
    return place


def key(runtime: Path, *, create: bool, run: Run = RUN, state: str = "/state") -> StateKey:
    """The key of a run whose key file lies in `runtime`."""
    return keyfile.state_key({"XDG_RUNTIME_DIR": str(runtime)}, run, Path(state), create=create)


def test_a_credential_is_the_key(runtime: Path) -> None:
    """Then no file is made, and it is not called weaker."""
    environment = {"CI_SECRETS_STATE_KEY": CREDENTIAL, "XDG_RUNTIME_DIR": str(runtime)}
    found = keyfile.state_key(environment, RUN, Path("/state"), create=True)
    assert found.material.text() == CREDENTIAL
    assert (found.weaker, found.file) == (False, None)
    assert list(runtime.iterdir()) == []


def test_a_short_credential_is_refused_without_being_shown(runtime: Path) -> None:
    """It could be guessed."""
    with pytest.raises(ConfigError, match="shorter than 16") as caught:
        keyfile.state_key({"CI_SECRETS_STATE_KEY": "hunter2"}, RUN, runtime, create=True)
    assert "hunter2" not in caught.value.what + caught.value.cause + caught.value.fix


def test_a_key_file_is_ours_alone_and_random(runtime: Path) -> None:
    """0600, 256 bits, called weaker, and to be deleted with the state."""
    found = key(runtime, create=True)
    assert found.weaker
    assert found.file is not None
    assert found.file.parent == runtime
    assert stat.S_IMODE(found.file.stat().st_mode) == 0o600
    assert found.file.read_bytes() == found.material.reveal()
    assert len(bytes.fromhex(found.material.text())) == 32
    assert [found.file] == list(runtime.iterdir())


def test_the_end_of_the_job_finds_the_same_key(runtime: Path) -> None:
    """And so does a second start."""
    first = key(runtime, create=True)
    assert key(runtime, create=False).material == first.material
    assert key(runtime, create=True).material == first.material


@pytest.mark.parametrize(
    ("run", "state"),
    [(Run(platform="jenkins", run="8", job="deploy"), "/state"), (RUN, "/other")],
    ids=["run", "directory"],
)
def test_each_run_has_its_own_key(runtime: Path, run: Run, state: str) -> None:
    """Closing one takes nothing from another."""
    first = key(runtime, create=True)
    assert key(runtime, create=True, run=run, state=state).material != first.material


def test_a_missing_key_is_said(runtime: Path) -> None:
    """The state cannot be opened then, and something may still be alive."""
    with pytest.raises(NotClosedError, match="cannot be read") as caught:
        key(runtime, create=False)
    assert "CI_SECRETS_STATE_KEY" in caught.value.fix


def test_the_end_looks_in_every_place(runtime: Path) -> None:
    """A run that was opened without a login session is closed within one, and is opened again."""
    first = keyfile.state_key({}, RUN, runtime.parent / "state", create=True)
    assert first.file is not None
    assert first.file.parent == Path("/dev/shm")
    for create in (False, True):
        again = key(runtime, create=create, state=str(runtime.parent / "state"))
        assert (again.file, again.material) == (first.file, first.material)
    first.file.unlink()


@pytest.mark.skipif(os.geteuid() != 0 and not os.environ.get("CI"), reason="needs root to chown")
def test_a_file_of_another_user_hides_no_key_of_ours(runtime: Path) -> None:
    """Where one stands in the first place, our own is found in the second."""
    ours = keyfile.state_key({}, RUN, runtime.parent / "state", create=True).file
    assert ours is not None
    planted = runtime / ours.name
    planted.symlink_to(ours)
    os.chown(planted, 65534, 65534, follow_symlinks=False)
    assert key(runtime, create=False, state=str(runtime.parent / "state")).file == ours
    ours.unlink()


def test_a_key_that_is_not_there_is_explained(runtime: Path) -> None:
    """The start had other variables, and its key is wherever they say."""
    with pytest.raises(NotClosedError, match="cannot be read") as caught:
        key(runtime, create=False)
    assert str(runtime) in caught.value.what
    assert "$CI_SECRETS_STATE_KEY" in caught.value.cause
    assert "another $XDG_RUNTIME_DIR" in caught.value.cause
    assert "as at the start" in caught.value.fix


def test_an_end_without_a_place_is_not_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was opened is alive, whatever this machine has become."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(NotClosedError, match="cannot be read"):
        keyfile.state_key({}, RUN, Path("/state"), create=False)


def replace_by_link(path: Path) -> None:
    """The key file becomes a link to itself elsewhere."""
    path.rename(path.with_name("elsewhere"))
    path.symlink_to(path.with_name("elsewhere"))


def open_to_all(path: Path) -> None:
    """The key file can be read by others."""
    path.chmod(0o644)


def cut_off(path: Path) -> None:
    """The key file has lost its end."""
    path.write_bytes(path.read_bytes()[:31])


def replace_by_pipe(path: Path) -> None:
    """The key file is a FIFO, which must not hold us up."""
    path.unlink()
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize("spoil", [replace_by_link, open_to_all, cut_off, replace_by_pipe])
def test_a_key_file_that_was_tampered_with_is_not_used(
    runtime: Path, spoil: Callable[[Path], None]
) -> None:
    """Neither at the end nor at another start."""
    file = key(runtime, create=True).file
    assert file is not None
    spoil(file)
    for create in (False, True):
        with pytest.raises(NotClosedError):
            key(runtime, create=create)


def test_a_key_file_of_another_user_is_not_used(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In /dev/shm anybody could have put one under our name; a start says that nothing is open."""
    file = key(runtime, create=True).file
    assert file is not None
    monkeypatch.setattr(keyfile, "_name", lambda *_: file.name)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="belongs to another user") as caught:
        key(runtime, create=True)
    assert "Nothing was opened" in caught.value.cause
    assert "CI_SECRETS_STATE_KEY" in caught.value.fix
    with pytest.raises(NotClosedError, match="cannot be read"):
        key(runtime, create=False)


def test_a_link_of_another_user_is_not_followed(
    runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even to where we may not look, or to where nothing is."""
    file = key(runtime, create=True).file
    assert file is not None
    file.unlink()
    file.symlink_to(runtime / "nothing")
    monkeypatch.setattr(keyfile, "_name", lambda *_: file.name)
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(ConfigError, match="belongs to another user"):
        key(runtime, create=True)


def test_the_key_never_lies_beside_the_state(runtime: Path) -> None:
    """A copied directory must not hold both."""
    found = key(runtime, create=True, state=str(runtime / "ci-secrets"))
    assert found.file is not None
    assert not found.file.is_relative_to(runtime)
    found.file.unlink()


def test_the_key_does_not_lie_within_the_state_either(tmp_path: Path) -> None:
    """Nor where a link leads to the state's directory."""
    inside = tmp_path / "state" / "runtime"
    inside.mkdir(parents=True)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "state")
    for state in (tmp_path / "state", link, link / "runtime" / "ci-secrets"):
        found = key(inside, create=True, state=str(state))
        assert found.file is not None
        found.file.unlink()
        assert not found.file.is_relative_to(tmp_path)


def test_without_a_place_for_it_nothing_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the user is told to give a credential."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(ConfigError, match="no place") as caught:
        keyfile.state_key({"XDG_RUNTIME_DIR": "relative"}, RUN, Path("/state"), create=True)
    assert "CI_SECRETS_STATE_KEY" in caught.value.fix
