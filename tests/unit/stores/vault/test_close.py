"""The end, with proof."""

import json
import re
from typing import Any

import httpx
import pytest

from ci_secrets.stores.interface import CloseReason, Closing, Outcome
from ci_secrets.stores.vault.session import VaultSession
from tests.unit.stores.vault.fake import (
    HEALTH,
    Answer,
    Bench,
    FakeVault,
    Rule,
    auth,
    engine,
    forbidden,
    request,
)

LOOK = "GET auth/token/lookup-self"
REVOKE = "POST auth/token/revoke-self"
LEASE_REVOKE = "PUT sys/leases/revoke"
LEASE_LOOK = "PUT sys/leases/lookup"
ALIVE: Answer = (200, {"data": {"ttl": 600}})
DONE: Answer = (204, None)
NO_LEASE: Answer = (400, {"errors": ["invalid lease"]})
INVALID: Answer = (
    403,
    {"errors": ["2 errors occurred:\n\t* permission denied\n\t* invalid token"]},
)


def with_leases(bench: Bench, vault: FakeVault, count: int = 1, **login: Any) -> VaultSession:
    """A session with leases of a database role, which live until they are revoked."""
    gone = set()

    def revoke(asked: httpx.Request) -> Answer:
        gone.add(json.loads(asked.content)["lease_id"])
        return DONE

    def look(asked: httpx.Request) -> Answer:
        return NO_LEASE if json.loads(asked.content)["lease_id"] in gone else ALIVE

    vault.rules["POST auth/jwt/login"] = (200, auth(**login))
    vault.rules |= {LEASE_REVOKE: revoke, LEASE_LOOK: look}
    wanted = []
    for number in range(count):
        path = f"database/creds/r{number}"
        vault.rules |= {
            f"GET sys/internal/ui/mounts/{path}": (200, engine("database")),
            f"GET {path}": (
                200,
                {"lease_id": f"{path}/L", "lease_duration": 3600, "data": {"value": "x"}},
            ),
        }
        wanted.append(request(path, name=f"R{number}"))
    session = bench.login()
    session.fetch(wanted)
    assert session.notices is not None  # the login's look-up is over
    vault.asked.clear()
    return session


def token_of(closings: list[Closing]) -> Closing:
    """The one token."""
    (token,) = (each for each in closings if each.kind == "token")
    return token


def leases_of(closings: list[Closing]) -> list[Closing]:
    """All leases."""
    return [each for each in closings if each.kind == "lease"]


