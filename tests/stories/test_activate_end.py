"""How an activated shell ends: exit code, signals, kills, and what becomes of credentials."""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from tests import patience
from tests.patience import READY, wait_until
from tests.stories.shells import ACTIVATE, SHELLS, Shell
from tests.stories.story import Story

REVOKE = "auth/token/revoke-self"
RUN = {"CI_SECRETS_RUN_ID": "r1"}
PRINT = 'echo "$API_KEY"'
WAIT = "while ! test -e go; do sleep 0.05; done"

every_shell = pytest.mark.parametrize("kind", SHELLS)


def keepers(story: Story) -> list[int]:
    """Give the processes of this job that keep a shell, or are about to."""
    workspace = str(story.stand.workspace)
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if b"begin" in words and str((entry / "cwd").readlink()) == workspace:
                found.append(int(entry.name))
        except OSError:  # it has just ended
            continue
    return found


def keeper(story: Story) -> int:
    """Give the process of the keeper that belongs to this job."""
    (process,) = keepers(story)
    return process


def begun(shell: Shell, script: str, **env: str) -> "subprocess.Popen[bytes]":
    """Start a script, and wait until it is active."""
    process = shell.start(f"{ACTIVATE}\necho {READY}\n{script}", **env)
    wait_until(lambda: READY in shell.lines(), "the start")
    return process


@every_shell
@pytest.mark.parametrize("flags", [[], ["-ex"]], ids=["plain", "strict"])
def test_without_the_tool_nothing_goes_on(generic: Story, kind: str, flags: list[str]) -> None:
    """A missing tool ends the script with 127: it never runs without values and watch."""
    shell = Shell(kind=kind, story=generic, flags=flags)
    missing = ACTIVATE.replace("ci-secrets", "no-such-ci-secrets")
    assert shell.run(f"{missing}\necho never") == 127
    assert "never" not in shell.lines()


@every_shell
def test_a_failure_to_open_ends_the_script(generic: Story, kind: str) -> None:
    """It says why, ends with the code of the error, and leaves nothing."""
    shell = Shell(kind=kind, story=generic)
    assert shell.run(ACTIVATE.replace("activate", "activate --config nowhere")) == 3
    generic.vault.put_secret("secret/deploy", other="x")
    assert shell.run(f"{ACTIVATE}\necho never") == 7
    assert "never" not in shell.lines()
    assert "gave up · revoked, proven: 1 token" in shell.said()
    shell.closed()


@every_shell
def test_a_read_only_ifs(generic: Story, kind: str) -> None:
    """It is the script's own affair: the values are there all the same."""
    shell = Shell(kind=kind, story=generic)
    assert shell.run(f"readonly IFS\n{ACTIVATE}\n{PRINT}\nsh -c '{PRINT}'") == 0, shell.said()
    assert shell.lines() == ["***", "***"]
    shell.closed()


@every_shell
def test_a_read_only_variable_ends_the_script(generic: Story, kind: str) -> None:
    """It never goes on with the value that was there before: 8, and which one it is."""
    shell = Shell(kind=kind, story=generic)
    script = f"API_KEY=old\nreadonly API_KEY\n{ACTIVATE}\necho never"
    assert shell.run(script) == 8, shell.said()
    assert "never" not in shell.lines()
    assert "ci-secrets: API_KEY is read-only in this shell" in shell.said()
    assert "DB_USER is read-only" not in shell.said()
    shell.closed()


@every_shell
def test_a_verdict_that_fails_comes_before_the_scripts_code(generic: Story, kind: str) -> None:
    """With `on-contained: fail` a printed value is 11, whatever the script ends with."""
    shell = Shell(kind=kind, story=generic)
    script = f"{ACTIVATE}\ntrap 'echo end' EXIT\n{PRINT}\nexit 3"
    assert shell.run(script, CI_SECRETS_ON_CONTAINED="fail") == 11, shell.said()
    assert shell.lines() == ["***", "end"]
    shell.closed()


