"""Scanning text, files and archives."""

import base64
import gzip
import io
import itertools
import json
import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ci_secrets.errors import UsageError
from ci_secrets.leaks.findings import Report, Verdict
from ci_secrets.leaks.input import packed as packed_input
from ci_secrets.leaks.scan import scan_paths, scan_stream
from tests.unit.leaks.strategies import VALUES, cut, engine_of

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})
LEAK = f"first\nlogin {PW} done\n".encode()


def states(report: Report) -> dict[str, str]:
    """Source → coverage state."""
    return {entry.source: entry.state for entry in report.coverage}


ENCODERS: dict[tuple[str, ...], Callable[[bytes], bytes]] = {
    (): bytes,
    ("hex",): lambda raw: raw.hex().encode(),
    ("json",): lambda raw: json.dumps(raw.decode())[1:-1].encode(),
    ("percent",): lambda raw: quote(raw, safe="").encode(),
}


@pytest.mark.parametrize("form", ENCODERS)
@given(value=VALUES, before=st.binary(max_size=30), sizes=st.lists(st.integers(1, 20), max_size=3))
def test_offsets_are_exact(
    form: tuple[str, ...], value: str, before: bytes, sizes: list[int]
) -> None:
    """Line and column of a finding are those of the first and behind the last byte of it."""
    encoded = ENCODERS[form](value.strip().encode())
    text = before + b"|" + encoded + b"|after\n"
    at = text.index(encoded, len(before))
    report = scan_stream(engine_of({"V": value}), cut(text, sizes), "log")
    places = {(one.line, one.column, one.end_line, one.end_column) for one in report.findings}
    line = text.count(b"\n", 0, at) + 1
    column = at - text.rfind(b"\n", 0, at)
    assert (line, column, line, column + len(encoded)) in places


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("depth", [1, 2])
@given(value=VALUES, before=st.binary(max_size=9), after=st.binary(max_size=9))
@example(value="0000>123", before=b"\0", after=b"")  # a sign of the inner one, out of sight
def test_base64_is_found_whatever_stands_around(
    depth: int, encode: Callable[[bytes], bytes], value: str, before: bytes, after: bytes
) -> None:
    """Encoded once or twice, with any neighbours, a value is found inside of what encodes it."""
    encoded = before + value.encode() + after
    for _ in range(depth):
        encoded = encode(encoded)
    report = scan_stream(engine_of({"V": value}), [b"x " + encoded + b" y\n"], "log")
    assert report.verdict is Verdict.LEAKED
    for one in report.findings:
        assert 3 <= one.column < one.end_column <= 3 + len(encoded)


def test_secrets_dumped_by_a_workflow_are_found() -> None:
    """JSON of all secrets, base64 twice: what the attacks of 2025 printed."""
    value = 'p"w\\d/é-9f8e'
    for ascii_only in (True, False):
        dump = json.dumps({"A": "b", "TOKEN": value, "Z": 1}, ensure_ascii=ascii_only, indent=2)
        printed = base64.b64encode(base64.b64encode(dump.encode()))
        (finding,) = scan_stream(engine_of({"TOKEN": value}), [printed], "log").findings
        assert finding.form == ("base64", "base64", "json")


@given(text=st.text(max_size=300))
def test_text_without_values_is_clean(text: str) -> None:
    """No value, no finding, and every byte and line counted."""
    report = scan_stream(ENGINE, [text.encode()], "log")
    assert report.verdict is Verdict.CLEAN
    lines = text.count("\n") + (not text.endswith("\n") and text != "")
    assert (report.bytes, report.lines) == (len(text.encode()), lines)


KEY = "-----BEGIN X-----\nbWFkZSB1cCBmb3Ig9f8eA\nc2Vjb25kIGxpbmUg7d6cB\n-----END X-----"


def test_whole_value_hides_its_own_lines() -> None:
    """A value of several lines that stands whole is one finding over all its lines."""
    report = scan_stream(engine_of({"KEY": KEY}), [f"> {KEY}\n".encode()], "log")
    (finding,) = report.findings
    assert (finding.secret, finding.severity) == ("KEY", "high")
    assert (finding.line, finding.column, finding.end_line, finding.end_column) == (1, 3, 4, 16)
    assert finding.excerpt == "> ***"


