"""Text in pieces of a few letters is noticed by its shape, whatever is in the pieces."""

from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.torn.seen import torn_apart
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.forms.torn.tears import MANY
from tests.unit.leaks.strategies import TOKENS, engine_of

COLOUR, PLAIN = "\x1b[32m", "\x1b[m"


def in_turn(value: str, sizes: list[int]) -> list[str]:
    """The value in pieces of these sizes, over and over."""
    pieces: list[str] = []
    at = 0
    while at < len(value):
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(value[at : at + size])
        at += size
    return pieces


@MANY
@given(value=TOKENS, sizes=st.lists(st.integers(1, 2), min_size=2, max_size=7))
def test_pieces_of_word_diffs_and_colours_are_seen(value: str, sizes: list[int]) -> None:
    """Every other piece is marked as new, as `git diff --word-diff` does between two values."""
    pieces = in_turn(value, sizes)
    diff = "".join(f"{{+{one}+}}" if at % 2 else one for at, one in enumerate(pieces))
    coloured = "".join(f"{COLOUR}{one}{PLAIN}" if at % 2 else one for at, one in enumerate(pieces))
    if len(pieces) > 9:
        assert list(torn_apart(f"k: {diff}\n".encode()))
        assert list(torn_apart(f"k: {coloured}\n".encode()))


@pytest.mark.parametrize("mark", [("{+", "+}"), (COLOUR, PLAIN)], ids=["marks", "colours"])
def test_a_value_between_marks_is_found(mark: tuple[str, str]) -> None:
    """Whatever the other text of the diff was."""
    value = "mZ4kQ81vXw2Rt7LpYd3cBn5h"
    printed = "".join(
        f"{mark[0]}{one}{mark[1]}" if at % 2 else one
        for at, one in enumerate(in_turn(value, [1, 1, 2, 1]))
    )
    report = scan_stream(engine_of({"PW": value}), [f"@@ -1 +1 @@\nk: {printed}\n".encode()], "x")
    assert [one.secret for one in report.findings] == ["PW"]


def test_ordinary_text_has_no_such_shape() -> None:
    """Neither words, nor colours around words, nor lists of words."""
    text = (
        "the build of target resolved\n['name', 'value', 'other', 'thing', 'more']\n"
        f"{COLOUR}passed{PLAIN} in 3 s, {COLOUR}failed{PLAIN} none\nif (a[-1] - b[-2] + c) {{+x}}\n"
    )
    assert not list(torn_apart(text.encode()))


@pytest.mark.parametrize(
    "printed",
    [
        "[(40, 'm'), (41, 'Z'), (42, '4'), (43, 'k')]",
        "{\n  '0': 'm',\n  '1': 'Z',\n  '2': '4',\n  '3': 'k'\n}",
        '{"10":"m","11":"Z","12":"4","13":"k"}',
        "[('m', 109), ('Z', 90), ('4', 52), ('k', 107)]",
        "{ 'm', 0x2d, 'Z', 0x3a, '4' }",
        "&#0109;&#0090;&#0052;&#0107;&#0081;&#0056;",
        "&#00109&#00090&#00052&#00107&#00081",
        "&amp;#109;&amp;#90;&amp;#52;&amp;#107;&amp;#81;&amp;#56;",
        '([0]="m" [1]="Z" [2]="4" [3]="k")',
        "[U+006D 'm' U+005A 'Z' U+0034 '4' U+006B 'k']",
        "{109 'm', 90 'Z', 52 '4', 107 'k'}",
        '[["0","m"],["1","Z"],["2","4"],["3","k"]]',
        "[m][Z][4][k]",
        "[b'm', b'Z', b'4', b'k']",
        '"m"\n"Z"\n"4"\n"k"',
        "'m' + 'Z' + '4' + 'k'",
        "\rmZ4k\rQ81v\rXw2R\r",
    ],
)
def test_characters_of_lists_are_seen(printed: str) -> None:
    """By an index, a code or hex beside them, by the numbers of entities, or by their marks."""
    assert list(torn_apart(f"k = {printed}\n".encode()))


PREFIXES = (
    "12:00:01 ",
    "[pod/web-1/app] ",
    "#12 0.3 ",
    "7:",
    "web-1  | ",
    "- ",
    "I, [x] INFO -- : ",
)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_letter_or_number_a_line_is_seen(prefix: str) -> None:
    """Whatever stands before it, unless no letter of it is rare at the end of lines."""
    value = "mZ4kQ81vXw2Rt7LpYd3cBn5h"
    lines = [list(value), [f"{ord(one):02x}" for one in value], [str(ord(one)) for one in value]]
    for row in lines:
        text = "".join(f"{prefix}{one}\n" for one in row)
        if row is not lines[0] or prefix != "7:":
            assert list(torn_apart(text.encode())), text
        report = scan_stream(engine_of({"PW": value}), [f"build\n{text}made\n".encode()], "x")
        assert [one.secret for one in report.findings] == ["PW"], text


@pytest.mark.parametrize(
    "style",
    [
        "chr({}) + ",
        "CHAR({})&",
        "Chr({}) & ",
        "String.fromCharCode({})+",
        "[char]{} + ",
        "{}|",
        "{};",
        "[char]{},",
        "[char]0x{0:02x}+",
        "(byte){},",
        "(byte)0x{0:02x}, ",
        "0x{0:04x}, ",
        "{0:02x}h ",
    ],
)
def test_codes_of_characters_are_seen_and_found(style: str) -> None:
    """In calls, as languages make a text of numbers, and between marks."""
    value = "mZ4kQ81vXw2Rt7LpYd3cBn5h"
    printed = "".join(style.format(ord(one)) for one in value)
    assert list(torn_apart(printed.encode()))
    report = scan_stream(engine_of({"PW": value}), [f"x = {printed}\n".encode()], "x")
    assert [one.secret for one in report.findings] == ["PW"]


@pytest.mark.parametrize("style", ["%{:02X}", "\\x{:02x}", "\\u{:04x}", "{:02x}:", "\\x{{{:04x}}}"])
def test_escapes_of_every_letter_of_an_encoding_are_found(style: str) -> None:
    """No letter of the value itself is escaped, so that none speaks for it."""
    value = "mZ4kQ81vXw2Rt7LpYd3cBn5h"
    encoded = b64encode(f"user:{value}".encode())
    printed = "".join(style.format(one) for one in encoded)
    report = scan_stream(engine_of({"PW": value}), [f"x = {printed}\n".encode()], "x")
    assert [one.secret for one in report.findings] == ["PW"]


def test_numbers_and_progress_have_no_such_shape() -> None:
    """Neither constants one after the other, nor addresses, nor how far something is."""
    text = (
        "#define NR_OPEN 104\n#define NR_CLOSE 105\n#define NR_DUP 106\n"
        "at 0x7ffe1c00 0x7ffe1c08 0x55d0a1b0 0x7ffe1c18\n 9%\r 10%\r 11%\r 12%\r done\n"
        "00:1b:44:11:3a:b7 1f:8b:08\n"
    )
    assert not list(torn_apart(text.encode()))
