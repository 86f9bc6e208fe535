"""Values are nowhere but where they were asked for: not on disk, in `ps`, /proc or tracebacks."""

import base64
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
import trustme

from ci_secrets.testing.issuer import Issuer
from tests import patience
from tests.patience import wait_until
from tests.stories.story import TOOL, Story, begin
from tests.stories.users import as_nobody

PLACES: Final = ("/tmp", "/var/tmp", "/dev/shm", "/run")
LARGEST: Final = 64 * 1024 * 1024


def _spellings(value: str) -> list[bytes]:
    """A value as it could lie on a disk; of base64 what is the same at every alignment's middle."""
    raw = value.encode()
    found = {raw, raw.hex().encode(), raw.hex().upper().encode(), raw.decode().encode("utf-16-le")}
    for skip in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(raw[skip : skip + (len(raw) - skip) // 3 * 3]))
    return sorted(found)


def _changed_since(began: float, places: Sequence[Path]) -> Iterator[Path]:
    """Regular files that were written since then."""
    folders = [str(place) for place in places]
    while folders:
        try:
            entries = list(os.scandir(folders.pop()))
        except OSError:
            continue
        for entry in entries:
            try:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file(follow_symlinks=False) and (
                    entry.stat(follow_symlinks=False).st_ctime >= began - 1
                ):
                    yield Path(entry.path)
            except OSError:
                continue


def _holding(story: Story, began: float, values: Sequence[str]) -> list[str]:
    """Files, and names of files, on this machine that hold one of the values in some spelling."""
    needles = [needle for value in values for needle in _spellings(value)]
    home = Path.home()
    places = [Path(place) for place in PLACES] + [
        home / ".cache",
        home / ".local",
        home / ".config",
    ]
    found = []
    for path in _changed_since(began, [*places, story.stand.workspace.parent]):
        try:
            if path.stat().st_size > LARGEST:
                continue
            data = path.read_bytes()
        except OSError:
            continue
        if any(needle in data or needle in os.fsencode(path) for needle in needles):
            found.append(str(path))
    return sorted(set(found))


def _values(story: Story) -> list[str]:
    return [story.api_key, *story.users.values()]


@pytest.fixture
def began() -> float:
    """Give the time from which on files are looked at."""
    return time.time()


@pytest.fixture(params=["github", "generic"])
def either(request: pytest.FixtureRequest, issuer: Issuer, tmp_path: Path) -> Iterator[Story]:
    """Give a job with outputs and commands, and one without."""
    with begin(request.param, issuer, tmp_path) as begun:
        yield begun


class TestTheDisk:
    """What a `grep -r` over the machine finds."""

    def test_the_search_does_find(self, generic: Story, began: float) -> None:
        """A file in a temporary folder with the value, in clear or encoded, would be seen."""
        for number, needle in enumerate(_spellings(generic.api_key)):
            (generic.stand.workspace / f"{number}").write_bytes(b"x" + needle + b"y")
        count = len(_spellings(generic.api_key))
        assert len(_holding(generic, began, [generic.api_key])) == count

    def test_exec(self, story: Story, began: float, tmp_path: Path) -> None:
        """During `exec` and after it no file has them, sealed state, trail and report included."""
        options = ("--audit-file", str(tmp_path / "a.jsonl"), "--report", str(tmp_path / "r.json"))
        script = 'echo "$API_KEY"; echo "$API_KEY" | base64; exec cat'
        process = story.begin_exec(*options, script=script)
        values = _values(story)
        during = _holding(story, began, values)
        story.release(process)
        done = story.ended(process)
        assert done.code == 0, done.err
        assert len(values) == 2
        assert during == []
        assert _holding(story, began, values) == []
        assert not any(value in done.said for value in values)

    def test_exchange_and_finish(self, story: Story, began: float, tmp_path: Path) -> None:
        """Only the place that was named has them, and after `finish` that is gone, too."""
        target = tmp_path / "s.env"
        on_github = story.stand.kind == "github"
        asked = story.stand.files["GITHUB_OUTPUT"] if on_github else target
        words = () if on_github else ("--env-file", str(target), "--run-id", "r")
        assert story.run("exchange", *words).code == 0
        values = _values(story)
        assert _holding(story, began, values) == [str(asked)]
        log = tmp_path / "job.log"
        log.write_text("nothing\n")
        done = story.run("finish", "--log", str(log), "--run-id", "r")
        assert done.code == 0, done.err
        assert _holding(story, began, values) == ([str(asked)] if on_github else [])

    def test_files_and_templates(self, either: Story, began: float) -> None:
        """`as: file` is a 0600 file in a 0700 folder while CMD runs, and not after it."""
        config = (either.stand.workspace / "ci-secrets.yaml").read_text()
        either.configure(
            config
            + "  KEY: {from: 'vault:secret/data/deploy#api_key', as: file}\n"
            + '  CONF: {template: "key={{ API_KEY }}", as: file}\n'
        )
        script = 'stat -c %a "$KEY" "$CONF" "${KEY%/*}"; grep -c . "$KEY" "$CONF" >/dev/null'
        done = either.run("exec", "--", "sh", "-c", script)
        assert done.code == 0, done.err
        assert done.out.split() == ["600", "600", "700"]
        assert _holding(either, began, _values(either)) == []

    @pytest.mark.parametrize(
        "failure",
        ["no such field", "read-only output", "too large", "kill -9"],
    )
    def test_runs_that_fail(
        self, either: Story, began: float, failure: str, tmp_path: Path
    ) -> None:
        """A run that is given up, or killed, leaves none either."""
        words = ["exec", "--", "sh", "-c", "true"]
        config = (either.stand.workspace / "ci-secrets.yaml").read_text()
        match failure:
            case "no such field":
                either.configure(config + "  GONE: vault:secret/data/deploy#nothing\n")
            case "too large":
                either.vault.put_secret("secret/large", value="x" * 200_000)
                either.configure(config + "  LARGE: vault:secret/data/large#value\n")
            case "read-only output":
                words = ["exchange", "--env-file", str(tmp_path / "none" / "s.env")]
                if either.stand.kind == "github":
                    either.stand.files["GITHUB_OUTPUT"].unlink()
                    words = ["exchange"]
            case _:
                pass
        if failure == "kill -9":
            process = either.begin_exec()
            values = _values(either)
            process.kill()
            code = either.ended(process).code
        else:
            values = [either.api_key]
            done = either.run(*words)
            code = done.code
            shown = [line for line in done.err.splitlines() if "::add-mask::" not in line]
            assert either.api_key not in done.out + "\n".join(shown)
        assert code in (7, 8, -9)
        assert _holding(either, began, values) == []


@contextmanager
def _watching(seen: dict[str, set[bytes]]) -> Iterator[None]:
    """Read every process's command line and environment, again and again, beside the test."""
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            for place in Path("/proc").iterdir():
                if place.name.isdigit():
                    _note(place, seen)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def _note(place: Path, seen: dict[str, set[bytes]]) -> None:
    try:
        line = (place / "cmdline").read_bytes()
        seen["cmdline"].add(line)
        if b"ci_secrets" in line:
            seen["environ"].add((place / "environ").read_bytes())
    except OSError:
        pass


class TestProcesses:
    """What other processes see of ours."""

    def test_no_command_line_and_no_environment_of_ours_has_a_value(
        self, generic: Story, tmp_path: Path
    ) -> None:
        """Templates and files are made without a value in `ps`; our own environment stays as is."""
        config = (generic.stand.workspace / "ci-secrets.yaml").read_text()
        generic.configure(config + '  CONF: {template: "key={{ API_KEY }}", as: file}\n')
        seen: dict[str, set[bytes]] = {"cmdline": set(), "environ": set()}
        values: list[str] = []
        with _watching(seen):
            process = generic.begin_exec()
            values += _values(generic)
            wait_until(lambda: any(b"READY" in line for line in list(seen["cmdline"])), "a look")
            generic.release(process)
            assert generic.ended(process).code == 0
            words = ("exchange", "--env-file", str(tmp_path / "s.env"), "--run-id", "r")
            assert generic.run(*words).code == 0
            values += _values(generic)
            assert generic.run("finish", "--run-id", "r").code == 0
        assert any(b"ci_secrets.cli.main" in line for line in seen["cmdline"])
        assert any(b"READY" in line for line in seen["cmdline"])
        for value in values:
            for texts in seen.values():
                assert not [text for text in texts if value.encode() in text]

    def test_the_command_alone_has_them(self, generic: Story) -> None:
        """CMD's environment holds the values, as the proof that the test above looks right."""
        done = generic.run("exec", "--", "sh", "-c", "tr '\\0' '\\n' </proc/self/environ | wc -l")
        assert done.code == 0, done.err
        script = (
            'grep -zc "API_KEY=$API_KEY" /proc/$$/environ; grep -zc "$API_KEY" /proc/$PPID/environ'
        )
        done = generic.run("exec", "--", "sh", "-c", script)
        assert done.out.split()[0] == "1", done.err
        assert done.out.split()[1:] in ([], ["0"]), done.err


def _unprivileged(story: Story, words: Sequence[str]) -> list[str]:
    """The words, run by an ordinary user: by ourselves, or as root by `nobody`."""
    return [*(as_nobody(story) if os.geteuid() == 0 else ()), *words]


PEEK: Final = """
import os, sys
pid = int(sys.argv[1])
for name in ("environ", "mem", "maps", "auxv", "fd/0"):
    try:
        path = f"/proc/{pid}/{name}"
        link = name == "fd/0"
        got = os.readlink(path) if link else open(path, "rb").read(1 if name == "mem" else -1)
        print(name, "READ", len(got))
    except OSError as error:
        print(name, error.errno)
"""
"""Reads what a process of the same user should not give."""


class TestAnotherProcessOfTheSameUser:
    """A background process that an earlier step left behind."""

    def _peek(self, story: Story, pid: int) -> list[str]:
        words = _unprivileged(story, [sys.executable, "-I", "-c", PEEK, str(pid)])
        done = subprocess.run(words, capture_output=True, check=True, timeout=patience.SECONDS)
        return done.stdout.decode().splitlines()

    @pytest.mark.parametrize("command", ["exec", "redact"])
    def test_it_reads_neither_environment_nor_memory(
        self, generic: Story, command: str, tmp_path: Path
    ) -> None:
        """Environment, memory, maps and descriptors of ours are closed to it."""
        known = tmp_path / "known.json"
        known.write_text(json.dumps({"A": generic.api_key}))
        words = {
            "exec": ["exec", "--", "sh", "-c", f"echo {patience.READY}; exec cat"],
            "redact": ["redact", "--known", str(known)],
        }[command]
        process = generic.own(
            subprocess.Popen(
                _unprivileged(generic, [TOOL, *words]),
                cwd=generic.stand.workspace,
                env=generic.environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
            )
        )
        assert process.stdin
        try:
            process.stdin.write(f"{patience.READY}\n".encode())
            assert patience.is_ready(process.stdout), process.stderr and process.stderr.read(2000)
            peeked = self._peek(generic, process.pid)
        finally:
            process.terminate()
            process.communicate(timeout=patience.SECONDS)
        assert len(peeked) == 5
        assert not [line for line in peeked if "READ" in line]

    def test_the_peek_works(self, generic: Story) -> None:
        """An ordinary process of the same user gives it all, so the test above can fail."""
        waits = [sys.executable, "-I", "-c", "print('READY', flush=True); input()"]
        words = _unprivileged(generic, waits)
        other = generic.own(subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
        assert other.stdout
        assert other.stdout.readline() == b"READY\n"
        peeked = self._peek(generic, other.pid)
        other.communicate(b"\n", timeout=patience.SECONDS)
        assert [line.split()[:2] for line in peeked if not line.startswith("mem")] == [
            [name, "READ"] for name in ("environ", "maps", "auxv", "fd/0")
        ]

    def test_values_through_a_pipe_are_read_all_the_same(self, generic: Story) -> None:
        """`--known /dev/fd/N` and /dev/stdin work although /proc/self is closed."""
        known = json.dumps({"A": generic.api_key}).encode()
        for words in (["scan", "--known", "/dev/stdin", "log"],):
            (generic.stand.workspace / "log").write_text(f"{generic.api_key}\n")
            done = subprocess.run(
                _unprivileged(generic, [TOOL, *words]),
                cwd=generic.stand.workspace,
                env=generic.environment(),
                input=known,
                capture_output=True,
                check=False,
                timeout=patience.SECONDS,
            )
            assert done.returncode == 11, done.stderr


SHAPES: Final[dict[str, Any]] = {
    "null": None,
    "text": "{value}",
    "list": ["{value}"],
    "number": 10**400,
    "auth is text": {"auth": "{value}", "data": "{value}", "lease_id": ["{value}"]},
    "auth of wrong types": {
        "auth": {
            "client_token": ["{value}"],
            "accessor": {"a": "{value}"},
            "lease_duration": "{value}",
            "policies": "{value}",
            "num_uses": {"{value}": 1},
            "renewable": "{value}",
        }
    },
    "durations": {"auth": {"client_token": "hvs.x", "lease_duration": 10**30, "policies": 7}},
    "data of wrong types": {"data": {"data": ["{value}"], "metadata": "{value}"}},
    "lease of wrong types": {
        "data": {"data": {"api_key": "x"}, "username": "x", "password": "y"},
        "lease_id": "{value}",
        "lease_duration": "{value}",
        "renewable": [],
    },
    "wrapped": {"wrap_info": {"token": ["{value}"], "creation_path": 7, "ttl": "{value}"}},
    "mount": {"data": {"path": "secret/", "type": ["{value}"], "options": "{value}"}},
    "nested": {"data": {"data": {"api_key": {"a": [[["{value}"]]] * 3}}}},
}


def _filled(shape: Any, value: str) -> str:
    return json.dumps(shape).replace("{value}", value)


class TestAnswersOfAbsurdShape:
    """A store that is broken, or is no store."""

    CASES: Final = [
        *((path, shape) for path in ("auth/jwt/login", "secret/data/*") for shape in SHAPES),
        *(("auth/token/*", shape) for shape in ("text", "auth of wrong types", "durations")),
        *(("database/*", shape) for shape in ("number", "lease of wrong types", "wrapped")),
        *(("sys/internal/*", shape) for shape in ("list", "mount")),
    ]

    @pytest.mark.parametrize(("path", "shape"), CASES)
    def test_no_value_of_them_is_shown(self, generic: Story, path: str, shape: str) -> None:
        """Whatever it is, the run ends with an error, without a traceback and without a value."""
        value = "made-up-value-in-an-absurd-place"
        body = _filled(SHAPES[shape], value)
        generic.vault.inject(path=path, times=None, status=200, body=body)
        done = generic.run("exec", "--heartbeat-ttl", "5", "--", "sleep", "0.1")
        assert "Traceback" not in done.said
        assert value not in done.err, done.err
        assert done.code <= 9, done.err

    def test_nesting_without_end(self, generic: Story) -> None:
        """JSON that exhausts a parser is no answer."""
        for path in ("auth/jwt/login", "secret/data/*"):
            generic.vault.inject(path=path, times=None, status=200, body='{"a":' * 200_000)
            done = generic.run("exec", "--", "true")
            assert done.code in (3, 5, 6), done.err
            assert "Traceback" not in done.said
            generic.vault.faults.clear()


DEBUGGING: Final[Mapping[str, str]] = {
    "PYTHONVERBOSE": "2",
    "PYTHONFAULTHANDLER": "1",
    "PYTHONDEVMODE": "1",
    "PYTHONTRACEMALLOC": "9",
    "PYTHONWARNINGS": "always",
    "PYTHONDEBUG": "3",
    "PYTHONINSPECT": "1",
    "PYTHONASYNCIODEBUG": "1",
    "PYTHONDUMPREFS": "1",
    "PYTHONMALLOC": "debug",
    "PYTHONBREAKPOINT": "pdb.set_trace",
    "PYTHONPROFILEIMPORTTIME": "1",
    "HTTPX_LOG_LEVEL": "trace",
    "HTTPCORE_LOG_LEVEL": "trace",
    "LOGLEVEL": "DEBUG",
    "DEBUG": "1",
    "ACTIONS_STEP_DEBUG": "true",
    "ACTIONS_RUNNER_DEBUG": "true",
    "RUNNER_DEBUG": "1",
    "CI_DEBUG_TRACE": "true",
    "VAULT_LOG_LEVEL": "trace",
    "HVAC_RENDER_DOCTESTS": "1",
}


def test_variables_for_debugging_show_nothing(github: Story) -> None:
    """They are not ours to obey: the output is that of every other run."""
    plain = github.run("exec", "--", "sh", "-c", 'echo "$API_KEY"')
    done = github.run("exec", "--", "sh", "-c", 'echo "$API_KEY"', env=DEBUGGING)
    assert done.code == 0, done.err
    assert done.out == "***\n"
    assert len(done.err.splitlines()) == len(plain.err.splitlines())
    assert github.stand.env["ACTIONS_ID_TOKEN_REQUEST_TOKEN"] not in done.said


def _shake_hands(authority: trustme.CA, story: Story, words: Sequence[str], keys: Path) -> None:
    """Run a command against a TLS server that says hello and hangs up."""
    import socket
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    shaken = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(patience.SECONDS)

        def serve() -> None:
            try:
                while True:
                    connection, _ = server.accept()
                    with context.wrap_socket(connection, server_side=True) as tls:
                        shaken.set()
                        tls.recv(1)
            except OSError:
                pass

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://127.0.0.1:{server.getsockname()[1]}"
        subprocess.run(
            [word.replace("URL", url) for word in words],
            cwd=story.stand.workspace,
            env=story.environment(SSLKEYLOGFILE=str(keys)),
            capture_output=True,
            check=False,
            timeout=patience.SECONDS,
        )
        assert shaken.is_set()
        server.close()


def test_keys_of_tls_are_not_logged(github: Story, tmp_path: Path) -> None:
    """SSLKEYLOGFILE, which would open a recorded login to whoever has the file, is not honoured."""
    authority = trustme.CA()
    roots = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(roots))
    keys = tmp_path / "keys"
    options = ["--url", "URL", "--role", "deploy", "--ca-file", str(roots)]
    wanted = ["--secrets", "secret/data/deploy api_key | A"]
    _shake_hands(authority, github, [TOOL, "exec", *options, *wanted, "--", "true"], keys)
    assert not keys.exists()
    code = (
        "import ssl, socket, sys; host, _, port = sys.argv[1][8:].partition(':');"
        "ssl.create_default_context(cafile=sys.argv[2]).wrap_socket("
        "socket.create_connection((host, int(port))), server_hostname=host).send(b'x')"
    )
    _shake_hands(authority, github, [sys.executable, "-c", code, "URL", str(roots)], keys)
    assert keys.exists()  # so the test can fail


class TestTheCommandLine:
    """What was typed in the wrong place may be a value."""

    SECRET: Final = "hunter2-made-up-value"

    @pytest.mark.parametrize(
        "words",
        [
            ("exec", f"--{SECRET}", "--", "true"),
            ("exec", f"--password={SECRET}", "--", "true"),
            ("exec", SECRET, "--", "true"),
            ("exec", "--heartbeat-ttl", SECRET, "--", "true"),
            ("exec", f"--one-log={SECRET}", "--", "true"),
            ("exec", "./deploy.sh", f"--token={SECRET}"),
            (SECRET,),
            (
                "scan",
                f"--known={SECRET}",
            ),
            ("scan", "--known", json.dumps({"A": SECRET}), "log"),
            ("scan", "--known", f' {{"A": "{SECRET}"}}', "log"),
            ("redact", "--known", json.dumps({"A": SECRET})),
            ("audit", SECRET),
            ("whoami", SECRET),
            ("finish", SECRET),
        ],
        ids=lambda words: " ".join(words)[:40],
    )
    def test_an_error_does_not_repeat_it(self, github: Story, words: tuple[str, ...]) -> None:
        """It is exit 2, and the value stays off the log."""
        done = github.run(*words)
        assert done.code == 2, done.err
        assert self.SECRET not in done.said

    @pytest.mark.parametrize("option", ["--id-token-env", "--id-token-file"])
    def test_a_token_in_place_of_its_variable(self, generic: Story, option: str) -> None:
        """`--id-token-env "$TOKEN"`, where a name is wanted, does not print the token."""
        token = generic.stand.env["CI_SECRETS_ID_TOKEN"]
        done = generic.run("exec", option, token, "--", "true")
        assert done.code in (2, 4), done.err
        for part in token.split("."):
            assert part[:30] not in done.said

    @pytest.mark.parametrize(
        "content",
        [
            "{SECRET",
            '{"A": "SECRET',
            '{"A": ["SECRET"]}',
            '["SECRET"]',
            '"SECRET"',
            '{"A": {"B": "SECRET"}}',
            '{"A": "SECRET", "A": "SECRET"}',
            "A=SECRET",
        ],
    )
    def test_the_content_of_known(self, generic: Story, content: str, tmp_path: Path) -> None:
        """A file of values that cannot be read is not quoted."""
        text = content.replace("SECRET", self.SECRET)
        for words in (("--known", "-", "log"), ("--known", str(tmp_path / "k"), "log")):
            (tmp_path / "k").write_text(text)
            (generic.stand.workspace / "log").write_text("x")
            done = generic.run("scan", *words, stdin=text.encode())
            assert done.code == 2, done.err
            assert self.SECRET not in done.said


def test_an_unforeseen_error_shows_where_and_not_what(issuer: Issuer, tmp_path: Path) -> None:
    """A bug of ours, in the main thread or another, prints no message of its exception."""
    with begin("generic", issuer, tmp_path) as story:
        code = (
            "import sys, ci_secrets.cli.main as m, ci_secrets.job.keeper as k\n"
            "import ci_secrets.job.opening as o\n"
            "def bug(*_): raise ValueError('the-value-in-an-exception')\n"
            "where = {'round': (k.Keeper, '_round'), 'thread': (k.Keeper, '_keep'),"
            "         'main': (o.Job, '_fetch')}\n"
            "setattr(*where[sys.argv.pop(1)], bug)\n"
            "m.entry()"
        )
        for place in ("round", "thread", "main"):
            done = subprocess.run(
                [sys.executable, "-I", "-c", code, place, "exec", "--", "sleep", "0.2"],
                cwd=story.stand.workspace,
                env=story.environment(),
                capture_output=True,
                check=False,
                timeout=patience.SECONDS,
            )
            said = (done.stdout + done.stderr).decode()
            assert "the-value-in-an-exception" not in said
            assert "Traceback" not in said
            assert "ValueError" in said
            assert done.returncode == (1 if place == "main" else 0), said
            wait_until(lambda: not story.tokens(), "the end of all tokens")
