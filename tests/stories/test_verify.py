"""`exchange --hand-over` … `verify`: a following job looks at the logs of those that are over."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.github_api import GitHubApi, Job
from tests.stories.story import Done, Story

FINE = "2026-11-28T08:00:00.0000000Z fine\n"


@pytest.fixture
def api(github: Story) -> Iterator[GitHubApi]:
    """Give the run's API: a job that is over, and the one that verifies."""
    run, repository = github.stand.env["GITHUB_RUN_ID"], github.stand.env["GITHUB_REPOSITORY"]
    jobs = [Job(name="deploy", log=FINE), Job(name="verify", status="in_progress", conclusion=None)]
    with GitHubApi(repository=repository, run=run, jobs=jobs) as api:
        yield api


def handed(github: Story) -> str:
    """What an exchange hands over; the job that made it is over."""
    done = github.run("exchange", "--hand-over", "600")
    assert done.code == 0, done.err
    outputs = github.stand.files["GITHUB_OUTPUT"].read_text()
    (text,) = re.findall(r"^hand-over<<(.+)\n(.*)\n\1$", outputs, re.MULTILINE)
    assert github.run("finish").code == 0
    return str(text[1])


def verify(github: Story, api: GitHubApi, text: str, *words: str, **more: str) -> Done:
    """Run `verify` in a job of its own."""
    env = {"GITHUB_JOB": "verify", "GITHUB_API_URL": api.url, "CI_SECRETS_GITHUB_TOKEN": api.token}
    return github.run("verify", *words, env=env | more, stdin=text.encode())


def test_nothing_in_the_logs(github: Story, api: GitHubApi) -> None:
    """The verdict is `clean`, of the logs as everybody sees them."""
    done = verify(github, api, handed(github))
    assert done.code == 0, done.said
    assert "clean" in done.out
    summary = github.stand.files["GITHUB_STEP_SUMMARY"].read_text()
    assert "✅ clean" in summary


def test_a_value_that_got_past_the_masks(github: Story, api: GitHubApi, tmp_path: Path) -> None:
    """Ends in 11, and says in which job's log and form; the report has it, and no value."""
    twice = base64.b64encode(base64.b64encode(github.api_key.encode())).decode()
    api.jobs[0].log = FINE + f"2026-11-28T08:00:01.0000000Z {twice}\n"
    report = tmp_path / "leaks.json"
    done = verify(github, api, handed(github), "--report", str(report))
    assert done.code == 11, done.said
    found = json.loads(report.read_text())
    assert found["coverage"] == [{"source": "log of the job deploy", "state": "masked-view"}]
    (finding,) = found["findings"]
    assert finding["secret"] == "API_KEY"
    assert finding["form"] == ["base64", "base64"]
    assert (finding["file"], finding["line"]) == ("log of the job deploy", 2)
    assert twice not in done.said + report.read_text()


def test_a_value_that_cannot_be_looked_for_is_not_called_clean(
    github: Story, api: GitHubApi
) -> None:
    """Where the job had no other nothing is known, and the job that verifies ends in 2."""
    github.ask_for_a_pin()
    done = verify(github, api, handed(github))
    assert done.code == 2, done.said
    assert "unknown: nothing was searched" in done.out
    assert "not looked for at all: PIN" in done.out
    assert "None of these values could be looked for" in done.err


def test_what_is_handed_over_holds_no_value(github: Story) -> None:
    """Everybody who may read the run reads it; it is not masked, or GitHub would drop it."""
    done = github.run("exchange", "--hand-over", "600")
    outputs = github.stand.files["GITHUB_OUTPUT"].read_text()
    (text,) = re.findall(r"^hand-over<<.+\n(.*)$", outputs, re.MULTILINE)
    clear = json.loads(base64.b64decode(text))
    sealed = base64.b64decode(clear["sealed"])
    assert sorted(clear) == ["namespace", "sealed", "token", "url", "version"]
    for value in (github.api_key, *github.users, *github.users.values()):
        assert value not in text
        assert value.encode() not in sealed
    masks = re.findall(r"^::add-mask::(.*)$", done.err, re.MULTILINE)
    assert masks
    assert [mask for mask in masks if mask in text] == []
    github.run("finish")


def test_it_works_once(github: Story, api: GitHubApi) -> None:
    """Whoever comes second is told that somebody was faster."""
    text = handed(github)
    assert verify(github, api, text).code == 0
    done = verify(github, api, text)
    assert done.code == 5
    assert "somebody else has unwrapped it before" in done.err


def test_of_another_run(github: Story, api: GitHubApi) -> None:
    """What was handed over in another run is not taken for this one's."""
    text = handed(github)
    api.run = "1002"
    done = verify(github, api, text, GITHUB_RUN_ID="1002")
    assert done.code == 5
    assert "of another run" in done.err


@pytest.mark.parametrize("text", ["", "hunter2", base64.b64encode(b"{}").decode(), "{}", "A" * 99])
def test_nothing_was_handed_over(github: Story, api: GitHubApi, text: str) -> None:
    """An output that was not passed on is no clean log."""
    done = verify(github, api, text)
    assert done.code == 2
    assert "hand-over: ${{ steps.secrets.outputs.hand-over }}" in done.err
    assert "hunter2" not in done.err


def test_changed_on_the_way(github: Story, api: GitHubApi) -> None:
    """What is sealed is authenticated."""
    clear = json.loads(base64.b64decode(handed(github)))
    sealed = bytearray(base64.b64decode(clear["sealed"]))
    sealed[-1] ^= 1
    clear["sealed"] = base64.b64encode(sealed).decode()
    done = verify(github, api, base64.b64encode(json.dumps(clear).encode()).decode())
    assert done.code == 9
    assert "damaged" in done.err


def test_without_a_token(github: Story, api: GitHubApi) -> None:
    """It is said before what was handed over is used up."""
    text = handed(github)
    done = verify(github, api, text, CI_SECRETS_GITHUB_TOKEN="")
    assert done.code == 2
    assert "CI_SECRETS_GITHUB_TOKEN" in done.err
    assert verify(github, api, text).code == 0


def test_a_log_that_cannot_be_read(github: Story, api: GitHubApi) -> None:
    """Is an error, not a clean verdict; what was handed over is not used up by it."""
    text = handed(github)
    done = verify(github, api, text, CI_SECRETS_GITHUB_TOKEN="ghs_of_nobody")
    assert done.code == 5
    assert "actions: read" in done.err
    assert "clean" not in done.out
    assert verify(github, api, text).code == 0


def test_no_job_is_over(github: Story, api: GitHubApi) -> None:
    """A job that did not wait for the others is told how."""
    text = handed(github)
    api.jobs[0].status = "in_progress"
    done = verify(github, api, text)
    assert done.code == 2
    assert "needs: [deploy]" in done.err


def test_a_store_that_is_down(github: Story, api: GitHubApi) -> None:
    """Without the key there is nothing to look for, and that is said."""
    text = handed(github)
    github.vault.__exit__(None, None, None)
    done = verify(github, api, text)
    assert done.code == 6


def test_not_on_other_systems(story: Story) -> None:
    """Where a job cannot read the log of another it is said."""
    if story.stand.kind in ("github", "gitlab"):
        return
    done = story.run("verify", stdin=b"")
    assert done.code == 2
    assert "cannot be read" in done.err
