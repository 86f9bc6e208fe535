"""A job that is cancelled or killed: what is revoked, in what order, and with which exit code."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.patience import READY, is_ready, wait_until
from tests.stories.story import TOOL, Story

RUN = {"CI_SECRETS_RUN_ID": "r1"}
LOGIN, KV, DYNAMIC = "auth/jwt/login", "secret/data/deploy", "database/creds/app"
REVOKE, LOOK_UP = "auth/token/revoke-self", "auth/token/lookup-self"
GITHUB_SECONDS = 10
"""From GitHub's SIGINT to its SIGKILL."""
TWO_STORES = """\
version: 1
stores:
  quick: {{type: vault, url: "{url}", role: deploy}}
  slow: {{type: vault, url: "{url}", role: deploy, auth: {{method: jwt, mount: slow}}}}
secrets:
  ONE: quick:secret/data/deploy#api_key
  TWO: slow:secret/data/deploy#api_key
"""
FAST = ("--heartbeat-ttl", "5")
RENEW = "auth/token/renew-self"
TRAPPED = f"echo {READY}; while :; do sleep 0.1; done"


def _runs(pid: int) -> bool:
    """Whether a process is more than a zombie, which stays where nobody collects it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _finish(story: Story) -> None:
    """What a cancelled job left is closed, or closed already: 0 either way."""
    story.vault.faults.clear()
    done = story.run("finish", env=RUN)
    assert done.code == 0, done.err
    assert story.tokens() == []
    wait_until(lambda: not story.users, "the end of the dynamic user")


@pytest.mark.parametrize(
    ("signum", "path"), [(signal.SIGINT, KV), (signal.SIGTERM, DYNAMIC)], ids=["INT", "TERM"]
)
def test_a_signal_while_fetching_revokes_at_once(
    github: Story, signum: signal.Signals, path: str
) -> None:
    """A store that hangs does not hold the revocation up; it is the first call after the signal."""
    fault = github.vault.inject("GET", path, stall=600)
    process = github.start("exec", "--", "true", env=RUN)
    wait_until(lambda: fault.hits, f"the reading of {path}")
    beside = {f"GET {LOOK_UP}", f"POST {RENEW}", f"GET {({KV, DYNAMIC} - {path}).pop()}"}
    wait_until(lambda: beside <= set(github.told()), "all that is asked beside it")
    before = len(github.vault.requests)
    process.send_signal(signum)
    done = github.ended_within(process, GITHUB_SECONDS)
    assert done.code == 128 + signum, done.err
    assert github.told()[before] == f"POST {REVOKE}"
    assert "gave up · revoked, proven: 1 token" in done.err
    assert "Traceback" not in done.err
    assert github.tokens() == []
    _finish(github)


def test_a_signal_during_the_login_revokes_what_the_login_brings(github: Story) -> None:
    """The answer of a login that is under way is waited for, to revoke its token, too."""
    fault = github.vault.inject("POST", LOGIN, stall=1)
    process = github.start("exec", "--", "true", env=RUN)
    wait_until(lambda: fault.hits, "the login")
    process.terminate()
    done = github.ended(process)
    assert done.code == 143, done.err
    assert github.calls("POST", REVOKE) == 1
    assert github.tokens() == []
    _finish(github)


def _holds_a_token(story: Story) -> bool:
    """Whether a login has been noted in the sealed state: it has several hundred bytes before."""
    return any(path.stat().st_size > 2000 for path in story.sealed())


def test_a_signal_revokes_one_store_before_it_waits_for_another(github: Story) -> None:
    """Where one login is done and one hangs, the first one's token does not wait for the second."""
    github.vault.configure("sys/auth/slow", type="jwt")
    github.configure(TWO_STORES.format(url=github.vault.url))
    github.vault.inject("POST", "auth/slow/login", stall=4)
    process = github.start("exec", "--", "true", env=RUN)
    wait_until(lambda: _holds_a_token(github), "the login that is quick")
    process.terminate()
    done = github.ended(process)
    assert done.code == 143, done.err
    told = github.told()
    assert told.index(f"POST {REVOKE}") < told.index("POST auth/slow/login")
    assert github.tokens() == []
    _finish(github)


