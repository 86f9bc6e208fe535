"""What ends a run before it began, and which exit code wins where several hold."""

import base64
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ci_secrets.testing.ci import ci_environment
from ci_secrets.testing.issuer import Issuer
from tests.patience import wait_until
from tests.stories.story import CONFIG, TOOL, Done, Story, begin

RUN = {"CI_SECRETS_RUN_ID": "r1"}
REVOKE = "auth/token/revoke-self"


def _change(old: str, new: str) -> Callable[[Story], None]:
    def change(story: Story) -> None:
        story.configure(CONFIG.format(url=story.vault.url).replace(old, new))

    return change


def _forbid(story: Story) -> None:
    story.vault.policy("deploy", 'path "database/creds/*" { capabilities = ["read"] }')


def _refuse_login(story: Story) -> None:
    story.vault.jwt_role("deploy", token_policies=["deploy"], bound_claims={"sub": "nobody"})


def _unreachable(story: Story) -> None:
    story.configure(CONFIG.format(url="http://127.0.0.1:9"))


def _bad_yaml(story: Story) -> None:
    story.configure("version: 1\nstores: [")


FAILURES = {
    "missing field": (
        _change("#api_key", "#api_kee"),
        7,
        ["secret/data/deploy#api_kee", "api_key"],
    ),
    "missing path": (_change("data/deploy#", "data/nosuch#"), 7, ["secret/data/nosuch#api_key"]),
    "forbidden": (_forbid, 5, ["forbids us secret/data/deploy", 'capabilities = ["read"]']),
    "refused login": (_refuse_login, 5, ["refused the login", "bound_claims"]),
    "no such role": (_change("role: deploy", "role: nosuch"), 3, ["no such role"]),
    "unreachable": (_unreachable, 6, ["127.0.0.1:9 did not answer", "No connection"]),
    "bad YAML": (_bad_yaml, 3, ["ci-secrets.yaml:3:1"]),
    "unknown key": (_change("stores:", "storez:"), 3, ["storez", "`stores`"]),
}


@pytest.mark.parametrize(
    ("failure", "command"),
    [(failure, "exec") for failure in FAILURES]
    + [("missing field", "exchange"), ("forbidden", "exchange")],
)
def test_a_run_that_cannot_open(github: Story, failure: str, command: str) -> None:
    """Its code says why, its text says what to change, nothing is left, and `finish` is 0."""
    spoil, code, texts = FAILURES[failure]
    spoil(github)
    done = github.run(command, *(("--", "touch", "started") if command == "exec" else ()), env=RUN)
    assert done.code == code, done.err
    for text in texts:
        assert text in done.err
    assert done.err.count("did not answer.") <= 1  # nothing is said twice
    assert done.err.count("::error") == 1
    assert "Traceback" not in done.err
    assert "::add-mask::" not in done.said
    assert not (github.stand.workspace / "started").exists()
    assert github.stand.files["GITHUB_OUTPUT"].read_text() == ""
    assert github.tokens() == []
    wait_until(lambda: not github.users, "the end of the dynamic user")
    later = github.run("finish", env=RUN)
    assert later.code == 0, later.err


@pytest.mark.parametrize("kind", ["github", "gitlab", "jenkins", "generic"])
def test_a_job_without_an_identity(kind: Any, issuer: Issuer, tmp_path: Path) -> None:
    """4, with what to change on this CI; the store is not even asked."""
    with begin(kind, issuer, tmp_path) as story:
        text = (story.stand.workspace / "ci-secrets.yaml").read_text()
        story.stand = ci_environment(kind, tmp_path / "bare", issuer, identity=False)
        story.runtime.mkdir(mode=0o700)
        story.configure(text)
        done = story.run("exec", "--", "true", env=RUN)
        assert done.code == 4, done.err
        wanted = {"github": "id-token: write", "gitlab": "id_tokens:"}.get(kind, "--id-token-env")
        assert wanted in done.err
        assert story.vault.requests == []
        assert story.run("finish", env=RUN).code == 0


