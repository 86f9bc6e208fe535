"""The JSON Schema that editors use says the same as the parser, and the documentation names all."""

import json
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ci_secrets.config import file, yaml
from ci_secrets.config.auth import METHODS, SECRET
from ci_secrets.errors import ConfigError

SCHEMA = json.loads(resources.files("ci_secrets.config").joinpath("schema.json").read_text())
DOCUMENTATION = Path(__file__).parents[3] / "docs" / "config.md"
VALIDATOR = Draft202012Validator(SCHEMA)

STORES = "version: 1\nstores:\n  vault: {url: https://vault.example<>}\n"
SECRETS = "version: 1\nstores: {vault: {url: 'https://v.example'}}\nsecrets:\n  NAME: <>\n"

GOOD_STORES = [
    "",
    ", type: vault",
    ", role: r, audience: a, namespace: /team/ci/",
    ":8200/prefix/",
    ", ca-file: a, client-cert: b, client-key: c",
    ", headers: {X-Team: ci}",
    ", hosts: ['https://b.example:8200', 'http://[::1]:8200']",
    ", timeout: 0.5",
    ", auth: {}",
    ", auth: {mount: ci}",
    ", auth: {method: jwt, payload-env: P}",
    ", auth: {method: cert, mount: c}",
    ", auth: {method: approle, role-id: r, secret-id-env: S, creation-path-file: f}",
    ", auth: {method: userpass, username: u, password-file: p}",
    ", auth: {method: ldap, username-env: U, password-env: P}",
    ", auth: {method: github, token-env: T}",
    ", auth: {method: kubernetes, jwt-file: f}",
    ", auth: {method: token, token-env: T}",
    ", auth: {method: gcp, payload-file: P}",
]
BAD_STORES = [
    ", rol: r",
    ", insecure: true",
    ", type: x",
    ", role: 1",
    ", role: ''",
    ", role: ~",
    ", namespace: a//b",
    "?a=b",
    "@evil.example",
    ", client-cert: c",
    ", headers: {Host: x}",
    ", headers: {A B: x}",
    ', headers: {A: "x\\ny"}',
    ", headers: [a]",
    ", hosts: https://b.example",
    ", hosts: ['http://b.example']",
    ", timeout: 0",
    ", timeout: 301",
    ", timeout: 10s",
    ", timeout: true",
    ", auth: x",
    ", auth: {role: r}",
    ", auth: {method: X}",
    ", auth: {method: gcp}",
    ", auth: {method: gcp, token-env: T}",
    ", auth: {method: jwt, token-env: T}",
    ", auth: {secret-id-env: S}",
    ", auth: {method: approle, secret-id: x}",
    ", auth: {method: token, token: x}",
    ", auth: {method: token, token-env: a-b}",
    ", auth: {method: token, token-env: A, token-file: b}",
    ", auth: {method: approle, role-id: A, role-id-file: b}",
]
GOOD_SECRETS = [
    "vault:p#f",
    "'vault:p/q#$sum(x)'",
    "{from: 'vault:p#f'}",
    "{from: vault:p, field: f}",
    "{from: vault:p, fields: {a: A, b.c: B}}",
    "{from: vault:p, field: '*', prefix: ''}",
    "{from: 'vault:p/**#**', prefix: APP_}",
    "{from: vault:p, field: f, with: {a: [1, ~]}}",
    "{from: vault:p, field: f, version: 2, encoding: hex, optional: true}",
    "{from: vault:p, field: f, required: false, as: none}",
    "{from: vault:p, field: f, default: '', as: file, mode: '0640'}",
    "{template: x}",
    "{template: x, as: file, mode: '0400'}",
    "{template: x, mode: '0400'}",
    "{template: x, as: value}",
]
BAD_SECRETS = [
    "vault:p",
    "vault:p#",
    "p#f",
    "1",
    "~",
    "[]",
    "{}",
    "{from: vault:p}",
    "{from: 'vault:p#f', field: f}",
    "{from: 'vault:p#f', fields: {a: A}}",
    "{from: vault:p, field: f, fields: {a: A}}",
    "{from: vault:p, fields: {}}",
    "{from: vault:p, fields: {a: 1}}",
    "{from: vault:p, fields: {a: A-B}}",
    "{from: vault:p, fields: {'*': A}}",
    "{from: vault:p, fields: {a: A}, prefix: B}",
    "{from: vault:p, field: '*', prefix: a-b}",
    "{from: vault:p, field: f, with: x}",
    "{from: vault:p, field: f, with: {}, version: 1}",
    "{from: vault:p, field: f, version: 0}",
    "{from: vault:p, field: f, version: '1'}",
    "{from: vault:p, field: f, as: x}",
    "{from: vault:p, field: f, mode: '0600'}",
    "{from: vault:p, field: f, as: file, mode: 0600}",
    "{from: vault:p, field: f, as: file, mode: '0666'}",
    "{from: vault:p, field: f, encoding: x}",
    "{from: vault:p, field: f, optional: no}",
    "{from: vault:p, field: f, optional: true, required: false}",
    "{from: vault:p, field: f, optional: true, default: x}",
    "{from: vault:p, field: f, default: 1}",
    "{from: vault:p, field: f, x: 1}",
    "{template: ''}",
    "{template: x, from: vault:p}",
    "{template: x, as: none}",
    "{template: x, as: value, mode: '0600'}",
]
GOOD = [
    "version: 1\n",
    "version: 1\nstores: {}\nsecrets: {}\nleaks: {}\naudit: {}\n",
    "version: 1\nleaks: {on-leak: warn, on-contained: fail}\naudit: {file: a/b, required: true}\n",
    "version: 1\nstores: {v: {url: 'http://127.0.0.1:8200'}}\n",
    "version: 1\nstores: {v: {url: 'http://localhost'}}\n",
    *(STORES.replace("<>", keys) for keys in GOOD_STORES),
    *(SECRETS.replace("<>", entry) for entry in GOOD_SECRETS),
]
BAD = [
    "[]\n",
    "{}\n",
    "version: 2\n",
    "version: '1'\n",
    "version: true\n",
    "version: 1\nx: 1\n",
    "version: 1\nstores: []\n",
    "version: 1\nstores: {a b: {url: 'https://v.example'}}\n",
    "version: 1\nstores: {v: {}}\n",
    "version: 1\nstores: {v: {url: 'http://v.example'}}\n",
    "version: 1\nstores: {v: {url: 'http://127.0.0.1.evil.example'}}\n",
    "version: 1\nsecrets: {a-b: {template: x}}\n",
    "version: 1\nleaks: {on-leak: no}\n",
    "version: 1\nleaks: {x: fail}\n",
    "version: 1\naudit: {key-file: x}\n",
    "version: 1\naudit: {file: /x}\n",
    "version: 1\naudit: {file: a/../../x}\n",
    "version: 1\naudit: {required: yes}\n",
    *(STORES.replace("<>", keys) for keys in BAD_STORES),
    *(SECRETS.replace("<>", entry) for entry in BAD_SECRETS),
]


