"""How the ends of tokens and leases are told."""

from collections.abc import Mapping
from typing import Any

import pytest

from ci_secrets.audit import Trail
from ci_secrets.errors import AuditBrokenError
from ci_secrets.platforms.interface import Run
from ci_secrets.response.closings import all_closed, details, endings, headline, moment, record
from ci_secrets.stores.interface import Closing, Outcome


def closing(outcome: Outcome = Outcome.REVOKED, **more: Any) -> Closing:
    """Give an end of a token, unless `more` says otherwise."""
    fields: Mapping[str, Any] = {"store": "vault", "kind": "token", "id": "accessor-1"}
    return Closing(**{**fields, "outcome": outcome, **more})


class TestWhetherAllIsClosed:
    """Warnings and failures are told apart."""

    @pytest.mark.parametrize(
        ("outcome", "closed", "proven"),
        [
            (Outcome.REVOKED, True, True),
            (Outcome.GONE, True, True),
            (Outcome.UNPROVEN, True, False),
            (Outcome.QUEUED, True, False),
            (Outcome.UNKNOWN, True, False),
            (Outcome.EXPIRES, False, False),
            (Outcome.REFUSED, False, False),
            (Outcome.FAILED, False, False),
            (Outcome.UNREACHABLE, False, False),
        ],
    )
    def test_each_outcome(self, outcome: Outcome, closed: bool, proven: bool) -> None:
        """`unproven` and `queued` are closed, unless proof is required."""
        ends = [closing(), closing(outcome)]
        assert all_closed(ends, require_proof=False) is closed
        assert all_closed(ends, require_proof=True) is proven

    def test_nothing_is_closed(self) -> None:
        """A run that minted nothing has nothing open."""
        assert all_closed([], require_proof=True)


class TestTheHeadline:
    """One line for all of them."""

    def test_nothing(self) -> None:
        """Where nothing was minted it says so."""
        assert headline([]) == "nothing to revoke"

    def test_proven(self) -> None:
        """Tokens and leases are counted."""
        ends = [closing(), closing(kind="lease"), closing(kind="lease")]
        assert headline(ends) == "revoked, proven: 1 token and 2 leases"

    def test_every_outcome_has_its_words(self) -> None:
        """None is passed over in silence, and each is counted once."""
        line = headline([closing(outcome) for outcome in Outcome])
        assert len(line.split(" · ")) == len(Outcome)
        assert line.count("1 token") == len(Outcome)


class TestTheDetails:
    """What an operator must know of an end that was not seen."""

    def test_a_proven_end_needs_no_words(self) -> None:
        """The headline has said it."""
        assert details([closing(), closing(Outcome.GONE)]) == []

    def test_what_is_alive(self) -> None:
        """What, where, why, until when, the command, and the policy that would have helped."""
        lines = details(
            [
                closing(
                    Outcome.REFUSED,
                    detail="It may not revoke itself.",
                    expires_at=0.0,
                    command="vault token revoke -accessor accessor-1",
                    policy="path a\npath b",
                )
            ]
        )
        assert lines[0] == (
            "token accessor-1 at vault: refused. It may not revoke itself. "
            "It may live until 1970-01-01 00:00:00 UTC."
        )
        assert lines[1].endswith(
            "an operator ends it with: vault token revoke -accessor accessor-1"
        )
        assert [line.strip() for line in lines[2:]] == ["path a", "path b"]

    def test_what_is_closed_needs_no_operator(self) -> None:
        """`unproven` names the policy and no command."""
        lines = details([closing(Outcome.UNPROVEN, command="vault x", policy="path a")])
        assert not any("vault x" in line for line in lines)
        assert lines[-1].strip() == "path a"

    def test_foreign_names_are_inert(self) -> None:
        """An id of the server is text."""
        lines = details([closing(Outcome.FAILED, id="a\n::error::b", store="##vso[x]")])
        assert lines == ["token a\\x0a::error::b at #\\#vso[x]: failed."]


class TestAMoment:
    """A time for people."""

    def test_it_is_utc(self) -> None:
        """Seconds since 1970, to the second."""
        assert moment(1767225600.9) == "2026-01-01 00:00:00 UTC"

    def test_it_may_be_unknown(self) -> None:
        """A token without end has none."""
        assert moment(None) == "an unknown time"

    @pytest.mark.parametrize("far", [1e30, 1e300, float("inf"), float("nan"), -1e30])
    def test_a_time_beyond_any_calendar(self, far: float) -> None:
        """A TTL of a server out of its mind is no reason to fall over while closing."""
        assert moment(far) == "a time beyond any calendar"


def test_a_trail_that_cannot_be_written_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The end of the run goes on without it."""
    trail = Trail.open(None, Run(platform="generic", run="r"), required=True)

    def refuse(*_: object, **__: object) -> None:
        raise AuditBrokenError("The disk is full.")

    monkeypatch.setattr(trail, "append", refuse)
    head, missing = record(trail, [closing()], closed=True)
    assert head == ""
    assert missing == ("The end of this run is not in the audit trail: The disk is full.",)


class TestEndings:
    """The same for a report in any format."""

    def test_what_is_proven_needs_no_note(self) -> None:
        """What it was, and what became of it."""
        (ending,) = endings([closing(detail="not told")])
        assert (ending.what, ending.outcome) == ("token accessor-1 at vault", "revoked")
        assert (ending.closed, ending.proven, ending.note) == (True, True, "")

    def test_what_may_live_says_until_when_and_how_to_end_it(self) -> None:
        """In one note."""
        (ending,) = endings(
            [closing(Outcome.FAILED, detail="It was told no.", expires_at=0.0, command="end it")]
        )
        assert (ending.closed, ending.proven) == (False, False)
        assert ending.note == (
            "It was told no. It may live until 1970-01-01 00:00:00 UTC. "
            "An operator ends it with: end it"
        )
