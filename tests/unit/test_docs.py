"""The pages say what is: links, command lines, options, variables, configurations, transcript."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
import yaml

from ci_secrets.cli import main
from ci_secrets.cli.options import OPTIONS, variable
from ci_secrets.config import auth
from ci_secrets.config.file import load
from ci_secrets.platforms import azure, github
from tests import patience

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [
    *(ROOT / name for name in ("README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "gitlab-templates" / "README.md",
    *sorted((ROOT / "examples").rglob("*.md")),
    *sorted((ROOT / "actions").glob("*/README.md")),
]
TEXTS: Final = {str(page.relative_to(ROOT)): page.read_text() for page in PAGES}
ALL: Final = "\n".join(TEXTS.values())
PROSE: Final = re.sub(r"```.*?```", "", ALL, flags=re.DOTALL)
OF_OTHER_TOOLS: Final = {"--help", "--variable", "--strict", "--posix"}
"""Options on the pages that are not ours: every tool's, gitlab-ci-local's, mypy's, bash's."""
CALLED: Final = "{called}"
"""In a message of all endpoints, the name of the one that it is said of."""
CONFIG_KEYS: Final = {"version", "stores", "secrets", "leaks", "audit"}
STORES: Final = "version: 1\nstores: {vault: {url: https://vault.example:8200}}\n"

Fence = tuple[str, str, str]


def _fences(*languages: str) -> list[Fence]:
    """`PAGE:LINE`, language and text of every fenced block in one of these languages."""
    pattern = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    return [
        (f"{page}:{text.count(chr(10), 0, found.start()) + 1}", found[1], textwrap.dedent(found[2]))
        for page, text in TEXTS.items()
        for found in pattern.finditer(text)
        if found[1] in languages
    ]


def _parsed(fence: Fence) -> dict[str, Any] | list[Any]:
    # What GitLab adds to YAML is a list like any other.
    parsed: dict[str, Any] | list[Any] = yaml.safe_load(fence[2].replace("!reference ", ""))
    return parsed


YAML: Final = _fences("yaml")
CONFIGS: Final = [each for each in YAML if CONFIG_KEYS.issuperset(map(str, _parsed(each)))]
WORKFLOWS: Final = [
    each for each in YAML if "jobs" in _parsed(each) and "version" not in _parsed(each)
]
"""Of GitHub; CircleCI's begin with a version."""


def _slug(heading: str) -> str:
    """The anchor of a heading, as the usual hosts make it."""
    words = re.sub(r"[^\w\- ]", "", heading.lower())
    return words.strip().replace(" ", "-")


def _links() -> list[tuple[str, str]]:
    """Page and target of every link within the repository."""
    return [
        (page, target)
        for page, text in TEXTS.items()
        for target in re.findall(r"\]\(([^)\s]+)\)", text)
        if "://" not in target
    ]


def test_every_link_leads_somewhere() -> None:
    """Each relative link names a file of the repository, and each anchor a heading of it."""
    broken = []
    for page, target in _links():
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        headings = (
            re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE) if file.is_file() else []
        )
        if not file.exists() or (anchor and anchor not in map(_slug, headings)):
            broken.append((page, target))
    assert _links()
    assert broken == []


def _command_lines() -> list[str]:
    """Every `ci-secrets …` in blocks, in the steps of other languages, and between backticks."""
    lines = []
    for _, language, block in _fences("sh", "console", "yaml", "groovy"):
        for line in block.replace("\\\n", " ").splitlines():
            if found := re.search(r"(?:^\$? *|run: |- |\bsh ')(ci-secrets .*)", line):
                command = found[1].rpartition("'")[0] if language == "groovy" else found[1]
                lines.append(command.split("   #")[0].partition(" >")[0])
    inline = re.findall(r"`(ci-secrets [a-z][^`]*)`", PROSE)
    return lines + [re.sub(r"[\[\]]", "", line) for line in inline]


@pytest.mark.parametrize("line", sorted(set(_command_lines())))
def test_a_command_line_parses(line: str) -> None:
    """Each command line of the pages names a command that exists, with options that it takes."""
    words, _child = main._split(shlex.split(line)[1:])
    main.parser(words[0]).parse_args(words)


def test_every_command_is_on_the_first_page() -> None:
    """README's table has each command, and no other."""
    rows = re.findall(r"^\| `ci-secrets (\w+)", TEXTS["README.md"], re.MULTILINE)
    assert sorted(rows) == sorted(main.COMMANDS)


def test_every_option_on_the_pages_exists() -> None:
    """No page tells of an option that we do not have."""
    told = set(re.findall(r"`[^`\n]*?(--[a-z][a-z-]+)", PROSE))
    assert told - OF_OTHER_TOOLS <= {f"--{name}" for name in OPTIONS}


def test_every_option_has_its_row() -> None:
    """docs/config.md has each option with its argument and its variable, and no other."""
    table = TEXTS["docs/config.md"].partition("## Options and variables")[2]
    rows = re.findall(r"^\| `--(\S+?)(?: (\w+))?` \| (\w+) \|", table, re.MULTILINE)
    assert rows == [(name, option.metavar, variable(name)) for name, option in OPTIONS.items()]


