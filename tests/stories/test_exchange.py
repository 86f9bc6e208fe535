"""`ci-secrets exchange` … `finish`: the values for later steps, and their end."""

import base64
import fcntl
import os
import subprocess
import sys
import termios
from pathlib import Path

from tests import patience
from tests.patience import wait_until
from tests.stories.story import TOOL, Story


def _exchange(story: Story, folder: Path) -> tuple[list[str], Path]:
    """Words for an exchange that works on this CI, and where its values land."""
    if story.stand.kind == "github":
        return ["exchange"], story.stand.files["GITHUB_OUTPUT"]
    target = folder / "secrets.env"
    return ["exchange", "--env-file", str(target), "--run-id", "r1"], target


def test_values_reach_later_steps_and_finish_ends_them(story: Story, tmp_path: Path) -> None:
    """The values arrive, `finish` finds a leak in the log it is given, revokes, and deletes."""
    words, target = _exchange(story, tmp_path)
    done = story.run(*words)
    assert done.code == 0, done.err
    assert story.api_key in target.read_text()
    assert len(story.users) == 1
    log = tmp_path / "job.log"
    log.write_text(f"fine\nleak {base64.b64encode(story.api_key.encode()).decode()}\n")
    ended = story.run("finish", "--log", str(log), "--run-id", "r1")
    assert ended.code == 11, ended.err
    assert "verdict: leaked" in ended.err
    assert "revoked, proven: 1 token and 1 lease" in ended.err
    assert story.api_key not in ended.said
    assert story.users == {}
    assert story.stand.kind == "github" or not target.exists()


def test_finish_writes_the_job_summary(github: Story, tmp_path: Path) -> None:
    """Verdict, what was looked at, what was found and what was revoked, without a value."""
    assert github.run("exchange").code == 0
    (tmp_path / "job.log").write_text(f"leak {github.api_key}\n")
    assert github.run("finish", "--log", str(tmp_path / "job.log")).code == 11
    summary = github.stand.files["GITHUB_STEP_SUMMARY"].read_text()
    assert "### ci-secrets: " in summary
    assert "leaked" in summary
    assert "complete" in summary
    assert "| API\\_KEY | in clear | " in summary
    assert "revoked, proven: 1 token and 1 lease" in summary
    assert github.api_key not in summary


def test_finish_without_a_log_does_not_call_it_clean(story: Story, tmp_path: Path) -> None:
    """With nothing to look at the verdict is `unknown`."""
    words, _ = _exchange(story, tmp_path)
    assert story.run(*words).code == 0
    done = story.run("finish", "--run-id", "r1")
    assert done.code == 0, done.err
    assert "verdict: unknown" in done.err


def test_finish_where_nothing_was_opened(story: Story) -> None:
    """A job that opened nothing has nothing to close, and says so."""
    done = story.run("finish", "--run-id", "r1")
    assert done.code == 0, done.err
    assert "nothing was opened" in done.err


def test_the_file_to_source_works_in_sh(story: Story, tmp_path: Path) -> None:
    """On CIs without outputs the 0600 file gives the values to the shell that sources it."""
    if story.stand.kind == "github":
        return
    words, target = _exchange(story, tmp_path)
    assert story.run(*words).code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    told = subprocess.run(
        ["sh", "-c", f'. {target}; printf %s "$API_KEY"'], capture_output=True, check=True
    )
    assert told.stdout.decode() == story.api_key
    assert story.run("finish", "--run-id", "r1").code == 0


def test_on_github_masks_go_out_before_values(github: Story) -> None:
    """Each value, and its likely forms, is masked, and outputs are written whole."""
    done = github.run("exchange")
    assert done.code == 0, done.err
    assert f"::add-mask::{github.api_key}" in done.said
    assert base64.b64encode(github.api_key.encode()).decode()[:30] in done.said
    assert "API_KEY<<" in github.stand.files["GITHUB_OUTPUT"].read_text()
    assert github.stand.files["GITHUB_ENV"].read_text() == ""
    assert github.run("finish").code == 0


