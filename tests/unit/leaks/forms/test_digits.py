"""Numbers of every base are spelled, hinted at and read, whatever tool printed them."""

import json
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from ci_secrets.leaks.forms.digits import FORMS, MAGIC
from ci_secrets.leaks.forms.digits_seen import is_binary, seen
from ci_secrets.leaks.forms.dumps import FORMS as DUMPS
from ci_secrets.leaks.forms.escapes import FORMS as ESCAPES
from ci_secrets.leaks.forms.reading import Budget, Piece
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import NEIGHBOURS, TOKENS, VALUES, engine_of

Print = Callable[[bytes], str]


def listed(cell: str, between: str) -> Print:
    """Prints bytes one by one."""
    return lambda data: between.join(format(byte, cell) for byte in data)


def signed(between: str) -> Print:
    """Prints bytes as Java has them."""
    return lambda data: between.join(str(byte - 256 if byte > 127 else byte) for byte in data)


def wrapped(spelled: Print, width: int) -> Print:
    """Cuts what is printed into lines."""

    def printed(data: bytes) -> str:
        text = spelled(data)
        return "\n".join(text[at : at + width] for at in range(0, len(text), width))

    return printed


def words(size: int, between: str = " ") -> Print:
    """Prints big-endian words."""
    return lambda data: between.join(data[at : at + size].hex() for at in range(0, len(data), size))


def little(size: int) -> Print:
    """Prints words, the lowest byte first, as a machine has them in its memory."""
    return lambda data: ", ".join(
        f"0x{data[at : at + size][::-1].hex()}" for at in range(0, len(data), size)
    )


PRINTED: dict[str, list[Print]] = {
    "hex": [
        bytes.hex,
        lambda data: data.hex().upper(),
        *(listed("02x", between) for between in [" ", ":", "-", ", ", ",", "\n", "\\x", "', '"]),
        listed("02X", ":"),
        lambda data: str([hex(byte) for byte in data]),
        lambda data: ", ".join(f"0x{byte:x}" for byte in data),
        lambda data: ", ".join(f"(byte)0x{byte:02X}" for byte in data),
        lambda data: "+".join(f"[char]0x{byte:02X}" for byte in data),
        lambda data: " ".join(f"{byte:02X}h" for byte in data),
        *(little(size) for size in (2, 4, 8)),
        lambda data: "".join(f"\\x{byte:02x}" for byte in data),
        lambda data: " ".join(
            f"{byte - 256 & 0xFFFFFFFF if byte > 127 else byte:02x}" for byte in data
        ),
        lambda data: ":\n                ".join(
            data[at : at + 15].hex(":") for at in range(0, len(data), 15)
        ),
        *(words(size) for size in (2, 4, 8, 16)),
        words(2, ":"),
        *(wrapped(bytes.hex, width) for width in (1, 7, 60, 64)),
        lambda data: "X'" + data.hex() + "'",
    ],
    "decimal": [
        lambda data: str(list(data)),
        lambda data: "[" + " ".join(map(str, data)) + "]",
        lambda data: json.dumps({"type": "Buffer", "data": list(data)}),
        lambda data: json.dumps({"type": "Buffer", "data": list(data)}, indent=2),
        lambda data: json.dumps(dict(enumerate(data))),
        lambda data: "".join(f"    [{at}] => {byte}\n" for at, byte in enumerate(data)),
        *(listed("d", between) for between in [",", ", ", " ", "\n", "-", "; ", " | "]),
        *(signed(between) for between in [", ", ",", " ", "\n"]),
        lambda data: ", ".join(f"(byte){byte}" for byte in data),
        lambda data: "-join (" + ",".join(f"[char]{byte}" for byte in data) + ")",
        lambda data: "".join(f"\\{byte:03d}" for byte in data),
        lambda data: "".join(f"{byte:5d}" for byte in data),
        lambda data: "<<" + ",".join(map(str, data)) + ">>",
    ],
    "octal": [
        listed("03o", " "),
        listed("o", ", "),
        lambda data: "".join(f"\\{byte:03o}" for byte in data),
        lambda data: "".join(f"\\{byte:04o}" for byte in data),
        lambda data: str([oct(byte) for byte in data]),
        listed("03o", "\n"),
    ],
    "binary": [
        *(listed("08b", between) for between in [" ", "", ", ", "\n", "_"]),
        *(listed("b", between) for between in [" ", ",", "\n"]),
        lambda data: str([bin(byte) for byte in data]),
        wrapped(listed("08b", ""), 76),
        lambda data: bin(int.from_bytes(data, "big")),
    ],
}
CASES = [
    pytest.param(form, printed, id=f"{form}-{number}")
    for form, every in PRINTED.items()
    for number, printed in enumerate(every)
]
FEW = settings(max_examples=20)
"""For each of many prints."""
BEFORE = st.sampled_from(["", "x", "key=", "dump: ", "[", "\n", '{"a": "', " at 12:04:55 said "])
AFTER = st.sampled_from(["", "]", " more bytes>", "\n", '"}', " said", "; x"])


