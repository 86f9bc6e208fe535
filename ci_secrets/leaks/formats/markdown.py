"""Markdown, for a job summary, a comment or a ticket."""

from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.findings import Finding, Report, Verdict
from ci_secrets.leaks.formats import Context
from ci_secrets.leaks.formats.words import NAME, counted, missed, severity, size, summary
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import markdown

_SHOWN: Final = 50
"""Rows of each kind: GitHub drops a summary of more than 1 MiB as a whole."""
_LINE: Final = 160
"""Characters of a redacted line in a cell."""
BADGE: Final = {
    Verdict.CLEAN: "✅ clean",
    Verdict.CONTAINED: "🟡 contained",
    Verdict.LEAKED: "🔴 leaked",
    Verdict.UNKNOWN: "⚪ unknown",
}


def render(report: Report, _context: Context) -> str:
    """A section with a table of findings; every foreign text escaped, no values."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield f"### ci-secrets: {BADGE[report.verdict]}"
    yield ""
    yield f"{markdown(summary(report), NAME)}."
    yield ""
    yield from _findings(report)
    sources = counted(len(report.coverage), "source")
    yield f"- looked at {sources}: {size(report.bytes)}, {counted(report.lines, 'line')}"
    sentences = [markdown(text, NAME) for text in missed(report)]
    sentences += [
        f"accepted until {entry.until}: {_where(entry.finding)}, {_what(entry.finding)}: "
        f"{markdown(entry.reason)}"
        for entry in report.accepted
    ]
    for sentence in sentences[:_SHOWN]:
        yield f"- {sentence}"
    if len(sentences) > _SHOWN:
        yield f"- … and {len(sentences) - _SHOWN} more"


def _findings(report: Report) -> Iterator[str]:
    if not report.findings:
        return
    yield "| secret | where | line, redacted | severity |"
    yield "|---|---|---|---|"
    for finding in report.findings[:_SHOWN]:
        line = markdown(finding.excerpt, _LINE)
        yield f"| {_what(finding)} | {_where(finding)} | {line} | {severity(finding)} |"
    if len(report.findings) > _SHOWN:
        yield f"| … {len(report.findings) - _SHOWN} more | | | |"
    yield ""


def _where(finding: Finding) -> str:
    return f"{markdown(finding.file, NAME)} line {finding.line}"


def _what(finding: Finding) -> str:
    return f"{markdown(finding.secret)} {markdown(in_words(finding.form))}"
