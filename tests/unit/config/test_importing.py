"""`config import`: what people have already becomes a ci-secrets.yaml, or is said to be lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ci_secrets.config.file import load
from ci_secrets.config.importing import Imported, imported
from ci_secrets.config.importing.draft import _scalar, spelled
from ci_secrets.config.model import AllKeys, Config, Field, Jsonata
from ci_secrets.config.reference import parse_selector
from ci_secrets.config.yaml import parse
from ci_secrets.errors import ConfigError
from tests import patience

TOOL = Path(sys.executable).with_name("ci-secrets")


class Bench:
    """A CI file, and what is made of it."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "ci.yml"
        self._folder = folder

    def given(self, text: str, job: str | None = None) -> tuple[Imported, Config]:
        """What came of this text, also loaded."""
        self.file.write_text(text)
        found = imported(self.file, job)
        made = self._folder / "ci-secrets.yaml"
        made.write_text(found.text)
        return found, load(made, {})

    def step(self, inputs: str) -> tuple[Imported, Config]:
        """Of one vault-action step with these inputs."""
        lines = "\n".join(f"          {line}" for line in inputs.splitlines())
        head = "jobs:\n  deploy:\n    steps:\n      - uses: hashicorp/vault-action@v3\n"
        return self.given(f"{head}        with:\n{lines}\n")


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Give an empty one."""
    return Bench(tmp_path)


JWT = "url: https://vault.example:8200\nmethod: jwt\nrole: deploy\n"


class TestVaultAction:
    """Steps of a workflow."""

    def test_a_usual_step(self, bench: Bench) -> None:
        """Store, login and each line, with the names that the variables had."""
        found, config = bench.step(
            JWT + "path: github\nnamespace: team/a\njwtGithubAudience: https://vault.example:8200\n"
            "secrets: |\n"
            "  secret/data/ci/aws accessKey | AWS_ACCESS_KEY_ID ;\n"
            "  /secret/data/ci npm-token ;\n"
            '  secret/data/tls "tls.crt" | CRT ;\n'
            "  secret/data/app * | APP_ ;\n"
            "  secret/data/all ** ;\n"
            "  secret/data/json hosts[0].name | HOST\n"
        )
        store = config.stores["vault"]
        assert (store.url, store.namespace) == ("https://vault.example:8200", "team/a")
        assert (store.auth.method, store.auth.mount, store.auth.role) == ("jwt", "github", "deploy")
        assert {(it.name, it.path): it.selector for it in config.secrets} == {
            ("AWS_ACCESS_KEY_ID", "secret/data/ci/aws"): Field(keys=("accessKey",)),
            ("NPMTOKEN", "secret/data/ci"): Field(keys=("npm-token",)),
            ("CRT", "secret/data/tls"): Field(keys=("tls.crt",)),
            ("APP_", "secret/data/app"): AllKeys(),
            ("", "secret/data/all"): AllKeys(keep_case=True),
            ("HOST", "secret/data/json"): Jsonata(expression="hosts[0].name"),
        }
        assert [note for note in found.notes if "left out" in note] == []
        assert any("the output `npmtoken` is called `NPMTOKEN` now" in it for it in found.notes)

    def test_githubs_default_audience_is_said(self, bench: Bench) -> None:
        """The role at the store asks for it; ours is the store's own."""
        found, _ = bench.step(f"{JWT}secrets: secret/data/a b")
        assert any("add it to the role's bound_audiences" in note for note in found.notes)

    def test_another_audience_needs_the_jobs_word(self, bench: Bench) -> None:
        """As a run would say: the file's URL has another host."""
        found, config = bench.step(
            f"{JWT}jwtGithubAudience: https://other.example\nsecrets: secret/data/a b"
        )
        assert config.stores["vault"].audience == "https://other.example"
        assert any("CI_SECRETS_ALLOWED_STORES=https://vault" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("inputs", "auth"),
        [
            (
                "method: approle\nroleId: 7a1e\nsecretId: ${{ secrets.VAULT_SECRET_ID }}",
                {"method": "approle", "role-id": "7a1e", "secret-id-env": "VAULT_SECRET_ID"},
            ),
            (
                "method: approle\nroleId: ${{ vars.ROLE_ID }}\nsecretId: ${{secrets.SECRET_ID}}",
                {"method": "approle", "role-id-env": "ROLE_ID", "secret-id-env": "SECRET_ID"},
            ),
            ("token: ${{ secrets.TOKEN }}", {"method": "token", "token-env": "TOKEN"}),
            (
                "method: userpass\npath: up\nusername: ci\npassword: ${{ secrets.PW }}",
                {"method": "userpass", "mount": "up", "username": "ci", "password-env": "PW"},
            ),
            (
                "method: github\ngithubToken: ${{ secrets.PAT }}",
                {"method": "github", "token-env": "PAT"},
            ),
            (
                "method: kubernetes\nrole: ci\nkubernetesTokenPath: /var/token",
                {"method": "kubernetes", "jwt-file": "/var/token"},
            ),
            (
                "method: azure\nauthPayload: ${{ secrets.LOGIN }}",
                {"method": "azure", "payload-env": "LOGIN"},
            ),
        ],
        ids=lambda it: " ".join(it.values()) if isinstance(it, dict) else "",
    )
    def test_each_login(self, bench: Bench, inputs: str, auth: dict[str, str]) -> None:
        """What is secret is named by the variable that held it."""
        found, config = bench.step(
            f"url: https://vault.example:8200\n{inputs}\nsecrets: secret/data/a b"
        )
        made = parse(found.text.encode(), "x").plain()["stores"]["vault"]["auth"]
        assert made == auth
        assert config.secrets
        assert any("CI_SECRETS_ALLOWED_STORES" in note for note in found.notes)

    @pytest.mark.parametrize(
        "line",
        [
            "token: hvs.made-up-clear",
            "method: approle\nroleId: x\nsecretId: made-up-clear",
            "method: github\ngithubToken: ghp_made-up-clear",
            'method: azure\nauthPayload: \'{"jwt": "made-up-clear"}\'',
            "method: jwt\njwtPrivateKey: made-up-clear",
            "method: cert\nclientKey: made-up-clear",
        ],
    )
    def test_a_credential_in_clear_is_never_repeated(self, bench: Bench, line: str) -> None:
        """Neither in the file nor in a note, which tells that it stood there."""
        found, _ = bench.step(f"url: https://vault.example:8200\n{line}\nsecrets: secret/data/a b")
        assert "made-up-clear" not in found.text + "".join(found.notes)
        assert any("was not carried over" in note for note in found.notes)

    def test_what_github_alone_knows_is_left_out(self, bench: Bench) -> None:
        """An expression in a path; one for the URL, in whose place stands what leads nowhere."""
        found, config = bench.step(
            "url: ${{ vars.VAULT_ADDR }}\nmethod: jwt\nrole: ${{ env.ROLE }}\n"
            "secrets: |\n  secret/data/${{ env.APP }} x | Y ;\n  secret/data/a b\n"
        )
        assert config.stores["vault"].url == "https://vault.invalid"
        assert config.stores["vault"].auth.role is None
        assert [it.name for it in config.secrets] == ["B"]
        said = "\n".join(found.notes)
        assert "write the store's URL in place of https://vault.invalid: `${{ vars.VAULT_" in said
        assert "left out: `secret/data/${{ env.APP }} x | Y`" in said
        assert "`role` was left out" in said
        assert f"{bench.file}:6:16: " in said

    def test_a_url_that_is_refused_leads_nowhere(self, bench: Bench) -> None:
        """Http to another machine; the note says why."""
        found, config = bench.step("url: http://vault.example:8200\nsecrets: secret/data/a b")
        assert config.stores["vault"].url == "https://vault.invalid"
        assert any("http is for loopback only" in note for note in found.notes)

    @pytest.mark.parametrize("name", ["caCertificate", "clientCertificate", "exportToken"])
    def test_what_has_no_counterpart_is_said(self, bench: Bench, name: str) -> None:
        """With what to do instead."""
        found, _ = bench.step(f"{JWT}{name}: 'true'\nsecrets: secret/data/a b")
        assert any(f"`{name}` was not carried over: " in note for note in found.notes)

    def test_encodings_and_missing_secrets(self, bench: Bench) -> None:
        """Of the step, so of each of its secrets."""
        _, config = bench.step(
            f"{JWT}secretEncodingType: base64\nignoreNotFound: true\nsecrets: secret/data/a b"
        )
        (request,) = config.secrets
        assert (request.encoding, request.missing.policy) == ("base64", "optional")

    def test_certificates(self, bench: Bench) -> None:
        """`pki` is a POST with three fields of one answer."""
        found, config = bench.step(JWT + 'pki: \'pki/issue/web {"common_name": "a.example"};\'')
        assert {it.name: it.selector for it in config.secrets} == {
            "WEB_CERT": Field(keys=("certificate",)),
            "WEB_KEY": Field(keys=("private_key",)),
            "WEB_CA": Field(keys=("issuing_ca",)),
        }
        assert all(it.payload == {"common_name": "a.example"} for it in config.secrets)
        assert any("upper case now" in note for note in found.notes)

    def test_headers(self, bench: Bench) -> None:
        """Those of the transport, and a token, stay out."""
        found, config = bench.step(
            f"{JWT}extraHeaders: |\n  X-Team: a b\n  X-Vault-Token: made-up\n"
            "secrets: secret/data/a b"
        )
        assert config.stores["vault"].headers == {"X-Team": "a b"}
        assert "made-up" not in found.text + "".join(found.notes)

    def test_a_composite_action(self, bench: Bench) -> None:
        """Its steps stand below `runs:`; other actions are passed over."""
        _, config = bench.given(
            "runs:\n  using: composite\n  steps:\n    - uses: other/vault-action@v3\n"
            "    - uses: HashiCorp/vault-action@4c06c5c\n"
            "      with: {url: 'https://vault.example:8200', secrets: secret/data/a b}\n"
        )
        assert [it.name for it in config.secrets] == ["B"]


