"""Archives of every kind, whole and damaged."""

import bz2
import gzip
import io
import lzma
import os
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.scan import scan_paths
from tests.unit.leaks.strategies import cut, engine_of

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})
LEAK = f"first\nlogin {PW} done\n".encode()


def gz(data: bytes) -> bytes:
    """A gzip file, the same in each process."""
    return gzip.compress(data, mtime=0)


def zst(data: bytes) -> bytes:
    """A frame of Zstandard with a checksum."""
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


def tarred(data: bytes) -> bytes:
    """A tar archive with one member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        member = tarfile.TarInfo("job.log")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def scanned(data: bytes) -> Report:
    """What a scan of standard input says."""
    return scan_paths(ENGINE, ["-"], io.BytesIO(data))


def states(report: Report) -> list[str]:
    """Of each source, in order."""
    return [entry.state for entry in report.coverage]


PACKERS = (gz, zst, bz2.compress, lzma.compress, zlib.compress)
packers = pytest.mark.parametrize("pack", PACKERS, ids=["gz", "zst", "bz2", "xz", "zlib"])


@packers
def test_frames_follow_each_other(pack: Callable[[bytes], bytes]) -> None:
    """What was appended in further frames is part of the text, and so are archives in archives."""
    report = scanned(pack(LEAK) + pack(LEAK))
    assert [one.line for one in report.findings] == [2, 4]
    assert states(report) == ["complete"]
    assert len(scanned(pack(gz(zst(LEAK)))).findings) == 1


@pytest.mark.parametrize("pack", [gz, zst])
def test_a_damaged_head_leaves_the_bytes(pack: Callable[[bytes], bytes]) -> None:
    """A text that only begins like an archive is scanned as it is, and not called read."""
    report = scanned(pack(b"")[:4] + b"\xff" * 8 + b"\n" + LEAK)
    assert [(one.line, one.column) for one in report.findings] == [(3, 7)]
    assert states(report) == ["none"]


@packers
def test_text_behind_an_archive_is_scanned(pack: Callable[[bytes], bytes]) -> None:
    """`echo … >> log.gz` leaves text that no unpacker shows."""
    report = scanned(pack(b"nothing\n" * 1000) + b"\n" + LEAK)
    assert len(report.findings) == 1
    assert states(report) == ["tail-missing"]


@packers
def test_an_archive_that_breaks_off(pack: Callable[[bytes], bytes]) -> None:
    """What came out before is scanned, the tail is missing."""
    data = pack(LEAK + os.urandom(2_000_000))
    report = scanned(data[:-100_000])
    assert len(report.findings) == 1
    assert states(report) == ["tail-missing"]


def test_a_zip_without_its_end_is_scanned_as_bytes() -> None:
    """Without its directory the members still stand in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("1_build.txt", LEAK)
    report = scanned(buffer.getvalue()[:-30])
    assert len(report.findings) == 1
    assert states(report) == ["none"]


def zipped(data: bytes = b"nothing\n", **more: bytes) -> bytes:
    """A zip archive with one member."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = more.get("comment", b"")
        info = zipfile.ZipInfo(more.get("name", b"a.txt").decode())
        info.compress_type = zipfile.ZIP_DEFLATED
        info.extra = more.get("extra", b"")
        info.comment = more.get("about", b"")
        archive.writestr(info, data)
    return buffer.getvalue()


def unlisted(archive: bytes) -> bytes:
    """The beginning of an archive: its members without their directory."""
    return archive[: archive.index(b"PK\x01\x02")]


VALUE = PW.encode()


@pytest.mark.parametrize(
    "archive",
    [
        zipped() + b"login " + VALUE + b"\n",
        zipped(comment=VALUE),
        zipped(about=VALUE),
        zipped(name=VALUE + b".log"),
        zipped(extra=struct.pack("<HH", 0x6375, len(VALUE)) + VALUE),
        unlisted(zipped(LEAK)) + zipped(),
        zipped(zipped(comment=VALUE)),
    ],
    ids=["behind", "comment", "about", "name", "extra", "unlisted", "inner"],
)
def test_what_stands_beside_the_members_is_scanned(archive: bytes) -> None:
    """No unpacker shows it, but it is in the file."""
    report = scanned(archive)
    assert {one.secret for one in report.findings} == {"PW"}
    assert set(states(report)) == {"complete"}


def labelled(flag: int, label: bytes, data: bytes = b"nothing\n") -> bytes:
    """A gzip file with one more field in its header."""
    plain = gz(data)
    return plain[:3] + bytes([flag]) + plain[4:10] + label + plain[10:]


@pytest.mark.parametrize(
    "archive",
    [
        labelled(4, struct.pack("<H", len(VALUE) + 1) + VALUE + b"\0"),
        labelled(8, VALUE + b".log\0"),
        labelled(16, b"x" * 2000 + VALUE + b"\0"),
        gz(b"first") + labelled(8, VALUE + b"\0", b""),
    ],
    ids=["more", "name", "comment", "second"],
)
def test_what_stands_in_the_head_of_gzip_is_scanned(archive: bytes) -> None:
    """No unpacker shows the names and comments of its frames, but they are in the file."""
    report = scanned(archive)
    assert len(report.findings) == 1
    assert states(report) == ["complete"]


def test_a_head_without_an_end_is_damage() -> None:
    """It is not kept in memory for ever, and scanned as it is."""
    report = scanned(labelled(16, b"x" * 3_000_000) + LEAK)
    assert len(report.findings) == 1
    assert states(report) == ["none"]


def test_the_data_of_members_are_scanned_once() -> None:
    """As what they are: of the archive itself only what stands beside them is a text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("a.txt", LEAK)
        archive.writestr("b.txt", LEAK * 100)
    report = scanned(buffer.getvalue())
    assert len(report.findings) == 101
    assert {one.file for one in report.findings} == {"-!/a.txt", "-!/b.txt"}
    assert report.bytes < len(buffer.getvalue())


