"""The end of a run keeps its promises whatever CMD did to the trail, the summary and the log."""

import fcntl
import json
import signal
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.stories.story import Story

FILE = """\
version: 1
stores:
  vault: {{type: vault, url: "{url}", role: deploy}}
secrets:
  KEY_FILE: {{from: "vault:secret/data/deploy#api_key", as: file}}
  DB: {{from: "vault:database/creds/app", fields: {{username: DB_USER, password: DB_PASSWORD}}}}
"""


def _required(trail: Path) -> dict[str, str]:
    return {"CI_SECRETS_AUDIT_FILE": str(trail), "CI_SECRETS_AUDIT_REQUIRED": "true"}


def _values_left(story: Story) -> list[Path]:
    key = story.api_key.encode()
    folder = story.stand.workspace.parent
    return [it for it in folder.rglob("*") if it.is_file() and key in it.read_bytes()]


def test_a_trail_that_cmd_broke_takes_neither_its_code_nor_the_end(
    github: Story, tmp_path: Path
) -> None:
    """Files go, leases go, the verdict and CMD's code stay, and the broken trail is said."""
    github.configure(FILE.format(url=github.vault.url))
    trail = tmp_path / "trail"
    breaks = f"cat $KEY_FILE; rm {trail}; mkdir {trail}; exit 7"
    done = github.run("exec", "--", "sh", "-c", breaks, env=_required(trail))
    assert done.code == 7, done.err
    assert "verdict: contained" in done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert "The end of this run is not in the audit trail" in done.err
    assert github.users == {}
    assert _values_left(github) == []


def test_a_broken_required_trail_is_10_where_all_else_is_well(
    github: Story, tmp_path: Path
) -> None:
    """With CMD at 0 and everything closed the missing end of the trail is what is left to say."""
    trail = tmp_path / "trail"
    breaks = f"rm {trail}; mkdir {trail}"
    done = github.run("exec", "--", "sh", "-c", breaks, env=_required(trail))
    assert done.code == 10, done.err
    assert github.users == {}
    assert github.run("finish").code == 0


def test_a_required_trail_that_cannot_be_written_stops_the_exchange(
    github: Story, tmp_path: Path
) -> None:
    """Before anything is handed out a failed append is exit 10, and nothing is left open."""
    done = github.run("exchange", env=_required(tmp_path / "nowhere" / "trail"))
    assert done.code == 10, done.err
    assert github.users == {}
    assert github.stand.files["GITHUB_OUTPUT"].read_text() == ""


@pytest.mark.parametrize(("action", "code"), [("fail", 11), ("warn", 143)])
def test_a_signal_at_the_end_takes_no_verdict_away(
    generic: Story, action: str, code: int, tmp_path: Path
) -> None:
    """CMD is over, its run is being closed and waits for the trail: what was seen is still said."""
    file = (generic.stand.workspace / "ci-secrets.yaml").read_text()
    generic.configure(f"{file}leaks: {{on-contained: {action}}}\n")
    trail, report, go = tmp_path / "trail", tmp_path / "report.json", tmp_path / "go"
    process = generic.begin_exec(
        f"--audit-file={trail}",
        f"--report={report}",
        script=f'echo "$API_KEY"; until [ -e {go} ]; do sleep 0.05; done',
    )
    with trail.open("r+") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        go.touch()
        held = Path(f"/proc/{process.pid}/fd")
        wait_until(lambda: trail in map(Path.resolve, held.iterdir()), "a wait for the trail")
        process.send_signal(signal.SIGTERM)
    done = generic.ended(process)
    assert done.code == code, done.err
    assert "verdict: contained" in done.err
    assert json.loads(report.read_text())["verdict"] == "contained"
    assert generic.users == {}


def test_finish_tells_a_leak_though_the_trail_is_broken(github: Story, tmp_path: Path) -> None:
    """The leak is 11 and the lease is gone, whatever became of the trail."""
    trail = tmp_path / "trail"
    assert github.run("exchange", env=_required(trail)).code == 0
    trail.unlink()
    trail.mkdir()
    log = tmp_path / "job.log"
    log.write_text(github.api_key)
    done = github.run("finish", "--log", str(log), env=_required(trail))
    assert done.code == 11, done.err
    assert "verdict: leaked" in done.err
    assert github.users == {}