def test_a_runner_that_reads_slowly_gets_every_mask(github: Story) -> None:
    """More masks than a pipe holds, on a pipe that does not wait, as under Node: none is lost."""
    keys = {f"key{number}": base64.b64encode(os.urandom(300)).decode() for number in range(9)}
    github.vault.put_secret("secret/deploy", **keys)
    url = github.vault.url
    wanted = "\n".join(f"secret/data/deploy {name};" for name in keys)
    words = ["exchange", "--url", url, "--role", "deploy", "--secrets", wanted]
    (github.stand.workspace / "ci-secrets.yaml").unlink()
    masks = github.run(*words).err.count("::add-mask::")
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    environment, output = github.environment(), github.stand.files["GITHUB_OUTPUT"]
    output.write_text("")
    process = github.own(
        subprocess.Popen([TOOL, *words], cwd=github.stand.workspace, env=environment, stderr=theirs)
    )
    os.close(theirs)
    with os.fdopen(ours, "rb") as reader:
        wait_until(lambda: _held(ours) > 60_000, "a full pipe")
        assert output.read_text() == ""
        said = reader.read().decode()
    assert process.wait(timeout=patience.SECONDS) == 0, said
    assert len(said) > 100_000
    assert said.count("::add-mask::") == masks
    assert all(f"::add-mask::{value}\n" in said for value in keys.values())
    assert all(value in output.read_text() for value in keys.values())


def _held(pipe: int) -> int:
    """How many bytes stand in it."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_without_a_place_for_the_values_nothing_is_minted(generic: Story) -> None:
    """Where the CI has no outputs and no file is named, it is refused before any login."""
    done = generic.run("exchange")
    assert done.code == 8, done.err
    assert "--env-file" in done.err
    assert generic.vault.requests == []


def test_a_value_of_many_lines_is_said_to_be_masked_in_part(github: Story) -> None:
    """At most 20 masks a value: its first lines are masked, and that the others are not is said."""
    lines = [f"line-{number:02}-of-a-made-up-key" for number in range(60)]
    github.vault.put_secret("secret/deploy", api_key="\n".join(lines))
    done = github.run("exchange")
    assert done.code == 0, done.err
    assert f"::add-mask::{lines[0]}" in done.err
    assert f"::add-mask::{lines[59]}" not in done.err
    assert "::warning title=ci-secrets::ci-secrets: API_KEY is masked in part only" in done.err
    assert "let it be a file" in done.err
    assert github.run("finish").code == 0


def test_every_line_is_masked_and_what_is_not_is_told(github: Story) -> None:
    """Lines of words too; the mask of a common word would hide half of the log: it is named."""
    value = "hunter2-first\nhunter2-second-longer\nmypassw0rd\n"
    github.vault.put_secret("secret/deploy", api_key=value, weak="changeme")
    wanted = "secret/data/deploy api_key; secret/data/deploy weak | WEAK;"
    store = ("--url", github.vault.url, "--role", "deploy")
    (github.stand.workspace / "ci-secrets.yaml").unlink()
    done = github.run("exchange", *store, "--secrets", wanted)
    assert done.code == 0, done.err
    assert all(f"::add-mask::{line}\n" in done.err for line in value.split())
    assert "::add-mask::changeme\n" not in done.err
    told = "WEAK is not masked (a common word or number): it would be shown."
    assert [line for line in done.err.splitlines() if " masked " in line] == [
        f"::warning title=ci-secrets::ci-secrets: {told} Take a longer one, or let it be a file."
    ]
    assert github.run("finish").code == 0


def test_a_file_of_many_lines_needs_no_warning(github: Story) -> None:
    """What is a file already is not told to become one; that masks do not hide it all, is."""
    lines = [f"line-{number:02}-of-a-made-up-key" for number in range(60)]
    github.vault.put_secret("secret/deploy", api_key="\n".join(lines))
    text = (github.stand.workspace / "ci-secrets.yaml").read_text()
    path = "vault:secret/data/deploy#api_key"
    github.configure(text.replace(path, f'{{from: "{path}", as: file}}'))
    done = github.run("exchange")
    assert done.code == 0, done.err
    assert "ci-secrets: API_KEY is masked in part only" in done.err
    assert "::warning" not in done.err
    assert "let it be a file" not in done.err
    assert github.run("finish").code == 0
