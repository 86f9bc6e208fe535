"""A workflow run by `act`, as GitHub's runner would: on this machine, without Docker or network."""

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from ci_secrets.testing.claims import github_claims
from tests.patience import wait_until
from tests.real.recipes import ROOT, Done, Stage
from tests.real.servers import find_postgres, real_dir

OURS: Final = "OWNER/ci-secrets@v1"
"""How the pages name our actions; act is told which folder that is."""
RELEASED: Final = ("actions", "ci_secrets", "requirements", "scripts")
"""What the actions consist of."""
REPOSITORY: Final = "shop/web"
_PINNED: Final = re.compile(r"github\.com/nektos/act@(v[\d.]+)")
_SECONDS: Final = 120


def find_act() -> Path | None:
    """Return the act that this checkout pins, or `None` if it is not built yet."""
    (version,) = _PINNED.findall((ROOT / "tests/real/install").read_text())
    act = real_dir() / f"act-{version}" / "act"
    return act if act.is_file() else None


def release(folder: Path) -> Path:
    """Put what the actions consist of into a folder, and nothing else of this checkout."""
    for name in RELEASED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@dataclass(kw_only=True, slots=True)
class Workflow:
    """One repository with one workflow, and what its run leaves behind."""

    stage: Stage
    folder: Path
    ours: Path
    """The folder that act takes for our repository; see `release`."""
    event: Mapping[str, Any] = field(default_factory=dict)
    trigger: str = "push"
    env: dict[str, str] = field(default_factory=dict)
    identity: bool = True

    def __post_init__(self) -> None:
        """Make the checkout that all steps begin in."""
        self.checkout.mkdir(parents=True)
        self.temp.mkdir()

    @property
    def checkout(self) -> Path:
        """The repository, of which act makes a copy."""
        return self.folder / "repository"

    @property
    def temp(self) -> Path:
        """Below it lies all that act and the job write, and nothing else."""
        return self.folder / "act"

    @property
    def probe(self) -> Path:
        """What deploy.sh was given."""
        return self.folder / "probe"

    def add(self, name: str, text: str) -> None:
        """Put a file into the repository, a program where it begins with `#!`."""
        file = self.checkout / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(0o755 if text.startswith("#!") else 0o644)

    def begin(self, steps: str | list[Any], **job: Any) -> "subprocess.Popen[str]":
        """Start a workflow of one job with these steps, given as YAML or as they are."""
        parsed = yaml.safe_load(steps) if isinstance(steps, str) else steps
        granted = {"id-token": "write", "contents": "read"}
        jobs = {"deploy": {"runs-on": "ubuntu-latest", "permissions": granted, **job}}
        jobs["deploy"]["steps"] = parsed
        return self.begin_workflow(yaml.safe_dump({"on": self.trigger, "jobs": jobs}))

    def run(self, steps: str | list[Any], **job: Any) -> Done:
        """The same, to its end."""
        return self.ended(self.begin(steps, **job))

    def run_workflow(self, text: str) -> Done:
        """Run a whole workflow to its end."""
        return self.ended(self.begin_workflow(text))

    def begin_workflow(self, text: str) -> "subprocess.Popen[str]":
        """Start it."""
        self.add(".github/workflows/deploy.yml", text)
        self._commit()
        act = find_act()
        assert act is not None
        event = self.folder / "event.json"
        event.write_text(json.dumps(self.event))
        words: list[str | Path] = [
            *(act, self.trigger, "--platform", "ubuntu-latest=-self-hosted"),
            *("--eventpath", event, "--env-file", self._env_file()),
            *("--local-repository", f"{OURS}={self.ours}"),
            *("--action-cache-path", self.temp, "--no-cache-server"),
            *("--concurrent-jobs", "4"),  # not as many as the machine has processors
        ]
        path = f"{find_postgres()}:{Path(shutil.which('node') or '').parent}:/usr/bin:/bin"
        index = {name: value for name, value in os.environ.items() if _of_an_index(name)}
        return subprocess.Popen(
            words,
            cwd=self.checkout,
            env={"PATH": path, "HOME": str(self.folder), "TMPDIR": str(self.temp), **index},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def ended(self, process: "subprocess.Popen[str]") -> Done:
        """Wait for the end of act; the code is 1 where a job failed."""
        try:
            said, _ = process.communicate(timeout=_SECONDS)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        return Done(code=process.returncode, out=said)

    def cancel_when(self, file: Path, process: "subprocess.Popen[str]") -> Done:
        """Cancel the run, as by Ctrl-C, once a step has made this file."""
        wait_until(file.exists)
        process.send_signal(signal.SIGINT)
        return self.ended(process)

    def left_with(self, *values: str) -> list[Path]:
        """Files that hold one of these values after the run, the probe apart."""
        files = [path for path in self.folder.rglob("*") if path.is_file() and path != self.probe]
        wanted = [value.encode() for value in values]
        return [path for path in files if any(value in path.read_bytes() for value in wanted)]

    def _env_file(self) -> Path:
        issuer = self.stage.issuer
        issuer.github = github_claims(REPOSITORY)
        identity = {
            "ACTIONS_ID_TOKEN_REQUEST_URL": issuer.request_url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": issuer.request_token,
        }
        postgres = self.stage.postgres
        env = {
            **(identity if self.identity else {}),
            "DB_HOST": postgres.host,
            "DB_PORT": str(postgres.port),
            "PROBE": str(self.probe),
            "PSQL_PAGER": "cat",  # act gives steps a terminal, GitHub's runner does not
            **self.env,
        }
        file = self.folder / "env"
        file.touch(mode=0o600)
        file.write_text("".join(f"{name}={json.dumps(value)}\n" for name, value in env.items()))
        return file

    def _commit(self) -> None:
        """Commit the files: act asks git for the repository's name, and wants a commit."""
        if (self.checkout / ".git").exists():
            return  # a second run, whose files act takes as they are
        who = ["-c", "user.name=shop", "-c", "user.email=shop@shop.example"]
        origin = f"https://github.com/{REPOSITORY}"
        for words in (
            ["init", "--quiet", "--initial-branch=main"],
            ["remote", "add", "origin", origin],
            ["add", "--all"],
            [*who, "commit", "--quiet", "--message=all"],
        ):
            subprocess.run(["git", *words], cwd=self.checkout, check=True, capture_output=True)


def _of_an_index(name: str) -> bool:
    return name.startswith(("PIP_", "UV_", "SSL_CERT_"))
