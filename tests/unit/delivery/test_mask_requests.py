"""Requests to mask are heard in any chunking; every other byte is the inner filter's."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.delivery.mask_requests import MAX_LINE_BYTES, MaskRequests
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.redact import Redactor
from ci_secrets.secret import Secret

OURS = b"made-up-value"


class Plain:
    """An inner filter that changes nothing and counts."""

    def __init__(self) -> None:
        self.finished = 0

    def feed(self, chunk: bytes) -> bytes:
        return chunk

    def idle(self) -> bytes:
        """Nothing is held for a pause."""
        return b""

    def finish(self) -> bytes:
        self.finished += 1
        return b""


def parse(line: bytes) -> bytes | None:
    """What a platform does: the value of a request."""
    head, found, value = line.lstrip().partition(b"::add-mask::")
    if not found or head:
        _, found, value = line.partition(b"##[add-mask]")
    return value if found else None


class Stream:
    """A stream through `MaskRequests` around a plain filter."""

    def __init__(self) -> None:
        self.asked: list[bytes] = []
        self.filter = MaskRequests(Plain(), parse, lambda value: OURS in value, self.asked.append)

    def run(self, chunks: Iterable[bytes]) -> bytes:
        out = b"".join(self.filter.feed(chunk) for chunk in chunks)
        return out + self.filter.finish()


PIECES = st.sampled_from(
    [
        *(b"::add-mask::", b"::add-mask", b"::", b":", b"v1", OURS, b" ", b"\t"),
        *(b"\n", b"\r", b"\r\n", b"##[group]x", b"section_start:1:a\r\x1b[0K"),
        *(b"##[add-mask]", b"##[ADD-mask", b"##[add-mask]v2\n", b"##", b"#", b"[", b"add-mask"),
        *(b"::group::a\n", b"::ADD-MASK::x\n", b"\xff"),
    ]
)


@given(st.lists(PIECES, max_size=30), st.data())
def test_chunking_changes_nothing(pieces: list[bytes], data: st.DataObject) -> None:
    """Byte by byte, at random borders or in one piece: same output, same requests."""
    text = b"".join(pieces)
    whole, split, single = Stream(), Stream(), Stream()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    borders = [0, *cuts, len(text)]
    expected = whole.run([text])
    chunks = [text[a:b] for a, b in pairwise(borders)]
    assert split.run(chunks) == expected
    assert single.run(text[n : n + 1] for n in range(len(text))) == expected
    assert split.asked == single.asked == whole.asked


@given(st.lists(PIECES.filter(lambda piece: piece != OURS), max_size=30))
def test_nothing_is_lost(pieces: list[bytes]) -> None:
    """Where no request holds a value of ours, all bytes pass as they are."""
    assert Stream().run(pieces) == b"".join(pieces)


def test_requests() -> None:
    """At the start of a line, after white space or a carriage return, and in the last line."""
    stream = Stream()
    text = b"a\n::add-mask::v1\n \t::add-mask::v2\r\nx\r::add-mask::v3\nno ::add-mask::v4\n"
    assert stream.run([text, b"::add-mask::v5"]) == text + b"::add-mask::v5"
    assert stream.asked == [b"v1", b"v2", b"v3", b"v5"]


def test_ours_is_dropped() -> None:
    """A request that holds one of our values goes away with its line, and asks for nothing."""
    stream = Stream()
    assert stream.run([b"a\n::add-mask::x" + OURS + b"y\nb\n"]) == b"a\nb\n"
    assert stream.asked == []


def test_requests_in_the_old_spelling() -> None:
    """Anywhere in a line, as the runner reads them."""
    stream = Stream()
    text = b"##[add-mask]v1\nsome text ##[add-mask]v2\r\n##[group]x\n###[add-mask]v3\n[add-mask]v4"
    assert stream.run([text]) == text
    assert stream.asked == [b"v1", b"v2", b"v3"]


def test_ours_is_dropped_in_the_old_spelling_too() -> None:
    """The request goes; what stood before it in its line stays, on a line of its own."""
    stream = Stream()
    text = b"##[add-mask]%s\nsome text ##[add-mask]%s\nb\n" % (OURS, OURS)
    assert stream.run([text]) == b"some text \nb\n"
    assert stream.asked == []


def test_the_end_of_a_line_waits_only_while_it_may_be_a_request() -> None:
    """Of a bar of `#` two are held back at most; and a request until its line ends."""
    stream = Stream().filter
    assert stream.feed(b"a #####") == b"a ###"
    assert stream.feed(b" b##[add-mas") == b"## b"
    assert stream.feed(b"S") == b"##[add-masS"
    assert stream.feed(b" ##[add-mask]v") == b" "
    assert stream.feed(b"\n") == b"##[add-mask]v\n"


def test_nothing_else_waits() -> None:
    """Only the beginning of a line that may still be a request is held back."""
    stream = Stream().filter
    assert stream.feed(b"name? ") == b"name? "
    assert stream.feed(b"::add-mask::") == b"::add-mask::"
    assert stream.feed(b"\n  ::ad") == b"\n"
    assert stream.feed(b"x") == b"  ::adx"
    assert stream.feed(b"\n::add-mask::v") == b"\n"
    assert stream.feed(b"\n") == b"::add-mask::v\n"


@pytest.mark.parametrize("command", [b"::add-mask::", b"##[add-mask]"])
@pytest.mark.parametrize("chunk", [1000, 100_000, 10_000_000])
def test_endless_line_is_no_request(chunk: int, command: bytes) -> None:
    """A line of more than 128 KiB is not held back, in whatever pieces it comes."""
    text = command + b"x" * MAX_LINE_BYTES + b"\n"
    stream = Stream()
    assert stream.run(text[n : n + chunk] for n in range(0, len(text), chunk)) == text
    assert stream.asked == []


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_with_the_redactor(size: int) -> None:
    """The line passes whole, and from then on the value is redacted, on every later line."""
    redactor = Redactor(build({"KEY": Secret(OURS)}))

    def add(value: bytes) -> None:
        redactor.add({"asked": Secret(value)})

    stream = MaskRequests(redactor, parse, lambda value: OURS in value, add)
    asked = b"another-made-up"
    text = b"%s\n::add-mask::%s\n%s made-up\n::add-mask::%s\n%s\nmade-up" % (
        *(OURS, asked, asked, OURS),
        OURS,
    )
    out = b"".join(stream.feed(text[n : n + size]) for n in range(0, len(text), size))
    out += stream.finish()
    assert out == b"***\n::add-mask::%s\n*** made-up\n***\nmade-up" % asked


def test_line_that_ends_like_the_beginning_of_a_value() -> None:
    """What the inner filter would hold back leaves with its line, before the value is known."""
    redactor = Redactor(build({"KEY": Secret(b"tail\nmore-made-up")}))

    def add(value: bytes) -> None:
        redactor.add({"asked": Secret(value)})

    stream = MaskRequests(redactor, parse, lambda _: False, add)
    line = b"::add-mask::another-tail\n"
    assert stream.feed(line) == line
    assert stream.feed(b"another-tail.\n") + stream.idle() == b"***"  # `.\nmore…` may follow
    assert stream.finish() == b".\n"
