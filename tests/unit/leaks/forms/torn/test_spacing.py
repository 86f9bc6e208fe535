"""Values torn by space, breaks and separators."""

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.spacing import joined, unquoted, unseparated, visible
from tests.unit.leaks.forms.torn.tears import FEW, MANY, characters, cut, readings, spans
from tests.unit.leaks.strategies import VALUES

SEPARATORS = (
    " ", "\t", "  ", ",", ", ", "-", "_", ".", ":", "|", "/", ";", "+", "*", "~", "=", "#", "&",
    "\\n", "\0", "][",
)  # fmt: skip
ONE_LINE = VALUES.filter(lambda text: not set(text) & set("\t\n"))
SPACELESS = VALUES.filter(lambda text: not set(text) & set("\t\n \\") and len(text) >= 8)


@pytest.mark.parametrize("separator", SEPARATORS)
@FEW
@given(
    value=ONE_LINE.map(str.strip).filter(lambda text: len(text) >= 8 and "  " not in text),
    data=st.data(),
)
def test_separated_characters_come_together(
    separator: str, value: str, data: st.DataObject
) -> None:
    """Single characters with a separator are joined, and none of the value's own is lost."""
    kept = "".join(one for one in value if one not in separator) if separator != " " else value
    inside = data.draw(st.integers(3, max(3, len(kept) - 3))) if len(separator) == 1 else 0
    value = kept[:inside] + (separator if inside else "") + kept[inside:]
    if len(value) < 8 or (separator == "\\n" and "\\" in value):
        return
    text = b"see: " + separator.encode().join(characters(value)) + b"!"
    assert (5, len(text) - 1) in spans(unseparated(text), value.encode())


@pytest.mark.parametrize("separator", [",", ", ", "-", "_", ".", ":", "|", "/"])
@pytest.mark.parametrize("width", range(2, 9))
@FEW
@given(value=st.text("abcXYZ019%$?", min_size=32, max_size=50))
def test_groups_come_together(separator: str, width: int, value: str) -> None:
    """Groups of one width are joined, whatever else is in them."""
    groups = separator.encode().join(cut(value.encode(), width))
    text = b"see <" + groups + b">"
    assert (5, 5 + len(groups)) in spans(unseparated(text), value.encode())


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\n    ", "\r\n\t", "\\\n", "\\\n  ", "\r", " ", "\f"]
)
@FEW
@given(value=SPACELESS, width=st.integers(1, 30))
def test_wrapped_text_is_whole_again(end: str, value: str, width: int) -> None:
    """Line breaks of every kind go, with the indentation and the backslash around them."""
    torn = end.encode().join(cut(value.encode(), width))
    text = b"a\n" + torn + b"\nb"
    assert (2, 2 + len(torn)) in {*spans(joined(text), value.encode())} or torn == value.encode()


@MANY
@given(value=ONE_LINE.map(str.strip), width=st.integers(2, 20))
def test_spaces_of_the_value_survive_a_wrap(value: str, width: int) -> None:
    """Where only breaks tear the value, its own spaces stay."""
    torn = b"\n".join(cut(value.encode(), width))
    found = spans(joined(b"a b\n" + torn + b"\nb"), value.encode())
    assert torn == value.encode() or (4, 4 + len(torn)) in found


@pytest.mark.parametrize("mark", ["\u200b", "\u200c", "\u200d", "\ufeff", "\xad", "\xa0", "│", "━"])
@FEW
@given(value=VALUES)
def test_marks_without_ink_go(mark: str, value: str) -> None:
    """Characters that nobody sees, and frames, are not part of a value."""
    torn = mark.join(value).encode()
    assert (1, 1 + len(torn)) in spans(visible(b"<" + torn + b">"), value.encode())


@MANY
@given(
    value=SPACELESS.filter(lambda text: not set(text) & set("\"'`\\")),
    indent=st.sampled_from([None, 2, 4]),
)
def test_lists_of_strings_come_together(value: str, indent: int | None) -> None:
    """A list of characters as Python and JSON print it holds the value."""
    for text in (repr(list(value)), json.dumps(list(value), indent=indent, ensure_ascii=False)):
        assert spans(unquoted(text.encode()), value.encode())


def test_quotes_of_the_value_survive_a_list() -> None:
    """Python puts a quote into the other quotes; that is no seam."""
    for value in ("abc'def\"ghi,jk'", "ab,,+.'''cd"):
        assert spans(unquoted(repr(list(value)).encode()), value.encode())


@pytest.mark.parametrize(
    "text",
    [
        'x = "kzv09QW-" + "mmx77Jd"',
        '"kzv09QW-"\n    "mmx77Jd"',
        "'kzv09QW-' . 'mmx77Jd'",
        "[b'kz', b'v0', b'9Q', b'W-', b'mm', b'x7', b'7J', b'd']",
        '"kzv09QW-" & "mmx77Jd"',
        '"kzv09QW-" \\\n "mmx77Jd"',
    ],
)
def test_strings_that_are_put_together(text: str) -> None:
    """Sums of strings as C, Python, Java and PHP write them hold the value."""
    assert spans(unquoted(text.encode()), b"kzv09QW-mmx77Jd")


def test_tears_of_two_kinds_are_read_twice() -> None:
    """A table in which a value is wrapped, and one whose rows are spaced, are both undone."""
    value = b"kzv09QW-mm/x77Jd"
    framed = "│ key │ kzv09Q │\n│     │ W-mm/x │\n│     │ 77Jd   │".encode()
    assert spans(readings(framed), value)
    two_rows = b"| kzv09QW-mm |\n| /x77Jd    |"
    assert spans(readings(two_rows), value)
    spaced = b"\n".join(b"> " + b" | ".join(cut(row, 1)) for row in cut(value, 8))
    assert spans(readings(spaced), value)


@pytest.mark.parametrize("command", ["tail -n +1", "head -n 99"])
def test_files_one_after_the_other_come_together(command: str, tmp_path: Path) -> None:
    """The heads that `head` and `tail` put before each file go."""
    names = ["xaa", "xab", "xac"]
    for name, part in zip(names, cut(b"kzv09QW-mm/x77Jd", 6), strict=True):
        (tmp_path / name).write_bytes(part)
    text = subprocess.run(
        [*command.split(), *names], cwd=tmp_path, capture_output=True, check=True
    ).stdout
    assert spans(visible(text), b"kzv09QW-mm/x77Jd")


def test_ordinary_text_is_refused() -> None:
    """Words, versions and short lists yield nothing but the text without its spaces."""
    text = b'the 1.2.3 of a/bc/def-gh, {"a": "b", "cdefghijklm": 1} and "x", "y" too'
    assert not [*unseparated(text), *unquoted(text), *visible(text)]
    assert [piece.text for piece in joined(text)] == [text.replace(b" ", b"")]