def test_what_was_not_closed_comes_after_it(generic: Story) -> None:
    """A revoke that fails is 9 where the script ended well, and else the script's own code."""
    shell = Shell(kind="dash", story=generic)
    generic.vault.inject("POST", REVOKE, times=None, status=500)
    assert shell.run(f"{ACTIVATE}\ntrue", **RUN) == 9, shell.said()
    assert shell.run(f"{ACTIVATE}\nexit 3", CI_SECRETS_RUN_ID="r2") == 3, shell.said()
    generic.vault.faults.clear()
    for run in ("r1", "r2"):
        assert generic.run("finish", env={"CI_SECRETS_RUN_ID": run}).code == 0
    shell.closed()


@pytest.mark.parametrize(("ending", "code"), [("exit 0", 8), ("exit 3", 3)])
def test_a_log_that_cannot_be_written_comes_after_it(
    generic: Story, ending: str, code: int
) -> None:
    """A full disk is no success of the script and no mistake of ours: 8."""
    shell = Shell(kind="dash", story=generic)
    assert shell.run(f"exec >/dev/full\n{ACTIVATE}\necho hi\n{ending}") == code
    assert "the shell's output could not be written: no space left on device" in shell.said()
    shell.closed()


def test_a_value_that_cannot_be_looked_for_is_not_called_clean(generic: Story) -> None:
    """Where the script has no other nothing is known; a second `activate` may bring one."""
    generic.ask_for_a_pin()
    shell = Shell(kind="dash", story=generic)
    assert shell.run(f"{ACTIVATE}\necho $PIN") == 0
    assert "verdict: unknown (output none)" in shell.said()
    words = f"--url {generic.vault.url} --role deploy --secrets 'secret/data/deploy api_key | MORE'"
    more = ACTIVATE.replace("activate", f"activate {words}")
    assert shell.run(f"{ACTIVATE}\n{more}\necho $PIN") == 0, shell.said()
    assert "verdict: clean" in shell.said()
    assert "PIN is not looked for at all: shorter than 6 bytes" in shell.said()
    shell.closed()


@every_shell
def test_the_log_is_whole_while_the_pipe_is_held(generic: Story, kind: str) -> None:
    """The shell does not wait for a process that it leaves behind; what that prints is redacted."""
    shell = Shell(kind=kind, story=generic)
    assert shell.run(f"{ACTIVATE}\n({WAIT}; {PRINT}) & echo now") == 0
    assert "now" in shell.lines()
    assert "verdict: clean (output complete)" in shell.said()
    assert generic.tokens() == []
    (generic.stand.workspace / "go").touch()
    wait_until(lambda: "***" in shell.lines(), "the late output")


@pytest.mark.parametrize("kind", ["bash", "dash", "busybox", "zsh"])
def test_exec_replaces_the_shell(generic: Story, kind: str) -> None:
    """Its output is redacted and its end revokes, but nobody asks for the verdict: tail-missing."""
    shell = Shell(kind=kind, story=generic)
    assert shell.run(f"{ACTIVATE}\nexec sh -c '{PRINT}; exit 4'") == 4
    wait_until(lambda: "queued, not seen: 1 lease" in shell.said(), "the end of the keeper")
    assert "verdict: contained (output tail-missing)" in shell.said()
    assert "***" in shell.lines()
    shell.closed()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["bash", "dash", "busybox", "zsh"])
