"""The component's job in a container that is cancelled, killed and started anew, as GitLab does."""

import re
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.patience import READY, wait_until
from tests.real.conftest import missing
from tests.real.container import Container, can_contain
from tests.real.gitlab import Pipeline
from tests.real.recipes import block
from tests.real.test_gitlab_door import FOUR_LINES, PAGE, nothing_stays, pipeline

__all__ = ["pipeline"]

EXCHANGE = block(PAGE, "yaml", "ci-secrets exchange")
SLOW = FOUR_LINES.replace("./deploy.sh", f"sh -c './deploy.sh >/dev/null; echo {READY}; sleep 300'")

Begin = Callable[..., Container]


@pytest.fixture
def begin(pipeline: Pipeline) -> Iterator[Begin]:
    """Give a way to have the job `deploy` of a pipeline in a container."""
    if not can_contain():
        missing("a kernel that lets us have namespaces")
    begun: list[Container] = []

    def container(text: str, shell: str = "bash") -> Container:
        pipeline.write(text)
        job = pipeline.expanded()["deploy"]
        env = {**pipeline.job.env, **job["variables"], **pipeline.id_tokens("deploy")}
        workspace = pipeline.job.stand.workspace
        begun.append(Container(job=job, workspace=workspace, env=env, interpreter=shell))
        return begun[-1]

    yield container
    for each in begun:
        for process in each.started:
            each.kill(process)
            process.communicate()


@pytest.mark.parametrize("shell", ["bash", "dash", "busybox sh"])
def test_the_container_is_started_anew(pipeline: Pipeline, begin: Begin, shell: str) -> None:
    """`finish` in after_script has files alone to go by, in each shell that a runner takes."""
    container = begin(EXCHANGE.replace("    - ci-secrets finish --log deploy.log\n", ""), shell)
    done = container.script()
    assert done.code == 0, done.out
    assert pipeline.job.user_is_alive()
    done = container.after_script()
    assert done.code == 0, done.out
    assert "revoked, proven: 1 token and 1 lease" in done.out
    (pipeline.job.stand.workspace / "deploy.log").unlink()
    nothing_stays(pipeline.job, done.out)


def test_a_script_that_failed(pipeline: Pipeline, begin: Begin) -> None:
    """Its code is the job's, although bash makes 1 of it in the form that runners use."""
    container = begin(FOUR_LINES.replace("./deploy.sh", "sh -c './deploy.sh; exit 42'"))
    done = container.script()
    assert done.code == 42, done.out
    closed = container.after_script()
    assert closed.code == 0
    nothing_stays(pipeline.job, done.out + closed.out)


def test_cancel(pipeline: Pipeline, begin: Begin) -> None:
    """SIGTERM to all its processes: all is revoked before the container is gone."""
    container = begin(SLOW)
    process = container.start()
    log = _until_ready(process)
    assert pipeline.job.user_is_alive()
    container.cancel(process)
    log += container.ended(process).out
    assert re.search("revoked, proven: 1 token", log), log
    wait_until(lambda: not pipeline.job.user_is_alive(), "the end of the user")
    done = container.after_script()
    assert done.code == 0, done.out
    nothing_stays(pipeline.job, log + done.out)


def test_timeout(pipeline: Pipeline, begin: Begin) -> None:
    """A container that is ended at once, with `exec` in it: after_script revokes what it left."""
    container = begin(SLOW)
    process = container.start()
    log = _until_ready(process)
    container.kill(process)
    log += container.ended(process).out
    assert "revoked" not in log
    assert pipeline.job.user_is_alive()
    done = container.after_script()
    assert "revoked, proven: 1 token and 1 lease" in done.out
    nothing_stays(pipeline.job, log + done.out)


def _until_ready(process: "subprocess.Popen[bytes]") -> str:
    """What it printed until its command had logged in to the database."""
    log = b""
    assert process.stdout is not None
    while READY.encode() not in log:
        line = process.stdout.readline()
        assert line, log.decode()
        log += line
    return log.decode()
