"""A build that is aborted: Jenkins sends SIGTERM to every process that carries its cookie."""

import contextlib
import os
import secrets
import signal
from pathlib import Path

import pytest

from ci_secrets.testing.issuer import Issuer
from tests import patience
from tests.patience import READY, wait_until
from tests.real.runners import COOKIE, begin_jenkins, carriers
from tests.stories.story import TOOL, begin

SCRIPT = f"""\
"{TOOL}" exec -- sh -c 'sleep 300 & printf %s "$API_KEY" | base64; echo {READY}; wait'
echo unreachable
"""


def _is_exec(pid: int) -> bool:
    return b"\0exec\0--\0" in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.parametrize("seen", [True, False], ids=["exec-gets-it-too", "exec-is-not-seen"])
def test_an_abort_revokes_and_leaves_no_process(issuer: Issuer, tmp_path: Path, seen: bool) -> None:
    """Whether exec's own environment may be read or not: revoked, and nobody left to use it.

    Where exec gets the signal itself, the first call after it is the revocation of its token.
    """
    with begin("jenkins", issuer, tmp_path) as story:
        cookie = secrets.token_hex(16)
        log = tmp_path / "jenkins-log.txt"
        env = story.environment(**{COOKIE: cookie})
        process = story.own(begin_jenkins(story.stand.workspace, env, SCRIPT, log))
        wait_until(lambda: f"\n{READY}\n" in log.read_text(), "the command")
        wait_until(lambda: "POST auth/token/renew-self" in story.told(), "the heartbeat")
        before = len(story.vault.requests)
        targets = [pid for pid in carriers(cookie) if seen or not _is_exec(pid)]
        assert any(map(_is_exec, targets)) is seen
        for pid in targets:
            with contextlib.suppress(ProcessLookupError):  # a command that was at its end
                os.kill(pid, signal.SIGTERM)
        assert process.wait(timeout=patience.SECONDS) == -signal.SIGTERM
        wait_until(lambda: not carriers(cookie), "the end of all processes")
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
