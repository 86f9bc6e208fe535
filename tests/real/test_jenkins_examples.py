"""`examples/jenkins/` on Jenkins's Groovy, a real Vault and PostgreSQL; its steps are stubs."""

import base64
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_secrets.testing.claims import jenkins_claims
from ci_secrets.testing.loopback import Handler, Loopback
from tests.real.conftest import missing
from tests.real.recipes import ROOT, Done, RealJob, Stage, block, nothing_stays
from tests.real.runners import find_groovy, jenkinsfile

EXAMPLES = ROOT / "examples" / "jenkins"
PROVEN = "revoked, proven: 1 token and 1 lease"
USER, PASSWORD = "log-reader", "made-up-api-token"


class Build:
    """A build of one job: its log, its credentials, and what becomes of a Jenkinsfile."""

    def __init__(self, job: RealJob, folder: Path) -> None:
        self.job = job
        self.log = folder / "jenkins-log.txt"
        self.log.touch()
        self._folder = folder
        self._credentials: dict[str, str | list[str]] = {
            "vault-id-token": job.env.pop("CI_SECRETS_ID_TOKEN"),
            "ci-secrets-state-key": secrets.token_hex(16),
            "ci-secrets-log-reader": [USER, PASSWORD],
        }

    def run(self, file: Path) -> Done:
        """The whole Jenkinsfile."""
        return jenkinsfile(self.job, file, self.log, self._credentials)

    def scripted(self, text: str) -> Done:
        """A scripted Jenkinsfile of these words."""
        file = self._folder / "Jenkinsfile"
        file.write_text(f"node {{ {text} }}")
        return self.run(file)

    def said(self) -> str:
        """The one file that all `sh` steps wrote to."""
        return self.log.read_text()


@pytest.fixture
def build(stage: Stage, tmp_path: Path) -> Build:
    """Give a build whose checkout holds docs/jenkins.md's ci-secrets.yaml and a deploy.sh."""
    if find_groovy() is None or shutil.which("java") is None:
        missing("Jenkins's Groovy")
    job = stage.job("jenkins", tmp_path, block("docs/jenkins.md", "yaml", "version: 1"))
    return Build(job, tmp_path)


@pytest.mark.parametrize("name", ["Jenkinsfile", "Jenkinsfile.library"])
def test_a_deployment_shows_nothing_and_leaves_nothing(build: Build, name: str) -> None:
    """`exec` gives the values to one command; `finish` finds all closed; no form in the log."""
    done = build.run(EXAMPLES / name)
    said = build.said()
    assert done.code == 0, done.err + said
    assert "in as ***" in said
    assert "verdict: contained" in said
    assert said.count(PROVEN) == 1
    assert "+ ci-secrets finish" in said
    assert "already closed: verdict contained" in said
    nothing_stays(build.job, said)


@pytest.mark.parametrize("name", ["Jenkinsfile", "Jenkinsfile.library"])
def test_a_failed_deployment_fails_the_build_after_finish(build: Build, name: str) -> None:
    """With the command's own code, which no `finish` hides."""
    deploy = build.job.stand.workspace / "deploy.sh"
    deploy.write_text(deploy.read_text() + "exit 3\n")
    done = build.run(EXAMPLES / name)
    assert done.code == 1
    assert "script returned exit code 3" in done.err
    assert "already closed" in build.said()
    nothing_stays(build.job, build.said())


class _Controller(Handler[Build]):
    """Serves the log as a controller does: only to a user, with notes inside of it."""

    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {basic}":
            self.reply(403)
        elif self.path != "/job/deploy/8/logText/progressiveText?start=0":
            self.reply(404)
        else:
            log, key = self.app.said(), self.app.job.stage.api_key
            note = "\x1b[8mha:////4AAAAYh+LCAAAAAAA\x1b[0m"
            self.reply(200, log.replace(key, key[:9] + note + key[9:]).encode())


