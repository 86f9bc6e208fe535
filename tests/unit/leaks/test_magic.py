"""Whether packed data begin where something looks so."""

import base64
import bz2
import gzip
import lzma
import random
import zlib
from base64 import b85encode
from collections.abc import Callable

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.forms.packed import MAGIC
from ci_secrets.leaks.magic import extent, holds_packed, is_packed
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import cut, engine_of

TEXT = b"a text of some length, as a value and its neighbours are"
RANDOM = random.Random(3)  # noqa: S311


def test_gzip_in_base64_is_told_from_a_digest_that_looks_so() -> None:
    """`H4sI` stands in one of many digests; gzip goes on with a header and packed data."""
    letters = base64.b64encode(gzip.compress(TEXT))
    assert is_packed(letters, 4, b"H4sI")
    digests = [b"H4sI" + base64.b64encode(RANDOM.randbytes(45)) for _ in range(100)]
    assert sum(is_packed(digest, 4, b"H4sI") for digest in digests) < 20


def test_wrapped_base64_is_read_on() -> None:
    """A line break after the magic changes nothing, nor does a number behind it."""
    letters = base64.b64encode(gzip.compress(TEXT))
    for between in (b"\n", b"\n     2\t"):
        for at in (6, 24):
            assert is_packed(letters[:at] + between + letters[at:], 4, b"H4sI")


@pytest.mark.parametrize("level", [1, 6, 9])
def test_zlib_is_told_from_two_bytes_that_look_so(level: int) -> None:
    """Among numbers `120, 156` is no packed value unless unpacking goes well."""
    assert holds_packed(b"\x00\x01" + zlib.compress(TEXT, level))
    noise = [b"\x78\x9c" + RANDOM.randbytes(80) for _ in range(100)]
    assert sum(map(holds_packed, noise)) < 10
    assert not holds_packed(b"\x78\x01\x02\x03")


def test_a_table_with_93_and_zeros_is_no_lzma() -> None:
    """The properties of lzma are followed by the sizes of its dictionary and its text."""
    assert holds_packed(b"\x5d\x00\x00\x80\x00" + b"\xff" * 8)
    assert not holds_packed(b"\x5d\x00\x00\x01\x02\x03\x5d\x00\x00\x00\x07\x08\x09\x01")


def test_zlib_in_base64_twice_is_told_from_a_digest_that_looks_so() -> None:
    """Both are undone before it is unpacked."""
    packed = base64.b64encode(base64.b64encode(zlib.compress(TEXT)))
    assert packed.startswith(b"ZUp")
    assert is_packed(packed, 4, packed[:4])
    digests = [packed[:4] + base64.b64encode(RANDOM.randbytes(60)) for _ in range(100)]
    assert sum(is_packed(digest, 4, packed[:4]) for digest in digests) < 50


@pytest.mark.parametrize(
    ("magic", "more"),
    [
        (b"8b1f 0808", b" 1234 5678 0000 0203 c3f4"),
        (b"0x1f, 0x8b", b", 0x08, 0x00, 0x00, 0x00"),
        (b"0x1f, 0x8b", b",\n2026-11-22T06:23:45.97Z 0x08, 0x00"),
        (b"037 213 010", b" 000 000 000 000 000 000"),
        (b"1f:8b:08", b":00:00:00:00:00:02:03"),
    ],
)
def test_a_magic_in_digits_goes_on_in_digits(magic: bytes, more: bytes) -> None:
    """The name of a test that tells of one is no dump."""
    assert is_packed(magic + more, len(magic), magic)
    assert is_packed(magic, len(magic), magic)
    assert not is_packed(magic + b"]\n2026-11-22T06:23:45.97Z PASSED", len(magic), magic)


def test_packed_data_are_seen_wherever_they_begin() -> None:
    """Behind other bytes that begin so, too."""
    packed = [bz2.compress(TEXT), lzma.compress(TEXT), gzip.compress(TEXT), zlib.compress(TEXT)]
    for data in packed:
        for before in (b"", b"BZh9\x80", b"\x78\x9c\x01\x02", "é".encode()):
            assert holds_packed(before + data)
    assert not holds_packed(b"BZh9 and \x78\x01 \xc3\xa9")