def test_finish_revokes_though_the_log_is_not_there(github: Story, tmp_path: Path) -> None:
    """A log that the cancelled job never wrote is coverage `none`, and no reason not to close."""
    assert github.run("exchange").code == 0
    report = tmp_path / "report.json"
    done = github.run("finish", "--log", "missing.log", "--report", str(report))
    assert done.code == 0, done.err
    assert "missing.log is not there" in done.err
    assert github.users == {}
    told = json.loads(report.read_text())
    assert told["verdict"] == "unknown"
    assert told["coverage"] == [{"source": "missing.log", "state": "none"}]


def test_finish_of_a_closed_run_has_seen_no_log(github: Story, tmp_path: Path) -> None:
    """The values are gone, so a log that is given then has coverage `none` in the report."""
    assert github.run("exec", "--", "true").code == 0
    log = tmp_path / "job.log"
    log.write_text("nothing\n")
    report = tmp_path / "report.json"
    done = github.run("finish", "--log", str(log), "--report", str(report))
    assert done.code == 0, done.err
    coverage = json.loads(report.read_text())["coverage"]
    assert coverage == [{"source": str(log), "state": "none"}]


def test_one_report_for_all_that_a_job_left_open(github: Story, tmp_path: Path) -> None:
    """Two exchanges, one finish: the report has the tokens and leases of both."""
    assert github.run("exchange").code == 0
    assert github.run("exchange").code == 0
    report = tmp_path / "report.json"
    assert github.run("finish", "--report", str(report)).code == 0
    assert len(json.loads(report.read_text())["closed"]) == 4
    assert github.users == {}


def test_a_summary_that_cannot_be_redacted_takes_nothing_with_it(github: Story) -> None:
    """CMD puts a directory in the summary's place: said, and CMD's code and the verdict stay."""
    spoils = 'rm "$GITHUB_STEP_SUMMARY"; mkdir -p "$GITHUB_STEP_SUMMARY/x"; exit 7'
    done = github.run("exec", "--", "sh", "-c", spoils)
    assert done.code == 7, done.err
    assert "verdict: clean" in done.err
    assert "The job summary was not redacted" in done.err
    assert github.users == {}


def test_the_summary_and_what_is_handed_on_are_looked_at(github: Story) -> None:
    """A value in the summary is redacted there; one that is for later steps is reported."""
    handed_on = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STATE", "GITHUB_PATH")
    writes = [f'echo "k=$(echo "$API_KEY" | base64)" >>"${name}"' for name in handed_on]
    script = "; ".join(['echo "key $API_KEY" >>"$GITHUB_STEP_SUMMARY"', *writes])
    done = github.run("exec", "--", "sh", "-c", script)
    assert done.code == 0, done.err
    assert "key ***" in github.stand.files["GITHUB_STEP_SUMMARY"].read_text()
    for name in handed_on:
        assert f"API_KEY was written to {name}" in done.err
    assert "verdict: contained" in done.err


def test_one_log_keeps_the_order_of_both_streams(generic: Story) -> None:
    """With --one-log what CMD writes to stdout and stderr comes out in its order, on stdout."""
    both = "echo 1; echo 2 >&2; echo 3; echo 4 >&2"
    done = generic.run("exec", "--one-log", "--", "sh", "-c", both)
    assert done.out == "1\n2\n3\n4\n"
    again = generic.run("exec", "--", "sh", "-c", both, env={"CI_SECRETS_ONE_LOG": "true"})
    assert again.out == "1\n2\n3\n4\n"


def test_what_cmd_masks_becomes_a_needle(github: Story) -> None:
    """A mask request of CMD's own passes and is obeyed; one with our value is dropped."""
    asks = 'echo "::add-mask::made-up-other"; echo "::add-mask::$API_KEY"; echo made-up-other'
    done = github.run("exec", "--", "sh", "-c", asks)
    assert done.out == "::add-mask::made-up-other\n***\n"


def test_help_in_a_locale_that_lacks_its_characters(generic: Story) -> None:
    """No line is lost, and nothing fails, where the terminal cannot show an arrow."""
    done = generic.run("--help", env={"PYTHONIOENCODING": "ascii", "LC_ALL": "C"})
    assert done.code == 0, done.err
    assert "revoke with proof" in done.out
