"""Keeping tokens and leases alive."""

import json
import threading
import time
from typing import Any

import httpx
import pytest

from ci_secrets.clock import steady
from ci_secrets.errors import RefusedError, UnreachableError
from ci_secrets.secret import Lease, Secret
from ci_secrets.stores.interface import Kept, Notice
from ci_secrets.stores.vault.session import VaultSession
from tests import patience
from tests.unit.stores.vault.fake import Answer, Bench, FakeVault, auth, forbidden, mint, request

RENEW = "POST auth/token/renew-self"
RENEW_LEASE = "PUT sys/leases/renew"
LOOK_UP_LEASE = "PUT sys/leases/lookup"


class Clock:
    """Time that tests move."""

    def __init__(self) -> None:
        self.now = steady()

    def __call__(self) -> float:
        return self.now


def timed(bench: Bench, vault: FakeVault, **login: Any) -> tuple[VaultSession, Clock]:
    """A session whose keeper goes by the test's clock, without jitter."""
    vault.rules["POST auth/jwt/login"] = (200, auth(**login))
    session, clock = bench.login(), Clock()
    assert session.token is not None
    session._keeper.plans.clock, session._keeper.plans.jitter = clock, lambda: 1.0
    vault.asked.clear()
    return session, clock


def granting(vault: FakeVault, **changes: Any) -> None:
    """Let renewals of the token grant what is asked for, unless told otherwise."""

    def grant(asked: httpx.Request) -> Answer:
        wanted = json.loads(asked.content)["increment"]
        return 200, auth(**{"lease_duration": wanted, **changes})

    vault.rules[RENEW] = grant


class TestHeartbeat:
    """The heartbeat lowers the TTL of a token that takes it."""

    def test_lowers(self, bench: Bench, vault: FakeVault) -> None:
        """The TTL becomes the heartbeat's, and the next renewal comes at two thirds of it."""
        session, _ = timed(bench, vault)
        granting(vault)
        session.heartbeat(300)
        assert vault.of("auth/token/renew-self")[0].body == {"increment": 300}
        assert session.token.ttl_seconds == 300
        kept = session.keep(None)
        assert kept.next_in_seconds == pytest.approx(200, abs=1)
        assert kept.notices == ()

    def test_trusts_what_is_granted(self, bench: Bench, vault: FakeVault) -> None:
        """The schedule follows the TTL that came back, not the one that was asked for."""
        session, _ = timed(bench, vault)
        granting(vault, lease_duration=90)
        session.heartbeat(300)
        assert session.keep(None).next_in_seconds == pytest.approx(60, abs=1)

    def test_never_longer(self, bench: Bench, vault: FakeVault) -> None:
        """A token that lives shorter than the heartbeat is not made to live longer."""
        session, _ = timed(bench, vault, lease_duration=120)
        granting(vault)
        session.heartbeat(300)
        assert vault.of("auth/token/renew-self")[0].body == {"increment": 120}

    @pytest.mark.parametrize("login", [{"token_type": "batch"}, {"renewable": False}])
    def test_not_for(self, bench: Bench, vault: FakeVault, login: dict[str, Any]) -> None:
        """A batch token or one that cannot be renewed is left as it is."""
        session, _ = timed(bench, vault, **login)
        session.heartbeat(300)
        assert vault.asked == []

    def test_not_for_periodic(self, bench: Bench, vault: FakeVault) -> None:
        """A periodic token, which only the look-up tells, is left as it is, and that is said."""
        vault.rules["GET auth/token/lookup-self"] = (200, {"data": {"period": 3600}})
        session, _ = timed(bench, vault)
        session.heartbeat(300)
        assert vault.asked == []
        assert "periodic" in session.notices[0].text

    @pytest.mark.parametrize("answer", [forbidden(), (500, None), httpx.ConnectError("down")])
    def test_refused(self, bench: Bench, vault: FakeVault, answer: Answer) -> None:
        """A TTL that cannot be lowered is said by the next round, once, with the policy line."""
        session, _ = timed(bench, vault)
        vault.rules[RENEW] = answer
        session.heartbeat(300)
        (notice,) = session.keep(None).notices
        assert 'path "auth/token/renew-self"' in notice.text
        assert session.keep(None).notices == ()

    @pytest.mark.parametrize("answer", [forbidden(), httpx.ReadTimeout("slow")])
    def test_soon_again(self, bench: Bench, vault: FakeVault, answer: Answer) -> None:
        """As the TTL may be lowered where only the answer was lost, the next renewal is as soon."""
        session, clock = timed(bench, vault)
        vault.rules[RENEW] = answer
        session.heartbeat(300)
        assert session.keep(None).next_in_seconds == pytest.approx(200, abs=1)
        granting(vault)
        clock.now += 201
        assert session.keep(None).notices == ()
        assert session.token.ttl_seconds == 300


