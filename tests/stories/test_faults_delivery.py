"""Values that do not fit and places that take none: 8, nothing written, everything revoked."""

import base64
import hashlib
import json
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.patience import wait_until
from tests.stories.story import CONFIG, TOOL, Story

RUN = {"CI_SECRETS_RUN_ID": "r1"}
MEBIBYTE = 1024 * 1024


def _nothing_left(story: Story) -> None:
    assert story.tokens() == []
    wait_until(lambda: not story.users, "the end of the dynamic user")
    done = story.run("finish", env=RUN)
    assert done.code == 0, done.err


def _small_files(limit: int) -> Callable[[], None]:
    """Refuse files beyond a size, as a full disk does; SIGXFSZ is ignored, so that it is EFBIG."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return limited


@contextmanager
def _full_disk(place: Path, size: str) -> Iterator[Path]:
    """A file system of a few kilobytes."""
    place.mkdir(mode=0o700)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(place)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small tmpfs")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


# --- outputs that cannot be written ------------------------------------------------------------


def _replace_by_directory(output: Path) -> None:
    output.unlink()
    output.mkdir()


def _replace_by_full_device(output: Path) -> None:
    output.unlink()
    output.symlink_to("/dev/full")


@pytest.mark.parametrize("spoil", [Path.unlink, _replace_by_directory, _replace_by_full_device])
def test_a_github_output_that_cannot_be_written(
    github: Story, spoil: Callable[[Path], None]
) -> None:
    """Missing, no file, or a link: 8, and GITHUB_ENV is as empty as before."""
    spoil(github.stand.files["GITHUB_OUTPUT"])
    done = github.run("exchange", "--export-env")
    assert done.code == 8, done.err
    assert "GITHUB_OUTPUT cannot be written; nothing was" in done.err
    assert "gave up · revoked, proven: 1 token and 1 lease" in done.err
    assert github.stand.files["GITHUB_ENV"].read_text() == ""
    _nothing_left(github)


@pytest.mark.parametrize("stderr", ["&-", "/dev/full"])
def test_masks_that_cannot_be_printed(github: Story, stderr: str) -> None:
    """No value is handed on that the runner was not told to mask: 8, and nothing is left open."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" exchange --export-env 2>{stderr}', TOOL],
        cwd=github.stand.workspace,
        env=github.environment(),
        check=False,
    )
    assert done.returncode == 8
    assert github.stand.files["GITHUB_OUTPUT"].read_text() == ""
    assert github.stand.files["GITHUB_ENV"].read_text() == ""
    _nothing_left(github)


def test_a_disk_that_is_full_for_outputs(github: Story) -> None:
    """Half of the outputs is none: the file is as it was."""
    with _full_disk(github.stand.workspace / "disk", "8k") as disk:
        github.vault.put_secret("secret/deploy", api_key="k" * 20_000)
        output = disk / "output"
        output.write_text("before=1\n")
        done = github.run("exchange", env={"GITHUB_OUTPUT": str(output)})
        assert done.code == 8, done.err
        assert output.read_text() == "before=1\n"
    _nothing_left(github)


def test_a_disk_that_is_full_for_the_file_to_source(generic: Story) -> None:
    """Nothing of the file is left, and nothing is left open."""
    with _full_disk(generic.stand.workspace / "disk", "8k") as disk:
        generic.vault.put_secret("secret/deploy", api_key="k" * 20_000)
        done = generic.run("exchange", "--env-file", str(disk / "secrets.env"), env=RUN)
        assert done.code == 8, done.err
        assert "No space left on device" in done.err
        assert list(disk.iterdir()) == []
    _nothing_left(generic)


def test_a_disk_that_is_full_for_the_state(generic: Story) -> None:
    """`exchange` cannot do without its state: 8 before anything is minted."""
    with _full_disk(generic.stand.workspace / "disk", "8k") as disk:
        (disk / "filler").write_bytes(b"x" * 8192)
        words = ["--state-dir", str(disk), "--env-file", str(generic.stand.workspace / "s.env")]
        done = generic.run("exchange", *words, env=RUN)
        assert done.code == 8, done.err
    assert generic.vault.requests == []


