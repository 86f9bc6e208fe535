"""UTF-16 is scanned as text, and places are those of the file."""

import codecs
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.input import utf16
from ci_secrets.leaks.scan import scan_paths
from tests.unit.leaks.strategies import cut, engine_of

PW = "hunter23-9f8e"
ENGINE = engine_of({"PW": PW})
CODECS = {"utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
TEXT = st.text(st.sampled_from("ab \n\té漢\U0001f600") | st.characters(codec="utf-16"), max_size=40)


def found(data: bytes) -> list[Finding]:
    """What a scan of standard input says, which must be all of it."""
    report = scan_paths(ENGINE, ["-"], io.BytesIO(data))
    assert [entry.state for entry in report.coverage] == ["complete"]
    assert report.bytes == len(data)
    return list(report.findings)


@given(codec=st.sampled_from(sorted(CODECS)), before=TEXT, after=TEXT, odd=st.booleans())
def test_places_are_those_of_the_original(codec: str, before: str, after: str, odd: bool) -> None:
    """Line and column lead to the value's bytes in the file, whatever stands before it."""
    head = CODECS[codec] + before.encode(codec)
    data = head + PW.encode(codec) + after.encode(codec) + b"\n" * odd
    (finding,) = found(data)
    ends = [
        at for at in range(0, len(head), 2) if head[at : at + 2].decode(codec, "replace") == "\n"
    ]
    start = ends[-1] + 2 if ends else 0
    assert (finding.line, finding.column) == (len(ends) + 1, len(head) - start + 1)
    assert finding.end_line == finding.line
    assert finding.end_column == finding.column + 2 * len(PW)
    assert finding.form == ()


PIECES = st.one_of(st.binary(max_size=9), st.text("ab \n", min_size=9, max_size=60).map(str.encode))


@given(
    parts=st.lists(PIECES, max_size=8),
    mark=st.sampled_from(utf16.BOMS),
    sizes=st.lists(st.integers(1, 50), max_size=5),
)
def test_any_bytes_in_any_pieces(parts: list[bytes], mark: bytes, sizes: list[int]) -> None:
    """Nothing raises, and the pieces that the text comes in make no difference."""
    data = mark + b"".join(parts)
    whole, pieces = utf16.Transcript(mark), utf16.Transcript(mark)
    expected = whole.feed(data) + whole.finish()
    given_in_pieces = [pieces.feed(piece) for piece in cut(data, sizes)]
    assert b"".join([*given_in_pieces, pieces.finish()]) == expected


@pytest.mark.parametrize("codec", sorted(CODECS))
@pytest.mark.parametrize("pad", range(40))
def test_ascii_that_was_appended_is_read_as_such(codec: str, pad: int) -> None:
    """Other programs append ASCII to PowerShell's files; UTF-16 may go on behind it."""
    line = f"{'x' * pad} then {PW} and so on\r\n"
    head = CODECS[codec] + "first\r\n".encode(codec)
    data = head + line.encode() + line.encode(codec) + line.encode()
    first, second, third = found(data)
    assert (first.line, first.column) == (2, pad + 7)
    assert second.line == 3
    assert (third.line, third.column) == (4, pad + 7)


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the changes of script that are remembered lines stay right, columns are a guess."""
    monkeypatch.setattr(utf16, "MAX_TURNS", 10)
    text = "é a\n" * 100 + PW
    (finding,) = found(codecs.BOM_UTF16_LE + text.encode("utf-16-le"))
    assert (finding.line, finding.column) == (101, 1)
