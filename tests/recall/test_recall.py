"""How much of what ordinary tools print of a value is found, and that nothing else is."""

import os
from collections import Counter

import pytest

from tests.data.corpus import absent, cases
from tests.recall.judge import assert_clean, engine_for, judge

pytestmark = pytest.mark.skipif(
    not os.environ.get("CI"), reason="takes minutes: CI=1, or `python -m tests.recall`"
)
SEED = 1
LEAST = 0.99
"""Of all that is printed; docs/forms.md tells the rest."""


def test_every_tool_is_there() -> None:
    """Nothing is left out where the figures count."""
    assert not absent()


def test_nearly_everything_is_found() -> None:
    """At least 99 of 100 printed values, and of each kind; no finding in the lines around."""
    found: Counter[str] = Counter()
    printed: Counter[str] = Counter()
    strays = []
    for result in judge(engine_for(SEED), cases(SEED)):
        printed[result.case.kind] += 1
        found[result.case.kind] += bool(result.hits)
        strays += [result.case.way] if result.strays else []
    assert not strays
    assert found.total() >= LEAST * printed.total(), found
    assert all(found[kind] >= 0.98 * count for kind, count in printed.items()), found


def test_values_that_are_not_known_are_not_found() -> None:
    """The same ways, with other values of the same kinds: no finding at all."""
    assert_clean(engine_for(SEED), cases(SEED, clean=True))
