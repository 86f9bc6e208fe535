"""Quotes and signs that stand twice, and the quotes of shells."""

import csv
import io
import shlex
import subprocess
from collections.abc import Callable

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.quoting import FORMS
from tests.unit.leaks.forms.undoing import HOSTILE, assert_undone, pieces, spans
from tests.unit.leaks.strategies import AWKWARD

QUOTED = FORMS["quoted"]
SIGNS = st.text("'\"\\$%aB3 \n", min_size=1, max_size=12)
"""Little but what is quoted."""


def csv_field(text: str) -> bytes:
    """A field of CSV with all that is beside it."""
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerow([text])
    return out.getvalue().encode()


def bash(script: str) -> Callable[[str], bytes]:
    """What bash prints when it is handed a value."""

    def encode(text: str) -> bytes:
        run = subprocess.run(["bash", "-c", script, "-", text], capture_output=True, check=True)
        return run.stdout + run.stderr

    return encode


def dash(text: str) -> bytes:
    """What dash prints of its variables."""
    run = subprocess.run(
        ["dash", "-c", "v=$1; set", "-", text], capture_output=True, check=True
    )  # fmt: skip
    return run.stdout


SHELLS: dict[str, Callable[[str], bytes]] = {
    "trace": bash('set -x; : "$1"'),
    "set": bash("v=$1; set | grep ^v="),
    "@Q": bash('echo "${1@Q}"'),
    "dash": dash,
}
ENCODERS: dict[str, Callable[[str], bytes]] = {
    "shlex": lambda text: shlex.quote(text).encode(),
    "csv": csv_field,
    "windows": lambda text: subprocess.list2cmdline([text]).encode(),
    "SQL": lambda text: b"'%s'" % text.replace("'", "''").encode(),
    "compose": lambda text: text.replace("$", "$$").encode(),
    "systemd": lambda text: text.replace("%", "%%").encode(),
}


@pytest.mark.parametrize("name", ENCODERS)
@given(value=AWKWARD.map(str.strip) | SIGNS)
def test_quoted_values_are_read(name: str, value: str) -> None:
    """Each reader of a data format has what its writer was given."""
    printed = b"k=" + ENCODERS[name](value) + b" \n"
    texts = [printed, *(piece.text for piece in pieces(QUOTED, printed))]
    assert any(value.encode() in text for text in texts), printed


@pytest.mark.parametrize(
    "value",
    [
        "it's",
        "''lead",
        "trail''",
        "a'b''c'''d",
        "'",
        "a\\b'c\"d",
        "x'\"'y",
        "'a'",
        "\"'\"$'%",
        "\\'",
    ],
)
@pytest.mark.parametrize("shell", SHELLS)
def test_quotes_of_shells_are_read(shell: str, value: str) -> None:
    """Quotes at the beginning, in the middle and at the end, alone and in a row."""
    printed = SHELLS[shell](value)
    texts = [printed, *(piece.text for piece in pieces(QUOTED, printed))]
    assert any(value.encode() in text for text in texts), printed


@pytest.mark.parametrize(
    "printed",
    ["'a\\Wb'$'\\360\\237\\230\\200''c'$'\\t''d'", "a\\Wb$'\\360'$'\\237'$'\\230'$'\\200'c$'\\t'd"],
)
def test_c_quotes_within_a_word_are_read(printed: str) -> None:
    """Written by `ls` and zsh for what is no text, beside a backslash that is one."""
    texts = [piece.text for piece in pieces(QUOTED, f"v={printed}\n".encode())]
    assert any("a\\Wb😀c\td".encode() in text for text in texts)


@pytest.mark.parametrize(
    "printed",
    [
        "[b'hun'\n b'ter2']",
        "('hun'\n    \"ter2\")",
        '"hun"\r\n\t\t"ter2";',
        '"hun" +\n  "ter2";',
        '"hun"\n  + "ter2";',
        "'hun' .\n 'ter2'",
        "'hun' \\\n'ter2'",
    ],
)
def test_strings_that_go_on_are_joined(printed: str) -> None:
    """Python, C, JavaScript, Java and PHP break a long string between quotes."""
    assert any(b"hunter2" in piece.text for piece in pieces(QUOTED, printed.encode()))


@given(value=AWKWARD, inside=st.tuples(AWKWARD, AWKWARD))
def test_span_is_that_of_the_quoted_value(value: str, inside: tuple[str, str]) -> None:
    """A span holds the marks that belong to the value, and no more."""
    outside = (b"k='", b"'\n")
    assert_undone(
        [QUOTED],
        lambda text: text.replace("\\", "/").replace("'", "'\\''").encode(),
        value.replace("\\", "/"),
        (inside[0] + "x", "x" + inside[1]),
        outside,
    )
    assert spans(QUOTED, b"k=a$$b$$c", b"$b$") == {(3, 8)}


@given(value=AWKWARD.map(str.strip), inside=st.tuples(SIGNS, SIGNS))
def test_spellings_hold_with_any_neighbours(value: str, inside: tuple[str, str]) -> None:
    """A spelling is in what shells, SQL, CSV and others make of a longer text."""
    left, right = (f"{one}x" for one in inside)
    text = f"{left}{value}x{right}"
    assert QUOTED.spell is not None
    spelled = [value.encode(), *QUOTED.spell(value.encode())]
    for encode in (ENCODERS["shlex"], ENCODERS["csv"], ENCODERS["SQL"], ENCODERS["compose"]):
        printed = encode(text)
        assert any(one in printed for one in spelled), printed


def test_spellings_are_what_shells_print() -> None:
    """Also where a quote is the first or last character."""
    assert QUOTED.spell is not None
    for value in ("it's", "'it", "it''", "''a'b'"):
        spelled = list(QUOTED.spell(value.encode()))
        for encode in (*SHELLS.values(), ENCODERS["shlex"]):
            printed = encode(value)
            assert any(one in printed for one in spelled), printed


@given(value=AWKWARD.map(str.strip), width=st.integers(20, 80))
def test_single_quoted_yaml_is_read(value: str, width: int) -> None:
    """A value comes out of YAML between single quotes, but for the lines that are folded."""
    printed = yaml.dump(
        {"a": {"b": f"some {value} more"}}, default_style="'", width=width, allow_unicode=True
    )
    unfolded = " ".join(line.strip(" ") for line in printed.split("\n")).encode()
    texts = [unfolded, *(piece.text for piece in pieces(QUOTED, unfolded))]
    if "\\t" not in printed:
        assert any(value.encode() in text for text in texts), printed


@given(text=HOSTILE)
def test_nothing_raises(text: bytes) -> None:
    """Any bytes may be read and spelled; what is spelled is never the text itself."""
    pieces(QUOTED, text)
    assert QUOTED.spell is not None
    assert text not in list(QUOTED.spell(text))


def test_plain_text_is_refused() -> None:
    """A text without doubled marks has nothing to read."""
    assert not pieces(QUOTED, b'it\'s "so" 100% $HOME \\n {\'a\': "b"}\n')
    assert not pieces(QUOTED, b"100%% of $$ ''", budget=3)
