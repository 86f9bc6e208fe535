"""Where states lie and what became of them: named directories, lost runs, old tombstones."""

import os
from pathlib import Path

from tests.stories.shells import ACTIVATE, Shell
from tests.stories.story import Story


def _exchange(story: Story, target: Path, *more: str) -> None:
    done = story.run("exchange", "--env-file", str(target), *more)
    assert done.code == 0, done.err


def test_the_key_is_kept_away_from_a_state_directory_that_is_named(
    generic: Story, tmp_path: Path
) -> None:
    """Whoever copies the tree of `--state-dir` has no key with it."""
    place = generic.runtime / "states"
    _exchange(generic, tmp_path / "env", "--state-dir", str(place), "--run-id", "r1")
    (sealed,) = generic.sealed()
    assert sealed.is_relative_to(place)
    assert not list(generic.runtime.rglob("*.key"))
    assert generic.run("finish", "--state-dir", str(place), "--run-id", "r1").code == 0


def test_a_named_state_directory_needs_no_home(generic: Story, tmp_path: Path) -> None:
    """`--state-dir` is all that a machine without HOME has to say, also at the end."""
    place = ("--state-dir", str(tmp_path / "states"))
    homeless = {"HOME": "", "XDG_STATE_HOME": ""}
    words = ("exchange", "--env-file", str(tmp_path / "env"), *place)
    done = generic.run(*words, env=homeless)
    assert done.code == 0, done.err
    done = generic.run("finish", *place, env=homeless)
    assert done.code == 0, done.err
    assert generic.users == {}


def test_two_state_directories_with_one_run_id(generic: Story, tmp_path: Path) -> None:
    """Closing the run in one of them takes no key from its namesake in the other."""
    places = [("--state-dir", str(tmp_path / name), "--run-id", "r1") for name in ("a", "b")]
    for number, words in enumerate(places):
        _exchange(generic, tmp_path / f"env{number}", *words)
    for words in places:
        done = generic.run("finish", *words)
        assert done.code == 0, done.err
        assert "revoked, proven: 1 token and 1 lease" in done.err
    assert generic.users == {}
    assert not list(generic.runtime.iterdir())


def test_who_stays_until_the_end_needs_no_home(generic: Story) -> None:
    """`exec` and `activate` need no state to close: where it has no place they warn, and work."""
    homeless = {"HOME": "", "XDG_STATE_HOME": ""}
    shell = Shell(kind="dash", story=generic)
    assert shell.run(f"{ACTIVATE}\necho ${{#API_KEY}}", **homeless) == 0, shell.said()
    assert shell.lines() == ["32"]
    done = generic.run("exec", "--", "sh", "-c", "echo ${#API_KEY}", env=homeless)
    assert (done.code, done.out) == (0, "32\n"), done.err
    for said in (shell.said(), done.err):
        assert "warning: The state cannot be sealed (There is no place" in said
        assert "revoked, proven: 1 token and 1 lease" in said
    shell.closed()


def test_a_state_directory_spelled_in_two_ways(generic: Story, tmp_path: Path) -> None:
    """The end finds state and key by a path that is relative to where it runs."""
    place = tmp_path / "states"
    _exchange(generic, tmp_path / "env", "--state-dir", str(place), "--run-id", "r1")
    relative = os.path.relpath(place, generic.stand.workspace)
    done = generic.run("finish", "--state-dir", relative, "--run-id", "r1")
    assert done.code == 0, done.err
    assert generic.users == {}


def test_a_lost_state_beside_the_tombstone_of_another_run(generic: Story, tmp_path: Path) -> None:
    """Without a run id, a run that was closed before answers for no run that is lost."""
    assert generic.run("exec", "--", "true").code == 0
    _exchange(generic, tmp_path / "env")
    (sealed,) = generic.sealed()
    sealed.unlink()
    for _ in range(2):
        done = generic.run("finish")
        assert done.code == 9, done.err
        assert "The state of this run is gone" in done.err
        assert "already closed" not in done.err
        assert f"rm -r -- {sealed.parent}" in done.err
    assert len(generic.users) == 1


def test_other_things_in_a_state_directory(generic: Story, tmp_path: Path) -> None:
    """Directories that are not ours are neither lost runs nor in the way."""
    place = tmp_path / "states"
    (place / "somebody's").mkdir(parents=True, mode=0o755)
    _exchange(generic, tmp_path / "env", "--state-dir", str(place))
    done = generic.run("finish", "--state-dir", str(place))
    assert done.code == 0, done.err
    assert generic.users == {}


def test_a_state_that_was_made_another_runs(generic: Story, tmp_path: Path) -> None:
    """Where the header in this run's own directory names another run, ours is lost: 9."""
    _exchange(generic, tmp_path / "env", "--run-id", "r1")
    (sealed,) = generic.sealed()
    sealed.write_bytes(sealed.read_bytes().replace(b'"r1"', b'"r2"', 1))
    done = generic.run("finish", "--run-id", "r1")
    assert done.code == 9, done.err
    assert "The state of this run is gone" in done.err


def test_a_lost_run_keeps_no_open_one_from_its_end(generic: Story) -> None:
    """Of two runs without a name one lost its state: the other is closed, and the loss is 9."""
    env = {"XDG_RUNTIME_DIR": str(generic.stand.workspace)}
    words = ("exchange", "--env-file", "a.env")
    assert generic.run(*words, env=env).code == 0
    for state in generic.sealed():
        state.unlink()
    assert generic.run("exchange", "--env-file", "b.env", env=env).code == 0
    done = generic.run("finish", env=env)
    assert done.code == 9, done.err
    assert "is gone" in done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
