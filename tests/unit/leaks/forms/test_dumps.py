"""What the real tools dump is read back, and hinted at, wherever a value stands in it."""

import os
import re
import shutil
import socket
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_secrets.leaks.forms.digits_seen import seen
from ci_secrets.leaks.forms.dumps import FORMS
from ci_secrets.leaks.forms.reading import Budget, Piece
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import TOKENS, VALUES, engine_of

TOOLS = """
xxd | xxd -u | xxd -g1 | xxd -g4 | xxd -g8 | xxd -e | xxd -e -g8 | xxd -b | xxd -c 7 | xxd -c 32
xxd -d | xxd -o 4096 | xxd -g0 | xxd -g16
hexdump | hexdump -C | hexdump -v -C | hexdump -b | hexdump -c | hexdump -d | hexdump -o
hexdump -x
od | od -c | od -b | od -x | od -s | od -v | od -An -tx1z | od -An -x | od -An -tx4 | od -An -c
od -An | od -An -td2 | od -tx4 | od -tx8 | od -td1 | od -td2 | od -td4 | od -td8 | od -tu1
od -tu2 | od -tu4 | od -tu8 | od -to1 | od -to2 | od -to4 | od -to8 | od --endian=big -tx4
od --endian=big -x | od -Ax -tx1z | od -tx1 -tc | od -tc -tx1 | od -tx1 -tx4 | od -w8 -tx1
od -Ad -tu8 | od -An -td8 | od -Ax | od -Ad -c | od -tx2z | od -Ax -c
"""
COMMANDS = [command.strip() for line in TOOLS.strip().splitlines() for command in line.split("|")]
WITH_TEXT = ["xxd", "xxd -g1", "xxd -c 7", "xxd -b", "hexdump -C", "od -An -tx1z", "od -Ax -tx1z"]
FEW = settings(max_examples=8, deadline=None)
"""Each runs a program."""
NEAR = st.binary(max_size=40)
READ = FORMS["dump"].read
HINT = FORMS["dump"].hint


def printed(command: str, data: bytes) -> bytes:
    """What a tool prints of bytes; where CI lacks it, that is an error."""
    tool, *rest = command.split()
    if not shutil.which(tool):
        assert "CI" not in os.environ, f"{tool} is missing"
        pytest.skip(f"needs {tool}")
    return subprocess.run([tool, *rest], input=data, capture_output=True, check=True).stdout


def pieces(text: bytes) -> list[Piece]:
    """All that is read of a text."""
    assert READ
    return list(READ(text, Budget(1 << 30)))


def stands_in(text: bytes, value: bytes) -> set[tuple[int, int]]:
    """Where the value is said to stand in a text."""
    found = set()
    for piece in pieces(text):
        at = piece.text.find(value)
        while at >= 0:
            found.add(piece.span(at, at + len(value)))
            at = piece.text.find(value, at + 1)
    return found


def hinted(text: bytes, value: bytes) -> bool:
    """Whether some hint to some place of a value stands in a text, or that is seen by its shape."""
    assert HINT
    hints = (hint for at in range(len(value) - 7) for hint in HINT(value[at:]))
    return any(hint in text for hint in hints) or any(seen(text))


@pytest.mark.parametrize("command", COMMANDS)
@FEW
@example(value="000012€€ ", left=bytes(20), right=b"")
@given(value=VALUES, left=NEAR, right=NEAR)
def test_value_is_read_from_a_dump(command: str, value: str, left: bytes, right: bytes) -> None:
    """Whatever bytes stand around a value, it is read, and the span lies in the dump.

    As it is looked for, without white space around it: a space in the last cell is none.
    """
    dump = printed(command, left + value.encode() + right)
    text = b"+ dump\n" + dump + b"done\n"
    spans = stands_in(text, value.strip().encode())
    assert spans
    assert all(7 <= start < end <= 7 + len(dump) for start, end in spans)


@pytest.mark.parametrize("command", COMMANDS)
@FEW
@given(value=TOKENS, left=NEAR, right=NEAR)
def test_value_is_hinted_at(command: str, value: str, left: bytes, right: bytes) -> None:
    """Some hint of 8 bytes or more stands in every dump of a value."""
    assert HINT
    assert all(len(hint) >= 8 for hint in HINT(value.encode()))
    assert hinted(printed(command, left + value.encode() + right), value.encode())


@pytest.mark.parametrize("command", ["xxd", "hexdump -C", "od -c"])
@pytest.mark.parametrize("encode", [lambda raw: raw.decode().encode("utf-16-le"), b64encode])
@FEW
@given(value=TOKENS, left=st.text("k=\n", max_size=9))
def test_what_is_encoded_is_hinted_at(
    command: str, encode: Callable[[bytes], bytes], value: str, left: str
) -> None:
    """Some hint to a value stands in a dump of its UTF-16, and of its base64."""
    assert HINT
    dump = printed(command, encode(left.encode() + value.encode()))
    places = (value[at:].encode() for at in range(len(value) - 7))
    assert any(hint in dump for place in places for hint in HINT(place))


