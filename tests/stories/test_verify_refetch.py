"""`verify --mode refetch`: a following job fetches for itself what it looks for, on two CIs."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import github_api, gitlab_api
from tests.stories.story import CONFIG, Done, Story

STATIC, DYNAMIC = (
    "".join(line for line in CONFIG.splitlines(keepends=True) if without not in line)
    for without in ("DB:", "API_KEY:")
)
FINE = "2026-11-28T08:00:00.000000Z 00O fine\n"


@pytest.fixture
def api(gitlab: Story) -> Iterator[gitlab_api.GitLabApi]:
    """Give the pipeline's API: a job that is over, and the one that verifies."""
    env = gitlab.stand.env
    jobs = [
        gitlab_api.Job(name="deploy", log=FINE),
        gitlab_api.Job(name="verify", status="running"),
    ]
    with gitlab_api.GitLabApi(
        project=env["CI_PROJECT_ID"], pipeline=env["CI_PIPELINE_ID"], jobs=jobs
    ) as api:
        yield api


def verify(gitlab: Story, api: gitlab_api.GitLabApi, *words: str, **more: str) -> Done:
    """Run `verify` in a job of its own."""
    env = {"CI_SERVER_URL": api.url, "CI_JOB_ID": "1002", "CI_SECRETS_GITLAB_TOKEN": api.token}
    return gitlab.run("verify", "--id-token-env", "VAULT_ID_TOKEN", *words, env=env | more)


def listed(*names: str) -> gitlab_api.Answer:
    """The API's list of finished jobs with these names, from 1001 on."""
    over = {"status": "success", "started_at": "2026-11-28T08:00:00.000Z"}
    jobs = [{"id": number, "name": name, **over} for number, name in enumerate(names, 1001)]
    return 200, {}, json.dumps(jobs).encode()


def nothing_stays(story: Story) -> None:
    """Whatever was minted to look is gone."""
    assert story.tokens() == []
    assert story.users == {}
    assert story.sealed() == []


