"""A store that misbehaves in a whole run: what is tried again, what is said, what ends."""

from typing import Any

import pytest

from ci_secrets.testing.vault.faults import Fault
from tests.patience import wait_until
from tests.stories.story import CONFIG, Done, Story

RUN = {"CI_SECRETS_RUN_ID": "r1"}
LOGIN, KV, DYNAMIC = "auth/jwt/login", "secret/data/deploy", "database/creds/app"
REVOKE, LOOK_UP = "auth/token/revoke-self", "auth/token/lookup-self"
LEASE = "sys/leases/revoke"
RENEW = "auth/token/renew-self"
HASTY = CONFIG.replace("timeout: 120", "timeout: 2")
"""A store that is waited for only two seconds."""


def _exec(story: Story, *command: str) -> Done:
    return story.run("exec", "--", *(command or ("true",)), env=RUN)


def _nothing_left(story: Story) -> None:
    """No token, no dynamic user; and `finish` has nothing to complain about."""
    assert story.tokens() == []
    wait_until(lambda: not story.users, "the end of the dynamic user")
    story.vault.faults.clear()
    done = story.run("finish", env=RUN)
    assert done.code == 0, done.err


def _inject(story: Story, path: str, kind: str) -> Fault:
    kinds: dict[str, Any] = {
        "412": {"status": 412},
        "429": {"status": 429, "retry_after": 0},
        "503 without body": {"status": 503, "body": ""},
        "500": {"status": 500},
        "reset": {"reset": True},
        "lost reply": {"drop_reply": True},
    }
    return story.vault.inject("*", path, **kinds[kind])


@pytest.mark.parametrize(
    ("kind", "paths"),
    [
        ("412", [LOGIN, KV, DYNAMIC, REVOKE, LEASE]),
        ("429", [LOGIN, KV, DYNAMIC, REVOKE, LEASE]),
        ("503 without body", [LOGIN, KV, DYNAMIC, REVOKE, LEASE]),
        ("500", [KV, LOOK_UP, REVOKE, LEASE]),
        ("reset", [KV, LOOK_UP, REVOKE, LEASE]),
        ("lost reply", [KV, LOOK_UP, REVOKE, LEASE]),
    ],
)
def test_what_passes_is_tried_again(github: Story, kind: str, paths: list[str]) -> None:
    """One such answer at every call of the run, and the job notices nothing."""
    faults = [_inject(github, path, kind) for path in paths]
    done = _exec(github, "sh", "-c", 'test -n "$API_KEY" && test -n "$DB_USER"')
    assert done.code == 0, done.err
    assert [fault.hits for fault in faults] == [1] * len(paths)
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert github.calls("POST", LOGIN) <= 2
    _nothing_left(github)


def test_retry_after_is_honoured(github: Story) -> None:
    """Between a 429 and the next try lie the seconds that the store asked for."""
    github.vault.inject("GET", KV, status=429, retry_after=4)
    process = github.start("exec", "--", "true", env=RUN)
    wait_until(lambda: (429, KV) in _answers(github), "the 429")
    github.vault.inject("GET", KV, status=500)  # what a client that does not wait would meet
    wait_until(lambda: (200, DYNAMIC) in _answers(github), "the other read")
    github.vault.faults.clear()
    done = github.ended(process)
    assert done.code == 0, done.err
    assert (500, KV) not in _answers(github)
    assert github.calls("GET", KV) == 2


def _answers(story: Story) -> list[tuple[int, str]]:
    return [(seen.status, seen.path) for seen in story.vault.requests]


@pytest.mark.parametrize("kind", ["500", "reset"])
def test_a_login_is_not_repeated_where_it_may_have_made_a_token(github: Story, kind: str) -> None:
    """After an answer that does not exclude a token, there is no second login: exit 6, said."""
    _inject(github, LOGIN, kind)
    done = _exec(github)
    assert done.code == 6, done.err
    assert github.calls("POST", LOGIN) == 1
    assert "it ends by the role's TTL" in done.err or "that ends by the role's TTL" in done.err
    _nothing_left(github)


