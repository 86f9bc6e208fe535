"""The reports of a run: in several formats at once, with what was revoked."""

import json
from pathlib import Path

import pytest

from tests.stories.shells import ACTIVATE, Shell
from tests.stories.story import Story

HEX = 'printf %s "$API_KEY" | od -An -tx1 | tr -d " \\n"; echo'


def test_exec_writes_its_reports(github: Story) -> None:
    """A page for people says what was printed and revoked; JSON stays what it was."""
    work = github.stand.workspace
    words = ["--report", "html=page.html", "--report", "sarif=ci.sarif", "--report", "r.json"]
    done = github.run("exec", *words, "--", "sh", "-c", HEX)
    assert done.code == 0, done.err
    page = (work / "page.html").read_text()
    assert "<h1>Contained</h1>" in page
    assert "API_KEY" in page
    assert page.count('<li class="proven"><b>revoked</b> ') == 2
    (run,) = json.loads((work / "ci.sarif").read_text())["runs"]
    assert run["properties"]["verdict"] == "contained"
    report = json.loads((work / "r.json").read_text())
    assert report["verdict"] == "contained"
    assert len(report["closed"]) == 2
    for text in (page, json.dumps(run), json.dumps(report)):
        assert github.api_key not in text
        assert github.api_key.encode().hex() not in text


def test_finish_writes_its_reports(github: Story) -> None:
    """Of the log that it was given."""
    assert github.run("exchange").code == 0
    work = github.stand.workspace
    (work / "job.log").write_text(f"oh {github.api_key}\n")
    done = github.run("finish", "--log", "job.log", "--report", "junit=report.xml")
    assert done.code == 11, done.err
    text = (work / "report.xml").read_text()
    assert 'failures="1"' in text
    assert github.api_key not in text


def test_exchange_has_one_report(github: Story) -> None:
    """It has seen no log: another format is refused before anything is opened."""
    for words in (["html=a.html"], ["a.json", "b.json"]):
        options = [word for one in words for word in ("--report", one)]
        done = github.run("exchange", *options)
        assert done.code == 2
        assert "one report" in done.err


MISSING = ("--secrets", "secret/data/nope x | A")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["exec", "--config", "nowhere", "--", "true"], 3),
        (["exec", *MISSING, "--", "true"], 7),
        (["exchange", *MISSING], 7),
        (["finish", "--platform", "nowhere"], 2),
        (["scan", "--known", "nowhere", "ci-secrets.yaml"], 2),
        (["verify"], 2),
    ],
    ids=lambda it: it[0] if isinstance(it, list) else str(it),
)
def test_no_report_of_an_earlier_run_stays(github: Story, words: list[str], code: int) -> None:
    """A run that fails before it has a verdict leaves none that another one has written."""
    report = github.stand.workspace / "r.json"
    report.write_text('{"verdict": "clean"}')
    done = github.run(*words, env={"CI_SECRETS_REPORT": "r.json"})
    assert done.code == code, done.err
    assert not report.exists()


def test_no_report_of_an_earlier_run_stays_in_a_shell(generic: Story) -> None:
    """Neither of the first `activate` of a script, nor of one that is added."""
    first, second = (generic.stand.workspace / name for name in ("1.json", "2.json"))
    first.write_text("old")
    second.write_text("old")
    shell = Shell(kind="dash", story=generic)
    missing = ACTIVATE.replace("activate", f"activate --report 1.json --secrets '{MISSING[1]}'")
    assert shell.run(missing) == 7, shell.said()
    assert not first.exists()
    added = missing.replace("1.json", "2.json")
    assert shell.run(f"{ACTIVATE}\n{added}") == 7, shell.said()
    assert not second.exists()


def test_a_report_that_is_no_file_is_left_alone(generic: Story, tmp_path: Path) -> None:
    """A link in its place is neither followed nor replaced, and that is said."""
    target = tmp_path / "target"
    target.write_text("somebody's")
    link = generic.stand.workspace / "r.json"
    link.symlink_to(target)
    done = generic.run("exec", "--report", "r.json", "--", "true")
    assert done.code == 8, done.err
    assert "The report was not written" in done.err
    assert link.is_symlink()
    assert target.read_text() == "somebody's"
