"""Values in the cells of a table, and in the strings of records."""

import json
import subprocess

import pytest
from hypothesis import given

from ci_secrets.leaks.forms.torn.columns import columns, records
from tests.unit.leaks.forms.torn.tears import FEW, cut, spans
from tests.unit.leaks.strategies import TOKENS

TABLES = {
    "ascii": ("| api_key | %b | text |\n", "|         | %b |      |\n"),
    "markdown": ("| %b | one\n", "| %b | two\n"),
    "box": ("│ key │ %b │ text │\n", "│     │ %b │      │\n"),
    "heavy": ("┃ key ┃ %b ┃ text ┃\n", "┃     ┃ %b ┃      ┃\n"),
    "tabs": ("key\t%b\t17\n", "\t%b\t18\n"),
    "beside": ("%b\t1\n", "%b\t2\n"),
}


@pytest.mark.parametrize("name", TABLES)
@FEW
@given(value=TOKENS.filter(lambda text: "|" not in text))
def test_cells_of_a_column_come_together(name: str, value: str) -> None:
    """A value that is wrapped in its column is read whole, where other columns differ."""
    first, next_one = (row.encode() for row in TABLES[name])
    pieces = cut(value.encode(), 7)
    rows = [(next_one if number else first) % one for number, one in enumerate(pieces)]
    text = b"before it\n" + b"".join(rows) + b"after it\n"
    start = text.index(pieces[0], len(b"before it\n") + first.index(b"%b"))
    stop = len(text) - len(rows[-1]) - len(b"after it\n")
    stop += next_one.index(b"%b") + len(pieces[-1]) if len(pieces) > 1 else len(rows[-1])
    found = spans(columns(text), value.encode())
    assert len(pieces) == 1 or (start, stop) in found


def test_what_paste_prints() -> None:
    """Columns that `paste` put beside one another are read one by one."""
    lines = b"kzv09QW-\nmm/x77Jd\n.8+y12:3"
    script = ["bash", "-c", "paste - <(seq 3)"]
    printed = subprocess.run(script, input=lines, capture_output=True, check=True).stdout
    assert spans(columns(printed), lines.replace(b"\n", b""))


def test_ordinary_text_is_refused() -> None:
    """Pipes of a shell and prefixes of one border are no table."""
    text = b"cat x | grep y\nweb-1  | abc\nweb-1  | def\n"
    assert not [*columns(text)]


@pytest.mark.parametrize("end", ["", "\n"])
@FEW
@given(value=TOKENS.filter(lambda text: not set(text) & set('"\\\\')))
def test_strings_of_records_come_together(end: str, value: str) -> None:
    """A value that was wrapped before each line became a record of JSON is read whole."""
    lines = [piece.decode() for piece in cut(value.encode(), 9)]
    records_of = [{"log": line + end, "stream": "stdout", "n": 1} for line in lines]
    text = "".join(json.dumps(record) + "\n" for record in records_of).encode()
    assert len(lines) == 1 or spans(records(b"before\n" + text + b"after\n"), value.encode())


def test_one_record_is_refused() -> None:
    """What stands in one line is not put together."""
    assert not [*records(b'{"a": "x", "b": "y"}\ntext\n')]