def test_exec_does_without_a_state(generic: Story) -> None:
    """`exec` holds all in memory: where no state can be made it warns, and works."""
    blocked = generic.stand.workspace / "file"
    blocked.touch()
    done = generic.run("exec", "--state-dir", str(blocked / "state"), "--", "true", env=RUN)
    assert done.code == 0, done.err
    assert "warning: The state cannot be sealed" in done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err


def test_a_report_that_cannot_be_written_is_told_by_the_exit_code(generic: Story) -> None:
    """With 8 where all else is well; CMD's own code stays."""
    report = ["--report", str(generic.stand.workspace / "none" / "report.json")]
    for script, code in (("exit 0", 8), ("exit 5", 5)):
        done = generic.run("exec", *report, "--", "sh", "-c", script, env=RUN)
        assert done.code == code, done.err
        assert "The report was not written" in done.err
        assert "revoked, proven: 1 token and 1 lease" in done.err
    assert generic.run("finish", *report, env=RUN).code == 8


def test_a_disk_that_is_full_for_the_summary(github: Story) -> None:
    """It is told, in the report too; what CMD has written there may not be all that it wrote."""
    with _full_disk(github.stand.workspace / "disk", "8k") as disk:
        (disk / "filler").write_bytes(b"x" * 8192)
        summary = disk / "summary"
        summary.touch()
        env = {**RUN, "GITHUB_STEP_SUMMARY": str(summary)}
        done = github.run("exec", "--report", "report.json", "--", "true", env=env)
        assert done.code == 0, done.err
        assert summary.read_text() == ""
    lost = "The job summary was not written: No space left on device."
    assert f"::warning title=ci-secrets::ci-secrets: {lost}\n" in done.err
    assert "verdict: clean (job summary tail-missing, stdout complete" in done.err
    report = json.loads((github.stand.workspace / "report.json").read_text())
    assert {"source": "job summary", "state": "tail-missing"} in report["coverage"]
    assert lost in report["warnings"]


def test_a_disk_that_cmd_fills(generic: Story) -> None:
    """CMD's code and the verdict stay; what could not be noted is a warning; finish is 0."""
    with _full_disk(generic.stand.workspace / "disk", "64k") as disk:
        state = ["--state-dir", str(disk / "state")]
        report = ["--report", str(disk / "report.json")]
        script = f'cat /dev/zero >{disk}/filler; echo "$API_KEY"; exit 5'
        done = generic.run("exec", *state, *report, "--", "sh", "-c", script, env=RUN)
        assert done.code == 5, done.err
        assert "verdict: contained" in done.err
        assert "revoked, proven: 1 token and 1 lease" in done.err
        assert "Not noted for `finish`" in done.err
        assert "The report was not written" in done.err
        assert "gave up" not in done.err
        (disk / "filler").unlink()
        later = generic.run("finish", *state, env=RUN)
        assert later.code == 0, later.err
        assert "already gone: 1 token" in later.err


def test_a_limit_on_the_size_of_files(generic: Story) -> None:
    """EFBIG (`ulimit -f`) is told like a full disk."""
    generic.vault.put_secret("secret/deploy", api_key="k" * 100_000)
    done = generic.run(
        *["exchange", "--env-file", str(generic.stand.workspace / "secrets.env")],
        env=RUN,
        preexec_fn=_small_files(64 * 1024),
    )
    assert done.code == 8, done.err
    assert not (generic.stand.workspace / "secrets.env").exists()
    generic.vault.faults.clear()
    assert generic.tokens() == []


