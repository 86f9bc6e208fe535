"""What a login's answer says of its token, whatever shapes a server gives it."""

import pytest

from ci_secrets.stores.vault.grant import LONGEST, info_of, number, odd_numbers


@pytest.mark.parametrize("odd", [None, "60", 1.5, [], {}, True])
def test_odd_numbers_and_lists_do_not_keep_us_from_the_token(odd: object) -> None:
    """A login whose TTL, uses or policies are no such thing still has a token to revoke."""
    info = info_of({"accessor": "a", "lease_duration": odd, "num_uses": odd, "policies": odd})
    assert (info.accessor, info.ttl_seconds, info.num_uses) == ("a", 0, 0)
    assert all(isinstance(name, str) for name in info.policies)


@pytest.mark.parametrize(
    ("said", "taken"),
    [(0, 0), (3600, 3600), (LONGEST, LONGEST), (LONGEST + 1, LONGEST), (10**400, LONGEST), (-3, 0)],
)
def test_numbers_are_bounded(said: int, taken: int) -> None:
    """None is more than a clock can bear, or less than none."""
    assert number(said) == taken


def test_numbers_that_make_no_sense_are_named() -> None:
    """What is left out is not odd; what is no number, negative or beyond all time is."""
    assert odd_numbers({"lease_duration": 60}) == ()
    odd = {"lease_duration": 10**400, "num_uses": -3}
    assert odd_numbers(odd) == ("lease_duration", "num_uses")
