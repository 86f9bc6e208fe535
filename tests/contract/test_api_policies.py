"""Policies: who may do what; in both implementations."""

import pytest

from tests.contract.stand import Stand


def can_read(vault: Stand, token: str, path: str) -> bool:
    """Whether a secret can be read (or at least be found missing)."""
    return vault.call("GET", f"secret/data/{path}", token=token)[0] in (200, 404)


@pytest.mark.parametrize(
    ("rule", "allowed", "forbidden"),
    [
        ("secret/data/a", ["a"], ["a/b", "ab", "b"]),
        ("secret/data/a/*", ["a/b", "a/b/c"], ["a", "ab"]),
        ("secret/data/a*", ["a", "ab", "a/b"], ["b"]),
        ("secret/data/+/b", ["a/b", "c/b"], ["b", "a/c/b", "a/b/c"]),
        ("secret/data/+/b/*", ["a/b/c", "a/b/c/d"], ["a/b", "a/c/b"]),
        ("*", ["a", "a/b"], []),
    ],
)
def test_patterns(vault: Stand, rule: str, allowed: list[str], forbidden: list[str]) -> None:
    """`*` matches any rest at the end, `+` exactly one segment."""
    policy = vault.policy("p", f'path "{rule}" {{ capabilities = ["read"] }}')
    token = vault.token(policy)
    assert [path for path in allowed if not can_read(vault, token, path)] == []
    assert [path for path in forbidden if can_read(vault, token, path)] == []


def test_the_most_specific_rule_decides(vault: Stand) -> None:
    """A longer pattern beats a shorter one, an exact path beats all, in either direction."""
    rules = """
        path "secret/data/*"       { capabilities = ["read"] }
        path "secret/data/team/*"  { capabilities = ["list"] }
        path "secret/data/team/a"  { capabilities = ["read"] }
        path "secret/data/+/b"     { capabilities = ["read"] }
    """
    token = vault.token(vault.policy("p", rules))
    assert can_read(vault, token, "other")
    assert not can_read(vault, token, "team/x")
    assert can_read(vault, token, "team/a")
    assert can_read(vault, token, "other/b")
    assert not can_read(vault, token, "team/b")


def test_deny_beats_everything_on_its_pattern(vault: Stand) -> None:
    """A `deny` of one policy undoes what another grants by the same pattern."""
    grant = vault.policy("grant", 'path "secret/data/*" { capabilities = ["read"] }')
    deny = vault.policy("deny", 'path "secret/data/*" { capabilities = ["deny"] }')
    narrow = vault.policy("narrow", 'path "secret/data/x" { capabilities = ["deny"] }')
    assert not can_read(vault, vault.token(grant, deny), "a")
    both = vault.token(grant, narrow)
    assert can_read(vault, both, "a")
    assert not can_read(vault, both, "x")


def test_policies_add_up_on_one_pattern(vault: Stand) -> None:
    """Capabilities of several policies on the same pattern are joined."""
    read = vault.policy("read", 'path "secret/data/*" { capabilities = ["read"] }')
    write = vault.policy("write", 'path "secret/data/*" { capabilities = ["create"] }')
    token = vault.token(read, write)
    body = {"data": {"key": "value"}}
    assert vault.call("POST", "secret/data/new", body, token=token)[0] == 200
    assert can_read(vault, token, "new")


def test_create_and_update_differ(vault: Stand) -> None:
    """A first write needs `create`, the next `update`, a deletion `delete`."""
    create = vault.policy("create", 'path "secret/data/*" { capabilities = ["create"] }')
    update = vault.policy("update", 'path "secret/data/*" { capabilities = ["update"] }')
    creator, updater = vault.token(create), vault.token(update)
    body = {"data": {"key": "value"}}
    assert vault.call("POST", "secret/data/a", body, token=updater)[0] == 403
    assert vault.call("POST", "secret/data/a", body, token=creator)[0] == 200
    assert vault.call("POST", "secret/data/a", body, token=creator)[0] == 403
    assert vault.call("POST", "secret/data/a", body, token=updater)[0] == 200
    assert vault.call("DELETE", "secret/data/a", token=updater)[0] == 403


def test_a_changed_policy_holds_at_once(vault: Stand) -> None:
    """Tokens follow their policies by name."""
    token = vault.token("later")
    assert not can_read(vault, token, "a")
    vault.policy("later", 'path "secret/data/a" { capabilities = ["read"] }')
    assert can_read(vault, token, "a")
    assert vault.root("DELETE", "sys/policies/acl/later")[0] == 204
    assert not can_read(vault, token, "a")


def test_json_is_as_good_as_hcl(vault: Stand) -> None:
    """A policy may be written in JSON, and HCL may have comments."""
    rules = '{"path": {"secret/data/a": {"capabilities": ["read"]}}}'
    assert can_read(vault, vault.token(vault.policy("json", rules)), "a")
    commented = """
        # one
        path "secret/data/a" { // two
          /* three */ capabilities = ["read", "list",]
        }
    """
    assert can_read(vault, vault.token(vault.policy("hcl", commented)), "a")


@pytest.mark.parametrize(
    "rules",
    [
        'path "a" { capabilities = ["reed"] }',
        'path "a" { capabil',
        'path "a/+*" { capabilities = ["read"] }',
    ],
)
def test_mistakes_are_refused(vault: Stand, rules: str) -> None:
    """A policy that cannot be understood is a 400, and is not kept."""
    status, body = vault.root("POST", "sys/policies/acl/wrong", {"policy": rules})
    assert status == 400
    assert body["errors"][0].startswith("failed to parse policy:")
    assert vault.root("GET", "sys/policies/acl/wrong") == (404, {"errors": []})


def test_a_policy_reads_back(vault: Stand) -> None:
    """The text comes back as it was written."""
    rules = 'path "secret/data/a" { capabilities = ["read"] }'
    vault.policy("p", rules)
    _, body = vault.root("GET", "sys/policies/acl/p")
    assert body["data"] == {"name": "p", "policy": rules}


def test_a_token_can_ask_for_its_rights(vault: Stand) -> None:
    """`capabilities-self` answers for each path, `deny` where there are none."""
    rules = 'path "secret/data/a" { capabilities = ["read", "list"] }'
    token = vault.token(vault.policy("p", rules))
    asked = {"paths": ["secret/data/a", "secret/data/b"]}
    _, body = vault.call("POST", "sys/capabilities-self", asked, token=token)
    assert body["data"] == {"secret/data/a": ["list", "read"], "secret/data/b": ["deny"]}


def test_the_default_policy_is_vault_s(vault: Stand) -> None:
    """What every token may do: look at, renew and end itself, and look up and renew leases."""
    token = vault.token()
    paths = {
        "auth/token/lookup-self": ["read"],
        "auth/token/renew-self": ["update"],
        "auth/token/revoke-self": ["update"],
        "sys/leases/lookup": ["update"],
        "sys/leases/renew": ["update"],
        "sys/leases/revoke": ["deny"],
        "sys/wrapping/unwrap": ["update"],
        "auth/token/create": ["deny"],
        "cubbyhole/x": ["create", "delete", "list", "read", "update"],
    }
    _, body = vault.call("POST", "sys/capabilities-self", {"paths": list(paths)}, token=token)
    assert body["data"] == paths
