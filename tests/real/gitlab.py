"""Pipelines of GitLab that include our components, run by gitlab-ci-local on the real store.

It runs jobs in the checkout, by bash. It makes no ID tokens and no CI_JOB_TOKEN, and knows no
cancelling; `container.py` is for what it does not do.
"""

import hashlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ci_secrets import __version__
from tests.real.recipes import ROOT, Done, RealJob, run
from tests.real.servers import real_dir

COMPONENTS = ROOT / "gitlab-templates"
_TOOLS = Path(__file__).parent / "tools" / "gitlab"
_PINNED = ("package-lock.json", "requirements.txt")
_HOST = "gitlab.example"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def find_gitlab() -> Path | None:
    """The folder that `tests/real/install` makes: `node`, `node_modules`, `python`."""
    # The same key as in `install`.
    pinned = b"".join((_TOOLS / name).read_bytes() for name in _PINNED)
    folder = real_dir() / f"gitlab-{hashlib.sha256(pinned).hexdigest()[:12]}"
    return folder if (folder / "node").is_file() else None


class _Loader(yaml.SafeLoader):
    """Reads `!reference [JOB, KEY]` as its list."""


def _reference(loader: yaml.SafeLoader, node: yaml.Node) -> list[str]:
    assert isinstance(node, yaml.SequenceNode)
    return [str(part) for part in loader.construct_sequence(node)]


_Loader.add_constructor("!reference", _reference)


def documents(text: str) -> list[dict[str, Any]]:
    """The YAML documents of a .gitlab-ci.yml or a component."""
    return list(yaml.load_all(text, _Loader))  # it is a SafeLoader


@dataclass(kw_only=True, slots=True)
class Pipeline:
    """A checkout with a .gitlab-ci.yml, on a GitLab that has our component project."""

    job: RealJob
    folder: Path
    """What `find_gitlab` found."""
    machine: dict[str, str] = field(default_factory=dict)
    """What the runner's own environment has besides."""

    def write(self, text: str) -> None:
        """Make the checkout a repository with this pipeline."""
        workspace = self.job.stand.workspace
        (workspace / ".gitlab-ci.yml").write_text(self.job.stage.told(text))
        (workspace / ".gitignore").write_text(".gitlab-ci-local/\n")
        author = ["-c", "user.name=A", "-c", "user.email=a@shop.example"]
        for argv in (
            ["init", "--quiet", "--initial-branch=main"],
            ["remote", "add", "origin", f"git@{_HOST}:shop/app.git"],
            ["add", "."],
            [*author, "commit", "--quiet", "--message=Deploy"],
        ):
            done = run(["git", *argv], env=self._environment(), cwd=workspace)
            assert done.code == 0, done.said
        # Where gitlab-ci-local looks before it asks the host.
        fetched = workspace / ".gitlab-ci-local" / "includes" / _HOST / "ci-secrets" / "ci-secrets"
        shutil.copytree(COMPONENTS / "templates", fetched / __version__ / "templates")

    def run(self, *jobs: str, tokens: bool = True, **more: str) -> Done:
        """Run jobs with the ID tokens that they declare; `out` is all that the log shows."""
        variables = self._variables() | (self.id_tokens(*jobs) if tokens else {}) | more
        given = [f"--variable={name}={value}" for name, value in variables.items()]
        done = self._local("--force-shell-executor", *given, *jobs)
        return Done(code=done.code, out=_COLOURS.sub("", done.said))

    def expanded(self) -> dict[str, Any]:
        """The pipeline with includes, `extends` and references filled in."""
        done = self._local("--preview")
        assert done.code == 0, done.said
        return documents(done.out)[0]

    def id_tokens(self, *jobs: str) -> dict[str, str]:
        """As the server makes them: for each name under `id_tokens` a JWT for its audience."""
        stand, expanded = self.job.stand, self.expanded()
        return {
            name: self.job.stage.issuer.mint(declared["aud"], **stand.claims)
            for job in jobs
            for name, declared in expanded[job].get("id_tokens", {}).items()
        }

    def _local(self, *words: str) -> Done:
        entry = self.folder / "node_modules" / "gitlab-ci-local" / "dist" / "index.js"
        argv = [str(self.folder / "node"), str(entry), *words]
        return run(argv, env=self._environment(), cwd=self.job.stand.workspace)

    def _environment(self) -> Mapping[str, str]:
        """Of the machine: what the job itself is given goes by variables."""
        names = ("PATH", "HOME", "DB_HOST", "DB_PORT", "PROBE")
        return {name: self.job.env[name] for name in names} | self.machine

    def _variables(self) -> dict[str, str]:
        """What gitlab-ci-local does not set, or not as a GitLab does."""
        names = ("GITLAB_CI", "CI_JOB_TOKEN", "CI_PROJECT_DIR", "CI_PROJECT_ID", "CI_SERVER_URL")
        return {name: self.job.env[name] for name in names}
