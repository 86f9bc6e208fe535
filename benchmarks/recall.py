"""How much of what ordinary tools print is found: by us, by other scanners, by masking rules.

Every way of the corpus prints every kind of value once. Each printed text is a file; a peer is run
once over all of them. The tables go into docs/forms.md.
"""

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Final, NamedTuple

from benchmarks import leaks_peers
from benchmarks.leaks_peers import Hits
from benchmarks.masking import github, gitlab
from tests.data import corpus
from tests.data.corpus import Case
from tests.data.values import KINDS, values
from tests.recall.judge import engine_for, judge

PAGE: Final = Path(__file__).parents[1] / "docs" / "forms.md"
MARKS: Final = ("<!-- recall -->", "<!-- /recall -->")
SEED: Final = 1
OURS: Final = "ci-secrets"
Key = tuple[str, str]
"""Way and kind of a case."""
KINDS_IN_WORDS: Final[Mapping[str, str]] = {
    "token": "token",
    "cloud": "cloud key with `/` and `+`",
    "password": "password with every awkward character",
    "short": "short password",
    "pem": "PEM key",
    "nonascii": "passphrase of other alphabets",
    "json": "JSON credential",
}
FAMILIES: Final[Mapping[str, ModuleType]] = {
    "base64, base32, base85 and their like": corpus.bases,
    "dumps, hex, lists of numbers": corpus.dumps,
    "torn apart": corpus.torn,
    "packed": corpus.packed,
    "quoted by shells and languages": corpus.quoting,
    "escaped text, JSON, YAML, XML": corpus.text,
    "several one in another": corpus.chains,
    "printed by clients": corpus.clients,
    "printed by Go, Java, Node.js, Perl": corpus.programs,
    "printed by Python": corpus.python,
    "other tools, by their rules": corpus.rules,
}
"""What the ways of a module of the corpus have in common."""


class _Found(NamedTuple):
    """Way and kind of the cases that each tool found."""

    tools: Mapping[str, frozenset[Key]]
    false: int
    """Cases of values that we do not know, or lines beside the value, in which we found one."""


def main() -> None:
    """Measure, print the tables, and write them into the page."""
    cases = list(corpus.cases(SEED))
    clean = list(corpus.cases(SEED, clean=True))
    found = _found(cases, clean)
    tables = _tables(cases, len(clean), found)
    print(tables)
    PAGE.write_text(replaced(PAGE.read_text(), tables))


def replaced(page: str, tables: str) -> str:
    """The page with other tables between its marks. Raises `ValueError` where these are not."""
    before, rest = page.split(MARKS[0])
    _, after = rest.split(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{tables}\n{MARKS[1]}{after}"


def _found(cases: Sequence[Case], clean: Sequence[Case]) -> _Found:
    known = values(SEED).known
    engine = engine_for(SEED)
    results, empty = list(judge(engine, cases)), list(judge(engine, clean))
    tools = {
        OURS: frozenset((one.case.way, one.case.kind) for one in results if one.hits),
        **_by_peers(cases, known),
        "GitHub's masks": _by_rule(cases, {kind: github(text) for kind, text in known.items()}),
        "GitLab's masks": _by_rule(cases, {kind: gitlab(text) for kind, text in known.items()}),
    }
    false = sum(bool(one.strays) for one in results)
    return _Found(tools, false + sum(bool(one.hits or one.strays) for one in empty))


def _by_peers(cases: Sequence[Case], known: Mapping[str, str]) -> dict[str, frozenset[Key]]:
    found: dict[str, frozenset[Key]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder, rules = Path(name) / "cases", Path(name)
        folder.mkdir()
        names = {f"{at}.log": (case.way, case.kind) for at, case in enumerate(cases)}
        for file, case in zip(names, cases, strict=True):
            (folder / file).write_bytes(case.text)
        if shutil.which("rg"):
            found["ripgrep -F"] = _right(_ripgrep(folder, known), names)
        for make in (leaks_peers.gitleaks, leaks_peers.kingfisher):
            if peer := make({kind: value.strip() for kind, value in known.items()}, rules):
                found[peer.name] = _right(peer.found(folder), names)
    for name in ("ripgrep -F", "gitleaks, depth 5", "kingfisher"):
        if name not in found:
            print(f"{name} is not there: its column is missing")
    return found


def _right(hits: Hits, names: Mapping[str, Key]) -> frozenset[Key]:
    """The cases whose own value was found in their file."""
    return frozenset(names[file] for file, kind in hits if names[file][1] == kind)


def _ripgrep(folder: Path, known: Mapping[str, str]) -> Hits:
    options = ["-F", "-U", "--text", "--no-config", "--no-ignore", "--files-with-matches"]
    hits: set[Key] = set()
    for kind, value in known.items():
        command = ["rg", *options, "-e", value.strip(), str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        hits |= {(Path(line).name, kind) for line in done.stdout.splitlines()}
    return frozenset(hits)


def _by_rule(
    cases: Iterable[Case], masked: Mapping[str, Callable[[bytes], bool]]
) -> frozenset[Key]:
    return frozenset((case.way, case.kind) for case in cases if masked[case.kind](case.text))


def _tables(cases: Sequence[Case], clean: int, found: _Found) -> str:
    """Both tables in Markdown, with what they were made from."""
    keys = [(case.way, case.kind) for case in cases]
    family = {way.name: words for words, module in FAMILIES.items() for way in module.WAYS}
    families = {words: [key for key in keys if family[key[0]] == words] for words in FAMILIES}
    kinds = {KINDS_IN_WORDS[kind]: [key for key in keys if key[1] == kind] for kind in KINDS}
    everything = {"**all**": keys}
    ways = len({way for way, _ in keys})
    return "\n".join((
        f"{ways} ways of printing a value, {len(keys)} logs. Of {clean} more, which",
        f"print other values in the same ways, and of the lines around, {found.false} gave "
        "a false finding.",
        "",
        *_table("printed", families | everything, found.tools),
        "",
        *_table("value", kinds | everything, found.tools),
        "",
    ))  # fmt: skip


def _table(
    head: str, rows: Mapping[str, Sequence[Key]], tools: Mapping[str, frozenset[Key]]
) -> Iterator[str]:
    yield "| " + " | ".join((head, "logs", *tools)) + " |"
    yield "|---|" + "--:|" * (1 + len(tools))
    for words, keys in rows.items():
        if not keys:
            continue  # NOTE: the tools that print them are not installed
        shares = (_share(len(found.intersection(keys)), len(keys)) for found in tools.values())
        yield "| " + " | ".join((words, str(len(keys)), *shares)) + " |"


def _share(found: int, of: int) -> str:
    """In percent; 100 only where all are found, 0 only where none is."""
    if found in (0, of):
        return "100 %" if found else "0 %"
    return f"{min(99.9, max(0.1, 100 * found / of)):.1f} %"
