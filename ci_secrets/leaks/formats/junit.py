"""JUnit XML: every CI shows it. A source is a test that passes, a finding one that fails.

Source: the schema of Jenkins' xUnit plugin, junit-10.xsd, which is the narrowest in use.
"""

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from ci_secrets.leaks.findings import Coverage, Finding, Report
from ci_secrets.leaks.formats import Context
from ci_secrets.leaks.formats.text import headline
from ci_secrets.leaks.formats.words import COVERAGE, EXCERPT, NAME, together
from ci_secrets.text import foreign

_CLASS = "ci-secrets"


def render(report: Report, context: Context) -> str:
    """One suite: findings fail, what was not seen is an error, what is accepted is skipped."""
    cases = list(_cases(report))
    totals = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
    }
    seconds = f"{min(report.seconds, 999_999):.3f}"
    suite = ET.Element(
        "testsuite",
        {
            "name": _CLASS,
            **totals,
            "skipped": str(sum(case.find("skipped") is not None for case in cases)),
            "time": seconds,
            "timestamp": context.ended.strftime("%Y-%m-%dT%H:%M:%S"),
        },
    )
    properties = ET.SubElement(suite, "properties")
    ET.SubElement(properties, "property", name="verdict", value=report.verdict.value)
    suite.extend(cases)
    top = ET.Element("testsuites", {"name": _CLASS, "time": seconds, **totals})
    top.append(suite)
    ET.indent(top)
    text: bytes = ET.tostring(top, encoding="us-ascii")
    return text.decode() + "\n"


def _cases(report: Report) -> Iterator[ET.Element]:
    leaking = {finding.file for finding in report.findings}
    for finding in report.findings:
        yield _finding(finding, contained=report.contained)
    for entry in report.coverage:
        if entry.state != "complete" or entry.source not in leaking:
            yield _source(entry)
    for accepted in report.accepted:
        why = f"accepted until {accepted.until}: {foreign(accepted.reason)}"
        yield _skipped(headline(accepted.finding), why)
    for alike in together(report.skipped):
        yield _skipped(f"{alike.names} {alike.extent}", alike.reason)


def _case(name: str) -> ET.Element:
    return ET.Element("testcase", {"classname": _CLASS, "name": name})


def _finding(finding: Finding, *, contained: bool) -> ET.Element:
    case = _case(headline(finding))
    if contained:  # which is told, and fails no job
        said = ET.SubElement(case, "system-out")
    else:
        said = ET.SubElement(case, "failure", type=finding.severity, message=headline(finding))
    said.text = f"{foreign(finding.excerpt, EXCERPT)}\nfingerprint {finding.fingerprint}"
    return case


def _source(entry: Coverage) -> ET.Element:
    case = _case(foreign(entry.source, NAME))
    if entry.state in ("none", "tail-missing"):
        ET.SubElement(case, "error", type=entry.state, message=COVERAGE[entry.state])
    elif entry.state == "masked-view":
        ET.SubElement(case, "system-out").text = COVERAGE[entry.state]
    return case


def _skipped(name: str, why: str) -> ET.Element:
    case = _case(name)
    ET.SubElement(case, "skipped", message=why)
    return case