@pytest.mark.parametrize("level", [6, 9])
def test_zlib_in_escapes_is_told_from_random_bytes_that_look_so(level: int) -> None:
    """As Python and its like quote bytes; where they differ, it is taken for zlib."""
    magic = b"x\\x9c" if level == 6 else b"x\\xda"
    shown = repr(zlib.compress(TEXT, level))[2:].encode()
    assert is_packed(shown + b"\n", len(magic), magic)
    assert is_packed(magic + b"\\e" + shown, len(magic), magic)
    noise = [magic + repr(RANDOM.randbytes(60))[2:].encode() for _ in range(100)]
    assert sum(is_packed(one, len(magic), magic) for one in noise) < 30


@given(
    magic=st.sampled_from(sorted(MAGIC)),
    rest=st.lists(st.one_of(st.binary(max_size=9), st.text("eJwNoZUp4sI\n").map(str.encode))),
)
def test_whatever_follows_a_magic_is_answered(magic: bytes, rest: list[bytes]) -> None:
    """No bytes behind it stop a scan."""
    assert is_packed(magic + b"".join(rest), len(magic), magic) in {True, False}


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
    ids=["gzip", "bzip2", "xz", "zstd"],
)
def test_packed_data_in_base85_and_escapes_are_noticed_by_their_head(
    pack: Callable[[bytes], bytes],
) -> None:
    """Four bytes of a head are five letters of base85, whatever follows; and so are escapes."""
    value = "mZ4kQ81vXw2Rt7LpYd3cBn5h"
    packed = pack(f"user=ci password={value}".encode())
    for printed in (b85encode(packed), repr(packed).encode()):
        report = scan_stream(engine_of({"PW": value}), [b"cache: " + printed + b"\n"], "x")
        assert [one.secret for one in report.findings] == ["PW"], printed


@pytest.mark.parametrize(
    "pack",
    [gzip.compress, bz2.compress, lzma.compress, zstandard.compress],
    ids=["gzip", "bzip2", "xz", "zstd"],
)
@pytest.mark.parametrize("size", [7, 300_000])
def test_packed_data_in_other_text_are_undone_for_32_kib(
    pack: Callable[[bytes], bytes], size: int
) -> None:
    """Bytes of every kind go on as packed data do, and a value at their end is found."""
    value = "mZ4kQ81vXw2Rt7LpYd3cBn5h"
    lines = b"".join(b"%d %x\n" % (at, RANDOM.getrandbits(120)) for at in range(1300))
    text = b"cache: " + pack(lines + value.encode()) + b"\nnext\n"
    assert 16 * 1024 < len(text) < 32 * 1024
    report = scan_stream(engine_of({"PW": value}), cut(text, [size]), "x")
    assert [one.secret for one in report.findings] == ["PW"]


@given(
    st.sampled_from(["ordinary words\n", "обычные слова\n", "普通的话\n", "\x1b[31mred\x1b[0m\n"])
)
def test_text_is_no_packed_data(words: str) -> None:
    """Not more than the first 4 KiB are read with a head, in whatever language it goes on."""
    assert extent(words.encode() * 4000, 0, 7) == 4096
    assert extent("ordinary words\n".encode("utf-16-le") * 4000, 0, 7) == 4096


@pytest.mark.parametrize(
    "text", [b'"c${id}_test_name"', b"app:c${version}-linux-amd64", b" c$~~~~~~~~~~~~~~~~~~~~~~~"]
)
def test_what_is_no_base85_is_no_zlib(text: bytes) -> None:
    """Letters of base85 of which five stand for more than four bytes hold: a name in a template."""
    log = b"x = %b;\npassword hunter23-9f8e\n" % text
    report = scan_stream(engine_of({"PW": "hunter23-9f8e"}), [log], "x")
    assert [one.line for one in report.findings] == [2]