def test_a_signal_during_a_login_that_hangs(github: Story) -> None:
    """A login that does not answer is given up within GitHub's time, and 143 says why."""
    fault = github.vault.inject("POST", LOGIN, stall=600)
    process = github.start("exec", "--", "true", env=RUN)
    wait_until(lambda: fault.hits, "the login")
    process.terminate()
    done = github.ended_within(process, GITHUB_SECONDS)
    assert done.code == 143, done.err
    assert "stopped by SIGTERM" in done.err
    assert "if the store made a token, nobody knows it, and it ends by the role's TTL" in done.err
    _finish(github)


def test_a_signal_while_cmd_runs(story: Story) -> None:
    """CMD gets it, revoke-self is the first call after it, the verdict is told, 128+n is ours."""
    signum = signal.SIGINT if story.stand.kind == "github" else signal.SIGTERM  # as they send it
    trap = f'trap "echo caught; exit {128 + signum}" {signum.name[3:]}'
    process = story.begin_exec(script=f"{trap}; {TRAPPED}", env=RUN)
    assert is_ready(process.stdout)  # for signals
    wait_until(lambda: f"POST {RENEW}" in story.told(), "the heartbeat")
    before = len(story.vault.requests)
    process.send_signal(signum)
    done = story.ended_within(process, GITHUB_SECONDS)
    assert done.code == 128 + signum, done.err
    assert story.told()[before] == f"POST {REVOKE}"
    assert "caught" in done.out
    assert "verdict: clean" in done.err
    assert "revoked, proven: 1 token · queued, not seen: 1 lease" in done.err
    _finish(story)


def test_a_command_that_ignores_signals_does_not_keep_its_credentials(github: Story) -> None:
    """They are revoked at the first signal; SIGINT, then SIGTERM as GitHub sends them, end CMD."""
    process = github.begin_exec(script=f'trap "" INT TERM; {TRAPPED}', env=RUN)
    assert is_ready(process.stdout)  # for signals
    process.send_signal(signal.SIGINT)
    wait_until(lambda: not github.tokens(), "the revocation")
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    done = github.ended(process)
    assert done.code == 137, done.err
    assert "revoked, proven: 1 token" in done.err
    _finish(github)


def test_a_signal_while_closing_hastens_it(github: Story) -> None:
    """The verdict is told all the same, everything is revoked, and the exit code is 143."""
    fault = github.vault.inject("POST", REVOKE, stall=3)
    process = github.start("exec", "--", "sh", "-c", 'echo "$API_KEY"', env=RUN)
    wait_until(lambda: fault.hits, "the revocation")
    process.terminate()
    done = github.ended(process)
    assert done.code == 143, done.err
    assert "verdict: contained" in done.err
    assert github.tokens() == []
    told = github.run("finish")
    assert told.code == 0, told.err
    assert "already closed: verdict contained" in told.err


def test_a_signal_during_exchange_leaves_nothing(generic: Story, tmp_path: Path) -> None:
    """`exchange` revokes, delivers nothing, and says by its code why."""
    fault = generic.vault.inject("GET", KV, stall=600)
    target = tmp_path / "secrets.env"
    process = generic.start("exchange", "--env-file", str(target), env=RUN)
    wait_until(lambda: fault.hits, "the reading")
    process.terminate()
    done = generic.ended(process)
    assert done.code == 143, done.err
    assert not target.exists()
    assert generic.tokens() == []
    _finish(generic)


@pytest.mark.parametrize("path", [LOGIN, KV, REVOKE])
def test_sigkill_in_any_phase_leaves_what_finish_can_close(github: Story, path: str) -> None:
    """Killed during login, fetch or close: `finish` ends what is known of, and exits 0."""
    fault = github.vault.inject("*", path, stall=600)
    process = github.start("exec", "--", "true", env=RUN)
    wait_until(lambda: fault.hits, path)
    process.kill()
    assert github.ended(process).code == -signal.SIGKILL
    _finish(github)