def parser_takes(text: str, directory: Path) -> bool:
    """Whether the parser takes a file."""
    path = directory / "ci-secrets.yaml"
    path.write_text(text)
    try:
        file.load(path, {})
    except ConfigError:
        return False
    return True


def test_the_schema_is_one() -> None:
    """It is valid JSON Schema 2020-12."""
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("text", "good"), [*((it, True) for it in GOOD), *((it, False) for it in BAD)]
)
def test_schema_and_parser_agree(text: str, good: bool, tmp_path: Path) -> None:
    """What one takes the other takes, and what one refuses the other refuses."""
    assert parser_takes(text, tmp_path) is good
    assert VALIDATOR.is_valid(yaml.parse(text.encode(), "f").plain()) is good


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Every part of the schema that is a mapping."""
    if isinstance(schema, dict):
        yield schema
        for part in schema.values():
            yield from objects(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from objects(part)


DESCRIBED = [
    (key, part)
    for it in objects(SCHEMA)
    if "properties" in it and "description" not in it["properties"] and "additionalProperties" in it
    for key, part in it["properties"].items()
]


def test_the_schema_is_walked() -> None:
    """The list of keys that the next tests use is not empty by mistake."""
    keys = {key for key, _ in DESCRIBED}
    assert {"stores", "url", "secret-id-env", "from", "template", "on-leak", "required"} <= keys


@pytest.mark.parametrize(
    ("key", "part"), DESCRIBED, ids=[f"{key}-{number}" for number, (key, _) in enumerate(DESCRIBED)]
)
def test_every_key_is_described(key: str, part: dict[str, Any]) -> None:
    """An editor explains every key, and docs/config.md names it."""
    target = SCHEMA["$defs"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
    assert target["description"]
    assert f"`{key}" in DOCUMENTATION.read_text()


def test_nothing_unknown_is_allowed() -> None:
    """Every mapping with keys of ours refuses others."""
    for part in objects(SCHEMA):
        if part.get("type") == "object" and "properties" in part:
            assert part["additionalProperties"] is False


def test_the_schema_knows_the_methods() -> None:
    """Each method has its rule, with the parameters that the parser takes."""
    rules = {
        rule["if"]["properties"]["method"]["const"]: set(rule["then"]["propertyNames"]["enum"])
        for rule in SCHEMA["$defs"]["auth"]["allOf"]
        if "const" in rule.get("if", {}).get("properties", {}).get("method", {})
    }
    assert rules.keys() == METHODS.keys()
    for method, keys in rules.items():
        for parameter in (*METHODS[method], "payload"):
            assert {f"{parameter}-env", f"{parameter}-file"} <= keys
            assert (parameter in keys) is (parameter not in SECRET)


def test_every_example_of_the_documentation_is_good(tmp_path: Path) -> None:
    """Each YAML block that is a whole file passes parser and schema."""
    blocks = [it.partition("```")[0] for it in DOCUMENTATION.read_text().split("```yaml\n")[1:]]
    files = [block for block in blocks if block.startswith("version:")]
    assert len(files) >= 2
    for text in files:
        assert parser_takes(text, tmp_path)
        assert VALIDATOR.is_valid(yaml.parse(text.encode(), "f").plain())
