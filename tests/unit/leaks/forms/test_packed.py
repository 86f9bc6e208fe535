"""Packed data are found within other bytes, cut off or not, and a bomb costs no more than a cap."""

import base64
import bz2
import gzip
import hashlib
import io
import lzma
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from urllib.parse import quote

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from ci_secrets.leaks.forms import base64 as base64_form
from ci_secrets.leaks.forms.heads import MAGIC
from ci_secrets.leaks.forms.packed import FORMS, MAX_UNPACKED
from ci_secrets.leaks.forms.reading import Budget, Piece
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import VALUES, engine_of

ENOUGH = 1 << 24
VALUE = b"Tr0ub4dor&3-\xc3\xa9t\xc3\xa9?>7fGh2kLm9"


def raw_deflate(text: bytes, level: int = 6) -> bytes:
    """As SAML requests are packed."""
    packer = zlib.compressobj(level, wbits=-15)
    return packer.compress(text) + packer.flush()


def zipped(text: bytes) -> bytes:
    """An archive with one member."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("some/name.txt", text)
    return target.getvalue()


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "zlib": zlib.compress,
    "deflate": raw_deflate,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": zstandard.compress,
    "zip": zipped,
}
HEADED = sorted(set(PACKERS) - {"deflate"})


def read(form: str, text: bytes, budget: int = ENOUGH) -> list[Piece]:
    """All pieces of a text."""
    reader = FORMS[form].read
    assert reader
    return list(reader(text, Budget(budget)))


def content(seed: int, size: int = 3000) -> bytes:
    """Text that packs well, with the value in its midst."""
    digits = b"".join(hashlib.sha256(b"%d" % (seed + turn)).digest() for turn in range(size // 64))
    half = b" ".join(b"word%d" % digit for digit in digits)
    return half + VALUE + half[::-1]


@pytest.mark.parametrize("form", HEADED)
@given(
    text=st.binary(min_size=6, max_size=300),
    before=st.binary(max_size=20),
    after=st.binary(max_size=20),
)
def test_packed_data_are_read_with_their_place(
    form: str, text: bytes, before: bytes, after: bytes
) -> None:
    """Whatever stands around, one piece is what was packed, and its span all of the packed."""
    packed = PACKERS[form](text)
    whole = b"." + before + packed + after
    start = len(before) + 1
    (piece,) = (
        piece for piece in read(form, whole) if piece.text == text and piece.span(0, 1)[0] == start
    )
    end = piece.span(2, 4)[1]
    if form == "zip":
        assert whole[start:end].endswith(raw_deflate(text))
    else:
        assert end == start + len(packed)


@pytest.mark.parametrize("offset", [0, 1, 3])
@pytest.mark.parametrize("level", [1, 6, 9])
@given(seed=st.integers(0, 99), after=st.binary(max_size=20))
def test_raw_deflate_is_read_at_the_beginning(
    seed: int, after: bytes, level: int, offset: int
) -> None:
    """It has no magic, so it is looked for where a text begins, and nowhere else."""
    packed = raw_deflate(content(seed), level)
    whole = b"\xff\xfe\xfd"[:offset] + packed + after
    (piece,) = (piece for piece in read("deflate", whole) if piece.text == content(seed))
    assert piece.span(0, 1) == (offset, offset + len(packed))


@pytest.mark.parametrize("form", ["gzip", "zlib", "deflate", "zstd", "xz", "zip"])
def test_cut_off_data_are_read_as_far_as_they_go(form: str) -> None:
    """A log that ends in the middle still shows what was packed before."""
    text = "".join(hashlib.sha256(b"%d" % turn).hexdigest() for turn in range(6000)).encode()
    packed = PACKERS[form](text)[:-2000]
    texts = [piece.text for piece in read(form, packed)]
    assert any(len(one) > 150_000 and text.startswith(one) for one in texts)


def test_tar_in_gzip_shows_its_members() -> None:
    """A tar archive holds its members as they are, so nothing has to read it."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        member = tarfile.TarInfo("key")
        member.size = len(VALUE)
        archive.addfile(member, io.BytesIO(VALUE))
    (piece,) = read("gzip", target.getvalue())
    assert VALUE in piece.text


