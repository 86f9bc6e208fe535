"""The lines that reports show, which hold no value."""

import base64
import random
from collections.abc import Callable
from string import ascii_letters, digits
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.excerpt import MARK, NO_MASKS, SHOWN, Excerpts, Masks
from ci_secrets.leaks.findings import Report
from ci_secrets.leaks.guard import Guard
from ci_secrets.leaks.scan import scan_stream
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import cut, engine_of

TOKEN = "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
OTHER = "wJ7vQ2xTz9LmW4pR8sYd"
LAST = "Zk3vN8xQ2mWb7RtY5pLs9DfGh4JcKa1U"
KEY = f"-----BEGIN KEY-----\n{'Qm7xT2vWz9Lk' * 4}\n{'R5nB8yHc3Jd1' * 4}\n{LAST}\n-----END KEY-----"
LINES = "alpha bravo\ncharlie delta\nsecret words only"
ENGINE = engine_of({"TOKEN": TOKEN, "OTHER": OTHER, "LINES": LINES})

SPELLINGS: Final[dict[str, Callable[[str], str]]] = {
    "plain": lambda value: value,
    "decimal": lambda value: str(list(value.encode())),
    "escaped": lambda value: "".join(f"\\x{byte:02x}" for byte in value.encode()),
    "entities": lambda value: "".join(f"&#x{byte:02x};" for byte in value.encode()),
    "binary": lambda value: " ".join(f"{byte:08b}" for byte in value.encode()),
    "spaced": lambda value: " ".join(value),
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "wrapped": lambda value: "\n".join(cut_text(base64.b64encode(value.encode()).decode(), 26)),
    "ends": lambda value: f"{value[:6]}****{value[-6:]}",
}
PIECE: Final = 12
"""Characters of a spelling that a line may not show in a row."""


def cut_text(text: str, size: int) -> list[str]:
    """In pieces of a size."""
    return [text[at : at + size] for at in range(0, len(text), size)]


def shown(report: Report) -> str:
    """All lines of a report."""
    return "\n".join(finding.excerpt for finding in report.findings)


def held_by(lines: str, spelled: str) -> list[str]:
    """The pieces of a spelling that stand in the lines."""
    pieces = (spelled[at : at + PIECE] for at in range(len(spelled) - PIECE + 1))
    return [piece for piece in pieces if piece in lines]


@pytest.mark.parametrize("form", SPELLINGS)
@pytest.mark.parametrize("apart", [1, 100, 155, 300])
def test_a_line_shows_nothing_of_what_was_found_before(form: str, apart: int) -> None:
    """Whatever the disguise, and wherever the line is cut."""
    spelled = SPELLINGS[form](TOKEN)
    text = f"x {spelled} {'filler ' * (apart // 7)}then {spelled} end, {spelled}\n"
    report = scan_stream(ENGINE, [text.encode()], "log")
    assert len(report.findings) >= 3
    assert held_by(shown(report), spelled) == []


def test_a_line_shows_nothing_of_a_value_of_several_lines() -> None:
    """Its last line is words, and known only with the others."""
    report = scan_stream(ENGINE, [f"{LINES} then {TOKEN}\n".encode()], "log")
    assert [one.excerpt for one in report.findings] == ["*** then ***"] * 2


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(SPELLINGS)), st.sampled_from([TOKEN, OTHER])),
        min_size=2,
        max_size=4,
    ),
    st.lists(st.sampled_from([" ", " and ", "\n", "; ok ", " some words " * 12]), min_size=4),
    st.integers(1, 400),
)
def test_no_line_shows_a_piece_of_a_value(
    printed: list[tuple[str, str]], between: list[str], size: int
) -> None:
    """Of a scan, and of what was redacted and what was let through of a stream."""
    spelled = [SPELLINGS[form](value) for form, value in printed]
    text = "".join(one + gap for one, gap in zip(spelled, between, strict=False)).encode()
    guard = Guard(ENGINE)
    for piece in cut(text, [size]):
        guard.feed(piece)
    guard.finish()
    lines = shown(scan_stream(ENGINE, [text], "log")) + shown(guard.report("output"))
    assert [piece for one in spelled for piece in held_by(lines, one)] == []


CUT: Final = {
    "the rest of a key": (KEY, f"{KEY[: KEY.index(LAST) + 20]!r}", LAST[:20]),
    "a third of a token": (OTHER, OTHER[:9], OTHER[:9]),
    "the middle of a password": (f"db://me:{OTHER}@db.lan/x", OTHER[5:15], OTHER[5:15]),
}


@pytest.mark.parametrize("name", CUT)
def test_a_line_shows_no_piece_that_is_no_finding_of_its_own(name: str) -> None:
    """What was cut stands beside a finding, and is hidden with it; so in a stream."""
    value, printed, piece = CUT[name]
    engine = engine_of({"TOKEN": TOKEN, "VALUE": value})
    line = f"x {printed} y {TOKEN} z {printed}\n".encode()
    guard = Guard(engine)
    guard.feed(line)
    guard.finish()
    for report in (scan_stream(engine, [line], "log"), guard.report("output")):
        lines = shown(report)
        assert lines.startswith("x ")
        assert " y *** z " in lines
        assert not any(piece[at : at + 8] in lines for at in range(len(piece) - 7))


