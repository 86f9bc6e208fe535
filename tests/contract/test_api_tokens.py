"""Tokens: look-up, renewal, revocation, children, uses, batch; in both implementations."""

import pytest

from tests.contract.stand import Answer, Stand

BAD_TOKEN = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n"
DENIED = "1 error occurred:\n\t* permission denied\n\n"
SELF = "auth/token/lookup-self"


def why(answer: Answer) -> tuple[int, str]:
    """Status and reason of a refusal."""
    status, body = answer
    return status, "".join(body.get("errors", []))


class TestLookup:
    """Who a token is."""

    def test_tells_the_caller_who_he_is(self, vault: Stand) -> None:
        """A look-up has all that a client must know to keep and end the token."""
        token = vault.token("deploy", token_ttl="10m")
        status, body = vault.call("GET", SELF, token=token)
        data = body["data"]
        assert status == 200
        assert data["id"] == token
        assert (data["type"], data["renewable"], data["num_uses"]) == ("service", True, 0)
        assert data["policies"] == ["default", "deploy"]
        assert 590 <= data["ttl"] <= 600
        assert (data["creation_ttl"], data["explicit_max_ttl"]) == (600, 0)
        assert data["path"] == "auth/jwt/login"
        assert data["expire_time"] > data["issue_time"]
        assert "period" not in data

    def test_needs_a_token(self, vault: Stand) -> None:
        """No token and a wrong token are both 403, in different words."""
        assert why(vault.call("GET", SELF)) == (403, "permission denied")
        assert why(vault.call("GET", SELF, token="hvs.wrong")) == (403, BAD_TOKEN)

    def test_a_live_token_without_the_default_policy_is_refused(self, vault: Stand) -> None:
        """Its 403 proves nothing: the token lives, and may not even revoke itself."""
        token = vault.token("deploy", token_no_default_policy=True)
        assert why(vault.call("GET", SELF, token=token)) == (403, DENIED)
        assert why(vault.call("POST", "auth/token/revoke-self", token=token)) == (403, DENIED)
        assert vault.root("POST", "auth/token/lookup", {"token": token})[0] == 200

    def test_by_accessor_hides_the_token(self, vault: Stand) -> None:
        """An accessor looks up and revokes, but does not give the token away."""
        token = vault.token()
        accessor = vault.call("GET", SELF, token=token)[1]["data"]["accessor"]
        status, body = vault.root("POST", "auth/token/lookup-accessor", {"accessor": accessor})
        assert (status, body["data"]["id"]) == (200, "")
        assert body["data"]["accessor"] == accessor
        assert vault.root("POST", "auth/token/revoke-accessor", {"accessor": accessor})[0] == 204
        assert vault.call("GET", SELF, token=token)[0] == 403
        gone = vault.root("POST", "auth/token/lookup-accessor", {"accessor": accessor})
        assert gone[0] == 400
        status, body = vault.root("POST", "auth/token/revoke-accessor", {"accessor": accessor})
        assert (status, body["warnings"]) == (200, ["No token found with this accessor"])

    def test_by_others_needs_a_living_token(self, vault: Stand) -> None:
        """Root's look-up of a token that is gone is `bad token`."""
        answer = vault.root("POST", "auth/token/lookup", {"token": "hvs.wrong"})
        assert why(answer) == (403, "bad token")


class TestRenewal:
    """How long a token lives."""

    def test_lowers_and_raises(self, vault: Stand) -> None:
        """An increment counts from now, whether the end comes earlier or later."""
        token = vault.token(token_ttl="60s")
        for increment in (3600, 90, 7200):
            status, body = vault.call(
                "POST", "auth/token/renew-self", {"increment": increment}, token=token
            )
            assert (status, body["auth"]["lease_duration"]) == (200, increment)
            ttl = vault.call("GET", SELF, token=token)[1]["data"]["ttl"]
            assert increment - 5 <= ttl <= increment

    def test_without_an_increment_takes_the_role_s_ttl(self, vault: Stand) -> None:
        """No increment means the TTL of the role."""
        token = vault.token(token_ttl="60s")
        vault.call("POST", "auth/token/renew-self", {"increment": 600}, token=token)
        _, body = vault.call("POST", "auth/token/renew-self", {}, token=token)
        assert body["auth"]["lease_duration"] == 60

    def test_is_cut_at_the_maximum_with_a_warning(self, vault: Stand) -> None:
        """More than the role's maximum is granted only up to it."""
        token = vault.token(token_ttl="60s", token_max_ttl="10m")
        status, body = vault.call("POST", "auth/token/renew-self", {"increment": 3600}, token=token)
        assert status == 200
        assert 595 <= body["auth"]["lease_duration"] <= 600
        assert body["warnings"][0].startswith('TTL of "1h" exceeded the effective max_ttl of "')

    def test_a_periodic_token_keeps_its_period(self, vault: Stand) -> None:
        """An increment does not move a periodic token's end, and a look-up shows the period."""
        token = vault.token(token_period=120)
        _, body = vault.call("POST", "auth/token/renew-self", {"increment": 30}, token=token)
        assert body["auth"]["lease_duration"] == 120
        assert vault.call("GET", SELF, token=token)[1]["data"]["period"] == 120

    def test_a_token_dies_with_its_shortened_life(self, vault: Stand) -> None:
        """A TTL that was lowered and not raised again ends the token."""
        token = vault.token(token_ttl="1h")
        vault.call("POST", "auth/token/renew-self", {"increment": vault.short_seconds}, token=token)
        assert vault.call("GET", SELF, token=token)[0] == 200
        vault.wait(vault.short_seconds + 0.6)
        assert why(vault.call("GET", SELF, token=token)) == (403, BAD_TOKEN)


