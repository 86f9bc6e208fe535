"""Shells that run a script as a CI does, with its output in one regular file."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests import patience
from tests.patience import wait_until
from tests.real.conftest import missing
from tests.stories.story import TOOL, Story

ACTIVATE: Final = 'eval "$(ci-secrets activate || echo exit $?)"'
SHELLS: Final = {
    "bash": ["bash"],
    "bash-posix": ["bash", "--posix"],
    "dash": ["dash"],
    "busybox": ["busybox", "sh"],
    "zsh": ["zsh", "-f"],
    "gitlab": ["bash"],
}
"""`gitlab`: as its runner hands a script to bash, in a pipe."""
PIPEFAIL: Final = frozenset({"bash", "bash-posix", "busybox", "zsh", "gitlab"})


@dataclass(kw_only=True, slots=True)
class Shell:
    """One kind of shell, with its flags, in a job."""

    kind: str
    story: Story
    flags: list[str] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the CI sees."""
        return self.story.stand.workspace / "log"

    @property
    def homes(self) -> list[Path]:
        """Where keepers listen that have not ended."""
        return list(self.story.runtime.glob("ci-secrets-*/"))

    def start(self, script: str, **env: str) -> "subprocess.Popen[bytes]":
        """Start the shell on a script with one argument, `one`."""
        if shutil.which(SHELLS[self.kind][0]) is None:
            missing(self.kind)
        file = self.story.stand.workspace / "script"
        if self.kind == "gitlab":
            script = f"set -eo pipefail\n: | eval {shlex.quote(script)}\nexit 0\n"
        file.write_text(script)
        with self.log.open("wb") as log:
            return self.story.own(
                subprocess.Popen(
                    [*SHELLS[self.kind], *self.flags, str(file), "one"],
                    cwd=self.story.stand.workspace,
                    env=self.environment(env),
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def run(self, script: str, **env: str) -> int:
        """Run it to its end; the exit code. What the log lacks then, no CI would see."""
        return self.start(script, **env).wait(timeout=patience.SECONDS)

    def said(self) -> str:
        """The log as it is now; no value stands in it."""
        text = self.log.read_bytes().decode("utf-8", "replace")
        assert self.story.api_key not in text
        assert not any(password in text for password in list(self.story.users.values()))
        return text

    def lines(self) -> list[str]:
        """What the script printed, without what the tool says."""
        return [it for it in self.said().splitlines() if not it.startswith(("ci-secrets: ", "  "))]

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """The job's, with our tool on PATH."""
        path = f"{Path(TOOL).parent}{os.pathsep}{os.environ['PATH']}"
        return self.story.environment(PATH=path, **more)

    def closed(self) -> None:
        """The keeper is gone, and with it everything that the run had."""
        wait_until(lambda: not self.homes, "the end of the keeper")
        assert self.story.tokens() == []
        assert self.story.users == {}
        assert self.story.sealed() == []
