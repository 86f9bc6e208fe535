"""Dynamic users and the leases on which they live; in both implementations."""

from collections.abc import Callable

import pytest

from tests.contract.stand import Dynamic, Stand

LOOKUP = "sys/leases/lookup"
REVOKE = "sys/leases/revoke"
RENEW = "sys/leases/renew"

MayRevoke = Callable[..., str]


@pytest.fixture
def token(vault: Stand) -> str:
    """Give a token that may make users, and end leases one by one."""
    rules = 'path "database/creds/*" { capabilities = ["read"] }\n'
    rules += f'path "{REVOKE}" {{ capabilities = ["update"] }}'
    return vault.token(vault.policy("db", rules), token_ttl="1h")


def alive(vault: Stand, user: Dynamic) -> bool:
    """Whether the user can log in."""
    return vault.can_login(user.username, user.password)


class TestUsers:
    """Credentials made on demand."""

    def test_each_read_makes_one(self, vault: Stand, token: str) -> None:
        """Two reads are two users on two leases, both of whom can log in."""
        path = vault.dynamic("app", ttl="10m")
        status, body = vault.call("GET", path, token=token)
        assert status == 200
        assert (body["lease_duration"], body["renewable"]) == (600, True)
        assert body["lease_id"].startswith(f"{path}/")
        assert set(body["data"]) == {"username", "password"}
        one, two = vault.user(path, token), vault.user(path, token)
        assert one.username != two.username
        assert one.lease_id != two.lease_id
        assert alive(vault, one)
        assert alive(vault, two)
        assert not vault.can_login(one.username, two.password)

    def test_an_unknown_role_is_refused(self, vault: Stand, token: str) -> None:
        """A role that is not there is a 400, not a 404."""
        vault.dynamic("app")
        status, body = vault.call("GET", "database/creds/none", token=token)
        assert (status, body["errors"]) == (400, ["unknown role: none"])

    def test_go_with_their_token(self, vault: Stand, token: str) -> None:
        """`revoke-self` ends the token at once, and its users soon after."""
        user = vault.user(vault.dynamic("app"), token)
        assert alive(vault, user)
        assert vault.call("POST", "auth/token/revoke-self", token=token)[0] == 204
        assert vault.eventually(lambda: vault.lease_status(user.lease_id) == 400)
        assert not alive(vault, user)

    def test_outlive_their_token_s_revocation_while_a_statement_runs(
        self, vault: Stand, token: str
    ) -> None:
        """`revoke-self` does not wait: a slow statement leaves its user alive meanwhile."""
        user = vault.user(vault.dynamic("slow", slow=4), token)
        vault.call("POST", "auth/token/revoke-self", token=token)
        assert alive(vault, user)
        status, body = vault.root("POST", LOOKUP, {"lease_id": user.lease_id})
        assert status == 200
        assert body["data"]["ttl"] <= 0
        assert body["data"]["renewable"] is False
        assert vault.eventually(lambda: vault.lease_status(user.lease_id) == 400)
        assert not alive(vault, user)

    def test_live_on_where_their_statement_fails(self, vault: Stand, token: str) -> None:
        """After `revoke-self` a failing statement leaves user and lease behind."""
        user = vault.user(vault.dynamic("failing", failing=True), token)
        vault.call("POST", "auth/token/revoke-self", token=token)
        vault.wait(0.3)
        assert alive(vault, user)
        assert vault.lease_status(user.lease_id) == 200

    def test_die_with_a_shortened_token(self, vault: Stand, token: str) -> None:
        """A token that was let die takes its users along, with nobody's help."""
        user = vault.user(vault.dynamic("app"), token)
        vault.call("POST", "auth/token/renew-self", {"increment": vault.short_seconds}, token=token)
        assert alive(vault, user)
        vault.wait(vault.short_seconds + 0.6)
        assert vault.eventually(lambda: vault.lease_status(user.lease_id) == 400)
        assert not alive(vault, user)

    def test_die_with_their_own_lease(self, vault: Stand, token: str) -> None:
        """A lease that is over ends its user."""
        user = vault.user(vault.dynamic("app", ttl=f"{vault.short_seconds}s"), token)
        assert alive(vault, user)
        vault.wait(vault.short_seconds + 0.6)
        assert vault.eventually(lambda: vault.lease_status(user.lease_id) == 400)
        assert not alive(vault, user)


