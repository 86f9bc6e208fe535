"""A job with its store: what the stories are told with."""

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from ci_secrets.testing.ci import CiStand, Kind, ci_environment
from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault.server import DevVault
from tests import patience

TOOL = str(Path(sys.executable).parent / "ci-secrets")
POLICY = """
path "secret/data/*" { capabilities = ["read"] }
path "database/creds/*" { capabilities = ["read"] }
path "sys/leases/revoke" { capabilities = ["update"] }
path "sys/leases/lookup" { capabilities = ["update"] }
path "sys/leases/renew" { capabilities = ["update"] }
"""
CONFIG = """\
version: 1
stores:
  vault: {{type: vault, url: "{url}", role: deploy, timeout: 120}}
secrets:
  API_KEY: vault:secret/data/deploy#api_key
  DB: {{from: "vault:database/creds/app", fields: {{username: DB_USER, password: DB_PASSWORD}}}}
"""
PIN = """\
version: 1
stores: {{vault: {{type: vault, url: "{url}", role: deploy}}}}
secrets: {{PIN: "vault:secret/data/short#pin"}}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """All that it printed."""
        return self.out + self.err


@dataclass(kw_only=True, slots=True)
class Story:
    """A job of one CI, and the store that it uses."""

    vault: DevVault
    stand: CiStand
    api_key: str
    users: dict[str, str] = field(default_factory=dict)
    """Dynamic users that are alive: name → password."""
    left: ExitStack = field(default_factory=ExitStack)
    """Ends what a test that failed has not ended."""
    held: dict[int, BinaryIO] = field(default_factory=dict)
    """Our end of each started process's stdin, by its id."""

    def environment(self, **more: str) -> dict[str, str]:
        """Give the job's environment, with additions."""
        runtime = {"XDG_RUNTIME_DIR": str(self.runtime)}  # keys of runs that stay open
        return {**self.stand.env, **runtime, **more}

    @property
    def runtime(self) -> Path:
        """Where the keys of sealed states lie, on CIs that have none of their own."""
        return self.stand.workspace.parent / "runtime"

    def configure(self, text: str) -> None:
        """Replace ci-secrets.yaml."""
        (self.stand.workspace / "ci-secrets.yaml").write_text(text)

    def ask_for_a_pin(self) -> None:
        """Let the job want a value alone that is too short to be looked for: 4711."""
        self.vault.put_secret("secret/short", pin="4711")
        self.configure(PIN.format(url=self.vault.url))

    def run(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        by: Sequence[str] = (),
        **options: Any,
    ) -> Done:
        """Run `ci-secrets WORDS` as a step of the job, `by` a command that becomes another user."""
        done = subprocess.run(
            [*by, TOOL, *words],
            cwd=self.stand.workspace,
            env=self.environment(**dict(env or {})),
            input=stdin,
            capture_output=True,
            check=False,
            timeout=patience.SECONDS,
            **options,
        )
        return Done(
            code=done.returncode,
            out=done.stdout.decode("utf-8", "replace"),
            err=done.stderr.decode("utf-8", "replace"),
        )

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> "subprocess.Popen[bytes]":
        """Start `ci-secrets WORDS` in the background, in a process group of its own.

        Its stdin is a pipe that `release` closes: CMD that reads it runs as long as the test wants,
        and no longer than the test.
        """
        stdin, held = os.pipe()
        with os.fdopen(stdin):
            process = self.own(
                subprocess.Popen(
                    [TOOL, *words],
                    cwd=self.stand.workspace,
                    env=self.environment(**dict(env or {})),
                    stdin=stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    bufsize=0,  # `begin_exec` must not read ahead
                )
            )
        self.held[process.pid] = self.left.enter_context(os.fdopen(held, "wb"))
        return process

    def release(self, process: "subprocess.Popen[bytes]") -> None:
        """Let what was started find the end of its stdin."""
        self.held[process.pid].close()

    def own(self, process: "subprocess.Popen[bytes]") -> "subprocess.Popen[bytes]":
        """Let a process end with the story at the latest."""
        return self.left.enter_context(ending(process))

    def begin_exec(
        self, *options: str, script: str = "exec cat", env: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start `exec` with a shell script, and wait until the script runs."""
        words = ("exec", *options, "--", "sh", "-c", f"echo {patience.READY}; {script}")
        process = self.start(*words, env=env)
        assert patience.is_ready(process.stdout), self.ended(process)
        return process

    def ended(self, process: "subprocess.Popen[bytes]") -> Done:
        """Wait for the end of what was started."""
        out, err = process.communicate(timeout=patience.SECONDS)
        return Done(
            code=process.returncode,
            out=out.decode("utf-8", "replace"),
            err=err.decode("utf-8", "replace"),
        )

    def ended_within(self, process: "subprocess.Popen[bytes]", seconds: float) -> Done:
        """The same, for what is held to a time of which a machine that stood still takes none."""
        for _ in range(int(seconds / patience.LOOK_SECONDS)):
            if process.poll() is not None:
                return self.ended(process)
            time.sleep(patience.LOOK_SECONDS)
        process.kill()
        raise AssertionError(f"it did not end within {seconds} s: {self.ended(process)}")

    def still_runs(self, process: "subprocess.Popen[bytes]") -> None:
        """Fail with what it said where it has ended."""
        assert process.poll() is None, self.ended(process)

    def handed_over(self, name: str) -> str:
        """What CMD wrote, and then moved to this name in the workspace: it is there as a whole."""
        path = self.stand.workspace / name
        patience.wait_until(path.exists, name)
        return path.read_text()

    def tokens(self) -> list[str]:
        """Accessors of the tokens that are alive in the store, but for the root token."""
        self.vault.core.sweep()
        living = list(self.vault.core.tokens._by_id.values())
        return [token.accessor for token in living if token.path != "auth/token/root"]

    def sealed(self) -> list[Path]:
        """Sealed states of runs that are open."""
        return sorted(self.stand.workspace.parent.rglob("*.sealed"))

    def told(self) -> list[str]:
        """`METHOD path` of each call, in the order in which they were answered."""
        return [f"{seen.method} {seen.path}" for seen in self.vault.requests]

    def calls(self, method: str, path: str) -> int:
        """Count the calls that the store answered."""
        return sum(seen.method == method and seen.path == path for seen in self.vault.requests)


@contextmanager
def ending(process: "subprocess.Popen[bytes]") -> Iterator["subprocess.Popen[bytes]"]:
    """Kill what has not ended when the block does: a test that fails waits for nothing."""
    with process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def begin(kind: Kind, issuer: Issuer, folder: Path) -> Iterator[Story]:
    """Set the stage: a store with a static and a dynamic secret, a job that may read them."""
    with DevVault() as vault:
        story = Story(
            vault=vault,
            stand=ci_environment(kind, folder, issuer, audience=vault.url),
            api_key=secrets.token_urlsafe(24),
        )
        story.runtime.mkdir(mode=0o700)
        vault.trust(issuer)
        vault.policy("deploy", POLICY)
        vault.jwt_role("deploy", token_policies=["deploy"], token_ttl="10m", token_max_ttl="1h")
        vault.put_secret("secret/deploy", api_key=story.api_key)
        vault.dynamic(
            "app",
            create=lambda name, password: story.users.update({name: password}),
            revoke=lambda name: story.users.__delitem__(name),
        )
        story.configure(CONFIG.format(url=vault.url))
        with story.left:
            yield story
