"""The other alphabets in which bytes are printed: base32, base58, the 85s, uuencode."""

import base64
import binascii
import shutil
import subprocess
import textwrap
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms import base85, radix, uuencode
from ci_secrets.leaks.forms.reading import Budget, Piece
from tests.unit.leaks.strategies import NEIGHBOURS, VALUES

FORMS = {**radix.FORMS, **base85.FORMS, **uuencode.FORMS}
VALUE = b"Tr0ub4dor&3-\xc3\xa9t\xc3\xa9?>7fGh2kLm9"
_Z85 = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#"
_B85 = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"
_B58 = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def z85(text: bytes) -> bytes:
    """Z85 has the numbers of base85, in characters of its own."""
    return base64.b85encode(text).translate(bytes.maketrans(_B85, _Z85))


def uu(text: bytes) -> bytes:
    """All lines, with the zero that perl and sharutils write."""
    rows = [text[at : at + 45] for at in range(0, len(text), 45)]
    return b"".join(binascii.b2a_uu(row, backtick=True) for row in rows)


ALIGNED: dict[str, Callable[[bytes], bytes]] = {
    "base32": base64.b32encode,
    "base32hex": base64.b32hexencode,
    "ascii85": base64.a85encode,
    "base85": base64.b85encode,
    "z85": z85,
}


def read(form: str, text: bytes, budget: int = 1 << 24) -> list[Piece]:
    """All pieces of a text."""
    reader = FORMS[form].read
    assert reader
    return list(reader(text, Budget(budget)))


def places(form: str, text: bytes, value: bytes) -> set[bytes]:
    """The parts of the text that hold the value, by all pieces that have it in them."""
    found = set()
    for piece in read(form, text):
        at = piece.text.find(value)
        if at >= 0:
            start, end = piece.span(at, at + len(value))
            found.add(text[start:end])
    return found