class TestRevocation:
    """`sys/leases/revoke`."""

    @pytest.mark.parametrize("sync", [{}, {"sync": True}])
    def test_waits_for_the_end(self, vault: Stand, token: str, sync: dict[str, bool]) -> None:
        """204 means gone, unless `sync` is false; a look-up is then `invalid lease`."""
        user = vault.user(vault.dynamic("slow", slow=0.3), token)
        body = {"lease_id": user.lease_id, **sync}
        assert vault.call("POST", LOOKUP, {"lease_id": user.lease_id}, token=token)[0] == 200
        assert vault.call("PUT", REVOKE, body, token=token) == (204, {})
        assert not alive(vault, user)
        answer = vault.call("POST", LOOKUP, {"lease_id": user.lease_id}, token=token)
        assert answer == (400, {"errors": ["invalid lease"]})

    def test_with_sync_reports_a_failure(self, vault: Stand, token: str) -> None:
        """A failing statement is a 400; user and lease are still there."""
        user = vault.user(vault.dynamic("failing", failing=True), token)
        body = {"lease_id": user.lease_id, "sync": True}
        status, answer = vault.call("PUT", REVOKE, body, token=token)
        assert status == 400
        assert answer["errors"][0].startswith("failed to revoke entry:")
        assert alive(vault, user)
        assert vault.call("POST", LOOKUP, {"lease_id": user.lease_id}, token=token)[0] == 200

    def test_without_sync_only_queues(self, vault: Stand, token: str) -> None:
        """202 comes before the end."""
        user = vault.user(vault.dynamic("slow", slow=4), token)
        body = {"lease_id": user.lease_id, "sync": False}
        assert vault.call("PUT", REVOKE, body, token=token) == (202, {})
        assert alive(vault, user)
        assert vault.eventually(lambda: vault.lease_status(user.lease_id) == 400)

    def test_of_what_is_gone_counts_as_done(self, vault: Stand, token: str) -> None:
        """An unknown lease is revoked with 204, and looked up with 400."""
        body = {"lease_id": "database/creds/app/none", "sync": True}
        assert vault.call("PUT", REVOKE, body, token=token)[0] == 204
        assert vault.call("PUT", REVOKE, {}, token=token)[0] == 400

    def test_needs_a_right_that_the_default_policy_lacks(self, vault: Stand) -> None:
        """The default policy looks leases up and renews them, but does not revoke them."""
        rules = 'path "database/creds/*" { capabilities = ["read"] }'
        token = vault.token(vault.policy("only-read", rules))
        user = vault.user(vault.dynamic("app"), token)
        lease = {"lease_id": user.lease_id}
        assert vault.call("PUT", LOOKUP, lease, token=token)[0] == 200
        assert vault.call("PUT", RENEW, lease, token=token)[0] == 200
        assert vault.call("PUT", REVOKE, lease, token=token)[0] == 403
        assert alive(vault, user)

    def test_ends_what_another_token_made(self, vault: Stand, token: str) -> None:
        """The right to revoke is not bound to the token that minted."""
        rules = 'path "database/creds/*" { capabilities = ["read"] }'
        other = vault.token(vault.policy("only-read", rules))
        user = vault.user(vault.dynamic("app"), other)
        body = {"lease_id": user.lease_id, "sync": True}
        assert vault.call("PUT", REVOKE, body, token=token)[0] == 204
        assert not alive(vault, user)

    def test_of_a_prefix_needs_sudo(self, vault: Stand, token: str) -> None:
        """`update` is not enough for `revoke-prefix`; with `sudo` it ends all below."""
        path = vault.dynamic("app")
        rules = f'path "sys/leases/revoke-prefix/{path}" {{ capabilities = %s }}'
        weak = vault.token(vault.policy("weak", rules % '["update"]'))
        strong = vault.token(vault.policy("strong", rules % '["update", "sudo"]'))
        users = [vault.user(path, token) for _ in range(2)]
        prefix, sync = f"sys/leases/revoke-prefix/{path}", {"sync": True}
        assert vault.call("PUT", prefix, sync, token=weak)[0] == 403
        assert vault.call("PUT", prefix, sync, token=strong)[0] == 204
        assert [alive(vault, user) for user in users] == [False, False]

    def test_by_force_forgets_a_lease_that_cannot_be_ended(self, vault: Stand, token: str) -> None:
        """`revoke-force` drops the lease and leaves the user."""
        path = vault.dynamic("failing", failing=True)
        user = vault.user(path, token)
        assert vault.root("PUT", f"sys/leases/revoke-force/{path}")[0] == 204
        assert vault.lease_status(user.lease_id) == 400
        assert alive(vault, user)


