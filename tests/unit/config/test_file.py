"""ci-secrets.yaml becomes a Config, or is refused with its place and what to write."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.config import file
from ci_secrets.config.auth import METHODS
from ci_secrets.config.model import (
    AllKeys,
    Audit,
    Auth,
    Config,
    Field,
    Jsonata,
    Leaks,
    Missing,
    SecretRequest,
    StoreConfig,
    Template,
)
from ci_secrets.config.store_entries import TYPES
from ci_secrets.errors import ConfigError
from ci_secrets.stores import STORES
from ci_secrets.stores.vault.auth import METHODS as STORE_METHODS

HEAD = "version: 1\nstores: {vault: {url: 'https://vault.example:8200'}}\n"


@pytest.fixture
def load(tmp_path: Path) -> "Load":
    """Writes text as ci-secrets.yaml and loads it."""
    return Load(tmp_path)


class Load:
    """The loader, on text."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.environment: dict[str, str] = {}

    def __call__(self, text: str) -> Config:
        path = self.directory / "ci-secrets.yaml"
        path.write_text(text)
        return file.load(path, self.environment)

    def secret(self, entry: str, name: str = "NAME") -> SecretRequest:
        """The only request of one entry of `secrets:`."""
        (request,) = self(f"{HEAD}secrets:\n  {name}: {entry}\n").secrets
        return request

    def store(self, keys: str) -> StoreConfig:
        """The store `vault` with further keys."""
        entry = f"url: https://vault.example, {keys}" if keys else "url: https://vault.example"
        return self(f"version: 1\nstores: {{vault: {{{entry}}}}}\n").stores["vault"]

    def refused(self, text: str) -> ConfigError:
        """The refusal of a whole file."""
        with pytest.raises(ConfigError) as caught:
            self(text)
        assert caught.value.fix
        assert caught.value.what.isprintable()
        return caught.value


DESIGN = """\
version: 1
stores:
  vault: {type: vault, url: https://vault.example:8200, role: github-deploy}
secrets:
  DB_PASSWORD: vault:secret/data/deploy/production#db_password
  DB:          {from: vault:database/creds/app-readonly, fields: {username: DB_USER, password: P}}
  TLS_KEY:     {from: vault:pki/issue/web, with: {common_name: shop.example}, field: private_key,
                as: file}
leaks: {on-leak: fail, on-contained: warn}
audit: {file: audit.jsonl, required: false}
"""


def test_the_file_of_the_documentation(load: Load) -> None:
    """The example means what it says."""
    config = load(DESIGN)
    path = load.directory / "ci-secrets.yaml"

    def creds(name: str, field: str) -> SecretRequest:
        path = "database/creds/app-readonly"
        return SecretRequest(name=name, store="vault", path=path, selector=Field(keys=(field,)))

    assert config == Config(
        origin="file",
        path=path,
        stores={
            "vault": StoreConfig(
                name="vault", url="https://vault.example:8200", auth=Auth(role="github-deploy")
            )
        },
        secrets=(
            SecretRequest(
                name="DB_PASSWORD",
                store="vault",
                path="secret/data/deploy/production",
                selector=Field(keys=("db_password",)),
            ),
            creds("DB_USER", "username"),
            creds("P", "password"),
            SecretRequest(
                name="TLS_KEY",
                store="vault",
                path="pki/issue/web",
                selector=Field(keys=("private_key",)),
                payload={"common_name": "shop.example"},
                deliver="file",
            ),
        ),
        leaks=Leaks(on_leak="fail", on_contained="warn"),
        audit=Audit(file=load.directory / "audit.jsonl"),
    )


