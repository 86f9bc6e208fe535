"""What a killed or cut-off run left for `finish`: whole, damaged, lost, twice, or of two jobs."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from ci_secrets.testing.issuer import Issuer
from tests.stories.story import Story, begin

RUN = {"CI_SECRETS_RUN_ID": "r1"}


def _killed(story: Story) -> None:
    """An `exec` that was killed while CMD ran."""
    process = story.begin_exec(env=RUN)
    process.kill()
    story.ended(process)
    assert len(story.users) == 1


def _flip(at: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)

    return damage


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (_flip(-3), "is damaged"),
        (_flip(3), "damaged header"),
        (_truncate, "is truncated"),
        (_empty, "damaged header"),
        (Path.unlink, "The state of this run is gone"),
    ],
    ids=["body", "header", "truncated", "empty", "deleted"],
)
def test_a_state_that_cannot_be_used(
    github: Story, damage: Callable[[Path], None], said: str
) -> None:
    """It is 9, each time, with what is wrong, and never taken for closed."""
    _killed(github)
    damage(github.sealed()[0])
    for _ in range(2):
        done = github.run("finish")
        assert done.code == 9, done.err
        assert said in done.err
        assert "may still be alive" in done.err or "lives until its TTL" in done.err
        assert "Traceback" not in done.err
        assert github.api_key not in done.said
    assert len(github.users) == 1


def test_the_key_of_another_job_does_not_open_it(issuer: Issuer, tmp_path: Path) -> None:
    """With another key it is 9, and says which key was tried; with the right one it closes."""
    with begin("gitlab", issuer, tmp_path) as story:
        _killed(story)
        done = story.run("finish", env={"CI_JOB_TOKEN": "glcbt-64_another-jobs-token"})
        assert done.code == 9, done.err
        assert "does not open with the key from $CI_JOB_TOKEN" in done.err
        assert story.run("finish").code == 0
        assert story.users == {}


def test_a_key_file_that_is_gone(generic: Story) -> None:
    """Where the key file is deleted, finish says so by its name and ends in 9."""
    _killed(generic)
    (key,) = generic.runtime.iterdir()
    key.unlink()
    done = generic.run("finish", env=RUN)
    assert done.code == 9, done.err
    assert key.name in done.err


WITHOUT: Final = {"XDG_RUNTIME_DIR": ""}
CREDENTIAL: Final = {"CI_SECRETS_STATE_KEY": "made-up-credential-of-the-start"}


@pytest.mark.parametrize(
    ("start", "end"),
    [({}, WITHOUT), (CREDENTIAL, {}), ({}, CREDENTIAL)],
    ids=["runtime", "credential", "file"],
)
def test_a_key_that_is_elsewhere_than_at_the_start(
    generic: Story, start: dict[str, str], end: dict[str, str]
) -> None:
    """It is 9 with what the start had otherwise; with the variables of the start it closes."""
    done = generic.run("exchange", "--env-file", "e", env=start)
    assert done.code == 0, done.err
    done = generic.run("finish", env=end)
    assert done.code == 9, done.err
    assert "CI_SECRETS_STATE_KEY" in done.err
    assert "XDG_RUNTIME_DIR" in done.err
    assert "of the start" in done.err or "as at the start" in done.err
    assert "made-up-credential" not in done.said
    assert len(generic.users) == 1
    done = generic.run("finish", env=start)
    assert done.code == 0, done.err
    assert generic.users == {}


def test_a_key_of_before_the_login_session(generic: Story) -> None:
    """Opened by cron, closed within a session: the end looks in every place for the key."""
    done = generic.run("exchange", "--env-file", "e", env=WITHOUT)
    assert done.code == 0, done.err
    done = generic.run("finish")
    assert done.code == 0, done.err
    assert generic.users == {}


def test_a_directory_that_is_gone_means_that_nothing_was_opened(github: Story) -> None:
    """No directory: nothing was opened, 0."""
    _killed(github)
    shutil.rmtree(github.sealed()[0].parents[1])
    done = github.run("finish")
    assert done.code == 0, done.err
    assert "nothing was opened" in done.err


def test_finish_twice(github: Story) -> None:
    """The second one prints what the first one found out, asks nobody, and exits 0."""
    _killed(github)
    assert github.run("finish").code == 0
    calls = len(github.vault.requests)
    done = github.run("finish")
    assert done.code == 0, done.err
    assert "already closed" in done.err
    assert len(github.vault.requests) == calls


def test_two_finishes_at_once(github: Story) -> None:
    """One closes, the other waits for it and prints the same; both exit 0."""
    _killed(github)
    github.vault.inject("POST", "auth/token/revoke-self", stall=1)
    both = [github.ended(process) for process in [github.start("finish") for _ in range(2)]]
    assert [done.code for done in both] == [0, 0], [done.err for done in both]
    said = sorted("already closed" in done.err for done in both)
    assert said == [False, True]
    assert github.calls("POST", "auth/token/revoke-self") == 1
    assert github.users == {}


def test_two_exchanges_in_one_job(story: Story, tmp_path: Path) -> None:
    """Finish closes both of them, and a leak of either is found."""
    words = ["exchange", "--run-id", "r1"]
    for number in (1, 2):
        target = () if story.stand.kind == "github" else ("--env-file", str(tmp_path / f"{number}"))
        assert story.run(*words, *target).code == 0
    assert len(story.users) == 2
    log = tmp_path / "job.log"
    log.write_text(next(iter(story.users.values())) + "\n")
    done = story.run("finish", "--run-id", "r1", "--log", str(log))
    assert done.code == 11, done.err
    assert done.err.count("revoked, proven: 1 token and 1 lease") == 2
    assert story.users == {}
    assert story.tokens() == []


def test_two_jobs_on_one_runner(generic: Story, tmp_path: Path) -> None:
    """Runs that share user, state directory and key place never close each other."""
    for run in ("one", "two"):
        done = generic.run("exchange", "--run-id", run, "--env-file", str(tmp_path / f"{run}.env"))
        assert done.code == 0, done.err
    one = generic.run("finish", "--run-id", "one")
    assert one.code == 0, one.err
    assert len(generic.users) == 1
    assert not (tmp_path / "one.env").exists()
    assert (tmp_path / "two.env").exists()
    two = generic.run("finish", "--run-id", "two")
    assert two.code == 0, two.err
    assert "revoked, proven: 1 token and 1 lease" in two.err
    assert generic.users == {}


def test_parallel_branches_of_one_build(issuer: Issuer, tmp_path: Path) -> None:
    """Each with a run id: the end of one takes nothing from the other, neither waits for it."""
    one, two = ({"CI_SECRETS_RUN_ID": name} for name in ("one", "two"))
    with begin("jenkins", issuer, tmp_path) as story:
        running = story.begin_exec(env=one)
        assert story.run("exchange", "--env-file", str(tmp_path / "env"), env=one).code == 0
        assert story.run("exec", "--", "true", env=two).code == 0
        done = story.run("finish", env=two)
        assert done.code == 0, done.err
        assert "already closed" in done.err
        story.still_runs(running)
        assert len(story.users) == 2
        assert (tmp_path / "env").exists()
        running.kill()
        story.ended(running)
        done = story.run("finish", env=one)
        assert done.code == 0, done.err
        assert story.users == {}


def test_without_a_run_id_two_open_runs_are_not_guessed_at(generic: Story, tmp_path: Path) -> None:
    """Where several runs are open, `finish` closes none, exits 2 and lists them."""
    for run in ("one", "two"):
        generic.run("exchange", "--run-id", run, "--env-file", str(tmp_path / f"{run}.env"))
    done = generic.run("finish")
    assert done.code == 2, done.err
    assert "--run-id one" in done.err
    assert "--run-id two" in done.err
    assert len(generic.users) == 2


@pytest.mark.parametrize("named", [("--run-id", "one"), ()], ids=["named", "unnamed"])
def test_the_single_open_run_is_opened_with_its_own_key_file(
    generic: Story, tmp_path: Path, named: tuple[str, ...]
) -> None:
    """`scan` and `finish` need not be told its name, whatever ran before it; no key stays."""
    env_file = tmp_path / "e.env"
    assert generic.run("exec", "--", "true").code == 0
    done = generic.run("exchange", *named, "--env-file", str(env_file))
    assert done.code == 0, done.err
    log = tmp_path / "job.log"
    log.write_text(next(iter(generic.users.values())) + "\n")
    found = generic.run("scan", str(log))
    assert found.code == 11, found.err
    done = generic.run("finish")
    assert done.code == 0, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert generic.users == {}
    assert not env_file.exists()
    assert list(generic.runtime.iterdir()) == []


def test_the_store_is_down_at_the_end(github: Story, tmp_path: Path) -> None:
    """It is 9 with what, until when and the operator's command; a later `finish` completes it."""
    github.vault.inject("*", "auth/token/revoke-self", times=None, reset=True)
    report = tmp_path / "report.json"
    done = github.run("exec", "--report", str(report), "--", "true", env=RUN)
    assert done.code == 9, done.err
    (accessor,) = github.tokens()
    assert "NOT REACHED: 1 token" in done.err
    assert "may live until 20" in done.err
    assert f"vault token revoke -accessor {accessor}" in done.err
    assert "`ci-secrets finish` in this job tries again" in done.err
    written = json.loads(report.read_text())
    assert written["exit"] == {"code": 9, "command": 0, "closed": False}
    assert [it["outcome"] for it in written["closed"]] == ["unreachable", "revoked"]
    github.vault.faults.clear()
    later = github.run("finish", env=RUN)
    assert later.code == 0, later.err
    assert "revoked, proven: 1 token and 1 lease" in later.err
    assert github.tokens() == []


