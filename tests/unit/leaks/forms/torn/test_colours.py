"""Colours and their like inside a value."""

import base64
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.colours import (
    overstruck,
    uncoloured,
    untagged,
    word_diffs,
)
from tests.unit.leaks.forms.torn.tears import FEW, MANY, characters, readings, spans
from tests.unit.leaks.strategies import TOKENS, VALUES

ESCAPES = (
    b"\x1b", "␛".encode(), b"^[", b"\\x1b", b"\\033", b"\\e", b"\\u001b", b"\\u001B", b"\\x1B",
    b"#033", b"<ESC>",
)  # fmt: skip
NOTE = b"\x1b[8mha:////4" + base64.b64encode(b"a note of Jenkins, packed") + b"\x1b[0m"
MARKS = dict.fromkeys(
    [
        *(escape + select for escape in ESCAPES for select in (b"[31m", b"[01;31m", b"[K", b"[m")),
        *(
            b"\x1b" + rest
            for rest in (b"[0K", b"[?25l", b"[38;5;208m", b"[38:2::1:2:3m", b"(B", b"=")
        ),
        *(b"\x1b]8;;https://example.org/a?b\x1b\\", b"\x1b]0;title\x07", b"\x1b[2J", b"\x1b[1A"),
        *(b"\\e]8;;https://example.org/a\\a", b"^[]0;title^G", b"[31m", b"[0m", b"[K", b"[?25h"),
        *(
            NOTE,
            b"[8mha:////4AAAA==[0m",
            b"section_start:1763792616:build[collapsed=true]\r\x1b[0K",
        ),
        *(b"section_end:1763792616:build\r\x1b[0K", b"##[group]", b"##[command]", b"::debug::"),
    ]
)
NEIGHBOURS = st.sampled_from([b"", b" ", b"\n", b"token=", b"'", b"\xc3\xa9"])


@pytest.mark.parametrize("mark", MARKS, ids=repr)
@FEW
@given(value=TOKENS, before=NEIGHBOURS, after=NEIGHBOURS, at=st.integers(1, 11))
def test_value_is_whole_without_what_the_terminal_hides(
    mark: bytes, value: str, before: bytes, after: bytes, at: int
) -> None:
    """A sequence in the middle of a value, as a byte or printed, is gone; the span is exact."""
    torn = value[:at].encode() + mark + value[at:].encode()
    found = spans(uncoloured(before + torn + after), value.encode())
    assert found == {(len(before), len(before) + len(torn))}


def test_grep_colours_what_it_found(tmp_path: Path) -> None:
    """A value of which grep coloured a part is read whole."""
    line = tmp_path / "line"
    line.write_text("token: kzv09QWmmx77Jd\n")
    command = ["grep", "--color=always", "-n", "QW", str(line)]
    printed = subprocess.run(command, capture_output=True, check=True, env={}).stdout
    assert b"kzv09QWmmx77Jd" not in printed
    assert spans(readings(printed), b"kzv09QWmmx77Jd")


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
@pytest.mark.parametrize("option", ["--word-diff", "--color-words"])
def test_word_diff_of_git_has_the_old_and_the_new_value(tmp_path: Path, option: str) -> None:
    """Values that differ in their middle, diffed by characters, are both read whole."""
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_text("token: kzv09QWmmx77Jd\n")
    new.write_text("token: kzv09rTTTTmmx77Jd\n")
    command = ["git", "diff", "--no-index", option, "--word-diff-regex=.", str(old), str(new)]
    printed = subprocess.run(command, capture_output=True, check=False).stdout
    for value in (b"kzv09QWmmx77Jd", b"kzv09rTTTTmmx77Jd"):
        assert value not in printed
        assert spans(word_diffs(printed), value)


@MANY
@given(value=VALUES.filter(lambda text: "_" not in text))
def test_bold_and_underlined_letters_count_once(value: str) -> None:
    """Overstruck text as `man` prints it is read as its letters, of any width."""
    bold = b"".join(one + b"\x08" + one for one in characters(value))
    underlined = b"".join(b"_\x08" + one for one in characters(value))
    for text in (bold, underlined):
        assert spans(overstruck(b"x " + text + b" y"), value.encode())


def test_progress_before_a_carriage_return_is_gone() -> None:
    """Of a line that was written again and again, the last state stays."""
    text = b"kzv09QW\n 10%\r 20%\rmmx77Jd\r\n"
    assert spans(readings(text), b"kzv09QWmmx77Jd") == {(0, len(text) - 2)}


def test_ordinary_text_is_refused() -> None:
    """Text without any mark of a colour yields nothing."""
    text = b"if (a[0] > b[x1]) return std::move(x); // [1] 033 escape\r\n" * 3
    assert not [*uncoloured(text), *word_diffs(text), *overstruck(text)]


@pytest.mark.parametrize(
    "between", ["<wbr>", "</span><span class='k'>", "<b>", "</mark>", "<br>\n", "<br />"]
)
def test_tags_inside_a_value_go(between: str) -> None:
    """What marks, colours and breaks a text in HTML is taken out; what is no such tag stays."""
    text = f"<p>k: mZ4kQ{between}81vXw<2Rt7>Lp</p>".encode()
    whole = b"mZ4kQ81vXw<2Rt7>Lp".replace(b"kQ81", b"kQ\n81" if "\n" in between else b"kQ81")
    assert any(whole in piece.text for piece in untagged(text))