class TestToken:
    """A token is revoked when it was seen alive and then gone, and not for anything less."""

    def test_proven(self, bench: Bench, vault: FakeVault) -> None:
        """Look-up 200, revoke 204, look-up 403, in that order."""
        session = bench.login()
        assert session.token.accessor == "acc-1"
        vault.asked.clear()
        closing = token_of(session.close("end"))
        assert closing.outcome is Outcome.REVOKED
        assert closing.expires_at is None
        assert vault.paths() == [
            "auth/token/lookup-self",
            "auth/token/revoke-self",
            "auth/token/lookup-self",
        ]

    @pytest.mark.parametrize(
        ("looks", "revoke", "outcome"),
        [
            # Words of OpenBao prove as much as those of Vault.
            ([ALIVE, ALIVE, forbidden()], DONE, Outcome.REVOKED),
            ([ALIVE, ALIVE, INVALID], DONE, Outcome.REVOKED),
            # Never seen alive (no default policy): a 403 afterwards proves nothing.
            ([forbidden()], DONE, Outcome.UNPROVEN),
            # Seen by the login's look-up, gone when we come.
            ([ALIVE, INVALID], INVALID, Outcome.GONE),
            # May not revoke itself.
            ([ALIVE], forbidden(), Outcome.REFUSED),
            ([forbidden()], forbidden(), Outcome.REFUSED),
            # The store says yes, and knows it still.
            ([ALIVE], DONE, Outcome.FAILED),
            ([ALIVE, ALIVE, (500, None)], DONE, Outcome.UNPROVEN),
            ([ALIVE, ALIVE, httpx.ConnectError("down")], DONE, Outcome.UNPROVEN),
            # Down.
            ([ALIVE, httpx.ConnectError("down")], httpx.ConnectError("down"), Outcome.UNREACHABLE),
            ([ALIVE, (503, None)], (503, None), Outcome.UNREACHABLE),
            ([ALIVE, (429, None)], (429, None), Outcome.UNREACHABLE),
            # The answer to the revocation is lost, and the token is gone.
            ([ALIVE, ALIVE, INVALID], httpx.ReadError("reset"), Outcome.REVOKED),
            ([ALIVE, ALIVE, INVALID], INVALID, Outcome.GONE),
            # The first answer is lost, the repeated revocation meets a dead token.
            ([ALIVE, ALIVE, INVALID], [httpx.ReadError("reset"), INVALID], Outcome.REVOKED),
            ([forbidden()], [httpx.ReadError("reset"), INVALID], Outcome.UNREACHABLE),
            ([ALIVE], (400, {"errors": ["strange"]}), Outcome.REFUSED),
        ],
    )
    def test_outcomes(
        self, bench: Bench, vault: FakeVault, looks: list[Answer], revoke: Rule, outcome: Outcome
    ) -> None:
        """What was seen decides, and no error text."""
        vault.rules |= {LOOK: list(looks), REVOKE: revoke}
        session = bench.login()
        assert session.token is not None
        closing = token_of(session.close("end"))
        assert closing.outcome is outcome
        assert closing.id == "acc-1"
        assert (closing.expires_at is None) is outcome.proven
        assert bool(closing.command) is not outcome.closed
        if not outcome.closed:
            assert closing.command == "vault token revoke -accessor acc-1"

    def test_live_token_without_default_policy(self, bench: Bench, vault: FakeVault) -> None:
        """A live token that may do nothing is not called revoked; policy lines are given."""
        vault.rules |= {LOOK: forbidden(), REVOKE: forbidden()}
        session = bench.login()
        closing = token_of(session.close("end"))
        assert closing.outcome is Outcome.REFUSED
        assert 'path "auth/token/revoke-self"' in closing.policy
        assert 'path "auth/token/lookup-self"' in closing.policy
        assert any("lookup-self" in notice.text for notice in session.notices)

    def test_unproven_gives_the_policy_line(self, bench: Bench, vault: FakeVault) -> None:
        """Revoked without having been seen: the line that would have proven it."""
        vault.rules |= {LOOK: forbidden(), REVOKE: DONE}
        closing = token_of(bench.login().close("end"))
        assert closing.policy == 'path "auth/token/lookup-self" { capabilities = ["read"] }'

    def test_batch(self, bench: Bench, vault: FakeVault) -> None:
        """A batch token cannot be revoked: until when it lives is said, and nothing is tried."""
        vault.rules["POST auth/jwt/login"] = (200, auth(token_type="batch", renewable=False))
        session = bench.login()
        closing = token_of(session.close("end"))
        assert closing.outcome is Outcome.EXPIRES
        assert closing.expires_at == pytest.approx(session.token.expires_at)
        assert "auth/token/revoke-self" not in vault.paths()
        assert any("batch" in notice.text for notice in session.notices)

    def test_expired(self, bench: Bench, vault: FakeVault) -> None:
        """A token whose TTL has ended is gone, though it was never seen."""
        vault.rules |= {
            "POST auth/jwt/login": (200, auth(lease_duration=1)),
            LOOK: forbidden(),
            REVOKE: forbidden(),
        }
        session = bench.login()
        assert session.token.ttl_seconds == 1
        session._closer.clock = lambda: session.token.expires_at + 1
        assert token_of(session.close("end")).outcome is Outcome.GONE

    @pytest.mark.parametrize(
        ("look", "outcome"),
        [
            (INVALID, Outcome.GONE),
            # Our clock is wrong.
            (ALIVE, Outcome.EXPIRES),
            (httpx.ConnectError("down"), Outcome.EXPIRES),
        ],
    )
    def test_expired_batch(
        self, bench: Bench, vault: FakeVault, look: Answer, outcome: Outcome
    ) -> None:
        """A batch token whose TTL has ended, and which the store does not know, is gone."""
        vault.rules["POST auth/jwt/login"] = (200, auth(token_type="batch", renewable=False))
        session = bench.login()
        assert token_of(session.close("end")).outcome is Outcome.EXPIRES
        vault.rules[LOOK] = look
        session._closer.clock = lambda: session.token.expires_at + 1
        assert token_of(session.close("end")).outcome is outcome

    def test_without_end(self, bench: Bench, vault: FakeVault) -> None:
        """A token with TTL 0 lives for ever, and is not taken for an expired one."""
        vault.rules |= {
            "POST auth/jwt/login": (200, auth(lease_duration=0)),
            LOOK: forbidden(),
            REVOKE: forbidden(),
        }
        closing = token_of(bench.login().close("end"))
        assert closing.outcome is Outcome.REFUSED
        assert closing.expires_at is None

    def test_namespace_in_the_command(self, bench: Bench, vault: FakeVault) -> None:
        """The command for an operator names the namespace."""
        vault.rules |= {
            f"GET {HEALTH}": (200, {"version": "2.5.5"}),
            REVOKE: forbidden(),
        }
        closing = token_of(bench.login(namespace="team").close("end"))
        assert closing.command == "vault token revoke -namespace=team -accessor acc-1"


