"""Base64 is found at any alignment, however it is wrapped, and its place is told exactly."""

import base64
import json
import textwrap
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.base64 import FORMS
from ci_secrets.leaks.forms.reading import Budget, Piece
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import NEIGHBOURS, VALUES, engine_of

ENCODERS = {"base64": base64.b64encode, "base64url": base64.urlsafe_b64encode}
VALUE = b"Tr0ub4dor&3-\xc3\xa9t\xc3\xa9?>7fGh2kLm9"


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


def in_characters(encode: object, left: bytes, value: bytes) -> tuple[int, int]:
    """Which characters of an encoding hold bits of the value."""
    assert callable(encode)
    return len(left) * 8 // 6, -(-(len(left) + len(value)) * 8 // 6)


def test_padding_ends_what_is_found() -> None:
    """The next line may begin with the letter that base64 of a line break would have there."""
    value = "ghp_Km75CPnnrQn8elfVwDuNzmAsgZQP2yxAzPaC"
    line = base64.b64encode(value.encode()).decode()
    text = f"x\n{line}\nok  \tgithub.com/acme/shop\n"
    (found,) = scan_stream(engine_of({"PW": value}), [text.encode()], "x").findings
    assert (found.line, found.column, found.end_line) == (2, 1, 2)
    assert found.excerpt == "***"


@pytest.mark.parametrize("form", FORMS)
@given(value=VALUES, before=NEIGHBOURS, after=NEIGHBOURS)
def test_fragments_hold_with_any_neighbours(
    form: str, value: str, before: bytes, after: bytes
) -> None:
    """Whatever stands around a value, one fragment of its encoding is in the encoding of all."""
    text = ENCODERS[form](before + value.encode() + after)
    spell = FORMS[form].spell
    assert spell
    assert any(fragment in text for fragment in spell(value.encode()))


@pytest.mark.parametrize("form", FORMS)
@given(value=VALUES)
def test_text_alone_is_spelled_whole(form: str, value: str) -> None:
    """What `base64` prints for a value, with and without its newline, is spelled to the end."""
    alone = FORMS[form].alone
    assert alone
    spelled = set(alone(value.encode()))
    for text in (value.encode(), value.encode() + b"\n"):
        assert ENCODERS[form](text) in spelled


@given(
    value=VALUES,
    left=NEIGHBOURS,
    right=NEIGHBOURS,
    prefix=st.text("abcXYZ019+/= \n", max_size=11),
    suffix=st.text("abcXYZ019+/= \n", max_size=11),
)
def test_value_is_read_with_its_place(
    value: str, left: bytes, right: bytes, prefix: str, suffix: str
) -> None:
    """With any neighbours within and without, the span is the characters that hold the value."""
    raw = value.encode()
    encoded = base64.b64encode(left + raw + right)
    start, end = in_characters(base64.b64encode, left, raw)
    text = prefix.encode() + b"k3yA" + encoded + suffix.encode()
    assert encoded[start:end] in places("base64", text, raw)


@given(left=NEIGHBOURS, right=NEIGHBOURS)
def test_url_safe_value_is_read_with_its_place(left: bytes, right: bytes) -> None:
    """`-` and `_` are read; what has neither is left to the standard alphabet."""
    encoded = base64.urlsafe_b64encode(left + VALUE + b"\xff\xfe\xfd" + right)
    start, end = in_characters(base64.urlsafe_b64encode, left, VALUE)
    text = b"token=" + encoded + b"&x=1"
    assert encoded[start:end] in places("base64url", text, VALUE)
    assert read("base64url", base64.b64encode(b"only letters and digits")) == []


@pytest.mark.parametrize("width", [4, 5, 19, 44, 64, 75, 76, 77, 200])
@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\n    ", "\\n", "\\\\n", "\\r\\n", "=\n", '" +\n  "', "\\\n"]
)
def test_lines_are_joined(width: int, end: str) -> None:
    """Wrapped at any width, with indentation, as a literal, in JSON, soft breaks, shell lines."""
    raw = bytes(range(256)) + VALUE + bytes(range(255, 90, -1))
    encoded = base64.b64encode(raw).decode()
    text = "data: " + end.join(textwrap.wrap(encoded, width)) + end + "next line"
    (place,) = places("base64", text.encode(), VALUE)
    start, stop = in_characters(base64.b64encode, bytes(256), VALUE)
    assert place.decode().replace(end, "") == encoded[start:stop]


@pytest.mark.parametrize("separator", [" ", ",", "  ", ":", "; "])
def test_groups_are_joined(separator: str) -> None:
    """Four characters and a separator, over and over."""
    encoded = base64.b64encode(b"\x00\xff" + VALUE + b"\xfe").decode()
    assert places("base64", separator.join(textwrap.wrap(encoded, 4)).encode(), VALUE)