def test_sigkill_takes_cmd_along_and_finish_closes_at_once(story: Story) -> None:
    """CMD dies with us, and `finish` in the same job revokes token and lease, with proof."""
    # NOTE: not in its output, where digits that a value's hex begins with wait for what follows
    process = story.begin_exec(script="echo $$ >told; mv told pid; exec cat", env=RUN)
    pid = int(story.handed_over("pid"))
    process.kill()
    story.ended(process)
    wait_until(lambda: not _runs(pid), "the end of CMD")
    assert len(story.users) == 1
    done = story.run("finish", env=RUN)
    assert done.code == 0, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert story.users == {}
    assert story.sealed() == []


def test_after_sigkill_nothing_lives_past_the_heartbeat(github: Story) -> None:
    """With nobody's help token and dynamic user end within the TTL of 5 s that was asked for."""
    process = github.begin_exec(*FAST, env=RUN)
    wait_until(lambda: f"POST {RENEW}" in github.told(), "the heartbeat")
    process.kill()
    github.ended(process)
    assert len(github.users) == 1
    github.vault.advance(5)
    assert github.tokens() == []
    assert github.users == {}
    done = github.run("finish")
    assert done.code == 0, done.err
    assert "already gone: 1 token" in done.err


def test_the_heartbeat_keeps_the_token_up_while_cmd_runs(github: Story) -> None:
    """CMD that runs for longer than the heartbeat's TTL keeps its credentials."""
    process = github.begin_exec("--heartbeat-ttl", "9", env=RUN)
    wait_until(lambda: github.calls("POST", RENEW) >= 2, "a renewal after the heartbeat's")
    github.vault.advance(4)  # by now the token would have ended without it, after 2/3 of the 9 s
    assert len(github.users) == 1
    github.release(process)
    done = github.ended(process)
    assert done.code == 0, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err


def test_sigkill_of_the_shell_around_stops_nothing(github: Story) -> None:
    """A shell that dies above us is no reason to end: CMD goes on, and is closed properly."""
    log = github.stand.workspace / "err.log"
    words = f"exec 2>{log}; ci-secrets exec -- sh -c 'touch began; sleep 1; touch done' & wait"
    environment = github.environment(**RUN)
    environment["PATH"] = f"{Path(TOOL).parent}:{environment['PATH']}"
    shell = github.own(
        subprocess.Popen(["sh", "-c", words], cwd=github.stand.workspace, env=environment)
    )
    wait_until((github.stand.workspace / "began").exists, "the start of CMD")
    shell.kill()
    shell.wait()
    wait_until(lambda: "revoked, proven: 1 token and 1 lease" in log.read_text(), "the close")
    assert (github.stand.workspace / "done").exists()
    _finish(github)


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM], ids=lambda it: it.name)
def test_a_signal_to_cmd_alone(github: Story, signum: signal.Signals) -> None:
    """CMD's death by a signal is 128+n, and everything is closed with proof."""
    done = github.run("exec", "--", "sh", "-c", f"kill -{int(signum)} $$", env=RUN)
    assert done.code == 128 + signum, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert github.users == {}


def test_a_cancelled_job_with_a_dead_store_ends_in_time(github: Story) -> None:
    """Where nothing answers, we give up in GitHub's time, say what is open, and keep the state."""
    process = github.begin_exec(env=RUN)
    wait_until(lambda: f"POST {RENEW}" in github.told(), "the heartbeat")
    github.vault.inject("*", "*", times=None, stall=600)
    process.send_signal(signal.SIGINT)
    done = github.ended_within(process, GITHUB_SECONDS)
    assert done.code == 130, done.err
    assert "NOT REACHED: 1 token" in done.err
    assert "vault token revoke -accessor" in done.err
    assert "ci-secrets finish" in done.err
    assert len(github.tokens()) == 1
    _finish(github)


def test_a_cancelled_job_whose_renewal_hangs_ends_in_time(github: Story) -> None:
    """A renewal that waits for a dead store holds neither the verdict nor our end up."""
    process = github.begin_exec("--heartbeat-ttl", "5", env=RUN)
    wait_until(lambda: github.calls("POST", RENEW), "the heartbeat")
    fault = github.vault.inject("*", "*", times=None, stall=600)
    wait_until(lambda: fault.hits, "a renewal")
    process.send_signal(signal.SIGINT)
    done = github.ended_within(process, GITHUB_SECONDS)
    assert done.code == 130, done.err
    assert "verdict: clean" in done.err
    assert "NOT REACHED: 1 token" in done.err
    _finish(github)
