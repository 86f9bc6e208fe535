"""`ci-secrets scan` as a whole: formats, report files, and accepted findings."""

import io
import json
import sys
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ci_secrets.cli import main as cli
from ci_secrets.console import Console
from ci_secrets.leaks.formats import FORMATS
from tests.ordinary import TOO_LONG

VALUE = "hQ7tzr23-9f8e"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log and the values to look for in it."""
    (tmp_path / "job.log").write_text(f"one\nlogin {VALUE}\nagain {VALUE.encode().hex()}\n")
    (tmp_path / "known.json").write_text(json.dumps({"PW": VALUE}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def scan(*words: str, variables: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Give the exit code of a scan of the log, and what it said on stderr."""
    stream = io.StringIO()
    argv = ("scan", "--known", "known.json", *words, "job.log")
    return cli.main(argv, variables or {}, Console(stream)), stream.getvalue()


def _in(days: int) -> date:
    """The day, as it is now: midnight may have passed since the tests were collected."""
    return datetime.now(UTC).date() + timedelta(days=days)


def fingerprints(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Give those of the findings in the log."""
    assert scan("--format", "json")[0] == 11
    return [it["fingerprint"] for it in json.loads(capsys.readouterr().out)["findings"]]


def accept(*entries: tuple[str, int], name: str = ".ci-secrets-ignore") -> None:
    """Write fingerprints, each accepted for so many days."""
    lines = (f"{one} until={_in(days)} rotated\n" for one, days in entries)
    Path(name).write_text("".join(lines))


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_is_printed_and_written(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On stdout by --format, in files by --report, with the same findings and no value."""
    code, said = scan("--format", name, "--report", f"{name}=report", "--report", "report.json")
    out, _ = capsys.readouterr()
    written = Path("report").read_text()
    assert code == 11
    assert said == ""
    assert "PW" in out
    assert "PW" in written
    assert len(json.loads(Path("report.json").read_text())["findings"]) == 2
    assert VALUE not in out + written
    assert VALUE.encode().hex() not in out + written


@pytest.mark.parametrize("name", FORMATS)
def test_a_value_that_cannot_be_looked_for_is_not_called_clean(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where it is the only one nothing is known: every format says so, and the exit code is 2."""
    Path("known.json").write_text('{"PIN": "4711"}')
    Path("job.log").write_text("pin 4711\n")
    code, said = scan("--format", name)
    out, _ = capsys.readouterr()
    assert code == 2
    assert "None of these values could be looked for" in said
    assert "clean" not in out.lower().replace(".banner.clean", "")  # the style of the page
    assert "PIN" in out
    assert "could not be looked at" not in out, "the log was read; the value is what is wrong"
    assert "store" not in said, "there is none"
    assert ("not looked for at all" in said) == (name != "text")


def test_a_value_beside_it_that_is_looked_for(capsys: pytest.CaptureFixture[str]) -> None:
    """Makes a verdict of its own, and the other one is told as not looked for at all."""
    Path("known.json").write_text(json.dumps({"PW": VALUE, "PIN": "4711"}))
    Path("job.log").write_text("pin 4711\n")
    assert scan()[0] == 0
    out, _ = capsys.readouterr()
    assert "clean: no known value was found" in out
    assert "not looked for at all: PIN: shorter than 6 bytes" in out


def test_reports_by_the_environment() -> None:
    """A line each."""
    code, _ = scan(variables={"CI_SECRETS_REPORT": " junit=a.xml \n\nb.json\n"})
    assert code == 11
    assert Path("a.xml").read_text().startswith("<testsuites ")
    assert Path("b.json").read_text().startswith('{"version": 1, ')


def test_gitlab_gets_the_commit() -> None:
    """From the variable of the job."""
    scan("--report", "gitlab=gl.json", variables={"CI_COMMIT_SHA": "c0ffee"})
    document = json.loads(Path("gl.json").read_text())
    commits = {it["location"]["commit"]["sha"] for it in document["vulnerabilities"]}
    assert commits == {"c0ffee"}


def test_a_report_that_cannot_be_written_is_told_by_the_exit_code() -> None:
    """With 8, unless there is worse; the verdict and the other reports are told all the same."""
    words = ("--report", "html=none/page.html", "--report", "job.json")
    code, said = scan(*words)
    assert code == 11
    assert "The report was not written" in said
    Path("job.log").write_text("nothing\n")
    code, said = scan(*words)
    assert code == 8
    assert "The report was not written" in said
    assert json.loads(Path("job.json").read_text())["verdict"] == "clean"


@pytest.mark.parametrize("second", ["sarif=same", "sarif=./same", "sarif=link"])
def test_two_reports_in_one_file_are_refused(second: str) -> None:
    """Before anything is read: one would be lost."""
    Path("link").symlink_to("same")
    code, said = scan("--report", "html=same", "--report", second)
    assert code == 2
    assert "Two reports would be written to the same file" in said
    assert not Path("same").exists()


@pytest.mark.parametrize("report", ["job.log", "json=./job.log", "html=link", "sarif=hard"])
def test_a_report_is_none_of_the_inputs(report: str) -> None:
    """It would take the place of what is to be read: refused before anything is deleted."""
    Path("link").symlink_to("job.log")
    Path("hard").hardlink_to("job.log")
    before = Path("job.log").read_text()
    code, said = scan("--report", report)
    assert code == 2
    assert "--report names the same file as PATH" in said
    assert Path("job.log").read_text() == Path("hard").read_text() == before
    code, said = scan("--report", "known.json")
    assert code == 2
    assert "--report names the same file as --known" in said
    assert Path("known.json").exists()


@pytest.mark.parametrize("name", ["ci-secrets.yaml", ".ci-secrets-ignore"])
def test_a_report_takes_the_place_of_no_file_of_ours(folder: Path, name: str) -> None:
    """What a command reads without being told its name is safe, too."""
    (folder / name).write_text("# kept\n")
    code, said = scan("--report", f"json={name}")
    assert code == 2
    assert f"--report names the same file as {name}" in said
    assert (folder / name).read_text() == "# kept\n"


@pytest.mark.parametrize("report", ["-", "json=-"])
def test_a_report_goes_into_a_file(report: str) -> None:
    """Elsewhere `-` is a standard stream; here it is none, and no file is made of that name."""
    code, said = scan("--report", report)
    assert code == 2
    assert "no file" in said
    assert not Path("-").exists()
    assert scan("--report", "./-")[0] == 11
    assert Path("-").exists()


def test_a_report_that_cannot_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """It is not written, which is said; the verdict is that of the log."""
    code, said = scan("--report", TOO_LONG)
    assert code == 11
    assert "The report was not written" in said
    assert "leaked" in capsys.readouterr().out


def test_a_log_that_cannot_be_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    """That is no typing error: it stands among what could not be read."""
    assert scan("--format", "json", TOO_LONG)[0] == 11
    coverage = json.loads(capsys.readouterr().out)["coverage"]
    assert [entry["state"] for entry in coverage] == ["none", "complete"]


@pytest.mark.parametrize(
    "words",
    [
        (f"{VALUE}.log",),
        ("--follow", f"{VALUE}.log"),
        ("--report", f"html={VALUE}/page.html", "job.log"),
        ("--report", f"{VALUE}=page.html", "job.log"),
    ],
)
def test_what_is_said_holds_no_value(words: tuple[str, ...]) -> None:
    """Not even where the command line does."""
    stream = io.StringIO()
    argv = ("scan", "--known", "known.json", *words)
    assert cli.main(argv, {}, Console(stream)) in (2, 11)
    assert stream.getvalue()
    assert VALUE not in stream.getvalue()


@pytest.mark.parametrize("words", [("--format", "xml"), ("--report", "xml=a"), ("--report", "a=")])
def test_an_unknown_format_is_refused(words: tuple[str, str]) -> None:
    """Before anything is read."""
    assert scan(*words)[0] == 2


def test_accepted_findings_do_not_count(capsys: pytest.CaptureFixture[str]) -> None:
    """With all of them listed the scan is clean, and tells of them."""
    first, second = fingerprints(capsys)
    accept((first, 3))
    assert scan("--format", "json")[0] == 11
    document = json.loads(capsys.readouterr().out)
    assert [it["fingerprint"] for it in document["findings"]] == [second]
    assert [(it["fingerprint"], it["reason"], it["until"]) for it in document["accepted"]] == [
        (first, "rotated", str(_in(3)))
    ]
    accept((first, 3), (second, 0))
    code, said = scan()
    assert (code, said) == (0, "")
    assert "  accepted: job.log:2:7: PW in clear: rotated, until " in capsys.readouterr().out


@pytest.mark.parametrize("name", FORMATS)
def test_a_reason_holds_no_value(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever writes the list may say too much; no report repeats it."""
    lines = (f"{it} until={_in(0)} {VALUE} was rotated\n" for it in fingerprints(capsys))
    Path(".ci-secrets-ignore").write_text("".join(lines))
    assert scan("--format", name)[0] == 0
    out, _ = capsys.readouterr()
    assert VALUE not in out
    assert name in ("annotations", "gitlab") or "was rotated" in out


def test_what_is_over_or_unknown_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    """And it does not help."""
    first, second = fingerprints(capsys)
    accept((first, -1), (second, 1), ("0" * 32, 1))
    code, said = scan()
    assert code == 11
    assert ".ci-secrets-ignore, line 1: accepted until" in said
    assert ".ci-secrets-ignore, line 3: nothing with this fingerprint was found" in said


def test_another_file_can_be_named(capsys: pytest.CaptureFixture[str]) -> None:
    """Then that of the folder is not read; one that is named must be there."""
    accept(*((one, 1) for one in fingerprints(capsys)), name="accepted")
    Path(".ci-secrets-ignore").write_text("nonsense\n")
    assert scan("--ignore-file", "accepted")[0] == 0
    assert scan()[0] == 3
    assert scan("--ignore-file", "missing")[0] == 3


def test_a_foreign_event_cannot_accept(capsys: pytest.CaptureFixture[str]) -> None:
    """Where the checkout must not be trusted, its file is not read, as its configuration is not."""
    accept(*((one, 1) for one in fingerprints(capsys)))
    event = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}
    code, said = scan(variables=event)
    assert code == 11
    assert ".ci-secrets-ignore is not read on this event: pull_request_target" in said
    code, _ = scan("--ignore-file", ".ci-secrets-ignore", variables=event)
    assert code == 0


@pytest.mark.parametrize(
    "words", [("--", "job.log"), ("quiet.log", "--", "job.log"), ("--", "quiet.log", "--job.log")]
)
def test_all_behind_the_dashes_is_read(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    """They end the options, as everywhere; a name may begin with dashes there."""
    Path("quiet.log").write_text("nothing\n")
    Path("--job.log").write_text(Path("job.log").read_text())
    argv = ("scan", "--known", "known.json", "--format", "json", *words)
    assert cli.main(argv, {}, Console(io.StringIO())) == 11
    coverage = json.loads(capsys.readouterr().out)["coverage"]
    assert [entry["source"] for entry in coverage] == [word for word in words if word != "--"]


def test_stdin_is_a_source(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is called `-`."""
    stream = io.TextIOWrapper(io.BytesIO(f"x {VALUE}\n".encode()))
    monkeypatch.setattr(sys, "stdin", stream)
    words = ["scan", "--known", "known.json", "--format", "sarif", "-"]
    assert cli.main(words, {}, Console(io.StringIO())) == 11
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "-"}
