"""Whole jobs on CIs that are known from their documentation alone: their parts here are stubs."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from ci_secrets.platforms.azure import AUDIENCE
from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.loopback import Handler, Loopback
from tests.stories.story import CONFIG, Story, begin
from tests.stub import Stub

Job = Callable[[Story, Issuer, Path], AbstractContextManager[Mapping[str, str]]]


@contextmanager
def _bitbucket(story: Story, issuer: Issuer, folder: Path) -> Iterator[Mapping[str, str]]:
    token = issuer.mint([story.vault.url], sub="{r-1}:{s-1}", repositoryUuid="{r-1}")
    yield {"BITBUCKET_BUILD_NUMBER": "7", "BITBUCKET_STEP_OIDC_TOKEN": token}


@contextmanager
def _buildkite(story: Story, issuer: Issuer, folder: Path) -> Iterator[Mapping[str, str]]:
    stub = Stub(folder, "buildkite-agent", out=issuer.mint(story.vault.url, sub="job"))
    own = {"BUILDKITE_AGENT_ACCESS_TOKEN": "made-up-agent-token"}
    yield (
        {"BUILDKITE": "true", "BUILDKITE_BUILD_ID": "7", "BUILDKITE_JOB_ID": "j"} | own | stub.path
    )


@contextmanager
def _circleci(story: Story, issuer: Issuer, folder: Path) -> Iterator[Mapping[str, str]]:
    stub = Stub(folder, "circleci", out=issuer.mint(story.vault.url, sub="job"))
    token = issuer.mint("a1b2c3d4-0000-4000-8000-000000000001")
    yield {"CIRCLECI": "true", "CIRCLE_WORKFLOW_ID": "7", "CIRCLE_OIDC_TOKEN_V2": token} | stub.path


class _Endpoint(Handler[Issuer]):
    def do_POST(self) -> None:  # noqa: N802  # http.server's name
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        known = self.headers["Authorization"] == f"Bearer {self.app.request_token}"
        token = self.app.mint(AUDIENCE, sub="p://shop/web/deploy", def_id="9") if known else None
        self.reply(200 if known else 401, {"oidcToken": token})


@contextmanager
def _azure(story: Story, issuer: Issuer, folder: Path) -> Iterator[Mapping[str, str]]:
    server = Loopback(_Endpoint, issuer)
    story.vault.jwt_role(
        "deploy",
        token_policies=["deploy"],
        token_ttl="10m",
        bound_audiences=[AUDIENCE],
        bound_claims={"def_id": "9"},
    )
    text = CONFIG.format(url=story.vault.url)
    story.configure(text.replace("role: deploy", f'role: deploy, audience: "{AUDIENCE}"'))
    temp = folder / "temp"
    temp.mkdir()
    server.start()
    yield {
        "TF_BUILD": "True",
        "BUILD_BUILDID": "7",
        "SYSTEM_OIDCREQUESTURI": f"{server.url}/oidctoken",
        "SYSTEM_ACCESSTOKEN": issuer.request_token,
        "BUILD_SOURCESDIRECTORY": str(story.stand.workspace),
        "AGENT_TEMPDIRECTORY": str(temp),
    }
    server.stop()


JOBS: dict[str, Job] = {
    "azure": _azure,
    "bitbucket": _bitbucket,
    "buildkite": _buildkite,
    "circleci": _circleci,
}


@pytest.fixture(params=sorted(JOBS))
def job(
    request: pytest.FixtureRequest, issuer: Issuer, tmp_path: Path
) -> Iterator[tuple[str, Story]]:
    """Give a job of each, by name, with a store that lets it in."""
    with (
        begin("generic", issuer, tmp_path) as story,
        JOBS[request.param](story, issuer, tmp_path) as variables,
    ):
        own = {name: story.stand.env[name] for name in ("PATH", "HOME")}
        story.stand = dataclasses.replace(story.stand, env={**own, **variables})
        yield request.param, story


def test_exec_is_the_same_everywhere(job: tuple[str, Story]) -> None:
    """Values for CMD alone, its output redacted, its identity kept back, the end proven."""
    name, story = job
    identity = {key for key in story.stand.env if "TOKEN" in key}
    done = story.run("exec", "--", "sh", "-c", 'env | sed "s/=.*//"; echo "key: $API_KEY"')
    assert done.code == 0, done.err
    assert "key: ***" in done.out
    assert not identity & set(done.out.splitlines())
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert story.api_key not in done.said
    assert story.users == {}
    assert identity, name


def test_values_for_a_whole_script_end_with_finish(job: tuple[str, Story]) -> None:
    """`exchange` masks and hands on as this CI can; `finish` finds the run and closes it."""
    name, story = job
    file = story.stand.workspace.parent / "values"
    done = story.run("exchange", "--env-file", str(file))
    assert done.code == 0, done.err
    assert story.api_key in file.read_text()
    commands = [line for line in done.err.splitlines() if story.api_key in line]
    if name == "azure":
        output = "##vso[task.setvariable variable=API_KEY;issecret=true;isoutput=true]"
        assert commands == [f"##vso[task.setsecret]{story.api_key}", f"{output}{story.api_key}"]
    else:
        assert commands == []
    if name == "buildkite":
        told = Path(story.stand.env["PATH"].partition(":")[0], "stdin").read_text()
        assert story.api_key in told
    ended = story.run("finish")
    assert ended.code == 0, ended.err
    assert "revoked, proven: 1 token and 1 lease" in ended.err
    assert story.users == {}
    assert not file.exists()
    assert story.sealed() == []


def test_whoami_names_the_ci(job: tuple[str, Story]) -> None:
    """And shows the claims that a role can be bound to."""
    name, story = job
    audience = AUDIENCE if name == "azure" else story.vault.url
    done = story.run("whoami", "--audience", audience)
    assert done.code == 0, done.err
    assert f"ci-secrets: {name}, from " in done.err
    assert ["aud", audience] in [line.split() for line in done.out.splitlines()]