class TestRevocation:
    """How a token ends."""

    def test_revoke_self_is_seen_by_the_next_lookup(self, vault: Stand) -> None:
        """200, then 204, then 403: the change that proves a revocation."""
        token = vault.token()
        assert vault.call("GET", SELF, token=token)[0] == 200
        assert vault.call("POST", "auth/token/revoke-self", token=token) == (204, {})
        assert why(vault.call("GET", SELF, token=token)) == (403, BAD_TOKEN)
        assert why(vault.call("POST", "auth/token/revoke-self", token=token)) == (403, BAD_TOKEN)

    def test_a_shared_token_is_gone_for_the_next_job(self, vault: Stand) -> None:
        """Whoever revokes a token that another job uses too takes it from both."""
        vault.policy("read", 'path "secret/data/*" { capabilities = ["read"] }')
        vault.put_secret("secret/app", key="value")
        shared = vault.token("read")
        vault.call("POST", "auth/token/revoke-self", token=shared)
        assert vault.call("GET", "secret/data/app", token=shared)[0] == 403

    def test_takes_the_children_along(self, vault: Stand) -> None:
        """A child made with `auth/token/create` ends with its parent, but not the reverse."""
        vault.policy("make", 'path "auth/token/create" { capabilities = ["update"] }')
        parent = vault.token("make")
        made = [vault.call("POST", "auth/token/create", {}, token=parent) for _ in range(2)]
        first, second = (body["auth"]["client_token"] for _, body in made)
        assert vault.call("POST", "auth/token/revoke-self", token=first)[0] == 204
        assert vault.call("GET", SELF, token=parent)[0] == 200
        assert vault.call("POST", "auth/token/revoke-self", token=parent)[0] == 204
        assert vault.call("GET", SELF, token=second)[0] == 403

    def test_of_what_is_gone_counts_as_done(self, vault: Stand) -> None:
        """Root may revoke a token twice."""
        token = vault.token()
        assert vault.root("POST", "auth/token/revoke", {"token": token})[0] == 204
        assert vault.root("POST", "auth/token/revoke", {"token": token})[0] == 204
        assert vault.call("GET", SELF, token=token)[0] == 403


class TestChildren:
    """`auth/token/create`."""

    def test_are_as_asked_for(self, vault: Stand) -> None:
        """TTL, renewability, metadata and uses are the creator's choice."""
        vault.policy("make", 'path "auth/token/create" { capabilities = ["update"] }')
        vault.policy("p", 'path "x" { capabilities = ["read"] }')
        parent = vault.token("make", "p")
        wanted = {
            "policies": ["p"],
            "ttl": "90s",
            "renewable": False,
            "num_uses": 5,
            "meta": {"run": "7"},
            "display_name": "ci",
            "explicit_max_ttl": "2h",
        }
        _, body = vault.call("POST", "auth/token/create", wanted, token=parent)
        auth = body["auth"]
        assert (auth["lease_duration"], auth["renewable"]) == (90, False)
        assert auth["policies"] == ["default", "p"]
        assert (auth["orphan"], auth["num_uses"]) == (False, 5)
        assert auth["metadata"] == {"run": "7"}
        _, body = vault.call("GET", SELF, token=auth["client_token"])
        data = body["data"]
        assert (data["num_uses"], data["meta"]) == (4, {"run": "7"})
        assert (data["display_name"], data["explicit_max_ttl"]) == ("token-ci", 7200)
        status, _ = vault.call("POST", "auth/token/renew-self", {}, token=auth["client_token"])
        assert status == 400

    def test_have_no_more_rights_than_their_parent(self, vault: Stand) -> None:
        """Policies that the parent lacks are refused; none asked for means the parent's."""
        vault.policy("make", 'path "auth/token/create" { capabilities = ["update"] }')
        parent = vault.token("make")
        answer = vault.call("POST", "auth/token/create", {"policies": ["root"]}, token=parent)
        assert answer[0] in (400, 403)
        answer = vault.call("POST", "auth/token/create", {"policies": ["other"]}, token=parent)
        assert why(answer) == (400, "child policies must be subset of parent")
        _, body = vault.call("POST", "auth/token/create", {}, token=parent)
        assert body["auth"]["policies"] == ["default", "make"]

    def test_get_the_default_policy_from_a_parent_that_has_it(self, vault: Stand) -> None:
        """A parent without the default policy has children without it."""
        vault.policy("make", 'path "auth/token/create" { capabilities = ["update"] }')
        parent = vault.token("make", token_no_default_policy=True)
        _, body = vault.call("POST", "auth/token/create", {"policies": ["make"]}, token=parent)
        assert body["auth"]["policies"] == ["make"]

    def test_can_be_without_the_default_policy(self, vault: Stand) -> None:
        """`no_default_policy` leaves only what was asked for."""
        _, body = vault.root(
            "POST", "auth/token/create", {"policies": ["p"], "no_default_policy": True}
        )
        assert body["auth"]["policies"] == ["p"]
        assert body["warnings"] == ['Policy "p" does not exist']


