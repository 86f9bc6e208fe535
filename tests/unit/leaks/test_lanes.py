"""The two readings of a stream: as it is, and squashed."""

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks import lanes
from ci_secrets.leaks.forms.torn.squash import squash
from ci_secrets.leaks.forms.torn.uncolour import LONGEST, blanked
from ci_secrets.leaks.index import SHORT, Hit, Index
from ci_secrets.leaks.lanes import BOUND, Lanes
from ci_secrets.leaks.needles import Needle
from tests.unit.leaks.strategies import cut

PATTERNS = st.lists(st.text("ab1", min_size=4, max_size=24), min_size=1, max_size=3, unique=True)
PIECES = [
    "a",
    "b",
    "1",
    "A",
    "B",
    "-",
    "\n",
    "  ",
    "\x1b[1m",
    "\x1b",
    "[",
    "m",
    "\x1b]0;a\x07",
    "]",
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=150).map(lambda parts: "".join(parts).encode())
SIZES = st.lists(st.integers(1, 9), max_size=4)


def index_of(patterns: list[str]) -> Index:
    """An index of these patterns, which are squashed already."""
    needles = (
        Needle(owner="V", form=(), severity="high", variant=0, pattern=pattern.encode())
        for pattern in patterns
    )
    return Index((needle.pattern, needle) for needle in needles)


def squashed(patterns: list[str], offset: int = 0) -> Lanes:
    """The squashed reading alone."""
    return Lanes([(index_of([]), index_of(patterns))], offset)


def naive(text: bytes, patterns: list[str], reach: int) -> Iterator[tuple[int, int, bytes]]:
    """Each place of each pattern, found without any cleverness."""
    kept = [(at, squash(text[at : at + 1])) for at in range(len(text)) if squash(text[at : at + 1])]
    letters = b"".join(letter for _, letter in kept)
    for pattern in map(str.encode, patterns):
        for at in range(len(letters) - len(pattern) + 1):
            start, end = kept[at][0], kept[at + len(pattern) - 1][0] + 1
            if letters.startswith(pattern, at) and end - start <= reach:
                yield start, end, pattern


def found(hits: list[Hit]) -> list[tuple[int, int, bytes]]:
    """What is compared of hits."""
    return sorted((hit.start, hit.end, hit.needle.pattern) for hit in hits)


@given(text=TEXTS, patterns=PATTERNS, sizes=SIZES, bound=st.sampled_from([0, 30, 1000]))
def test_squashed_lane_equals_a_naive_one(
    text: bytes, patterns: list[str], sizes: list[int], bound: int
) -> None:
    """However a value is torn and the stream is cut, each place within reach is found once, never
    before an offset that was called settled, and never more is held than the bound allows.
    """
    reach = bound + 8 * max(map(len, patterns))
    with patch.object(lanes, "BOUND", bound):
        lane = squashed(patterns)
    hits, settled, fed = [], 0, 0
    for piece in cut(text, sizes):
        fresh = lane.feed(piece)
        fed += len(piece)
        assert all(settled <= hit.start and hit.end <= fed for hit in fresh)
        hits += fresh
        settled = lane.settled()
        assert settled <= lane.settled(SHORT) <= fed
        assert fed - settled <= reach + LONGEST
    hits += lane.close()
    assert found(hits) == sorted(naive(blanked(text), patterns, reach))
    assert lane.settled() >= len(text) - reach


@given(text=TEXTS, patterns=PATTERNS, sizes=SIZES, offset=st.integers(0, 99))
def test_what_is_settled_does_not_depend_on_pieces(
    text: bytes, patterns: list[str], sizes: list[int], offset: int
) -> None:
    """Nor on where the stream began to be read: only on the bytes that came so far."""
    ends = []
    for pieces in (cut(text, sizes), cut(text, [])):
        with patch.object(lanes, "BOUND", 20):
            lane = squashed(patterns, offset)
        for piece in pieces:
            lane.feed(piece)
        ends.append([lane.settled(least) - offset for least in (1, 2, SHORT)])
    assert ends[0] == (ends[1] if text else ends[0])


@pytest.mark.parametrize("size", [7, 4096, 1 << 20])
def test_a_value_may_be_torn_over_the_bound_and_no_further(size: int) -> None:
    """The bound is that of the whole, and what can no longer be a value is not waited for."""
    for gap, expected in ((BOUND, 1), (BOUND + 8 * 16, 0)):
        lane = squashed(["abababababababab"])
        text = b"abababab" + b"-" * gap + b"abababab"
        assert len([hit for piece in cut(text, [size]) for hit in lane.feed(piece)]) == expected
    lane = squashed(["abababababababab"])
    for piece in cut(b"ab" * 4 + b"\n" * 200_000, [size]):
        lane.feed(piece)
    assert lane.settled() == 200_008


def test_the_bytes_of_text_that_is_held_are_all_that_is_remembered() -> None:
    """A value that has begun, and dashes one by one, take no memory beside the stream's own."""
    lane = squashed(["abababababababab"])
    lane.feed(b"abab")
    for _ in range(1000):
        lane.feed(b"-")
    assert len(lane._squashed[0]._reads) == 1


def test_an_unfinished_sequence_is_waited_for_and_then_is_text() -> None:
    """While nothing but a few letters of it could belong to a value, a pause ends the wait."""
    lane = squashed(["ab1ab1ab1ab1"])
    lane.feed(b"x\x1b[1")
    assert (lane.settled(), lane.settled(SHORT)) == (3, 4)
    lane.feed(b"m ab1ab1ab1a\x1b[")
    assert lane.settled(SHORT) == 6
    lane.feed(b"0")
    assert lane.close() == []
    lane.feed(b"x ab1ab1ab1a\x1b]b1")
    assert [(hit.start, hit.end) for hit in lane.close()] == [(21, 35)]
