"""Where each user's states lie, and what of other users' is seen."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_secrets import seal
from ci_secrets.errors import NotClosedError, OutputRefusedError
from ci_secrets.job import places
from ci_secrets.platforms.interface import Run, StateKey
from ci_secrets.secret import Secret

RUN = Run(platform="github", run="4711", attempt="1", job="deploy")
ANYONE = Run(platform="github", run="")
KEY = StateKey(material=Secret(bytes(range(32))), came_from="$CI_SECRETS_STATE_KEY")
NOBODY = 65534

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 and not os.environ.get("CI"), reason="needs root to become another user"
)


@pytest.fixture
def base() -> Iterator[Path]:
    """Where states lie, not yet there, in a folder that every user can enter and is nobody's."""
    with tempfile.TemporaryDirectory() as made:
        os.chown(made, NOBODY, NOBODY)
        Path(made).chmod(0o755)
        yield Path(made, "ci-secrets")


@contextlib.contextmanager
def _nobody() -> Iterator[None]:
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def _opened(base: Path, run: Run = RUN) -> seal.SealedState:
    return seal.new(places.directory(places.own_base(base, run), run), run, KEY)


def _kinds(base: Path, run: Run = RUN) -> list[str]:
    return [found.kind for found in places.find(base, run).found]


@pytest.fixture
def _closed_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.mark.usefixtures("_closed_umask")
def test_the_umask_of_root_hides_nothing_from_the_user(base: Path) -> None:
    """What root closed is seen to be closed, whatever root's umask."""
    _opened(base).close({})
    assert stat.S_IMODE(base.stat().st_mode) == 0o755
    with _nobody():
        assert _kinds(base) == []


def test_each_user_has_a_place(base: Path) -> None:
    """Whoever comes second seals beside, and finds what he sealed there; each sees the other's."""
    _opened(base).release()
    with _nobody():
        _opened(base).release()
        found = places.find(base, RUN).found
    assert [(it.kind, it.path.parents[1].name) for it in found if it.kind == "open"] == [
        ("open", f"ci-secrets-{NOBODY}")
    ]
    assert sorted(it.kind for it in found) == ["foreign", "open"]
    assert sorted(_kinds(base)) == ["foreign", "open"]


def test_the_first_place_vanished_meanwhile(base: Path) -> None:
    """What lies beside is found all the same, also where names cannot be listed."""
    _opened(base).close({})
    with _nobody():
        _opened(base).release()
        for path in sorted(base.parent.glob("ci-secrets/**/*"), reverse=True):
            os.seteuid(0)
            path.rmdir() if path.is_dir() else path.unlink()
        base.rmdir()
        os.seteuid(NOBODY)
        base.parent.chmod(0o300)
        assert _kinds(base) == ["open"]
        base.parent.chmod(0o700)


def test_a_place_that_is_hidden(base: Path) -> None:
    """Where root closed the whole place, nobody can say that nothing is open."""
    _opened(base).close({})
    base.chmod(0o700)
    with _nobody():
        for run in (RUN, ANYONE):
            (found,) = places.find(base, run).found
            assert found.kind == "foreign"
            with pytest.raises(NotClosedError) as refused:
                seal.open_state(found.path, lambda _run: KEY)
            assert "Another user ran ci-secrets" in refused.value.cause
        _opened(base).close({})
        assert sorted(_kinds(base)) == ["closed", "foreign"]


def test_a_place_beside_that_is_nobodys_own(base: Path) -> None:
    """A name that says another user than its owner is none of ours, and says nothing."""
    planted = base.with_name("ci-secrets-1")
    places.directory(planted, RUN).mkdir(parents=True, mode=0o700)
    os.chown(places.directory(planted, RUN), NOBODY, NOBODY)
    assert _kinds(base) == []


def test_a_planted_place_beside(base: Path) -> None:
    """What another user could change is not used."""
    _opened(base).release()
    with _nobody():
        for mode in (0o775, 0o777):
            beside = base.with_name(f"ci-secrets-{NOBODY}")
            beside.mkdir(exist_ok=True)
            beside.chmod(mode)
            with pytest.raises(OutputRefusedError, match="open to others"):
                places.own_base(base, RUN)


def test_a_volume_of_root_that_all_may_write_to(base: Path) -> None:
    """A volume as Kubernetes mounts it (root's, 0777) is used as it is named."""
    base.mkdir()
    base.chmod(0o777)
    with _nobody():
        _opened(base).release()
        assert _kinds(base) == ["open"]
        assert list(base.parent.iterdir()) == [base]


def test_what_is_in_the_way_and_our_own(base: Path) -> None:
    """A mistake of ours is refused where it was made, and no other place is taken."""
    base.touch()
    with pytest.raises(OutputRefusedError):
        _opened(base)
    assert list(base.parent.iterdir()) == [base]


def test_the_root_of_all_files_is_a_place_too() -> None:
    """It has no name; nothing is left in it, and that is no mistake of ours."""
    assert _kinds(Path("/")) == []
