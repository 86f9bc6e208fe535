"""The report formats."""

import json
import re
from dataclasses import replace
from datetime import date
from html import unescape
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Accepted, Coverage, Report, Skipped, Verdict
from ci_secrets.leaks.formats import FORMATS, render, report_files
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.formats.samples import HOSTILE
from tests.unit.leaks.strategies import VALUES, engine_of

PW = "hQ7tzr23-9f8e"
KEY = "q7Zr-9f8e4Xw\nmW2k-7d6cT5b"
ENGINE = engine_of({"PW": PW, "PIN": "1234", "N\x1b[31m\n::error::x": "other-5b4a3c", "KEY": KEY})


def report(text: str, name: str = "job.log") -> Report:
    """The report on a text."""
    return scan_stream(ENGINE, [text.encode()], name)


def test_json_is_that_of_the_contract() -> None:
    """Keys, their order and their kinds are what other tools rely on."""
    text = f"\nlogin {PW}\n{PW.encode().hex()}\n"
    document = json.loads(render("json", replace(report(text), seconds=0.25)))
    assert list(document) == [
        "version", "verdict", "coverage", "findings", "accepted", "skipped", "stats",
    ]  # fmt: skip
    assert (document["version"], document["verdict"]) == (1, "leaked")
    assert document["coverage"] == [{"source": "job.log", "state": "complete"}]
    assert document["stats"] == {"bytes": len(text), "lines": 3, "seconds": 0.25}
    assert document["skipped"] == [{"secret": "PIN", "reason": "shorter than 6 bytes"}]
    first, second = document["findings"]
    assert len(first.pop("fingerprint")) == 32
    assert first == {
        "file": "job.log",
        "line": 2,
        "column": 7,
        "end_line": 2,
        "end_column": 20,
        "secret": "PW",
        "form": [],
        "severity": "high",
    }
    assert second["form"] == ["hex"]


def test_text_says_where_what_and_how() -> None:
    """A person sees the place, the name, the disguise, the line, and what was not looked for."""
    seen = replace(report(f"login {PW}\n{PW.encode().hex()}\n"), seconds=0.25)
    first, second = (finding.fingerprint for finding in seen.findings)
    assert render("text", seen) == (
        "job.log:1:7: PW in clear\n"
        "    login ***\n"
        f"    fingerprint {first}\n"
        "job.log:2:1: PW as hex\n"
        "    ***\n"
        f"    fingerprint {second}\n"
        "\n"
        "leaked: PW in 2 places, stands in text that others can read\n"
        "  47 bytes, 2 lines, 250 ms\n"
        "  read to the end: job.log\n"
        "  not looked for at all: PIN: shorter than 6 bytes\n"
    )


def test_text_marks_what_is_not_sure() -> None:
    """Parts of a value are called parts."""
    assert "KEY[2] in clear (part of it)" in render("text", report("x mW2k-7d6cT5b\n"))


def test_text_counts_as_people_do() -> None:
    """One line is no lines."""
    assert "  8 bytes, 1 line, " in render("text", report("nothing\n"))


@pytest.mark.parametrize("verdict", Verdict)
def test_each_verdict_is_told(verdict: Verdict) -> None:
    """Text and JSON both say the verdict's one word."""
    leaked = report(PW)
    of = {
        Verdict.CLEAN: report("nothing"),
        Verdict.UNKNOWN: Report(coverage=(Coverage(source="job.log", state="none"),)),
        Verdict.CONTAINED: replace(leaked, contained=True),
        Verdict.LEAKED: leaked,
    }
    assert f"\n{verdict}: " in "\n" + render("text", of[verdict])
    assert json.loads(render("json", of[verdict]))["verdict"] == verdict.value


def test_what_was_not_seen_is_told() -> None:
    """Each source that was not read to its end is named with its state."""
    entries = [Coverage(source="a.log", state="none"), Coverage(source="b.log", state="complete")]
    shown = render("text", Report(coverage=tuple(entries)))
    assert "  not searched: a.log\n" in shown


