"""What lines, rows and elements have one piece of each comes together."""

import json
from collections.abc import Callable

import pytest

from ci_secrets.leaks.forms.torn.each import records, strings, tables
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import engine_of

VALUE = "mZ4kQ81vXw2Rt7LpYd3cBn5h"


def rows(style: str) -> Callable[[str], str]:
    """A line for each character, of its place and code."""
    return lambda value: "".join(
        style.format(one, at=at, code=ord(one)) + "\n" for at, one in enumerate(value)
    )


def pieces(style: str, width: int) -> Callable[[str], str]:
    """Lines of some characters each."""
    starts = range(0, len(VALUE), width)
    return lambda value: "".join(
        style.format(value[at : at + width], at=at, size=width) + "\n" for at in starts
    )


def intel_hex(value: str) -> str:
    """Records of 16 bytes, with checksums, as `objcopy -O ihex` writes them."""
    lines = []
    for at in range(0, len(value), 16):
        data = value[at : at + 16].encode()
        record = bytes([len(data), at >> 8, at & 255, 0]) + data
        lines.append(f":{(record + bytes([-sum(record) & 255])).hex().upper()}\n")
    return "".join(lines) + ":00000001FF\n"


def motorola(value: str) -> str:
    """The same as `objcopy -O srec` does."""
    lines = []
    for at in range(0, len(value), 16):
        data = value[at : at + 16].encode()
        record = bytes([len(data) + 3, at >> 8, at & 255]) + data
        lines.append(f"S1{(record + bytes([~sum(record) & 255])).hex().upper()}\n")
    return "".join(lines)


PRINTED: dict[str, Callable[[str], str]] = {
    "strace": rows('read(0, "{}", 1)              = 1'),
    "strace of two": rows('read(0, "{}", 1)              = 1\nwrite(1, "*", 1)  = 1'),
    "test": rows("  at {at}: got '{}', want 'x'"),
    "keys": rows("key press: '{}' (keycode {code})"),
    "YAML": rows('- "{}"'),
    "Julia": rows(" 0x{code:02x}"),
    "gcc -S": rows("\t.byte\t0x{code:x}"),
    "array": rows("buf[{at}] = 0x{code:02x}"),
    "bytes": rows("byte[{at}]={code}"),
    "numbers in XML": rows('<byte index="{at}">{code}</byte>'),
    "characters in XML": lambda value: "".join(f"<char>{one}</char>" for one in value),
    "word breaks": "<wbr>".join,
    "spans": lambda value: "".join(f'<span class="c">{one}</span>' for one in value),
    "cmp -bl": rows("{at:2} {code:3o} {}      0 ^@"),
    "table": rows("{at:4}  0x{code:02X}  {code:3}  {}"),
    "CSV": rows("{at}\t{code:02x}\t{}"),
    "var_dump": pieces('  [{at}]=>\n  string({size}) "{}"', 3),
    "two variables": pieces('P{at}="{}"', 12),
    "chunks of HTTP": pieces("{size:x}\r\n{}\r", 8),
    "parts of a file": pieces("== part.{at}\n{}", 8),
    "progress between": pieces("{}\n[INFO] progress {at}", 8),
    "workers": lambda value: (
        f"worker-a> {value[:8]}\nworker-b> {value[8:15]}\nworker-c> {value[15:]}\n"
    ),
    "names": lambda value: f"web {value[:9]}\napi -> {value[9:16]}\nbilling | {value[16:]}\n",
    "ids": lambda value: "".join(
        f"id={word} msg={value[at : at + 8]}\n" for at, word in ((0, "7f"), (8, "c1"), (16, "0ad"))
    ),
    "a letter a line of many": lambda value: "".join(
        f"{name:>{at % 7}} {one}\n"
        for at, (name, one) in enumerate(zip(value[::-1], value, strict=True))
    ),
    "Intel HEX": intel_hex,
    "S-records": motorola,
}


@pytest.mark.parametrize("name", PRINTED)
def test_a_value_of_which_each_line_has_a_piece_is_found(name: str) -> None:
    """Whatever text is the same in each line, before the piece and behind it."""
    printed = PRINTED[name](VALUE)
    report = scan_stream(engine_of({"PW": VALUE}), [f"build\n{printed}\nmade\n".encode()], "x")
    assert {one.secret for one in report.findings} == {"PW"}
    assert all(one.form != ("partial",) for one in report.findings)


def test_strings_of_other_lines_stay_apart() -> None:
    """Two programs that take turns are two texts."""
    text = json.dumps("ab") + "\nx = 'gh'\n" + json.dumps("cd") + "\nx = 'ij'\n"
    assert {piece.text for piece in strings(text.encode())} == {
        b"\"abcd\"\nx = 'ij'\n",
        b"\"ab\"\nx = 'ghij'\n",
    }


def test_rows_that_are_not_counted_are_no_table() -> None:
    """Five rows are too few, and numbers that do not rise by one count nothing."""
    few = "".join(f"{at} a b\n" for at in range(5))
    sizes = "".join(f"{3 * at} a b\n" for at in range(9))
    assert not [*tables(few.encode()), *tables(sizes.encode())]


def test_an_address_of_a_record_is_taken_out_alone() -> None:
    """The bytes of a record stay, and so do lines that are none."""
    text = b"x\n:0400100061626364AA\ny\n"
    assert [piece.text for piece in records(text)] == [b"x\n61626364\ny\n"]


@pytest.mark.parametrize(
    ("value", "cuts"),
    [
        ("letmein1", ["letme", "in1"]),
        ("10203045", ["10", "20", "30", "45"]),
        ("4f1e9a2b", ["4f1e", "9a2b"]),
        ("cats4dogs2", ["cats4", "dogs2"]),
        ("482915", ["482", "915"]),
    ],
)
def test_words_and_numbers_of_a_table_or_of_several_lines_come_to_no_value(
    value: str, cuts: list[str]
) -> None:
    """Any log has such pieces among others."""
    cells = ["77", "88", *cuts, "99", "66"]
    table = "".join(f"{at} {cell} z\n" for at, cell in enumerate(cells))
    apart = "\nfoo bar\n".join(cuts)
    report = scan_stream(engine_of({"PW": value}), [f"x\n{table}y\n{apart}\n".encode()], "x")
    assert not report.findings