@FEW
@given(value=TOKENS, left=NEAR)
def test_names_of_od_are_read(value: str, left: bytes) -> None:
    """`od -a` names control characters; what is ASCII is read from it."""
    dump = printed("od -a", left + value.encode())
    assert stands_in(dump, value.encode())
    assert hinted(dump, value.encode())
    assert stands_in(printed("od -a", b"one two\tthree\n\x1b\x7f"), b"one two\tthree\n\x1b\x7f")


@pytest.mark.parametrize("command", WITH_TEXT)
@FEW
@given(value=TOKENS, left=NEAR, right=NEAR)
def test_text_column_is_read(command: str, value: str, left: bytes, right: bytes) -> None:
    """A value is found in the numbers and beside them, torn over rows as it is."""
    dump = printed(command, left + value.encode() + right)
    text = stands_in(dump, value.encode())
    if at := dump.find(value.encode()) + 1:  # NOTE: in clear, if in one row
        text.add((at - 1, at - 1 + len(value)))
    assert any(dump[end - 1 : end] == value[-1:].encode() for _, end in text)
    assert len(text) >= (1 if command == "od -An -tx1z" else 2)


CELLS: dict[str, Callable[[bytes], bytes]] = {
    "xxd -g1": lambda span: bytes.fromhex(b"".join(span.split()[:8]).decode()),
    "hexdump -C": lambda span: bytes.fromhex(b"".join(span.split()[:8]).decode()),
    "od -tx1": lambda span: bytes.fromhex(span.decode()),
    "od -b": lambda span: bytes(int(cell, 8) for cell in span.split()),
    "od -td1": lambda span: bytes(int(cell) for cell in span.split()),
    "xxd -b -c 16": lambda span: bytes(int(cell, 2) for cell in span.split()[:8]),
    "od -c": lambda span: span.replace(b" ", b""),
}


@pytest.mark.parametrize("command", CELLS)
@FEW
@given(value=TOKENS.map(lambda text: text[:8].encode()), before=st.integers(0, 8))
def test_span_holds_the_cells_of_the_value(command: str, value: bytes, before: int) -> None:
    """The span goes from the first cell of a value to its last, and over the text beside it."""
    dump = printed(command, b"?" * before + value + b"?" * 20)
    spans = [dump[start:end] for start, end in stands_in(dump, value)]
    assert value in [CELLS[command](span) for span in spans if span != value]


def of_16(row: str, show: Callable[[bytes], str]) -> Callable[[bytes], str]:
    """Prints rows of 16 bytes by a pattern of the offset, the numbers and the text."""
    return lambda data: "".join(
        row.format(
            at=at,
            numbers=show(data[at : at + 16]),
            text="".join(chr(one) if 32 <= one < 127 else "." for one in data[at : at + 16]),
        )
        + "\n"
        for at in range(0, len(data), 16)
    )


LEFT_IN_SIGHT: dict[str, Callable[[bytes], str]] = {
    "hexdump -C": of_16("{at:08x}  {numbers:49} |{text}|", lambda row: row.hex(" ")),
    "xxd -e -g8": of_16(
        "{at:08x}: {numbers:36} {text}",
        lambda row: " ".join(row[at : at + 8][::-1].hex() for at in range(0, len(row), 8)),
    ),
    "Format-Hex": of_16("{at:08X}   {numbers:47}  {text}", lambda row: row.hex(" ").upper()),
    "Wireshark": of_16("{at:04x}   {numbers:48}   {text}", lambda row: row.hex(" ")),
    "lldb": of_16("0x7ffee{at:07x}: {numbers:47}  {text}", lambda row: row.hex(" ")),
    "WinDbg": of_16(
        "00007ff6`1a2b{at:04x}  {numbers:47}  {text}",
        lambda row: "-".join(filter(None, (row[:8].hex(" "), row[8:].hex(" ")))),
    ),
}


@pytest.mark.parametrize("name", LEFT_IN_SIGHT)
@pytest.mark.parametrize("before", [0, 3, 13])
def test_no_excerpt_shows_the_text_beside_the_last_row(name: str, before: int) -> None:
    """There the end of the value stands in clear."""
    value = "ghp_Km75CPnnrQn8elfVwDuNzmAsgZQP2yxAzPaC"
    text = LEFT_IN_SIGHT[name](b"?" * before + value.encode())
    findings = scan_stream(
        engine_of({"PW": value}), [f"build\n{text}made\n".encode()], "x"
    ).findings
    assert findings
    pieces = {value[at : at + 4] for at in range(len(value) - 3)}
    assert not any(piece in one.excerpt for one in findings for piece in pieces)


@pytest.mark.parametrize("command", ["od -x", "hexdump", "xxd -a", "hexdump -C", "od -tx8"])
def test_repeated_rows_are_filled_in(command: str) -> None:
    """What `*` stands for is there again, and what follows it is read."""
    dump = printed(command, b"0123456789abcdef" * 4 + bytes(64) + b"made-up-value-1")
    assert b"\n*\n" in dump
    assert stands_in(dump, b"made-up-value-1")
    if not command.startswith("xxd"):
        assert stands_in(dump, b"89abcdef0123456789abcdef0123")