JOBS = """\
jobs:
  one:
    steps:
      - uses: hashicorp/vault-action@v3
        with: {url: 'https://a.example', method: jwt, secrets: secret/data/a key | KEY}
  two:
    steps:
      - uses: hashicorp/vault-action@v3
        with: {url: 'https://b.example', method: jwt, secrets: secret/data/b key | KEY}
      - uses: hashicorp/vault-action@v3
        with: {url: 'https://b.example', method: jwt, secrets: secret/data/b other}
"""


class TestJobs:
    """Several in one file."""

    def test_two_stores_and_a_name_that_is_taken(self, bench: Bench) -> None:
        """The second secret of one name is left out, and said so."""
        found, config = bench.given(JOBS)
        assert [store.url for store in config.stores.values()] == [
            "https://a.example",
            "https://b.example",
        ]
        assert [it.source for it in config.secrets] == [
            "vault:secret/data/a#key",
            "vault-2:secret/data/b#other",
        ]
        assert any("`KEY` is the name of another secret" in note for note in found.notes)
        assert found.jobs == ("one", "two")

    def test_one_of_them(self, bench: Bench) -> None:
        """Least privilege: each job's own file."""
        found, config = bench.given(JOBS, "two")
        assert [it.name for it in config.secrets] == ["KEY", "OTHER"]
        assert found.jobs == ("two",)
        with pytest.raises(ConfigError, match="No job three") as caught:
            bench.given(JOBS, "three")
        assert "one, two" in caught.value.fix