class TestLimitedUses:
    """A token of few uses: none is spent on looking where it is needed for revoking."""

    def test_enough(self, bench: Bench, vault: FakeVault) -> None:
        """With uses to spare the end is proven as any other."""
        vault.rules["POST auth/jwt/login"] = (200, auth(num_uses=5))
        session = bench.login()
        assert "5 calls" in session.notices[0].text
        assert token_of(session.close("end")).outcome is Outcome.REVOKED

    @pytest.mark.parametrize("uses", [1, 2])
    def test_few(self, bench: Bench, vault: FakeVault, uses: int) -> None:
        """With one or two left, one revokes and none looks."""
        vault.rules["POST auth/jwt/login"] = (200, auth(num_uses=uses))
        session = bench.login()
        assert token_of(session.close("end")).outcome is Outcome.UNPROVEN
        assert vault.paths() == ["auth/jwt/login", "auth/token/revoke-self"]

    @pytest.mark.parametrize("odd", [{"num_uses": -3}, {"lease_duration": 10**400}])
    def test_numbers_that_make_no_sense(
        self, bench: Bench, vault: FakeVault, odd: dict[str, int]
    ) -> None:
        """They are said to make none, and what was minted is revoked."""
        session = with_leases(bench, vault, **odd)
        (name,) = odd
        assert f"makes no sense ({name})" in session.notices[0].text
        assert {each.outcome for each in session.close("end")} == {Outcome.REVOKED}

    def test_spent(self, bench: Bench, vault: FakeVault) -> None:
        """With none left the store refuses the one attempt, and that is said."""
        session = with_leases(bench, vault, num_uses=1)
        vault.rules[REVOKE] = forbidden()
        closings = session.close("end")
        assert token_of(closings).outcome is Outcome.EXPIRES
        assert "spent" in token_of(closings).detail
        assert [each.outcome for each in leases_of(closings)] == [Outcome.EXPIRES]
        assert vault.paths() == ["auth/token/revoke-self"]

    def test_spent_later_than_we_think(self, bench: Bench, vault: FakeVault) -> None:
        """Where the store has counted less than we did, the token is revoked all the same."""
        session = with_leases(bench, vault, num_uses=1)
        closings = session.close("end")
        assert token_of(closings).outcome is Outcome.UNPROVEN
        assert [each.outcome for each in leases_of(closings)] == [Outcome.QUEUED]

    def test_spent_and_expired(self, bench: Bench, vault: FakeVault) -> None:
        """Whatever became of its uses, a token whose TTL has ended is gone."""
        vault.rules |= {"POST auth/jwt/login": (200, auth(num_uses=1)), REVOKE: INVALID}
        session = bench.login()
        session._closer.clock = lambda: session.token.expires_at + 1
        assert token_of(session.close("end")).outcome is Outcome.GONE

    def test_spent_earlier_than_we_think(self, bench: Bench, vault: FakeVault) -> None:
        """Where the store has counted more than we did, its 403 says that the uses are spent."""
        vault.rules |= {"POST auth/jwt/login": (200, auth(num_uses=2)), REVOKE: forbidden()}
        assert token_of(bench.login().close("end")).outcome is Outcome.EXPIRES