class TestSecrets:
    """`secrets:` in all its forms."""

    @pytest.mark.parametrize(
        ("field", "selector"),
        [
            ("password", Field(keys=("password",))),
            ("a.b", Field(keys=("a", "b"))),
            ('a."b.c"', Field(keys=("a", "b.c"))),
            ("$sum(x)", Jsonata(expression="$sum(x)")),
            ("list[0].x", Jsonata(expression="list[0].x")),
        ],
    )
    def test_fields(self, load: Load, field: str, selector: object) -> None:
        """A plain path of keys is one; everything else is JSONata. Short and long form agree."""
        assert load.secret(f"'vault:p#{field}'").selector == selector
        assert load.secret(f"{{from: vault:p, field: '{field}'}}").selector == selector
        assert load.secret(f"{{from: 'vault:p#{field}'}}").selector == selector

    def test_wildcards(self, load: Load) -> None:
        """The name is the prefix, or `prefix:` is."""
        assert load.secret("'vault:p#*'", "APP_") == SecretRequest(
            name="APP_", store="vault", path="p", selector=AllKeys()
        )
        long = load.secret("{from: 'vault:p/**#**', prefix: ''}")
        assert (long.name, long.path) == ("", "p")
        assert long.selector == AllKeys(keep_case=True, recursive=True)
        assert load.secret("{from: vault:p, field: '*', prefix: X_}").name == "X_"

    def test_all_keys_of_the_long_form(self, load: Load) -> None:
        """Version, encoding, file and mode arrive."""
        request = load.secret(
            '{from: vault:p, field: f, version: 3, as: file, mode: "0640", encoding: base64}'
        )
        assert (request.version, request.deliver, request.mode) == (3, "file", 0o640)
        assert request.encoding == "base64"

    def test_parameters_are_json(self, load: Load) -> None:
        """`with:` holds any JSON; an empty one is still a POST."""
        payload = {"ttl": "1h", "n": 1, "deep": {"list": [True, None, 1.5, "no"]}}
        request = load.secret(f"{{from: vault:p, field: f, with: {json.dumps(payload)}}}")
        assert request.payload == payload
        assert load.secret("{from: vault:p, field: f, with: {}}").payload == {}

    @pytest.mark.parametrize(
        ("keys", "missing"),
        [
            ("", Missing()),
            (", required: true", Missing()),
            (", optional: false", Missing()),
            (", optional: true", Missing(policy="optional")),
            (", required: false", Missing(policy="optional")),
            (", default: x", Missing(policy="default", default="x")),
            (", default: ''", Missing(policy="default", default="")),
        ],
    )
    def test_missing(self, load: Load, keys: str, missing: Missing) -> None:
        """Required unless the file says otherwise."""
        assert load.secret(f"{{from: vault:p, field: f{keys}}}").missing == missing

    def test_templates(self, load: Load) -> None:
        """A template is a file unless it says otherwise."""
        config = load(f"{HEAD}secrets:\n  T: {{template: 'x={{{{ A }}}}', mode: '0400'}}\n")
        assert config.templates == (Template(name="T", text="x={{ A }}", mode=0o400),)

    @pytest.mark.parametrize(
        ("entry", "says"),
        [
            ("vault:p", "which field"),
            ("vault:p #f", "which field"),
            ("vault:p#", "no field after"),
            ("p#f", "does not name a store"),
            ("other:p#f", "no store `other`"),
            ("'vault:../p#f'", "is no path"),
            ("'vault:p?x=1#f'", "has a query"),
            ("'vault:p#*'", "does not end with `_`"),
            ("'vault:p/**#f'", "names many secrets"),
            ("1", "must be text or a mapping"),
            ("[a]", "must be text or a mapping"),
            ("", "must be text or a mapping"),
            ("{}", "has no `from`"),
            ("{from: vault:p}", "which field"),
            ("{from: 'vault:p#f', field: g}", "which field"),
            ("{from: vault:p, field: f, fields: {a: B}}", "exclude each other"),
            ("{from: vault:p, fields: {}}", "is empty"),
            ("{from: vault:p, fields: {a: 1}}", "must be text"),
            ("{from: vault:p, fields: {a: PATH}}", "`PATH` is refused"),
            ("{from: vault:p, fields: {'*': A}}", "no single field"),
            ("{from: vault:p, fields: {a: A, b: A}}", "Two secrets are called `A`"),
            ("{from: vault:p, fields: {a: A}, prefix: X}", "does not go with"),
            ("{from: vault:p, field: f, prefix: X_}", "goes with the fields"),
            ("{from: vault:p, field: '*', prefix: X-}", "cannot begin a name"),
            ("{from: vault:p, field: '*', prefix: X_, default: a}", "all keys"),
            ("{from: vault:p, field: f, with: 1}", "must be a mapping"),
            ("{from: vault:p, field: f, with: {}, version: 1}", "exclude each other"),
            ("{from: vault:p, field: f, version: 0}", "must be a number"),
            ("{from: vault:p, field: f, version: 1.5}", "whole number"),
            ("{from: vault:p, field: f, version: true}", "must be a number"),
            ("{from: vault:p, field: f, as: files}", "no value of `as`"),
            ("{from: vault:p, field: f, mode: '0600'}", "is of a file"),
            ("{from: vault:p, field: f, as: file, mode: 0600}", "no mode"),
            ("{from: vault:p, field: f, as: file, mode: '0666'}", "no mode"),
            ("{from: vault:p, field: f, as: file, mode: '4755'}", "no mode"),
            ("{from: vault:p, field: f, encoding: utf-8}", "no value of `encoding`"),
            ("{from: vault:p, field: f, optional: no}", "true or false"),
            ("{from: vault:p, field: f, optional: true, default: x}", "exclude each other"),
            ("{from: vault:p, field: f, default: 1}", "must be text"),
            ("{from: vault:p, field: f, default: }", "has no value"),
            ("{from: vault:p, feild: f}", "unknown key `feild`"),
            ("{template: x, from: vault:p}", "`from` is refused"),
            ("{template: x, as: none}", "no value of `as`"),
            ("{template: x, as: value, mode: '0600'}", "is of a file"),
            ("{template: ''}", "is empty"),
        ],
    )
    def test_refusals(self, load: Load, entry: str, says: str) -> None:
        """Each mistake is refused where it stands."""
        what = load.refused(f"{HEAD}secrets:\n  NAME: {entry}\n").what
        assert says in what
        assert "ci-secrets.yaml:4:" in what

    @pytest.mark.parametrize("name", ["PATH", "GITHUB_ENV", "a-b", "1a", "''", "a.b"])
    def test_names(self, load: Load, name: str) -> None:
        """Names that are none, or would break the job, are refused where they stand."""
        assert "ci-secrets.yaml:4:3" in load.refused(f"{HEAD}secrets:\n  {name}: vault:p#f\n").what

    def test_two_of_one_name(self, load: Load) -> None:
        """An entry and a field of another entry cannot share a name."""
        text = f"{HEAD}secrets:\n  A: vault:p#f\n  B: {{from: vault:p, fields: {{x: A}}}}\n"
        what = load.refused(text).what
        assert "ci-secrets.yaml:4:3" in what
        assert "ci-secrets.yaml:5:34" in what


