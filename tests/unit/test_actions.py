"""The actions say what they take: inputs are options, pages name them, their files are there."""

import argparse
import re
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from ci_secrets.cli import main
from ci_secrets.cli.options import OPTIONS
from ci_secrets.config.vault_action.inputs import KEPT, REFUSED

FOLDER: Final = Path(__file__).parents[2] / "actions"
ACTIONS: Final[dict[str, dict[str, Any]]] = {
    path.parent.name: yaml.safe_load(path.read_text())
    for path in sorted(FOLDER.glob("*/action.yml"))
}
OF_THE_SHIM: Final = {"python", "wheelhouse", "cache-dir"}
"""Inputs that say how ci-secrets is installed; it has no options for them."""
NOT_OPTIONS: Final = {"scan": {"paths", "state-key"}, "verify": {"hand-over", "token"}}
"""Inputs of one action that reach ci-secrets as arguments or as a variable that is no option."""


def _inputs(action: str) -> set[str]:
    return set(ACTIONS[action].get("inputs", {}))


def _options(*commands: str) -> set[str]:
    """The options that these commands take."""
    found = set()
    for command in commands:
        for action in main.parser(command)._actions:
            if isinstance(action, argparse._SubParsersAction):
                sub = action.choices[command]
                found |= {o.removeprefix("--") for it in sub._actions for o in it.option_strings}
    return found & set(OPTIONS)


def test_there_are_these() -> None:
    """One folder each, and a file that they share."""
    assert set(ACTIONS) == {"setup", "exchange", "scan", "vault-action", "verify"}


@pytest.mark.parametrize(
    ("action", "commands"),
    [
        ("setup", ()),
        ("exchange", ("exchange", "finish")),
        ("scan", ("scan",)),
        ("verify", ("verify",)),
    ],
)
def test_an_input_is_the_option_of_its_name(action: str, commands: tuple[str, ...]) -> None:
    """Each input, but those of the installation, is an option of what the action runs."""
    odd = _inputs(action) - _options(*commands) - OF_THE_SHIM - NOT_OPTIONS.get(action, set())
    assert odd == set()
    assert _inputs(action) >= OF_THE_SHIM


def test_exchange_takes_what_chooses_a_store_and_its_secrets() -> None:
    """No option of that kind is left to the command line."""
    assert _inputs("exchange") >= {
        "config", "secrets", "url", "role", "method", "mount", "namespace", "audience", "ca-file",
        "export-env", "env-file", "hand-over", "audit-file", "require-proof", "log",
    }  # fmt: skip


def test_the_drop_in_takes_what_it_stands_in_for() -> None:
    """Exactly the inputs of hashicorp/vault-action, kept or refused with words, and ours."""
    assert _inputs("vault-action") == {*KEPT, *REFUSED} | OF_THE_SHIM
    assert set(KEPT) & set(REFUSED) == set()


@pytest.mark.parametrize("action", ACTIONS)
def test_each_input_is_on_its_page(action: str) -> None:
    """README's tables have each input, and no other."""
    page = (FOLDER / action / "README.md").read_text()
    tables = re.findall(r"^\| input \|.*?\n\n", page, re.MULTILINE | re.DOTALL)
    rows = [line.split(" | ")[0] for table in tables for line in table.splitlines()[2:] if line]
    assert {name for row in rows for name in re.findall(r"`([\w-]+)`", row)} == _inputs(action)


@pytest.mark.parametrize("action", ACTIONS)
def test_a_page_begins_with_lines_to_paste(action: str) -> None:
    """They use the action; then stands what happens, then what can go wrong."""
    page = (FOLDER / action / "README.md").read_text()
    first = re.search(r"^```yaml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert first is not None
    steps = yaml.safe_load(first[1])
    assert any(step.get("uses") == f"OWNER/ci-secrets/actions/{action}@v1" for step in steps)
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == ["What happens", "What can go wrong"]
    assert page.index(first[0]) < page.index("## What happens")


@pytest.mark.parametrize("action", ACTIONS)
def test_what_the_runner_runs(action: str) -> None:
    """Node files that are there; what opens something has an end that comes in any case."""
    runs = ACTIONS[action]["runs"]
    assert runs["using"] == "node24"
    assert (FOLDER / action / runs["main"]).is_file()
    assert ("post" in runs) is (action not in ("scan", "verify"))
    if "post" in runs:
        assert (FOLDER / action / runs["post"]).is_file()
        assert runs["post-if"] == "always()"


@pytest.mark.parametrize("action", ACTIONS)
def test_every_input_and_output_is_described(action: str) -> None:
    """In words; nothing has a default that would hide a variable, but for the job's own token."""
    for entry in (
        *ACTIONS[action]["inputs"].values(),
        *ACTIONS[action].get("outputs", {}).values(),
    ):
        assert len(entry["description"]) > 15
        assert entry.get("default", "${{ github.token }}") == "${{ github.token }}"


def test_the_shim_needs_nothing_else() -> None:
    """It requires modules of Node alone, and can be read in a minute."""
    text = (FOLDER / "_shim" / "main.cjs").read_text()
    assert all(name.startswith("node:") for name in re.findall(r'require\("(.*?)"\)', text))
    assert len(text.splitlines()) <= 320
