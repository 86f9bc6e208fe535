"""What is never looked for, whatever part of a value it is."""

import pytest

from ci_secrets.leaks.forms.stop import is_reference, is_stop_value


@pytest.mark.parametrize(
    "value",
    [b"xxxxxxxx", b"00000000", b"12345678", b"Placeholder", b"x86_64", b"authorized_user"],
)
def test_fillers_are_stop_values(value: bytes) -> None:
    """What people write instead of a secret is none."""
    assert is_stop_value(value)


@pytest.mark.parametrize(
    "text", ["$TOKEN", "${TOKEN:-}", "{{ token }}", "${{ secrets.X }}", "%TOKEN%", "<your token>"]
)
def test_references_are_told(text: str) -> None:
    """Templates name a value that is filled in elsewhere."""
    assert is_reference(text)


@pytest.mark.parametrize("text", ["$ecretPassw0rd", "{Zq8x}", "a${B}", "<3Zq8x7Kq9>", "100%"])
def test_passwords_are_no_references(text: str) -> None:
    """A mark that templates use may stand in a password."""
    assert not is_reference(text)
