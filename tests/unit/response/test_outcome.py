"""The exit code of a run, its verdict, and its report."""

import json

import pytest

from ci_secrets.config.model import Leaks
from ci_secrets.leaks.findings import Coverage, Report, Skipped, Verdict
from ci_secrets.response.outcome import Ended, as_json, together
from ci_secrets.stores.interface import Closing, Outcome
from tests.unit.response.samples import CLEAN, CONTAINED, LEAKED, SEEN, UNSEEN, finding

ALIVE = Closing(store="vault", kind="token", id="a", outcome=Outcome.FAILED)
UNPROVEN = Closing(store="vault", kind="token", id="a", outcome=Outcome.UNPROVEN)
FAIL = Leaks(on_leak="fail", on_contained="fail")
WARN = Leaks(on_leak="warn", on_contained="warn")


@pytest.mark.parametrize(
    ("ended", "code"),
    [
        (Ended(reports=(CLEAN,)), 0),
        (Ended(reports=(UNSEEN,)), 0),
        (Ended(reports=(CLEAN,), child_code=42), 42),
        (Ended(reports=(CLEAN,), closings=(ALIVE,)), 9),
        (Ended(reports=(CLEAN,), closings=(ALIVE,), child_code=42), 42),
        (Ended(reports=(CLEAN,), closings=(UNPROVEN,)), 0),
        (Ended(reports=(CLEAN,), closings=(UNPROVEN,), require_proof=True), 9),
        (Ended(reports=(CLEAN,), stuck=("it stays",)), 9),
        (Ended(reports=(CLEAN,), unrecorded=("not in the trail",)), 10),
        (Ended(reports=(CLEAN,), unrecorded=("x",), closings=(ALIVE,)), 9),
        (Ended(reports=(CLEAN,), unrecorded=("x",), child_code=1), 1),
        (Ended(reports=(CLEAN,), unwritten=True), 8),
        (Ended(reports=(CLEAN,), unwritten=True, child_code=42), 42),
        (Ended(reports=(CLEAN,), unwritten=True, unrecorded=("x",)), 10),
        (Ended(reports=(LEAKED,), unwritten=True), 11),
        (Ended(reports=(LEAKED,)), 11),
        (Ended(reports=(LEAKED,), child_code=42, closings=(ALIVE,)), 11),
        (Ended(reports=(LEAKED,), leaks=WARN), 0),
        (Ended(reports=(LEAKED,), leaks=WARN, child_code=42), 42),
        (Ended(reports=(LEAKED,), leaks=WARN, closings=(ALIVE,)), 9),
        (Ended(reports=(CONTAINED,)), 0),
        (Ended(reports=(CONTAINED,), leaks=FAIL), 11),
        (Ended(reports=(CONTAINED,), leaks=FAIL, child_code=42), 11),
        (Ended(reports=(CONTAINED, LEAKED)), 11),
    ],
)
def test_the_exit_code(ended: Ended, code: int) -> None:
    """11, then CMD's own, then 9, then 10, then 8, then 0."""
    assert ended.exit_code == code


@pytest.mark.parametrize(
    ("reports", "verdict"),
    [
        ((), Verdict.UNKNOWN),
        ((UNSEEN,), Verdict.UNKNOWN),
        ((UNSEEN, CLEAN), Verdict.CLEAN),
        ((CLEAN, CONTAINED), Verdict.CONTAINED),
        ((CONTAINED, LEAKED, CLEAN), Verdict.LEAKED),
    ],
)
def test_the_verdict(reports: tuple[Report, ...], verdict: Verdict) -> None:
    """The worst of all; `clean` never where nothing at all was looked at."""
    assert Ended(reports=reports).verdict is verdict


def test_what_was_not_seen_whole_is_told_first() -> None:
    """However many sources were complete, the one that was not stands at the beginning."""
    entries = [Coverage(source=f"{number}", state="complete") for number in range(100)]
    entries.append(Coverage(source="odd", state="tail-missing"))
    told = Ended(reports=(Report(coverage=tuple(entries)),)).coverage_told
    assert told[0].source == "odd"
    assert [entry.source for entry in told[1:]] == [f"{number}" for number in range(100)]


def test_the_report_keeps_all_codes() -> None:
    """A leak does not hide CMD's code, nor what is still alive."""
    skipped = (Skipped(secret="PIN", reason="too short"),)
    report = Report(coverage=SEEN, findings=(finding(),), skipped=skipped, bytes=7, lines=2)
    ended = Ended(reports=(report,), closings=(ALIVE,), child_code=42, warnings=("w",))
    document = json.loads(json.dumps(as_json(ended)))
    assert document["exit"] == {"code": 11, "command": 42, "closed": False}
    assert document["verdict"] == "leaked"
    assert document["findings"][0]["secret"] == "API_KEY"
    assert "excerpt" not in document["findings"][0]
    assert document["skipped"] == [{"secret": "PIN", "reason": "too short"}]
    assert document["stats"]["bytes"] == 7
    assert document["closed"][0]["outcome"] == "failed"
    assert document["warnings"] == ["w"]


def test_several_ends_become_one() -> None:
    """What several runs of a job saw counts once, and what each of them left is in it."""
    report = Report(coverage=(Coverage(source="output", state="complete"),))
    one = Ended(reports=(report,), warnings=("w",), audit_head="a", child_code=3)
    two = Ended(reports=(report,), warnings=("w",), audit_head="b", stuck=("s",), child_code=3)
    assert together([Ended(reports=(CLEAN,)), Ended(unwritten=True)]).exit_code == 8
    both = together([one, two])
    assert both.reports == (report,)
    assert both.warnings == ("w",)
    assert both.audit_head == "a b"
    assert both.stuck == ("s",)
    assert both.exit_code == 3
    assert not both.closed
    assert together([]).exit_code == 0