@settings(max_examples=100)
@given(at=st.integers(10, 10_000), flip=st.integers(1, 255), pack=st.sampled_from(PACKERS))
def test_damage_anywhere(at: int, flip: int, pack: Callable[[bytes], bytes]) -> None:
    """One changed byte never ends in an exception; what it hid is never called complete."""
    data = bytearray(pack(LEAK + bytes(range(256))))
    data[10 + at % (len(data) - 10)] ^= flip
    report = scanned(bytes(data))
    assert report.findings or states(report) != ["complete"]


@packers
def test_bombs_come_in_pieces(
    pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than the budget comes out, and the rest is said to be missing."""
    monkeypatch.setattr("ci_secrets.leaks.input.packed.MAX_UNPACKED", 1_000_000)
    report = scanned(pack(b"\0" * 30_000_000))
    assert report.bytes <= 1_000_000
    assert states(report) == ["tail-missing"]


def test_logs_of_github_hold_each_line_twice(tmp_path: Path) -> None:
    """Both copies are told, under one fingerprint."""
    with zipfile.ZipFile(tmp_path / "logs.zip", "w") as archive:
        for number, name in enumerate(("1_build.txt", "build/2_step.txt")):
            archive.writestr(name, f"2026-01-01T00:00:0{number}Z login {PW}\n")
    first, second = scan_paths(ENGINE, [tmp_path / "logs.zip"]).findings
    assert first.file.endswith("logs.zip!/1_build.txt")
    assert second.file.endswith("logs.zip!/build/2_step.txt")
    assert first.fingerprint == second.fingerprint


def begun_like(*words: str) -> bytes:
    """A text that begins with these, and ends in a leak."""
    return " ".join(words).encode() + b"\n" + LEAK


@pytest.mark.parametrize(
    "text", [begun_like("BZh9 and more"), begun_like("x^2 + y"), begun_like("x\x01 and", "y" * 99)]
)
def test_a_text_that_begins_like_packed_data_is_a_text(text: bytes) -> None:
    """A few letters are no sign of what is in it."""
    report = scanned(text)
    assert [one.line for one in report.findings] == [3]
    assert states(report) == ["complete"]


SEALED = {
    "7z": bytes.fromhex("377abcaf271c0004"),
    "rar": b"Rar!\x1a\x07\x01\x00",
    "lz4": bytes.fromhex("04224d18644070"),
    "lz4, legacy": bytes.fromhex("02214c18"),
    "compress": b"\x1f\x9d\x90",
    "lzip": b"LZIP\x01",
    "lzop": b"\x89LZO\0\r\n\x1a\n",
}


@pytest.mark.parametrize("head", SEALED.values(), ids=SEALED)
def test_what_is_packed_in_a_way_that_we_do_not_know_was_not_seen(head: bytes) -> None:
    """It is known by its first bytes; what stands in it as it is, is found all the same."""
    report = scanned(head + bytes(range(256)) + LEAK)
    assert states(report) == ["none"]
    assert len(report.findings) == 1
    assert states(scanned(gz(head + bytes(9)))) == ["none"]


@pytest.mark.parametrize("ending", ["br", "7z", "rar", "lz4", "Z", "lz", "lzo", "lzma"])
def test_what_its_name_says_to_be_packed_was_not_seen(tmp_path: Path, ending: str) -> None:
    """Brotli, for one, has no sign of its own."""
    (tmp_path / f"log.{ending}").write_bytes(b"\x0b\x02\x80nothing\x03")
    assert states(scan_paths(ENGINE, [tmp_path])) == ["none"]


class InPieces(io.RawIOBase):
    """A pipe that gives so many bytes at a time."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._pieces = cut(data, sizes)
        self._piece = b""

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        """Read on."""
        view = memoryview(buffer).cast("B")
        self._piece = self._piece or next(self._pieces, b"")
        given, self._piece = self._piece[: len(view)], self._piece[len(view) :]
        view[: len(given)] = given
        return len(given)


@given(
    packs=st.lists(st.sampled_from([*PACKERS, tarred]), max_size=3),
    before=st.integers(0, 3000),
    sizes=st.lists(st.integers(1, 600), min_size=1, max_size=4),
)
def test_nothing_is_lost_however_it_is_packed_and_comes(
    packs: list[Callable[[bytes], bytes]], before: int, sizes: list[int]
) -> None:
    """Whatever lies in what, up to three deep, and in whatever pieces a pipe gives it."""
    data = b"%x\n" * 9 % tuple(range(before, before + 9)) + LEAK
    for pack in packs:
        data = pack(data)
    report = scan_paths(ENGINE, ["-"], io.BufferedReader(InPieces(data, sizes)))
    assert [(one.line, one.column) for one in report.findings] == [(11, 7)]
    assert set(states(report)) == {"complete"}