class TestToken:
    """The token is renewed when two thirds of its TTL are over."""

    def test_not_before(self, bench: Bench, vault: FakeVault) -> None:
        """Before that nothing is sent."""
        session, clock = timed(bench, vault)
        assert session.keep(None).next_in_seconds == pytest.approx(400, abs=1)
        clock.now += 399
        session.keep(None)
        assert vault.asked == []

    def test_renewed(self, bench: Bench, vault: FakeVault) -> None:
        """Then it is, for what it had at first, time and again."""
        session, clock = timed(bench, vault)
        granting(vault)
        for _ in range(3):
            clock.now += session.keep(None).next_in_seconds + 1
            kept = session.keep(None)
            assert kept.notices == ()
        assert [each.body for each in vault.of("auth/token/renew-self")] == [{"increment": 600}] * 3

    def test_jitter(self, bench: Bench) -> None:
        """The moment is drawn, so that a thousand jobs do not come at once."""
        pauses = {bench.login().keep(None).next_in_seconds for _ in range(5)}
        assert len(pauses) > 1
        assert all(350 < pause <= 401 for pause in pauses)

    @pytest.mark.parametrize(
        "answer",
        [
            (500, None),
            (429, None),
            httpx.ReadTimeout("slow"),
            forbidden(),
            (400, None),
            (307, None),
        ],
    )
    def test_trouble_passes(self, bench: Bench, vault: FakeVault, answer: Answer) -> None:
        """While there is time a renewal that failed is tried again, not at once; said once."""
        session, clock = timed(bench, vault)
        session.keep(None)
        clock.now += 401
        vault.rules[RENEW] = answer
        kept = session.keep(None)
        assert "is tried again" in kept.notices[0].text
        assert kept.next_in_seconds == pytest.approx(50, abs=2)
        clock.now += kept.next_in_seconds
        kept = session.keep(None)
        assert kept.notices == ()
        assert 30 < kept.next_in_seconds < 50
        clock.now += kept.next_in_seconds
        granting(vault)
        assert session.keep(None).notices == ()
        assert session.token.ttl_seconds == 600
        clock.now += 401
        vault.rules[RENEW] = answer
        assert "is tried again" in session.keep(None).notices[0].text

    def test_trouble_stays(self, bench: Bench, vault: FakeVault) -> None:
        """When the time is over the loss is an error, once, and the rounds go on slowly."""
        session, clock = timed(bench, vault)
        session.keep(None)
        vault.rules[RENEW] = httpx.ConnectError("down")
        clock.now += 600
        with pytest.raises(UnreachableError):
            session.keep(None)
        assert session.keep(None).next_in_seconds == 600

    def test_refused(self, bench: Bench, vault: FakeVault) -> None:
        """A renewal that is refused is said with the policy line, and is an error at the end."""
        session, clock = timed(bench, vault)
        session.keep(None)
        vault.rules[RENEW] = forbidden()
        clock.now += 401
        (notice,) = session.keep(None).notices
        assert 'path "auth/token/renew-self"' in notice.text
        clock.now += 199
        with pytest.raises(RefusedError) as caught:
            session.keep(None)
        assert 'path "auth/token/renew-self"' in caught.value.fix
        assert session.keep(None).next_in_seconds == 600

    def test_refused_until_the_end(self, bench: Bench, vault: FakeVault) -> None:
        """However long it is refused, the tries are few, and the last one is near the end."""
        session, clock = timed(bench, vault)
        session.keep(None)
        vault.rules[RENEW] = forbidden()
        clock.now += 401
        end = clock.now + 199
        while clock.now < end - 2:
            clock.now += session.keep(None).next_in_seconds
        assert 5 < len(vault.asked) < 20

    def test_maximum_ttl(self, bench: Bench, vault: FakeVault) -> None:
        """Near the maximum TTL the granted time shrinks: said once, then left alone."""
        session, clock = timed(bench, vault)
        session.keep(None)
        granting(vault, lease_duration=20)
        clock.now += 401
        (notice,) = session.keep(None).notices
        assert "maximum TTL" in notice.text
        assert "token_max_ttl" in notice.text
        calls = len(vault.asked)
        for _ in range(10):
            clock.now += 5
            kept = session.keep(None)
            assert (kept.notices, kept.next_in_seconds) == ((), 600)
        assert len(vault.asked) == calls

    @pytest.mark.parametrize("answer", [(500, None), httpx.ReadTimeout("slow"), forbidden()])
    def test_end_at_the_maximum_ttl(self, bench: Bench, vault: FakeVault, answer: Answer) -> None:
        """What the store says at an end that was known is no error: the maximum TTL is met."""
        session, clock = timed(bench, vault)
        session.keep(None)
        granting(vault, lease_duration=450)  # more than half of 600: worth another renewal
        clock.now += 401
        assert session.keep(None).notices == ()
        vault.rules[RENEW] = answer
        clock.now += 450
        (notice,) = session.keep(None).notices
        assert "has met its maximum TTL" in notice.text
        assert session.keep(None) == Kept(next_in_seconds=600)

    def test_refused_before_the_maximum_ttl(self, bench: Bench, vault: FakeVault) -> None:
        """A token that is refused earlier than it had to end may have been taken by somebody."""
        session, clock = timed(bench, vault)
        session.keep(None)
        granting(vault, lease_duration=450)
        clock.now += 401
        session.keep(None)
        vault.rules[RENEW] = forbidden()
        clock.now += 301
        (notice,) = session.keep(None).notices
        assert "revoked by somebody else" in notice.text

    def test_not_renewable(self, bench: Bench, vault: FakeVault) -> None:
        """A token that cannot be renewed is spoken of when its end comes near."""
        session, clock = timed(bench, vault, renewable=False)
        assert session.keep(None).notices == ()
        clock.now += 401
        (notice,) = session.keep(None).notices
        assert "cannot be renewed" in notice.text

    def test_without_end(self, bench: Bench, vault: FakeVault) -> None:
        """A token without end needs nothing."""
        session, clock = timed(bench, vault, lease_duration=0)
        clock.now += 10_000_000
        assert session.keep(None) == Kept(next_in_seconds=600)
        assert vault.asked == []

    def test_beyond_all_time(self, bench: Bench, vault: FakeVault) -> None:
        """A renewal that grants more than a clock can bear stops nothing."""
        session, clock = timed(bench, vault)
        granting(vault, lease_duration=10**400)
        clock.now += 500
        assert session.keep(None) == Kept(next_in_seconds=600)

    def test_wall_clock(
        self, bench: Bench, vault: FakeVault, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A wall clock that is set back or forth moves no renewal, only times that are shown."""
        session, wall = bench.login(), time.time
        session.keep(None)
        monkeypatch.setattr(time, "time", lambda: wall() - 7200)
        assert 300 < session.keep(None).next_in_seconds < 401
        monkeypatch.setattr(time, "time", lambda: wall() + 7200)
        vault.asked.clear()
        assert 300 < session.keep(None).next_in_seconds < 401
        assert vault.asked == []
        granting(vault)
        session.heartbeat(300)
        assert session.token.expires_at == pytest.approx(wall() + 7500, abs=60)

    @pytest.mark.parametrize("ttl", [1, 2, 5])
    def test_never_busy(self, bench: Bench, vault: FakeVault, ttl: int) -> None:
        """However short the TTL, a round waits a second."""
        session, clock = timed(bench, vault, lease_duration=ttl)
        granting(vault, lease_duration=ttl)
        for _ in range(5):
            pause = session.keep(None).next_in_seconds
            assert pause >= 1
            clock.now += pause


class TestLoginAgain:
    """Where the platform mints a second JWT, a token that cannot live longer is replaced."""

    def replaced(
        self, bench: Bench, vault: FakeVault, *, beat: int | None = None, **login: Any
    ) -> tuple[VaultSession, Clock, Kept]:
        """A session whose first token has met its maximum TTL, after the round that sees it."""
        session, clock = timed(bench, vault, **login)
        granting(vault)
        if beat:
            session.heartbeat(beat)
        session.keep(mint)
        vault.rules[RENEW] = [(200, auth(lease_duration=20)), (200, auth(lease_duration=300))]
        fresh = auth(client_token="hvs.made-up-second", accessor="acc-2")
        vault.rules["POST auth/jwt/login"] = (200, fresh)
        clock.now += 401
        return session, clock, session.keep(lambda _: Secret("eyJ.second.jwt"))

    def test_again(self, bench: Bench, vault: FakeVault) -> None:
        """The new token and the new JWT are told, to become needles and to be sealed."""
        session, _, kept = self.replaced(bench, vault)
        assert set(map(Secret.text, kept.new_credentials.values())) == {
            "hvs.made-up-second",
            "eyJ.second.jwt",
        }
        assert session.token.accessor == "acc-2"
        assert "Logged in again" in kept.notices[0].text
        known = set(map(Secret.text, session.own_credentials().values()))
        assert {"hvs.made-up-token", "eyJ.made.up"} < known
        assert session.keep(mint).new_credentials == {}

    def test_heartbeat_goes_on(self, bench: Bench, vault: FakeVault) -> None:
        """The new token gets the heartbeat's TTL, too."""
        session, _, _ = self.replaced(bench, vault, beat=300)
        last = vault.of("auth/token/renew-self")[-1]
        assert last.headers["x-vault-token"] == "hvs.made-up-second"
        assert last.body == {"increment": 300}
        assert session.token.ttl_seconds == 300

    def test_both_are_closed(self, bench: Bench, vault: FakeVault) -> None:
        """At the end both tokens are revoked, each with its own proof; also by another process."""
        session, _, _ = self.replaced(bench, vault)
        alive = {"hvs.made-up-token", "hvs.made-up-second"}

        def look(asked: httpx.Request) -> Answer:
            here = asked.headers["x-vault-token"] in alive
            return (200, {"data": {"ttl": 1}}) if here else forbidden()

        def revoke(asked: httpx.Request) -> Answer:
            alive.discard(asked.headers["x-vault-token"])
            return 204, None

        vault.rules |= {
            "GET auth/token/lookup-self": look,
            "POST auth/token/revoke-self": revoke,
        }
        closings = bench.store().resume(session.handover()).close("end")
        assert [(each.id, each.outcome) for each in closings] == [
            ("acc-1", "revoked"),
            ("acc-2", "revoked"),
        ]
        assert not alive

    def test_both_are_closed_side_by_side(self, bench: Bench, vault: FakeVault) -> None:
        """With a store that hangs, two tokens take a cancelled job no longer than one."""
        session, _, _ = self.replaced(bench, vault)
        together = threading.Barrier(2)

        def through(asked: httpx.Request) -> httpx.Response:
            if asked.url.path.endswith("revoke-self"):
                together.wait(timeout=patience.SECONDS)
                return httpx.Response(204)
            return httpx.Response(403, json={"errors": ["permission denied"]})

        closings = bench.store(through=through).resume(session.handover()).close("signal")
        assert [each.outcome.closed for each in closings] == [True, True]

    def test_batch_is_replaced(self, bench: Bench, vault: FakeVault) -> None:
        """A batch token, which nobody can renew, is replaced as well."""
        session, _, kept = self.replaced(bench, vault, token_type="batch", renewable=False)
        assert session.token.accessor == "acc-2"
        assert kept.new_credentials

    def test_a_last_renewal_without_answer(self, bench: Bench, vault: FakeVault) -> None:
        """Where a new login is possible, a store that fails the last renewal is no end yet."""
        session, clock = timed(bench, vault)
        session.keep(mint)
        vault.rules[RENEW] = (500, {"errors": []})
        fresh = auth(client_token="hvs.made-up-second", accessor="acc-2")
        vault.rules["POST auth/jwt/login"] = (200, fresh)
        clock.now += 600
        kept = session.keep(lambda _: Secret("eyJ.second.jwt"))
        assert "Logged in again" in kept.notices[0].text
        assert session.token.accessor == "acc-2"

    def test_not_for_one_refusal(self, bench: Bench, vault: FakeVault) -> None:
        """A new login would let the leases of the token end: first the renewal is tried again."""
        session, clock = timed(bench, vault)
        session.keep(mint)
        vault.rules[RENEW] = [forbidden(), (200, auth())]
        clock.now += 401
        clock.now += session.keep(mint).next_in_seconds
        assert session.keep(mint).notices == ()
        assert len(vault.of("auth/token/renew-self")) == 2
        assert vault.of("auth/jwt/login") == []

    def test_leases_of_the_first(self, bench: Bench, vault: FakeVault) -> None:
        """That leases end with the old token is a warning, and is said once."""
        session, clock = timed(bench, vault)
        session._ledger.put(
            Lease(lease_id="db/L", path="database/creds/app", ttl_seconds=900, renewable=True)
        )
        session.keep(mint)
        vault.rules[RENEW] = (200, auth(lease_duration=20))
        fresh = auth(client_token="hvs.made-up-second", accessor="acc-2", lease_duration=3600)
        vault.rules["POST auth/jwt/login"] = (200, fresh)
        clock.now += 401
        (notice,) = session.keep(mint).notices
        assert notice.level == "warning"
        assert "end then" in notice.text
        vault.rules[RENEW_LEASE] = vault.rules[LOOK_UP_LEASE] = (400, {"errors": ["invalid lease"]})
        clock.now += 300
        assert session.keep(mint).notices == ()
        vault.rules[RENEW] = (200, auth(lease_duration=20))
        vault.rules["POST auth/jwt/login"] = (200, auth(accessor="acc-3"))
        clock.now += 2200
        (notice,) = session.keep(mint).notices
        assert notice.level == "note"

    def test_fails(self, bench: Bench, vault: FakeVault) -> None:
        """A login that fails is tried again while the old token lives, and is an error after."""
        session, clock = timed(bench, vault, renewable=False)
        session.keep(mint)
        vault.rules["POST auth/jwt/login"] = (400, {"errors": ["token is expired"]})
        clock.now += 401
        kept = session.keep(mint)
        assert "tried again" in kept.notices[0].text
        assert kept.next_in_seconds > 1
        clock.now += kept.next_in_seconds
        assert session.keep(mint).notices == ()
        clock.now += 300
        with pytest.raises(Exception, match="refused the login"):
            session.keep(mint)


class TestFewUses:
    """A token of limited uses is not used up by its renewals."""

    def test_the_end_has_its_uses(self, bench: Bench, vault: FakeVault) -> None:
        """It is renewed as long as three uses are left, then its end is said, and awaited."""
        session, clock = timed(bench, vault, num_uses=5)
        granting(vault)
        notices: list[Notice] = []
        for _ in range(9):
            kept = session.keep(None)
            notices += kept.notices
            clock.now += kept.next_in_seconds
        assert len(vault.of("auth/token/renew-self")) == 2
        assert session._grants[0].uses_left == 3
        (notice,) = notices
        assert "token_num_uses" in notice.text

    def test_no_heartbeat(self, bench: Bench, vault: FakeVault) -> None:
        """What might lack the uses to be kept up is not lowered, and that is said."""
        session, _ = timed(bench, vault, num_uses=50)
        session.heartbeat(300)
        assert vault.asked == []
        assert "not lowered" in session.notices[0].text

    def test_leases(self, bench: Bench, vault: FakeVault) -> None:
        """Leases are renewed with what the token itself does not need, and their end is said."""
        session, clock = timed(bench, vault, num_uses=6, lease_duration=3600)
        for name in ("a", "b", "c"):
            TestLeases.minted(session, f"db/{name}", 600)
        vault.rules[RENEW_LEASE] = (200, {"lease_duration": 600, "renewable": True})
        session.keep(None)
        clock.now += 401
        (notice,) = session.keep(None).notices
        assert "token_num_uses" in notice.text
        assert len(vault.asked) == 2


class TestLeases:
    """Leases are renewed as tokens are, and one that is lost does not stop the others."""

    @staticmethod
    def minted(
        session: VaultSession, lease_id: str, ttl_seconds: int, *, renewable: bool = True
    ) -> None:
        """Enter a lease of one path."""
        session._ledger.put(
            Lease(
                lease_id=lease_id,
                path="database/creds/app",
                ttl_seconds=ttl_seconds,
                renewable=renewable,
            )
        )

    def leased(
        self, bench: Bench, vault: FakeVault, *, renewable: bool = True
    ) -> tuple[VaultSession, Clock]:
        """A session with a token of an hour and a lease of ten minutes."""
        session, clock = timed(bench, vault, lease_duration=3600)
        self.minted(session, "db/L", 600, renewable=renewable)
        assert session.keep(None).next_in_seconds == pytest.approx(400, abs=1)
        clock.now += 401
        return session, clock

    def test_renewed(self, bench: Bench, vault: FakeVault) -> None:
        """The ledger holds what was granted."""
        session, _ = self.leased(bench, vault)
        vault.rules[RENEW_LEASE] = (200, {"lease_duration": 500, "renewable": True})
        assert session.keep(None).notices == ()
        assert vault.of("sys/leases/renew")[0].body == {"lease_id": "db/L", "increment": 600}
        assert session.leases()[0].ttl_seconds == 500

    def test_maximum_ttl(self, bench: Bench, vault: FakeVault) -> None:
        """A lease that will end is spoken of once, with its path, and then left alone."""
        session, clock = self.leased(bench, vault)
        vault.rules[RENEW_LEASE] = (200, {"lease_duration": 10, "renewable": True})
        (notice,) = session.keep(None).notices
        assert "maximum TTL" in notice.text
        assert "database/creds/app" in notice.text
        clock.now += 100
        assert session.keep(None).notices == ()
        assert len(vault.of("sys/leases/renew")) == 1

    def test_gone(self, bench: Bench, vault: FakeVault) -> None:
        """Of one that the store does not know any more it is said that somebody has revoked it."""
        session, clock = self.leased(bench, vault)
        vault.rules[RENEW_LEASE] = (400, {"errors": ["lease not found"]})
        vault.rules[LOOK_UP_LEASE] = (400, {"errors": ["invalid lease"]})
        (notice,) = session.keep(None).notices
        assert "is gone: somebody has revoked it" in notice.text
        clock.now += 100
        assert session.keep(None).notices == ()
        assert len(vault.of("sys/leases/renew")) == 1

    @pytest.mark.parametrize("look", [(200, {"data": {"ttl": 200}}), forbidden(), (500, None)])
    @pytest.mark.parametrize(
        ("answer", "says"),
        [
            (forbidden(), 'path "sys/leases/renew"'),
            ((400, {"errors": ["failed to renew entry"]}), "status 400"),
            ((500, None), "did not answer"),
            ((429, None), "did not answer"),
            ((307, None), "redirects"),
            (httpx.ConnectError("down"), "did not answer"),
        ],
    )
    def test_trouble_passes(
        self, bench: Bench, vault: FakeVault, answer: Answer, says: str, look: Answer
    ) -> None:
        """Unless the lease is seen to be gone, a renewal that failed is tried again; said once."""
        session, clock = self.leased(bench, vault)
        vault.rules |= {RENEW_LEASE: answer, LOOK_UP_LEASE: look}
        kept = session.keep(None)
        assert says in kept.notices[0].text
        assert "is tried again" in kept.notices[0].text
        assert 1 < kept.next_in_seconds < 100
        clock.now += kept.next_in_seconds
        kept = session.keep(None)
        assert kept.notices == ()
        clock.now += kept.next_in_seconds
        vault.rules[RENEW_LEASE] = (200, {"lease_duration": 600, "renewable": True})
        kept = session.keep(None)
        assert kept.notices == ()
        assert kept.next_in_seconds == pytest.approx(400, abs=1)

    def test_told(self, bench: Bench, vault: FakeVault) -> None:
        """Each lease that a fetch brings is told when it comes, so that it is kept in time."""
        session, _ = timed(bench, vault)
        known: list[int] = []
        session.on_lease(lambda: known.append(len(session.leases())))
        for name in ("a", "b"):
            body = {"lease_id": f"db/{name}", "lease_duration": 12, "data": {"value": name}}
            vault.rules[f"GET database/creds/{name}"] = (200, body)
        session.fetch([request("database/creds/a"), request("database/creds/b", name="OTHER")])
        assert known in ([1, 2], [2, 2])

    def test_not_renewable(self, bench: Bench, vault: FakeVault) -> None:
        """One that cannot be renewed is spoken of when its end comes near."""
        session, _ = self.leased(bench, vault, renewable=False)
        (notice,) = session.keep(None).notices
        assert "cannot be renewed" in notice.text
        assert vault.asked == []

    @pytest.mark.parametrize("answer", [httpx.ConnectError("down"), (400, None)])
    def test_trouble_stays(self, bench: Bench, vault: FakeVault, answer: Answer) -> None:
        """When the time is over that is said, once; by then the store may not know the lease."""
        session, clock = self.leased(bench, vault)
        vault.rules[RENEW_LEASE] = answer
        session.keep(None)
        clock.now += 200
        vault.rules[LOOK_UP_LEASE] = (400, {"errors": ["invalid lease"]})
        (notice,) = session.keep(None).notices
        assert "could not be renewed in time" in notice.text
        assert session.keep(None).notices == ()

    def test_side_by_side(self, bench: Bench, vault: FakeVault) -> None:
        """A lease whose engine hangs holds up no other: what is due is asked for together."""
        together = threading.Barrier(2)

        def through(asked: httpx.Request) -> httpx.Response:
            if asked.url.path.endswith("leases/renew"):
                together.wait(timeout=patience.SECONDS)
            return vault(asked)

        vault.rules["POST auth/jwt/login"] = (200, auth(lease_duration=3600))
        vault.rules[RENEW_LEASE] = (200, {"lease_duration": 600, "renewable": True})
        session, clock = bench.store(through=through).login(mint), Clock()
        session._keeper.plans.clock = clock
        self.minted(session, "db/a", 600)
        self.minted(session, "db/b", 600)
        session.keep(None)
        clock.now += 401
        assert session.keep(None).notices == ()

    def test_patience(self, bench: Bench, vault: FakeVault) -> None:
        """No call waits for longer than half of what the first of all credentials has left."""
        patience: list[float] = []

        def hang(asked: httpx.Request) -> Answer:
            patience.append(asked.extensions["timeout"]["read"])
            return httpx.ReadTimeout("slow")

        session, clock = self.leased(bench, vault)
        self.minted(session, "db/short", 401 + 12)
        vault.rules[RENEW_LEASE] = hang
        clock.now += 5
        session.keep(None)
        assert max(patience) <= 3.5
        assert session.leases()[1].lease_id == "db/short"

    def test_absurd(self, bench: Bench, vault: FakeVault) -> None:
        """An answer that nobody foresaw stops no other lease, and is not shown."""

        def answer(asked: httpx.Request) -> Answer:
            if b"db/a" in asked.content:
                raise KeyError("hunter2")
            return 200, {"lease_duration": 500, "renewable": True}

        session, clock = timed(bench, vault, lease_duration=3600)
        self.minted(session, "db/a", 600)
        self.minted(session, "db/b", 600)
        vault.rules[RENEW_LEASE] = answer
        session.keep(None)
        clock.now += 401
        (notice,) = session.keep(None).notices
        assert "(KeyError)" in notice.text
        assert "hunter2" not in notice.text
        assert [lease.ttl_seconds for lease in session.leases()] == [600, 500]
