"""Runs the programs in Node.js, Go, Java and Perl: each prints all values in all of its ways."""

import re
import subprocess
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.data.corpus.way import ALL, ASCII, LINE, Program, Way

_SOURCES: Final = Path(__file__).parent / "programs"
_SECONDS: Final = 300
"""Where nothing is in its cache, the Go tool builds its library first."""

_PROGRAMS: Final[Mapping[str, tuple[str, str, Callable[[Path], list[str]]]]] = {
    "node": ("ways.js", r'^  "(node-[\w-]+)":', lambda source: ["node", str(source)]),
    "go": ("ways.go", r'^\t"(go-[\w-]+)":', lambda source: ["go", "run", str(source)]),
    "java": (
        "Ways.java",
        r'WAYS.put\("(java-[\w-]+)"',
        lambda source: ["java", "-XX:TieredStopAtLevel=1", "-Xshare:auto", str(source)],
    ),
    "perl": ("ways.pl", r"^    '(perl-[\w-]+)'", lambda source: ["perl", str(source)]),
}
"""Command → its source, where the names of the ways stand in that, how it is run."""

_ALONE: Final = frozenset({
    "node-bigint", "node-buffer-50", "go-big", "go-big-hex", "java-integer",
    "java-integer-hex", "java-integer-signed",
})  # fmt: skip
"""A number changes as a whole with anything beside the value."""
_KINDS: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "node-buffer-50": (LINE, "it shows the first bytes alone"),
    "perl-json-latin1": (ASCII, "its bytes are Latin-1, not UTF-8"),
    "java-chars": (ASCII, "it prints half of a surrogate pair as a question mark"),
}


def _ways() -> Iterable[Way]:
    for command, (file, pattern, _) in _PROGRAMS.items():
        text = (_SOURCES / file).read_text()
        for name in re.findall(pattern, text, re.MULTILINE):
            kinds, why = _KINDS.get(name, (ALL, ""))
            yield Way(
                name=name,
                words=f"{name.replace('-', ' ')}, in programs/{file}",
                how=Program(name=command),
                kinds=kinds,
                why=why,
                needs=(command,),
                alone=name in _ALONE,
            )


WAYS: Final = tuple(_ways())


def run(
    ways: Iterable[Way], subjects: Mapping[tuple[str, str], bytes], folder: Path
) -> dict[tuple[str, str], bytes]:
    """What the programs print for (way, kind) → value. Raises where one fails."""
    mine = [way for way in ways if isinstance(way.how, Program)]
    commands = sorted({way.needs[0] for way in mine})

    def of_program(command: str) -> None:
        (folder / command / "in").mkdir(parents=True)
        (folder / command / "out").mkdir()
        for way in mine:
            for kind in way.kinds:
                if way.needs == (command,):
                    name = f"{kind}.alone" if way.alone else kind
                    (folder / command / "in" / name).write_bytes(subjects[way.name, kind])
        _run(command, folder / command)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(of_program, commands))
    return {
        (way.name, kind): (
            folder / way.needs[0] / "out" / f"{way.name}@{kind}{'.alone' if way.alone else ''}"
        ).read_bytes()
        for way in mine
        for kind in way.kinds
    }


def _run(command: str, folder: Path) -> None:
    file, _, line = _PROGRAMS[command]
    done = subprocess.run(
        [*line(_SOURCES / file), str(folder / "in"), str(folder / "out")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stderr.decode(errors='replace')}")
