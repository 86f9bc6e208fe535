"""The JSON of `scan --format json`; its keys are part of the contract (version 1)."""

import json

from ci_secrets.leaks.findings import Report


def render(report: Report) -> str:
    """One JSON object on one line, in ASCII."""
    document = {
        "version": 1,
        "verdict": report.verdict.value,
        "coverage": [{"source": entry.source, "state": entry.state} for entry in report.coverage],
        "findings": [
            {
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
            for finding in report.findings
        ],
        "stats": {
            "bytes": report.bytes,
            "lines": report.lines,
            "seconds": round(report.seconds, 6),
        },
    }
    return json.dumps(document) + "\n"
