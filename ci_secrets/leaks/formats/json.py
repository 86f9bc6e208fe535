"""The JSON of `scan --format json`; its keys are part of the contract (version 1)."""

from typing import Any

from ci_secrets.leaks.findings import Finding, Report
from ci_secrets.leaks.formats import Context
from ci_secrets.text import inert_json


def finding_as_json(finding: Finding) -> dict[str, Any]:
    """One finding with the keys of the contract; the excerpt is for people only."""
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "end_line": finding.end_line,
        "end_column": finding.end_column,
        "secret": finding.secret,
        "form": list(finding.form),
        "severity": finding.severity,
        "fingerprint": finding.fingerprint,
    }


def render(report: Report, _context: Context) -> str:
    """One JSON object on one line, in ASCII."""
    document = {
        "version": 1,
        "verdict": report.verdict.value,
        "coverage": [{"source": entry.source, "state": entry.state} for entry in report.coverage],
        "findings": [finding_as_json(finding) for finding in report.findings],
        "accepted": [
            {
                **finding_as_json(entry.finding),
                "reason": entry.reason,
                "until": entry.until.isoformat(),
            }
            for entry in report.accepted
        ],
        "skipped": [{"secret": note.secret, "reason": note.reason} for note in report.skipped],
        "stats": {
            "bytes": report.bytes,
            "lines": report.lines,
            "seconds": round(report.seconds, 6),
        },
    }
    return inert_json(document) + "\n"
