"""The report that people read: where, what, in which disguise, and what was not looked at."""

from collections.abc import Iterator
from itertools import groupby
from typing import Final

from ci_secrets.leaks.findings import CoverageState, Finding, Report, Verdict
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import foreign

_NAME: Final = 1000
"""Characters of a path that are shown."""
_VERDICT: Final[dict[Verdict, str]] = {
    Verdict.CLEAN: "no known value was found",
    Verdict.UNKNOWN: "nothing could be read",
    Verdict.CONTAINED: "printed, but redacted before it left the job",
    Verdict.LEAKED: "stands in text that others can read",
}
_COVERAGE: Final[dict[CoverageState, str]] = {
    "complete": "read to the end",
    "masked-view": "read as the CI shows it, after its own masking",
    "tail-missing": "breaks off: what comes after was not seen",
    "none": "could not be read",
}


def render(report: Report) -> str:
    """Several lines of plain text; foreign text in it is made safe, values are `***`."""
    return "".join(f"{line}\n" for line in _lines(report))


def headline(finding: Finding) -> str:
    """Where it stands, whose it is and in which disguise, such as `job.log:1:7: PW in clear`."""
    place = f"{foreign(finding.file, _NAME)}:{finding.line}:{finding.column}"
    unsure = {"high": "", "medium": " (part of it)", "low": " (short, not sure)"}
    return f"{place}: {foreign(finding.secret)} {in_words(finding.form)}{unsure[finding.severity]}"


def _lines(report: Report) -> Iterator[str]:
    for finding in report.findings:
        yield headline(finding)
        yield f"    {finding.excerpt}"
    if report.findings:
        yield ""
    yield f"{report.verdict}: {_summary(report)}"
    yield f"  {_stats(report)}"
    for state, entries in groupby(
        sorted(report.coverage, key=lambda entry: list(_COVERAGE).index(entry.state)),
        key=lambda entry: entry.state,
    ):
        names = [foreign(entry.source, _NAME) for entry in entries]
        shown = ", ".join(names) if state != "complete" else _some(names)
        yield f"  {_COVERAGE[state]}: {shown}"
    for note in report.skipped:
        yield f"  not in full: {foreign(note.secret)}: {foreign(note.reason)}"


def _summary(report: Report) -> str:
    said = _VERDICT[report.verdict]
    if not report.findings:
        return said
    names = list(dict.fromkeys(foreign(finding.secret) for finding in report.findings))
    places = len(report.findings)
    return f"{_some(names)} in {places} place{'s' if places > 1 else ''}, {said}"


def _some(names: list[str]) -> str:
    return (
        ", ".join(names) if len(names) <= 3 else f"{', '.join(names[:3])} and {len(names) - 3} more"
    )


def _stats(report: Report) -> str:
    size = f"{report.bytes:,} bytes" if report.bytes < 2**20 else f"{report.bytes / 2**20:,.1f} MiB"
    return f"{size}, {report.lines:,} lines, {report.seconds * 1000:,.0f} ms"
