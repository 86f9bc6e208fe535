"""The three doors, each behind the runner that its users have: one story, played to its end."""

import contextlib
import os
import re
import secrets
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.conformance.case import Case
from tests.patience import wait_until
from tests.real.act import Workflow, find_act
from tests.real.conftest import missing
from tests.real.container import Container, can_contain
from tests.real.gitlab import Pipeline, find_gitlab
from tests.real.recipes import RealJob, Stage
from tests.real.runners import COOKIE, begin_jenkins, carriers

_SECONDS = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """What is left of a story."""

    code: int | None
    """Of what deployed; a job that is cancelled has none."""
    log: str
    """All that the CI shows."""


class Door(Protocol):
    """One CI, and its runner on this machine."""

    def play(self, case: Case, stage: Stage, folder: Path, more: Mapping[str, str]) -> Played:
        """Run the case's pipeline in an empty folder, the machine having more variables."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHub:
    """A workflow, run by act."""

    ours: Path
    """The actions as a runner fetches them."""
    cache: Path
    """Packages are kept from run to run."""

    def play(self, case: Case, stage: Stage, folder: Path, more: Mapping[str, str]) -> Played:
        """The codes of steps stand in the log: act's own is 1 where a job failed."""
        if find_act() is None:
            missing("act")
        workflow = Workflow(
            stage=stage,
            folder=folder / "github",
            ours=self.ours,
            env={"CACHE": str(self.cache), **more},
            identity=case.identity,  # NOTE: act does not look at `permissions`
        )
        for name, text in case.files().items():
            workflow.add(name, stage.told(text))
        process = workflow.begin_workflow(stage.told(case.pipeline))
        if case.cancel:
            return Played(code=None, log=workflow.cancel_when(workflow.probe, process).said)
        done = workflow.ended(process)
        codes = re.findall(r"exit status (\d+)", done.said) or [done.code]
        # NOTE: act shows each mask, which GitHub's runner does not, and masks it only where it has
        # no escape in it: a `%` of a form stands there as `%25`.
        log = re.sub(r"^\[.*\]   [⚙❓]  ::add-mask::.*\n", "", done.said, flags=re.MULTILINE)
        return Played(code=int(codes[0]), log=log)


@dataclass(frozen=True, kw_only=True, slots=True)
class GitLab:
    """A pipeline with our components, run by gitlab-ci-local; cancelled, in a container."""

    def play(self, case: Case, stage: Stage, folder: Path, more: Mapping[str, str]) -> Played:
        """A job's code stands in the log."""
        local = find_gitlab()
        if local is None:
            missing("gitlab-ci-local")
        job = stage.job("gitlab", folder)
        _check_out(case, job)
        pipeline = Pipeline(job=job, folder=local, machine=dict(more))
        pipeline.write(case.pipeline)
        if case.cancel:
            return self._cancelled(pipeline)
        done = pipeline.run("deploy")
        codes = re.findall(r"\bFAIL (\d+)", done.out) or [done.code]
        return Played(code=int(codes[0]), log=done.out)

    def _cancelled(self, pipeline: Pipeline) -> Played:
        """gitlab-ci-local knows no cancelling."""
        if not can_contain():
            missing("a kernel that lets us have namespaces")
        declared = pipeline.expanded()["deploy"]
        env = {**pipeline.job.env, **declared["variables"], **pipeline.id_tokens("deploy")}
        container = Container(job=declared, workspace=pipeline.job.stand.workspace, env=env)
        process = container.start()
        try:
            wait_until(pipeline.job.probe.exists)
            container.cancel(process)
        finally:
            container.kill(process)
            done = container.ended(process)
        return Played(code=None, log=done.out + container.after_script().out)


@dataclass(frozen=True, kw_only=True, slots=True)
class Jenkins:
    """Shell steps, as durable-task runs them: `sh -xe`, both streams into one regular file."""

    def play(self, case: Case, stage: Stage, folder: Path, more: Mapping[str, str]) -> Played:
        """A build for each part, at once, each on an executor of its own."""
        steps = [_Step.begin(case, stage, folder, part, more) for part in case.parts]
        try:
            codes = [step.end(cancel=case.cancel) for step in steps]
        finally:
            for step in steps:
                step.signal(signal.SIGKILL)
        log = "".join(step.log.read_text() for step in steps)
        return Played(code=None if case.cancel else max(codes, key=abs), log=log)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    """One `sh` step of one build."""

    job: RealJob
    cookie: str
    log: Path
    process: "subprocess.Popen[bytes]"

    @classmethod
    def begin(
        cls, case: Case, stage: Stage, beside: Path, part: str, more: Mapping[str, str]
    ) -> "_Step":
        """Start it, in a workspace of its own."""
        folder = beside / (part or "build")
        job = stage.job("jenkins", folder)
        _check_out(case, job)
        runtime = folder / "runtime"  # the key of its state lies here, where /dev/shm is shared
        runtime.mkdir(mode=0o700)
        cookie = secrets.token_hex(16)
        job.env |= {"XDG_RUNTIME_DIR": str(runtime), "PART": part, COOKIE: cookie, **more}
        job.env["PROBE"] = str(beside / "probe")
        if not case.identity:
            del job.env["CI_SECRETS_ID_TOKEN"]
        log = folder / "jenkins-log.txt"
        return cls(
            job=job,
            cookie=cookie,
            log=log,
            process=begin_jenkins(job.stand.workspace, job.env, case.pipeline, log),
        )

    def end(self, *, cancel: bool) -> int:
        """The step's code, once no process of it is left."""
        if cancel:
            wait_until(self.job.probe.exists)
            self.signal(signal.SIGTERM)
            # The shell is gone at once. An exec may not show its cookie: there the log tells.
            wait_until(lambda: "revoked" in self.log.read_text())
        code = self.process.wait(_SECONDS)
        wait_until(lambda: not carriers(self.cookie))
        return code

    def signal(self, signum: signal.Signals) -> None:
        """Send it to all that is left of the build."""
        for pid in carriers(self.cookie):
            with contextlib.suppress(ProcessLookupError):  # ended with one that came before
                os.kill(pid, signum)


def _check_out(case: Case, job: RealJob) -> None:
    for name, text in case.files().items():
        file = job.stand.workspace / name
        file.write_text(job.stage.told(text))
        file.chmod(0o755 if text.startswith("#!") else 0o644)