@pytest.mark.parametrize(
    "words",
    [
        ["exec"],
        ["exec", "--no-such-option", "--", "true"],
        ["no-such-command"],
        [],
        ["exec", "--heartbeat-ttl", "soon", "--", "true"],
        ["exec", "--heartbeat-ttl", "0", "--", "true"],
    ],
    ids=" ".join,
)
def test_a_command_line_that_is_wrong(github: Story, words: list[str]) -> None:
    """2, in two lines, without a word of what was typed where it may be a value."""
    done = github.run(*words)
    assert done.code == 2, done.err
    assert len(done.err.splitlines()) <= 3
    assert "invalid literal" not in done.err
    assert "Traceback" not in done.err
    assert github.vault.requests == []


# --- the order: 11, CMD's own code, 9, 8, 0 ------------------------------------------------------

LEAK = 'echo "$API_KEY"'
FAIL = {"CI_SECRETS_ON_CONTAINED": "fail"}


def _report(story: Story, done: Done, name: str = "report.json") -> dict[str, Any]:
    text = (story.stand.workspace / name).read_text()
    for value in (story.api_key, base64.b64encode(story.api_key.encode()).decode()[2:-4]):
        assert value not in text
        assert value not in done.said
    report: dict[str, Any] = json.loads(text)
    return report


@pytest.mark.parametrize(
    ("script", "down", "env", "code"),
    [
        (f"{LEAK}; exit 3", True, FAIL, 11),
        (f"{LEAK}; exit 3", True, {}, 3),
        (LEAK, True, {}, 9),
        (LEAK, True, FAIL, 11),
        (LEAK, False, {}, 0),
        ("exit 3", True, {}, 3),
        ("true", True, {}, 9),
    ],
)
def test_the_order_of_the_codes(
    github: Story, script: str, down: bool, env: dict[str, str], code: int
) -> None:
    """The worst wins, and the report keeps them all."""
    if down:
        github.vault.inject("POST", REVOKE, times=None, status=400)
    words = ["exec", "--report", "report.json", "--", "sh", "-c", script]
    done = github.run(*words, env=env)
    assert done.code == code, done.err
    report = _report(github, done)
    child = 3 if "exit 3" in script else 0
    assert report["exit"] == {"code": code, "command": child, "closed": not down}
    assert report["verdict"] == ("contained" if LEAK in script else "clean")


@pytest.mark.parametrize(
    ("script", "down", "env", "code"),
    [
        ("echo hi", False, {}, 8),
        ("echo hi; exit 3", False, {}, 3),
        ("echo hi", True, {}, 9),
        (LEAK, False, FAIL, 11),
    ],
)
def test_output_that_cannot_be_written_comes_last(
    github: Story, script: str, down: bool, env: dict[str, str], code: int
) -> None:
    """A full disk is no success of CMD and no mistake of ours: 8, where nothing else is wrong."""
    if down:
        github.vault.inject("POST", REVOKE, times=None, status=400)
    words = [TOOL, "exec", "--report", "report.json", "--", "sh", "-c", script]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            words,
            cwd=github.stand.workspace,
            env=github.environment(**env),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == code, done.stderr
    assert b"the command's output could not be written: no space left on device" in done.stderr
    report = json.loads((github.stand.workspace / "report.json").read_text())
    child = 3 if "exit 3" in script else 0
    assert report["exit"] == {"code": code, "command": child, "closed": not down}


