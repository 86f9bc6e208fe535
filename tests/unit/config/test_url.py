"""One narrow spelling of URLs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.config.url import check_url, host, is_loopback, origin
from ci_secrets.errors import ConfigError


@pytest.mark.parametrize(
    ("url", "result"),
    [
        ("https://vault.example", "https://vault.example"),
        ("https://VAULT.example:443/", "https://vault.example"),
        ("https://vault.example:8200/a/b", "https://vault.example:8200"),
        ("http://127.0.0.1:8200", "http://127.0.0.1:8200"),
        ("http://localhost:80", "http://localhost"),
        ("https://[2001:db8::1]:8200", "https://[2001:db8::1]:8200"),
        ("https://my_vault", "https://my_vault"),
    ],
)
def test_origins(url: str, result: str) -> None:
    """Lower case, without the scheme's own port, without the path."""
    check_url(url)
    assert origin(url) == result


@pytest.mark.parametrize(
    "url",
    [
        "", "vault.example", "//vault.example", "https://", "https://:8200", "https:/vault.example",
        "https://a:b@vault.example", "https://vault.example\\@evil.example", "https://v.example?a=b",
        "https://v.example#a", "https://v.example:0", "https://v.example:99999", "https://v.example:",
        "https://v.example/../x", "https://v.example/./x", "https://v.example//x", "https://a b",
        "https://v.example/%2e%2e", "https://v.example\n", "https://é.example", "https://-v.example",
        "https://v.example.", "javascript:x", "https://" + "a" * 3000, "http://vault.example",
        "http://128.0.0.1", "http://localhost.example",
    ],
)  # fmt: skip
def test_other_spellings_are_refused(url: str) -> None:
    """What two parsers could read differently is no URL here."""
    with pytest.raises(ConfigError) as caught:
        check_url(url)
    assert caught.value.fix


def test_a_password_in_a_url_is_not_repeated() -> None:
    """Who puts credentials into a URL does not find them in the log."""
    with pytest.raises(ConfigError) as caught:
        check_url("https://user:made-up@vault.example/?token=made-up-too")
    assert "made-up" not in caught.value.what


def test_loopback() -> None:
    """Told by the text alone, without a name server."""
    assert is_loopback("http://127.8.9.1:1")
    assert is_loopback("https://[::1]")
    assert is_loopback("http://LOCALHOST")
    assert not is_loopback("https://vault.example")


@given(st.one_of(st.text(), st.text(alphabet="htps:/.@[]a1?#%\\-")))
def test_any_text_is_a_url_or_refused(text: str) -> None:
    """No text raises anything but ConfigError; what passes has a host and an origin."""
    try:
        check_url(text)
    except ConfigError:
        return
    assert host(text) in origin(text)  # type: ignore[operator]