GITLAB = """\
variables:
  VAULT_SERVER_URL: {value: "https://vault.example:8200", description: where}
  VAULT_AUTH_PATH: gitlab
deploy:
  variables: {VAULT_AUTH_ROLE: deploy, VAULT_NAMESPACE: team}
  id_tokens:
    VAULT_ID_TOKEN: {aud: https://vault.example:8200}
    OTHER: {aud: [https://other.example]}
  secrets:
    DB_PASSWORD: {vault: production/db/password@ops, file: false, token: $VAULT_ID_TOKEN}
    DEFAULT: {vault: production/db/user, token: $VAULT_ID_TOKEN}
    V1:
      vault: {engine: {name: kv-v1, path: kv}, path: tls, field: tls.crt}
      token: $VAULT_ID_TOKEN
    RAW:
      vault: {engine: {name: generic, path: database}, path: creds/app, field: username}
      token: $OTHER
    GCP: {gcp_secret_manager: {name: x}}
    MADE: {vault: $CI_ENVIRONMENT_NAME/db/x@ops, token: $VAULT_ID_TOKEN}
    BARE: {vault: nothing, token: $VAULT_ID_TOKEN}
    PATH: {vault: a/b, token: $VAULT_ID_TOKEN}
  script: [./deploy.sh]
"""


