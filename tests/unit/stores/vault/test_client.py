"""The calls through hvac."""

import subprocess
import sys
from pathlib import Path

import pytest

import ci_secrets
from tests.unit.stores.vault.fake import HEALTH, Bench, FakeVault, auth, kv2, request


def test_stray_tokens_are_not_read(
    bench: Bench, vault: FakeVault, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Neither ~/.vault-token nor $VAULT_TOKEN of the runner is ever sent."""
    (tmp_path / ".vault-token").write_text("hvs.of-somebody-else")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("VAULT_TOKEN", "hvs.of-somebody-else")
    bench.login().close("end")
    assert vault.asked
    assert all("else" not in each.headers.get("x-vault-token", "") for each in vault.asked)
    assert "x-vault-token" not in vault.of("auth/jwt/login")[0].headers


def test_runners_vault_variables_do_not_steer(
    bench: Bench, vault: FakeVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """$VAULT_ADDR and $VAULT_NAMESPACE of the runner change nothing."""
    monkeypatch.setenv("VAULT_ADDR", "https://evil.example")
    monkeypatch.setenv("VAULT_NAMESPACE", "other")
    bench.login()
    first = vault.of("auth/jwt/login")[0]
    assert first.headers["host"] == "vault.example:8200"
    assert "x-vault-namespace" not in first.headers


def test_namespace_on_every_call_but_health(bench: Bench, vault: FakeVault) -> None:
    """Login and reads carry the namespace; sys/health lives in the root namespace only."""
    vault.rules |= {
        "GET sys/internal/ui/mounts/secret/data/a": (200, kv2()),
        "GET secret/data/a": (200, {"data": {"data": {"value": "x"}}}),
    }
    vault.rules[f"GET {HEALTH}"] = (200, {"version": "1.21.0+ent", "enterprise": True})
    session = bench.login(namespace="team/a")
    session.fetch([request("secret/data/a")])
    session.close("end")
    for each in vault.asked:
        expected = None if each.path.startswith("sys/health") else "team/a"
        assert each.headers.get("x-vault-namespace") == expected, each.path


def test_request_header(bench: Bench, vault: FakeVault) -> None:
    """Every call carries X-Vault-Request, which some servers insist on."""
    bench.login().close("end")
    assert {each.headers["x-vault-request"] for each in vault.asked} == {"true"}


def test_paths_are_quoted(bench: Bench, vault: FakeVault) -> None:
    """A path with spaces, `?`, `#` and letters of all languages stays one path."""
    spelled = "kv/a%20b%3Fversion=1%23%C3%A9%25"
    vault.rules |= {
        f"GET sys/internal/ui/mounts/{spelled}": (200, {"data": {"path": "kv/", "type": "kv"}}),
        f"GET {spelled}": (200, {"data": {"value": "x"}}),
    }
    fetched = bench.login().fetch([request("kv/a b?version=1#é%")])
    assert fetched.credentials[0].value.text() == "x"


def test_only_what_spends_a_use_is_counted(bench: Bench, vault: FakeVault) -> None:
    """A read spends a use of the token; the question which engine serves it spends none."""
    vault.rules |= {
        "POST auth/jwt/login": (200, auth(num_uses=5)),
        "GET sys/internal/ui/mounts/secret/data/a": (200, kv2()),
        "GET secret/data/a": (200, {"data": {"data": {"value": "x"}}}),
    }
    session = bench.login()
    session.fetch([request("secret/data/a")])
    assert session.handover()["grants"][0]["uses"] == 1


def test_one_module_imports_hvac() -> None:
    """The library hvac is imported in one place, so that nothing else can meet its errors."""
    package = Path(ci_secrets.__file__).parent
    importing = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if "import hvac" in path.read_text() or "from hvac" in path.read_text()
    ]
    assert importing == ["stores/vault/client.py"]


def test_hvac_is_imported_late() -> None:
    """Importing the registry of stores does not cost the import of hvac or httpx."""
    code = (
        "import sys, ci_secrets.stores; print([m for m in ('hvac', 'requests', 'httpx') "
        "if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    assert done.stdout.strip() == b"[]"
