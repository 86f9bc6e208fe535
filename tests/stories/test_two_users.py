"""Two users in one job, as by `sudo -E`: each closes what is his, and leaves the other's alone."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ci_secrets.job import places
from ci_secrets.platforms.interface import Run
from ci_secrets.testing.issuer import Issuer
from tests.stories.story import Done, Story, begin
from tests.stories.users import CI, NOBODY, as_nobody

RUN = ("--run-id", "r1")


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A job whose folders are an ordinary user's, and where root runs steps, too."""

    story: Story
    by: list[str]

    def root(self, *words: str) -> Done:
        """A step by `sudo -E`."""
        return self.story.run(*words)

    def user(self, *words: str) -> Done:
        """A step of the job's own user."""
        return self.story.run(*words, by=self.by)

    def exchange(self, run: Callable[..., Done], *more: str) -> None:
        """Open a run that stays open."""
        outputs = self.story.stand.kind == "github"
        target = () if outputs else ("--env-file", f"{run.__name__}.env")
        done = run("exchange", *target, *more)
        assert done.code == 0, done.err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that both users can enter."""
    if os.geteuid() != 0:
        if CI:
            pytest.fail("these tests become another user, so they need root")
        pytest.skip("needs root to become another user")
    return tmp_path


@pytest.fixture(params=["github", "gitlab", "jenkins"])
def job(request: pytest.FixtureRequest, issuer: Issuer, folder: Path) -> Iterator[Job]:
    """Give a job of a CI, which names its run."""
    with begin(request.param, issuer, folder) as story:
        yield Job(story=story, by=as_nobody(story))


@pytest.fixture
def machine(issuer: Issuer, folder: Path) -> Iterator[Job]:
    """Give a machine without a CI, whose two users share HOME."""
    with begin("generic", issuer, folder) as story:
        home = Path(story.stand.env["HOME"], ".local", "state")
        home.mkdir(parents=True)
        yield Job(story=story, by=as_nobody(story))


def _as_written(path: Path) -> tuple[int, ...]:
    """All that a change would change; not when it was read, for other tests search the machine."""
    found = path.stat()
    return found.st_mode, found.st_uid, found.st_ino, found.st_size, found.st_ctime_ns


class TestAStepBySudo:
    """What root did in one step does not spoil the later ones."""

    def test_a_run_that_root_closed_is_in_nobodys_way(self, job: Job) -> None:
        """After an `exec` of root that ended well the user opens and closes his own run."""
        done = job.root("exec", "--", "true")
        assert done.code == 0, done.err
        assert job.user("finish").code == 0
        job.exchange(job.user)
        done = job.user("finish")
        assert done.code == 0, done.err
        assert "revoked, proven: 1 token and 1 lease" in done.err
        assert job.story.users == {}
        assert "already closed" in job.user("finish").err
        assert "already closed" in job.root("finish").err

    def test_the_users_own_run_is_in_nobodys_way_either(self, job: Job) -> None:
        """While the user's run is open, root opens and closes another; then the user closes his."""
        job.exchange(job.user)
        done = job.root("exec", "--", "true")
        assert done.code == 0, done.err
        assert "cannot be sealed" not in done.err
        done = job.user("finish")
        assert done.code == 0, done.err
        assert job.story.users == {}

    def test_what_root_left_open_is_told_as_it_is(self, job: Job) -> None:
        """The user cannot close it: 9, who can, and how; what is his own he closes all the same."""
        job.exchange(job.root)
        for own in (False, True):
            if own:
                job.exchange(job.user)
            done = job.user("finish")
            assert done.code == 9, done.err
            assert "belongs to user 0" in done.err
            assert "Another user ran ci-secrets" in done.err
            assert "sudo -E" in done.err
            assert "somebody changed" not in done.err
            assert ("revoked, proven: 1 token and 1 lease" in done.err) is own
            assert len(job.story.users) == 1
        done = job.root("finish")
        assert done.code == 0, done.err
        assert job.story.users == {}
        assert job.user("finish").code == 0

    def test_what_the_user_left_open_is_no_business_of_root(self, job: Job) -> None:
        """Root's `finish` asks the store nothing of it, and opens none of its files."""
        job.exchange(job.user)
        calls = len(job.story.vault.requests)
        done = job.root("finish")
        assert done.code == 9, done.err
        assert f"belongs to user {NOBODY}" in done.err
        assert len(job.story.vault.requests) == calls
        assert job.user("finish").code == 0
        assert job.story.users == {}


