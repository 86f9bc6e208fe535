"""Texts that an attacker chose, wherever they come from: what we print of them is inert."""

import base64
import json
import re
import subprocess
import unicodedata
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_secrets.testing.issuer import Issuer
from tests.stories.story import CONFIG, Done, Story, begin

HOSTILE = (
    "x\n::stop-commands::t0k\r::set-output name=a::b\n  ::ADD-MASK::x\n##[add-mask]y\n"
    "##vso[task.setvariable variable=a]b\n##VSO[x]\x1b]8;;https://evil.example\x07link\x1b]8;;\x1b\\"
    "\x1b]52;c;ZXZpbA==\x07\x9b31m\x1b[2J\b\x7f<img src=x onerror=alert(1)><!-- --> | `a` [b](http://c)"
    "\n# h\n@team ***{{0}} {0} %s %(a)s $x $(touch x) `touch x` '\"\u202e\u2028\u200b\t\x0b\x0c\x85"
)
SHORT = "x\n::stop-commands::t0k\r##vso[a]b\x1b]52;c;ZQ==\x07\x9b<img src=x onerror=a()>\u202e|`a`"
"""The same where a length is bounded."""


def assert_inert(text: str) -> None:
    """See that no terminal, runner or editor obeys any of it."""
    for line in text.split("\n"):
        odd = [f"{character!r}" for character in line if _is_odd(character)]
        assert not odd, line
        assert not re.search(r"##(vso)?\[", line, re.IGNORECASE), line
        ours = re.match(r"::(error|warning|notice) title=ci-secrets::", line)
        assert ours or not re.match(r"\s*::", line), line


def _is_odd(character: str) -> bool:
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def assert_inert_markdown(text: str) -> None:
    """See that a job summary holds no markup but ours."""
    assert_inert(text)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", text)  # without what is escaped
    assert "<" not in bare
    assert "](" not in bare
    assert "@" not in bare
    table = [line for line in bare.splitlines() if line.startswith("|")]
    assert len({line.count("|") for line in table}) <= 1, table


def assert_inert_json(text: str) -> Any:
    """See that a JSON file can be printed."""
    assert_inert(text)
    assert text.isascii()
    return json.loads(text)


@pytest.fixture
def attacked(issuer: Issuer, tmp_path: Path) -> Iterator[Story]:
    """Give a GitHub job whose branch, actor and workflow have the worst of names."""
    with begin("github", issuer, tmp_path) as story:
        claims = dict(story.stand.claims)
        for name in ("ref", "head_ref", "actor", "workflow", "workflow_ref", "environment"):
            claims[name] = HOSTILE
        issuer.github = claims
        story.stand = type(story.stand)(
            kind="github",
            workspace=story.stand.workspace,
            files=story.stand.files,
            claims=claims,
            env=dict(story.stand.env)
            | {
                "GITHUB_REF": HOSTILE,
                "GITHUB_REF_NAME": HOSTILE,
                "GITHUB_ACTOR": HOSTILE,
                "GITHUB_JOB": HOSTILE,
                "GITHUB_WORKFLOW": HOSTILE,
                "GITHUB_REPOSITORY": HOSTILE,
                "GITHUB_SERVER_URL": HOSTILE,
                "CI_SECRETS_AUDIT_FILE": str(tmp_path / "audit.jsonl"),
                "CI_SECRETS_REPORT": str(tmp_path / "report.json"),
            },
        )
        yield story


def _written(story: Story) -> None:
    """Look at all that the run has left to be read by people."""
    folder = story.stand.workspace.parent
    if "GITHUB_STEP_SUMMARY" in story.stand.files:
        assert_inert_markdown(story.stand.files["GITHUB_STEP_SUMMARY"].read_text())
    for name in ("audit.jsonl", "report.json"):
        if (folder / name).exists():
            for line in _documents(name, (folder / name).read_text()):
                assert_inert_json(line)


def _documents(name: str, text: str) -> list[str]:
    return text.splitlines() if name == "audit.jsonl" else [text]


def _exec(story: Story, *words: str, script: str = "true") -> Done:
    done = story.run("exec", *words, "--", "sh", "-c", script)
    assert "Internal error" not in done.err, done.err
    assert "Traceback" not in done.err, done.err
    assert_inert(done.err)
    _written(story)
    return done


def test_claims_and_branch_names(attacked: Story) -> None:
    """They stand in the trail and nowhere are obeyed."""
    done = _exec(attacked)
    assert done.code == 0, done.err
    trail = (attacked.stand.workspace.parent / "audit.jsonl").read_text()
    assert "stop-commands" in trail
    assert attacked.run("finish").code == 0