def test_the_reply_to_the_login_is_lost(github: Story) -> None:
    """The store made a token that nobody knows: 6, said, not called revoked; `finish` is 0."""
    _inject(github, LOGIN, "lost reply")
    done = _exec(github)
    assert done.code == 6, done.err
    assert "nobody knows it, and it ends by the role's TTL" in done.err
    assert "revoked" not in done.err
    assert len(github.tokens()) == 1
    assert github.run("finish").code == 0
    github.vault.advance(601)
    assert github.tokens() == []


@pytest.mark.parametrize(("proof", "code"), [((), 0), (("--require-proof",), 9)])
def test_a_kill_while_the_store_is_asked_for_a_login(
    github: Story, proof: tuple[str, ...], code: int
) -> None:
    """`finish` says that a token may have been made, and does not call it revoked."""
    fault = github.vault.inject("*", LOGIN, stall=5)
    process = github.start("exchange", *proof)
    wait_until(lambda: fault.hits, "the login")
    process.kill()
    github.ended(process)
    wait_until(github.tokens, "the token that nobody knows")
    done = github.run("finish")
    assert done.code == code, done.err
    assert "not known: 1 token" in done.err
    assert "nobody knows it, and it ends by the role's TTL" in done.err
    assert "nothing to revoke" not in done.err
    assert "revoked" not in done.err


def test_a_login_that_was_answered_is_not_called_unknown(github: Story) -> None:
    """A kill after it leaves a token that `finish` knows and revokes."""
    process = github.begin_exec(env=RUN)
    process.kill()
    github.ended(process)
    done = github.run("finish", env=RUN)
    assert done.code == 0, done.err
    assert "not known" not in done.err


def test_the_reply_with_a_lease_is_lost(github: Story) -> None:
    """A user was made whose name nobody knows: the token's revocation takes it along; 6, said."""
    _inject(github, DYNAMIC, "lost reply")
    done = _exec(github)
    assert done.code == 6, done.err
    assert github.calls("GET", DYNAMIC) == 1
    assert "The answer for database/creds/app was lost" in done.err
    assert "revoked, proven: 1 token" in done.err
    _nothing_left(github)


def test_the_reply_to_the_revocation_is_lost(github: Story) -> None:
    """The token is gone, and that was seen: 0."""
    _inject(github, REVOKE, "lost reply")
    done = _exec(github)
    assert done.code == 0, done.err
    _nothing_left(github)


@pytest.mark.parametrize(
    ("path", "kind"),
    [(LOGIN, "stall"), (LOGIN, "drip"), (DYNAMIC, "stall"), (DYNAMIC, "drip")],
)
def test_a_store_that_never_gets_done(github: Story, path: str, kind: str) -> None:
    """It is waited for as long as `timeout:` says, a byte at a time or none: 6, all revoked."""
    github.configure(HASTY.format(url=github.vault.url))
    stall, drip = (600, 0) if kind == "stall" else (0, 0.4)
    github.vault.inject("*", path, times=None, stall=stall, drip=drip)
    done = _exec(github)
    assert done.code == 6, done.err
    assert "It took too long." in done.err
    if path != LOGIN:
        assert "revoked, proven: 1 token" in done.err
        _nothing_left(github)


def test_reads_that_always_fail(github: Story) -> None:
    """After five tries it is 6, which names the path, and all that was minted is revoked."""
    github.vault.inject("GET", KV, times=None, status=503)
    done = _exec(github)
    assert done.code == 6, done.err
    assert KV in done.err
    assert github.calls("GET", KV) >= 5
    assert "gave up · revoked, proven: 1 token and 1 lease" in done.err
    _nothing_left(github)