class TestOneHome:
    """Without a CI and a run id, in one HOME."""

    @pytest.mark.parametrize("first", ["root", "user"])
    def test_a_closed_run_of_another_user(self, machine: Job, first: str) -> None:
        """It keeps nobody from the end of his own run, however often that is asked for."""
        one, other = machine.root, machine.user
        if first == "user":
            one, other = other, one
        assert one("exec", "--", "true").code == 0
        machine.exchange(other)
        done = other("finish")
        assert done.code == 0, done.err
        assert "revoked, proven: 1 token and 1 lease" in done.err
        done = other("finish")
        assert done.code == 0, done.err
        assert "already closed" in done.err
        assert machine.story.users == {}

    @pytest.mark.parametrize("first", ["root", "user"])
    def test_an_open_run_of_another_user(self, machine: Job, first: str) -> None:
        """One's own is closed, and the other's is named and left to its owner."""
        one, other = machine.root, machine.user
        if first == "user":
            one, other = other, one
        machine.exchange(one)
        (sealed,) = machine.story.sealed()
        machine.exchange(other)
        for said in ("revoked, proven: 1 token and 1 lease", "already closed"):
            done = other("finish")
            assert done.code == 0, done.err
            assert said in done.err
            assert f"{sealed.parent} belongs to another user" in done.err
            assert len(machine.story.users) == 1
        assert one("finish").code == 0
        assert machine.story.users == {}

    def test_nothing_but_an_open_run_of_another_user(self, machine: Job) -> None:
        """It may be the one that is meant, and it is not closed: 9."""
        machine.exchange(machine.root)
        done = machine.user("finish")
        assert done.code == 9, done.err
        assert "Another user ran ci-secrets" in done.err
        assert machine.root("finish").code == 0

    def test_a_run_that_another_user_opened_after_ours_was_closed(self, machine: Job) -> None:
        """Our own tombstone does not answer for it: 9."""
        assert machine.user("exec", "--", "true").code == 0
        machine.exchange(machine.root)
        done = machine.user("finish")
        assert done.code == 9, done.err
        assert "already closed" not in done.err
        assert machine.root("finish").code == 0

    def test_scan_takes_no_values_of_another_user(self, machine: Job) -> None:
        """Where only another user's run is open, its values cannot be had, and why is told."""
        machine.exchange(machine.root)
        done = machine.user("scan", "ci-secrets.yaml")
        assert done.code == 9, done.err
        assert "Another user ran ci-secrets" in done.err
        assert machine.root("finish").code == 0

    def test_scan_is_not_clean_of_values_that_only_another_user_has(self, machine: Job) -> None:
        """A run of our own beside it changes nothing: its values are not all that may be there."""
        machine.exchange(machine.root, *RUN)
        machine.exchange(machine.user, *RUN)
        done = machine.user("scan", "ci-secrets.yaml", *RUN)
        assert done.code == 9, done.err
        assert "Another user ran ci-secrets" in done.err
        assert machine.user("finish", *RUN).code in (0, 9)
        assert machine.root("finish", *RUN).code == 0


class TestPlanted:
    """What another local user puts where root looks."""

    def _place(self, machine: Job) -> Path:
        base = Path(machine.story.stand.env["HOME"], ".local", "state", "ci-secrets")
        base.mkdir(mode=0o755)
        os.chown(base, NOBODY, NOBODY)
        return places.directory(base, Run(platform="generic", run="r1"))

    @pytest.mark.parametrize("mode", [0o700, 0o755])
    def test_a_whole_state(self, machine: Job, mode: int) -> None:
        """A state of the user under root's run: root neither opens nor revokes nor quotes it."""
        machine.exchange(machine.user, *RUN)
        (sealed,) = machine.story.sealed()
        sealed.parent.chmod(mode)
        before = {path: _as_written(path) for path in (sealed.parent, *sealed.parent.iterdir())}
        calls = len(machine.story.vault.requests)
        machine.root("finish", *RUN)
        machine.exchange(machine.root, *RUN)
        done = machine.root("finish", *RUN)
        assert "revoked, proven: 1 token and 1 lease" in done.err
        assert done.err.count("revoked, proven") == 1
        assert len(machine.story.users) == 1
        assert calls < len(machine.story.vault.requests)
        assert {path: _as_written(path) for path in before} == before

    @pytest.mark.parametrize("target", ["private", "nowhere"])
    def test_a_link(self, machine: Job, target: str) -> None:
        """A link in the place of root's state is followed neither at the start nor at the end."""
        place = self._place(machine)
        private = place.parents[3] / "private"
        private.mkdir(mode=0o700)
        place.symlink_to(place.parents[3] / target)
        os.chown(place, NOBODY, NOBODY, follow_symlinks=False)
        machine.exchange(machine.root, *RUN)
        assert list(private.iterdir()) == []
        done = machine.root("finish", *RUN)
        assert done.code == 9, done.err
        assert "revoked, proven: 1 token and 1 lease" in done.err
        assert machine.story.users == {}

    def test_the_place_beside(self, machine: Job) -> None:
        """Where the second place is planted, too, nothing is opened."""
        place = self._place(machine)
        for path in (place, place.parent.with_name("ci-secrets-0")):
            path.mkdir(mode=0o700)
            os.chown(path, NOBODY, NOBODY)
        done = machine.root("exchange", "--env-file", "e", *RUN)
        assert done.code == 8, done.err
        assert f"belongs to user {NOBODY}" in done.err
        assert "chmod" not in done.err
        assert machine.story.users == {}
        assert machine.story.tokens() == []
