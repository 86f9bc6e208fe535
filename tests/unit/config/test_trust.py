"""A repository's file sends credentials only where it may, and loosens nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from ci_secrets.config.model import Audit, Auth, Config, Leaks, StoreConfig
from ci_secrets.config.trust import apply_floors, check_stores, effective_audience
from ci_secrets.errors import ConfigError

VAULT = "https://vault.example:8200"
ALLOWED = "CI_SECRETS_ALLOWED_STORES"


def of_file(**keys: object) -> Config:
    """A configuration whose only store was written in the file."""
    store = StoreConfig(name="vault", url=VAULT)
    return Config(origin="file", stores={"vault": replace(store, **keys)})  # type: ignore[arg-type]


def of_workflow(**keys: object) -> Config:
    """A configuration whose only store was given by an option."""
    return of_file(origin="workflow", **keys)


def test_the_audience_is_the_origin_unless_said() -> None:
    """Scheme, host and port, without the path; the file's own word comes first."""
    store = StoreConfig(name="v", url="https://Vault.Example:443/prefix/")
    assert effective_audience(store) == "https://vault.example"
    assert effective_audience(replace(store, audience="x")) == "x"


class TestFile:
    """URLs of the repository's file."""

    @pytest.mark.parametrize(
        "keys",
        [
            {},
            {"audience": VAULT},
            {"audience": "https://vault.example"},
            {"audience": "https://VAULT.example/some/path"},
            {"audience": "vault.example"},
            {"hosts": ("https://vault.example:8300",)},
            {"url": "http://127.0.0.1:8200", "audience": "https://vault.example"},
            {"url": "http://localhost:8200", "auth": Auth(method="token")},
            {"url": "http://[::1]:8200", "auth": Auth(method="approle")},
            {"auth": Auth(method="cert")},
        ],
    )
    def test_taken(self, keys: dict[str, object]) -> None:
        """The host of the audience, and loopback."""
        check_stores(of_file(**keys), {})

    @pytest.mark.parametrize(
        ("keys", "says"),
        [
            ({"audience": "https://other.example"}, "made for https://other.example"),
            ({"audience": "https://vault.example@evil.example"}, "would send a JWT"),
            ({"audience": "vault.example.evil.example"}, "would send a JWT"),
            ({"audience": "https://github.com/org"}, "would send a JWT"),
            ({"audience": "my-audience"}, "would send a JWT"),
            ({"audience": "api://x"}, "would send a JWT"),
            ({"hosts": ("https://evil.example",)}, "to https://evil.example"),
            ({"auth": Auth(method="token", environment={"token": "T"})}, "long-lived"),
            ({"auth": Auth(method="approle")}, "long-lived"),
            ({"auth": Auth(method="kubernetes", files={"jwt": "/t"})}, "long-lived"),
            ({"auth": Auth(method="jwt", environment={"payload": "P"})}, "long-lived"),
        ],
    )
    def test_refused_unless_vouched_for(self, keys: dict[str, object], says: str) -> None:
        """Another host, or a credential that any host can use, needs the environment's word."""
        config = of_file(**keys)
        with pytest.raises(ConfigError) as caught:
            check_stores(config, {})
        assert says in caught.value.what
        assert ALLOWED in caught.value.fix
        hosts = keys.get("hosts", ())
        assert isinstance(hosts, tuple)
        check_stores(config, {ALLOWED: ",".join((VAULT, *hosts))})

    @pytest.mark.parametrize(
        "url",
        ["http://vault.example", "https://a@vault.example", "https://vault.example?x", "file:///x",
         "http://127.0.0.1.evil.example", "http://localhost.evil.example", "http://0x7f.1"],
    )  # fmt: skip
    def test_urls_that_are_never_taken(self, url: str) -> None:
        """Whoever wrote it, and whatever is allowed."""
        for config in (of_file(url=url), of_workflow(url=url)):
            with pytest.raises(ConfigError):
                check_stores(config, {})