class TestGitLab:
    """`secrets:` of jobs."""

    def test_each_form(self, bench: Bench) -> None:
        """Paths as the API has them, a file unless it says otherwise, the store by its token."""
        found, config = bench.given(GITLAB)
        assert {it.name: (it.source, it.deliver) for it in config.secrets} == {
            "DB_PASSWORD": ("vault:ops/data/production/db#password", "value"),
            "DEFAULT": ("vault:kv-v2/data/production/db#user", "file"),
            "V1": ("vault:kv/tls#tls.crt", "file"),
            "RAW": ("vault-2:database/creds/app#username", "file"),
        }
        assert config.secrets[2].selector == Field(keys=("tls.crt",))
        store, other = config.stores["vault"], config.stores["vault-2"]
        assert (store.auth.role, store.auth.mount, store.namespace) == ("deploy", "gitlab", "team")
        assert (store.audience, other.audience) == ("", "https://other.example")
        said = "\n".join(found.notes)
        assert "`GCP` does not come from Vault (`gcp_secret_manager`)" in said
        assert "`MADE`: its path is made of variables" in said
        assert "`BARE`: it does not name a path and a field" in said
        assert "`PATH` is refused as a name" in said

    def test_what_stands_elsewhere_is_said(self, bench: Bench) -> None:
        """A project's variables and tokens that a job inherits are not in the file."""
        found, config = bench.given("a:\n  secrets:\n    X: {vault: a/b/c@d}\n")
        assert config.stores["vault"].url == "https://vault.invalid"
        said = "\n".join(found.notes)
        assert "VAULT_SERVER_URL stands neither in the job nor at the top" in said
        assert "the audience of the ID token is taken to be the URL's origin" in said

    def test_default_tokens(self, bench: Bench) -> None:
        """Those of `default:` count where the job has none; a variable in them does not."""
        text = "default: {id_tokens: {T: {aud: AUD}}}\na:\n  secrets:\n    X: {vault: a/b/c@d}\n"
        _, config = bench.given(text.replace("AUD", "https://vault.example"))
        assert config.stores["vault"].audience == "https://vault.example"
        found, _ = bench.given(text.replace("AUD", "$VAULT_SERVER_URL"))
        assert any("`$VAULT_SERVER_URL` is known to GitLab alone" in it for it in found.notes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "jobs: {a: {steps: [run: x]}}",
        "a: {script: [x]}",
        "a: &x {secrets: {}}\nb: *x",
        "a: !reference [x]",
        "a: 1\n---\nb: 2",
        "a: {a: 1, a: 2}",
        "[" * 30,
        "jobs: [a, {steps: 7}, null]\nruns: x\nsecrets: {X: {vault: a/b}}",
        "x: " + "a" * 300_000,
    ],
    ids=range(11),
)
def test_any_other_file_is_refused_in_words(bench: Bench, text: str) -> None:
    """Read by the rules of ci-secrets.yaml: no anchors, tags, second documents, great depth."""
    bench.file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        imported(bench.file)
    assert "hashicorp/vault-action" in caught.value.fix


@pytest.mark.parametrize(
    "odd", ["''", "7", "[a]", "{a: b}", "true", "'\\x00'", "null", "'${{ x }}'", "'::error::x'"]
)
@pytest.mark.parametrize(
    "name", ["url", "method", "secrets", "pki", "path", "role", "roleId", "extraHeaders"]
)
def test_odd_inputs_are_notes_or_refusals(bench: Bench, name: str, odd: str) -> None:
    """Nothing that stands in a file makes it crash, or print a file that does not load."""
    bench.file.write_text(
        "jobs: {a: {steps: [{uses: hashicorp/vault-action, with: "
        f"{{secretId: x, jwtGithubAudience: y, {name}: {odd}}}}}]}}}}\n"
    )
    try:
        found = imported(bench.file)
    except ConfigError:
        return
    assert not any(line.startswith("::") for line in found.notes)


@given(
    st.text() | st.text("#:vso[]{}\x9b\u202e\ufeff\U000e0001 ,"),
    st.sampled_from(["a: {}", "a: {{b: {}}}"]),
)
@example("##vso[task.setvariable]x", "a: {}")
def test_every_text_is_written_so_that_it_is_read_again(text: str, around: str) -> None:
    """As a value, within braces too, and never as a number, a comment or a key."""
    if any(0xD800 <= ord(character) < 0xE000 for character in text):
        return
    document = around.format(_scalar(text))
    assert document.isprintable()
    assert "##" not in document
    read = parse(document.encode(), "x").plain()
    assert read == ({"a": text} if "b" not in around else {"a": {"b": text}})


@given(st.lists(st.text(min_size=1, max_size=6), min_size=1, max_size=3))
def test_every_field_is_spelled_so_that_it_is_read_again(keys: list[str]) -> None:
    """Keys with dots, quotes and brackets too."""
    if any(0xD800 <= ord(character) < 0xE000 for key in keys for character in key):
        return
    selector = Field(keys=tuple(keys))
    assert parse_selector(spelled(selector)) == selector


def test_the_command_prints_the_file_alone_on_stdout(tmp_path: Path) -> None:
    """Notes go to stderr; nothing is run, and no network or CI is needed."""
    file = tmp_path / "ci.yml"
    file.write_text(JOBS)
    done = subprocess.run(
        [TOOL, "config", "import", file],
        env={"PATH": os.defpath},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience.SECONDS,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("version: 1\nstores:\n  vault: {url: https://a.example}\n")
    assert "`KEY` is the name of another secret" in done.stderr
    assert "these are the secrets of 2 jobs (one, two)" in done.stderr


def test_nothing_that_could_be_carried_over_is_exit_3(tmp_path: Path) -> None:
    """With the notes that say why, and an empty stdout."""
    file = tmp_path / "ci.yml"
    file.write_text("a:\n  secrets:\n    X: {vault: $A/b/c@d}\n")
    done = subprocess.run(
        [TOOL, "config", "import", file], capture_output=True, text=True, check=False, timeout=30
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "its path is made of variables" in done.stderr
    assert "Nothing of it could be carried over" in done.stderr
