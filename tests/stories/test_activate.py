"""`ci-secrets activate` in every shell: a script runs as without it, but for the values."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from ci_secrets.testing.issuer import Issuer
from tests.stories.shells import ACTIVATE, PIPEFAIL, SHELLS, Shell
from tests.stories.story import Story, begin


class Case(NamedTuple):
    """A script, and the lines that it prints."""

    script: str
    lines: list[str]


PLAIN = {"very short", "its exit code", "an EXIT trap that is taken away", "options of the shell"}
"""Those in which errexit and tracing change nothing that others do not show."""
VALUES = dict.fromkeys(("API_KEY", "DB_PASSWORD", "MORE"), "x" * 32)
CASES = {
    "both streams in their order": Case(
        f'{ACTIVATE}\necho one; echo two >&2; echo three; echo "${{#API_KEY}} $API_KEY" >&2',
        ["one", "two", "three", "32 ***"],
    ),
    "very short": Case(f"{ACTIVATE}\necho last", ["last"]),
    "its exit code": Case(f"{ACTIVATE}\necho before\nexit 7", ["before"]),
    "a command that fails under errexit": Case(
        f"set -e\n{ACTIVATE}\necho before\nsh -c 'exit 6'\necho never", ["before"]
    ),
    "an EXIT trap that stands already": Case(
        f"trap 'echo \"earlier $? $1\"' EXIT\n{ACTIVATE}\necho now\nexit 3",
        ["now", "earlier 3 one"],
    ),
    "EXIT traps that come later": Case(
        f"""\
{ACTIVATE}
trap 'echo first' EXIT
trap 'echo int' INT
trap 'echo "second: $?"
echo its second line' EXIT TERM
trap -- - INT
(exit 4) || exit 4""",
        ["second: 4", "its second line"],
    ),
    "an EXIT trap that is taken away": Case(
        f"trap 'echo no' EXIT\n{ACTIVATE}\ntrap - EXIT\ntrap 'echo no' 0\ntrap 0\necho yes", ["yes"]
    ),
    "an EXIT trap that exits": Case(
        f"""\
{ACTIVATE}
cleanup() {{ echo "cleanup $?"; exit 5; }}
trap cleanup EXIT
exit 3""",
        ["cleanup 3"],
    ),
    "EXIT traps of subshells": Case(
        f"""\
trap 'echo outer' EXIT
{ACTIVATE}
(trap 'echo inner' EXIT; echo within)
X=$(trap 'echo captured' EXIT; echo text)
echo "[$X]"
(exit 0)""",
        ["within", "inner", "[text", "captured]", "outer"],
    ),
    "traps that are saved and brought back": Case(
        f"""\
{ACTIVATE}
trap 'echo "its own"' EXIT
trap > saved
trap 'echo another' EXIT
. ./saved""",
        ["its own"],
    ),
    "what shells do": Case(
        f"""\
{ACTIVATE}
X=$(printf '%s' "$API_KEY"; echo aside >&2)
echo "${{#X}}"
f() {{ echo "in f: $1"; return 3; }}
f it || echo "f: $?"
echo "piped $API_KEY" | cat | cat
cat <<END
here $DB_PASSWORD
END
sleep 0.1 & wait
exec 3>&1
echo "by 3: $API_KEY" >&3
exec 3>&-
case $(env) in *_ci_secrets_*) echo exported ;; esac
printf 'no newline: %s' "$API_KEY\"""",
        ["aside", "32", "in f: it", "f: 3", "piped ***", "here ***", "by 3: ***"],
    ),
    "much output": Case(f"{ACTIVATE}\nseq 30000", [str(n) for n in range(1, 30001)]),
    "inside a function": Case(
        f"""\
main() {{
    {ACTIVATE}
    echo "${{#API_KEY}}"
    trap 'echo int' INT
}}
main
trap 'echo "end $?"' EXIT
echo after
exit 3""",
        ["32", "after", "end 3"],
    ),
    "an IFS that means a newline, and is none": Case(
        f"""\
IFS='\\n'
{ACTIVATE}
trap 'echo "end $?"' EXIT
trap 'echo int' INT
(trap 'echo inner' EXIT; echo "${{#API_KEY}}")
exit 3""",
        ["32", "inner", "end 3"],
    ),
    "an IFS of digits and letters": Case(
        f"""\
IFS=0123456789abcdefghijklmnopqrstuvwxyz
{ACTIVATE}
trap 'echo "end $?"' EXIT
(trap 'echo inner' EXIT; echo "${{#API_KEY}}")
exit 13""",
        ["32", "inner", "end 13"],
    ),
    "twice": Case(
        f"""\
{ACTIVATE}
eval "$(ci-secrets activate --secrets 'secret/data/deploy api_key | MORE' || echo exit $?)"
echo "$MORE"
trap 'echo end' EXIT
( cd /; eval "$(ci-secrets activate --config "$OLDPWD/ci-secrets.yaml" || echo exit $?)"; echo in )
exit 9""",
        ["***", "in", "end"],
    ),
    "options of the shell": Case(
        f"""\
set -aCf
IFS=:/
{ACTIVATE}
trap 'echo end' EXIT
echo "${{#API_KEY}}"
case $- in *a*C* | *C*a* | *569*a*) echo kept ;; esac
sh -c 'echo "child ${{#API_KEY}}"'""",
        ["32", "kept", "child 32", "end"],
    ),
}


@pytest.fixture(scope="module")
def scene(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Give all scripts one job with one store."""
    with begin("generic", issuer, tmp_path_factory.mktemp("scene")) as begun:
        yield begun


def strict(kind: str) -> list[str]:
    """Give errexit, nounset, tracing, and pipefail where there is one."""
    return ["-eux", *(["-o", "pipefail"] if kind in PIPEFAIL else [])]


@pytest.mark.parametrize("kind", SHELLS)
@pytest.mark.parametrize(
    ("name", "traced"),
    [(name, False) for name in CASES] + [(name, True) for name in CASES if name not in PLAIN],
)
def test_a_script_runs_as_without_it(scene: Story, name: str, kind: str, traced: bool) -> None:
    """Its lines, their order and its exit code are its own; all is seen, nothing is left."""
    case = CASES[name]
    shell = Shell(kind=kind, story=scene, flags=strict(kind) if traced else [])
    own = shell.run(re.sub(r'eval "\$\(ci-secrets .*\)"', ":", case.script), **VALUES)
    assert shell.run(case.script) == own, shell.said()
    lines = [line for line in shell.lines() if "no newline" not in line]
    if traced:  # beside what tracing prints
        left = iter(lines)
        assert [line for line in case.lines if line not in left] == [], shell.said()
    else:
        assert lines == case.lines
    assert "(output complete)" in shell.said()
    shell.closed()
