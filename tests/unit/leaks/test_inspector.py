"""The closer look at a stretch of a log."""

import base64
import gzip

import pytest

from ci_secrets.leaks.anchors import Anchor, Anchors
from ci_secrets.leaks.clues import clues_of
from ci_secrets.leaks.inspector import Inspector, _composed
from tests.unit.leaks.strategies import engine_of

VALUE = "k7Zr-9f8e4XwQ2mB5tLp"


def test_what_is_noticed_is_explained_through_several_forms() -> None:
    """A packed value in base64 is found where the base64 stands, and told from the outside in."""
    encoded = base64.b64encode(gzip.compress(VALUE.encode()))
    text = b"key=" + encoded + b"\n"
    (hit, *_) = Inspector(engine_of({"V": VALUE})).inspect(text, [6])
    assert hit.needle.form in {("base64", "gzip"), ("base64", "deflate")}
    assert text[hit.start : hit.end].rstrip(b"=") in encoded


def test_nothing_is_made_up() -> None:
    """What was noticed but holds no value is given up."""
    assert Inspector(engine_of({"V": VALUE})).inspect(b"k7Zr-9f8 and nothing more", [7]) == []


def test_a_reading_that_turns_pieces_around_has_a_place_all_the_same() -> None:
    """The place of its text is never empty or backwards."""
    span = _composed(lambda _start, _end: (10, 4), lambda start, end: (start, end))
    low, high = span(0, 3)
    assert low < 4 <= 10 < high


def test_what_looks_torn_but_joins_to_nothing_costs_few_readings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A list that happens to hold three letters of a value is read once, not in every way twice."""
    engine = engine_of({"V": VALUE})
    read = 0
    find = Anchors.find

    def counted(self: Anchors, text: bytes, most: int | None = None) -> list[Anchor]:
        nonlocal read
        read += 1
        return find(self, text, most)

    monkeypatch.setattr(Anchors, "find", counted)
    hint = next(
        one for one, clue in clues_of(engine.spelled[0]) if "torn" in clue.forms and b", " in one
    )
    line = (
        b'+    names = ["ab", "'
        + hint
        + b'", "some", "more"]\n+    a | b | c, 1-2-3-4; "x" + "y"\n'
    )
    text = b"".join(b"2026-01-02T03:04:05Z \x1b[1m%d\x1b[0m\t" % at + line for at in range(20))
    noticed = [anchor.at for anchor in find(engine.shelves[0].anchors, text)]
    assert noticed
    assert Inspector(engine).inspect(text, noticed) == []
    assert read < 20
