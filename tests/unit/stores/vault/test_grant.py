"""What a login's answer says of its token, whatever shapes a server gives it."""

import pytest

from ci_secrets.stores.vault.grant import info_of, number


@pytest.mark.parametrize("odd", [None, "60", 1.5, [], {}, True])
def test_odd_numbers_and_lists_do_not_keep_us_from_the_token(odd: object) -> None:
    """A login whose TTL, uses or policies are no such thing still has a token to revoke."""
    info = info_of({"accessor": "a", "lease_duration": odd, "num_uses": odd, "policies": odd})
    assert (info.accessor, info.ttl_seconds, info.num_uses) == ("a", 0, 0)
    assert all(isinstance(name, str) for name in info.policies)


def test_numbers_are_taken_as_they_are() -> None:
    """A number is itself, however large."""
    assert number(10**30) == 10**30
