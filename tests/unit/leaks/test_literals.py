"""The implementations of the search for many literals."""

import importlib
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.leaks import literals
from ci_secrets.leaks.literals import AT_ONCE, BACKENDS, Compile, Growing, compile_literals

ALL: dict[str, Compile] = {
    package: importlib.import_module(module).compile_literals
    for package, module in {**BACKENDS, **AT_ONCE}.items()
}
SMALL = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.text("aA", min_size=1, max_size=6).map(str.encode),
    st.sampled_from([b"\0", b"a\0b", b"(a|b)*", b"\\x61", b"\xff", b"\xe4", b"\xc4"]),
)


@given(
    patterns=st.lists(SMALL, max_size=8),
    text=st.lists(SMALL, max_size=12).map(b"".join),
    caseless=st.booleans(),
)
def test_all_find_the_same(patterns: list[bytes], text: bytes, caseless: bool) -> None:
    """Every literal at every place, overlapping ones, equal ones and any bytes too."""
    fold = bytes.lower if caseless else bytes
    naive = sorted(
        (index, at + len(pattern))
        for index, pattern in enumerate(patterns)
        for at in range(len(text))
        if fold(text).startswith(fold(pattern), at)
    )
    for compile_them in ALL.values():
        found = compile_them(patterns, caseless).find(text)
        assert sorted(found) == naive
        assert [end for _, end in found] == sorted(end for _, end in found)


@given(text=st.text("ab", max_size=40).map(str.encode), most=st.integers(1, 5))
def test_a_bound_keeps_the_first(text: bytes, most: int) -> None:
    """So a text full of literals costs no more than one with few."""
    for compile_them in ALL.values():
        find = compile_them([b"a", b"ba"], False).find
        everything = find(text)
        bounded = find(text, most)
        assert len(bounded) == min(most, len(everything))
        assert set(bounded) <= set(everything)


def test_short_ones_among_many_are_found_too() -> None:
    """They may be looked for apart, yet all are found in the order in which they end."""
    many = [b"needle-%d!" % at for at in range(2_000)]
    text = b"ab needle-7! ab needle-1999! ab"
    found = [(2_000, 2), (7, 12), (2_000, 15), (1_999, 28), (2_000, 31)]
    for compile_them in ALL.values():
        assert compile_them([*many, b"ab"], False).find(text) == found
        assert compile_them([*many, b"ab"], False).find(text, 2) == found[:2]


@given(texts=st.lists(st.text("ab ", max_size=900).map(str.encode), max_size=4))
def test_what_is_made_fast_later_finds_the_same(texts: list[bytes]) -> None:
    """Whether much text comes, or is expected, changes nothing but the time it takes."""
    growing, expecting = (
        Growing([b"a", b"Ba"], caseless=True),
        Growing([b"a", b"Ba"], caseless=True),
    )
    expecting.expect(1_000_000)
    fast = compile_literals([b"a", b"Ba"], caseless=True)
    for text in texts:
        found = sorted(fast.find(text))
        assert sorted(growing.find(text)) == sorted(expecting.find(text)) == found


def test_threads_share_one() -> None:
    """Two streams may be searched at once."""
    found: list[int] = []
    shared = compile_literals([b"needle-1"])
    text = (b"hay" * 1000 + b"needle-1") * 500
    threads = [
        threading.Thread(target=lambda: found.append(len(shared.find(text)))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [500] * 4


def test_the_first_that_is_installed_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Hyperscan has no wheel, the other does its work; without both it is said."""
    assert type(compile_literals([b"x"])).__module__ == BACKENDS["hyperscan"]
    monkeypatch.setattr(literals, "find_spec", lambda name: name == "ahocorasick_rs" or None)
    assert type(compile_literals([b"x"])).__module__ == BACKENDS["ahocorasick_rs"]
    monkeypatch.setattr(literals, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="hyperscan"):
        compile_literals([b"x"])