def test_nothing_in_the_logs(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """The verdict is `clean`, and the coverage that of everybody's view."""
    done = verify(gitlab, api, "--format", "json")
    assert done.code == 0, done.said
    found = json.loads(done.out)
    assert found["verdict"] == "clean"
    assert found["coverage"] == [{"source": "log of the job deploy (1001)", "state": "masked-view"}]
    assert "revoked, proven: 1 token and 1 lease" in done.err
    nothing_stays(gitlab)


def test_a_value_in_disguise(gitlab: Story, api: gitlab_api.GitLabApi, tmp_path: Path) -> None:
    """Ends in 11; the report says in which job, and holds no value."""
    twice = base64.b64encode(base64.b64encode(gitlab.api_key.encode())).decode()
    api.jobs[0].log = f"{FINE}2026-11-28T08:00:01.000000Z 00O {twice}\n"
    report = tmp_path / "leaks.json"
    done = verify(gitlab, api, "--report", f"gitlab={report}")
    assert done.code == 11, done.said
    (found,) = json.loads(report.read_text())["vulnerabilities"]
    assert "API_KEY" in json.dumps(found)
    assert "log of the job deploy (1001)" in json.dumps(found)
    assert twice not in done.said + report.read_text()
    assert gitlab.api_key not in done.said + report.read_text()
    nothing_stays(gitlab)


def test_the_access_token_itself(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """All jobs have it, so that any of them may have printed it."""
    api.jobs[0].log = f"{FINE}{base64.b64encode(api.token.encode()).decode()}\n"
    done = verify(gitlab, api)
    assert done.code == 11, done.said
    assert "$CI_SECRETS_GITLAB_TOKEN as base64" in done.out


def test_all_is_revoked_before_a_log_is_read(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Reading logs takes as long as it takes; no credential waits for it."""
    api.look = lambda: (gitlab.tokens(), list(gitlab.users), len(gitlab.told()) > 0)
    assert verify(gitlab, api).code == 0
    assert [path.rpartition("/")[2] for path in api.asked] == ["jobs", "trace"]
    assert api.looked == [([], [], False), ([], [], True)]


def test_what_is_made_anew_is_not_called_clean(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """The user of a database is another one in each job: it is said that nobody looked for it."""
    done = verify(gitlab, api)
    assert "DB_PASSWORD" in done.said
    assert "made anew for every job" in done.said
    assert "API_KEY" not in [line.split()[0] for line in done.out.splitlines() if "anew" in line]


def test_only_what_is_made_anew(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Then there is nothing to look for, and no verdict."""
    gitlab.configure(DYNAMIC.format(url=gitlab.vault.url))
    done = verify(gitlab, api)
    assert done.code == 2
    assert "nothing to look for" in done.err
    assert "clean" not in done.said
    nothing_stays(gitlab)


def test_one_log_of_two_cannot_be_read(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """The other is looked at and reported, and the end is an error all the same."""
    api.instead = [listed("gone", "deploy"), (404, {}, b"{}")]
    done = verify(gitlab, api, "--format", "json", CI_JOB_ID="1003")
    assert done.code == 5
    states = [(it["source"], it["state"]) for it in json.loads(done.out)["coverage"]]
    assert states == [
        ("log of the job gone (1001)", "none"),
        ("log of the job deploy (1002)", "masked-view"),
    ]


def test_a_leak_goes_before_a_log_that_cannot_be_read(
    gitlab: Story, api: gitlab_api.GitLabApi
) -> None:
    """11, and the other is said all the same."""
    api.jobs[1].log = gitlab.api_key
    api.instead = [listed("gone", "deploy"), (404, {}, b"{}")]
    done = verify(gitlab, api, CI_JOB_ID="1003")
    assert done.code == 11
    assert "read_api" in done.err


def test_not_every_log_is_waited_for(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Where three in a row cannot be read, the others are called unseen."""
    names = [f"job-{number}" for number in range(1, 7)]
    api.instead = [listed(*names), *[(403, {}, b"{}")] * 6]
    done = verify(gitlab, api, "--format", "json", CI_JOB_ID="1007")
    assert done.code == 5
    assert [it["state"] for it in json.loads(done.out)["coverage"]] == ["none"] * 6
    assert len(api.asked) == 4


def test_a_job_that_is_not_over(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Is no error, but nobody is told that its log is clean."""
    api.jobs.append(gitlab_api.Job(name="docs", status="running"))
    done = verify(gitlab, api, "--format", "json")
    assert done.code == 0
    states = {it["source"]: it["state"] for it in json.loads(done.out)["coverage"]}
    assert states["log of the job docs (1003)"] == "none"


def test_no_log_can_be_read(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """The verdict is `unknown`, and the exit code says why."""
    api.instead = [listed("deploy"), (403, {}, b"{}")]
    done = verify(gitlab, api, "--format", "json")
    assert done.code == 5
    found = json.loads(done.out)
    assert found["verdict"] == "unknown"
    assert [entry["state"] for entry in found["coverage"]] == ["none"]
    assert "read_api" in done.err
    nothing_stays(gitlab)


def test_without_an_access_token(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """It is said before anything is minted."""
    done = verify(gitlab, api, CI_SECRETS_GITLAB_TOKEN="")
    assert done.code == 2
    assert "read_api" in done.err
    assert gitlab.told() == []


def test_no_job_is_over(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """It is said before anything is minted, with the stage to choose."""
    api.jobs[0].status = "running"
    done = verify(gitlab, api)
    assert done.code == 2
    assert ".post" in done.err
    assert gitlab.told() == []


def test_no_identity(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Ends in 4, and no verdict is given."""
    done = verify(gitlab, api, VAULT_ID_TOKEN="")
    assert done.code == 4
    assert "verdict" not in done.said


def test_a_token_that_could_not_be_revoked(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Nothing leaked, but something may be alive: 9."""
    gitlab.configure(STATIC.format(url=gitlab.vault.url))
    gitlab.vault.inject("*", "auth/token/revoke-self", status=403)
    done = verify(gitlab, api)
    assert done.code == 9, done.said
    assert "clean" in done.out


def test_hand_over_is_not_for_gitlab(gitlab: Story) -> None:
    """There are no outputs that would carry it; what to do instead is said."""
    done = gitlab.run("exchange", "--hand-over", "600", "--env-file", "secrets.env")
    assert done.code == 8
    assert "--mode refetch" in done.err
    assert gitlab.told() == []


def test_an_unknown_mode(gitlab: Story, api: gitlab_api.GitLabApi) -> None:
    """Both that there are are named."""
    done = verify(gitlab, api, "--mode", "guess")
    assert done.code == 2
    assert "hand-over, refetch" in done.err


def test_on_github_too(github: Story) -> None:
    """With `id-token: write` in the job that verifies, and nothing handed over."""
    env = github.stand.env
    jobs = [
        github_api.Job(name="deploy", log=f"{FINE}{github.api_key.encode().hex()}\n"),
        github_api.Job(name="verify", status="in_progress", conclusion=None),
    ]
    run, repository = env["GITHUB_RUN_ID"], env["GITHUB_REPOSITORY"]
    with github_api.GitHubApi(repository=repository, run=run, jobs=jobs) as api:
        given = {"GITHUB_API_URL": api.url, "CI_SECRETS_GITHUB_TOKEN": api.token}
        done = github.run("verify", "--mode", "refetch", env=given)
        assert done.code == 11, done.said
        assert "API_KEY as hex" in done.out
        jobs[0].log = FINE
        assert github.run("verify", "--mode", "refetch", env=given).code == 0
    nothing_stays(github)
