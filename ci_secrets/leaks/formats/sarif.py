"""SARIF 2.1.0, for code scanning of GitHub and others.

Source: OASIS, Static Analysis Results Interchange Format, https://docs.oasis-open.org/sarif/.
"""

from typing import Any, Final, Literal
from urllib.parse import quote

from ci_secrets import __version__
from ci_secrets.leaks.findings import Accepted, Coverage, Finding, Report, Severity, Verdict
from ci_secrets.leaks.formats import Context
from ci_secrets.leaks.formats.words import (
    COVERAGE,
    EXCERPT,
    NAME,
    missed,
    rule,
    summary,
    told,
)
from ci_secrets.leaks.forms import in_words
from ci_secrets.text import foreign, inert_json

_SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
Level = Literal["error", "warning", "note"]
_LEVEL: Final[dict[Severity, Level]] = {"high": "error", "medium": "warning", "low": "note"}
_GITHUB: Final[dict[Severity, str]] = {"high": "9.0", "medium": "6.0", "low": "3.0"}
"""What GitHub sorts by: over 9 is critical, over 4 medium, over 0.1 low."""
_HELP: Final = (
    "Revoke the value or give the store a new one: whoever can read this text has it. Then keep it "
    "out of the output, or run the command under `ci-secrets exec`."
)
# NOTE: SARIF knows columns of characters alone. The value does not appear, so nobody can convert.
_COLUMNS: Final = "columns count bytes, not characters, from 1; the end is exclusive"


def render(report: Report, context: Context) -> str:
    """One run with a rule a disguise and a result a finding; accepted findings are suppressed."""
    every = [*report.findings, *(entry.finding for entry in report.accepted)]
    rules = list(dict.fromkeys(map(rule, every)))
    results = [_result(finding, rules) for finding in report.findings]
    results += [_suppressed(entry, rules) for entry in report.accepted]
    run = {
        "tool": {
            "driver": {
                "name": "ci-secrets",
                "semanticVersion": __version__,
                "rules": [_rule(one, [it for it in every if rule(it) == one]) for one in rules],
            }
        },
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report, context)],
        "artifacts": [_artifact(entry) for entry in dict.fromkeys(report.coverage)],
        "results": results,
        "properties": {"verdict": report.verdict.value, "columns": _COLUMNS},
    }
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return inert_json(document, indent=1) + "\n"


def _rule(name: str, findings: list[Finding]) -> dict[str, Any]:
    words = in_words(findings[0].form)
    worst = max((finding.severity for finding in findings), key=lambda one: _GITHUB[one])
    return {
        "id": name,
        "shortDescription": {"text": f"A secret that the job knows was printed {words}"},
        "fullDescription": {"text": f"The value of a secret of this job was found {words}."},
        "help": {"text": _HELP},
        "defaultConfiguration": {"level": _LEVEL[worst]},
        "properties": {"tags": ["security", "secret"], "security-severity": _GITHUB[worst]},
    }


def _result(finding: Finding, rules: list[str]) -> dict[str, Any]:
    name = rule(finding)
    return {
        "ruleId": name,
        "ruleIndex": rules.index(name),
        "level": _LEVEL[finding.severity],
        "message": {"text": told(finding)},
        "locations": [{"physicalLocation": _location(finding)}],
        "partialFingerprints": {"ciSecrets/v1": finding.fingerprint},
        "suppressions": [],
        "properties": {"secret": foreign(finding.secret), "severity": finding.severity},
    }


def _location(finding: Finding) -> dict[str, Any]:
    lines = {"startLine": finding.line, "endLine": finding.end_line}
    # NOTE: the line is no part of the message, in which viewers follow `[text](link)`
    snippet = {"text": foreign(finding.excerpt, EXCERPT)}
    return {
        "artifactLocation": {"uri": uri(finding.file)},
        "region": {**lines, "startColumn": finding.column, "endColumn": finding.end_column},
        "contextRegion": {**lines, "snippet": snippet},
    }


def _suppressed(entry: Accepted, rules: list[str]) -> dict[str, Any]:
    why = f"{foreign(entry.reason)} (until {entry.until})"
    suppression = {"kind": "external", "status": "accepted", "justification": why}
    return {**_result(entry.finding, rules), "suppressions": [suppression]}


def _artifact(entry: Coverage) -> dict[str, Any]:
    return {
        "location": {"uri": uri(entry.source)},
        "description": {"text": f"{foreign(entry.source, NAME)}: {COVERAGE[entry.state]}"},
        "properties": {"coverage": entry.state},
    }


def _invocation(report: Report, context: Context) -> dict[str, Any]:
    notes = [{"level": "warning", "message": {"text": text}} for text in missed(report)]
    return {
        "executionSuccessful": report.verdict is not Verdict.UNKNOWN,
        "endTimeUtc": context.ended.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "toolExecutionNotifications": [
            {"level": "note", "message": {"text": f"{report.verdict}: {summary(report)}"}},
            *notes,
        ],
    }


def uri(file: str) -> str:
    """A file as a URI reference; the member of an archive keeps its `!/`."""
    path = quote(file.encode("utf-8", "surrogateescape"), safe="/!")
    return f"file://{path}" if path.startswith("/") else path
