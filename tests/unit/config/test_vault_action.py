"""The inputs of hashicorp/vault-action: they mean what they mean there, or advice refuses them."""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from ci_secrets.config.model import Config, SecretRequest, StoreConfig
from ci_secrets.config.vault_action import Asked, read
from ci_secrets.config.vault_action.inputs import KEPT, REFUSED, variable
from ci_secrets.errors import ConfigError

PEM = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
JOB = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY_OWNER": "shop"}
URL = "https://vault.example:8200"


def asked(**inputs: str) -> Asked:
    """What a step with these inputs asks for; `url` and `token` are given if nothing else is."""
    return keeping({}, inputs)


def keeping(kept: dict[str, bytes], inputs: Mapping[str, str]) -> Asked:
    """The same, with what it keeps."""

    def keep(name: str, pem: bytes) -> Path:
        kept[name] = pem
        return Path("/kept", name)

    base = {"url": URL} if inputs.get("method") else {"url": URL, "token": "hvs.x"}
    return read(JOB | {variable(name): text for name, text in (base | dict(inputs)).items()}, keep)


def store(**inputs: str) -> StoreConfig:
    """The store of such a step."""
    return asked(**inputs).config.stores["vault"]


def requests(**inputs: str) -> tuple[SecretRequest, ...]:
    """The secrets that it asks for."""
    return asked(**inputs).config.secrets


JWT = {"method": "jwt"}
TABLE: dict[str, tuple[dict[str, str], Callable[[Asked, StoreConfig], Any], Any]] = {
    "url": ({"url": "https://other.example"}, lambda _, it: it.url, "https://other.example"),
    "secrets": ({"secrets": "/kv/app a.b;"}, lambda it, _: _names(it.config), [("A__B", "a__b")]),
    "pki": ({"pki": 'pki/issue/web {"ttl": "1h"}'}, lambda it, _: len(it.config.secrets), 4),
    "namespace": ({"namespace": "team/a/"}, lambda _, it: it.namespace, "team/a"),
    "method": ({"method": "JWT"}, lambda _, it: it.auth.method, "jwt"),
    "role": ({**JWT, "role": "ci"}, lambda _, it: it.auth.role, "ci"),
    "path": ({**JWT, "path": "jwt-ci"}, lambda _, it: it.auth.mount, "jwt-ci"),
    "token": ({"token": "hvs.y"}, lambda _, it: it.auth.environment, {"token": "INPUT_TOKEN"}),
    "roleId": (
        {"method": "approle", "roleId": "r"},
        lambda _, it: it.auth.environment,
        {"role-id": "INPUT_ROLEID"},
    ),
    "secretId": (
        {"method": "approle", "roleId": "r", "secretId": "s"},
        lambda _, it: it.auth.environment,
        {"role-id": "INPUT_ROLEID", "secret-id": "INPUT_SECRETID"},
    ),
    "githubToken": (
        {"method": "github", "githubToken": "ghp_x"},
        lambda _, it: it.auth.environment,
        {"token": "INPUT_GITHUBTOKEN"},
    ),
    "kubernetesTokenPath": (
        {"method": "kubernetes", "kubernetesTokenPath": "/run/token"},
        lambda _, it: it.auth.files,
        {"jwt": "/run/token"},
    ),
    "username": (
        {"method": "ldap", "username": "u", "password": "p"},
        lambda _, it: it.auth.environment["username"],
        "INPUT_USERNAME",
    ),
    "password": (
        {"method": "userpass", "username": "u", "password": "p"},
        lambda _, it: it.auth.environment["password"],
        "INPUT_PASSWORD",
    ),
    "authPayload": (
        {"method": "azure", "authPayload": "{}"},
        lambda _, it: (it.auth.method, it.auth.environment),
        ("azure", {"payload": "INPUT_AUTHPAYLOAD"}),
    ),
    "extraHeaders": (
        {"extraHeaders": "X-A: 1\n\nX-B: b:c\nx-a: 2\n"},
        lambda _, it: it.headers,
        {"x-a": "1, 2", "x-b": "b:c"},
    ),
    "exportEnv": ({"exportEnv": "false"}, lambda it, _: it.export_env, False),
    "exportToken": ({"exportToken": "TRUE"}, lambda it, _: it.export_token, True),
    "outputToken": ({"outputToken": "true"}, lambda it, _: it.output_token, True),
    "caCertificate": (
        {"caCertificate": PEM},
        lambda _, it: it.ca_file,
        Path("/kept/caCertificate.pem"),
    ),
    "clientCertificate": (
        {"clientCertificate": PEM, "clientKey": PEM},
        lambda _, it: it.client_cert,
        Path("/kept/clientCertificate.pem"),
    ),
    "clientKey": (
        {"clientCertificate": PEM, "clientKey": PEM},
        lambda _, it: it.client_key,
        Path("/kept/clientKey.pem"),
    ),
    "jwtGithubAudience": (
        {**JWT, "jwtGithubAudience": "sts"},
        lambda _, it: it.audience,
        "sts",
    ),
    "secretEncodingType": (
        {"secrets": "kv/app a; kv/app b", "secretEncodingType": "hex"},
        lambda it, _: [entry.encoding for entry in it.config.secrets],
        ["hex", "hex"],
    ),
    "ignoreNotFound": (
        {"secrets": "kv/app a", "ignoreNotFound": "true"},
        lambda it, _: it.config.secrets[0].missing.policy,
        "optional-path",
    ),
}
"""Input → a step with it, what is looked at, and what that is then."""


def _names(config: Config) -> list[tuple[str, str | None]]:
    return [(entry.name, entry.output_name) for entry in config.secrets]


