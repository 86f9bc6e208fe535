"""How CI systems run the steps that a pipeline file names: shells, masks, outputs, phases."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import yaml

from tests.real.recipes import ROOT, Done, RealJob, run
from tests.real.servers.vault import real_dir

_GROOVY = Path(__file__).parent / "tools" / "groovy" / "sha256"


def gitlab(job: RealJob, text: str) -> Done:
    """Run `script` and `after_script` of the only job of a .gitlab-ci.yml; the code is script's.

    Each is a shell of its own, and nothing in memory lasts from one to the other.
    """
    (steps,) = yaml.safe_load(job.stage.told(text)).values()
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
    """Run a `sh` step as durable-task does: `sh -xe`, both streams into one regular file."""
    file = log.parent / "script.sh"
    file.write_text(script)
    with log.open("ab") as both:
        done = subprocess.run(
            ["sh", "-xe", file],
            cwd=job.stand.workspace,
            env={**job.env, **more},
            stdin=subprocess.DEVNULL,
            stdout=both,
            stderr=both,
            check=False,
            timeout=120,
        )
    return done.returncode


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
    """The scripts of the `sh '…'` steps of a Jenkinsfile."""
    return re.findall(r"\bsh '(.*)'", text)