class TestLeases:
    """Each lease is revoked and looked at, as the reason of the close gives time for it."""

    def test_end(self, bench: Bench, vault: FakeVault) -> None:
        """At a normal end each lease goes first: seen alive, revoked and waited for, seen gone."""
        session = with_leases(bench, vault, 3)
        closings = session.close("end")
        assert [each.outcome for each in leases_of(closings)] == [Outcome.REVOKED] * 3
        assert all(each.body["sync"] is True for each in vault.of("sys/leases/revoke"))
        paths = vault.paths()
        assert paths[0] == paths[-1] == "auth/token/lookup-self"
        assert paths[-2] == "auth/token/revoke-self"
        for lease in session.leases():
            assert [
                each.path
                for each in vault.asked
                if each.path.startswith("sys/") and each.body["lease_id"] == lease.lease_id
            ] == ["sys/leases/lookup", "sys/leases/revoke", "sys/leases/lookup"]

    def test_signal(self, bench: Bench, vault: FakeVault) -> None:
        """On a signal the token goes first, and its leases are queued, not seen."""
        session = with_leases(bench, vault, 2)
        closings = session.close("signal")
        assert vault.paths() == ["auth/token/revoke-self", "auth/token/lookup-self"]
        assert token_of(closings).outcome is Outcome.REVOKED
        assert [each.outcome for each in leases_of(closings)] == [Outcome.QUEUED] * 2

    def test_leak(self, bench: Bench, vault: FakeVault) -> None:
        """On a leak the exposed leases go first, then the token, and nothing comes before them."""
        session = with_leases(bench, vault, 3)
        closings = session.close("leak", ["database/creds/r1/L"])
        assert vault.paths() == [
            "sys/leases/lookup",
            "sys/leases/revoke",
            "sys/leases/lookup",
            "auth/token/revoke-self",
            "auth/token/lookup-self",
        ]
        assert vault.asked[0].body["lease_id"] == "database/creds/r1/L"
        assert [each.outcome for each in leases_of(closings)] == [
            Outcome.QUEUED,
            Outcome.REVOKED,
            Outcome.QUEUED,
        ]

    def test_foreign_leases_are_left_alone(self, bench: Bench, vault: FakeVault) -> None:
        """An id that is not in the ledger is not revoked, whoever says that it is exposed."""
        session = with_leases(bench, vault)
        session.close("leak", ["database/creds/of-somebody-else/L"])
        assert vault.of("sys/leases/revoke") == []

    @pytest.mark.parametrize(
        ("looks", "revoke", "outcome"),
        [
            ([ALIVE, NO_LEASE], DONE, Outcome.REVOKED),
            ([forbidden()], DONE, Outcome.UNPROVEN),
            ([ALIVE, forbidden()], DONE, Outcome.UNPROVEN),
            ([ALIVE], forbidden(), Outcome.UNPROVEN),
            ([forbidden()], forbidden(), Outcome.UNPROVEN),
            # Gone when we come, or while we may not end it.
            ([NO_LEASE], DONE, Outcome.GONE),
            ([ALIVE, NO_LEASE], forbidden(), Outcome.GONE),
            # The revocation statement failed.
            ([ALIVE], (400, {"errors": ["failed to revoke"]}), Outcome.FAILED),
            ([ALIVE], (500, {"errors": ["failed to revoke"]}), Outcome.FAILED),
            ([forbidden()], (500, {"errors": ["failed to revoke"]}), Outcome.FAILED),
            ([ALIVE], DONE, Outcome.FAILED),
            # It took too long: alive, or meanwhile gone.
            ([ALIVE], httpx.ReadTimeout("slow"), Outcome.FAILED),
            ([ALIVE, NO_LEASE], httpx.ReadTimeout("slow"), Outcome.REVOKED),
            ([httpx.ConnectError("down")], httpx.ConnectError("down"), Outcome.UNREACHABLE),
        ],
    )
    def test_outcomes(
        self, bench: Bench, vault: FakeVault, looks: list[Answer], revoke: Answer, outcome: Outcome
    ) -> None:
        """A lease is gone when its look-up says so; one that could not be ended is alive."""
        session = with_leases(bench, vault)
        vault.rules |= {LEASE_REVOKE: revoke, LEASE_LOOK: looks}
        (closing,) = leases_of(session.close("end"))
        assert closing.outcome is outcome
        assert bool(closing.command) is not outcome.closed
        if outcome is Outcome.FAILED:
            assert closing.command == "vault lease revoke -sync database/creds/r0/L"
            assert closing.expires_at is not None
        if outcome is Outcome.UNPROVEN:
            assert 'path "sys/leases/revoke"' in closing.policy

    def test_gone_before(self, bench: Bench, vault: FakeVault) -> None:
        """What had gone before is not called revoked, though the store would have said yes."""
        session = with_leases(bench, vault)
        vault.rules[LEASE_LOOK] = NO_LEASE
        (closing,) = leases_of(session.close("end"))
        assert closing.outcome is Outcome.GONE
        assert vault.of("sys/leases/revoke") == []

    def test_never_seen_alive(self, bench: Bench, vault: FakeVault) -> None:
        """Where the first look-up brings nothing, the lease is revoked all the same, unproven."""
        session = with_leases(bench, vault)
        vault.rules[LEASE_LOOK] = [*[(503, None)] * 5, NO_LEASE]
        (closing,) = leases_of(session.close("end"))
        assert closing.outcome is Outcome.UNPROVEN
        assert "seen alive" in closing.detail

    def test_nothing_can_be_revoked(self, bench: Bench, vault: FakeVault) -> None:
        """With neither lease nor token revoked the lease is as alive as its token."""
        session = with_leases(bench, vault)
        vault.rules |= {LEASE_REVOKE: forbidden(), LEASE_LOOK: ALIVE, REVOKE: forbidden()}
        (closing,) = leases_of(session.close("end"))
        assert closing.outcome is Outcome.REFUSED
        assert closing.command

    @pytest.mark.parametrize("reason", ["end", "leak", "signal"])
    def test_batch(self, bench: Bench, vault: FakeVault, reason: CloseReason) -> None:
        """The leases of a batch token are revoked one by one, whatever the reason."""
        session = with_leases(bench, vault, 2, token_type="batch", renewable=False)
        closings = session.close(reason)
        assert [each.outcome for each in leases_of(closings)] == [Outcome.REVOKED] * 2
        assert token_of(closings).outcome is Outcome.EXPIRES

    def test_limited_uses(self, bench: Bench, vault: FakeVault) -> None:
        """Where the uses do not reach for each lease, the token takes them with it."""
        session = with_leases(bench, vault, 2, num_uses=10)
        closings = session.close("end")
        assert token_of(closings).outcome is Outcome.REVOKED
        assert [each.outcome for each in leases_of(closings)] == [Outcome.QUEUED] * 2

    def test_uses_that_reach(self, bench: Bench, vault: FakeVault) -> None:
        """Three for each lease and three for the token prove the end of all of them."""
        session = with_leases(bench, vault, 2, num_uses=11)
        assert {each.outcome for each in session.close("end")} == {Outcome.REVOKED}