class TestStores:
    """`stores:` with everything that a login needs, and no secret."""

    def test_everything(self, load: Load) -> None:
        """All keys of a store arrive; files are relative to ci-secrets.yaml."""
        store = load.store(
            "type: vault, role: r, audience: aud, namespace: /team/ci/, ca-file: ca.pem, "
            "client-cert: /etc/c.pem, client-key: k.pem, headers: {X-Team: ci}, "
            "hosts: ['https://b.example:8200'], timeout: 3, "
            "auth: {method: approle, mount: ci/, role-id: rid, secret-id-env: SID, "
            "creation-path: auth/approle/role/x/secret-id}"
        )
        assert store == StoreConfig(
            name="vault",
            url="https://vault.example",
            audience="aud",
            namespace="team/ci",
            ca_file=load.directory / "ca.pem",
            client_cert=Path("/etc/c.pem"),
            client_key=load.directory / "k.pem",
            headers={"X-Team": "ci"},
            hosts=("https://b.example:8200",),
            timeout=3.0,
            auth=Auth(
                method="approle",
                mount="ci",
                role="r",
                parameters={
                    "role-id": "rid",
                    "creation-path": "auth/approle/role/x/secret-id",
                },
                environment={"secret-id": "SID"},
            ),
        )

    def test_other_methods(self, load: Load) -> None:
        """Any method takes a payload; files are relative to ci-secrets.yaml."""
        auth = load.store("auth: {method: gcp, payload-env: LOGIN}").auth
        assert (auth.method, auth.environment) == ("gcp", {"payload": "LOGIN"})
        auth = load.store("auth: {method: kubernetes, jwt-file: /t}").auth
        assert auth.files == {"jwt": "/t"}
        auth = load.store("auth: {method: token, token-file: t}").auth
        assert auth.files == {"token": str(load.directory / "t")}

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ("rol: x", "unknown key `rol`"),
            ("insecure: true", "`insecure` is refused"),
            ("tls-skip-verify: true", "`tls-skip-verify` is refused"),
            ("tlsSkipVerify: true", "`tlsSkipVerify` is refused"),
            ("verify: false", "`verify` is refused"),
            ("token: made-up", "`token` is refused"),
            ("role: 1", "must be text"),
            ("role: ''", "is empty"),
            ("role: ~", "has no value"),
            ("type: azure", "no value of `type`"),
            ("namespace: a//b", "cannot be a namespace"),
            ("namespace: ../b", "cannot be a namespace"),
            ("client-cert: c.pem", "needs both halves"),
            ("headers: {Host: x}", "cannot be added"),
            ("headers: {'A B': x}", "cannot be added"),
            ('headers: {A: "x\\r\\nB: y"}', "value of a header"),
            ("headers: {A: 1}", "must be text"),
            ("hosts: https://b.example", "must be a list"),
            ("hosts: ['http://b.example']", "http is for loopback"),
            ("timeout: 10s", "must be a number"),
            ("timeout: 0", "must be a number"),
            ("timeout: 1e9", "must be a number"),
            ('ca-file: "a\\0b"', "is no path"),
            ("auth: x", "must be a mapping"),
            ("auth: {method: 1}", "must be text"),
            ("auth: {method: A/b}", "no method"),
            ("auth: {method: approl, role-id-env: X}", "unknown key `role-id-env`"),
            ("auth: {method: approl}", "`approl` of store vault is not known"),
            ("auth: {role: x}", "`role` is refused"),
            ("auth: {secret-id-env: X}", "unknown key `secret-id-env`"),
            ("auth: {method: approle, secret-id: made-up}", "`secret-id` is refused"),
            ("auth: {method: token, token: made-up}", "`token` is refused"),
            ("auth: {method: userpass, password: made-up}", "`password` is refused"),
            ("auth: {method: gcp, payload: made-up}", "`payload` is refused"),
            ("auth: {method: token, token-env: 'hvs.made-up'}", "name of a variable"),
            ("auth: {method: token, token-env: A, token-file: b}", "exclude each other"),
            ("auth: {method: approle, role-id: a, role-id-env: B}", "exclude each other"),
            ("auth: {mount: ../x}", "cannot be a mount"),
        ],
    )
    def test_refusals(self, load: Load, keys: str, says: str) -> None:
        """Each mistake is refused, and a secret in the file is never repeated."""
        text = f"version: 1\nstores:\n  vault: {{url: https://vault.example, {keys}}}\n"
        failure = load.refused(text)
        assert says in failure.what
        assert "ci-secrets.yaml:3:" in failure.what
        assert "made-up" not in f"{failure.what}{failure.cause}{failure.fix}"

    @pytest.mark.parametrize("url", ["http://vault.example", "ftp://x", "vault.example", "1"])
    def test_urls(self, load: Load, url: str) -> None:
        """Only https, and http on loopback."""
        load.refused(f"version: 1\nstores: {{vault: {{url: '{url}'}}}}\n")

    def test_names(self, load: Load) -> None:
        """A store's name can stand before the colon."""
        failure = load.refused("version: 1\nstores: {'a b': {url: 'https://x.example'}}\n")
        assert "name of a store" in failure.what

    def test_methods(self) -> None:
        """The methods that a file may name are those that the store knows."""
        assert METHODS.keys() == {*STORE_METHODS, "token"}

    def test_types(self) -> None:
        """The types that a file may name are those that can be opened."""
        assert set(TYPES) == set(STORES)