def test_members_of_a_zip_archive_are_read_each() -> None:
    """The lengths of name and extra field are heeded."""
    both = zipped(b"first " * 9 + VALUE) + zipped(b"second " * 9 + VALUE)
    assert [piece.text[:6] for piece in read("zip", both)] == [b"first ", b"second"]


@pytest.mark.parametrize("form", PACKERS)
def test_a_bomb_costs_no_more_than_its_cap(form: str) -> None:
    """What comes out of one place is capped, and so is all by the budget."""
    bomb = PACKERS[form](bytes(20 * 1024 * 1024))
    slack = 4 * 1024 * 1024  # what one slice of it may give
    (piece,) = read(form, bomb, budget=1 << 30)
    assert MAX_UNPACKED <= len(piece.text) <= MAX_UNPACKED + slack
    pieces = read(form, bomb * 3 if form != "deflate" else bomb, budget=1000)
    assert len(pieces) == 1
    assert len(pieces[0].text) <= slack


@pytest.mark.parametrize("form", HEADED)
def test_false_starts_are_paid_for(form: str) -> None:
    """A text full of heads with nothing behind them ends with the budget."""
    head = PACKERS[form](VALUE)[:40]
    budget = Budget(10_000)
    reader = FORMS[form].read
    assert reader
    assert len(list(reader(head * 20_000, budget))) < 10_000
    assert budget.left < 0


@pytest.mark.parametrize("form", PACKERS)
@given(text=st.binary(max_size=200))
def test_any_bytes_are_read(form: str, text: bytes) -> None:
    """Nothing raises, and each span of each piece lies within the text."""
    whole = PACKERS[form](VALUE)[:-4] + text + PACKERS[form](VALUE)[:30] + text
    for piece in read(form, whole):
        start, end = piece.span(0, len(piece.text))
        assert 0 <= start < end <= len(whole)


@pytest.mark.parametrize("form", PACKERS)
def test_text_is_refused(form: str) -> None:
    """A log in clear has nothing packed in it."""
    assert read(form, b"ordinary words of some log x^2 x\n" * 200) == []


_OWN_CODES = 0b100
"""In the first byte of a block. Source: RFC 1951 §3.2.3."""


@example(value="002012003004", left="001", right="000", level=1)
@given(
    value=VALUES,
    left=st.text("0123456789/,", max_size=9),
    right=st.text("0123456789/,", max_size=9),
    level=st.sampled_from([1, 6, 9]),
)
def test_short_values_are_spelled_in_the_midst_of_deflate(
    value: str, left: str, right: str, level: int
) -> None:
    """What has no repeats has known bits, whatever ASCII stands around it."""
    spell = FORMS["deflate"].spell
    assert spell
    (inner,) = spell(value.encode())
    text = left.encode() + value.encode() + right.encode()
    if len({text[at : at + 3] for at in range(len(text) - 2)}) == len(text) - 2:
        for packed, at in ((raw_deflate(text, level), 0), (zlib.compress(text, level), 2)):
            # NOTE: few different letters get codes of their own, which are shorter
            assert inner in packed or packed[at] & 0b110 == _OWN_CODES
        if value.isascii():
            assert len(inner) == len(value) - 1


def test_a_repeat_ends_what_is_spelled() -> None:
    """Bytes from the first repeat on are written in another way."""
    spell = FORMS["deflate"].spell
    assert spell
    assert list(spell(b"abcdefgh-abcdefgh")) == list(spell(b"abcdefgh-"))
    assert next(spell(b"abcdefgh-abcdefgh")) in raw_deflate(b"x: abcdefgh-abcdefgh")


@pytest.mark.parametrize("level", [1, 6, 9])
@pytest.mark.parametrize("form", ["deflate", "zlib", "gzip"])
@given(value=VALUES, newline=st.sampled_from([b"", b"\n"]))
def test_text_alone_is_spelled_whole(form: str, level: int, value: str, newline: bytes) -> None:
    """All of the stream is known, but for the time in the head of gzip."""
    alone = FORMS[form].alone
    assert alone
    text = value.encode() + newline
    packed = {
        "deflate": raw_deflate(text, level),
        "zlib": zlib.compress(text, level),
        "gzip": gzip.compress(text, level)[10:],
    }
    assert packed[form] in set(alone(value.encode()))


