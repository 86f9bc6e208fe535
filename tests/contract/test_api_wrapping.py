"""Response wrapping and AppRole; in both implementations."""

import pytest

from tests.contract.stand import Stand

INVALID = (400, {"errors": ["wrapping token is not valid or does not exist"]})
WRAP = {"X-Vault-Wrap-TTL": "60s"}
UNWRAP = "sys/wrapping/unwrap"
LOOKUP = "sys/wrapping/lookup"


@pytest.fixture
def token(vault: Stand) -> str:
    """Give a token that may read one secret, which is there."""
    vault.put_secret("secret/app", key="value")
    return vault.token(vault.policy("read", 'path "secret/*" { capabilities = ["read"] }'))


def wrapped(vault: Stand, token: str, path: str = "secret/data/app") -> str:
    """A wrapping token for what stands at a path."""
    status, body = vault.call("GET", path, token=token, headers=WRAP)
    assert status == 200
    inner: str = body["wrap_info"]["token"]
    return inner


class TestWrapping:
    """An answer that only one reader gets."""

    def test_puts_a_token_in_the_place_of_the_answer(self, vault: Stand, token: str) -> None:
        """The answer has no data; it tells TTL and path."""
        status, body = vault.call("GET", "secret/data/app", token=token, headers=WRAP)
        info = body["wrap_info"]
        assert (status, body["data"], body["auth"]) == (200, None, None)
        assert (info["ttl"], info["creation_path"]) == (60, "secret/data/app")
        assert info["token"].startswith("hvs.")
        assert "wrapped_accessor" not in info

    def test_is_undone_once(self, vault: Stand, token: str) -> None:
        """The first unwrapping gives the whole answer, the second is refused."""
        inner = wrapped(vault, token)
        status, body = vault.call("POST", UNWRAP, token=inner)
        assert (status, body["data"]["data"]) == (200, {"key": "value"})
        assert vault.call("POST", UNWRAP, token=inner) == INVALID
        assert vault.call("POST", LOOKUP, {"token": inner}) == INVALID

    def test_is_undone_by_a_token_in_the_body_too(self, vault: Stand, token: str) -> None:
        """A caller may show the wrapping token beside its own."""
        inner = wrapped(vault, token)
        _, body = vault.call("POST", UNWRAP, {"token": inner}, token=token)
        assert body["data"]["data"] == {"key": "value"}
        assert vault.call("POST", UNWRAP, {"token": inner}, token=token) == INVALID

    def test_a_token_in_the_body_needs_a_caller_with_rights(self, vault: Stand, token: str) -> None:
        """Without a token, or the right to unwrap, it is refused and not spent."""
        inner = wrapped(vault, token)
        weak = vault.token(token_no_default_policy=True)
        for caller in ("", "hvs.wrong", weak):
            assert vault.call("POST", UNWRAP, {"token": inner}, token=caller)[0] == 403
        assert vault.call("POST", UNWRAP, token=inner)[0] == 200

    def test_can_be_looked_at_without_harm(self, vault: Stand, token: str) -> None:
        """A look-up needs no other token and tells where the answer came from."""
        inner = wrapped(vault, token)
        for _ in range(2):
            status, body = vault.call("POST", LOOKUP, {"token": inner})
            assert status == 200
            assert body["data"]["creation_path"] == "secret/data/app"
            assert body["data"]["creation_ttl"] == 60
        assert vault.call("POST", UNWRAP, token=inner)[0] == 200

    def test_ends_by_the_clock(self, vault: Stand, token: str) -> None:
        """After its TTL the answer is gone."""
        headers = {"X-Vault-Wrap-TTL": "1"}
        _, body = vault.call("GET", "secret/data/app", token=token, headers=headers)
        vault.wait(1.6)
        assert vault.call("POST", UNWRAP, token=body["wrap_info"]["token"]) == INVALID

    def test_a_wrapping_token_opens_nothing_else(self, vault: Stand, token: str) -> None:
        """Used elsewhere it is refused, and spent."""
        inner = wrapped(vault, token)
        assert vault.call("GET", "secret/data/app", token=inner)[0] == 403
        assert vault.call("POST", UNWRAP, token=inner) == INVALID

    def test_hides_a_login_too(self, vault: Stand) -> None:
        """A wrapped login shows only the accessor; unwrapped it is the login's answer."""
        role = vault.jwt_role("deploy")
        login = {"role": role, "jwt": vault.issuer.mint(vault.url, sub="job")}
        _, body = vault.call("POST", "auth/jwt/login", login, headers=WRAP)
        info = body["wrap_info"]
        assert (body["auth"], info["creation_path"]) == (None, "auth/jwt/login")
        _, body = vault.call("POST", UNWRAP, token=info["token"])
        assert body["auth"]["accessor"] == info["wrapped_accessor"]
        client = body["auth"]["client_token"]
        assert vault.call("GET", "auth/token/lookup-self", token=client)[0] == 200

    def test_errors_are_not_wrapped(self, vault: Stand, token: str) -> None:
        """A missing secret is a plain 404."""
        answer = vault.call("GET", "secret/data/none", token=token, headers=WRAP)
        assert answer == (404, {"errors": []})

    def test_wraps_anything(self, vault: Stand, token: str) -> None:
        """`sys/wrapping/wrap` wraps its body, and demands a TTL."""
        _, body = vault.call("POST", "sys/wrapping/wrap", {"a": "b"}, token=token, headers=WRAP)
        _, body = vault.call("POST", UNWRAP, token=body["wrap_info"]["token"])
        assert body["data"] == {"a": "b"}
        assert vault.call("POST", "sys/wrapping/wrap", {"a": "b"}, token=token)[0] == 400

    def test_wants_a_token(self, vault: Stand) -> None:
        """Nothing to unwrap is a 403."""
        assert vault.call("POST", UNWRAP)[0] == 403


