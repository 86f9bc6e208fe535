"""Prefixes at each line of a value."""

import subprocess
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.reading import Piece
from ci_secrets.leaks.forms.torn.prefixes import known_prefixes, shared_prefixes
from ci_secrets.leaks.forms.torn.squash import squash
from tests.unit.leaks.forms.torn.tears import FEW, cut, readings, spans
from tests.unit.leaks.strategies import TOKENS

DIGITS_TO_LETTERS = str.maketrans("0123456789", "ghijklmnop")
PREFIXES: dict[str, Callable[[int], str]] = {
    "github": lambda n: f"2026-11-22T06:23:{n % 60:02}.1234567Z ",
    "gitlab": lambda n: f"2026-11-22T06:23:{n % 60:02}.123456Z 01O ",
    "kubernetes": lambda n: f"2026-11-22T06:23:{n % 60:02}.123456789+01:00 stdout F ",
    "logging": lambda n: ("INFO:root:", "WARNING:shop.cart:")[n % 2],
    "zone": lambda n: f"2026-11-22T06:23:{n % 60:02}+0100 ",
    "python": lambda n: f"2026-11-22 06:23:{n % 60:02},123 - shop.main - INFO - ",
    "go": lambda n: f"2026/11/22 06:23:{n % 60:02} ",
    "clock": lambda n: f"[06:23:{n % 60:02}] ",
    "ts": lambda n: f"Nov 22 06:23:{n % 60:02} ",
    "syslog": lambda n: f"Nov 22 06:23:{n % 60:02} runner-7 build[4711]: ",
    "journald": lambda n: f"2026-11-22T06:23:{n % 60:02}+0000 runner-7 build[4711]: ",
    "date": lambda n: f"Sun Nov 22 06:23:{n % 60:02} UTC 2026 ",
    "klog": lambda n: f"I1122 06:23:{n % 60:02}.123456    1234 main.go:12] ",
    "rfc5424": lambda n: f"<34>1 2026-11-22T06:23:{n % 60:02}.123Z runner-7 build 4711 - - ",
    "logback": lambda n: f"06:23:{n % 60:02}.123 [main] DEBUG com.shop.Cart - ",
    "logrus": lambda n: f'time="2026-11-22T06:23:{n % 60:02}Z" level=info msg=',
    "ruby": lambda n: f"I, [2026-11-22T06:23:{n % 60:02}.123456 #12]  INFO -- : ",
    "epoch": lambda n: f"{1763792616 + n} ",
    "epoch.ms": lambda n: f"[{1763792616 + n}.123] ",
    "dmesg": lambda n: f"[  123.{n:06}] ",
    "tai64n": lambda n: f"@4000000068fa{n:012x} ",
    "annotate-output": lambda n: f"06:23:{n % 60:02} O: ",
    "teamcity": lambda n: f"[06:23:{n % 60:02}]W:\t [Step 1/2] ",
    "compose": lambda n: "web-1  | ",
    "compose of two": lambda n: ("web-1       | ", "database-1  | ")[n % 2],
    "kubectl": lambda n: "[pod/web-5d4/app] ",
    "jenkins": lambda n: f"[2026-11-22T06:23:{n % 60:02}.123Z] [pipeline] ",
    "gh": lambda n: f"build\tRun make\t2026-11-22T06:23:{n % 60:02}.1234567Z ",
    "foreman": lambda n: f"06:23:{n % 60:02} web.1  | ",
    "buildkit": lambda n: f"#12 {n}.345 ",
    "make": lambda n: "make[1]: ",
    "remote": lambda n: "remote: ",
    "level": lambda n: ("INFO: ", "WARNING: ")[n % 2],
    "maven": lambda n: ("[INFO] ", "[ERROR] ")[n % 2],
    "mail": lambda n: "> > ",
    "comment": lambda n: "// ",
    "javadoc": lambda n: " * ",
    "diff": lambda n: "+",
    "trace": lambda n: "++ ",
    "cat -n": lambda n: f"{n + 1:6}\t",
    "less -N": lambda n: f"{n + 1:7} ",
    "grep -n": lambda n: f"{n + 8}:",
    "grep -n of context": lambda n: f"{n + 8}-",
    "grep -n of standard input": lambda n: f"(standard input):{n + 8}:",
    "turbo": lambda n: "@app/web:build: ",
    "arrow": lambda n: "↪ ",
    "bullet": lambda n: "• ",
    "grep -rn": lambda n: f"etc/app.conf:{n + 8}:",
    "awk": lambda n: f"{n + 8} ",
    "bat": lambda n: f"{n + 8:4} │ ",
    "cloudwatch": lambda n: (
        f"2026-11-22T06:23:{n % 60:02}.123Z\t{'0a1b2c3d-' + '4e5f-' * 3 + 'a' * 12}\t"
    ),
}