def places(report: Report) -> list[tuple[str, int, int, str]]:
    """What stands where."""
    return [(one.secret, one.line, one.column, one.severity) for one in report.findings]


def test_lines_of_a_value_are_found_alone() -> None:
    """The lines are found without the others, and only those that are secret."""
    text = "".join(f"{line} and {line[:4]}\nother text\n" for line in reversed(KEY.split("\n")))
    report = scan_stream(engine_of({"KEY": KEY}), [text.encode()], "log")
    assert places(report) == [("KEY[3]", 3, 1, "medium"), ("KEY[2]", 5, 1, "medium")]


def test_a_value_with_a_prefix_at_each_line_is_found_whole() -> None:
    """A timestamp before each line does not tear it apart for a scan."""
    text = "".join(f"12:00:0{number} {line}\n" for number, line in enumerate(KEY.split("\n")))
    report = scan_stream(engine_of({"KEY": KEY}), [text.encode()], "log")
    assert places(report) == [("KEY", 1, 10, "high")]


def test_excerpt_and_fingerprint_hold_no_value() -> None:
    """The excerpt hides every value of the line, is safe to print, and its digits do not count."""
    engine = engine_of({"PW": PW, "OTHER": "other-7d6c5b"})
    lines = [f"\x1b[31m{hour}:00 {PW} other-7d6c5b ::end\n".encode() for hour in (11, 12)]
    report = scan_stream(engine, lines, "log")
    assert {one.excerpt for one in report.findings} == {
        "\\x1b[31m11:00 *** *** ::end",
        "\\x1b[31m12:00 *** *** ::end",
    }
    prints = {(one.secret, one.fingerprint) for one in report.findings}
    assert len(prints) == 2


@pytest.mark.parametrize(
    ("form", "spell"),
    [
        (("escape",), lambda value: "".join(f"\\x{byte:02x}" for byte in value)),
        (("percent",), lambda value: "".join(f"%{byte:02x}" for byte in value)),
        (("entity",), lambda value: "".join(f"&#{byte};" for byte in value)),
        (("hex",), lambda value: value.hex(":")),
        (("hex",), lambda value: value.hex(" ", 2)),
        (("decimal",), lambda value: ", ".join(map(str, value))),
        (("octal",), lambda value: "".join(f"\\{byte:03o}" for byte in value)),
        (("torn",), lambda value: " ".join(value.decode())),
        ((), bytes.decode),
    ],
)
def test_a_finding_is_told_alike_whatever_stands_around_its_line(
    form: tuple[str, ...], spell: Callable[[bytes], str]
) -> None:
    """Its form, columns and fingerprint are those of the line, for that is what is accepted."""
    line = f"log {spell(b'kJ7vQ2xTz9LmW4pR8sYd')} end\n"
    around = [
        "",
        "".join(
            f"2026-11-28T10:00:0{at % 10}Z step {at} in {at}.{at % 7} s {at:05x}\n"
            for at in range(400)
        ),
        "".join(f"0x{at:02x}, {at}, \\x{at:02x}, '%{at:02x}' &#{at};\n" for at in range(90)),
        "a\n1:b\n1:c\nx: 97 98 99 100 101 102 103 104 105\n",
    ]
    engine = engine_of({"PW": "kJ7vQ2xTz9LmW4pR8sYd"})
    told = set()
    for before, behind in itertools.product(around, repeat=2):
        text = before + line + behind
        (finding,) = scan_stream(engine, [text.encode()], "log").findings
        told.add((finding.form, finding.column, finding.end_column, finding.fingerprint))
    assert [(one[0], *one[1:3]) for one in told] == [(form, 5, len(line) - 4)]


def test_excerpt_of_a_long_line_is_its_middle() -> None:
    """A megabyte without a newline does not become an excerpt."""
    text = b"x" * 500_000 + b" " + PW.encode() + b" " + b"y" * 500_000
    (finding,) = scan_stream(ENGINE, [text], "log").findings
    assert " *** " in finding.excerpt
    assert len(finding.excerpt) < 400
    assert finding.column == 500_002