@pytest.mark.parametrize(
    "around",
    ["key={}", '"{}",', "word {}", "word\n{}", "data:text/plain;base64,{}", "a/b/{}", "{} {}"],
)
def test_usual_surroundings_do_not_matter(around: str) -> None:
    """A word, a key, a data URL, a path or another text in base64 before it."""
    text = around.replace("{}", base64.b64encode(VALUE).decode())
    assert places("base64", text.encode(), VALUE)


def test_each_part_of_a_jwt_is_read() -> None:
    """The parts are joined by dots and have no padding; each is at an alignment of its own."""
    claims = {"sub": "deploy", "key": "Tr0ub4dor&3>?~~~"}
    parts = [json.dumps(part).encode() for part in ({"alg": "RS256", "kid": "k?>~"}, claims)]
    parts.append(bytes(range(180, 256)))
    token = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in parts)
    texts = [piece.text for piece in read("base64url", b"Bearer " + token + b"\n")]
    for part in parts:
        assert any(part in text for text in texts)


def test_base64_in_wrapped_base64_is_read_twice() -> None:
    """The text of a piece is read like any other, wraps and all."""
    inner = base64.encodebytes(b"some text before, " * 5 + VALUE)
    outer = base64.encodebytes(b"x" + inner)
    texts = [deep.text for piece in read("base64", outer) for deep in read("base64", piece.text)]
    assert any(VALUE in text for text in texts)


@pytest.mark.parametrize("before", ["", "word ", "word\n", "some/path+", "cut5hort" * 9 + "\n"])
@pytest.mark.parametrize("width", [64, 76, 4000])
def test_long_text_is_also_decoded_from_its_first_character(before: str, width: int) -> None:
    """What has no magic, as raw deflate, is found by its start: that of a line of its own width."""
    packed = zlib.compress(" ".join(map(str, range(300))).encode())[2:-4]
    lines = textwrap.wrap(base64.b64encode(packed).decode(), width)
    text = f"{before}{chr(10).join(lines)}\nand more of the log"
    if before.endswith("+"):
        text = text.replace("+", ":", 1)
    assert any(piece.text.startswith(packed[:-3]) for piece in read("base64", text.encode()))


def test_second_of_two_shorter_texts_is_decoded_from_its_first_character() -> None:
    """A shorter line may end one text or be the next."""
    texts = [bytes(range(size)) for size in (250, 200, 150)]
    log = b"\n".join(map(base64.b64encode, texts))
    pieces = [piece.text for piece in read("base64", log)]
    for text in texts:
        assert any(piece.startswith(text) for piece in pieces)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "text", [b"", b"a", b"ordinary words of some log", bytes(range(128, 256)), b"a" * 5000]
)
def test_what_is_not_base64_is_refused(form: str, text: bytes) -> None:
    """Words, one letter and binary noise give nothing to look at."""
    assert read(form, text) == []


@pytest.mark.parametrize("form", FORMS)
@given(text=st.binary(max_size=200), head=st.sampled_from([b"", b"aB3_-+/9kLmN", b"\\n\\\\r"]))
def test_any_bytes_are_read(form: str, text: bytes, head: bytes) -> None:
    """Nothing raises, and each span of each piece lies within the text."""
    whole = head + text + head
    for piece in read(form, whole):
        start, end = piece.span(0, len(piece.text))
        assert 0 <= start < end <= len(whole)


@pytest.mark.parametrize(
    "text", [b"aB3" * 40_000, (b"aB3+" * 19 + b"\n") * 900, b"aB3k Lm9+\n" * 900]
)
def test_what_is_decoded_is_no_more_than_some_times_the_text(text: bytes) -> None:
    """The pieces of hostile texts stay few, and a budget ends them."""
    pieces = read("base64", text)
    assert len(pieces) <= 8
    assert sum(len(piece.text) for piece in pieces) <= 5 * len(text)
    assert len(read("base64", text, budget=len(text))) <= 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    "unit", [b"\\", b" ", b"\n", b"=", b'"', b'" ', b'"+', b"A\n", b"\\r", b"- "]
)
def test_hostile_texts_are_read_to_their_end(form: str, unit: bytes) -> None:
    """One mark over and over takes no more than its share of time: a square of it would not end."""
    assert len(read(form, unit * 400_000)) <= 8


def test_standard_paragraphs_are_not_read_as_url_safe() -> None:
    """A certificate below a name with a dash is read once."""
    lines = textwrap.wrap(base64.b64encode(bytes(range(256))).decode(), 64)
    text = "\n".join(("aB3-dE5_fG7hI9", "", *lines, "")).encode()
    assert len(read("base64url", text)) == 4
    assert len(read("base64", text)) == 5
