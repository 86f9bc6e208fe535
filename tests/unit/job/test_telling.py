"""What a run says while it opens."""

import io

from ci_secrets.console import Console
from ci_secrets.job import telling
from ci_secrets.secret import Credential, Secret


def test_of_very_many_values_a_few_are_named() -> None:
    """A line that nobody reads to its end says how many there are."""
    stream = io.StringIO()
    many = [Credential(name=f"KEY_{at}", value=Secret("x"), source="s") for at in range(1000)]
    telling.values(Console(stream), many, {})
    first = ", ".join(f"KEY_{at}" for at in range(20))
    assert stream.getvalue() == f"ci-secrets: 1,000 secrets: {first} and 980 more\n"