def test_files_directories_and_standard_input(tmp_path: Path) -> None:
    """Each is scanned under its own name, directories in a stable order."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.log").write_bytes(LEAK)
    (tmp_path / "a.log").write_bytes(b"nothing\n")
    report = scan_paths(ENGINE, [tmp_path, "-"], io.BytesIO(LEAK))
    assert states(report) == {
        f"{tmp_path}/a.log": "complete",
        f"{tmp_path}/sub/b.log": "complete",
        "-": "complete",
    }
    assert [(one.file, one.line, one.column) for one in report.findings] == [
        (f"{tmp_path}/sub/b.log", 2, 7),
        ("-", 2, 7),
    ]
    assert (report.bytes, report.lines) == (2 * len(LEAK) + 8, 5)


def test_names_below_a_folder_are_scanned(tmp_path: Path) -> None:
    """They are printed in logs, too; the path of the folder itself is that of whoever asks."""
    top = tmp_path / PW
    (top / "sub" / f"for-{PW}").mkdir(parents=True)
    (top / "a.log").write_bytes(b"nothing\n")
    (top / "sub" / f"for-{PW}" / "b.log").write_bytes(b"nothing\n")
    report = scan_paths(ENGINE, [top])
    (finding,) = report.findings
    assert (finding.file, finding.line, finding.column) == (f"{tmp_path}/***", 2, 9)
    assert finding.excerpt == "sub/for-***/b.log"
    assert (report.bytes, report.lines) == (16, 2)
    assert len(report.coverage) == 2
    assert scan_paths(ENGINE, [top / "a.log"]).verdict is Verdict.CLEAN


def test_path_that_does_not_exist_is_refused() -> None:
    """A typing error must not look like a clean log."""
    with pytest.raises(UsageError, match=r"no file absent\.log"):
        scan_paths(ENGINE, ["absent.log"])


def test_empty_directory_is_unknown(tmp_path: Path) -> None:
    """Where there is nothing to read there is no verdict."""
    assert scan_paths(ENGINE, [tmp_path]).verdict is Verdict.UNKNOWN


def test_pipe_in_a_directory_is_not_waited_for(tmp_path: Path) -> None:
    """A named pipe has no content to read, and is said."""
    os.mkfifo(tmp_path / "pipe")
    assert states(scan_paths(ENGINE, [tmp_path])) == {f"{tmp_path}/pipe": "none"}


def test_links_to_folders_are_not_followed_and_said(tmp_path: Path) -> None:
    """They may lead in circles or out of what was meant; one that is named itself is followed."""
    for folder in ("in/sub", "out"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.log").write_bytes(LEAK)
    (tmp_path / "in" / "sub" / "link").symlink_to(tmp_path / "out")
    report = scan_paths(ENGINE, [tmp_path / "in"])
    assert states(report) == {
        f"{tmp_path}/in/sub/a.log": "complete",
        f"{tmp_path}/in/sub/link": "none",
    }
    report = scan_paths(ENGINE, [tmp_path / "in" / "sub" / "link"])
    assert states(report) == {f"{tmp_path}/in/sub/link/a.log": "complete"}


def test_unreadable_file_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be opened has coverage `none`."""
    (tmp_path / "a.log").write_bytes(LEAK)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    report = scan_paths(ENGINE, [tmp_path / "a.log"])
    assert states(report) == {f"{tmp_path}/a.log": "none"}
    assert report.verdict is Verdict.UNKNOWN


def packed(*members: tuple[str, bytes]) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return buffer.getvalue()


def squeezed(data: bytes) -> bytes:
    """A gzip file. Without a time in it: parameters of tests must be the same in each process."""
    return gzip.compress(data, mtime=0)


def test_gzip_and_zip_are_looked_into(tmp_path: Path) -> None:
    """Members are named after their archive; an archive in an archive too, and from a pipe."""
    (tmp_path / "log.gz").write_bytes(squeezed(LEAK) + squeezed(LEAK))
    inner = packed(("x.gz", squeezed(LEAK)))
    archive = packed(("1_build.txt", LEAK), ("build/", b""), ("in.zip", inner))
    (tmp_path / "logs.zip").write_bytes(archive)
    report = scan_paths(ENGINE, [tmp_path, "-"], io.BytesIO(archive))
    found = [(one.file.removeprefix(str(tmp_path)), one.line) for one in report.findings]
    assert found == [
        ("/log.gz", 2),
        ("/log.gz", 4),
        ("/logs.zip!/1_build.txt", 2),
        ("/logs.zip!/in.zip!/x.gz", 2),
        ("-!/1_build.txt", 2),
        ("-!/in.zip!/x.gz", 2),
    ]
    assert set(states(report).values()) == {"complete"}


