"""GitHub annotations: workflow commands that lift each finding out of the log.

Source: https://docs.github.com/actions/reference/workflow-commands-for-github-actions; the escapes
are those of actions/toolkit, packages/core/src/command.ts.
"""

from collections.abc import Iterator
from typing import Final, Literal

from ci_secrets.leaks.findings import Finding, Report, Severity, Verdict
from ci_secrets.leaks.formats import Context
from ci_secrets.leaks.formats.words import EXCERPT, NAME, counted, missed, summary, told
from ci_secrets.text import foreign

Level = Literal["error", "warning", "notice"]
_LEVEL: Final[dict[Severity, Level]] = {"high": "error", "medium": "warning", "low": "notice"}
_SHOWN: Final = 50
"""Findings; GitHub itself keeps ten of each level a step."""


def render(report: Report, _context: Context) -> str:
    """A command a line, the verdict first."""
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: Report) -> Iterator[str]:
    level: Level = "error" if report.verdict is Verdict.LEAKED else "notice"
    yield _command(level, f"{report.verdict}: {summary(report)}", title="ci-secrets")
    for finding in report.findings[:_SHOWN]:
        yield _finding("warning" if report.contained else _LEVEL[finding.severity], finding)
    if len(report.findings) > _SHOWN:
        more = counted(len(report.findings) - _SHOWN, "more place")
        yield _command("warning", f"and {more}: see the report", title="ci-secrets")
    for text in missed(report):
        yield _command("warning", text, title="ci-secrets")
    if report.accepted:
        accepted = counted(len(report.accepted), "accepted finding")
        yield _command("notice", f"{accepted} not counted", title="ci-secrets")


def _finding(level: Level, finding: Finding) -> str:
    where: dict[str, object] = {"file": foreign(finding.file, NAME), "line": finding.line}
    if finding.end_line == finding.line:  # GitHub takes columns of one line only
        where |= {"col": finding.column, "endColumn": finding.end_column}
    else:
        where |= {"endLine": finding.end_line}
    message = f"{told(finding)}: {foreign(finding.excerpt, EXCERPT)}"
    return _command(level, message, **where, title=f"{foreign(finding.secret)} was printed")


def _command(level: Level, message: str, **properties: object) -> str:
    said = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{level} {said}::{_data(message)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