@pytest.fixture
def controller(build: Build) -> Iterator[str]:
    """Give the URL of a job on a Jenkins that has the build's log."""
    server = Loopback(_Controller, build)
    server.start()
    yield f"{server.url}/job/deploy/"
    server.stop()


def test_what_a_script_prints_is_found_in_the_builds_own_log(
    build: Build, controller: str, stage: Stage
) -> None:
    """`finish` reads the log by progressiveText, without its notes: leaked, revoked, build failed.

    The steps of this example are not redacted, and deploy.sh prints a value in clear.
    """
    build.job.env |= {"BUILD_URL": f"{controller}8/", "JOB_URL": controller}
    assert build.job.stand.claims == jenkins_claims()
    done = build.run(EXAMPLES / "Jenkinsfile.scripted")
    said = build.said()
    assert f"plain {stage.api_key}" in said, "else this test proves nothing"
    assert done.code == 1
    assert "script returned exit code 11" in done.err
    assert "verdict: leaked" in said
    assert "Jenkins's copy of the log" in said
    assert PROVEN in said
    assert not build.job.user_is_alive()
    assert not Path(build.job.env["WORKSPACE_TMP"], "secrets.env").exists()


def test_the_library_closes_what_a_killed_exec_left(build: Build) -> None:
    """SIGKILL leaves the sealed state; the block's end opens it and revokes."""
    kill = "sh 'ci-secrets exec -- sh -c \"./deploy.sh >/dev/null; kill -9 \\\\$PPID\"'"
    done = build.scripted(f"withCiSecrets {{ {kill} }}")
    assert done.code == 1
    assert "script returned exit code 137" in done.err
    assert PROVEN in build.said().partition("+ ci-secrets finish")[2]
    assert not build.job.user_is_alive()


def test_the_end_of_one_block_takes_nothing_from_another(build: Build) -> None:
    """As of parallel branches; here one stands within the other, so that it surely ends first."""
    exchange = "sh 'ci-secrets exchange --env-file \"$WORKSPACE_TMP/x\"'"
    inside = "withCiSecrets { sh 'ci-secrets exec -- true' }; sh 'test -s \"$WORKSPACE_TMP/x\"'"
    done = build.scripted(f"withCiSecrets {{ {exchange}; {inside} }}")
    assert done.code == 0, done.err
    inner, outer = build.said().split("+ ci-secrets finish")[1:]
    assert "already closed" in inner
    assert PROVEN not in inner
    assert PROVEN in outer
    assert not Path(build.job.env["WORKSPACE_TMP"], "x").exists()


def test_the_blocks_own_failure_is_what_the_build_ends_with(build: Build) -> None:
    """Also where `finish` fails too, here because the state is gone: an abort stays an abort."""
    done = build.scripted(
        'withCiSecrets { sh \'ci-secrets exchange --env-file "$WORKSPACE_TMP/x"; '
        "rm \"$WORKSPACE_TMP\"/ci-secrets/*/*.sealed'; error 'my own' }"
    )
    assert (done.code, done.err) == (1, "FAILURE: my own\n")
    assert "The state of this run is gone" in build.said()


def test_the_library_gives_identity_within_its_block_only(build: Build) -> None:
    """Before and after it no step has the JWT or the state's key."""
    look = "sh 'env | grep -c ^CI_SECRETS_ID_TOKEN= || true; env | grep -c ^CI_SECRETS_STATE'"
    look = look.replace("STATE'", "STATE_KEY= || true'")
    done = build.scripted(f"{look}; withCiSecrets {{ {look} }}; {look}")
    assert done.code == 0, done.err
    counts = [line for line in build.said().splitlines() if line in ("0", "1")]
    assert counts == ["0", "0", "1", "1", "0", "0"]


def test_the_library_refuses_a_setting_that_it_does_not_know(build: Build) -> None:
    """A misspelt credential id would otherwise be the default one."""
    done = build.scripted("withCiSecrets(idTokn: 'mine') { sh 'true' }")
    assert done.code == 1
    assert "withCiSecrets knows no idTokn; it takes idToken, stateKey." in done.err
    assert build.said() == ""