@pytest.mark.parametrize("name", PREFIXES)
@FEW
@example(value="zzzz0000zzzz", width=1, end="\r\n")
@given(
    value=TOKENS.filter(lambda text: not text.isdigit()),
    width=st.integers(1, 9),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_value_over_prefixed_lines_is_read_whole(
    name: str, value: str, width: int, end: str
) -> None:
    """Of each line the prefix goes, of any two it may have, and what the value has stays.

    Digits may belong to either.
    """
    prefix = PREFIXES[name]
    lines = [b"before it", *cut(value.encode(), width), b"after it"]
    rows = [prefix(number).encode() + line for number, line in enumerate(lines)]
    text = end.encode().join(rows)
    start = len(rows[0]) + len(end) + len(prefix(1).encode())
    stop = len(text) - len(rows[-1]) - len(end)
    assert (start, stop) in spans(readings(text), value.encode())


@pytest.mark.parametrize("inner", ["compose", "github", "cat -n", "mail", "maven"])
@pytest.mark.parametrize("outer", ["gitlab", "github", "kubectl", "gh", "jenkins", "ts"])
@FEW
@given(value=TOKENS)
def test_two_prefixes_are_stripped_at_once(outer: str, inner: str, value: str) -> None:
    """A prefix behind a prefix goes with it in one reading of known or shared prefixes."""
    lines = cut(value.encode(), 7)
    heads = [(PREFIXES[outer](n) + PREFIXES[inner](n)).encode() for n in range(len(lines))]
    text = b"\n".join(head + line for head, line in zip(heads, lines, strict=True))
    pieces = [*known_prefixes(text), *shared_prefixes(text)]
    assert b"\n".join(lines) in {piece.text for piece in pieces}


@pytest.mark.parametrize(
    ("head", "tail"),
    [("| ", " |"), ('      "', '",'), ("    x(", ");"), ("echo ", " \\"), ("~~", ""), ("│ ", " │")],
)
@FEW
@given(value=TOKENS)
def test_prefix_and_suffix_that_lines_share_go(head: str, tail: str, value: str) -> None:
    """What all lines have in common at both ends is no part of the value.

    Where these are digits alone, nobody can tell them from a counter; nor the mark that several
    lines begin with from what stands before them.
    """
    value = value.translate(DIGITS_TO_LETTERS)
    lines = cut(value.encode(), 6)
    assume(not any(line.startswith(b"-") for line in lines))
    text = b"\n".join(
        (head.encode() + line.ljust(6, b" ") + tail.encode())
        for line in [b"before", *lines, b"-after"]
    )
    assert spans(readings(text), value.encode())


@FEW
@given(
    value=TOKENS,
    width=st.integers(1, 9),
    numbers=st.lists(st.integers(0, 10**6), min_size=50, max_size=50),
)
def test_numbers_in_a_shared_prefix_may_have_any_width(
    value: str, width: int, numbers: list[int]
) -> None:
    """Process 7 and process 12345 write behind the same prefix."""
    lines = cut(value.translate(DIGITS_TO_LETTERS).encode(), width)
    heads = [f"@@ {number} q{at}) ".encode() for at, number in enumerate(numbers)]
    text = b"\n".join(head + line for head, line in zip(heads, lines, strict=False))
    assume(len(lines) > 2)
    assert b"\n".join(lines) in {piece.text for piece in shared_prefixes(text)}


@pytest.mark.parametrize(
    "command",
    ["cat -n", "nl", "nl -ba -s': '", "grep -n ''", "awk '{print NR\": \"$0}'", "sed 's/^/> /'"],
)
@pytest.mark.parametrize("width", [1, 4, 20])
def test_tools_that_number_lines(command: str, width: int) -> None:
    """What coreutils, grep, awk and sed put before the lines of a folded value is undone."""
    value = b"kzv09QW-mm/x77Jd.8+y12:34"
    script = ["sh", "-c", f"fold -w {width} | {command}"]
    text = subprocess.run(script, input=value, capture_output=True, check=True).stdout
    assert spans(readings(text), value)


@FEW
@given(value=TOKENS)
def test_keys_that_are_numbers_go(value: str) -> None:
    """An object of characters, as node prints it, holds the value but for what ends its lines."""
    text = "".join(f"  '{number}': '{one}',\n" for number, one in enumerate(value))
    assert spans(map(_squashed, readings(text.encode(), 1)), squash(value.encode()))


@pytest.mark.parametrize("command", ["xxd", "hexdump -C", "xxd -g 1", "xxd -g 4"])
def test_dumps_are_read_by_their_text(command: str) -> None:
    """What stands beside the bytes of a dump is read as lines."""
    value = b"kzv09QWxmm7x77Jd8ky12h34kzz0"
    text = subprocess.run(command.split(), input=value, capture_output=True, check=True).stdout
    assert spans(map(_squashed, readings(text, 1)), value.lower())


def _squashed(piece: Piece) -> Piece:
    return Piece(squash(piece.text), piece.span)


def test_ordinary_text_is_refused() -> None:
    """Lines without heads, and lines that share words only, yield nothing."""
    text = b"the quick brown\nfox jumps over\nlazy dogs\n\nabc1\nabc2\nabc3\n    a\n    b\n    c"
    assert not [*known_prefixes(text), *shared_prefixes(text)]
