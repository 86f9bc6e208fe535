"""What the corpus and its judge promise, so that their figures mean something."""

from dataclasses import replace

import pytest

from tests.data.corpus import WAYS, Case, cases
from tests.data.corpus.way import ALL
from tests.data.values import AWKWARD, KINDS, values
from tests.recall.judge import assert_clean, assert_full_recall, engine_for, judge

_PLAIN = [way for way in WAYS if way.name in {"plain", "base64", "python-repr"}]


def test_values_come_from_the_seed_alone() -> None:
    """One seed gives the same values each time, another one others."""
    assert values(3) == values(3)
    assert not set(values(3).known.values()) & set(values(4).known.values())


def test_the_sets_have_no_value_in_common() -> None:
    """The clean set holds all kinds, and none of the known values."""
    both = values(5)
    assert list(both.known) == list(both.clean) == list(KINDS)
    assert not set(both.known.values()) & set(both.clean.values())


def test_a_password_holds_every_awkward_character() -> None:
    """No tool can print it as it is by chance."""
    assert set(AWKWARD) <= set(values(6).known["password"])


def test_a_way_says_why_a_kind_is_left_out() -> None:
    """No kind is left out in silence."""
    assert not [way.name for way in WAYS if way.kinds != ALL and not way.why]


def test_a_case_holds_what_the_tool_printed_between_other_lines() -> None:
    """The printed part stands in the text once, with lines before and after."""
    for case in cases(7, ways=_PLAIN):
        before, after = case.text.split(case.printed, 1)
        assert before.endswith(b"\n")
        assert after.strip()


def test_the_judge_misses_what_is_not_there() -> None:
    """Full recall is refused where a value is not there, a clean set where one is."""
    (case, *_) = cases(8, ways=_PLAIN)
    engine = engine_for(8)
    assert_full_recall(engine, [case])
    with pytest.raises(AssertionError, match=f"1 not found: {case.way}/{case.kind}"):
        assert_full_recall(engine, [replace(case, text=b"ok\n", printed=b"ok\n")])
    with pytest.raises(AssertionError, match="1 false findings"):
        assert_clean(engine, [case])


def test_a_finding_elsewhere_is_no_hit() -> None:
    """A value that stands beside what was printed counts as false, not as found."""
    value = values(9).known["token"].encode()
    case = Case(way="x", kind="token", text=b"ok\n" + value + b"\n", printed=b"ok\n", needs=())
    (result,) = judge(engine_for(9), [case])
    assert not result.hits
    assert result.strays
