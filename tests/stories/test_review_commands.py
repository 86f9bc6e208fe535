"""Commands to the letter: all or nothing, names, heads, broken pipes, refusals."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ci_secrets.job.exchange import _undone_on_failure
from ci_secrets.job.signals import Interrupted
from tests.stories.story import TOOL, Story

WILD = """\
version: 1
stores: {{vault: {{type: vault, url: "{url}", role: deploy}}}}
secrets: {{ALL: {{from: "vault:secret/data/mixed#**", prefix: ""}}}}
"""


def _without(github: Story, variable: str, tmp_path: Path) -> dict[str, str]:
    """An environment in which one file of the runner takes nothing."""
    (tmp_path / "no-file").mkdir()
    return {variable: str(tmp_path / "no-file")}


def test_no_output_stays_where_a_variable_could_not_be_exported(
    github: Story, tmp_path: Path
) -> None:
    """All or nothing holds over both files of the runner, and what stood there before stays."""
    output = github.stand.files["GITHUB_OUTPUT"]
    output.write_text("earlier=1\n")
    environment = _without(github, "GITHUB_ENV", tmp_path)
    done = github.run("exchange", "--export-env", env=environment)
    assert done.code == 8, done.err
    assert output.read_text() == "earlier=1\n"
    assert github.users == {}


def test_no_dotenv_report_stays_where_an_output_could_not_be_written(
    github: Story, tmp_path: Path
) -> None:
    """The CI takes the report as an artifact, so after a failure there must be none."""
    report = tmp_path / "build.env"
    environment = _without(github, "GITHUB_OUTPUT", tmp_path)
    done = github.run("exchange", "--dotenv", str(report), env=environment)
    assert done.code == 8, done.err
    assert not report.exists()


def test_a_dotenv_report_outlives_the_job(generic: Story, tmp_path: Path) -> None:
    """The CI reads it after our end."""
    report = tmp_path / "build.env"
    words = ("--run-id", "r1")
    assert generic.run("exchange", "--dotenv", str(report), *words).code == 0
    assert generic.run("finish", *words).code == 0
    assert generic.api_key in report.read_text()


def test_outputs_that_differ_in_case_only_are_refused(github: Story) -> None:
    """GitHub finds outputs in any case, so one of the two would silently replace the other."""
    github.vault.put_secret("secret/mixed", Key="made-up-value-1", key="made-up-value-2")
    github.configure(WILD.format(url=github.vault.url))
    done = github.run("exchange")
    assert done.code == 3, done.err
    assert "Two secrets are called `key`" in done.err
    assert github.stand.files["GITHUB_OUTPUT"].read_text() == ""
    assert github.tokens() == []


def test_variables_that_differ_in_case_only_are_two(generic: Story, tmp_path: Path) -> None:
    """Where there are no outputs the names of a shell hold."""
    generic.vault.put_secret("secret/mixed", Key="made-up-value-1", key="made-up-value-2")
    generic.configure(WILD.format(url=generic.vault.url))
    target = tmp_path / "secrets.env"
    done = generic.run("exchange", "--env-file", str(target), "--run-id", "r1")
    assert done.code == 0, done.err
    assert "export Key=" in target.read_text()
    assert "export key=" in target.read_text()
    assert generic.run("finish", "--run-id", "r1").code == 0


def test_windows_is_refused_with_one_line() -> None:
    """Before anything is imported that only POSIX has."""
    code = (
        "import runpy, signal, sys; sys.platform = 'win32'; del signal.SIGHUP; "
        "sys.modules.update(dict.fromkeys(['fcntl', 'resource', 'termios'])); "
        "runpy.run_module('ci_secrets', run_name='__main__')"
    )
    words = [sys.executable, "-I", "-c", code, "--version"]
    done = subprocess.run(words, capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert done.stderr == "ci-secrets: Windows is not supported; use WSL or a Linux runner.\n"
    assert done.stdout == ""


@pytest.mark.parametrize(
    "words",
    [
        ["exchange"], ["exec", "--", "true"], ["redact"], ["scan", "x"], ["finish"], ["whoami"],
        ["audit", "verify"], ["demo", "--store", "none"],
    ],
    ids=lambda words: words[0],
)  # fmt: skip
def test_every_command_is_hardened(words: list[str], tmp_path: Path) -> None:
    """Nobody of this user reads its memory, and it leaves no core file, whatever comes of it."""
    code = (
        "import ctypes, resource, sys\n"
        "from ci_secrets.cli.main import main\n"
        "from ci_secrets.console import Console\n"
        "main(sys.argv[1:], {'HOME': '.', 'XDG_RUNTIME_DIR': '.'}, Console(sys.stderr))\n"
        "print(ctypes.CDLL(None).prctl(3, 0, 0, 0, 0), resource.getrlimit(4)[0])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words], cwd=tmp_path, capture_output=True, check=True
    )
    assert done.stdout == b"0 0\n", done.stderr


def test_a_format_that_nobody_writes_is_refused(generic: Story) -> None:
    """On the command line and in the variable, by `whoami` as by `scan`."""
    for words in (["whoami"], ["scan", "x"]):
        for done in (
            generic.run(*words, "--format", "xml"),
            generic.run(*words, env={"CI_SECRETS_FORMAT": "xml"}),
        ):
            assert done.code == 2, done.err
            assert "One of: text, json" in done.err


def test_the_demos_store_has_its_variable(generic: Story) -> None:
    """CI_SECRETS_STORE is read where the command line has no --store."""
    refused = generic.run("demo", env={"CI_SECRETS_STORE": "none"})
    assert refused.code == 2
    assert "One of: embedded, vault." in refused.err


@pytest.mark.parametrize(
    "words", [["whoami"], ["--help"], ["redact"], ["scan", "-"], ["demo"]], ids=" ".join
)
def test_a_reader_that_has_gone_is_no_fault_of_ours(
    generic: Story, tmp_path: Path, words: list[str]
) -> None:
    """Like any tool in a pipe that breaks: not a word, and 141 as a shell says SIGPIPE, never 0."""
    known = tmp_path / "known.json"
    known.write_text('{"A": "made-up-value"}')
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as gone:
        done = subprocess.run(
            [TOOL, *words],
            cwd=generic.stand.workspace,
            env=generic.environment(CI_SECRETS_KNOWN=str(known)),
            input=b"a made-up-value\n",
            stdout=gone,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 141
    assert b"rror" not in done.stderr
    assert b"stopped" not in done.stderr


@pytest.mark.parametrize("words", [["--version"], ["redact"], ["scan", "-"]], ids=" ".join)
def test_a_full_disk_is_told(generic: Story, tmp_path: Path, words: list[str]) -> None:
    """What could not be written is never called a success, and is told once."""
    known = tmp_path / "known.json"
    known.write_text('{"A": "made-up-value-7d6c5b4a"}')
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [TOOL, *words],
            env=generic.environment(CI_SECRETS_KNOWN=str(known)),
            input=b"a made-up-value-7d6c5b4a\n" * 1000,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 8
    assert done.stderr == (
        b"ci-secrets: Standard output cannot be written.\n  No space left on device.\n"
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["exchange", "--env-file"], "argument --env-file: expected one argument."),
        (["exchange", "--export-env=hunter2"], "argument --export-env: ignored explicit argument."),
        (["exchange", "--hunter2"], "unrecognized arguments."),
        (["scan", "--hunter2"], "the following arguments are required: PATH."),
        (["hunter2"], "argument COMMAND: invalid choice."),
        (["audit", "hunter2"], "argument action: invalid choice."),
        ([], "the following arguments are required: COMMAND."),
    ],
    ids=str,
)
def test_a_wrong_command_line_is_explained_without_its_words(words: list[str], said: str) -> None:
    """What is wrong is said as far as it cannot hold a value."""
    done = subprocess.run([TOOL, *words], capture_output=True, check=False, text=True)
    assert done.returncode == 2
    assert f"The command line is not understood: {said}\n" in done.stderr
    assert "hunter2" not in done.stderr


def test_the_trail_is_verified_while_another_run_goes_on(github: Story, tmp_path: Path) -> None:
    """With the head as the log shows it; the run that is still open is a warning."""
    trail = tmp_path / "audit.jsonl"
    environment = {"CI_SECRETS_AUDIT_FILE": str(trail)}
    ended = github.run("exec", "--", "true", env=environment)
    assert ended.code == 0, ended.err
    (head,) = re.findall(r"audit head: (.*)", ended.err)
    running = github.begin_exec(env=environment)
    for words in ([], ["--head", head]):
        done = github.run("audit", "verify", str(trail), *words)
        assert done.code == 0, done.err
        assert "opened and not closed" in done.err
        assert ("only a head" in done.err) == (not words)
    running.terminate()
    github.ended(running)
    done = github.run("audit", "verify", str(trail), "--head", head)
    assert "not closed" not in done.err
    lines = trail.read_bytes().splitlines(keepends=True)
    trail.write_bytes(b"".join(lines[:3]))
    assert github.run("audit", "verify", str(trail), "--head", head).code == 10


def test_the_report_of_an_exchange(github: Story, tmp_path: Path) -> None:
    """What was handed out, under which names, from where and until when; no value."""
    target = tmp_path / "report.json"
    before = time.time()
    done = github.run("exchange", "--report", str(target))
    assert done.code == 0, done.err
    text = target.read_text()
    for value in (github.api_key, *github.users, *github.users.values()):
        assert value not in text
    report = json.loads(text)
    assert report["run"]["platform"] == "github"
    names = {entry["name"]: entry for entry in report["secrets"]}
    assert names.keys() == {"API_KEY", "DB_USER", "DB_PASSWORD"}
    assert names["API_KEY"] == {
        "name": "API_KEY", "output": "API_KEY", "source": "vault:secret/data/deploy#api_key",
        "deliver": "value", "lease": None,
    }  # fmt: skip
    (store,) = report["stores"]
    (lease,) = store["leases"]
    assert names["DB_USER"]["lease"] == lease["id"]
    assert store["token"]["kind"] == "service"
    assert before < store["token"]["expires-at"] < before + 700
    assert before < lease["expires-at"]
    assert github.run("finish").code == 0


def test_a_report_that_cannot_be_written_takes_nothing_back(github: Story, tmp_path: Path) -> None:
    """It is a warning, as at the end of the job."""
    done = github.run("exchange", "--report", str(tmp_path))
    assert done.code == 0
    assert "The report was not written" in done.err
    assert github.api_key in github.stand.files["GITHUB_OUTPUT"].read_text()
    assert github.run("finish").code == 0


def test_a_signal_takes_back_what_was_written(tmp_path: Path) -> None:
    """What was made is removed, what was longer is cut to its old end, a link is left alone."""
    made, grown, link = tmp_path / "made", tmp_path / "grown", tmp_path / "link"
    grown.write_text("earlier\n")
    link.symlink_to(grown)

    def interrupted() -> None:
        with _undone_on_failure(made), _undone_on_failure(grown), _undone_on_failure(link):
            made.write_text("made-up-value")
            grown.write_text("earlier\nmade-up-value\n")
            raise Interrupted(15)

    with pytest.raises(Interrupted):
        interrupted()
    assert not made.exists()
    assert grown.read_text() == "earlier\n"
    assert link.is_symlink()
