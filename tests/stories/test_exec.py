"""`ci-secrets exec` from the job's identity to the proven end."""

import base64
import json
import subprocess
from pathlib import Path

from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault import DevVault
from tests import patience
from tests.stories.story import POLICY, TOOL, Story

TWICE = 'echo "debug: $(printf %s "$API_KEY" | base64 -w0 | base64 -w0) end"'


def test_only_the_command_gets_the_values(story: Story) -> None:
    """The values are in CMD's environment, and printed as *** where it prints them."""
    done = story.run("exec", "--", "sh", "-c", 'echo "${#API_KEY} $API_KEY"; test -n "$DB_USER"')
    assert done.code == 0, done.err
    assert done.out == f"{len(story.api_key)} ***\n"
    assert story.api_key not in done.said


def test_a_leak_in_disguise_is_contained(story: Story) -> None:
    """Base64 twice is redacted in the stream, named in the verdict, and does not fail the job."""
    done = story.run("exec", "--", "sh", "-c", TWICE)
    twice = base64.b64encode(base64.b64encode(story.api_key.encode())).decode()
    assert done.code == 0, done.err
    assert twice[4:-4] not in done.said
    assert "verdict: contained" in done.err
    assert "API_KEY as base64 of base64" in done.err


def test_on_contained_fail_makes_it_11(story: Story) -> None:
    """With `on-contained: fail` in the environment a contained leak is exit 11."""
    done = story.run("exec", "--", "sh", "-c", TWICE, env={"CI_SECRETS_ON_CONTAINED": "fail"})
    assert done.code == 11, done.err


def test_the_end_of_the_command_is_the_end_of_its_credentials(story: Story) -> None:
    """Afterwards token and lease are revoked, with proof, and the dynamic user is gone."""
    done = story.run("exec", "--", "true")
    assert done.code == 0, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert story.users == {}


def test_the_commands_own_code_is_passed_on(story: Story) -> None:
    """CMD's exit code is ours, and its credentials end all the same."""
    done = story.run("exec", "--", "sh", "-c", "exit 42")
    assert done.code == 42, done.err
    assert story.users == {}


def test_a_later_finish_tells_what_exec_left(story: Story) -> None:
    """`finish` after `exec` prints the verdict of the closed run and ends in 0."""
    story.run("exec", "--", "sh", "-c", TWICE, env={"CI_SECRETS_RUN_ID": "r1"})
    done = story.run("finish", env={"CI_SECRETS_RUN_ID": "r1"})
    assert done.code == 0, done.err
    assert "already closed: verdict contained" in done.err


def test_the_identity_is_kept_from_the_command(story: Story) -> None:
    """CMD sees neither the JWT nor what it could ask for another with, unless it is told so."""
    before = {name for name in story.stand.env if "TOKEN" in name and "ID" in name}
    done = story.run("exec", "--", "env")
    seen = {line.partition("=")[0] for line in done.out.splitlines()}
    assert before
    assert not before & seen
    kept = story.run("exec", "--keep-identity", "--", "env")
    assert before <= {line.partition("=")[0] for line in kept.out.splitlines()}


def test_a_token_is_told_as_the_login_gave_it(github: Story, issuer: Issuer) -> None:
    """Its TTL in the trail is the role's, whatever the heartbeat has made of it meanwhile."""
    with DevVault() as other:
        other.trust(issuer)
        other.policy("deploy", POLICY)
        other.jwt_role("deploy", token_policies=["deploy"], token_ttl="10m")
        other.put_secret("secret/deploy", api_key="made-up")
        store = '{{type: vault, url: "{}", role: deploy}}'.format
        github.configure(
            "version: 1\n"
            f"stores: {{first: {store(github.vault.url)}, second: {store(other.url)}}}\n"
            "secrets:\n"
            "  API_KEY: first:secret/data/deploy#api_key\n"
            "  OTHER: second:secret/data/deploy#api_key\n"
        )
        # The second is spoken of last, when its own heartbeat is long through.
        other.inject("POST", "auth/jwt/login", stall=1.0)
        github.vault.inject("GET", "auth/token/lookup-self", stall=3.0)
        done = github.run("exec", "--audit-file", "trail", "--", "true")
    assert done.code == 0, done.err
    lines = (github.stand.workspace / "trail").read_text().splitlines()
    logins = [line for line in map(json.loads, lines) if line["event"] == "login"]
    assert [line["facts"]["ttl"] for line in logins] == [600, 600]


def test_descriptors_of_the_script(generic: Story) -> None:
    """CMD reads from a process substitution of its shell, but not the operator's key."""
    work = generic.stand.workspace
    (work / "key").write_text("k" * 32)
    (work / "key").chmod(0o600)
    words = f"{TOOL} exec -- sh -c 'cat \"$0\"; cat <&5 || echo none'"
    done = subprocess.run(
        ["bash", "-c", f"exec 5<key; {words} <(echo hi)"],
        cwd=work,
        env=generic.environment(CI_SECRETS_AUDIT_KEY_FILE="5"),
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.stdout == b"hi\nnone\n", done.stderr


def test_a_value_that_cannot_be_looked_for_is_not_called_clean(generic: Story) -> None:
    """Where it is all that the job asked for nothing is known, in `exec` as in its report."""
    generic.ask_for_a_pin()
    done = generic.run("exec", "--report", "r.json", "--", "sh", "-c", "echo $PIN")
    assert done.code == 0, done.err
    assert "verdict: unknown (stdout none, stderr none)" in done.err
    assert "PIN is not looked for at all: shorter than 6 bytes" in done.err
    report = json.loads((generic.stand.workspace / "r.json").read_text())
    assert report["verdict"] == "unknown"
    silent = generic.run("exec", "--", "true")
    assert "verdict: clean" in silent.err  # nothing was printed at all


def test_a_command_within_is_told_who_has_the_identity(generic: Story) -> None:
    """`exec` took it from the environment, and leaves it there if asked to."""
    within = generic.run("exec", "--", str(TOOL), "whoami")
    assert within.code == 4, within.err
    assert "--keep-identity" in within.err
    kept = generic.run("exec", "--keep-identity", "--", str(TOOL), "whoami")
    assert kept.code == 0, kept.err


def test_finish_calls_no_value_clean_that_it_could_not_look_for(
    generic: Story, tmp_path: Path
) -> None:
    """The state says what the job asked for; our own token in it makes no verdict."""
    generic.ask_for_a_pin()
    log = tmp_path / "job.log"
    log.write_text("pin 4711\n")
    words = ("--run-id", "r1")
    done = generic.run("exchange", "--env-file", str(tmp_path / "env"), *words)
    assert done.code == 0, done.err
    scanned = generic.run("scan", str(log), *words)
    assert scanned.code == 2, scanned.said
    done = generic.run("finish", "--log", str(log), *words)
    assert done.code == 0, done.err
    assert "verdict: unknown" in done.err
