"""The closer look at a stretch of a log."""

import base64
import gzip

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
