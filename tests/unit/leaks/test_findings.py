"""Reports, and how several become one."""

from dataclasses import replace

from ci_secrets.leaks.findings import Coverage, Finding, Report, Skipped, Verdict, combine
from ci_secrets.leaks.sought import as_seen

FINDING = Finding(
    file="log",
    line=1,
    column=1,
    end_line=1,
    end_column=9,
    secret="PW",
    form=(),
    severity="high",
    fingerprint="0",
)


def test_combined_report_is_as_bad_as_its_worst() -> None:
    """One finding that left us makes all of it leaked; sums and notes are kept, once each."""
    note = Skipped(secret="PIN", reason="short")
    entry = Coverage(source="out", state="complete")
    inside = Report(
        findings=(FINDING,), coverage=(entry,), skipped=(note,), bytes=1, contained=True
    )
    outside = Report(findings=(FINDING,), skipped=(note,), bytes=2)
    assert combine([inside, Report(contained=False)]).verdict is Verdict.CONTAINED
    both = combine([inside, outside])
    assert both.verdict is Verdict.LEAKED
    assert (both.bytes, both.skipped, both.coverage) == (3, (note,), (entry,))


def test_no_report_is_unknown() -> None:
    """Where nothing was looked at there is no verdict."""
    assert combine([]).verdict is Verdict.UNKNOWN


TOO_SHORT = Skipped(secret="PIN", reason="short", extent="looked for at all")
SEEN = Report(coverage=(Coverage(source="out", state="complete"),), bytes=9)


def test_where_no_value_was_looked_for_nothing_is_known() -> None:
    """Neither in the text that shows it nor in another of the same run, whatever was read."""
    (out, err) = as_seen([replace(SEEN, skipped=(TOO_SHORT,)), SEEN], {"PIN"})
    assert out.coverage == err.coverage == (Coverage(source="out", state="none"),)
    assert out.verdict is err.verdict is Verdict.UNKNOWN


def test_where_some_values_were_looked_for_the_verdict_stays() -> None:
    """So it does where something was found, and where there was no text to look at."""
    partly = Skipped(secret="PW", reason="long")
    seen = replace(SEEN, skipped=(TOO_SHORT, partly))
    assert as_seen([seen], {"PIN", "PW"}) == [seen]
    assert as_seen([seen], set()) == [seen]
    empty = replace(SEEN, skipped=(TOO_SHORT,), bytes=0)
    assert as_seen([empty], {"PIN"}) == [empty]
    found = replace(SEEN, skipped=(TOO_SHORT,), findings=(FINDING,))
    assert as_seen([found], {"PIN"}) == [found]