@pytest.mark.parametrize("shape", ["text", "json"])
def test_whoami(attacked: Story, shape: str) -> None:
    """The claims are shown, each on its line."""
    done = attacked.run("whoami", "--format", shape)
    assert done.code == 0, done.err
    assert_inert(done.said)
    assert "stop-commands" in done.out
    if shape == "json":
        assert_inert_json(done.out)
    else:
        assert "\\x0a::stop-commands" in done.out
        assert "not verified here: the store verifies" in done.err


ERRORS = {
    "errors": json.dumps({"errors": [HOSTILE]}),
    "role": json.dumps({"errors": [f"role {SHORT} could not be found"]}),
    "claim": json.dumps({"errors": ['claim "sub" does not match any associated: ' + HOSTILE]}),
    "text": HOSTILE,
    "HTML": "<html><script>alert(1)</script>" + HOSTILE,
    "list": "[" * 100_000,
    "types": json.dumps({"errors": {"a": HOSTILE}, "auth": HOSTILE, "data": [HOSTILE]}),
}


CALLS = [("auth/jwt/login", 400), ("auth/jwt/login", 500), ("secret/data/*", 403)]


@pytest.mark.parametrize("body", ERRORS)
@pytest.mark.parametrize("call", CALLS, ids=lambda call: f"{call[0]}-{call[1]}")
def test_what_the_store_says(github: Story, call: tuple[str, int], body: str) -> None:
    """An error of the server is matched against what is known, and never repeated."""
    path, status = call
    github.vault.inject(path=path, times=None, status=status, body=ERRORS[body])
    done = _exec(github)
    assert 3 <= done.code <= 7, done.err
    assert "stop-commands" not in done.said
    assert "onerror" not in done.said


def test_a_redirect_to_nonsense(github: Story) -> None:
    """The place that the token did not go to is shown as text."""
    location = "https://<img src=x onerror=a()>##vso[a]b`::\x9b31m"
    headers = {"Location": location}
    github.vault.inject(path="secret/data/*", times=None, status=307, headers=headers)
    done = _exec(github)
    assert done.code in (3, 5), done.err


def test_names_in_the_store(github: Story) -> None:
    """Keys become names of variables by the rules, and are shown as text."""
    github.vault.put_secret(
        "secret/odd", **{SHORT: "value-of-the-first", "::error::": "second-one"}
    )
    github.configure(
        f'version: 1\nstores: {{vault: {{url: "{github.vault.url}", role: deploy}}}}\n'
        'secrets: {"ALL_*": "vault:secret/data/odd#*"}\n'
    )
    done = _exec(github)
    assert done.code in (0, 3), done.err


def test_the_nearest_name(github: Story) -> None:
    """A key that is suggested instead of a missing one is shown as text."""
    github.vault.put_secret("secret/odd", **{f"api_key{SHORT}": "value"})
    github.configure(
        f'version: 1\nstores: {{vault: {{url: "{github.vault.url}", role: deploy}}}}\n'
        "secrets: {A: 'vault:secret/data/odd#api_key::stop-commands::t0k'}\n"
    )
    done = _exec(github)
    assert done.code == 7, done.err
    assert "nearest" in done.err


def test_what_a_login_brings(attacked: Story) -> None:
    """Accessor, policies and lease ids of the server are shown as text, in commands quoted."""
    auth = {
        "client_token": "hvs.made-up",
        "accessor": f"{SHORT}'; touch x #",
        "policies": [HOSTILE],
        "token_policies": [HOSTILE],
        "lease_duration": 600,
        "renewable": True,
        "token_type": HOSTILE,
    }
    attacked.vault.inject(path="auth/jwt/login", status=200, body=json.dumps({"auth": auth}))
    attacked.vault.inject(
        path="secret/data/*",
        status=200,
        body=json.dumps({"data": {"data": {"api_key": "made-up-value-1"}}, "lease_id": HOSTILE}),
    )
    config = CONFIG.format(url=attacked.vault.url).partition("  DB:")[0]
    attacked.configure(config)
    attacked.vault.inject(
        path="sys/internal/ui/mounts/*",
        times=None,
        status=200,
        body=json.dumps({"data": {"path": "secret/", "type": "kv", "options": {"version": "2"}}}),
    )
    done = _exec(attacked)
    assert done.code == 9, done.err
    assert "vault token revoke -accessor '" in done.err


