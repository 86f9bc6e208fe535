"""The reports of a run: in several formats at once, with what was revoked."""

import json

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