@pytest.mark.parametrize("level", [0, 6, 9])
@pytest.mark.parametrize("kind", [lzma.FORMAT_XZ, lzma.FORMAT_ALONE])
def test_both_formats_of_xz_are_read(kind: int, level: int) -> None:
    """At every level, though the highest needs much memory."""
    packed = lzma.compress(content(2), kind, preset=level)
    assert [piece.text for piece in read("xz", b"before" + packed)] == [content(2)]


def as_octal_words(data: bytes) -> str:
    """As `od` writes by default."""
    return " ".join(f"{int.from_bytes(data[at : at + 2], 'little'):06o}" for at in (0, 2, 4))


PRINTED: dict[str, tuple[str, Callable[[bytes], str]]] = {
    "python repr": ("escape", repr),
    "go %q": ("escape", lambda data: repr(data).replace(r"\x08", r"\b")),
    "bash": ("escape", lambda data: "".join(rf"\{byte:03o}" for byte in data)),
    "python list": ("decimal", lambda data: repr(list(data))),
    "go slice": ("decimal", lambda data: repr(list(data)).replace(",", "")),
    "node JSON": ("decimal", lambda data: repr(list(data)).replace(" ", "")),
    "java": ("decimal", lambda data: repr([byte - byte // 128 * 256 for byte in data])),
    "od -t u1": ("decimal", lambda data: "".join(f"{byte:4}" for byte in data)),
    "od": ("octal", as_octal_words),
    "od -b": ("octal", lambda data: " ".join(f"{byte:03o}" for byte in data)),
    "colons": ("hex", lambda data: data.hex(":")),
    "words": ("dump", lambda data: data.hex(" ", 2)),
    "base32": ("base32", lambda data: base64.b32encode(data).decode()),
    "ascii85": ("ascii85", lambda data: base64.a85encode(data).decode()),
}


@pytest.mark.parametrize("tool", PRINTED)
def test_gzip_is_noticed_however_it_is_printed(tool: str) -> None:
    """By its head, which says in which form it is printed."""
    form, printed = PRINTED[tool]
    text = printed(gzip.compress(content(4), mtime=0)).encode()
    assert form in set().union(*(forms for head, forms in MAGIC.items() if head in text))


@pytest.mark.parametrize(
    ("line", "form"),
    [
        (b"GET /sso?SAMLRequest=fZJNT%2BMw", "percent"),
        (b"SAMLResponse=fZJNT%2BMw&RelayState=x", "base64"),
        (b"GIT binary patch", "base85"),
    ],
)
def test_what_has_no_head_is_noticed_by_its_name(line: bytes, form: str) -> None:
    """SAML requests are raw deflate, and files in a patch may begin in any way."""
    assert any(head in line and form in forms for head, forms in MAGIC.items())


@pytest.mark.parametrize("level", [6, 9])
def test_zlib_is_noticed_in_other_forms(level: int) -> None:
    """Its head is short, so what stands before it counts as well."""
    packed = zlib.compress(content(4), level)
    for form, printed in {
        "escape": repr(packed),
        "decimal": repr(list(packed)),
        "hex": packed.hex(":"),
    }.items():
        noticed = (forms for head, forms in MAGIC.items() if head in printed.encode())
        assert form in set().union(*noticed)


@pytest.mark.parametrize("form", HEADED)
@pytest.mark.parametrize("print_as", ["{base64}", "{hex}", "{upper}", "raw"])
def test_packed_data_are_noticed(form: str, print_as: str) -> None:
    """In base64, hex or as they are, each kind has something to look for in it."""
    packed = PACKERS[form](content(3))
    text = {
        "{base64}": b"x: " + base64.b64encode(packed),
        "{hex}": b"x: " + packed.hex().encode(),
        "{upper}": b'"' + packed.hex().upper().encode(),
        "raw": packed,
    }[print_as]
    noticed = any(magic in text for magic in MAGIC)
    assert noticed or (form, print_as) == ("zlib", "raw")


def ruby(data: bytes) -> bytes:
    """As `p` of Ruby writes bytes."""
    named = dict(zip(b'\a\b\t\n\v\f\r\x1b"\\', b'abtnvfre"\\', strict=True))
    return b"".join(
        b"\\%c" % named[one]
        if one in named
        else b"%c" % one
        if 32 <= one < 127
        else b"\\x%02X" % one
        for one in data
    )


def named_gzip(data: bytes) -> bytes:
    """As `gzip -c FILE` packs."""
    packed = io.BytesIO()
    with gzip.GzipFile("value", "wb", fileobj=packed) as file:
        file.write(data)
    return packed.getvalue()


def in_address(data: bytes) -> bytes:
    """Base64 in percents."""
    return quote(base64.b64encode(data), safe="").encode()


BELOW_TWO: dict[str, Callable[[bytes], bytes]] = {
    "gzip in percents": lambda data: in_address(gzip.compress(data)),
    "zlib in a form": lambda data: b"data=" + in_address(zlib.compress(data)) + b"&x=1",
    "data address": lambda data: b"data:application/gzip;base64," + in_address(named_gzip(data)),
    "zlib in Ruby": lambda data: b'"' + ruby(zlib.compress(data)) + b'"',
    "gzip in Ruby": lambda data: b'"' + ruby(gzip.compress(data)) + b'"',
    "numbers": lambda data: repr(list(base64.b64encode(zlib.compress(data)))).encode(),
    "base32": lambda data: base64.b32encode(named_gzip(data)),
    "base64 twice": lambda data: base64.b64encode(base64.b64encode(named_gzip(data))),
}


@pytest.mark.parametrize("name", BELOW_TWO)
@pytest.mark.parametrize("size", [0, 40])
def test_packed_data_are_found_below_two_forms(name: str, size: int) -> None:
    """In percents, as Ruby writes bytes, as numbers, and with the name of a file in their head."""
    value = b"mZ4kQ81vXw2Rt7LpYd3cBn5h"
    printed = BELOW_TWO[name](b"\n".join((content(size), value, b"")))
    text = b"build\n" + printed + b"\nmade\n"
    report = scan_stream(engine_of({"PW": value.decode()}), [text], "x")
    assert {one.secret for one in report.findings} == {"PW"}


def test_what_packed_data_are_noticed_by_is_rare() -> None:
    """Four bytes or more each, and not too many of them."""
    assert min(map(len, MAGIC)) >= 4
    assert len(MAGIC) <= 450


@pytest.mark.parametrize("form", PACKERS)
def test_packed_in_base64_is_read_through_both(form: str) -> None:
    """What the reader of base64 yields is what these readers take, wrapped and with neighbours."""
    text = content(5)
    log = b"word\n" + base64.encodebytes(PACKERS[form](text)) + b"next line of the log\n"
    outer = base64_form.FORMS["base64"].read
    assert outer
    texts = [deep.text for piece in outer(log, Budget(ENOUGH)) for deep in read(form, piece.text)]
    assert text in texts


DUMPED = {"xxd": ["xxd"], "hexdump -C": ["hexdump", "-C"], "od -tx1": ["od", "-t", "x1"],
          "od": ["od"], "od -x": ["od", "-x"], "od -c": ["od", "-c"]}  # fmt: skip


@pytest.mark.parametrize("tool", DUMPED)
@pytest.mark.parametrize("form", ["zlib", "bzip2", "xz", "zip"])
def test_dumps_of_packed_data_are_noticed(form: str, tool: str) -> None:
    """By their first row, in which the head stands."""
    packed = PACKERS[form](content(3))
    done = subprocess.run(DUMPED[tool], input=packed, capture_output=True, check=True)
    assert any(head in done.stdout for head, forms in MAGIC.items() if "dump" in forms)


def test_deflate_begins_at_a_line() -> None:
    """Readers of digits put each run they find into a line, and one of them may be packed."""
    packer = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    packed = packer.compress(content(4)) + packer.flush()
    text = b"\x9f\x86\xd0\x81\x88\n" + packed
    assert content(4) in [piece.text for piece in read("deflate", text)]
