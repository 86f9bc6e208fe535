"""Tar archives, whole and damaged, and what stands beside their members."""

import gzip
import io
import os
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.scan import scan_paths
from tests.unit.leaks.strategies import engine_of

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})
LEAK = f"first\nlogin {PW} done\n".encode()
LONG = "folder/" * 40


def tarred(*members: tuple[str, bytes], form: int = tarfile.PAX_FORMAT, **fields: str) -> bytes:
    """An archive; `fields` belong to each member."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.pax_headers = fields
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def scanned(data: bytes) -> Report:
    """What a scan of standard input says."""
    return scan_paths(ENGINE, ["-"], io.BytesIO(data))


def places(report: Report) -> list[tuple[str, int]]:
    """File and line of each finding."""
    return [(one.file, one.line) for one in report.findings]


def states(report: Report) -> dict[str, str]:
    """Source → coverage state."""
    return {entry.source: entry.state for entry in report.coverage}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_each_member_is_a_text(form: int) -> None:
    """Under its own name, be it packed, and as a whole archive, too."""
    inner = tarred(("b.log", LEAK), form=form)
    archive = tarred(("a.log", LEAK), ("job.log.gz", gzip.compress(LEAK)), ("in.tar", inner))
    expected = [("-!/a.log", 2), ("-!/job.log.gz", 2), ("-!/in.tar!/b.log", 2)]
    for data in (archive, gzip.compress(archive)):
        report = scanned(data)
        assert places(report) == expected
        assert set(states(report).values()) == {"complete"}


@pytest.mark.parametrize("form", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])
def test_long_names_are_names(form: int) -> None:
    """They stand before the header of their member, as pax and GNU write them."""
    report = scanned(tarred((f"{LONG}a.log", LEAK), ("b.log", LEAK), form=form))
    assert places(report) == [(f"-!/{LONG}a.log", 2), ("-!/b.log", 2)]


@pytest.mark.parametrize(
    "archive",
    [
        tarred(("a.log", b"nothing\n"), form=tarfile.GNU_FORMAT) + b"login " + PW.encode(),
        tarred((f"{PW}.log", b"nothing\n")),
        tarred((f"{LONG}{PW}", b"nothing\n"), form=tarfile.GNU_FORMAT),
        tarred(("a.log", b"nothing\n"), comment=f"with {PW}"),
        tarred(("a.log", b"x")).replace(b"x" + b"\0" * 20, b"x ." + PW.encode() + b"\0" * 5),
        tarred(("a.log", b"nothing\n")) + tarred(("b.log", LEAK)),
    ],
    ids=["behind", "name", "long name", "field", "padding", "second archive"],
)
def test_what_stands_beside_the_members_is_found(archive: bytes) -> None:
    """It is a text of the archive's own name."""
    report = scanned(archive)
    assert {one.secret for one in report.findings} == {"PW"}
    assert set(states(report).values()) == {"complete"}


def test_very_many_names_are_not_kept() -> None:
    """Those of an archive of nothing else are scanned in parts; a value in the last is found."""
    names = [f"{number}.log" for number in range(2000)]
    report = scanned(tarred(*((name, b"") for name in [*names, f"{PW}.log"])))
    assert [one.file for one in report.findings] == ["-"]
    assert states(report)["-"] == "complete"


def test_an_archive_that_breaks_off_is_said() -> None:
    """In a member, or between two of them."""
    archive = tarred(("a.log", LEAK), ("b.log", os.urandom(3000)))
    assert states(scanned(archive[:2000])) == {
        "-!/a.log": "complete",
        "-!/b.log": "tail-missing",
        "-": "tail-missing",
    }
    assert states(scanned(archive[:1024])) == {"-!/a.log": "complete", "-": "tail-missing"}


def test_what_is_behind_a_damaged_header_is_scanned_as_it_is() -> None:
    """It cannot be told for members, and that is said."""
    archive = bytearray(tarred(("a.log", b"x"), ("b.log", LEAK)))
    archive[1024] ^= 1
    report = scanned(bytes(archive))
    assert [one.file for one in report.findings] == ["-"]
    assert states(report)["-"] == "tail-missing"


def test_what_was_not_unpacked_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The budget is that of packed data: bombs are bounded, and large archives are read."""
    monkeypatch.setattr("ci_secrets.leaks.input.packed.MAX_UNPACKED", 100_000)
    large = tarred(("a.log", b"\n" * 300_000), ("b.log", LEAK))
    assert places(scanned(large)) == [("-!/b.log", 2)]
    report = scanned(tarred(("a.gz", gzip.compress(b"\0" * 3_000_000)), ("b.log", LEAK)))
    assert states(report)["-"] == "tail-missing"
    assert report.bytes < 110_000
    assert states(scanned(gzip.compress(large)))["-"] == "tail-missing"


@given(at=st.integers(0, 10_000), flip=st.integers(1, 255))
def test_damage_anywhere_hides_nothing(at: int, flip: int) -> None:
    """One changed byte never ends in an exception, and leaves each value that it does not hit."""
    archive = bytearray(tarred((f"{LONG}a.log", LEAK), ("b.log", LEAK)))
    archive[at % len(archive)] ^= flip
    assert scanned(bytes(archive)).findings