class TestRenewal:
    """`sys/leases/renew`."""

    def test_lowers_raises_and_is_cut(self, vault: Stand, token: str) -> None:
        """The answer says what was granted, never more than the role's maximum."""
        user = vault.user(vault.dynamic("app", ttl="1h"), token)

        def renew(**more: object) -> tuple[int, list[str] | None]:
            body = {"lease_id": user.lease_id, **more}
            status, answer = vault.call("PUT", RENEW, body, token=token)
            assert (status, answer["lease_id"]) == (200, user.lease_id)
            return answer["lease_duration"], answer["warnings"]

        assert renew(increment=60) == (60, None)
        assert renew(increment="2h") == (7200, None)
        assert renew() == (3600, None)
        granted, warnings = renew(increment="30h")
        assert 86_390 <= granted <= 86_400
        assert warnings is not None
        assert warnings[0].startswith('TTL of "30h" exceeded the effective max_ttl of "')

    def test_of_what_is_gone_is_refused(self, vault: Stand, token: str) -> None:
        """`lease not found`."""
        answer = vault.call("PUT", RENEW, {"lease_id": "database/creds/app/none"}, token=token)
        assert answer == (400, {"errors": ["lease not found"]})


class TestLookup:
    """`sys/leases/lookup`."""

    def test_tells_the_end(self, vault: Stand, token: str) -> None:
        """TTL, times and renewability."""
        user = vault.user(vault.dynamic("app", ttl="10m"), token)
        _, body = vault.call("PUT", LOOKUP, {"lease_id": user.lease_id}, token=token)
        data = body["data"]
        assert data["id"] == user.lease_id
        assert 590 <= data["ttl"] <= 600
        assert data["renewable"] is True
        assert data["last_renewal"] is None
        assert data["expire_time"] > data["issue_time"]

    def test_wants_an_id(self, vault: Stand, token: str) -> None:
        """No id is a 400."""
        answer = vault.call("PUT", LOOKUP, {}, token=token)
        assert answer == (400, {"errors": ["lease_id must be specified"]})

    def test_lists_below_a_prefix(self, vault: Stand, token: str) -> None:
        """Root sees which leases there are."""
        path = vault.dynamic("listed")
        user = vault.user(path, token)
        _, body = vault.root("LIST", f"sys/leases/lookup/{path}")
        assert body["data"]["keys"] == [user.lease_id.rpartition("/")[2]]


class TestBatchTokens:
    """Leases of tokens that cannot be revoked."""

    def test_end_with_the_token_and_can_be_revoked_one_by_one(self, vault: Stand) -> None:
        """A lease is no longer than its batch token, and ends when it is asked to."""
        rules = 'path "database/creds/*" { capabilities = ["read"] }\n'
        rules += f'path "{REVOKE}" {{ capabilities = ["update"] }}'
        policy = vault.policy("db", rules)
        batch = vault.token(policy, token_type="batch", token_ttl="10m")
        path = vault.dynamic("app", ttl="1h")
        _, body = vault.call("GET", path, token=batch)
        assert 590 <= body["lease_duration"] <= 600
        users = [vault.user(path, batch) for _ in range(2)]
        revoked = {"lease_id": users[0].lease_id, "sync": True}
        assert vault.call("PUT", REVOKE, revoked, token=batch)[0] == 204
        assert [alive(vault, user) for user in users] == [False, True]
