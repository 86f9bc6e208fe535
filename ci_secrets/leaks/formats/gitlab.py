"""GitLab's secret detection report 15.2.1, for `artifacts: reports: secret_detection`.

Source: GitLab, lib/gitlab/ci/parsers/security/validators/schemas/15.2.1. What it calls the "raw
source code extract" is left out: it is meant to be unsanitized.
"""

import hashlib
import uuid
from datetime import timedelta
from typing import Any, Final

from ci_secrets import __version__
from ci_secrets.leaks.findings import Finding, Report, Severity, Verdict
from ci_secrets.leaks.formats import Context
from ci_secrets.leaks.formats.words import (
    EXCERPT,
    NAME,
    counted,
    missed,
    place,
    rule,
    told,
)
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import foreign, inert_json, markdown

_NO_COMMIT: Final = "0" * 40
"""For text that belongs to no commit; the schema asks for one."""
_TIME: Final = "%Y-%m-%dT%H:%M:%S"
"""In UTC; the schema takes no zone."""
_SEVERITY: Final[dict[Severity, str]] = {"high": "Critical", "medium": "Medium", "low": "Low"}
_TOOL: Final = {
    "id": "ci-secrets",
    "name": "ci-secrets",
    "version": __version__,
    "vendor": {"name": "ci-secrets"},
}
_SOLUTION: Final = (
    "Revoke the value or give the store a new one: whoever can read this text has it. Then keep it "
    "out of the output, or run the command under ci-secrets exec."
)


def render(report: Report, context: Context) -> str:
    """One vulnerability a finding. Accepted ones are left out, and counted in a message."""
    began = context.ended - timedelta(seconds=report.seconds)
    document = {
        "version": "15.2.1",
        "scan": {
            "type": "secret_detection",
            "status": "failure" if report.verdict is Verdict.UNKNOWN else "success",
            "analyzer": _TOOL,
            "scanner": _TOOL,
            "start_time": began.strftime(_TIME),
            "end_time": context.ended.strftime(_TIME),
            "messages": _messages(report),
        },
        "vulnerabilities": [
            _vulnerability(finding, context.commit or _NO_COMMIT, contained=report.contained)
            for finding in report.findings
        ],
    }
    return inert_json(document, indent=1) + "\n"


def _vulnerability(finding: Finding, commit: str, *, contained: bool) -> dict[str, Any]:
    secret = foreign(finding.secret)
    return {
        "id": _identity(finding),
        "name": f"Secret printed {in_words(finding.form)}"[:255],
        "description": markdown(f"{told(finding)}, at {place(finding)}", NAME),
        "severity": "Info" if contained else _SEVERITY[finding.severity],
        "solution": _SOLUTION,
        "identifiers": [
            {
                "type": "ci_secrets",
                "name": f"ci-secrets {secret} {rule(finding)}",
                "value": f"{secret}:{rule(finding)}",
            }
        ],
        "location": {
            "file": foreign(finding.file, NAME),
            "start_line": finding.line,
            "end_line": finding.end_line,
            "commit": {"sha": commit},
        },
        "details": {
            "line": {
                "name": "The line, redacted",
                "type": "code",
                "value": foreign(finding.excerpt, EXCERPT),
            },
            "fingerprint": {"name": "Fingerprint", "type": "text", "value": finding.fingerprint},
        },
    }


def _identity(finding: Finding) -> str:
    """A UUID, the same for the same finding at the same place."""
    text = f"{finding.fingerprint}\0{finding.file}\0{finding.line}\0{finding.column}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def _messages(report: Report) -> list[dict[str, str]]:
    texts = missed(report)
    if report.accepted:
        texts.append(f"{counted(len(report.accepted), 'accepted finding')} left out")
    return [{"level": "warn", "value": text} for text in texts]
