"""CMD as an attacker: what it does to its runner's files, to our files, and to its own log."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import patience
from tests.stories.story import Story

LEAK = 'echo "$API_KEY"; '
NEVER: tuple[str, ...] = (
    *("gitlab", "actions_toolkit", "jinja2", "jsonata", "requests", "cryptography.x509"),
    # Without CMD's output nothing is looked for.
    *("ci_secrets.leaks.matcher", "ci_secrets.leaks.forms", "hyperscan"),
)


@pytest.mark.parametrize(
    "instead",
    [
        'ln -sf "$TARGET" "$GITHUB_STEP_SUMMARY"',
        'rm "$GITHUB_STEP_SUMMARY"; mkdir "$GITHUB_STEP_SUMMARY"',
        'rm "$GITHUB_STEP_SUMMARY"; mkfifo "$GITHUB_STEP_SUMMARY"',
        'rm "$GITHUB_STEP_SUMMARY"; ln -s /dev/zero "$GITHUB_STEP_SUMMARY"',
        'rm -r "${GITHUB_STEP_SUMMARY%/*}"',
        'rm "$GITHUB_ENV"; mkfifo "$GITHUB_ENV"',
        'ln -sf /dev/zero "$GITHUB_OUTPUT"',
        'ln -sf "$TARGET" "$GITHUB_OUTPUT"',
    ],
)
def test_files_of_the_runner_that_it_replaced(github: Story, tmp_path: Path, instead: str) -> None:
    """Neither hangs us nor moves our pen, and the verdict and the revocation are told."""
    target = tmp_path / "target"
    target.write_text("mine\n")
    done = github.run("exec", "--", "sh", "-c", LEAK + instead, env={"TARGET": str(target)})
    assert done.code == 0, done.err
    assert "verdict: contained" in done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert target.read_text() == "mine\n"


@pytest.mark.parametrize(
    "instead",
    [
        'rm -rf "$PLACE"',
        'ln -sf "$TARGET" "$KEY"',
        'rm "$KEY"; mkdir "$KEY"; touch "$KEY/x"',
        'chmod 777 "${KEY%/*}" "$PLACE"',
    ],
)
def test_files_of_ours_that_it_replaced(generic: Story, tmp_path: Path, instead: str) -> None:
    """The token is revoked, nobody else's file is deleted, and a value that stays is told."""
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "KEY").write_text("mine\n")
    config = (generic.stand.workspace / "ci-secrets.yaml").read_text()
    generic.configure(config + "  KEY: {from: 'vault:secret/data/deploy#api_key', as: file}\n")
    environment = {
        "TARGET": str(theirs / "KEY"),
        "PLACE": str(Path(generic.stand.env["HOME"]) / ".local" / "state" / "ci-secrets"),
    }
    done = generic.run("exec", "--", "sh", "-c", instead, env=environment)
    assert "Internal error" not in done.err
    assert "verdict: clean" in done.err, done.err
    assert "revoked, proven: 1 token and 1 lease" in done.err
    assert (theirs / "KEY").read_text() == "mine\n"
    assert generic.users == {}


@pytest.mark.parametrize(
    "script",
    [
        'printf "::add-"; sleep 0.05; printf "mask::"; sleep 0.05; echo "$API_KEY"',
        'echo "::add-mask::a${API_KEY}b"',
        'printf "  ::ADD-MASK::%s\\r\\n" "$API_KEY"',
        'echo "::add-mask foo=bar::$API_KEY"',
        'printf "##[add-mask]%s\\n" "$API_KEY"',
        'printf "::add-mask::%s" "$API_KEY"',
        'printf "x\\r::add-mask::%s\\n" "$API_KEY"',
    ],
)
@pytest.mark.parametrize("stream", ["", " >&2"])
def test_a_request_to_mask_one_of_ours(github: Story, script: str, stream: str) -> None:
    """Never prints the value, in whatever pieces and spelling it is made."""
    done = github.run("exec", "--", "sh", "-c", f"{{ {script}; }}{stream}")
    assert done.code == 0, done.err
    assert github.api_key not in done.said


def test_a_flood_of_requests_to_mask(github: Story) -> None:
    """Many requests of its own lose none of the output."""
    script = "i=0; while [ $i -lt 50 ]; do echo ::add-mask::made-up-$i-value; i=$((i+1)); done"
    done = github.run("exec", "--", "sh", "-c", f"{script}; echo made-up-7-value")
    assert done.code == 0, done.err
    assert done.out.count("::add-mask::") == 50
    assert done.out.endswith("***\n")


def test_its_own_report_cannot_be_planted(github: Story, tmp_path: Path) -> None:
    """What it writes to the report's place is replaced by ours."""
    report = tmp_path / "report.json"
    script = LEAK + f'echo \'{{"verdict": "clean"}}\' > {report}'
    done = github.run("exec", "--report", str(report), "--", "sh", "-c", script)
    assert done.code == 0, done.err
    assert json.loads(report.read_text())["verdict"] == "contained"


def test_it_gets_no_descriptor_of_ours(generic: Story) -> None:
    """Neither a connection, nor a pipe, nor the lock of the state."""
    done = generic.run("exec", "--", "sh", "-c", "ls /proc/self/fd | wc -l")
    assert done.out == "4\n", done.err  # 0, 1, 2 and that of `ls` itself


def test_exec_loads_only_what_it_needs(generic: Story) -> None:
    """A run with two plain secrets pays for no other CI, template or query language."""
    code = (
        "import os, sys; end = os._exit\n"
        "os._exit = lambda code: (print(*sys.modules, file=sys.stderr, flush=True), end(code))\n"
        "from ci_secrets.cli.main import entry; entry()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, "exec", "--", "./not-there"],
        cwd=generic.stand.workspace,
        env=generic.environment(),
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.returncode == 127, done.stderr
    loaded = done.stderr.decode().splitlines()[-1].split()
    assert {"hvac", "httpx"} <= set(loaded)
    assert [name for name in NEVER if name in loaded] == []
    others = ("github", "gitlab", "jenkins")
    assert [name for name in others if f"ci_secrets.platforms.{name}" in loaded] == []


def test_a_token_endpoint_that_redirects(github: Story) -> None:
    """The request token goes to the place that the runner named, and nowhere else."""
    done = github.run(
        "exec",
        "--",
        "true",
        env={"ACTIONS_ID_TOKEN_REQUEST_URL": "http://attacker.example/token?x=1"},
    )
    assert done.code == 4, done.err
    assert "not an https URL" in done.err
    assert github.vault.requests == []
