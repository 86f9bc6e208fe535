"""Texts with more findings than are listed."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks import listed
from ci_secrets.leaks.findings import Report, Verdict, combine
from ci_secrets.leaks.formats.words import together
from ci_secrets.leaks.guard import Guard
from ci_secrets.leaks.ignore import Entry, apply
from ci_secrets.leaks.listed import MAX_UNLIKE, Listed
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.strategies import cut, engine_of

NOISY, RARE = "made-up-q8Zk2vX0-value", "another-7Hd3kP9w-value"
ENGINE = engine_of({"NOISY": NOISY, "RARE": RARE})
LINE = f"again {NOISY}\n".encode()
TODAY = date(2026, 11, 22)


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty are listed as they come."""
    monkeypatch.setattr(listed, "MAX_FINDINGS", 20)


def accepting(report: Report) -> tuple[Entry, ...]:
    """Entries for all that is listed."""
    until = TODAY + timedelta(days=9)
    return tuple(
        Entry(line=1, fingerprint=one, until=until, reason="rotated")
        for one in {finding.fingerprint for finding in report.findings}
    )


def scanned(text: bytes) -> Report:
    """What a scan says of it."""
    return scan_stream(ENGINE, [text], "log")


NOISE = accepting(scanned(LINE))


@pytest.mark.parametrize("last", [f"deploy with {RARE}\n", f"deploy with {NOISY}\n"])
def test_what_is_accepted_hides_nothing_else(last: str) -> None:
    """However often it stands there, what is unlike it is listed and counts."""
    report, _ = apply(scanned(LINE * 100 + last.encode()), NOISE, TODAY)
    assert [one.excerpt for one in report.findings] == ["deploy with ***"]
    assert report.verdict is Verdict.LEAKED


def test_what_is_accepted_is_accepted_however_often_it_is_printed() -> None:
    """Numbers in its line change nothing; that the list ends is said all the same."""
    lines = b"".join(b"%d " % number + LINE for number in range(100))
    every = accepting(scanned(b"1 " + LINE))
    report, _ = apply(scanned(lines), every, TODAY)
    assert report.verdict is Verdict.CLEAN
    assert [note.told for note in together(report.skipped)] == [
        "NOISY is not listed in every place: "
        "it stands in log more often than can be listed; all of log was searched"
    ]


def test_what_nobody_has_seen_is_accepted_by_nobody() -> None:
    """Of lines without end that are all unlike each other the first are listed, and all count."""
    text = b"".join(f"{'x' * length} {NOISY} in a line\n".encode() for length in range(1, 150))
    whole = scanned(text)
    assert len(whole.findings) == 20 + MAX_UNLIKE
    report, _ = apply(whole, accepting(whole), TODAY)
    assert report.findings == ()
    assert report.verdict is combine([report, scanned(b"")]).verdict is Verdict.LEAKED


def test_what_was_redacted_is_listed_by_its_value_and_form() -> None:
    """Of each at least the first place; all of it is contained."""
    guard = Guard(ENGINE)
    guard.feed(LINE * 100 + f"deploy with {RARE} and {NOISY.encode().hex()}\n".encode())
    guard.finish()
    report = guard.report("output")
    assert {(one.secret, one.form) for one in report.findings} == {
        ("NOISY", ()),
        ("RARE", ()),
        ("NOISY", ("hex",)),
    }
    assert report.verdict is Verdict.CONTAINED


@given(st.lists(st.integers(1, 400), max_size=3), st.integers(0, 60))
def test_the_pieces_of_a_text_change_nothing_of_what_is_listed(sizes: list[int], at: int) -> None:
    """Nor do values in the same line, to the right of what was found."""
    lines = [f"user {NOISY} {'word ' * (one % 40)}{RARE} end\n".encode() for one in range(at + 20)]
    text = b"".join(lines)
    report = scan_stream(ENGINE, cut(text, sizes), "log")
    assert report.findings == scanned(text).findings
    assert {one.secret for one in report.findings} == {"NOISY", "RARE"}


def test_what_is_told_at_a_pause_changes_nothing_of_the_end() -> None:
    """What is found behind it is listed as if nobody had asked."""
    chunks = [LINE * 30, b"", f"deploy with {NOISY}\n".encode(), b"", LINE]
    told: list[Report] = []
    report = scan_stream(ENGINE, chunks, "log", on_pause=told.append)
    assert [len(one.findings) for one in told] == [20, 21]
    assert report.findings == scanned(b"".join(chunks)).findings


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 300))))
def test_the_list_is_bounded_and_names_each_value(found: list[tuple[str, int]]) -> None:
    """Of each value something is listed; what is not is like it, or said to be unlike."""
    several = Listed()
    taken = [(owner, kind) for owner, kind in found if several.takes(owner, (owner, str(kind)))]
    assert len(taken) <= 20 + 3 * MAX_UNLIKE
    assert {owner for owner, _ in taken} == {owner for owner, _ in found}
    assert several.unlike == bool(set(found) - set(taken))
