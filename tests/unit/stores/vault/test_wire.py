"""What is sent where, and where redirects may lead."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_secrets.errors import CiSecretsError, ConfigError, RefusedError
from ci_secrets.stores.vault.wire import Number, Reply, origin_of
from tests.unit.stores.vault.fake import URL, Bench, FakeVault, kv2, mint, request


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Vault.Example", "https://vault.example:443"),
        ("https://vault.example:8200/prefix", "https://vault.example:8200"),
        ("vault-2.example:8200", "https://vault-2.example:8200"),
        ("http://127.0.0.1:8200", "http://127.0.0.1:8200"),
        ("http://[::1]:8200", "http://[::1]:8200"),
        ("http://localhost", "http://localhost:80"),
    ],
)
def test_origin(url: str, origin: str) -> None:
    """An origin is scheme, host in small letters and port, each spelled out."""
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url",
    [
        "http://vault.example:8200",
        "http://10.0.0.1",
        "http://127.0.0.1.example",
        "ftp://vault.example",
        "https://user:pass@vault.example",
        "https://",
        "https://vault.example:notaport",
        "",
    ],
)
def test_refused_urls(url: str) -> None:
    """Plain http leaves this machine for nobody, and what is no URL of a server is refused."""
    with pytest.raises(ConfigError):
        origin_of(url)


def test_url_with_password_is_not_repeated() -> None:
    """A password in a URL is refused without being shown."""
    with pytest.raises(ConfigError) as caught:
        origin_of("https://user:hunter2-made-up@vault.example")
    assert "hunter2" not in str(caught.value) + caught.value.cause + caught.value.fix


@pytest.mark.parametrize("header", ["X-Vault-Token", "x-vault-wrap-ttl", "X-Vault-Namespace"])
def test_refused_headers(bench: Bench, header: str) -> None:
    """Headers that change whose token is used, or what comes back, are not taken."""
    with pytest.raises(ConfigError):
        bench.store(headers={header: "x"})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirect_within_the_store(bench: Bench, vault: FakeVault, status: int) -> None:
    """A GET is followed to the store's own origin, with the token."""
    vault.rules |= {
        "GET sys/internal/ui/mounts/secret/data/a": (200, kv2()),
        "GET secret/data/a": (status, None, {"location": "/v1/secret/data/b"}),
        "GET secret/data/b": (200, {"data": {"data": {"value": "x"}}}),
    }
    fetched = bench.login().fetch([request("secret/data/a")])
    assert fetched.credentials[0].value.text() == "x"
    assert vault.of("secret/data/b")[0].headers["x-vault-token"] == "hvs.made-up-token"


def test_redirect_to_a_named_host(bench: Bench, vault: FakeVault) -> None:
    """`hosts:` names further origins that a standby may send us to, logins too."""
    other = "https://vault-2.example:8200"
    vault.rules["POST auth/jwt/login"] = [
        (307, None, {"location": f"{other}/v1/auth/jwt/login"}),
        vault.rules["POST auth/jwt/login"],  # type: ignore[list-item]
    ]
    bench.login(hosts=(other,))
    assert [each.body["jwt"] for each in vault.of("auth/jwt/login")] == ["eyJ.made.up"] * 2


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/v1/auth/jwt/login",
        "https://vault.example/v1/auth/jwt/login",
        "https://vault.example:8201/v1/auth/jwt/login",
        "//evil.example/v1/x",
    ],
)
def test_redirect_elsewhere(bench: Bench, vault: FakeVault, location: str) -> None:
    """A redirect to another host or port is refused by its name, and nothing is sent there."""
    vault.rules["POST auth/jwt/login"] = (307, None, {"location": location})
    with pytest.raises(RefusedError) as caught:
        bench.login()
    assert origin_of(httpx.URL(URL).join(location).__str__()) in caught.value.fix
    assert len(vault.asked) == 1


def test_redirect_to_plain_http(bench: Bench, vault: FakeVault) -> None:
    """A redirect from https down to http is refused, whoever it names."""
    vault.rules["POST auth/jwt/login"] = (307, None, {"location": "http://vault.example:8200/"})
    with pytest.raises(CiSecretsError):
        bench.login()
    assert len(vault.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 303])
def test_redirect_that_loses_the_body(bench: Bench, vault: FakeVault, status: int) -> None:
    """A POST is not followed where HTTP would make a GET of it."""
    vault.rules["POST auth/jwt/login"] = (status, None, {"location": "/v1/auth/jwt/login"})
    with pytest.raises(RefusedError, match=str(status)):
        bench.login()
    assert len(vault.asked) == 1


def test_redirect_circle(bench: Bench, vault: FakeVault) -> None:
    """A circle of redirects ends."""
    vault.rules["POST auth/jwt/login"] = (307, None, {"location": "/v1/auth/jwt/login"})
    with pytest.raises(RefusedError, match="circles"):
        bench.login()
    assert len(vault.asked) < 10


@pytest.mark.parametrize("body", [b"<html>", b"[1]", b"[" * 100_000, b"\xff"])
def test_not_vault(bench: Bench, vault: FakeVault, body: bytes) -> None:
    """A page of something else is named as such, and not repeated."""
    vault.rules["POST auth/jwt/login"] = (200, body)
    with pytest.raises(ConfigError, match="does not answer as Vault") as caught:
        bench.login()
    assert "html" not in str(caught.value)


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,9})(\.[0-9]{1,8})([eE][+-]?[0-9]{1,2})?", fullmatch=True))
def test_number(literal: str) -> None:
    """A number is a float that remembers how it was written."""
    assert Number(literal) == float(literal)
    assert Number(literal).literal == literal


def test_reply_hides_its_body() -> None:
    """A reply in a traceback or log shows no body."""
    assert "made-up-value" not in repr(Reply(status=200, body={"data": "made-up-value"}))


def test_path_prefix(vault: FakeVault) -> None:
    """A store behind a path of a proxy is called there."""
    seen = []

    def record(request: httpx.Request) -> tuple[int, None]:
        seen.append(request.url.path)
        return 403, None

    bench = Bench(vault)
    vault.rules["POST /vault/v1/auth/jwt/login"] = record
    with pytest.raises(RefusedError):
        bench.store(url=f"{URL}/vault/").login(mint)
    assert seen == ["/vault/v1/auth/jwt/login"]