def test_a_shell_that_is_killed(generic: Story, kind: str, signum: signal.Signals) -> None:
    """It dies of the signal at once, and everything is revoked."""
    shell = Shell(kind=kind, story=generic)
    process = begun(shell, f"sleep 300 & wait\n{PRINT}")
    process.send_signal(signum)
    assert process.wait(timeout=patience.SECONDS) in (-signum, 128 + signum)
    wait_until(lambda: "revoked, proven: 1 token" in shell.said(), "the revocation")
    assert READY in shell.lines()
    shell.closed()


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("kind", ["bash", "dash", "busybox", "zsh"])
def test_a_shell_that_ends_before_it_has_begun(
    generic: Story, kind: str, signum: signal.Signals
) -> None:
    """Cancelled while the store answers: all is revoked, and no keeper stays to hold the log."""
    fault = generic.vault.inject("GET", "secret/data/deploy", stall=1)
    shell = Shell(kind=kind, story=generic)
    process = shell.start(f"{ACTIVATE}\n{PRINT}")
    wait_until(lambda: fault.hits, "the reading")
    process.send_signal(signum)
    process.wait(timeout=patience.SECONDS)
    wait_until(lambda: "revoked, proven: 1 token" in shell.said(), "the revocation")
    wait_until(lambda: not keepers(generic), "the end of the keeper")
    shell.closed()


def test_a_keeper_whose_shell_is_over_ends_when_it_is_asked_to(generic: Story) -> None:
    """What a script left behind keeps it no longer than until the first signal."""
    shell = Shell(kind="dash", story=generic)
    assert shell.run(f"{ACTIVATE}\n({WAIT}) & echo now") == 0
    os.kill(keeper(generic), signal.SIGTERM)
    wait_until(lambda: not keepers(generic), "the end of the keeper")
    (generic.stand.workspace / "go").touch()
    shell.closed()


def test_the_keeper_revokes_at_once_when_it_is_asked_to_end(generic: Story) -> None:
    """Jenkins ends everything of a build: revoked first, still redacting, with a verdict."""
    shell = Shell(kind="dash", story=generic)
    process = begun(shell, f"{WAIT}\n{PRINT}")
    os.kill(keeper(generic), signal.SIGTERM)
    wait_until(lambda: not generic.tokens(), "the revocation")
    assert process.poll() is None
    (generic.stand.workspace / "go").touch()
    assert process.wait(timeout=patience.SECONDS) == 0
    assert shell.lines() == [READY, "***"]
    assert "verdict: contained (output complete)" in shell.said()
    shell.closed()


@pytest.mark.parametrize("kind", ["bash", "dash", "busybox", "zsh"])
def test_a_killed_keeper_fails_the_script(generic: Story, kind: str) -> None:
    """With nobody to redact nothing is printed; the script fails, and `finish` closes the rest."""
    shell = Shell(kind=kind, story=generic)
    process = begun(shell, f"{WAIT}\n{PRINT}\nsh -c '{PRINT}'\ntrue", **RUN)
    os.kill(keeper(generic), signal.SIGKILL)
    (generic.stand.workspace / "go").touch()
    assert process.wait(timeout=patience.SECONDS) != 0
    assert shell.lines() == [READY]
    done = generic.run("finish", env=RUN)
    assert done.code == 0, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert generic.users == {}


@every_shell
def test_the_script_on_stdin_is_not_eaten(generic: Story, kind: str) -> None:
    """A shell that reads its script from a pipe reads all of it."""
    shell = Shell(kind=kind, story=generic)
    script = f"{ACTIVATE}\necho one\necho two\n"
    assert shell.run(f"{' '.join(SHELLS[kind])} <<'END'\n{script}END") == 0
    assert shell.lines() == ["one", "two"]
    shell.closed()


def test_a_script_within_a_script(generic: Story) -> None:
    """A script that activates by itself, run by one that did, has its own keeper and verdict."""
    shell = Shell(kind="dash", story=generic)
    keeping = ACTIVATE.replace("activate", "activate --keep-identity")
    (generic.stand.workspace / "inner.sh").write_text(f"{ACTIVATE}\n{PRINT}\nexit 4\n")
    assert shell.run(f'set -a\n{keeping}\nsh inner.sh\necho "inner $?"') == 0
    assert shell.lines() == ["***", "inner 4"], shell.said()
    assert shell.said().count("revoked, proven: 1 token and 1 lease") == 2
    shell.closed()