@pytest.mark.parametrize("kind", ["file", "directory", "dangling link"])
def test_what_stood_there_before_is_not_touched(generic: Story, kind: str) -> None:
    """A path that is taken is refused before anything is minted, and is left as it was."""
    target = generic.stand.workspace / "secrets.env"
    match kind:
        case "file":
            target.write_text("mine")
        case "directory":
            target.mkdir()
        case _:
            target.symlink_to("nowhere")
    done = generic.run("exchange", "--env-file", str(target), env=RUN)
    assert done.code == 8, done.err
    assert generic.vault.requests == []
    assert target.is_symlink() if kind == "dangling link" else target.exists()
    _nothing_left(generic)
    assert target.is_symlink() if kind == "dangling link" else target.exists()


# --- values ------------------------------------------------------------------------------------


def _deliver(story: Story, value: str, how: str) -> None:
    story.vault.put_secret("secret/deploy", api_key=value)
    entry = f'{{from: "vault:secret/data/deploy#api_key"{how}}}'
    text = CONFIG.format(url=story.vault.url).replace("vault:secret/data/deploy#api_key", entry)
    story.configure(text)


@pytest.mark.parametrize(
    ("value", "how", "why"),
    [
        ("k" * MEBIBYTE, "", "1048576 bytes"),
        ("a\0b-and-more", "", "NUL"),
        (base64.b64encode(b"\xff\xfe\x80binary").decode(), ", encoding: base64", "not UTF-8"),
    ],
    ids=["1 MiB", "NUL", "binary"],
)
@pytest.mark.parametrize("command", ["exec", "exchange"])
def test_a_value_that_fits_no_variable(
    github: Story, command: str, value: str, how: str, why: str
) -> None:
    """It is refused by name with `as: file` to paste, CMD does not start, nothing is written."""
    _deliver(github, value, how)
    cmd = ("--", "touch", "started") if command == "exec" else ()
    done = github.run(command, *cmd)
    assert done.code == 8, done.err
    assert why in done.err
    assert "API_KEY: {from: " in done.err
    assert "as: file}" in done.err
    assert "::add-mask::" not in done.said
    assert value[:40] not in done.said
    assert not (github.stand.workspace / "started").exists()
    assert github.stand.files["GITHUB_OUTPUT"].read_text() == ""
    _nothing_left(github)


BINARY = bytes(range(256)) * 64


@pytest.mark.parametrize(
    ("value", "how", "wanted"),
    [
        ("k" * MEBIBYTE, "", b"k" * MEBIBYTE),
        ("ü€\r\n" * (MEBIBYTE // 4), "", "ü€\r\n".encode() * (MEBIBYTE // 4)),
        (base64.b64encode(BINARY).decode(), ", encoding: base64", BINARY),
        ("a\0b", "", b"a\0b"),
        ("", "", b""),
        ("line\n\n", "", b"line\n\n"),
    ],
    ids=["1 MiB", "near 2 MiB", "binary", "NUL", "empty", "trailing newlines"],
)
def test_as_a_file_every_value_arrives_whole(
    generic: Story, value: str, how: str, wanted: bytes
) -> None:
    """Byte by byte; and after CMD the file is gone."""
    _deliver(generic, value, f"{how}, as: file")
    script = 'sha256sum <"$API_KEY"; stat -c %a "$API_KEY"; echo "$API_KEY"'
    done = generic.run("exec", "--", "sh", "-c", script)
    assert done.code == 0, done.err
    digest, mode, path = done.out.splitlines()
    assert digest.split()[0] == hashlib.sha256(wanted).hexdigest()
    assert mode == "600"
    assert not Path(path).exists()


def test_an_empty_value_is_a_value(github: Story) -> None:
    """It is delivered as the empty string, found nowhere, and says nothing of the rest."""
    github.vault.put_secret("secret/deploy", api_key="")
    script = 'test "${API_KEY+set}" = set && test -z "$API_KEY" && echo "$DB_USER"'
    done = github.run("exec", "--", "sh", "-c", script)
    assert done.code == 0, done.err
    assert "DB_USER" in done.err