class TestAgain:
    """Closing again tries what is not closed, and leaves the rest alone."""

    def test_closed(self, bench: Bench, vault: FakeVault) -> None:
        """What is closed is reported again, and nothing is sent."""
        session = with_leases(bench, vault)
        first = session.close("end")
        vault.asked.clear()
        assert session.close("end") == first
        assert vault.asked == []

    def test_after_an_outage(self, bench: Bench, vault: FakeVault) -> None:
        """What could not be reached is revoked, with proof, when the store is back."""
        session = with_leases(bench, vault)
        rules = dict(vault.rules)
        vault.rules = {key: httpx.ConnectError("down") for key in rules}
        first = session.close("end")
        assert {each.outcome for each in first} == {Outcome.UNREACHABLE}
        assert all(each.expires_at and each.command for each in first)
        vault.rules = rules
        assert {each.outcome for each in session.close("end")} == {Outcome.REVOKED}

    def test_in_another_process(self, bench: Bench, vault: FakeVault) -> None:
        """A session that was handed over is closed like the first, its proof included."""
        session = with_leases(bench, vault, 2)
        packed = json.loads(json.dumps(session.handover()))
        resumed = bench.store().resume(packed)
        assert resumed.leases() == session.leases()
        assert resumed.token == session.token
        assert resumed.own_credentials()["vault token"] == session.own_credentials()["vault token"]
        assert {each.outcome for each in resumed.close("end")} == {Outcome.REVOKED}
        assert vault.paths()[0] == "auth/token/lookup-self"
        # The first process comes late, and sees that it is done.
        assert token_of(session.close("end")).outcome is Outcome.GONE

    def test_handover_keeps_what_was_lost(self, bench: Bench, vault: FakeVault) -> None:
        """An answer that was lost is known to whoever closes."""
        session = with_leases(bench, vault)
        vault.rules["GET database/creds/r0"] = httpx.ReadError("reset")
        with pytest.raises(Exception, match="did not answer"):
            session.fetch([request("database/creds/r0")])
        lost = bench.store().resume(session.handover()).close("end")[-1]
        assert lost.id == "database/creds/r0/(answer lost)"


def test_nothing_raises(bench: Bench, vault: FakeVault) -> None:
    """Whatever goes wrong in the end of a run is an outcome."""
    session = with_leases(bench, vault)
    nonsense: Answer = (200, b"<html>")
    reasons: tuple[CloseReason, ...] = ("end", "leak", "signal")
    for answer in (nonsense, (307, None, {"location": "https://evil.example"}), (204, b"")):
        for reason in reasons:
            vault.rules = dict.fromkeys(vault.rules, answer)
            closings = session.close(reason, ["database/creds/r0/L"])
            assert all(not each.outcome.proven for each in closings)


def test_no_secret_in_a_closing(bench: Bench, vault: FakeVault) -> None:
    """Neither the token nor what the store said is in the report."""
    vault.rules[REVOKE] = (400, {"errors": ["hvs.made-up-token is odd"]})
    closings = with_leases(bench, vault).close("end")
    assert not re.search("made-up|odd", repr(closings))