@pytest.mark.parametrize("name", FORMATS)
def test_no_format_holds_a_value_or_foreign_commands(name: str) -> None:
    """Neither values nor control characters of names, files and lines reach a sink."""
    text = f"::error::{PW} \x1b]8;;x {PW.encode().hex()} other-5b4a3c\n{KEY}\n"
    shown = render(name, report(text, f"a\n::stop-commands::x\x1b[0m{PW}"))
    for hidden in (PW, PW.encode().hex(), "other-5b4a3c", "first-line", "second-line", "\x1b"):
        assert hidden not in shown
    commands = [line for line in shown.splitlines() if line.lstrip().startswith("::")]
    ours = re.compile(r"::(error|warning|notice) (file=|title=ci-secrets::)")
    assert all(ours.match(line) for line in commands)
    assert bool(commands) is (name == "annotations")


@settings(max_examples=30)
@given(VALUES, HOSTILE, HOSTILE)
def test_no_format_holds_any_value(value: str, before: str, after: str) -> None:
    """Whatever stands beside it, in a line or in a name, and whatever a sink escapes.

    Unless it is a word of the format itself, as `testsuit`.
    """
    text = f"{before}{value}{after}".encode("utf-8", "surrogateescape")
    name = text.replace(b"\n", b"").decode("utf-8", "surrogateescape")
    seen = scan_stream(engine_of({"PW": value}), [text], name)
    assert seen.findings
    other = report(PW, "job.log")
    assume(all(value not in render(format_name, other) for format_name in FORMATS))
    entry = Accepted(finding=seen.findings[0], reason="rotated", until=date(2027, 1, 31))
    for format_name in FORMATS:
        shown = render(format_name, replace(seen, accepted=(entry,)))
        assert value not in shown
        assert value not in unescape(shown)
        assert value not in unquote(shown)
        assert value not in re.sub(r"\\(.)", r"\1", shown)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_tells_what_is_accepted(name: str) -> None:
    """An accepted finding is never passed over in silence, and makes nothing leaked."""
    (finding,) = report(f"login {PW}").findings
    entry = Accepted(finding=finding, reason="rotated", until=date(2027, 1, 31))
    shown = render(name, Report(accepted=(entry,), coverage=report("x").coverage))
    assert "accepted" in shown.lower()
    assert not re.search(r"(?<!banner\.)leaked", shown.lower())


@pytest.mark.parametrize("name", ["text", "sarif", "markdown", "annotations", "html"])
def test_what_is_clean_but_for_accepted_findings_is_called_so(name: str) -> None:
    """Right above the list of what was found and accepted nothing says that nothing was found."""
    entry = Accepted(finding=report(PW).findings[0], reason="rotated", until=date(2027, 1, 31))
    for count, told in ((1, "1 accepted finding"), (2, "2 accepted findings")):
        seen = Report(accepted=(entry,) * count, coverage=report("x").coverage)
        shown = render(name, seen).lower()
        assert f"nothing but {told} was found" in shown
        assert "no known value was found" not in shown
        assert "no value that this job knows" not in shown


MANY = tuple(Skipped(secret=f"KEY_{at}", reason="one of many") for at in range(1000))


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"json"}))
def test_values_that_were_skipped_alike_are_told_together(name: str) -> None:
    """A few of a thousand are named, and how many more there are; for each reason on its own."""
    other = Skipped(secret="PIN", reason="shorter than 6 bytes", extent="looked for at all")
    seen = Report(coverage=report("x").coverage, skipped=(*MANY[:500], other, *MANY[500:]))
    shown = render(name, seen)
    shown = re.sub(r"\\(.)", r"\1", shown)
    assert shown.count("KEY_0, KEY_1, KEY_2 and 997 more") == 1
    assert "KEY_3" not in shown
    assert "PIN" in shown
    assert shown.count("one of many") == 1


def test_json_names_each_value_that_was_skipped() -> None:
    """Tools read it, and count for themselves."""
    document = json.loads(render("json", Report(skipped=MANY)))
    assert [note["secret"] for note in document["skipped"]] == [note.secret for note in MANY]


def test_a_report_file_is_json_unless_its_format_is_named() -> None:
    """`FILE` is the contract; `FORMAT=FILE` says another one."""
    assert report_files(["a/b.json", "html=a=b.html"]) == (
        ("json", Path("a/b.json")),
        ("html", Path("a=b.html")),
    )
    with pytest.raises(UsageError, match="format is not known"):
        report_files(["htm=page.html"])
    with pytest.raises(UsageError, match="no file"):
        report_files(["html="])


def test_unknown_format_is_refused() -> None:
    """The refusal says which there are."""
    with pytest.raises(UsageError) as caught:
        render("xml", Report())
    assert caught.value.fix == f"One of: {', '.join(FORMATS)}."