def test_a_network_that_is_cut_after_a_minting_read(github: Story) -> None:
    """The user whose password never came is spoken of, though no engine could be asked for: 6."""
    github.vault.inject("GET", DYNAMIC, drop_reply=True)
    github.vault.inject("*", "sys/internal/ui/mounts/database/*", times=None, reset=True)
    github.vault.inject("*", REVOKE, times=None, reset=True)
    done = _exec(github)
    assert done.code == 6, done.err
    assert len(github.users) == 1
    assert f"lease {DYNAMIC}/(answer lost) at vault: unreachable." in done.err
    assert f"vault list sys/leases/lookup/{DYNAMIC}" in done.err


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("path", [LOGIN, DYNAMIC])
def test_a_store_in_trouble(github: Story, path: str, status: int) -> None:
    """Neither the job's identity nor a policy is to blame for what the store cannot do: 6."""
    github.vault.inject("*", path, times=None, status=status, retry_after=0)
    done = _exec(github)
    assert done.code == 6, done.err
    assert "policy" not in done.err
    _nothing_left(github)


@pytest.mark.parametrize("status", [403, 404])
def test_the_look_up_of_mounts_is_withheld(github: Story, status: int) -> None:
    """A secret of KV v2 is not said to lack its field: what to let through is named."""
    github.vault.inject("*", "sys/internal/ui/mounts/*", times=None, status=status)
    done = _exec(github)
    assert done.code == 5, done.err
    assert "Let GET /v1/sys/internal/ui/mounts/… through." in done.err
    _nothing_left(github)


def test_a_token_revoked_under_us(github: Story) -> None:
    """CMD's output is still redacted, its code is ours, and what happened is said."""
    process = github.begin_exec(script='cat; echo "value: $API_KEY"; exit 3', env=RUN)
    (accessor,) = github.tokens()
    github.vault.root("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    github.release(process)
    done = github.ended(process)
    assert done.code == 3, done.err
    assert done.out == "value: ***\n"
    assert "already gone: 1 token" in done.err
    assert github.api_key not in done.said
    _nothing_left(github)


def test_a_token_revoked_under_us_and_a_command_that_succeeds(github: Story) -> None:
    """Nothing is left open, so that it is 0; a renewal that failed meanwhile is a warning."""
    process = github.begin_exec("--heartbeat-ttl", "5", env=RUN)
    wait_until(lambda: github.calls("POST", RENEW), "the heartbeat")
    (accessor,) = github.tokens()
    github.vault.root("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    wait_until(lambda: github.calls("POST", RENEW) >= 2, "a renewal")
    github.release(process)
    done = github.ended(process)
    assert done.code == 0, done.err
    assert "already gone: 1 token" in done.err
    _nothing_left(github)


def _short_lived(story: Story) -> None:
    """Tokens that end eight seconds after the login, whatever is renewed."""
    story.vault.jwt_role("deploy", token_policies=["deploy"], token_ttl="8s", token_max_ttl="8s")


def test_github_logs_in_again_near_the_maximum_ttl(github: Story) -> None:
    """A new JWT is minted in mid-job, and both tokens are accounted for at the end."""
    _short_lived(github)
    process = github.begin_exec(env=RUN)
    # The new token is lowered to the heartbeat's TTL once it is taken over.
    wait_until(lambda: github.calls("POST", RENEW) >= 3, "another login")
    github.release(process)
    done = github.ended(process)
    assert done.code == 0, done.err
    assert "Logged in again" in done.err
    _nothing_left(github)


@pytest.mark.parametrize("story", ["gitlab"], indirect=True)
def test_gitlab_cannot_and_says_so(story: Story) -> None:
    """The CI gives no second JWT: the warning says when everything ends, and what to raise."""
    _short_lived(story)
    process = story.begin_exec(env=RUN)
    wait_until(lambda: story.calls("POST", RENEW) >= 2, "the renewal that is cut short")
    story.release(process)
    done = story.ended(process)
    assert done.code == 0, done.err
    assert story.calls("POST", LOGIN) == 1
    assert "this CI gives no second JWT" in done.err
    assert "token_max_ttl" in done.err
    _nothing_left(story)
