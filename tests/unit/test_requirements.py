"""The lock files install with pip alone, what they name and nothing else, from any registry."""

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]
LOCKS: Final = ("runtime.txt", "dev.txt")
_ENTRY: Final = re.compile(
    r"^(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^\s;]+)(?: ; [^\\\n]+)?"
    r"(?P<hashes>(?: \\\n +--hash=sha256:[0-9a-f]{64})+)\n",
    re.MULTILINE,
)


def _text(name: str) -> str:
    return (ROOT / "requirements" / name).read_text()


def _pinned(name: str) -> dict[str, set[str]]:
    """Package → its versions: several where they depend on Python or the platform."""
    found: dict[str, set[str]] = {}
    for entry in _ENTRY.finditer(_text(name)):
        found.setdefault(entry["name"], set()).add(entry["version"])
    return found


def _project() -> dict[str, Any]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def _names(requirements: list[Any]) -> set[str]:
    """Names of what is required, as lock files spell them; included groups are not followed."""
    texts = [each for each in requirements if isinstance(each, str)]
    return {re.split(r"[^\w.-]", each)[0].lower().replace("_", "-") for each in texts}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pinned_version_with_its_hashes(lock: str) -> None:
    """Nothing else: no registry, no option, no address, no version left open."""
    rest = _ENTRY.sub("", _text(lock))
    assert [line for line in rest.splitlines() if not line.lstrip().startswith("#")] == []
    assert "://" not in rest


def test_runtime_locks_what_the_package_needs() -> None:
    """A dependency that was added without `make lock` is missed here."""
    assert _names(_project()["project"]["dependencies"]) <= set(_pinned("runtime.txt"))


def test_dev_is_runtime_and_the_tools() -> None:
    """Tests run on the versions that users get."""
    runtime, dev = _pinned("runtime.txt"), _pinned("dev.txt")
    assert {name: dev.get(name) for name in runtime} == runtime
    groups = _project()["dependency-groups"].values()
    assert {name for group in groups for name in _names(group)} <= set(dev)
