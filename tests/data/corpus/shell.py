"""Runs command lines on values: one bash for each value goes through all of them."""

import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.data.corpus.way import ALL, Shell, Way

TOOLS: Final = frozenset({
    "bzip2", "busybox", "column", "curl", "dash", "gawk", "git", "hexdump", "iconv", "jq", "make",
    "openssl", "perl", "tar", "wget", "xxd", "xz", "zip", "zsh", "zstd",
})  # fmt: skip
"""What a command line may need beside bash, coreutils, sed, grep, awk and diff."""
_SECONDS: Final = 120
_PRELUDE: Final = """\
set -o pipefail
export LC_ALL=C.UTF-8 TERM=xterm HOME="$PWD/home" GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=ci GIT_AUTHOR_EMAIL=ci@example.com
export GIT_COMMITTER_NAME=ci GIT_COMMITTER_EMAIL=ci@example.com
mkdir -p home
"""
# NOTE: `read -d ''` keeps every newline; it says 1 because the input ends without a NUL
_ROW: Final = """\
V="$PWD/{name}.in"; export V
IFS= read -r -d '' SUBJECT <"$V"; export SUBJECT
( cd {name}.d || exit 99
{command}
) <"$V" >{name}.out 2>{name}.err || echo "{name}: $?" >>failed
"""


def sh(
    name: str,
    command: str,
    *,
    words: str = "",
    kinds: tuple[str, ...] = ALL,
    why: str = "",
    alone: bool = False,
    outside: bool = True,
) -> Way:
    """A row of a table of command lines; the line itself says what it does."""
    needs = tuple(sorted(TOOLS.intersection(re.findall(r"[\w-]+", command))))
    return Way(
        name=name,
        words=words or command,
        how=Shell(command=command),
        kinds=kinds,
        why=why,
        needs=needs,
        alone=alone,
        outside=outside,
    )


def run(
    ways: Iterable[Way], subjects: Mapping[tuple[str, str], bytes], folder: Path, url: str
) -> dict[tuple[str, str], bytes]:
    """What the commands print for (way, kind) → value. Raises where one fails or says nothing.

    `url`: of a server on loopback, for clients.
    """
    rows = {way.name: way.how.command for way in ways if isinstance(way.how, Shell)}
    kinds = sorted({kind for way, kind in subjects if way in rows})

    def of_kind(kind: str) -> dict[tuple[str, str], bytes]:
        mine = {way: subjects[way, kind] for way in rows if (way, kind) in subjects}
        return _run(kind, {way: (rows[way], mine[way]) for way in mine}, folder / kind, url)

    with ThreadPoolExecutor(2) as pool:
        return {key: out for part in pool.map(of_kind, kinds) for key, out in part.items()}


def _run(
    kind: str, rows: Mapping[str, tuple[str, bytes]], folder: Path, url: str
) -> dict[tuple[str, str], bytes]:
    folder.mkdir()
    script = [_PRELUDE]
    for name, (command, subject) in rows.items():
        (folder / f"{name}.in").write_bytes(subject)
        (folder / f"{name}.d").mkdir()
        script.append(_ROW.format(name=name, command=command))
    subprocess.run(
        ["bash"],
        input="".join(script).encode(),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "URL": url, "KIND": kind},
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    )
    failed = folder / "failed"
    if failed.exists():
        raise RuntimeError(f"{kind}: these commands failed:\n{failed.read_text()}")
    printed = {(name, kind): (folder / f"{name}.out").read_bytes() for name in rows}
    silent = [name for (name, _), out in printed.items() if not out.strip()]
    if silent:
        raise RuntimeError(f"{kind}: these commands printed nothing: {', '.join(silent)}")
    return printed
