"""The formats that other programs read, held against their schemas and their rules."""

import json
import os
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from jsonschema import Draft7Validator

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.formats import Context, render
from ci_secrets.text import foreign
from tests.unit.leaks.formats.samples import (
    CONTEXT,
    FULL,
    HOSTILE,
    REPORTS,
    finding,
    hostile,
    hostile_context,
)

SCHEMAS: Final = Path(__file__).parents[5] / "shared/schemas"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir() and not os.environ.get("CI"),
    reason="the published schemas are not beside this checkout",
)
needs_xmlschema = pytest.mark.skipif(
    not find_spec("xmlschema") and not os.environ.get("CI"),
    reason="xmlschema is not installed",
)
_TEXT: Final = {"type": "string", "minLength": 1}
_TIME: Final = {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$"}


def _object(**required: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": required}


_TOOL: Final = _object(id=_TEXT, name=_TEXT, version=_TEXT, vendor=_object(name=_TEXT))
_NUMBER: Final = {"type": "number", "minimum": 1}
GITLAB: Final = _object(
    version={"const": "15.2.1"},
    scan=_object(
        type={"enum": ["secret_detection"]},
        status={"enum": ["success", "failure"]},
        analyzer=_TOOL,
        scanner=_TOOL,
        start_time=_TIME,
        end_time=_TIME,
        messages={
            "type": "array",
            "items": _object(level={"enum": ["info", "warn", "fatal"]}, value=_TEXT),
        },
    ),
    vulnerabilities={
        "type": "array",
        "items": {
            **_object(
                id={"type": "string", "format": "uuid"},
                name={"type": "string", "maxLength": 255},
                description={"type": "string", "maxLength": 1048576},
                severity={"enum": ["Info", "Unknown", "Low", "Medium", "High", "Critical"]},
                solution={"type": "string", "maxLength": 7000},
                identifiers={
                    "type": "array",
                    "minItems": 1,
                    "items": _object(type=_TEXT, name=_TEXT, value=_TEXT),
                },
                location=_object(
                    commit=_object(sha=_TEXT),
                    file={"type": "string"},
                    start_line=_NUMBER,
                    end_line=_NUMBER,
                ),
                details={
                    "type": "object",
                    "additionalProperties": _object(
                        name=_TEXT, type={"enum": ["code", "text"]}, value={"type": "string"}
                    ),
                },
            ),
            "not": {"required": ["raw_source_code_extract"]},
        },
    },
)
"""The rules of GitLab's secret detection report 15.2.1 for what we write; all of it is required."""


class TestSarif:
    """SARIF 2.1.0."""

    @needs_schemas
    @pytest.mark.parametrize("name", REPORTS)
    def test_it_is_that_of_the_schema(self, name: str) -> None:
        """Each kind of report is valid against the published schema."""
        schema = json.loads((SCHEMAS / "sarif-2.1.0.json").read_text())
        document = json.loads(render("sarif", REPORTS[name], CONTEXT))
        assert list(Draft7Validator(schema).iter_errors(document)) == []

    def test_a_result_says_what_where_and_how(self) -> None:
        """Rule by disguise, place, level, and the fingerprint by which it is known again."""
        (run,) = json.loads(render("sarif", FULL, CONTEXT))["runs"]
        result = run["results"][0]
        assert result["ruleId"] == "base64/json"
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] == "error"
        assert result["partialFingerprints"] == {"ciSecrets/v1": FULL.findings[0].fingerprint}
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"] == {"uri": "logs.zip!/1_build.txt"}
        assert place["region"] == {
            "startLine": 41,
            "endLine": 41,
            "startColumn": 7,
            "endColumn": 63,
        }
        assert place["contextRegion"]["snippet"] == {"text": "login ***"}
        assert [it["level"] for it in run["results"]] == ["error", "warning", "note", "error"]

    def test_an_accepted_finding_is_suppressed(self) -> None:
        """It is the only one that is."""
        (run,) = json.loads(render("sarif", FULL, CONTEXT))["runs"]
        suppressed = [it["suppressions"] for it in run["results"]]
        assert suppressed[:3] == [[], [], []]
        (((accepted,)),) = suppressed[3:]
        assert accepted["status"] == "accepted"
        assert accepted["justification"] == "rotated (until 2027-01-31)"

    def test_a_path_is_a_uri(self) -> None:
        """Of an absolute path a file URI; no character of it is taken for a part of one."""
        (run,) = json.loads(render("sarif", FULL, CONTEXT))["runs"]
        place = run["results"][1]["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "file:///var/log/a%20b%23%3F.log"

    def test_it_says_that_columns_count_bytes(self) -> None:
        """SARIF has no kind of column for that."""
        (run,) = json.loads(render("sarif", FULL))["runs"]
        assert "count bytes" in run["properties"]["columns"]

    def test_what_could_not_be_read_is_no_success(self) -> None:
        """And each thing that was not seen is a notification."""
        (run,) = json.loads(render("sarif", REPORTS["unknown"]))["runs"]
        (invocation,) = run["invocations"]
        assert invocation["executionSuccessful"] is False
        texts = [it["message"]["text"] for it in invocation["toolExecutionNotifications"]]
        assert "x.gz: not searched" in texts

    @given(HOSTILE)
    def test_a_message_holds_nothing_of_a_line(self, text: str) -> None:
        """Viewers follow links in a message; a line can hold any."""
        document = json.loads(render("sarif", Report(findings=(finding(excerpt=text),))))
        (result,) = document["runs"][0]["results"]
        assert result["message"] == {"text": "DB_PASSWORD as base64 of a JSON string"}


class TestGitlab:
    """GitLab's secret detection report."""

    @pytest.mark.parametrize("name", REPORTS)
    def test_it_keeps_the_rules(self, name: str) -> None:
        """Each kind of report has every field of its kind."""
        document = json.loads(render("gitlab", REPORTS[name], CONTEXT))
        assert list(Draft7Validator(GITLAB).iter_errors(document)) == []

    @given(HOSTILE)
    def test_it_keeps_the_rules_whatever_things_are_called(self, text: str) -> None:
        """Files and names are foreign."""
        document = json.loads(render("gitlab", hostile(text), CONTEXT))
        assert list(Draft7Validator(GITLAB).iter_errors(document)) == []

    def test_it_names_the_commit(self) -> None:
        """The schema asks for one: where none is known it is the null commit."""
        known = json.loads(render("gitlab", FULL, CONTEXT))
        unknown = json.loads(render("gitlab", FULL, Context()))
        shas = [it["vulnerabilities"][0]["location"]["commit"]["sha"] for it in (known, unknown)]
        assert shas == [CONTEXT.commit, "0" * 40]

    def test_the_scan_began_before_it_ended(self) -> None:
        """By as many seconds as it took."""
        scan = json.loads(render("gitlab", FULL, CONTEXT))["scan"]
        assert (scan["start_time"], scan["end_time"]) == (
            "2026-11-22T06:49:58",
            "2026-11-22T06:50:00",
        )

    def test_ids_are_stable_and_distinct(self) -> None:
        """The same finding has the same id in each report, and two places have two."""
        found = Report(findings=(finding(), finding(line=42, end_line=42), finding()))
        ids = [it["id"] for it in json.loads(render("gitlab", found))["vulnerabilities"]]
        assert ids[0] == ids[2] != ids[1]

    def test_severity(self) -> None:
        """A whole value is critical; what was redacted in time is for information."""
        for name, wanted in (("full", ["Critical", "Medium", "Low"]), ("contained", ["Info"] * 3)):
            found = json.loads(render("gitlab", REPORTS[name]))["vulnerabilities"]
            assert [it["severity"] for it in found] == wanted

    def test_accepted_findings_are_counted_only(self) -> None:
        """GitLab has no mark for them."""
        document = json.loads(render("gitlab", FULL))
        assert "OLD" not in json.dumps(document["vulnerabilities"])
        assert "1 accepted finding left out" in json.dumps(document["scan"]["messages"])


def _xml(text: str) -> ET.Element:
    return ET.fromstring(text)  # noqa: S314 - which we wrote


class TestJunit:
    """JUnit XML."""

    @needs_schemas
    @needs_xmlschema
    @pytest.mark.parametrize("name", REPORTS)
    def test_it_is_that_of_the_schema(self, name: str) -> None:
        """Each kind of report is valid against that of Jenkins' xUnit plugin."""
        xmlschema = import_module("xmlschema")
        xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd")).validate(render("junit", REPORTS[name]))

    def test_findings_fail_and_what_was_not_seen_is_an_error(self) -> None:
        """What is accepted, or was not looked for in full, is skipped; the rest passes."""
        suite = _xml(render("junit", FULL, CONTEXT))[0]
        kinds = [next((it.tag for it in case), "passed") for case in suite.iter("testcase")]
        assert kinds == [
            "failure", "failure", "failure", "passed", "system-out", "error", "error",
            "skipped", "skipped",
        ]  # fmt: skip
        counts = {key: suite.get(key) for key in ("tests", "failures", "errors", "skipped")}
        assert counts == {"tests": "9", "failures": "3", "errors": "2", "skipped": "2"}

    def test_what_was_contained_fails_no_job(self) -> None:
        """It is told all the same."""
        suite = _xml(render("junit", REPORTS["contained"]))[0]
        assert suite.get("failures") == "0"
        assert "DB_PASSWORD" in str(suite.find("testcase").get("name"))  # type: ignore[union-attr]

    @given(HOSTILE)
    def test_it_is_xml_whatever_things_are_called(self, text: str) -> None:
        """It parses, with as many cases as for a plain name."""
        cases = [
            sum(1 for _ in _xml(render("junit", hostile(name))).iter("testcase"))
            for name in (text, "plain")
        ]
        assert cases[0] == cases[1]


_RUNNER: Final = re.compile(r"::(\w+)(?: (.*?))?::(.*)")
"""A command as the runner reads it: the properties end at the first `::`."""


def _unescaped(text: str) -> str:
    for escape, meant in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, meant)
    return text


def _commands(text: str) -> Iterator[tuple[str, dict[str, str], str]]:
    for line in text.splitlines():
        found = _RUNNER.fullmatch(line)
        assert found
        pairs = [pair.split("=", 1) for pair in found[2].split(",")]
        yield found[1], {key: _unescaped(value) for key, value in pairs}, _unescaped(found[3])


class TestAnnotations:
    """GitHub's workflow commands."""

    def test_a_finding_is_lifted_out_of_the_log(self) -> None:
        """With its place, as GitHub takes it: columns where it is on one line."""
        _, first, second, *_ = _commands(render("annotations", FULL))
        assert first == (
            "error",
            {
                "file": "logs.zip!/1_build.txt",
                "line": "41",
                "col": "7",
                "endColumn": "63",
                "title": "DB_PASSWORD was printed",
            },
            "DB_PASSWORD as base64 of a JSON string: login ***",
        )
        assert second[0] == "warning"
        assert second[1]["endLine"] == "44"
        assert "col" not in second[1]

    def test_the_verdict_comes_first(self) -> None:
        """As an error only where something leaked."""
        firsts = {name: next(_commands(render("annotations", it))) for name, it in REPORTS.items()}
        assert firsts["full"][0] == firsts["many"][0] == "error"
        assert {firsts[name][0] for name in ("contained", "clean", "unknown")} == {"notice"}

    def test_many_findings_are_cut(self) -> None:
        """GitHub keeps ten of each level; what is left out is counted."""
        said = [message for _, _, message in _commands(render("annotations", REPORTS["many"]))]
        assert "and 2,350 more places: see the report" in said

    @given(HOSTILE)
    def test_no_foreign_text_makes_a_command_or_a_property(self, text: str) -> None:
        """As many commands, with the same properties; what is called by a name is named by it."""
        plain = list(_commands(render("annotations", hostile("plain"))))
        found = list(_commands(render("annotations", hostile(text))))
        assert [(it[0], list(it[1])) for it in found] == [(it[0], list(it[1])) for it in plain]
        assert [it[1].get("line") for it in found] == [it[1].get("line") for it in plain]
        assert found[1][1]["file"] == foreign(text, 1000)


class TestMarkdown:
    """Markdown for summaries."""

    def test_it_has_a_row_a_finding(self) -> None:
        """And a line for each thing that was not seen, and each that is accepted."""
        shown = render("markdown", FULL)
        assert shown.startswith("### ci-secrets: 🔴 leaked\n")
        rows = [line for line in shown.splitlines() if line.startswith("| ")]
        assert len(rows) == 1 + 3
        assert "- accepted until 2027-01-31: " in shown
        assert "- PIN is not looked for at all" in shown

    def test_it_stays_small(self) -> None:
        """GitHub drops a summary of more than 1 MiB as a whole."""
        assert len(render("markdown", REPORTS["many"]).encode()) < 2**18

    @given(HOSTILE)
    def test_no_foreign_text_makes_markup(self, text: str) -> None:
        """As many lines and cells as for a plain name; nothing of HTML, of a link, of a mention."""
        plain, shown = (render("markdown", hostile(name)) for name in ("plain", text))
        cells = [
            [len(re.findall(r"(?<!\\)\|", line)) for line in it.splitlines()]
            for it in (plain, shown)
        ]
        assert cells[0] == cells[1]
        assert not re.search(r"(?<!\\)[<\[@`]", shown)


@given(HOSTILE)
def test_every_format_is_one_text_for_one_report(text: str) -> None:
    """No format is led by what it shows: the same report gives the same text, ending its line."""
    for name in ("text", "json", "sarif", "gitlab", "junit", "markdown", "annotations", "html"):
        first, second = (render(name, hostile(text), hostile_context(text)) for _ in range(2))
        assert first == second
        assert first.endswith("\n")
        assert not re.search("[\x00-\x09\x0b-\x1f\x7f\u202e\u2028]", first)