class TestAllowed:
    """CI_SECRETS_ALLOWED_STORES decides alone."""

    @pytest.mark.parametrize(
        "value", [VAULT, f"https://a.example, {VAULT}/", f" {VAULT}\nhttps://b.example,", "HTTPS"]
    )
    def test_origins(self, value: str) -> None:
        """Origins by commas or white space; anything else is refused."""
        if value == "HTTPS":
            with pytest.raises(ConfigError, match=ALLOWED):
                check_stores(of_file(), {ALLOWED: value})
        else:
            check_stores(of_file(), {ALLOWED: value})

    def test_it_binds_the_workflow_too(self) -> None:
        """Without it the workflow may name any store, with it only these."""
        check_stores(of_workflow(audience="x", auth=Auth(method="token")), {})
        for config in (of_workflow(), of_file()):
            with pytest.raises(ConfigError, match="not allowed"):
                check_stores(config, {ALLOWED: "https://other.example"})
            with pytest.raises(ConfigError, match="not allowed"):
                check_stores(config, {ALLOWED: "https://vault.example"})

    def test_redirects_are_bound(self) -> None:
        """Where a redirect may lead is a store as well."""
        config = of_workflow(hosts=("https://b.example",))
        with pytest.raises(ConfigError, match=r"b\.example"):
            check_stores(config, {ALLOWED: VAULT})

    def test_empty_is_unset(self) -> None:
        """CIs set variables to nothing."""
        check_stores(of_workflow(), {ALLOWED: " "})


class TestFloors:
    """The environment's settings are floors."""

    @pytest.mark.parametrize(
        ("file", "floor", "result"),
        [
            ("warn", "fail", "fail"), ("fail", "warn", "fail"), ("warn", "warn", "warn"),
            ("fail", "", "fail"), ("warn", "", "warn"), ("fail", "fail", "fail"),
        ],
    )  # fmt: skip
    def test_fail_beats_warn(self, file: str, floor: str, result: str) -> None:
        """A file can make `fail` of `warn`, not `warn` of a `fail` that the environment says."""
        config = replace(of_file(), leaks=Leaks(on_leak=file, on_contained=file))  # type: ignore[arg-type]
        environment = {"CI_SECRETS_ON_LEAK": floor, "CI_SECRETS_ON_CONTAINED": floor}
        once = apply_floors(config, environment)
        assert once.leaks == Leaks(on_leak=result, on_contained=result)  # type: ignore[arg-type]
        assert apply_floors(once, environment) == once

    @pytest.mark.parametrize(
        ("file", "floor", "result"),
        [(False, "true", True), (True, "false", True), (True, "", True), (False, "false", False)],
    )
    def test_required_stays_required(self, file: bool, floor: str, result: bool) -> None:
        """A file can require the trail, not stop requiring it."""
        config = replace(of_file(), audit=Audit(required=file))
        assert apply_floors(config, {"CI_SECRETS_AUDIT_REQUIRED": floor}).audit.required is result

    def test_the_trail_cannot_be_moved(self) -> None:
        """The environment's path stands, whatever the file says."""
        config = replace(of_file(), audit=Audit(file=Path("elsewhere")))
        assert apply_floors(config, {}).audit.file == Path("elsewhere")
        assert apply_floors(config, {"CI_SECRETS_AUDIT_FILE": "/a"}).audit.file == Path("/a")

    @pytest.mark.parametrize(
        ("name", "value"),
        [("CI_SECRETS_ON_LEAK", "ignore"), ("CI_SECRETS_ON_CONTAINED", "no"),
         ("CI_SECRETS_AUDIT_REQUIRED", "yes")],
    )  # fmt: skip
    def test_other_words_are_refused(self, name: str, value: str) -> None:
        """A slip in a floor is an error, not a floor that is gone."""
        with pytest.raises(ConfigError, match=name):
            apply_floors(of_file(), {name: value})