class TestRest:
    """The top of the file, `leaks:` and `audit:`."""

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "is empty"),
            ("# nothing\n", "is empty"),
            ("[]\n", "must be a mapping"),
            ("x\n", "must be a mapping"),
            ("secrets: {}\n", "must say `version: 1`"),
            ("version: 2\n", "must say `version: 1`"),
            ("version: '1'\n", "must say `version: 1`"),
            ("version: true\n", "must say `version: 1`"),
            ("version: 1.0\n", "must say `version: 1`"),
            ("version: 1\nsecret: {}\n", ":2:1: unknown key `secret`"),
            ("version: 1\nstores: []\n", "must be a mapping"),
            ("version: 1\nstores:\n", "has no value"),
            ("version: 1\nleaks: {on-leak: no}\n", "`no` is no value of `on-leak`"),
            ("version: 1\nleaks: {on-leak: false}\n", "no value of `on-leak`"),
            ("version: 1\nleaks: {on_leak: warn}\n", "unknown key `on_leak`"),
            ("version: 1\naudit: {required: yes}\n", "true or false"),
            ("version: 1\naudit: {key-file: k}\n", "`key-file` is refused"),
            ("version: 1\naudit: {file: /etc/passwd}\n", "beside this file"),
            ("version: 1\naudit: {file: ../../x}\n", "beside this file"),
            ("version: 1\naudit: {file: a/../../x}\n", "beside this file"),
            ("version: 1\naudit: {file: .}\n", "beside this file"),
        ],
    )
    def test_refusals(self, load: Load, text: str, says: str) -> None:
        """Each mistake is refused where it stands."""
        failure = load.refused(text)
        assert says in failure.what
        assert "ci-secrets.yaml:" in failure.what

    def test_the_nearest_key_is_named(self, load: Load) -> None:
        """A slip of the pen is answered with the key that was meant."""
        assert load.refused("version: 1\nsecret: {}\n").fix == "Did you mean `secrets`?"

    def test_the_operators_key(self, load: Load) -> None:
        """Who asks for a key file learns where it belongs."""
        failure = load.refused("version: 1\naudit: {key-file: k}\n")
        assert "CI_SECRETS_AUDIT_KEY_FILE" in failure.fix

    def test_what_is_left_open_the_environment_says(self, load: Load) -> None:
        """Without a word in the file, the environment's setting stands."""
        load.environment = {
            "CI_SECRETS_ON_LEAK": "warn",
            "CI_SECRETS_ON_CONTAINED": "fail",
            "CI_SECRETS_AUDIT_FILE": "/var/log/a",
            "CI_SECRETS_AUDIT_REQUIRED": "true",
        }
        for text in ("version: 1\n", "version: 1\nleaks: {}\naudit: {}\n"):
            config = load(text)
            assert config.leaks == Leaks(on_leak="warn", on_contained="fail")
            assert config.audit == Audit(file=Path("/var/log/a"), required=True)

    def test_hostile_keys_are_shown_harmlessly(self, load: Load) -> None:
        """A key cannot drive a terminal or a runner by being refused."""
        what = load.refused('version: 1\n"\\n::stop-commands::x\\e]8;;": 1\n').what
        assert "\n" not in what
        assert "\x1b" not in what


