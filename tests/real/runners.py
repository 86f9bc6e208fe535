"""How CI systems run the steps that a pipeline file names: shells, masks, outputs, phases."""

import json
import re
import secrets
import shutil
import subprocess
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from tests import patience
from tests.real.recipes import ROOT, Done, RealJob, run
from tests.real.servers.vault import real_dir

COOKIE = "JENKINS_SERVER_COOKIE"
"""An abort of a build is SIGTERM to every process that has its cookie in this variable."""
_EXPRESSION = re.compile(r"\$\{\{ *steps\.(\w+)\.outputs\.(\w+) *\}\}")
_HEREDOC = re.compile(r"^(\w+)<<(.+)\n((?:.*\n)*?)\2\n", re.MULTILINE)
_GROOVY = Path(__file__).parent / "tools" / "groovy" / "sha256"
_SETUP = ("pipx install ci-secrets", "pip install --quiet ci-secrets")
"""What installs the tool, which is there."""


class GitHubRunner:
    """Runs steps as actions/runner does: `bash -e`, a file per command and step, masks in the log.

    Steps that fetch the checkout or install the tool are passed over: both are there.
    """

    def __init__(self, job: RealJob) -> None:
        self.job = job
        self.log = ""
        """What the log shows, masked."""
        self.codes: list[int] = []
        self.outputs: dict[str, dict[str, str]] = {}
        self._masks: set[str] = set()

    def run(self, steps: list[dict[str, Any]]) -> None:
        """All steps; after a failure only those with `if: always()`."""
        for step in steps:
            if "uses" in step or step["run"] in _SETUP:
                continue
            if any(self.codes) and step.get("if") != "always()":
                continue
            self._step(step)

    def _step(self, step: Mapping[str, Any]) -> None:
        mark = secrets.token_hex(4)
        files = {
            name: file.with_name(f"{file.name}_{mark}")
            for name, file in self.job.stand.files.items()
        }
        for file in files.values():
            file.touch()
        script = self.job.stand.workspace.parent / f"step-{mark}.sh"
        script.write_text(step["run"])
        given = {name: self._filled(str(value)) for name, value in step.get("env", {}).items()}
        done = subprocess.run(
            ["bash", "-e", script],
            cwd=self.job.stand.workspace,
            env={**self.job.env, **{name: str(file) for name, file in files.items()}, **given},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=patience.SECONDS,
        )
        self.codes.append(done.returncode)
        self._show(done.stdout.decode())
        outputs = files["GITHUB_OUTPUT"].read_text()
        self.outputs[step.get("id", mark)] = {
            name: value[:-1] for name, _, value in _HEREDOC.findall(outputs)
        }
        files["GITHUB_OUTPUT"].unlink()

    def _filled(self, text: str) -> str:
        return _EXPRESSION.sub(lambda found: self.outputs[found[1]][found[2]], text)

    def _show(self, printed: str) -> None:
        for line in printed.splitlines():
            if line.startswith("::add-mask::"):
                value = line.removeprefix("::add-mask::")
                for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
                    value = value.replace(code, character)
                self._masks.add(value)
                continue
            for mask in sorted(self._masks, key=len, reverse=True):
                line = line.replace(mask, "***")
            self.log += line + "\n"


def gitlab(job: RealJob, text: str) -> Done:
    """Run the scripts of the only job of a .gitlab-ci.yml; the code is that of `script`.

    `after_script` is a shell of its own, and nothing in memory lasts until it runs.
    """
    (steps,) = yaml.safe_load(job.stage.told(text)).values()
    before = [line for line in steps.get("before_script", []) if line not in _SETUP]
    steps["script"] = before + steps["script"]
    said, code = "", 0
    for phase in ("script", "after_script"):
        runtime = job.stand.workspace.parent / f"runtime-{phase}"
        runtime.mkdir()
        lines = "\n".join(steps.get(phase, ["true"]))
        done = job.sh(f"exec 2>&1\nset -e\n{lines}", XDG_RUNTIME_DIR=str(runtime))
        said += done.said
        code = done.code if phase == "script" else code
        assert not list(runtime.iterdir()), "the state depends on what after_script has not"
    return Done(code=code, out=said)


def find_groovy() -> Path | None:
    """Return the jar that this checkout pins, or `None` if it is not fetched yet."""
    jar = real_dir() / "groovy" / _GROOVY.read_text().split()[1]
    return jar if jar.is_file() else None


def jenkins(job: RealJob, script: str, log: Path, **more: str) -> int:
    """Run a `sh` step to its end."""
    process = begin_jenkins(job.stand.workspace, {**job.env, **more}, script, log)
    try:
        return process.wait(timeout=patience.SECONDS)
    except BaseException:
        process.kill()
        process.wait()
        raise


def begin_jenkins(
    workspace: Path, env: Mapping[str, str], script: str, log: Path
) -> "subprocess.Popen[bytes]":
    """Start a `sh` step as durable-task does: `sh -xe`, both streams into one regular file."""
    file = log.parent / "script.sh"
    file.write_text(script)
    with log.open("ab") as both:
        return subprocess.Popen(
            ["sh", "-xe", file],
            cwd=workspace,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=both,
            stderr=both,
            start_new_session=True,
        )


def carriers(cookie: str) -> list[int]:
    """Processes of the build that has this cookie, as far as their environment may be read."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if f"{COOKIE}={cookie}\0".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def jenkinsfile(
    job: RealJob, file: Path, log: Path, credentials: Mapping[str, str | list[str]]
) -> Done:
    """Run a whole Jenkinsfile, with `examples/jenkins/vars`, on stub steps whose `sh` is real."""
    groovy, java = find_groovy(), shutil.which("java")
    assert groovy is not None
    assert java is not None
    secrets_file = log.with_suffix(".credentials")
    secrets_file.write_text(json.dumps(credentials))
    program = Path(__file__).parent / "jenkins" / "harness.groovy"
    words = [program, file, ROOT / "examples" / "jenkins" / "vars", log, secrets_file]
    argv = [java, "-XX:TieredStopAtLevel=1", "-cp", groovy, "groovy.ui.GroovyMain", *words]
    try:
        return run([*map(str, argv)], env=job.env, cwd=job.stand.workspace)
    finally:
        secrets_file.unlink()


def groovy_steps(text: str) -> list[str]:
    """The scripts of the `sh '…'` and `sh '''…'''` steps of a Jenkinsfile."""
    found = re.findall(r"\bsh (?:'''((?s:.*?))'''|'(?!'')(.*)')", text)
    return [textwrap.dedent(lines or line) for lines, line in found]