def test_names_in_the_configuration(github: Story) -> None:
    """Store, role, mount and audience of the file are shown as text."""
    name = json.dumps(SHORT)
    url = github.vault.url
    github.configure(
        f'version: 1\nstores: {{{name}: {{url: "{url}", role: {name}, audience: {name},'
        f" auth: {{method: jwt, mount: {name}}}}}}}\n"
        f"secrets: {{A: {{from: {json.dumps(SHORT + ':secret/data/deploy#api_key')}}}}}\n"
    )
    assert _exec(github).code in (3, 5)
    github.configure(
        f'version: 1\nstores: {{vault: {{url: "{url}", role: deploy, audience: {name}}}}}\n'
        "secrets: {A: 'vault:secret/data/deploy#api_key'}\n"
    )
    assert _exec(github).code == 4


@pytest.mark.parametrize("key", [HOSTILE, "%s{0}"])
def test_unknown_keys(github: Story, key: str) -> None:
    """An error that quotes the file quotes it as text."""
    for text in (
        f"version: 1\n{json.dumps(key)}: 1\n",
        f"version: {json.dumps(key)}\n",
        f"version: 1\nstores: {{vault: {{url: {json.dumps(key)}}}}}\n",
        f"version: 1\nstores: {{vault: {{{json.dumps(key)}: x}}}}\n",
        f"version: 1\nsecrets: {{{json.dumps(key)}: {json.dumps(key)}}}\n",
        f"version: 1\nleaks: {{on-leak: {json.dumps(key)}}}\n",
    ):
        github.configure(text)
        assert _exec(github).code == 3


def test_values(attacked: Story) -> None:
    """A value that is all of it is redacted, in lines and whole, and nothing of it is obeyed."""
    attacked.vault.put_secret("secret/deploy", api_key=HOSTILE)
    done = _exec(attacked, script='printf "%s" "$API_KEY"; printf "%s" "$API_KEY" | base64 -w0')
    assert done.code == 0, done.err
    assert "stop-commands" not in done.said
    assert "\x1b" not in done.said
    assert "onerror" not in done.said


def test_values_as_outputs_and_masks(attacked: Story) -> None:
    """Each line is masked by a command of its own, and the output cannot be broken out of."""
    attacked.vault.put_secret("secret/deploy", api_key=HOSTILE)
    done = attacked.run("exchange")
    assert done.code == 0, done.err
    assert done.out == ""
    others = [line for line in done.err.split("\n") if not line.startswith("::add-mask::")]
    assert_inert("\n".join(others))
    written = attacked.stand.files["GITHUB_OUTPUT"].read_bytes().decode()
    found = re.match(r"API_KEY<<(\S+)\n", written)
    assert found
    assert written.count(found[1]) == 2
    assert written[found.end() :].partition(f"\n{found[1]}\n")[0] == HOSTILE
    assert attacked.run("finish").code == 0
    _written(attacked)


def test_values_in_a_file_to_source(generic: Story, tmp_path: Path) -> None:
    """The shell that sources the file gets the value, and executes none of it."""
    generic.vault.put_secret("secret/deploy", api_key=HOSTILE)
    target = tmp_path / "s.env"
    assert generic.run("exchange", "--env-file", str(target), "--run-id", "r").code == 0
    for shell in ("sh", "bash"):
        told = subprocess.run(
            [shell, "-c", f'. {target}; printf %s "$API_KEY"'],
            capture_output=True,
            check=True,
            cwd=tmp_path,
        )
        assert told.stdout.decode() == HOSTILE
        assert told.stderr == b""
    assert not (tmp_path / "x").exists()
    assert generic.run("finish", "--run-id", "r").code == 0


def test_lines_around_a_leak(attacked: Story) -> None:
    """The excerpt that is shown beside a finding is text."""
    around = attacked.stand.workspace / "around"
    # NOTE: a mask request on the line of a value is dropped with it, so there is none here.
    around.write_text(HOSTILE.replace("\n", " ").replace("##[add-mask]", ""))
    done = _exec(attacked, script='cat around; printf %s "$API_KEY"; cat around')
    assert done.code == 0, done.err
    assert "verdict: contained" in done.err
    assert "API_KEY in clear" in done.err


def test_a_command_that_is_not_there(github: Story) -> None:
    """Its name is shown as text."""
    done = github.run("exec", "--", SHORT)
    assert done.code == 127
    assert_inert(done.said)


def test_values_that_are_handed_on(attacked: Story) -> None:
    """What CMD gives to later steps is warned of, without the value."""
    done = _exec(attacked, script='printf "A=%s\\n" "$API_KEY" >> "$GITHUB_ENV"')
    assert done.code == 0, done.err
    assert "API_KEY was written to GITHUB_ENV" in done.err
    assert attacked.api_key not in done.said


