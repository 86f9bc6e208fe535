"""Other scanners, told the same values as literals, each in the way that is fastest for it.

Two come from a package registry, by their hashes, into an environment of their own below the
user's cache. They run without network where the system can take it away.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from benchmarks.leaks_logs import CACHE

REQUIREMENTS: Final = Path(__file__).parents[1] / "requirements" / "bench.txt"
Hits = frozenset[tuple[str, str]]
"""Name of a file and of a value that was found in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Peer:
    """A scanner that can be run here."""

    name: str
    command: Callable[[Path], Sequence[str]]
    """Scans a file or a folder, and reports on standard output."""
    hits: Callable[[str], Hits]
    """Reads that."""
    ends: Sequence[int]
    """Exit codes of a scan that went well."""

    def found(self, folder: Path) -> Hits:
        """What it finds in the files of a folder."""
        done = subprocess.run(
            self.command(folder), env=environment(), capture_output=True, text=True, check=False
        )
        if done.returncode not in self.ends:
            raise SystemExit(f"{self.name} ended in {done.returncode}: {done.stderr[-800:]}")
        return self.hits(done.stdout)


def ripgrep(literals: Iterable[bytes], folder: Path) -> Peer | None:
    """`rg -F` on one core. None of the literals holds a line break."""
    if not shutil.which("rg"):
        return None
    file = folder / "literals.txt"
    file.write_bytes(b"".join(literal + b"\n" for literal in literals))
    options = ["-F", "-j1", "--text", "--no-config", "--no-ignore", "--count", f"-f{file}"]
    return Peer(
        name="ripgrep -F",
        command=lambda path: ["rg", *options, str(path)],
        hits=lambda _: frozenset(),
        ends=(0, 1),
    )


def gitleaks(values: Mapping[str, str], folder: Path) -> Peer | None:
    """`gitleaks --max-decode-depth 5` with a rule for each value, and its keyword."""
    program = _installed("gitleaks")
    if program is None:
        return None
    rules = folder / "gitleaks.toml"
    rules.write_text("".join(_toml(name, value) for name, value in values.items()))
    options = ["--no-banner", "--log-level=error", "--max-decode-depth=5", "--exit-code=0"]
    report = ["--report-format=json", "--report-path=-", "--redact=0", f"--config={rules}"]
    return Peer(
        name="gitleaks, depth 5",
        command=lambda path: [*_alone(), program, "dir", *options, *report, str(path)],
        hits=lambda text: frozenset(
            (Path(one["File"]).name, one["RuleID"]) for one in json.loads(text or "[]") or []
        ),
        ends=(0,),
    )


def kingfisher(values: Mapping[str, str], folder: Path) -> Peer | None:
    """`kingfisher scan` on one core with one rule a value, and no others."""
    program = _installed("kingfisher")
    if program is None:
        return None
    rules = folder / "kingfisher.yml"
    table = {"rules": [_yaml(*pair) for pair in values.items()]}
    rules.write_text(json.dumps(table, ensure_ascii=False))
    options = ["--jobs=1", "--quiet", "--no-update-check", "--no-validate", "--no-dedup"]
    only = [f"--rules-path={rules}", "--load-builtins=false", "--format=jsonl", "--no-limits"]
    return Peer(
        name="kingfisher",
        command=lambda path: [*_alone(), program, "scan", *options, *only, str(path)],
        hits=_kingfisher_hits,
        ends=(0, 200),
    )


def environment() -> dict[str, str]:
    """What peers are given: no settings of the user's own."""
    home = CACHE / "home"
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"}


def _kingfisher_hits(text: str) -> Hits:
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return frozenset(
        (Path(line["finding"]["path"]).name, line["rule"]["id"].removeprefix("bench."))
        for line in lines
        if "finding" in line
    )


def _toml(name: str, value: str) -> str:
    keyword = max(value.split("\n"), key=len).lower()
    regex, quoted = (json.dumps(text, ensure_ascii=False) for text in (escaped(value), keyword))
    return f"[[rules]]\nid = {json.dumps(name)}\nregex = {regex}\nkeywords = [{quoted}]\n"


def _yaml(name: str, value: str) -> dict[str, object]:
    return {
        "name": name,
        "id": f"bench.{name}",
        "pattern": f"({escaped(value)})",
        "min_entropy": 0.0,
        "confidence": "high",
        "examples": [],
    }


def escaped(value: str) -> str:
    """A regular expression for it in the dialects of both."""
    return "".join(
        r"\r?\n"
        if char == "\n"
        else f"\\x{{{ord(char):x}}}"
        if char.isascii() and not char.isalnum()
        else char
        for char in value
    )


@cache
def _installed(name: str) -> str | None:
    """The program, installed when it is first asked for."""
    key = sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    place = CACHE / f"peers-{key}"
    if not (place / "ready").exists():
        shutil.rmtree(place, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
        pip = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", "--no-deps"]
        safe = ["--disable-pip-version-check", "--require-hashes", "--only-binary=:all:"]
        done = subprocess.run([*pip, *safe, "-r", str(REQUIREMENTS)], check=False)
        if done.returncode:
            return None
        (place / "ready").touch()
    program = place / "bin" / name
    return str(program) if program.exists() else None


@cache
def _alone() -> tuple[str, ...]:
    """What a command is put behind, so that it has no network; empty where that is not possible."""
    for words in (("unshare", "--net"), ("unshare", "--map-root-user", "--net")):
        if (
            shutil.which(words[0])
            and not subprocess.run(
                [*words, "true"], stderr=subprocess.DEVNULL, check=False
            ).returncode
        ):
            return words
    return ()