@pytest.mark.parametrize(("policy", "code"), [("fail", 11), ("warn", 0)])
def test_a_leak_in_the_log_that_finish_is_given(
    github: Story, tmp_path: Path, policy: str, code: int
) -> None:
    """`on-leak: fail` makes it 11, `warn` keeps 0; told it is either way, and revoked."""
    text = (github.stand.workspace / "ci-secrets.yaml").read_text()
    github.configure(f"{text}leaks: {{on-leak: {policy}}}\n")
    assert github.run("exchange").code == 0
    log = tmp_path / "job.log"
    log.write_text(f"out: {base64.b64encode(github.api_key.encode()).decode()}\n")
    done = github.run("finish", "--log", str(log), "--report", "report.json")
    assert done.code == code, done.err
    assert "verdict: leaked" in done.err
    report = _report(github, done)
    assert report["verdict"] == "leaked"
    assert report["exit"]["code"] == code
    assert report["findings"][0]["secret"] == "API_KEY"
    assert github.users == {}


def test_a_leak_wins_over_what_could_not_be_closed(github: Story, tmp_path: Path) -> None:
    """`finish` with both is 11; when the store is back, a later one is 11 again, then closed."""
    assert github.run("exchange").code == 0
    log = tmp_path / "job.log"
    log.write_text(github.api_key + "\n")
    github.vault.inject("POST", REVOKE, times=None, status=400)
    words = ["finish", "--log", str(log), "--report", "report.json"]
    done = github.run(*words)
    assert done.code == 11, done.err
    assert _report(github, done)["exit"] == {"code": 11, "command": 0, "closed": False}
    github.vault.faults.clear()
    assert github.run(*words).code == 11
    assert github.tokens() == []
    assert github.run("finish").code == 0


def test_proof_may_be_required(github: Story) -> None:
    """Without the right to look itself up its end is unproven: 0, with the policy; required: 9."""
    github.vault.jwt_role(
        "deploy", token_policies=["deploy", "no-look"], token_no_default_policy=True
    )
    github.vault.policy("no-look", 'path "auth/token/revoke-self" { capabilities = ["update"] }')
    done = github.run("exec", "--", "true")
    assert done.code == 0, done.err
    assert "revoked, UNPROVEN: 1 token" in done.err
    assert 'path "auth/token/lookup-self" { capabilities = ["read"] }' in done.err
    wanted = github.run("exec", "--require-proof", "--report", "report.json", "--", "true")
    assert wanted.code == 9, wanted.err
    assert _report(github, wanted)["exit"] == {"code": 9, "command": 0, "closed": False}
    assert github.tokens() == []


def test_proof_may_be_required_of_a_cancelled_job(github: Story) -> None:
    """What is only queued after a signal is not proven; CMD's own code says more than 9."""
    process = github.begin_exec("--require-proof", "--report", "report.json")
    process.terminate()
    done = github.ended(process)
    assert done.code == 143, done.err
    assert "queued, not seen: 1 lease" in done.err
    assert _report(github, done)["exit"] == {"code": 143, "command": 143, "closed": False}


def test_a_token_that_may_not_revoke_itself(github: Story) -> None:
    """Refused is 9, with the policy to paste, until when, and the operator's command."""
    github.vault.jwt_role("deploy", token_policies=["deploy"], token_no_default_policy=True)
    done = github.run("exec", "--", "true")
    assert done.code == 9, done.err
    assert "REFUSED: 1 token" in done.err
    assert 'path "auth/token/revoke-self" { capabilities = ["update"] }' in done.err
    assert "may live until 20" in done.err
    assert "vault token revoke -accessor" in done.err


def test_the_trail_of_a_run_that_was_closed_late_is_whole(github: Story) -> None:
    """A store that was down, a later `finish`: every record is in the chain."""
    trail = github.stand.workspace / "audit.jsonl"
    github.vault.inject("POST", REVOKE, times=None, reset=True)
    done = github.run("exec", "--audit-file", str(trail), "--", "true")
    assert done.code == 9, done.err
    github.vault.faults.clear()
    later = github.run("finish")
    assert later.code == 0, later.err
    assert "audit head" not in done.err
    (head,) = re.findall("audit head: ([0-9a-f]+) ", later.err)
    verified = github.run("audit", "verify", str(trail), "--head", head)
    assert verified.code == 0, verified.said
    assert github.run("audit", "verify", str(trail)).code == 0
    assert github.api_key not in trail.read_text()
