"""A build that is aborted: Jenkins sends SIGTERM to every process that carries its cookie."""

import os
import secrets
import signal
import subprocess
from pathlib import Path

import pytest

from ci_secrets.testing.issuer import Issuer
from tests.stories.story import TOOL, Story, begin, wait_until

COOKIE = "JENKINS_SERVER_COOKIE"
SCRIPT = f"""\
"{TOOL}" exec -- sh -c 'sleep 60 & printf %s "$API_KEY" | base64; echo READY; wait'
echo unreachable
"""


def _carriers(cookie: str) -> list[int]:
    """Processes whose environment holds the cookie, as far as it may be read."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if f"{COOKIE}={cookie}\0".encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def _is_exec(pid: int) -> bool:
    return b"\0exec\0--\0" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("seen", [True, False], ids=["exec-gets-it-too", "exec-is-not-seen"])
def test_an_abort_revokes_and_leaves_no_process(issuer: Issuer, tmp_path: Path, seen: bool) -> None:
    """Whether exec's own environment may be read or not: revoked, and nobody left to use it.

    Where exec gets the signal itself, the first call after it is the revocation of its token.
    """
    with begin("jenkins", issuer, tmp_path) as story:
        cookie = secrets.token_hex(16)
        process, log = _step(story, tmp_path, cookie)
        wait_until(lambda: "\nREADY\n" in log.read_text(), "the command")
        wait_until(lambda: "POST auth/token/renew-self" in story.told(), "the heartbeat")
        before = len(story.vault.requests)
        targets = [pid for pid in _carriers(cookie) if seen or not _is_exec(pid)]
        assert any(map(_is_exec, targets)) is seen
        for pid in targets:
            os.kill(pid, signal.SIGTERM)
        assert process.wait(timeout=30) == -signal.SIGTERM
        wait_until(lambda: not _carriers(cookie), "the end of all processes")
        calls = story.told()[before:]
        assert not seen or calls[0] == "POST auth/token/revoke-self", calls
        assert story.tokens() == []
        wait_until(lambda: not story.users, "the end of the dynamic user")
        said = log.read_text()
        assert "unreachable" not in said
        assert story.api_key not in said
        assert "API_KEY as base64" in said, "the report is written although the shell is gone"
        done = story.run("finish")
        assert done.code == 0, done.err


def _step(story: Story, folder: Path, cookie: str) -> "tuple[subprocess.Popen[bytes], Path]":
    """Start a `sh` step as durable-task does: `sh -xe`, both streams into one regular file."""
    script, log = folder / "script.sh", folder / "jenkins-log.txt"
    script.write_text(SCRIPT)
    with log.open("ab") as both:
        process = subprocess.Popen(
            ["sh", "-xe", script],
            cwd=story.stand.workspace,
            env=story.environment(**{COOKIE: cookie}),
            stdin=subprocess.DEVNULL,
            stdout=both,
            stderr=both,
            start_new_session=True,
        )
    return process, log
