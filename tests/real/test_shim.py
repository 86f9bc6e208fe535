"""The Node file that all actions run: which Python, which packages, what ci-secrets is given."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests import patience
from tests.patience import wait_until
from tests.real.conftest import missing
from tests.real.recipes import ROOT, Done

REAL = Path(sys.base_prefix, "bin", f"python{sys.version_info[0]}.{sys.version_info[1]}")
FAKE = """\
#!{python} -I
import json, os, sys, time
words = sys.argv[1:]
with open({log!r}, "a") as log:
    log.write(json.dumps([{name!r}, *words]) + "\\n")
{body}
"""
AS_VERSION = """\
if "-c" in words:
    print({major}, {minor}, {path!r}, "made up", sep="\\n")
    sys.exit()
if "pip" in words:
    sys.exit(1)
os.execv({real!r}, [{real!r}, *words])
"""


@dataclass(kw_only=True, slots=True)
class Runner:
    """A job's folders and programs; none of this machine's but those that a test puts there."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def bin(self) -> Path:
        """The only folder on PATH, beside the system's own for `sh` and its like."""
        return self.folder / "bin"

    @property
    def calls(self) -> list[list[str]]:
        """The command lines of the made-up programs so far."""
        log = self.folder / "calls"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def program(self, path: Path, body: str) -> Path:
        """Put a made-up program somewhere; it notes its command line, and goes on with `body`."""
        path.parent.mkdir(parents=True, exist_ok=True)
        log = str(self.folder / "calls")
        path.write_text(FAKE.format(python=REAL, log=log, name=str(path), body=body))
        path.chmod(0o755)
        return path

    def python(self, path: Path, minor: int) -> Path:
        """Put a Python there that says that it is 3.`minor`, and does what ours does."""
        given = {"major": 3, "minor": minor, "path": str(path), "real": str(REAL)}
        return self.program(path, AS_VERSION.format(**given))

    def begin(self, action: str, **inputs: str) -> "subprocess.Popen[bytes]":
        """Start the `main` of an action."""
        runner = {name: self.folder / name.lower() for name in ("GITHUB_STATE", "GITHUB_OUTPUT")}
        for file in runner.values():
            file.touch()
        given = {f"INPUT_{name.upper().replace('_', '-')}": text for name, text in inputs.items()}
        env = {
            "PATH": str(self.bin),
            "HOME": str(self.folder),
            "GITHUB_ACTIONS": "true",
            "GITHUB_PATH": str(self.folder / "github_path"),
            "RUNNER_TEMP": str(self.folder / "temp"),
            **{name: str(file) for name, file in runner.items()},
            **self.env,
            **given,
        }
        (self.folder / "temp").mkdir(exist_ok=True)
        node = shutil.which("node")
        assert node is not None
        return subprocess.Popen(
            [node, ROOT / "actions" / action / "main.cjs"],
            cwd=self.folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def run(self, action: str, **inputs: str) -> Done:
        """Run it to its end."""
        process = self.begin(action, **inputs)
        out, err = process.communicate(timeout=patience.SECONDS)
        return Done(code=process.returncode, out=out.decode(), err=err.decode())

    def used(self) -> str:
        """The made-up Python that the environment was made with."""
        (call,) = [call for call in self.calls if "venv" in call]
        return call[0]


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    """Give a runner without Python, whose packages are those that the tests run with."""
    if shutil.which("node") is None:
        missing("node")
    made = Runner(folder=tmp_path)
    made.bin.mkdir()
    for name in ("sh", "env"):
        (made.bin / name).symlink_to(f"/bin/{name}")
    # NOTE: nothing is installed: uv is made up, and lays out what the tests have.
    packages = sysconfig.get_path("purelib")
    made.env["UV_INDEX"] = "https://index.example/simple"
    made.program(made.bin / "uv", _INSTALLS.format(packages=packages))
    return made


_INSTALLS = """\
if words[0] == "python":
    sys.exit(1)
target = words[words.index("--target") + 1]
for name in os.listdir({packages!r}):
    os.symlink(os.path.join({packages!r}, name), os.path.join(target, name))
"""


class TestPython:
    """Which Python runs ci-secrets."""

    def test_there_is_none(self, runner: Runner) -> None:
        """Exit 3 with the YAML that brings one."""
        done = runner.run("setup")
        assert done.code == 3
        assert "::error title=ci-secrets::There is no Python 3.11 or newer" in done.err
        steps = yaml.safe_load(re.findall(r"^    - uses: .*\n .*$", done.err, re.MULTILINE)[0])
        assert steps == [{"uses": "actions/setup-python@v5", "with": {"python-version": "3.13"}}]

    def test_too_old(self, runner: Runner) -> None:
        """3.10 is passed over, whatever it is called."""
        runner.python(runner.bin / "python3", 10)
        assert runner.run("setup").code == 3
        newer = runner.python(runner.bin / "python3.12", 12)
        assert runner.run("setup").code == 0
        assert runner.used() == str(newer)

    def test_named(self, runner: Runner) -> None:
        """The input `python` is the only one that is looked at, a name or a path."""
        runner.python(runner.bin / "python3", 12)
        named = runner.python(runner.folder / "opt" / "python", 13)
        assert runner.run("setup", python=str(named)).code == 0
        assert runner.used() == str(named)
        done = runner.run("setup", python="python3.9")
        assert done.code == 3
        assert "`python` names no Python" in done.err

    def test_of_the_checkout(self, runner: Runner) -> None:
        """A program in the checkout is never run, although PATH says so."""
        runner.python(runner.folder / "python3", 12)
        runner.env["PATH"] = f".::{runner.bin}"
        assert runner.run("setup").code == 3
        assert runner.calls == [[str(runner.bin / "uv"), *_FIND]]

    def test_of_the_tool_cache(self, runner: Runner) -> None:
        """The newest that setup-python has put there for this machine."""
        arch = {"x86_64": "x64", "aarch64": "arm64"}[os.uname().machine]
        cache = runner.folder / "tools"
        for version, minor in (("3.9.18", 9), ("3.11.7", 11), ("3.12.10", 12), ("3.12.9", 12)):
            runner.python(cache / "Python" / version / arch / "bin" / "python3", minor)
        runner.env["RUNNER_TOOL_CACHE"] = str(cache)
        assert runner.run("setup").code == 0
        assert "3.12.10" in runner.used()

    def test_of_uv(self, runner: Runner) -> None:
        """Else one that uv knows of; it downloads none."""
        known = runner.python(runner.folder / "uv" / "python3", 13)
        found = f"if words[0] == 'python':\n    print({str(known)!r})\n    sys.exit()\n"
        installs = _INSTALLS.format(packages=sysconfig.get_path("purelib"))
        uv = runner.program(runner.bin / "uv", found + installs)
        assert runner.run("setup").code == 0
        assert runner.used() == str(known)
        assert [str(uv), *_FIND] in runner.calls


_FIND = ["python", "find", "--no-python-downloads", "--system", ">=3.11"]


def _installs(runner: Runner) -> list[list[str]]:
    return [call for call in runner.calls if "install" in call]


class TestPackages:
    """What is installed, from where, and by whom."""

    @pytest.fixture(autouse=True)
    def python(self, runner: Runner) -> Path:
        """Give the runner a Python that notes how it is called."""
        return runner.python(runner.bin / "python3", sys.version_info[1])

    def test_by_hash(self, runner: Runner) -> None:
        """Only wheels, only those whose hashes we ship, and nothing that these would pull in."""
        assert runner.run("setup").code == 0
        ((_, *words),) = _installs(runner)
        assert words[-2:] == ["--python", str(runner.bin / "python3")]
        assert {"--require-hashes", "--no-deps", "--only-binary"} <= set(words)
        assert words[words.index("-r") + 1] == str(ROOT / "requirements" / "runtime.txt")

    def test_once_a_job(self, runner: Runner) -> None:
        """The second action of a job uses what the first one has made."""
        assert [runner.run("setup").code for _ in range(2)] == [0, 0]
        assert len(_installs(runner)) == 1
        assert len(set((runner.folder / "github_path").read_text().splitlines())) == 1

    @pytest.mark.parametrize("variable", ["PIP_INDEX_URL", "PIP_CONFIG_FILE", "PIP_FIND_LINKS"])
    def test_pip_with_its_own_settings(self, runner: Runner, python: Path, variable: str) -> None:
        """Where pip has been told where packages are, and uv has not, pip is the one."""
        del runner.env["UV_INDEX"]
        runner.env[variable] = "/nowhere"
        done = runner.run("setup")
        assert done.code == 6, "the made-up pip fails"
        ((program, *words),) = _installs(runner)
        assert program == str(python)
        assert words[:3] == ["-I", "-m", "pip"]
        assert "could not be installed" in done.err
        assert not list((runner.folder / "temp" / "ci-secrets-tool").iterdir())

    def test_wheelhouse(self, runner: Runner) -> None:
        """With a folder of wheels no index is asked."""
        assert runner.run("setup", wheelhouse="wheels").code == 0
        ((_, *words),) = _installs(runner)
        at = words.index("--no-index")
        assert words[at + 1 : at + 3] == ["--find-links", str(runner.folder / "wheels")]

    def test_cache(self, runner: Runner) -> None:
        """With `cache-dir` the packages last, and the next job installs none."""
        cache = runner.folder / "kept"
        assert runner.run("setup", cache_dir=str(cache)).code == 0
        shutil.rmtree(runner.folder / "temp")
        assert runner.run("setup", cache_dir=str(cache)).code == 0
        assert len(_installs(runner)) == 1
        assert len(list(cache.iterdir())) == 1

    def test_two_jobs_at_once(self, runner: Runner) -> None:
        """Both fill the cache, and one wins; neither fails."""
        cache = str(runner.folder / "kept")
        jobs = [runner.begin("setup", cache_dir=cache) for _ in range(3)]
        ended = [job.communicate(timeout=patience.SECONDS) for job in jobs]
        assert [job.returncode for job in jobs] == [0, 0, 0], ended
        assert len(list((runner.folder / "kept").iterdir())) == 1

    def test_the_job_keeps_its_python(self, runner: Runner) -> None:
        """On PATH comes a folder with nothing in it but `ci-secrets`."""
        assert runner.run("setup").code == 0
        (folder,) = (runner.folder / "github_path").read_text().splitlines()
        assert [path.name for path in Path(folder).iterdir()] == ["ci-secrets"]
        said = subprocess.run(
            [Path(folder, "ci-secrets"), "--version"], capture_output=True, check=True
        )
        assert said.stdout.startswith(b"ci-secrets ")


class TestRun:
    """What ci-secrets is given by an action, and how it ends."""

    @pytest.fixture(autouse=True)
    def told(self, runner: Runner) -> Path:
        """Put a made-up ci-secrets in the place of ours; it writes down what it was given."""
        runner.python(runner.bin / "python3", sys.version_info[1])
        assert runner.run("setup").code == 0
        (folder,) = (runner.folder / "github_path").read_text().splitlines()
        (runner.folder / "github_state").write_text("")
        return runner.program(Path(folder).parent / "bin" / "ci-secrets", _TELLS)

    def test_inputs(self, runner: Runner) -> None:
        """Each is the variable of its option, and none is on the command line or left as it was."""
        done = runner.run("exchange", role="deploy", ca_file="ca.pem", config="", python="python3")
        assert done.code == 0, done.err
        env = _given(done)
        assert env["CI_SECRETS_ROLE"] == "deploy"
        assert env["CI_SECRETS_CA_FILE"] == "ca.pem"
        assert env["CI_SECRETS_PLATFORM"] == "github"
        assert "CI_SECRETS_CONFIG" not in env
        assert "CI_SECRETS_PYTHON" not in env
        assert [name for name in env if name.startswith(("INPUT_", "STATE_"))] == []
        assert runner.calls[-1][1:] == ["exchange"]

    def test_a_variable_of_the_workflow(self, runner: Runner) -> None:
        """An input that was not given leaves the variable of its option alone."""
        runner.env["CI_SECRETS_ROLE"] = "of the workflow"
        assert _given(runner.run("exchange", role=""))["CI_SECRETS_ROLE"] == "of the workflow"

    def test_the_key(self, runner: Runner) -> None:
        """Of each run its own: masked on the first line, then in the state and an output."""
        done = runner.run("exchange")
        key = _given(done)["CI_SECRETS_STATE_KEY"]
        assert re.fullmatch("[0-9a-f]{64}", key)
        assert done.out.splitlines()[0] == f"::add-mask::{key}"
        assert (runner.folder / "github_state").read_text() == f"key={key}\n"
        assert (runner.folder / "github_output").read_text() == f"state-key={key}\n"
        again = _given(runner.run("exchange"))
        assert again["CI_SECRETS_STATE_KEY"] != key
        assert again["CI_SECRETS_STATE_DIR"] != _given(done)["CI_SECRETS_STATE_DIR"]

    def test_the_place_of_the_state(self, runner: Runner) -> None:
        """Not below `ci-secrets`, which belongs to root after a step that ran it by sudo."""
        place = Path(_given(runner.run("exchange"))["CI_SECRETS_STATE_DIR"])
        assert place.parent == runner.folder / "temp"

    def test_verify(self, runner: Runner) -> None:
        """What was handed over comes by standard input, the token for the API by its variable."""
        runner.env["READ"] = "true"
        done = runner.run("verify", hand_over="sealed", token="ghs_x", report="sarif=a.sarif")
        assert done.code == 0, done.err
        env = _given(done)
        assert "read sealed\n" in done.out
        assert env["CI_SECRETS_GITHUB_TOKEN"] == "ghs_x"
        assert env["CI_SECRETS_REPORT"] == "sarif=a.sarif"
        assert {"CI_SECRETS_TOKEN", "CI_SECRETS_HAND_OVER"} & env.keys() == set()
        assert runner.calls[-1][1:] == ["verify", "--handed", "-"]

    def test_verify_by_itself(self, runner: Runner) -> None:
        """The mode, and what chooses a store, come by the variables of their options."""
        done = runner.run("verify", mode="refetch", config="verify.yaml", token="ghs_x")
        assert done.code == 0, done.err
        env = _given(done)
        assert (env["CI_SECRETS_MODE"], env["CI_SECRETS_CONFIG"]) == ("refetch", "verify.yaml")
        assert env["CI_SECRETS_GITHUB_TOKEN"] == "ghs_x"

    def test_scan(self, runner: Runner) -> None:
        """Paths are arguments, a line each, none of them an option; the key opens the state."""
        runner.env["READ"] = "true"
        done = runner.run("scan", paths="dist\n\n -v \n", state_key="k" * 64, format="json")
        assert runner.calls[-1][1:] == ["scan", "dist", "./-v"]
        env = _given(done)
        assert env["CI_SECRETS_STATE_KEY"] == "k" * 64
        assert env["CI_SECRETS_FORMAT"] == "json"
        assert "CI_SECRETS_PATHS" not in env
        assert "read \n" in done.out

    def test_the_drop_in(self, runner: Runner) -> None:
        """Has its inputs as they are, and no options made of them."""
        env = _given(runner.run("vault-action", url="https://vault.example", roleId="r"))
        assert env["INPUT_ROLEID"] == "r"
        assert {"CI_SECRETS_URL", "CI_SECRETS_ROLEID"} & env.keys() == set()
        assert runner.calls[-1][1:] == ["vault-action"]

    def test_its_exit_code(self, runner: Runner) -> None:
        """Is the action's."""
        runner.env["EXIT"] = "5"
        assert runner.run("exchange").code == 5

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
    def test_a_signal(self, runner: Runner, number: signal.Signals) -> None:
        """Goes on to ci-secrets, which ends in its own way; the action waits for that."""
        ready = runner.folder / "ready"
        runner.env["WAIT"] = str(ready)
        process = runner.begin("exchange")
        wait_until(ready.exists)
        process.send_signal(number)
        out, _ = process.communicate(timeout=patience.SECONDS)
        assert f"stopped by {int(number)}" in out.decode()
        assert process.returncode == 128 + number


_TELLS = """\
import signal
def stop(number, _frame):
    print("stopped by", number, flush=True)
    sys.exit(128 + number)
for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, stop)
print("given", json.dumps(dict(os.environ)), flush=True)
if "READ" in os.environ:
    print("read", sys.stdin.read(), flush=True)
if "WAIT" in os.environ:
    open(os.environ["WAIT"], "w").close()
    time.sleep(300)
sys.exit(int(os.environ.get("EXIT", "0")))
"""


def _given(done: Done) -> Mapping[str, str]:
    (line,) = re.findall(r"^given (.*)$", done.out, re.MULTILINE)
    env: dict[str, str] = json.loads(line)
    return env
