"""Needles in a text, and in a stream that comes in pieces."""

from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks.index import SHORT, Index, Search
from ci_secrets.leaks.needles import Needle
from tests.unit.leaks.strategies import cut

PATTERNS = st.lists(st.text("ab", min_size=6, max_size=30), max_size=4, unique=True)


def index_of(patterns: list[str]) -> Index:
    """An index of these patterns."""
    needles = (
        Needle(owner="V", form=(), severity="high", variant=0, pattern=pattern.encode())
        for pattern in patterns
    )
    return Index((needle.pattern, needle) for needle in needles)


@given(
    text=st.text("ab", max_size=120),
    patterns=PATTERNS,
    sizes=st.lists(st.integers(1, 9), max_size=4),
)
def test_search_equals_a_naive_one(text: str, patterns: list[str], sizes: list[int]) -> None:
    """However similar needles are to themselves and each other, each place of each is found once,
    in the whole text and in pieces, and never before an offset that was called settled.
    """
    index = index_of(patterns)
    search, settled, found = Search(index), 0, []
    for piece in cut(text.encode(), sizes):
        for hit in search.feed(piece):
            assert hit.start >= settled
            found.append((hit.start, hit.end, hit.needle.pattern))
        settled = search.settled()
    data = text.encode()
    naive = [
        (at, at + len(pattern), pattern.encode())
        for pattern in patterns
        for at in range(len(data))
        if data.startswith(pattern.encode(), at)
    ]
    assert sorted(found) == sorted(naive)
    whole = [(start, end, needle.pattern) for start, end, needle in index.find(data)]
    assert sorted(whole) == sorted(naive)


@given(text=st.text("ab", max_size=60), patterns=PATTERNS, least=st.sampled_from([1, SHORT]))
def test_settled_is_the_longest_end_that_a_pattern_begins_with(
    text: str, patterns: list[str], least: int
) -> None:
    """Not one byte more is held back than could become a finding; ends that are too short are
    not, where that is asked for.
    """
    search = Search(index_of(patterns))
    for _ in search.feed(text.encode()):
        pass
    longest = max(
        (
            size
            for size in range(least, len(text) + 1)
            for pattern in patterns
            if size < len(pattern) and pattern.startswith(text[len(text) - size :])
        ),
        default=0,
    )
    assert search.settled(least) == len(text) - longest


def test_an_index_of_nothing_finds_nothing() -> None:
    """No needle, nothing held."""
    search = Search(index_of([]))
    assert list(search.feed(b"anything")) == []
    assert search.settled() == 8


def test_what_is_forgotten_is_not_found() -> None:
    """The rest of a long needle is not waited for any more, nor that of one that has just begun."""
    search = Search(index_of(["ab" * 20, "bbaabbaa"]))
    assert list(search.feed(("ab" * 15 + "bba").encode())) == []
    search.forget(32)
    assert search.settled() == 32
    assert list(search.feed(("ab" * 20).encode())) != []