def read(form: str, text: bytes) -> Iterator[Piece]:
    """The pieces that a form gives with budget to spare."""
    reader = FORMS[form].read
    assert reader
    return reader(text, Budget(1 << 30))


def stands_in(form: str, text: bytes, value: bytes) -> set[tuple[int, int]]:
    """Where a reader says that the value stands in a text."""
    found = set()
    for piece in read(form, text):
        at = piece.text.find(value)
        while at >= 0:
            found.add(piece.span(at, at + len(value)))
            at = piece.text.find(value, at + 1)
    return found


@pytest.mark.parametrize(("form", "printed"), CASES)
@FEW
@given(value=VALUES, before=BEFORE, after=AFTER)
@example(value="pass\tword\n\x01zürich", before="", after="")
def test_value_is_read_from_every_print(
    form: str, printed: Print, value: str, before: str, after: str
) -> None:
    """However bytes are printed as numbers, they are read, and the span holds just them."""
    spelled = before.encode() + printed(value.encode()).encode() + after.encode()
    spans = stands_in(form, spelled, value.encode())
    assert spans
    assert all(len(before) <= start < end <= len(spelled) - len(after) for start, end in spans)


@pytest.mark.parametrize(
    "printed",
    [bytes.hex, words(1), words(1, ":"), words(2, ":"), words(4), words(8)],
    ids=["plain", "bytes", "colons", "pairs", "fours", "eights"],
)
@given(value=VALUES, left=NEIGHBOURS, right=NEIGHBOURS)
def test_span_of_hex_is_exact_among_neighbours(
    printed: Print, value: str, left: bytes, right: bytes
) -> None:
    """The span goes from the first digit of the value to its last, and reads back as it."""
    raw = value.encode()
    text = printed(left + raw + right).encode()
    start, end = min(stands_in("hex", text, raw), key=lambda span: span[1] - span[0])
    assert bytes.fromhex(text[start:end].decode().replace(":", "").replace(" ", "")) == raw


def test_hex_below_a_digest_is_told_alone() -> None:
    """What is found is the value's own line, though the line before ends in hex too."""
    value = "ghp_Km75CPnnrQn8elfVwDuNzmAsgZQP2yxAzPaC"
    text = f"sha256:{'0f' * 32}\n{value.encode().hex()}\nok\n"
    (found,) = scan_stream(engine_of({"PW": value}), [text.encode()], "x").findings
    assert (found.form, found.line, found.column, found.end_line) == (("hex",), 2, 1, 2)


@pytest.mark.parametrize(("form", "printed"), CASES)
@FEW
@given(value=VALUES, left=NEIGHBOURS, right=NEIGHBOURS)
def test_value_is_read_among_neighbours(
    form: str, printed: Print, value: str, left: bytes, right: bytes
) -> None:
    """Whatever bytes were printed with a value, it is read out of them."""
    text = printed(left + value.encode() + right).encode()
    assert stands_in(form, text, value.encode())


@given(value=VALUES)
def test_characters_are_read(value: str) -> None:
    """Code points and UTF-16 units, as JavaScript and Python list them, give the text."""
    units = value.encode("utf-16-le")
    pairs = [int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)]
    for numbers in ([ord(sign) for sign in value], pairs):
        text = f"codes {numbers}".encode()
        for start, end in stands_in("decimal", text, value.encode()) or [(0, 0)]:
            assert json.loads(b"[%b]" % text[start:end]) == numbers


@example(value="zürich-😀-1")
@given(value=VALUES)
def test_surrogates_are_joined(value: str) -> None:
    """A character beyond 65535 is two numbers in JavaScript."""
    units = (value + "😀").encode("utf-16-le")
    pairs = [int.from_bytes(units[at : at + 2], "little") for at in range(0, len(units), 2)]
    assert stands_in("decimal", str(pairs).encode(), (value + "😀").encode())