PIECES = st.sampled_from(
    [
        "version: 1\n", "stores:\n", "  vault: ", "{url: https://v.example}\n", "secrets:\n",
        "  A: ", "  B_: ", "vault:p#f\n", "'vault:p#*'\n", "{from: vault:p, ", "field: f, ",
        "fields: {a: C}, ", "with: {a: [1, {b: ~}]}, ", "optional: true, ", "default: '', ",
        "as: file, ", "mode: '0600'", "}\n", "auth: {method: token, ", "token-env: T}",
        "leaks: {on-leak: warn}\n", "audit: ", "{file: a}\n", "{template: x}\n", "1\n", "~\n",
        "[]\n", ", ", "{", "}", "\n", "  ", "é: ",
    ]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=200), st.lists(PIECES).map(lambda it: "".join(it).encode())))
def test_any_bytes_are_a_config_or_a_refusal(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    """No file raises anything but ConfigError, and every refusal says what to change."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(data)
    failure = None
    try:
        file.load(path, {})
    except ConfigError as refusal:
        failure = refusal
    assert failure is None or (failure.fix and failure.what.isprintable())


def test_a_linked_folder_leads_the_trail_nowhere(tmp_path: Path) -> None:
    """A folder of the checkout that is a link may not take the trail outside of it."""
    checkout, outside = tmp_path / "checkout", tmp_path / "outside"
    checkout.mkdir()
    outside.mkdir()
    (checkout / "logs").symlink_to(outside)
    (checkout / "kept").mkdir()
    config = checkout / "ci-secrets.yaml"
    text = (
        "version: 1\nstores: {v: {type: vault, url: 'http://127.0.0.1:1'}}\nsecrets: {A: 'v:a#b'}\n"
    )
    config.write_text(text + "audit: {file: logs/audit.jsonl}\n")
    with pytest.raises(ConfigError, match="leads elsewhere"):
        file.load(config, {})
    config.write_text(text + "audit: {file: kept/audit.jsonl}\n")
    assert file.load(config, {}).audit.file == checkout / "kept" / "audit.jsonl"
