"""The public functions, as a Python program in a pipeline uses them."""

import base64
import subprocess
import sys
import threading

import pytest

import ci_secrets
from ci_secrets.testing.issuer import Issuer
from ci_secrets.testing.vault.server import DevVault


def test_values_are_revoked_when_the_block_ends() -> None:
    """Inside the block the values are there; afterwards the token and the lease are gone."""
    users: dict[str, str] = {}
    with Issuer() as issuer, DevVault() as vault:
        environment = _environment(issuer, vault, users)
        with ci_secrets.exchange(
            url=vault.url,
            role="app",
            secrets="database/creds/app password | DB_PASSWORD",
            environment=environment,
        ) as values:
            assert list(values) == ["DB_PASSWORD"]
            assert values["DB_PASSWORD"].text() in users.values()
            assert str(values["DB_PASSWORD"]) == "***"
        assert users == {}


def test_it_works_in_a_thread() -> None:
    """Outside the main thread, where Python takes no signals, it works all the same."""
    users: dict[str, str] = {}
    seen: list[int] = []

    def work() -> None:
        with ci_secrets.exchange(
            url=vault.url,
            role="app",
            secrets="database/creds/app password | P",
            environment=environment,
        ) as values:
            seen.append(len(values["P"]))

    with Issuer() as issuer, DevVault() as vault:
        environment = _environment(issuer, vault, users)
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert seen
    assert users == {}


def test_scan_and_redact_know_disguises() -> None:
    """A known value is found and replaced in base64, from text, bytes or `Secret`."""
    value = "made-up-value-4711"
    text = b"log " + base64.b64encode(value.encode()) + b" end\n"
    report = ci_secrets.scan(text, {"KEY": value})
    assert [(it.secret, it.form) for it in report.findings] == [("KEY", ("base64",))]
    assert ci_secrets.scan([text[:9], text[9:]], {"KEY": ci_secrets.Secret(value)}).findings
    assert base64.b64encode(value.encode())[:20] not in ci_secrets.redact(text, {"KEY": value})


def test_importing_it_imports_nothing_heavy() -> None:
    """`import ci_secrets` costs a CI step next to nothing."""
    code = "import sys, ci_secrets; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    loaded = set(done.stdout.decode().split())
    assert "ci_secrets.errors" in loaded
    assert not loaded & {"httpx", "hvac", "yaml", "jwt", "cryptography", "ci_secrets.api"}


def test_what_is_not_public_is_said() -> None:
    """A name that does not exist is an `AttributeError`, as for any module."""
    with pytest.raises(AttributeError, match="nothing_such"):
        ci_secrets.nothing_such  # noqa: B018


def _environment(issuer: Issuer, vault: DevVault, users: dict[str, str]) -> dict[str, str]:
    vault.trust(issuer)
    vault.policy("app", 'path "database/creds/app" { capabilities = ["read"] }')
    vault.jwt_role("app", token_policies=["app"])
    vault.dynamic(
        "app",
        create=lambda name, password: users.update({name: password}),
        revoke=lambda name: users.__delitem__(name),
    )
    return {"CI_SECRETS_ID_TOKEN": issuer.mint(vault.url, sub="me"), "HOME": "/nonexistent"}