def test_an_operator_who_ended_it_meanwhile(github: Story) -> None:
    """What somebody else revoked is `already gone`, and 0."""
    _killed(github)
    (accessor,) = github.tokens()
    github.vault.root("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    done = github.run("finish")
    assert done.code == 0, done.err
    assert "already gone: 1 token" in done.err


def test_a_lease_that_the_store_could_not_end_stays_open(github: Story) -> None:
    """A later `finish` has no token left to end it with, and must not call it closed."""

    def fail(_name: str) -> None:
        raise RuntimeError("no such database")

    github.vault.dynamic("app", create=lambda *_: None, revoke=fail)
    done = github.run("exec", "--", "true")
    assert done.code == 9, done.err
    assert "FAILED, STILL ALIVE: 1 lease" in done.err
    assert "revoked, proven: 1 token" in done.err
    later = github.run("finish")
    assert later.code == 9, later.err
    assert "FAILED, STILL ALIVE: 1 lease" in later.err
    assert "vault lease revoke -sync database/creds/app/" in later.err


def test_values_in_files_are_deleted_by_finish(github: Story) -> None:
    """After SIGKILL `finish` removes the files with values that CMD was given."""
    text = (github.stand.workspace / "ci-secrets.yaml").read_text()
    github.configure(text + '  FILE: {from: "vault:secret/data/deploy#api_key", as: file}\n')
    process = github.begin_exec(script='printf %s "$FILE" >told; mv told place; exec cat')
    path = Path(github.handed_over("place"))
    assert path.read_text() == github.api_key
    process.kill()
    github.ended(process)
    done = github.run("finish")
    assert done.code == 0, done.err
    assert not path.exists()


def test_a_store_that_is_sealed_at_the_end(github: Story) -> None:
    """Where all that comes is 503, nobody has tried to revoke anything: it is not reached."""
    _killed(github)
    github.vault.inject("*", "*", times=None, status=503)
    done = github.run("finish")
    assert done.code == 9, done.err
    assert "NOT REACHED: 1 token and 1 lease" in done.err
    assert "STILL ALIVE" not in done.err


def test_a_lease_whose_look_up_fails_is_revoked_but_unproven(github: Story) -> None:
    """The store says that it has ended the lease; that nobody saw it is a warning."""
    github.vault.inject("*", "sys/leases/lookup", times=None, status=503)
    done = github.run("exec", "--", "true")
    assert done.code == 0, done.err
    assert "revoked, UNPROVEN: 1 lease" in done.err
    assert github.users == {}