class TestAppRole:
    """role-id and secret-id."""

    @pytest.fixture
    def role_id(self, vault: Stand) -> str:
        """Give the role-id of a role whose secret-ids are good for two logins."""
        if "approle/" not in vault.root("GET", "sys/auth")[1]["data"]:
            vault.configure("sys/auth/approle", type="approle")
        vault.configure(
            "auth/approle/role/deploy",
            token_policies=["deploy"],
            token_ttl="60s",
            secret_id_num_uses=2,
        )
        _, body = vault.root("GET", "auth/approle/role/deploy/role-id")
        found: str = body["data"]["role_id"]
        return found

    def log_in(self, vault: Stand, role_id: str, secret_id: str) -> tuple[int, dict[str, object]]:
        """Try to log in."""
        body = {"role_id": role_id, "secret_id": secret_id}
        return vault.call("POST", "auth/approle/login", body)

    def test_logs_in_until_the_secret_id_is_used_up(self, vault: Stand, role_id: str) -> None:
        """Two logins of two; the third is refused."""
        _, body = vault.root("POST", "auth/approle/role/deploy/secret-id", {})
        secret_id = body["data"]["secret_id"]
        assert body["data"]["secret_id_num_uses"] == 2
        refused = (400, {"errors": ["invalid role or secret ID"]})
        for _ in range(2):
            status, answer = vault.call(
                "POST", "auth/approle/login", {"role_id": role_id, "secret_id": secret_id}
            )
            assert status == 200
            assert answer["auth"]["policies"] == ["default", "deploy"]
            assert answer["auth"]["metadata"] == {"role_name": "deploy"}
            assert answer["auth"]["lease_duration"] == 60
        assert self.log_in(vault, role_id, secret_id) == refused
        assert self.log_in(vault, "wrong", secret_id) == refused
        assert self.log_in(vault, role_id, "wrong") == refused

    def test_wants_the_secret_id(self, vault: Stand, role_id: str) -> None:
        """A role-id alone is not enough."""
        answer = vault.call("POST", "auth/approle/login", {"role_id": role_id})
        assert answer == (400, {"errors": ["missing secret_id"]})

    def test_hands_a_secret_id_over_wrapped(self, vault: Stand, role_id: str) -> None:
        """A wrapped secret-id tells the path that it was made at, and logs in once unwrapped."""
        path = "auth/approle/role/deploy/secret-id"
        rules = f'path "{path}" {{ capabilities = ["update"] }}'
        token = vault.token(vault.policy("hand-over", rules))
        _, body = vault.call("POST", path, {}, token=token, headers=WRAP)
        assert body["wrap_info"]["creation_path"] == path
        _, body = vault.call("POST", UNWRAP, token=body["wrap_info"]["token"])
        assert self.log_in(vault, role_id, body["data"]["secret_id"])[0] == 200

    def test_unknown_roles_are_missing(self, vault: Stand, role_id: str) -> None:
        """A role that is not there is a 404."""
        assert role_id
        assert vault.root("GET", "auth/approle/role/none/role-id")[0] == 404
        assert vault.root("POST", "auth/approle/role/none/secret-id", {})[0] == 404