def test_stop_commands_of_the_command(attacked: Story) -> None:
    """CMD may stop the runner's commands: our own lines are then shown raw, and hold no value."""
    script = 'echo "::stop-commands::t0k"; printf "A=%s\\n" "$API_KEY" >> "$GITHUB_ENV"; exit 3'
    done = _exec(attacked, script=script)
    assert done.code == 3, done.err
    assert done.out == "::stop-commands::t0k\n"
    assert "::warning title=ci-secrets::" in done.err
    assert attacked.api_key not in done.said


def _odd_log(folder: Path, value: str) -> Path:
    """Make an archive and a folder of logs with the worst of names."""
    place = folder / "logs"
    place.mkdir()
    (place / SHORT.replace("/", "")).write_text(f"{value}\n")
    (place / "not\udcffutf8").write_text(f"{value}\n")
    with zipfile.ZipFile(place / "logs.zip", "w") as archive:
        archive.writestr(SHORT, f"{value}\n")
    return place


def test_names_of_logs(attacked: Story, tmp_path: Path) -> None:
    """Files and members of archives are named as text, by `scan` and by `finish`."""
    assert attacked.run("exchange").code == 0
    encoded = base64.b64encode(attacked.api_key.encode()).decode()
    place = _odd_log(tmp_path, encoded)
    scanned = attacked.run("scan", str(place))
    assert scanned.code == 11, scanned.err
    assert_inert(scanned.said)
    as_json = attacked.run("scan", "--format", "json", str(place))
    assert_inert(as_json.said)
    assert json.loads(as_json.out)["verdict"] == "leaked"
    done = attacked.run("finish", "--log", str(place))
    assert done.code == 11, done.err
    assert "verdict: leaked" in done.err
    assert_inert(done.err)
    _written(attacked)
    assert (tmp_path / "report.json").exists()


def test_a_trail_that_somebody_wrote(generic: Story, tmp_path: Path) -> None:
    """`audit verify` of a made-up file names what is wrong as text."""
    trail = tmp_path / "audit.jsonl"
    for line in (HOSTILE, json.dumps({"version": 1, "hash": SHORT, "facts": SHORT}), "[" * 10_000):
        trail.write_text(line + "\n")
        done = generic.run("audit", "verify", str(trail), "--head", SHORT)
        assert done.code in (2, 10), done.err
        assert "Internal error" not in done.err
        assert_inert(done.said)


@pytest.mark.parametrize(
    "words",
    [
        ("exec", "--config", SHORT, "--", "true"),
        ("exec", "--url", f"https://{SHORT}", "--", "true"),
        ("exec", "--secrets", SHORT, "--", "true"),
        ("exec", "--platform", SHORT, "--", "true"),
        ("exec", "--id-token-env", SHORT, "--", "true"),
        ("exec", "--id-token-file", SHORT, "--", "true"),
        ("exec", "--ca-file", SHORT, "--", "true"),
        ("exec", "--heartbeat-ttl", SHORT, "--", "true"),
        ("exec", "--method", SHORT, "--url", "https://a.example", "--", "true"),
        ("exec", "--mount", SHORT, "--url", "https://a.example", "--", "true"),
        ("scan", "--known", SHORT, "x"),
        ("scan", "--format", SHORT, "x"),
        ("scan", SHORT),
        ("audit", SHORT),
        ("audit", "verify", SHORT),
        (SHORT,),
        (f"--{SHORT}",),
    ],
)
def test_the_command_line(github: Story, words: tuple[str, ...]) -> None:
    """An argument that is quoted in an error is quoted as text."""
    done = github.run(*words)
    assert 2 <= done.code <= 10, done.said
    assert "Internal error" not in done.err
    assert_inert(done.said)


def test_the_name_of_a_run(generic: Story, tmp_path: Path) -> None:
    """A run id makes no path and no command."""
    words = ("--run-id", "../../" + SHORT)
    before = {path for path in tmp_path.rglob("*") if "state" not in path.parts}
    done = generic.run("exchange", "--env-file", str(tmp_path / "s.env"), *words)
    assert done.code == 0, done.err
    assert_inert(done.said)
    ended = generic.run("finish", *words)
    assert ended.code == 0, ended.err
    assert_inert(ended.said)
    after = {path for path in tmp_path.rglob("*") if "home" not in path.parts}
    assert {path for path in after - before if "runtime" not in path.parts} == set()