@pytest.mark.parametrize(
    ("name", "content", "state"),
    [
        ("cut.gz", squeezed(os.urandom(400_000))[:-50_000], "tail-missing"),
        ("cut.gz", squeezed(LEAK)[:5], "none"),
        ("empty.gz", b"", "none"),
        ("wrong.gz", b"no gzip at all", "none"),
        ("cut.zip", packed(("a", LEAK))[:-30], "none"),
        ("wrong.zip", b"no zip at all", "none"),
        ("trailing.gz", squeezed(LEAK) + b"garbage", "tail-missing"),
    ],
)
def test_damaged_archives_are_never_silently_clean(
    tmp_path: Path, name: str, content: bytes, state: str
) -> None:
    """What breaks off or cannot be unpacked is said."""
    (tmp_path / name).write_bytes(content)
    assert states(scan_paths(ENGINE, [tmp_path])) == {f"{tmp_path}/{name}": state}


@settings(max_examples=200)
@given(at=st.integers(0, 10_000), flip=st.integers(1, 255), zipped=st.booleans())
def test_damage_anywhere_is_found_out(at: int, flip: int, zipped: bool) -> None:
    """One changed byte never ends in an exception; what it hid is never called complete."""
    data = bytearray(packed(("a.txt", LEAK), ("b.txt", LEAK)) if zipped else squeezed(LEAK))
    at %= len(data)
    data[at] ^= flip
    report = scan_paths(ENGINE, ["-"], io.BytesIO(bytes(data)))
    still_packed = data.startswith((b"PK\x03\x04", b"\x1f\x8b"))
    if still_packed and len(report.findings) < (2 if zipped else 1):
        assert set(states(report).values()) != {"complete"}


def test_encrypted_member_is_said() -> None:
    """A member that needs a password has coverage `none`, the others are scanned."""
    data = bytearray(packed(("a.txt", LEAK), ("b.txt", LEAK)))
    central = data.rindex(b"PK\x01\x02")
    data[central + 8] |= 1  # the flag of the second entry
    report = scan_paths(ENGINE, ["-"], io.BytesIO(bytes(data)))
    assert states(report) == {"-!/a.txt": "complete", "-!/b.txt": "none", "-": "complete"}
    assert len(report.findings) == 1


def test_an_archive_without_a_member_that_can_be_read_is_unknown() -> None:
    """That its names were read says nothing of what is in it."""
    data = bytearray(packed(("a.txt", LEAK)))
    data[data.rindex(b"PK\x01\x02") + 8] |= 1
    report = scan_paths(ENGINE, ["-"], io.BytesIO(bytes(data)))
    assert states(report) == {"-!/a.txt": "none", "-": "none"}
    assert report.verdict is Verdict.UNKNOWN
    assert scan_paths(ENGINE, ["-"], io.BytesIO(packed())).verdict is Verdict.CLEAN


def test_bombs_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """What unpacks to more than the budget is read up to it, and said."""
    monkeypatch.setattr(packed_input, "MAX_UNPACKED", 1_000_000)
    bomb = squeezed(b"\0" * 3_000_000)
    report = scan_paths(ENGINE, ["-"], io.BytesIO(bomb))
    assert states(report) == {"-": "tail-missing"}
    assert report.bytes <= 1_000_000
    archive = packed(*((f"{number}.txt", b"\0" * 300_000) for number in range(9)))
    report = scan_paths(ENGINE, ["-"], io.BytesIO(archive))
    assert report.bytes <= 1_000_000
    assert states(report)["-"] == "tail-missing"
    assert len(report.coverage) == 5


def test_archives_too_deep_are_said() -> None:
    """Beyond the third layer nothing is unpacked."""
    data = LEAK
    for _ in range(4):
        data = squeezed(data)
    report = scan_paths(ENGINE, ["-"], io.BytesIO(data))
    assert states(report) == {"-": "none"}


def test_what_was_unpacked_before_the_damage_is_scanned() -> None:
    """A leak just before the place where an archive breaks off is found."""
    report = scan_paths(ENGINE, ["-"], io.BytesIO(squeezed(LEAK) + b"garbage"))
    assert states(report) == {"-": "tail-missing"}
    assert {one.secret for one in report.findings} == {"PW"}