@given(value=VALUES, order=st.sampled_from(["big", "little"]), newline=st.booleans())
def test_integer_is_spelled_and_read(value: str, order: str, newline: bool) -> None:
    """The value as one number is known as it stands, and gives the value back."""
    raw = value.encode()
    number = b"%d" % int.from_bytes(raw + b"\n" * newline, order)  # type: ignore[arg-type]
    alone = FORMS["integer"].alone
    assert alone
    assert number in set(alone(raw))
    if len(number) >= 18:
        at = {(3, 3 + len(number))}
        assert stands_in("integer", b"n: " + number + b",", raw) == at


def test_integers_of_any_length_are_taken() -> None:
    """A number that Python would refuse to convert is left alone, and a long value not spelled."""
    alone = FORMS["integer"].alone
    assert alone
    assert not list(read("integer", b"7" * 100_000))
    assert not list(alone(b"k" * 10_000))
    assert len(list(alone(b"k" * 1_500))) == 4


@pytest.mark.parametrize("form", ["hex", "decimal", "octal", "binary"])
@given(value=VALUES, left=NEIGHBOURS, right=NEIGHBOURS)
def test_spelling_stands_among_neighbours(form: str, value: str, left: bytes, right: bytes) -> None:
    """Some spelling of a value is part of the spelling of more."""
    spell = FORMS[form].spell
    assert spell
    whole = set(spell(left + value.encode() + right))
    assert all(any(one in more for more in whole) for one in spell(value.encode()))


HINTED: dict[str, list[Print]] = {
    "hex": [
        *(listed("02x", between) for between in [" ", ":", "-", ", ", ",", "\n", "\\x"]),
        *(listed("#04x", between) for between in [", ", ",", " "]),
        listed("02X", ":"),
        *(listed("02x", between) for between in [".", ", #", ", (byte) 0x"]),
        *(words(size) for size in (2, 4, 8)),
        words(2, "\n"),
    ],
    "decimal": [
        *(listed("d", between) for between in [",", ", ", " ", "\n", "-", "  "]),
        *(signed(between) for between in [", ", ",", " ", "\n"]),
        lambda data: json.dumps({"data": list(data)}, indent=2),
    ],
    "octal": [
        *(listed("03o", between) for between in [" ", "\\", "\\0", "\n"]),
        *(listed("o", between) for between in [", 0o", "', '0o"]),
    ],
    "binary": [listed(cell, between) for cell in ("08b", "b") for between in [" ", ", ", "\n"]],
}


@pytest.mark.parametrize("form", HINTED)
@given(value=VALUES, left=NEIGHBOURS, right=NEIGHBOURS, data=st.data())
def test_hint_stands_where_a_value_is_printed(
    form: str, value: str, left: bytes, right: bytes, data: st.DataObject
) -> None:
    """A hint to a value is in every common print of it, or that is seen by its shape."""
    raw = value.encode()
    text = data.draw(st.sampled_from(HINTED[form]))(left + raw + right).encode()
    hint = FORMS[form].hint
    assert hint
    assert all(len(one) >= 8 for one in hint(raw))
    assert any(one in text for one in hint(raw)) or list(seen(text))


SINGLE_DIGITS = st.integers(10**28, 10**200)
TEXTS = st.lists(st.one_of(st.integers(-128, -32), st.integers(32, 255)), min_size=32, max_size=200)
LISTS = st.one_of(
    TEXTS,
    TEXTS.map(lambda units: [part for unit in units for part in (unit, 0)]),  # UTF-16
    st.lists(st.integers(0, 1), min_size=64, max_size=200),
)


@given(number=SINGLE_DIGITS, left=NEIGHBOURS, right=NEIGHBOURS)
def test_a_long_number_is_seen(number: int, left: bytes, right: bytes) -> None:
    """Wherever it stands, with all of its digits."""
    text = left + b"%d" % number + right
    assert any(
        one.single and one.start <= len(left) and len(text) - len(right) <= one.end
        for one in seen(text)
    )


@pytest.mark.parametrize("between", [", ", ",", " ", "\n", ",\n    "])
@given(numbers=LISTS, left=NEIGHBOURS, right=NEIGHBOURS)
def test_a_list_is_seen(between: str, numbers: list[int], left: bytes, right: bytes) -> None:
    """Wherever it stands, but for a few numbers at its ends."""
    listed = between.join(map(str, numbers)).encode()
    text = left + b" [" + listed + b"] " + right
    reach = 16
    assert any(
        not one.single
        and one.start <= len(left) + reach
        and len(text) - len(right) - reach <= one.end
        for one in seen(text)
    )


