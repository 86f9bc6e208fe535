"""Imports that are put off: they cost nothing until they are used, and then work."""

import subprocess
import sys
import types

import pytest

from ci_secrets.lazy import deferred


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> str:
    """Give a small module of the standard library that is not loaded."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    return "colorsys"


def test_nothing_is_loaded_until_it_is_used(unloaded: str) -> None:
    """An import within makes a stand-in; its first use loads the module."""
    with deferred({unloaded: {}}):
        import colorsys
    assert unloaded not in sys.modules
    assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert unloaded in sys.modules


def test_others_get_the_module_itself(unloaded: str) -> None:
    """An import afterwards knows nothing of the stand-in."""
    with deferred({unloaded: {}}):
        import colorsys as stand_in
    import colorsys as real

    assert type(real) is types.ModuleType
    assert stand_in is not real


def test_what_is_loaded_stays() -> None:
    """A module that was loaded before is what an import within gets."""
    with deferred({"json": {}}):
        import json
    assert json is sys.modules["json"]
    assert type(json) is types.ModuleType


def test_a_use_within_loads_it_too(unloaded: str) -> None:
    """Where an importer uses the module at once it gets the module's own."""
    with deferred({unloaded: {"Named": object}}):
        import colorsys

        assert colorsys.Named is object  # type: ignore[attr-defined]
        assert unloaded in sys.modules
        assert colorsys.rgb_to_hsv(0, 0, 0) == (0.0, 0.0, 0)
    assert type(sys.modules[unloaded]) is types.ModuleType


def test_a_login_does_not_load_requests() -> None:
    """Hvac's own HTTP library, which we replace, is not paid for."""
    code = "import sys, ci_secrets.stores.vault.store; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, check=True)
    loaded = done.stdout.decode().split()
    assert "hvac" in loaded
    assert "requests" not in loaded