def around(form: str, left: bytes, value: bytes, encoded: bytes) -> bytes:
    """The characters of an encoding that hold the value."""
    start, end = len(left), len(left) + len(value)
    if form.startswith("base32"):
        return encoded[start * 8 // 5 : -(-end * 8 // 5)]
    return encoded[start // 4 * 5 : -(-end // 4) * 5]


@pytest.mark.parametrize("form", ["base32", "base32hex"])
def test_many_short_runs_are_few_pieces(form: str) -> None:
    """Names in capitals cost little, and a value among them is found where it stands."""
    names = [b"GL_UNSIGNED%02dINTERNALFORMAT%02d" % (at, at) for at in range(30, 80)]
    encoded = ALIGNED[form](VALUE)
    text = b"\n\n".join((*names, encoded, *names))
    assert len(read(form, text)) <= 16
    assert places(form, text, VALUE) == {encoded.rstrip(b"=")}


@pytest.mark.parametrize("form", ["base32", "base32hex"])
def test_noughts_are_no_base32(form: str) -> None:
    """A binary printed in base64 has many rows of them."""
    assert read(form, b"A" * 1000) == []


@pytest.mark.parametrize("form", ALIGNED)
@given(value=VALUES, before=NEIGHBOURS, after=NEIGHBOURS)
def test_fragments_hold_with_any_neighbours(
    form: str, value: str, before: bytes, after: bytes
) -> None:
    """Whatever stands around a value, one fragment of its encoding is in the encoding of all."""
    text = ALIGNED[form](before + value.encode() + after)
    spell = FORMS[form].spell
    assert spell
    fragments = list(spell(value.encode()))
    assert any(fragment in text for fragment in fragments)
    assert all(len(fragment) >= len(value.encode()) // 4 * 5 - 5 for fragment in fragments)


@pytest.mark.parametrize("form", ["base32", "base32hex"])
@given(raw=st.binary(max_size=100))
def test_base32_is_that_of_python(form: str, raw: bytes) -> None:
    """Our own encoder is quicker, and no other: for any bytes, with all padding."""
    alone = FORMS[form].alone
    assert alone
    assert next(alone(raw)) == ALIGNED[form](raw)


@pytest.mark.parametrize("form", ["base32", "base32hex"])
@given(value=VALUES)
def test_base32_is_spelled_in_lower_case_and_without_padding(form: str, value: str) -> None:
    """Addresses of hidden services and DNS names are written so."""
    alone = FORMS[form].alone
    assert alone
    encoded = ALIGNED[form](value.encode() + b"\n").lower()
    assert {encoded, encoded.rstrip(b"=")} <= set(alone(value.encode()))


@pytest.mark.parametrize("form", ["ascii85", "base85"])
@given(value=VALUES)
def test_85_alone_is_spelled_whole(form: str, value: str) -> None:
    """With its last group, which has less than five characters."""
    alone = FORMS[form].alone
    assert alone
    spelled = set(alone(value.encode()))
    assert {ALIGNED[form](value.encode()), ALIGNED[form](value.encode() + b"\n")} == spelled


def test_z85_alone_is_spelled_where_it_can_be_written() -> None:
    """Only whole groups have a spelling; the example is that of the ZeroMQ RFC."""
    alone = FORMS["z85"].alone
    assert alone
    assert list(alone(bytes.fromhex("864FD26FB559F75B"))) == [b"HelloWorld"]
    assert list(alone(b"12345")) == []


@pytest.mark.parametrize("form", ALIGNED)
@given(left=NEIGHBOURS, right=NEIGHBOURS, prefix=st.text("ABC23", max_size=9))
def test_value_is_read_with_its_place(form: str, left: bytes, right: bytes, prefix: str) -> None:
    """With neighbours in the encoding, and before it in the same alphabet."""
    encoded = ALIGNED[form](left + VALUE + right)
    text = b"key is " + prefix.encode() + encoded + b"\n"
    expected = around(form, left, VALUE, encoded)
    if form == "ascii85" and b"z" in encoded:
        assert places(form, text, VALUE)
    else:
        assert expected in places(form, text, VALUE)


@pytest.mark.parametrize("case", [bytes.upper, bytes.lower])
@pytest.mark.parametrize("form", ["base32", "base32hex"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n  "])
def test_lines_of_base32_are_joined(form: str, end: str, case: Callable[[bytes], bytes]) -> None:
    """In either case, wrapped as `base32` prints it, with its padding."""
    encoded = ALIGNED[form](bytes(range(100)) + VALUE + b"abcd")
    text = end.join(textwrap.wrap(case(encoded).decode(), 76)).encode()
    (place,) = places(form, b"file:\n" + text + b"\nend", VALUE)
    expected = case(around(form, bytes(100), VALUE, encoded))
    assert place.replace(end.encode(), b"") == expected


@pytest.mark.parametrize("form", ["ascii85", "base85", "z85"])
def test_lines_of_85_are_joined(form: str) -> None:
    """Wrapped as Ascii85 is in PDF and PostScript files, with a frame."""
    encoded = ALIGNED[form](bytes(range(1, 100)) + VALUE + b"abcd").decode()
    lines = [encoded[at : at + 72] for at in range(0, len(encoded), 72)]
    text = "<~" + "\n".join(lines) + "~>\n"
    (place,) = places(form, text.encode(), VALUE)
    assert place.replace(b"\n", b"") == around(form, bytes(99), VALUE, encoded.encode())


def test_zeros_of_ascii85_are_unfolded() -> None:
    """`z` stands for four NULs, and what is behind it keeps its place."""
    encoded = base64.a85encode(VALUE[:8] + bytes(8) + VALUE[8:])
    assert encoded.count(b"z") == 2
    (place,) = places("ascii85", b"x: " + encoded, VALUE[:8] + bytes(8) + VALUE[8:])
    assert place == encoded


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_binary_file_in_a_patch_is_read(tmp_path: Path) -> None:
    """What `git diff --binary` prints is packed data with a length before each line."""
    content = bytes(range(256)) * 3 + VALUE + bytes(range(255, 0, -1))
    (tmp_path / "old").write_bytes(b"\x00")
    (tmp_path / "new").write_bytes(content)
    command = ["git", "diff", "--no-index", "--binary", "old", "new"]
    patch = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout
    assert b"GIT binary patch" in patch
    packed = read("base85", patch)[0]
    assert zlib.decompress(packed.text) == content
    assert base64.b85decode(patch[slice(*packed.span(0, 8))]) == packed.text[:8]
    assert base64.b85decode(patch[slice(*packed.span(52, 60))]) == packed.text[52:60]


def test_base58_is_that_of_bitcoin() -> None:
    """Source: draft-msporny-base58, test vectors."""
    spell = FORMS["base58"].spell
    assert spell
    hello = b"Hello World!"
    assert next(spell(hello)) == b"2NEpo7TZRRrLZSi2U"
    assert next(spell(bytes.fromhex("0000287fb4cd"))) == b"11233QC4"
    (piece,) = read("base58", b"id=2NEpo7TZRRrLZSi2U;")
    assert piece.text == hello
    assert piece.span(2, 5) == (3, 20)


def test_base58_of_a_bundle() -> None:
    """What is spelled by halves is the same number, digit by digit, also of 60 KB."""
    spell = FORMS["base58"].spell
    assert spell
    for size in (*range(40, 100), 60_000):
        text = b"\0" + bytes(at % 255 + 1 for at in range(size))
        spelled = next(spell(text))
        assert spelled.startswith(b"1")
        number = int.from_bytes(text, "big")
        for digit in reversed(spelled[-200:]):
            assert digit == _B58[number % 58]
            number //= 58


@given(value=VALUES, newline=st.sampled_from([b"", b"\n"]))
def test_base58_is_read_as_it_is_spelled(value: str, newline: bytes) -> None:
    """The reader undoes both spellings of a text that has neighbours of its own."""
    spell = FORMS["base58"].spell
    assert spell
    raw = b'{"key": "' + value.encode() + b'"}'
    encoded = list(spell(raw))[len(newline)]
    assert [piece.text for piece in read("base58", b"'" + encoded + b"'")] == [raw + newline]


@given(value=VALUES, before=NEIGHBOURS, after=NEIGHBOURS)
def test_uuencode_is_spelled_within_a_line(value: str, before: bytes, after: bytes) -> None:
    """At each alignment, with either zero; what goes over a line is left to the reader."""
    spell = FORMS["uuencode"].spell
    assert spell
    raw = value.encode()[: 45 - len(before)]
    for backtick in (True, False):
        lines = binascii.b2a_uu((before + raw + after)[:45], backtick=backtick)
        assert any(fragment in lines for fragment in spell(raw))


@given(value=VALUES)
def test_uuencode_alone_is_spelled_with_all_lines(value: str) -> None:
    """As perl's `pack "u"` and Python's `binascii` write it."""
    alone = FORMS["uuencode"].alone
    assert alone
    raw = value.encode() * 3
    spelled = set(alone(raw))
    assert uu(raw).rstrip(b"\n") in spelled
    assert uu(raw + b"\n").rstrip(b"\n") in spelled


@pytest.mark.parametrize("prefix", ["", "begin 644 key\n", "uu: ", "export X='"])
@pytest.mark.parametrize("suffix", ["", "`\nend\n", "TIME 12:30\n"])
@given(left=st.binary(max_size=100), right=st.binary(max_size=100))
def test_uuencoded_value_is_read_with_its_place(
    prefix: str, suffix: str, left: bytes, right: bytes
) -> None:
    """Over the ends of lines, with the lines around it and words before the first."""
    encoded = uu(left + VALUE + right)
    found = places("uuencode", prefix.encode() + encoded + suffix.encode(), VALUE)
    row, within = divmod(len(left), 45)
    last, stop = divmod(len(left + VALUE) * 8 - 1, 45 * 8)
    start = row * 62 + 1 + within * 8 // 6
    assert encoded[start : last * 62 + 1 + stop // 6 + 1] in found


def test_uuencode_is_noticed_by_its_first_line() -> None:
    """The name of the file is anybody's, its mode is one of a few."""
    hint = FORMS["uuencode"].hint
    assert hint
    assert any(one in b"begin 644 id_rsa\n" for one in hint(VALUE))
    assert all(len(one) >= 8 for one in hint(VALUE))


LOG = b"""2026-01-02T03:04:05.678Z INFO  Downloading https://registry.example.com/pkg/@types/node-18.1.tgz
 => [build 3/7] RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates
src/main/java/org/Example.java:12: warning: [unchecked] unchecked call to add(E) in List<String>
commit 3f786850e387550fdab836ed7e6dc881de23001b (HEAD -> main, tag: v1.2.3)
============================= 12 PASSED, 3 SKIPPED ==============================
"""


@pytest.mark.parametrize("form", FORMS)
def test_ordinary_log_gives_little_to_look_at(form: str) -> None:
    """Nearly every word is in one of these alphabets; few look the part."""
    pieces = read(form, LOG * 20)
    assert sum(len(piece.text) for piece in pieces) <= len(LOG * 20)


@pytest.mark.parametrize("form", FORMS)
@given(
    text=st.binary(max_size=200), head=st.sampled_from([b"", b"M" * 61, b"aB#3$" * 5, b"AZ" * 9])
)
def test_any_bytes_are_read(form: str, text: bytes, head: bytes) -> None:
    """Nothing raises, and each span of each piece lies within the text."""
    whole = head + b"\n" + head + text + head
    for piece in read(form, whole):
        if piece.text:
            start, end = piece.span(0, len(piece.text))
            assert 0 <= start < end <= len(whole)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text",
    [b"a" * 300_000, b"s8W-!" * 50_000, b"AG2" * 50_000, (b"M" + b"a1B#" * 15 + b"\n") * 900],
)
def test_what_is_decoded_is_no_more_than_some_times_the_text(form: str, text: bytes) -> None:
    """The pieces of hostile texts are bounded, and a budget ends them."""
    assert sum(len(piece.text) for piece in read(form, text)) <= 6 * len(text)
    assert sum(len(piece.text) for piece in read(form, text, budget=1000)) <= 1000
