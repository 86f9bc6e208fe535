"""The `ci-secrets` script: nothing that the checkout or the job's variables plant is executed."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import patience
from tests.stories.story import TOOL, Story

BIN = Path(TOOL).parent
PRELOADED = "/nonexistent/ci-secrets-test.so"
"""No such library: the dynamic linker complains on stderr in every process that is to load it."""


def _modules(folder: Path, marker: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        # NOTE: `encodings` is imported so early that there is no `open` yet.
        code = f"import posix; posix.open({str(marker / name)!r}, 65, 0o600)\n"
        (folder / f"{name}.py").write_text(code)


def _program(path: Path, marker: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n: > {marker / path.name}\n")
    path.chmod(0o755)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    """Give the folder in which everything that is executed by mistake leaves a file."""
    folder = tmp_path / "executed"
    folder.mkdir()
    return folder


@pytest.fixture
def planted(generic: Story, marker: Path) -> dict[str, str]:
    """Fill the checkout with traps; give the variables that lead into them."""
    checkout = generic.stand.workspace
    modules = (
        "httpx", "yaml", "json", "hvac", "jwt", "os", "argparse", "cryptography", "sitecustomize",
        "usercustomize", "encodings", "readline",
    )  # fmt: skip
    _modules(checkout, marker, modules)
    _modules(checkout / "ci_secrets", marker, ["__init__", "__main__", "cli"])
    _modules(checkout / "lib" / "python3.11", marker, modules)
    (checkout / "evil.pth").write_text(f"import os; open({str(marker / 'pth')!r}, 'w').close()\n")
    (checkout / "pyvenv.cfg").write_text(f"home = {checkout / 'bin'}\n")
    (checkout / "startup.py").write_text(f"open({str(marker / 'startup')!r}, 'w').close()\n")
    for name in ("python", "python3", "readlink", "dirname", "env", "sh"):
        _program(checkout / name, marker)
        _program(checkout / "bin" / name, marker)
    (checkout / "rc").write_text(f": > {marker / 'rc'}\n")
    return {
        "PYTHONPATH": str(checkout),
        "PYTHONHOME": str(checkout),
        "PYTHONSTARTUP": str(checkout / "startup.py"),
        "PYTHONINSPECT": "1",
        "PYTHONUSERBASE": str(checkout),
        "PYTHONEXECUTABLE": str(checkout / "python"),
        "__PYVENV_LAUNCHER__": str(checkout / "python"),
        "PATH": f".:{checkout / 'bin'}:/usr/bin:/bin",
        "CDPATH": str(checkout),
        "ENV": str(checkout / "rc"),
        "BASH_ENV": str(checkout / "rc"),
        "IFS": "/",
    }


def test_nothing_of_the_checkout_is_executed(
    generic: Story, planted: dict[str, str], marker: Path
) -> None:
    """Modules, start-up files and programs in the checkout are as good as not there."""
    done = generic.run("exec", "--", "/bin/true", env=planted)
    assert done.code == 0, done.err
    assert list(marker.iterdir()) == []


def test_the_traps_do_work(planted: dict[str, str], generic: Story, marker: Path) -> None:
    """An ordinary Python in the same place walks into them, so the test above can fail."""
    checkout = generic.stand.workspace
    (checkout / "encodings.py").unlink()
    (checkout / "os.py").unlink()
    for code in ("import httpx", "import yaml"):
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=checkout,
            env={"PYTHONPATH": planted["PYTHONPATH"]},
            check=False,
            timeout=patience.SECONDS,
            capture_output=True,
        )
    executed = {path.name for path in marker.iterdir()}
    assert {"sitecustomize", "httpx", "yaml"} <= executed


@pytest.mark.parametrize("relative", [False, True], ids=["absolute", "relative"])
def test_links_to_the_script_lead_to_its_own_python(
    generic: Story, planted: dict[str, str], marker: Path, relative: bool
) -> None:
    """A link in the checkout, beside a `python`, still runs the Python beside the script."""
    link = generic.stand.workspace / "bin" / "ci-secrets"
    target = os.path.relpath(TOOL, link.parent) if relative else TOOL
    hop = generic.stand.workspace / "hop"
    hop.symlink_to("bin/ci-secrets")
    link.symlink_to(target)
    done = subprocess.run(
        ["./hop", "--version"],
        cwd=generic.stand.workspace,
        env=planted,
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"ci-secrets ")
    assert list(marker.iterdir()) == []


def test_a_script_found_by_its_name_alone_does_not_take_the_python_here(
    generic: Story, planted: dict[str, str], marker: Path
) -> None:
    """`sh ci-secrets` gives the script no path of its own; it refuses to guess one."""
    bash = shutil.which("bash")
    shell = [bash, "ci-secrets"] if bash else ["sh", "-c", f". {TOOL}", "ci-secrets"]
    done = subprocess.run(
        [*shell, "--version"],
        cwd=generic.stand.workspace,
        env=planted | {"PATH": f"{BIN}:/usr/bin:/bin", "BASH_ENV": ""},
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert list(marker.iterdir()) == []
    assert done.returncode in (0, 2), done.stderr


@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash: apt-get install bash")
def test_functions_in_the_environment_are_not_called(generic: Story, marker: Path) -> None:
    """A bash that is called `sh` imports functions from variables; none is used by the script."""
    shell = generic.stand.workspace / "shell"
    shell.mkdir()
    (shell / "sh").symlink_to(shutil.which("bash") or "")
    link = generic.stand.workspace / "ci-secrets"
    link.symlink_to(TOOL)
    names = ("[", "readlink", "command", "exec", "test", "export", "unset", "eval")
    functions = {f"BASH_FUNC_{name}%%": f"() {{ : > {marker}/{name}; }}" for name in names}
    done = subprocess.run(
        [shell / "sh", str(link), "--version"],
        env={"PATH": "/usr/bin:/bin", **functions},
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert list(marker.iterdir()) == []
    assert done.stdout.startswith(b"ci-secrets "), done.stderr


def test_libraries_of_the_job_are_loaded_by_the_command_only(generic: Story) -> None:
    """LD_PRELOAD reaches CMD as it was, and neither our Python nor its helpers."""
    generic.configure(
        (generic.stand.workspace / "ci-secrets.yaml").read_text()
        + '  FILE: {template: "{{ API_KEY }}", as: file}\n'
    )
    script = 'echo "$LD_PRELOAD ${LD_AUDIT-unset} $PYTHONEXECUTABLE"; printenv | grep -c CI_SEC'
    libraries = {"LD_PRELOAD": PRELOADED, "LD_AUDIT": "", "PYTHONEXECUTABLE": "/x"}
    done = generic.run("exec", "--", "/bin/sh", "-c", script, env=libraries)
    assert done.code == 1, done.err  # what grep says of no line
    assert done.out.splitlines() == [f"{PRELOADED}  /x", "0"]
    # The script's own shell; then CMD's shell, printenv and grep.
    before, _, after = done.err.partition("logged in")
    assert before.count(PRELOADED) == 1, done.err
    assert after.count(PRELOADED) == 3, done.err


def test_variables_of_the_job_reach_the_command_as_they_were(generic: Story) -> None:
    """None of those that the script needs itself is taken for one of the job's."""
    link = generic.stand.workspace / "link"
    link.symlink_to(TOOL)
    variables = {"name": "a", "self": "b", "link": "c"}
    done = subprocess.run(
        [link, "exec", "--", "/bin/sh", "-c", 'echo "$name $self $link"'],
        cwd=generic.stand.workspace,
        env={**generic.environment(), **variables},
        capture_output=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.stdout == b"a b c\n", done.stderr


def test_openssl_takes_no_modules_of_the_job(generic: Story, tmp_path: Path) -> None:
    """OPENSSL_CONF, which loads a library into whoever does TLS, is for CMD alone."""
    config = tmp_path / "openssl.cnf"
    config.write_text(
        "openssl_conf = init\n[init]\nproviders = all\n[all]\nodd = odd\n"
        f"[odd]\nmodule = {PRELOADED}\nactivate = 1\n"
    )
    variables = {"OPENSSL_CONF": str(config), "OPENSSL_MODULES": "/x", "OPENSSL_ENGINES": "/y"}
    script = 'echo "$OPENSSL_CONF $OPENSSL_MODULES $OPENSSL_ENGINES"'
    done = generic.run("exec", "--", "/bin/sh", "-c", script, env=variables)
    assert done.code == 0, done.err
    assert done.out == f"{config} /x /y\n"


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
def test_a_stream_that_is_a_directory(tmp_path: Path, stream: str) -> None:
    """Python itself would end in a fatal error; this is a mistake in how it is called: 2."""
    directory = os.open(tmp_path, os.O_RDONLY)
    streams: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(
        [TOOL, "--version"], check=False, timeout=patience.SECONDS, **{**streams, stream: directory}
    )
    os.close(directory)
    assert done.returncode == 2
    assert not done.stdout
    if stream != "stderr":
        assert done.stderr == f"ci-secrets: {stream} is a directory; redirect it.\n".encode()


def _slow_to_load(folder: Path) -> Path:
    """The script beside a Python that waits in the middle of the tool's import."""
    package = folder / "modules" / "ci_secrets" / "cli"
    package.mkdir(parents=True)
    for place in (package, package.parent):
        (place / "__init__.py").touch()
    (package / "main.py").write_text(
        "import os, time\nos.write(1, b'loading\\n')\ntime.sleep(60)\n"
    )
    (folder / "python").write_text(
        f'#!/bin/sh\nshift\nPYTHONPATH={folder}/modules exec {sys.executable} -P "$@"\n'
    )
    (folder / "python").chmod(0o755)
    return Path(shutil.copy(TOOL, folder))


def test_a_start_that_is_interrupted_shows_nothing(tmp_path: Path) -> None:
    """No traceback, and the caller sees a death by SIGINT, so that a shell's own loop ends, too."""
    tool = _slow_to_load(tmp_path)
    with subprocess.Popen(
        [tool, "redact"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loading\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=patience.SECONDS)
    assert (process.returncode, err) == (-signal.SIGINT, b"")


def test_an_interrupt_that_is_ignored_stays_so(tmp_path: Path) -> None:
    """Started in the background by a shell, it does not end with what is in the foreground."""
    tool = _slow_to_load(tmp_path)
    shell = 'trap "" INT; exec "$0" redact'
    with subprocess.Popen(["sh", "-c", shell, str(tool)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"loading\n"
        ignored = Path(f"/proc/{process.pid}/status").read_text().partition("SigIgn:")[2]
        process.kill()
    assert int(ignored.split()[0], 16) >> signal.SIGINT - 1 & 1


def test_a_command_that_is_interrupted_says_130(tmp_path: Path) -> None:
    """From its first step on, without a traceback."""
    known = tmp_path / "known.json"
    known.write_text('{"A": "made-up-value-7d6c5b4a"}')
    with subprocess.Popen(
        [TOOL, "redact", "--known", known], stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        process.stdin.write(b"text\n" * 20_000)  # more than a pipe holds
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=patience.SECONDS)
    assert (process.returncode, err) == (130, b"")