def test_every_variable_is_on_a_page() -> None:
    """The pages name each CI_SECRETS_* variable that the code reads, and no other."""
    code = "\n".join(path.read_text() for path in (ROOT / "ci_secrets").rglob("*.py"))
    parameters = {p for method in auth.METHODS for p in auth.parameters_of(method)}
    of_logins = {variable(parameter) for parameter in parameters}
    read = {
        *re.findall(r"\bCI_SECRETS_[A-Z_]*[A-Z]\b", code),
        *map(variable, OPTIONS),
        *of_logins,
    }
    told = set(re.findall(r"\bCI_SECRETS_[A-Z_]*[A-Z]\b", ALL))
    assert read - told - {f"{name}_FILE" for name in of_logins} == set()
    assert told - read - {f"{name}_FILE" for name in of_logins} == set()


def _messages() -> str:
    """All texts in the code of the platforms, `…` in place of what is filled in."""
    texts = []
    for path in sorted((ROOT / "ci_secrets" / "platforms").glob("*.py")):
        module = importlib.import_module(f"ci_secrets.platforms.{path.stem}")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                texts.append("".join(_shown(module, part) for part in node.values))
            elif isinstance(node, ast.Constant):
                texts.append(str(node.value))
    endpoints = (azure._ENDPOINT, github._ENDPOINT)
    return "\n".join("\n".join(texts).replace(CALLED, it.called) for it in endpoints)


def _shown(module: ModuleType, part: ast.expr) -> str:
    match part:
        case ast.Constant(value=text):
            return str(text)
        case ast.FormattedValue(value=ast.Name(id=name)) if name.isupper():
            return str(getattr(module, name))
        case ast.FormattedValue(value=ast.Attribute(attr="called")):
            return CALLED
        case _:
            return "…"


@pytest.mark.parametrize(
    "page", ["docs/github.md", "docs/gitlab.md", "docs/jenkins.md", "docs/other-ci.md"]
)
def test_what_goes_wrong_is_said_in_these_words(page: str) -> None:
    """The messages in the tables of what goes wrong are those that the code has."""
    table = TEXTS[page].partition("## What goes wrong")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+?) \|", table, re.MULTILINE)[1:]
    messages = _messages()
    wanted = [part.strip(" ,") for row in rows for part in re.split("…,? ?(?:or )?", row)]
    assert len(rows) >= 5
    assert [part for part in wanted if part not in messages] == []


@pytest.mark.parametrize("fence", CONFIGS, ids=lambda fence: fence[0])
def test_a_configuration_loads(fence: Fence, tmp_path: Path) -> None:
    """Each ci-secrets.yaml of the pages is valid; a part of one, with the rest around it."""
    file = tmp_path / "ci-secrets.yaml"
    file.write_text(fence[2] if "version:" in fence[2] else STORES + fence[2])
    assert load(file, {}).stores


@pytest.mark.parametrize("fence", WORKFLOWS, ids=lambda fence: fence[0])
def test_a_workflow_may_ask_for_its_token(fence: Fence) -> None:
    """Each GitHub job that runs us has `id-token: write`, unless it is handed what to look for."""
    workflow = _parsed(fence)
    assert isinstance(workflow, dict)
    for job in workflow["jobs"].values():
        if "ci-secrets" in str(job):
            granted = {**job.get("permissions", workflow.get("permissions", {}))}
            if "actions/verify@" in str(job):
                assert granted.pop("actions") == "read"
                if "refetch" not in str(job):
                    assert granted == {}
                    continue
            assert granted.get("id-token") == "write"
            assert granted.get("contents") == "read", "what is not listed is taken away"


def test_the_pages_have_examples_of_each_kind() -> None:
    """The tests above have something to look at: a page that moved would leave them empty."""
    assert len(CONFIGS) >= 8
    assert len(WORKFLOWS) >= 2
    assert len(set(_command_lines())) >= 10
    assert any("id_tokens" in each[2] for each in YAML)


def _masked(text: str) -> list[str]:
    """Lines without what changes from run to run: colours, times, hashes."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "TIME", text)
    return re.sub(r"\b[0-9a-f]{64}\b", "HASH", text).strip().splitlines()


def test_the_transcript_is_what_the_demo_prints() -> None:
    """README shows deploy.sh and what `exec` makes of it, as `ci-secrets demo` does."""
    (shown,) = re.findall(
        r"<!-- transcript -->\n```console\n(.*?)```\n<!-- /transcript -->",
        TEXTS["README.md"],
        re.DOTALL,
    )
    done = subprocess.run(
        [Path(sys.executable).with_name("ci-secrets"), "demo"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=True,
        timeout=patience.SECONDS,
    )
    _, script, ran, *_ = re.split(r"^\d\. .*\n", done.stdout.decode(), flags=re.MULTILINE)[1:]
    wanted = [
        "$ cat deploy.sh",
        *textwrap.dedent(script).strip().splitlines(),
        "$ ci-secrets exec -- sh deploy.sh",
        *_masked(ran),
    ]
    assert _masked(shown) == wanted
    assert len(shown.splitlines()) <= 20