@pytest.mark.parametrize("name", KEPT)
def test_what_is_kept(name: str) -> None:
    """Each input has its effect."""
    inputs, look, expected = TABLE[name]
    found = asked(**inputs)
    assert look(found, found.config.stores["vault"]) == expected


def test_what_is_not_given() -> None:
    """The defaults are those of vault-action."""
    found = asked()
    assert (found.export_env, found.export_token, found.output_token) == (True, False, False)
    assert found.config.secrets == (), "a plain login"
    (vault,) = found.config.stores.values()
    assert (vault.auth.method, vault.auth.mount, vault.namespace) == ("token", None, None)
    assert vault.audience == "https://github.com/shop", "as GitHub has it where nobody asks"
    assert vault.origin == "workflow"
    assert store(method="kubernetes", role="ci").auth.files == {
        "jwt": "/var/run/secrets/kubernetes.io/serviceaccount/token"
    }


def test_a_certificate_of_pki() -> None:
    """One call makes four secrets, named by the role; the chain may lack."""
    found = requests(pki='/pki/issue/my-web {"common_name": "shop.example"} ;')
    assert [(entry.name, entry.output_name) for entry in found] == [
        ("MYWEB_CERT", "myweb_cert"),
        ("MYWEB_KEY", "myweb_key"),
        ("MYWEB_CA", "myweb_ca"),
        ("MYWEB_CA_CHAIN", "myweb_ca_chain"),
    ]
    assert {entry.path for entry in found} == {"pki/issue/my-web"}
    assert all(entry.payload == {"common_name": "shop.example"} for entry in found)
    assert [entry.missing.policy for entry in found] == ["required"] * 3 + ["optional"]


def test_a_certificate_in_base64() -> None:
    """PEM is taken as it is, and in base64, wrapped or not."""
    wrapped = base64.encodebytes(PEM.encode()).decode()
    for text in (PEM, wrapped, wrapped.replace("\n", "")):
        kept: dict[str, bytes] = {}
        keeping(kept, {"caCertificate": text})
        assert kept["caCertificate.pem"].strip() == PEM.strip().encode()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused(name: str) -> None:
    """With the words of what to do instead."""
    with pytest.raises(ConfigError) as caught:
        asked(**{name: "true"})
    assert f"`{name}`" in caught.value.what
    assert caught.value.fix == REFUSED[name]


def test_what_is_refused_but_off() -> None:
    """`tlsSkipVerify: false` asks for nothing."""
    assert asked(tlsSkipVerify="false").config.stores


@pytest.mark.parametrize(
    ("inputs", "says", "advice"),
    [
        ({"url": ""}, "`url` is missing", "https://vault.example:8200"),
        ({"secrets": "a b", "pki": "c {}"}, "Both `secrets` and `pki`", "two steps"),
        ({"pki": "pki/issue/web"}, "no JSON object", "common_name"),
        ({"pki": "pki/issue/web [1]"}, "no JSON object", "common_name"),
        ({"pki": "a/w {}; b/w {}"}, "Two secrets are called", ""),
        ({"exportEnv": "0"}, "`exportEnv` is neither true nor false", "exportEnv: true"),
        ({"ignoreNotFound": "no"}, "neither true nor false", ""),
        ({"secretEncodingType": "rot13"}, "`rot13`", "base64, hex, utf8"),
        ({"method": "approle"}, "needs the input `roleId`", "method: jwt"),
        ({"method": "userpass", "username": "u"}, "needs the input `password`", ""),
        ({"method": "azure"}, "needs `authPayload`", "userpass"),
        ({"method": "jwt", "authPayload": "{}"}, "does not go with `method: jwt`", ""),
        ({"extraHeaders": "no header"}, "extraHeaders", "letters"),
        ({"extraHeaders": "X-A:"}, "extraHeaders", "ASCII"),
        ({"extraHeaders": "Host: a"}, "extraHeaders", "transport"),
        ({"caCertificate": "hunter2"}, "neither PEM nor PEM in base64", "base64 -w0"),
        ({"clientKey": PEM}, "both halves", ""),
        ({"namespace": "../a"}, "namespace", ""),
        ({"secrets": "kv/app a | LD_PRELOAD"}, "LD_PRELOAD", "APP_LD_PRELOAD"),
        ({"secrets": "kv/app a-b; kv/app ab"}, "Two secrets are called `AB`", ""),
    ],
)
def test_mistakes(inputs: dict[str, str], says: str, advice: str) -> None:
    """Each is said before anything is kept or sent, and no value is in what is said."""
    kept: dict[str, bytes] = {}
    with pytest.raises(ConfigError) as caught:
        keeping(kept, inputs)
    assert says in caught.value.what
    assert advice in caught.value.fix
    assert "hunter2" not in f"{caught.value.what} {caught.value.cause} {caught.value.fix}"
    assert kept == {}


def test_the_floors_hold() -> None:
    """What the environment demands binds these steps too."""
    floors = JOB | {
        "INPUT_URL": URL,
        "INPUT_TOKEN": "hvs.x",
        "CI_SECRETS_ON_CONTAINED": "fail",
        "CI_SECRETS_AUDIT_FILE": "trail.jsonl",
    }
    config = read(floors, lambda _name, _pem: Path()).config
    assert config.leaks.on_contained == "fail"
    assert config.audit.file == Path("trail.jsonl")
    with pytest.raises(ConfigError, match="not allowed"):
        read(floors | {"CI_SECRETS_ALLOWED_STORES": "https://other"}, lambda _name, _pem: Path())
