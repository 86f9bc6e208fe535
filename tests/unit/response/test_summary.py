"""The job summary: Markdown in which everything foreign is text."""

from dataclasses import replace

import pytest

from ci_secrets.leaks.findings import Coverage, Report
from ci_secrets.leaks.forms import in_words
from ci_secrets.response.outcome import Ended
from ci_secrets.response.summary import render
from ci_secrets.stores.interface import Closing, Outcome
from tests.unit.response.samples import CLEAN, CONTAINED, LEAKED, UNSEEN, finding


@pytest.mark.parametrize(
    ("report", "word"),
    [(CLEAN, "clean"), (CONTAINED, "contained"), (LEAKED, "leaked"), (UNSEEN, "unknown")],
)
def test_the_verdict_stands_at_its_head(report: Report, word: str) -> None:
    """In a word, below a heading of its own, and ending so that another step's may follow."""
    text = render(Ended(reports=(report,)))
    assert text.startswith("### ci-secrets: ")
    assert text.splitlines()[0].endswith(word)
    assert text.endswith("\n\n")


def test_what_was_done_is_told() -> None:
    """Coverage, revocation, head, findings, and what is not proven."""
    closings = (
        Closing(store="vault", kind="token", id="a", outcome=Outcome.REVOKED),
        Closing(store="vault", kind="lease", id="b", outcome=Outcome.FAILED, expires_at=0.0),
    )
    text = render(Ended(reports=(LEAKED,), closings=closings, audit_head="abc"))
    assert "- looked at job\\.log: complete" in text
    assert "revoked, proven: 1 token · FAILED, STILL ALIVE: 1 lease" in text
    assert "audit head `abc`" in text
    assert "| API\\_KEY | as base64 | job\\.log line 2 | high |" in text
    assert "| lease b | failed | 1970-01-01 00:00:00 UTC |" in text
    assert "lease a" not in text


def test_a_finding_is_told_as_in_the_log() -> None:
    """Its disguise and how sure it is, in the words of the text report and of no other table."""
    part = replace(finding(), form=("base64", "reversed"), severity="medium")
    whole = replace(finding(), form=())
    text = render(Ended(reports=(Report(coverage=CLEAN.coverage, findings=(part, whole)),)))
    assert f"| API\\_KEY | {in_words(part.form)} | job\\.log line 2 | medium (part of it) |" in text
    assert "| API\\_KEY | in clear | job\\.log line 2 | high |" in text


HOSTILE = "<img src=x onerror=a()>|`x`\n# h\n[a](b)@team\x1b[31m::error::"


def test_foreign_text_is_no_markup() -> None:
    """Names of files and secrets, ids and reasons cannot leave their cell."""
    report = Report(
        coverage=(Coverage(source=HOSTILE, state="complete"),),
        findings=(finding(file=HOSTILE, secret=HOSTILE),),
    )
    failed = Closing(
        store="vault", kind="token", id=HOSTILE, outcome=Outcome.FAILED, detail=HOSTILE
    )
    text = render(Ended(reports=(report,), closings=(failed,)))
    assert "<" not in text
    assert "\x1b" not in text
    assert "`x`" not in text
    assert "[a](b)" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.replace("\\|", "").count("|") for row in rows} == {5}
    assert not any(line.startswith(("# ", "::")) for line in text.splitlines())


def test_it_stays_small() -> None:
    """Very many findings and sources do not drown it: GitHub drops what is beyond 1 MiB."""
    coverage = tuple(Coverage(source="s" * 300, state="complete") for _ in range(10_000))
    report = Report(coverage=coverage, findings=(finding(file="f" * 300),) * 10_000)
    text = render(Ended(reports=(report,)))
    assert len(text) < 100_000
    assert text.count("9950 more") == 2