@given(
    numbers=st.lists(st.integers(0, 31), min_size=32, max_size=200),
    between=st.sampled_from([", ", ","]),
)
def test_a_table_of_small_numbers_is_no_text(numbers: list[int], between: str) -> None:
    """Only control characters would have such, and nothing packed has so many of them."""
    assume(not is_binary(b"".join(b"%d" % number for number in numbers)))
    assert not list(seen(between.join(map(str, numbers)).encode()))


@pytest.mark.parametrize(
    "line",
    [
        b"2026-03-01 12:00:00,123 [1/12] npm test 1 2 3",
        b"commit 0123456789abcdef0123456789abcdef01234567",
        b"-" * 80,
        b" " * 200,
        b"inet 192.168.100.100/24 brd 192.168.100.255",
    ],
)
def test_ordinary_lines_are_not_seen(line: bytes) -> None:
    """Dates, digests, rulers, tables and addresses are no lists."""
    assert not list(seen(b"\n".join([line] * 3)))


@pytest.mark.parametrize("magic", MAGIC)
def test_magic_is_what_tools_print(magic: bytes) -> None:
    """Each beginning of packed data is undone by one of the forms that it speaks for."""
    heads = [b"\x1f\x8b", b"\x78\x9c", b"\x78\xda"]
    rows = b"0000000 " + magic + b" " + magic + b"\n0000020 " + magic + b"\n"
    readers = {**FORMS, **DUMPS, **ESCAPES}
    undone = [
        piece.text
        for text in (rows, magic * 3)
        for form in MAGIC[magic]
        if (undo := readers[form].read) is not None
        for piece in undo(text, Budget(1 << 20))
    ]
    assert any(head in one for one in undone for head in heads)


@given(value=VALUES, left=NEIGHBOURS)
def test_bits_are_read_from_either_end(value: str, left: bytes) -> None:
    """Also where each byte is sent with its lowest bit first."""
    raw = value.encode()
    bits = "".join(f"{byte:08b}"[::-1] for byte in left + raw).encode()
    at = 3 + 8 * len(left)
    found = {
        piece.span(start, start + len(raw))
        for piece in read("binary", b"v: " + bits)
        if (start := piece.text.find(raw)) >= 0
    }
    assert (at, at + 8 * len(raw)) in found


@given(st.binary(max_size=400))
def test_any_bytes_are_read(text: bytes) -> None:
    """No text makes a reader fail, and all spans lie in it in order."""
    for form in FORMS:
        for piece in read(form, text):
            start, end = piece.span(0, len(piece.text))
            assert 0 <= start < end <= len(text)


@pytest.mark.parametrize("form", FORMS)
def test_empty_budget_stops(form: str) -> None:
    """A reader gives nothing that it has no budget for."""
    reader = FORMS[form].read
    assert reader
    text = b"104, 117, 110, 116, 101, 114, 50 " * 9 + b"01101000 " * 9 + b"1234567890" * 2
    assert list(reader(text, Budget(10_000)))
    assert not list(reader(text, Budget(3)))


@pytest.mark.parametrize("form", FORMS)
def test_ordinary_text_is_refused(form: str) -> None:
    """Words and short numbers give nothing."""
    text = b"Step 3/12: added 15 packages, and audited 16 in 2s; a dead bee\n" * 50
    assert not list(read(form, text))


@pytest.mark.skipif(not shutil.which("node"), reason="needs node")
def test_node_prints_are_read() -> None:
    """What node prints of a Buffer is read in each of its ways."""
    script = """
    const b = Buffer.from('zürich-hunter2!');
    console.log(b); console.log(JSON.stringify(b)); console.log(new Uint8Array(b));
    console.log(JSON.stringify(new Uint8Array(b))); console.log([...b].map(x => x.toString(2)));
    console.log([...'zürich-hunter2!'].map(c => c.charCodeAt(0)));
    """
    run = subprocess.run(["node", "-e", script], capture_output=True, check=True)
    texts = run.stdout.replace(b"\n}", b"}").split(b"\n")
    assert texts
    value = "zürich-hunter2!".encode()
    assert stands_in("hex", run.stdout, value)
    assert stands_in("binary", run.stdout, value)
    assert len(stands_in("decimal", run.stdout, value)) == 4


