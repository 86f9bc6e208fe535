"""Reports, and how several become one."""

from ci_secrets.leaks.findings import Coverage, Finding, Report, Skipped, Verdict, combine

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