def test_a_line_shows_the_plain_fields_of_a_value() -> None:
    """Of an address or a document only the secret fields are hidden in pieces."""
    engine = engine_of({"URL": f"postgres://reporting:{OTHER}@db.example.net/sales"})
    line = f"postgres://reporting:other@db.example.net/sales {OTHER} service".encode()
    (found,) = scan_stream(engine, [line], "log").findings
    assert found.excerpt == "postgres://reporting:other@db.example.net/sales *** service"


def test_what_was_redacted_is_shown_without_what_was_let_through() -> None:
    """A form that only the scan sees is hidden in the lines of all findings."""
    guard = Guard(ENGINE)
    guard.feed(f"login {TOKEN} debug {SPELLINGS['ends'](TOKEN)} end\n".encode() + b"next\n")
    guard.finish()
    assert {one.excerpt for one in guard.report("output").findings} == {"login *** debug *** end"}


def test_a_line_hides_what_became_known_after_it_was_found() -> None:
    """A value that was printed before it was known is in the log, but in no report."""
    guard = Guard(engine_of({"OTHER": OTHER}))
    guard.feed(f"user {TOKEN} {SPELLINGS['ends'](TOKEN)} {OTHER}\n".encode() + b"x" * 100)
    guard.add({"LATER": Secret(TOKEN)})
    guard.finish()
    assert shown(guard.report("output")) == "user *** *** ***"


def test_places_of_a_guard_are_those_of_the_output() -> None:
    """What was redacted and what was let through are told by the same lines and columns."""
    value = "first-4Kd8\nsecond-9Xw2\nthird-7Qz5"
    guard = Guard(engine_of({"LINES": value, "TOKEN": TOKEN}))
    out = guard.feed(f"a\n{value} b {TOKEN} c\n{TOKEN} {SPELLINGS['ends'](TOKEN)}".encode())
    out += guard.finish()
    assert out.startswith(b"a\n*** b *** c\n*** ")
    places = [(one.line, one.column, one.end_column) for one in guard.report("output").findings]
    assert places == [(2, 1, 4), (2, 7, 10), (3, 1, 4), (3, 5, 21)]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("words", ["", "y" * 155, "z" * 300])
def test_fingerprints_mind_no_digits_and_line_ends(end: str, words: str) -> None:
    """A longer number before or behind a value changes none, also where the line is cut."""
    lines = [f"[{at}] {words} {TOKEN} {words} {at} end{end}" for at in (9, 12, 1234567)]
    found = scan_stream(ENGINE, [line.encode() for line in lines], "log").findings
    plain = scan_stream(ENGINE, [f"[1] {words} {TOKEN} {words} 2 end".encode()], "log").findings
    assert len(found) == 3
    assert len({one.fingerprint for one in (*found, *plain)}) == 1


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9))), st.integers(0, 60))
def test_masks_hide_what_they_cover(gaps: list[tuple[int, int]], at: int) -> None:
    """And nothing else, of whatever piece of the text."""
    masks, text, start = Masks(), bytearray(b"x" * 600), 0
    for gap, size in gaps[:12]:
        start += gap + 1
        masks.add(start, start + size)
        text[start : start + size] = b"-" * size
        start += size
    piece = bytes(text[at : at + 200])
    expected = b"".join(MARK if run[:1] == b"-" else run for run in runs(piece))
    assert masks.over(piece, at) == expected
    assert masks.over(b"", at) == b""


def runs(text: bytes) -> list[bytes]:
    """Pieces of one letter."""
    found: list[bytes] = []
    for at in range(len(text)):
        one = text[at : at + 1]
        if found and found[-1][:1] == one:
            found[-1] += one
        else:
            found.append(one)
    return found


def test_what_stands_behind_very_many_masks_is_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Memory is bounded, and what cannot be remembered is taken for a value."""
    monkeypatch.setattr("ci_secrets.leaks.excerpt._MOST", 2)
    masks = Masks()
    for start in (2, 6, 20):
        masks.add(start, start + 1)
    assert masks.over(b"ab-defgh", 0) == b"ab***def***"
    assert masks.over(b"anything", 20) == b"***"


@given(st.lists(st.integers(1, 700)), st.integers())
def test_the_pieces_of_the_output_change_no_line(sizes: list[int], seed: int) -> None:
    """An excerpt is the text on either side of its mark, however that came."""
    rng = random.Random(seed)  # noqa: S311  # NOTE: the seed is what Hypothesis varies
    before = "".join(rng.choices(ascii_letters + digits + " \n", k=900)).encode()
    behind = "".join(rng.choices(ascii_letters + digits + " \n", k=900)).encode()
    excerpts = Excerpts()
    for piece in cut(before, sizes or [1]):
        excerpts.clear(piece)
    excerpt = excerpts.mark(7, MARK)
    for piece in cut(behind, sizes or [1]):
        excerpts.clear(piece)
    left, right = excerpt.sides(NO_MASKS, lambda text: text)
    assert left == before.rpartition(b"\n")[2][-2 * SHOWN :]
    assert right == behind.partition(b"\n")[0][: 2 * SHOWN]
    assert excerpt.place == (900, 7, before.rfind(b"\n") + 1)
