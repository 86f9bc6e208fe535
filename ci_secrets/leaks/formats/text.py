"""The report that people read: where, what, in which disguise, and what was not looked at."""

from collections.abc import Iterator
from itertools import groupby

from ci_secrets.leaks.findings import Finding, Report
from ci_secrets.leaks.formats import Context
from ci_secrets.leaks.formats.words import (
    COVERAGE,
    EXCERPT,
    NAME,
    counted,
    place,
    size,
    summary,
    together,
    told,
)
from ci_secrets.text import foreign, some


def render(report: Report, _context: Context) -> str:
    """Several lines of plain text; foreign text in it is made safe, values are `***`."""
    return "".join(f"{line}\n" for line in _lines(report))


def headline(finding: Finding) -> str:
    """Where it stands, whose it is and in which disguise, such as `job.log:1:7: PW in clear`."""
    return f"{place(finding)}: {told(finding)}"


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield headline(finding)
        yield f"    {foreign(finding.excerpt, EXCERPT)}"
        yield f"    fingerprint {finding.fingerprint}"
    if report.findings:
        yield ""
    yield f"{report.verdict}: {summary(report)}"
    read, took = counted(report.lines, "line"), report.seconds * 1000
    yield f"  {size(report.bytes)}, {read}, {took:,.0f} ms"
    for state, entries in groupby(
        sorted(report.coverage, key=lambda entry: list(COVERAGE).index(entry.state)),
        key=lambda entry: entry.state,
    ):
        names = [foreign(entry.source, NAME) for entry in entries]
        shown = ", ".join(names) if state != "complete" else some(names)
        yield f"  {COVERAGE[state]}: {shown}"
    for entry in report.accepted:
        why = f"{foreign(entry.reason)}, until {entry.until}"
        yield f"  accepted: {headline(entry.finding)}: {why}"
    for alike in together(report.skipped):
        yield f"  not {alike.extent}: {alike.names}: {alike.reason}"