class TestUses:
    """`num_uses`."""

    def test_every_call_spends_one(self, vault: Stand) -> None:
        """Look-ups count too; at zero even a revoke is refused."""
        token = vault.token(token_num_uses=2)
        assert vault.call("GET", SELF, token=token)[1]["data"]["num_uses"] == 1
        assert vault.call("GET", "secret/data/forbidden", token=token)[0] == 403
        assert why(vault.call("POST", "auth/token/revoke-self", token=token)) == (403, BAD_TOKEN)

    def test_asking_for_a_mount_spends_none(self, vault: Stand) -> None:
        """`sys/internal/ui/mounts` looks at the token without using it."""
        vault.policy("read", 'path "secret/*" { capabilities = ["read"] }')
        token = vault.token("read", token_num_uses=2)
        for _ in range(3):
            answer = vault.call("GET", "sys/internal/ui/mounts/secret/data/a", token=token)
            assert answer[0] == 200
        assert vault.call("GET", SELF, token=token)[1]["data"]["num_uses"] == 1

    def test_the_last_use_gets_no_lease(self, vault: Stand) -> None:
        """A leased read on the last use is refused, for its lease would end at once."""
        path = vault.dynamic("app")
        vault.policy("db", f'path "{path}" {{ capabilities = ["read"] }}')
        token = vault.token("db", token_num_uses=1)
        status, reason = why(vault.call("GET", path, token=token))
        assert status == 400
        assert "token had one use left" in reason

    def test_a_first_use_gets_its_lease(self, vault: Stand) -> None:
        """With uses left a lease is given, and it ends with the last use."""
        path = vault.dynamic("app")
        vault.policy("db", f'path "{path}" {{ capabilities = ["read"] }}')
        token = vault.token("db", token_num_uses=2)
        user = vault.user(path, token)
        assert vault.can_login(user.username, user.password)
        assert vault.call("GET", SELF, token=token)[0] == 200
        assert vault.eventually(lambda: vault.lease_status(user.lease_id) == 400)
        assert not vault.can_login(user.username, user.password)


class TestBatch:
    """Batch tokens."""

    def test_can_neither_be_renewed_nor_revoked(self, vault: Stand) -> None:
        """They have no accessor, and live until their TTL is over."""
        token = vault.token(token_type="batch", token_ttl="10m")
        assert token.startswith("hvb.")
        data = vault.call("GET", SELF, token=token)[1]["data"]
        assert (data["type"], data["accessor"], data["renewable"]) == ("batch", "", False)
        answer = vault.call("POST", "auth/token/renew-self", {"increment": 60}, token=token)
        assert why(answer) == (400, "batch tokens cannot be renewed")
        refused = (400, "batch tokens cannot be revoked")
        assert why(vault.call("POST", "auth/token/revoke-self", token=token)) == refused
        assert why(vault.root("POST", "auth/token/revoke", {"token": token})) == refused
        assert vault.call("GET", SELF, token=token)[0] == 200

    def test_have_no_cubbyhole(self, vault: Stand) -> None:
        """What belongs to one token cannot belong to these."""
        token = vault.token(token_type="batch")
        assert vault.call("GET", "cubbyhole/x", token=token)[0] == 400


@pytest.mark.parametrize("path", ["auth/token/nonsense", "sys/nonsense"])
def test_unknown_paths_of_the_server_are_404(vault: Stand, path: str) -> None:
    """Vault's own mounts say that they do not know a path."""
    unsupported = "1 error occurred:\n\t* unsupported path\n\n"
    assert why(vault.root("GET", path)) == (404, unsupported)