def test_cut_ends_of_rows_are_spaces() -> None:
    """Where blanks at the ends of rows were taken away, the characters there are spaces."""
    dump = printed("od -c", b"one two three            four five six")
    cut = re.sub(rb" +\n", b"\n", dump)
    assert cut != dump
    assert stands_in(cut, b"three            four")


def rows(form: str, between: str, text: str) -> Callable[[bytes], str]:
    """Prints rows of 16 bytes: offset, cells, text column."""

    def dumped(data: bytes) -> str:
        lines = []
        for at in range(0, len(data), 16):
            row = data[at : at + 16]
            signs = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
            cells = between.join(
                [row[:8].hex(" "), row[8:].hex(" ")] if between != " " else [row.hex(" ")]
            )
            lines.append(form.format(at=at) + cells.ljust(48) + text.format(signs))
        return "\n".join(lines)

    return dumped


def pairs(data: bytes) -> str:
    """As `tcpdump -X` has it."""
    lines = []
    for at in range(0, len(data), 16):
        row = data[at : at + 16]
        words = " ".join(row[two : two + 2].hex() for two in range(0, len(row), 2))
        signs = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
        lines.append(f"\t0x{at:04x}:  {words:40} {signs}")
    return "\n".join(lines)


OTHERS = {
    "curl": rows("{at:04x}: ", " ", "{}"),
    "wireshark": rows("{at:04x}  ", " ", "   {}"),
    "powershell": rows("{at:016X} ", " ", "{}"),
    "openssl": rows("    {at:04x} - ", "-", "  {}"),
    "go": rows("{at:08x}  ", "  ", "  |{}|"),
    "tcpdump": pairs,
}


@pytest.mark.parametrize("tool", OTHERS)
@given(value=TOKENS, left=NEAR, right=NEAR)
def test_other_layouts_are_read(tool: str, value: str, left: bytes, right: bytes) -> None:
    """Rows of curl, Wireshark, PowerShell, OpenSSL, Go and tcpdump are read in both columns."""
    dump = OTHERS[tool](left + value.encode() + right).encode()
    places = stands_in(dump, value.encode())
    if at := dump.find(value.encode()) + 1:  # NOTE: in clear, if in one row
        places.add((at - 1, at - 1 + len(value)))
    assert len(places) >= 2
    assert hinted(dump, value.encode())


def test_openssl_dump_is_read() -> None:
    """The dump of a DER string by openssl gives its bytes."""
    value = b"made-up+value/0123456789="
    dump = printed("openssl asn1parse -inform DER -dump", bytes([4, len(value) + 1, 1]) + value)
    assert stands_in(dump, value)


@pytest.mark.parametrize("option", ["--trace", "--trace-ascii"])
def test_trace_of_curl_is_read(option: str) -> None:
    """A header that curl's traces tear over rows is whole again."""
    value = "".join(f"part{number:03}" for number in range(30))
    with socket.create_server(("127.0.0.1", 0)) as server:
        answering = threading.Thread(target=answer, args=[server])
        answering.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        trace = printed(f"curl -s --noproxy * {option} - -H X-T:{value} {url}", b"")
        answering.join()
    assert value.encode() not in trace
    assert stands_in(trace, value.encode())


def answer(server: socket.socket) -> None:
    """Answer one request with nothing."""
    connection, _ = server.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")


@given(
    st.binary(max_size=300)
    | st.text("0123456789abcdefx-:|>< \t\n*\\", max_size=300).map(str.encode)
)
def test_any_bytes_are_read(text: bytes) -> None:
    """No text makes the reader fail, and all spans lie in it in order."""
    for piece in pieces(text):
        start, end = piece.span(0, len(piece.text))
        assert 0 <= start <= end <= len(text)


def test_empty_budget_stops() -> None:
    """The reader gives nothing that it has no budget for."""
    assert READ
    dump = printed("od -x", b"0123456789abcdef" * 4)
    assert list(READ(dump, Budget(1000)))
    assert not list(READ(dump, Budget(3)))


def test_ordinary_text_is_refused() -> None:
    """Times, words and indented lines give nothing."""
    text = (
        b"12:04:55 Step 3/12: added 15 packages\n    at foo (x.js:12:9)\n  - a: 1\n\n# two\n" * 50
    )
    assert not pieces(text)


@pytest.mark.parametrize("command", ["xxd", "hexdump -C", "od", "od -c", "od -An -tx4", "od -td2"])
def test_line_breaks_may_be_those_of_windows(command: str) -> None:
    """Rows that end with CR and LF, and the last without either, are read the same."""
    dump = printed(command, b"made-up-value-1, made-up-value-2 and more")
    assert stands_in(dump.replace(b"\n", b"\r\n").strip(b"\r\n"), b"made-up-value-2 and")


def test_characters_of_several_bytes_are_read() -> None:
    """BSD's `od -c` prints them whole, and `**` where their other bytes would be."""
    dump = "0000000    z   ü  **   r   i   c   h   /   €  **  **   7\n0000014\n".encode()
    at = dump.index(b"z")
    assert stands_in(dump, "zürich/€7".encode()) == {(at - 3, dump.index(b"7\n") + 1)}