def test_the_identity_is_kept_from_the_script(generic: Story) -> None:
    """Neither the shell nor its children see the JWT's variable, unless they are told to."""
    name = next(it for it in generic.stand.env if "ID_TOKEN" in it)
    shell = Shell(kind="dash", story=generic)
    show = f'echo "[${{{name}-unset}}]"; env | grep -c ^{name}= || :'
    assert shell.run(f"{ACTIVATE}\n{show}") == 0
    assert shell.lines() == ["[unset]", "0"]
    assert shell.run(f"{ACTIVATE}\n{show}", CI_SECRETS_KEEP_IDENTITY="true") == 0
    assert shell.lines()[-1] == "1"


def test_tracing_to_another_place_is_brought_back(generic: Story) -> None:
    """What bash would trace to a descriptor of its own goes through the pipe as all else."""
    shell = Shell(kind="bash", story=generic)
    script = f"""\
exec 5>traced
BASH_XTRACEFD=5
trap 'echo "$BASH_COMMAND" >> commands' DEBUG
set -xT
{ACTIVATE}
trap - DEBUG
{PRINT}
"""
    assert shell.run(script) == 0, shell.said()
    assert "+ echo ***" in shell.lines()
    for name in ("traced", "commands"):
        assert generic.api_key not in (generic.stand.workspace / name).read_text()
    shell.closed()


@pytest.mark.parametrize("kind", ["bash", "bash-posix", "gitlab"])
def test_a_debug_trap_sees_nothing_of_ours(generic: Story, kind: str) -> None:
    """It prints no key of the keeper, and afterwards it goes on."""
    shell = Shell(kind=kind, story=generic)
    script = f"""\
trap 'echo "saw $BASH_COMMAND" >&2' DEBUG
set -T
{ACTIVATE}
f() {{ {PRINT}; }}
f
trap - DEBUG
"""
    assert shell.run(script) == 0, shell.said()
    assert not re.search(r"_ci_secrets_key=\w", shell.said())
    assert "saw f" in shell.lines()
    assert 'saw echo "$API_KEY"' in shell.lines()  # in a function, by `set -T`
    shell.closed()


@every_shell
def test_nothing_that_the_job_set_before_is_run(generic: Story, kind: str) -> None:
    """A variable of one of our names in the job's environment gives us no code."""
    shell = Shell(kind=kind, story=generic)
    assert shell.run(f"{ACTIVATE}\n{PRINT}", _ci_secrets_debug="echo never") == 0, shell.said()
    assert shell.lines() == ["***"]


def test_the_invitation_holds_no_value(generic: Story) -> None:
    """What `activate` prints is the same for every run, and asks no store for anything."""
    done = generic.run("activate", "--role", "it's")
    assert done.code == 0, done.err
    assert "'it'\"'\"'s'" in done.out
    assert generic.told() == []
    assert done.out == generic.run("activate", "--role", "it's").out


def test_the_summary_of_a_step_is_redacted(github: Story) -> None:
    """What the script writes to GitHub's summary is redacted in its place, and reported."""
    shell = Shell(kind="bash", story=github)
    assert shell.run(f'{ACTIVATE}\necho "key: $API_KEY" >> "$GITHUB_STEP_SUMMARY"') == 0
    assert "job summary:1:6: API_KEY in clear" in shell.said()
    summary = Path(github.stand.env["GITHUB_STEP_SUMMARY"]).read_text()
    assert "key: ***" in summary
    assert "::add-mask::" not in shell.said()


def test_the_report_is_written(generic: Story) -> None:
    """`--report FILE` has the verdict, and the closings of all that was activated."""
    shell = Shell(kind="dash", story=generic)
    assert shell.run(f"{ACTIVATE}\ncd /\n{PRINT}", CI_SECRETS_REPORT="report.json") == 0
    text = (generic.stand.workspace / "report.json").read_text()
    assert '"verdict": "contained"' in text
    assert generic.api_key not in text