@pytest.mark.parametrize("code", ["H", "h", "I", "i"])
@pytest.mark.parametrize("order", ["<", ">"])
@given(value=TOKENS)
def test_words_of_a_list_are_read(code: str, order: str, value: str) -> None:
    """Typed arrays of two and four bytes, with and without sign, of either order."""
    raw = value.encode() * 4
    size = struct.calcsize(code)
    raw = raw[: len(raw) // size * size]
    numbers = list(struct.unpack(f"{order}{len(raw) // size}{code}", raw))
    assert stands_in("decimal", f"words: {numbers}".encode(), raw)


def test_short_values_are_noticed_as_an_integer() -> None:
    """The number of eight bytes is too short to be seen by its length, so its digits are a hint."""
    hint = FORMS["integer"].hint
    assert hint
    number = b"%d" % int.from_bytes(b"k9!Zq2Lw")
    assert any(one in number and len(one) >= 8 for one in hint(b"k9!Zq2Lw"))
    assert not list(hint(b"k9!Zq2Lw0000"))


@pytest.mark.parametrize("data", [b"k9!Zq2Lw", b"k9!Zq2Lw0000x"])
@pytest.mark.parametrize("code", ["H", "I"])
@pytest.mark.parametrize("between", [" ", ", ", "   "])
def test_short_values_are_noticed_as_a_few_words(data: bytes, code: str, between: str) -> None:
    """Four words are too few to be seen by their shape, so two of them are a hint, and are read."""
    hint = FORMS["decimal"].hint
    assert hint
    raw = data[: len(data) // 4 * 4]
    numbers = struct.unpack(f"<{len(raw) // struct.calcsize(code)}{code}", raw)
    text = f"array [{between.join(map(str, numbers))}]".encode()
    assert any(one in text and len(one) >= 8 for one in hint(data))
    assert stands_in("decimal", text, raw)


@pytest.mark.parametrize(
    ("style", "between"),
    [
        ("chr({})", "+"),
        ("Chr({})", " & "),
        ("ChrW({})", " & "),
        ("CHAR({})", "&"),
        ("NCHAR({})", "+"),
        ("CHR({})", " || "),
        ("String.fromCharCode({})", "+"),
        ("unichr({})", " . "),
        ("[char]{}", " + "),
    ],
)
@given(value=VALUES, left=NEIGHBOURS, right=NEIGHBOURS)
def test_codes_in_calls_are_read(
    style: str, between: str, value: str, left: bytes, right: bytes
) -> None:
    """A text put together of the characters of codes, as every language can."""
    data = left + value.encode() + right
    text = between.join(style.format(byte) for byte in data)
    assert stands_in("decimal", f"x = {text};".encode(), value.encode())


@given(value=VALUES.filter(lambda value: len(value.encode()) >= 8))
def test_bytes_as_a_negative_integer_are_read(value: str) -> None:
    """Java takes the highest bit as a sign, as in `new BigInteger(bytes)`."""
    raw = "ü".encode() + value.encode()
    number = int.from_bytes(raw, signed=True)
    assert number < 0
    assert stands_in("integer", f"n: {number}".encode(), raw)


def test_an_integer_that_bc_wraps_is_read() -> None:
    """After 68 digits a backslash ends the line; its span is all of the lines."""
    raw = b"mZ4kQ81vXw2Rt7LpYd3cBn5h" * 3
    digits = str(int.from_bytes(raw))
    text = "\\\n".join(digits[at : at + 68] for at in range(0, len(digits), 68)).encode()
    assert stands_in("integer", b"n: " + text + b"\n", raw) == {(3, 3 + len(text))}
    assert [(one.start, one.end) for one in seen(text)] == [(0, len(text))]


def test_a_list_of_yaml_is_seen() -> None:
    """A hyphen and a blank stand before each number."""
    text = "".join(f"- {byte}\n" for byte in b"mZ4kQ81vXw2Rt7Lp")
    assert [one.single for one in seen(f"k:\n{text}".encode())] == [False]


@pytest.mark.parametrize("order", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("before", [0, 3, 9])
def test_utf16_in_hex_is_noticed_though_it_is_wrapped(order: str, before: int) -> None:
    """As `xxd -p` wraps it at 60 digits, which is in the middle of a token."""
    value = "MTX6T5bC6O3hDpHJanr4VjXiMh"
    digits = ("x" * before + value).encode(order).hex()
    text = "\n".join(digits[at : at + 60] for at in range(0, len(digits), 60))
    report = scan_stream(engine_of({"PW": value}), [f"dump\n{text}\nend\n".encode()], "x")
    assert {one.secret for one in report.findings} == {"PW"}
