"""The order of the rooms, held by looking at every import; what a start of the tool loads."""

import argparse
import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from ci_secrets.cli import main
from ci_secrets.cli.options import OPTIONS, variable

PACKAGE: Final = Path(main.__file__).parents[1]
MODULES: Final = {
    ".".join(("ci_secrets", *path.relative_to(PACKAGE).with_suffix("").parts)): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
BASE: Final = frozenset({"errors", "text", "secret"})
ROOMS: Final[Mapping[str, frozenset[str]]] = {
    "errors": frozenset(),
    "text": frozenset(),
    "secret": frozenset(),
    "clock": frozenset(),
    "deadline": frozenset(),
    "process": frozenset(),
    "lazy": frozenset(),
    "console": frozenset({"errors"}),
    "paths": BASE,
    "disk": BASE | {"paths"},
    "http": BASE | {"deadline"},
    "config": BASE,
    "platforms": BASE | {"disk", "http", "lazy", "paths"},
    "stores": BASE | {"clock", "config", "http", "lazy"},
    "leaks": BASE | {"paths", "process"},
    "delivery": BASE | {"config", "disk", "paths", "process"},
    "audit": BASE | {"disk", "platforms", "stores"},
    "seal": BASE | {"disk", "platforms"},
    "response": BASE | {"config", "audit", "leaks", "stores"},
    "job": BASE
    | {"clock", "config", "console", "disk", "paths"}
    | {"platforms", "stores", "leaks", "delivery", "audit", "seal", "response"},
    "api": BASE | {"config", "console", "job", "leaks", "response"},
    "cli": BASE
    | {"config", "console", "paths", "process", "platforms", "leaks", "delivery", "audit", "job"}
    | {"testing"},
    "testing": BASE | {"http"},
    "__main__": frozenset({"cli"}),
    "__init__": BASE | {"api"},
}
"""Room → what it may import; a room is a folder or a file of the package."""
PLUGINS: Final = ("platforms", "stores")
HEAVY: Final = (
    "httpx", "httpcore", "hvac", "requests", "yaml", "jwt", "cryptography", "gitlab",
    "actions_toolkit", "jinja2", "jsonata", "ahocorasick", "ahocorasick_rs",
)  # fmt: skip


class Import(NamedTuple):
    """One import, wherever in a module it stands."""

    by: str
    module: str

    @property
    def room(self) -> str:
        """Of the module that is imported."""
        return self.module.split(".")[1]


def _room(module: str) -> str:
    return module.split(".")[1]


def _imports() -> Iterator[Import]:
    for by, path in MODULES.items():
        for node in ast.walk(ast.parse(path.read_text())):
            for module in _modules(node):
                if module.startswith("ci_secrets.") and module in MODULES | _packages():
                    yield Import(by, module)


def _packages() -> dict[str, Path]:
    return {name.removesuffix(".__init__"): path for name, path in MODULES.items()}


def _modules(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=names):
            return [name.name for name in names]
        case ast.ImportFrom(module=str(module), names=names):
            return [module, *(f"{module}.{name.name}" for name in names)]
        case ast.Constant(value=str(text)) if text.startswith("ci_secrets."):
            return [text.partition(":")[0]]  # of a table of what is loaded when it is needed
        case _:
            return []


IMPORTS: Final = sorted(set(_imports()))


def test_every_room_is_in_the_table() -> None:
    """A new folder or file of the package gets its place in the order."""
    assert {_room(module) for module in MODULES} == set(ROOMS)
    assert len(IMPORTS) > 300


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    """Nothing points back: cli → job → platforms, stores, delivery, leaks → config, secret."""
    odd = [it for it in IMPORTS if _room(it.by) == room and it.room not in ROOMS[room] | {room}]
    assert odd == []


def test_the_order_has_no_circle() -> None:
    """The table itself is an order: from each room one gets down to the bottom."""
    left = dict(ROOMS)
    while left:
        ready = [room for room, needs in left.items() if not needs & left.keys()]
        assert ready, f"a circle: {sorted(left)}"
        for room in ready:
            del left[room]


def test_a_platform_knows_no_store_and_a_store_no_platform() -> None:
    """All that is known of GitHub stands in one room, all that is known of Vault in another."""
    pairs = {(_room(it.by), it.room) for it in IMPORTS}
    assert ("platforms", "stores") not in pairs
    assert ("stores", "platforms") not in pairs


@pytest.mark.parametrize("room", PLUGINS)
def test_from_outside_a_room_of_plugins_only_its_door_is_used(room: str) -> None:
    """To add Buildkite or Azure Key Vault is to add one room: nobody imports a plugin by name."""
    doors = {f"ci_secrets.{room}", f"ci_secrets.{room}.interface"}
    outside = [it for it in IMPORTS if it.room == room and _room(it.by) != room]
    assert outside
    assert {it.module for it in outside} <= doors


def test_only_the_demo_imports_the_stand() -> None:
    """What runs in a pipeline has no development server in it."""
    users = {it.by for it in IMPORTS if it.room == "testing" and _room(it.by) != "testing"}
    assert users == {"ci_secrets.cli.demo"}


@pytest.mark.parametrize("module", MODULES)
def test_every_module_says_what_it_is(module: str) -> None:
    """Its docstring begins it."""
    text = ast.get_docstring(ast.parse(MODULES[module].read_text()))
    assert text
    assert len(text.splitlines()[0]) <= 100


def test_nobody_prints_the_text_of_a_foreign_error() -> None:
    """`str(exc)` of a library carries bodies and URLs: an exception is never formatted."""
    odd = []
    for module, path in MODULES.items():
        if _room(module) == "testing":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and node.name:
                odd += [f"{module}:{line}" for line in _formatted(node, node.name)]
    assert odd == []


def _formatted(handler: ast.ExceptHandler, name: str) -> Iterator[int]:
    for node in ast.walk(handler):
        match node:
            case ast.FormattedValue(value=ast.Name(id=used)) if used == name:
                yield node.lineno
            case ast.Call(
                func=ast.Name(id="str" | "repr" | "foreign" | "print"), args=[ast.Name(id=used), *_]
            ) if used == name:
                yield node.lineno
            case _:
                pass


class TestTheCommandLine:
    """Commands and options as `--help` shows them."""

    @pytest.mark.parametrize("name", main.COMMANDS)
    def test_every_command_has_its_module(self, name: str) -> None:
        """It declares options and runs."""
        module = importlib.import_module(f"ci_secrets.cli.{name}")
        assert callable(module.add)
        assert callable(module.run)

    @pytest.mark.parametrize("name", main.COMMANDS)
    def test_help_names_each_option_with_its_variable(self, name: str) -> None:
        """Every option of a command is one of the table, and its help says the variable."""
        sub = _parser_of(name)
        text = " ".join(sub.format_help().split())
        for action in sub._actions:
            for option in action.option_strings:
                if option in ("-h", "--help"):
                    continue
                if name == "demo":
                    continue  # its one option is of no pipeline
                assert option.removeprefix("--") in OPTIONS
                assert f"[{variable(option.removeprefix('--'))}]" in text.replace("- ", "-")

    def test_every_option_belongs_to_a_command(self) -> None:
        """None is left over in the table."""
        taken = {
            option.removeprefix("--")
            for name in main.COMMANDS
            for action in _parser_of(name)._actions
            for option in action.option_strings
        }
        assert set(OPTIONS) - taken == set()

    def test_variables_are_distinct(self) -> None:
        """No two options share a variable."""
        assert len({variable(name) for name in OPTIONS}) == len(OPTIONS)


def _parser_of(name: str) -> argparse.ArgumentParser:
    for action in main.parser(name)._actions:
        if isinstance(action, argparse._SubParsersAction):
            found = action.choices[name]
            assert isinstance(found, argparse.ArgumentParser)
            return found
    raise AssertionError


@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["exec", "--help"], ["scan", "--help"], ["nonsense"]]
)
def test_a_word_about_itself_loads_nothing_heavy(words: list[str]) -> None:
    """Help, version and a mistyped command start none of the libraries."""
    loaded = _loaded(words)
    assert "ci_secrets.cli.main" in loaded
    assert [name for name in HEAVY if name in loaded] == []


def test_a_clean_scan_loads_nothing_that_it_does_not_need(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a plain log in which nothing is found, nothing is asked, hashed or unpacked."""
    monkeypatch.chdir(tmp_path)
    Path("known.json").write_text('{"KEY": "mZ4kQ81vXw2Rt7LpYd3c"}')
    Path("job.log").write_text("all is well\n")
    loaded = _loaded(["scan", "--known", "known.json", "job.log"])
    assert "ci_secrets.leaks.scanner" in loaded
    assert not {"ci_secrets.platforms", "hashlib", "tarfile"}.intersection(loaded)


def _loaded(words: list[str]) -> list[str]:
    """The modules that are loaded when a command line has been done."""
    code = (
        "import os, sys; end = os._exit\n"
        "os._exit = lambda code: (print(*sys.modules, file=sys.stderr, flush=True), end(code))\n"
        "from ci_secrets.cli.main import entry; entry()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *words], capture_output=True, check=False, timeout=30
    )
    return done.stderr.decode().splitlines()[-1].split()
