"""Key-value secrets and the ways in which they can be missing; in both implementations."""

import pytest

from tests.contract.stand import Stand, new_mount

WRONG_PATH = "Invalid path for a versioned K/V secrets engine"
DENIED = {"errors": ["1 error occurred:\n\t* permission denied\n\n"]}
LOSSLESS = {
    "newline": "ends with one\n",
    "crlf": "a\r\nb",
    "unicode": "pässwörd ✓ 🔑",
    "quotes": "\"'`$(x)\\",
    "number": 3,
    "float": 1.5,
    "truth": True,
    "nothing": None,
    "list": [1, "two"],
    "object": {"nested": {"deep": "value"}},
    "empty": "",
}


@pytest.fixture
def reader(vault: Stand) -> str:
    """Give a token that may read and list below secret/."""
    paths = 'path "secret/*" { capabilities = ["read", "list"] }'
    return vault.token(vault.policy("reader", paths))


class TestVersions:
    """KV version 2."""

    def test_values_come_back_as_they_went_in(self, vault: Stand, reader: str) -> None:
        """No JSON value is altered."""
        vault.put_secret("secret/app", **LOSSLESS)
        status, body = vault.call("GET", "secret/data/app", token=reader)
        assert status == 200
        assert body["data"]["data"] == LOSSLESS
        assert body["data"]["metadata"]["version"] == 1
        assert (body["lease_id"], body["lease_duration"], body["renewable"]) == ("", 0, False)
        assert body["mount_type"] == "kv"

    def test_a_mebibyte_fits(self, vault: Stand, reader: str) -> None:
        """Large values are no special case."""
        vault.put_secret("secret/app", large="x" * (1 << 20))
        _, body = vault.call("GET", "secret/data/app", token=reader)
        assert body["data"]["data"]["large"] == "x" * (1 << 20)

    def test_older_versions_stay(self, vault: Stand, reader: str) -> None:
        """`?version=` reads an older one; 0 and none are the newest; one too many is missing."""
        vault.put_secret("secret/app", key="one")
        vault.put_secret("secret/app", key="two")

        def read(query: str) -> tuple[int, object]:
            status, body = vault.call("GET", f"secret/data/app{query}", token=reader)
            return status, body.get("data", {}).get("data", {}).get("key")

        assert read("") == read("?version=0") == read("?version=2") == (200, "two")
        assert read("?version=1") == (200, "one")
        assert read("?version=3")[0] == 404
        assert read("?version=x")[0] == 400

    def test_cas_protects_the_current_version(self, vault: Stand) -> None:
        """A write may name the version that it replaces."""
        vault.put_secret("secret/app", key="one")
        stale = {"data": {"key": "two"}, "options": {"cas": 0}}
        status, body = vault.root("POST", "secret/data/app", stale)
        assert status == 400
        assert body["errors"] == ["check-and-set parameter did not match the current version"]
        fresh = {"data": {"key": "two"}, "options": {"cas": 1}}
        assert vault.root("POST", "secret/data/app", fresh)[1]["data"]["version"] == 2

    def test_wants_data(self, vault: Stand) -> None:
        """A write without `data` is a 400."""
        status, body = vault.root("POST", "secret/data/app", {"key": "value"})
        assert (status, body["errors"]) == (400, ["no data provided"])

    def test_metadata_lists_the_versions(self, vault: Stand, reader: str) -> None:
        """Metadata tell of every version without its data."""
        vault.put_secret("secret/app", key="value-1")
        vault.put_secret("secret/app", key="value-2")
        vault.root("POST", "secret/destroy/app", {"versions": [1]})
        status, body = vault.call("GET", "secret/metadata/app", token=reader)
        assert (status, body["data"]["current_version"]) == (200, 2)
        assert body["data"]["versions"]["1"]["destroyed"] is True
        assert body["data"]["versions"]["2"]["destroyed"] is False
        assert "value-" not in str(body)


class TestMissing:
    """Six ways of not being there, and how they differ."""

    def test_never_written(self, vault: Stand, reader: str) -> None:
        """A 404 with no error."""
        assert vault.call("GET", "secret/data/app", token=reader) == (404, {"errors": []})
        assert vault.call("GET", "secret/metadata/app", token=reader) == (404, {"errors": []})

    def test_deleted(self, vault: Stand, reader: str) -> None:
        """A 404 with metadata that has a deletion time; an undelete brings it back."""
        vault.put_secret("secret/app", key="value")
        assert vault.root("DELETE", "secret/data/app")[0] == 204
        status, body = vault.call("GET", "secret/data/app", token=reader)
        assert (status, body["data"]["data"]) == (404, None)
        assert body["data"]["metadata"]["deletion_time"] != ""
        assert body["data"]["metadata"]["destroyed"] is False
        assert vault.root("POST", "secret/undelete/app", {"versions": [1]})[0] == 204
        assert vault.call("GET", "secret/data/app", token=reader)[0] == 200

    def test_one_version_deleted(self, vault: Stand, reader: str) -> None:
        """Versions can be deleted by number."""
        vault.put_secret("secret/app", key="one")
        vault.put_secret("secret/app", key="two")
        assert vault.root("POST", "secret/delete/app", {"versions": [1]})[0] == 204
        assert vault.call("GET", "secret/data/app", token=reader)[0] == 200
        assert vault.call("GET", "secret/data/app?version=1", token=reader)[0] == 404

    def test_destroyed(self, vault: Stand, reader: str) -> None:
        """A 404 whose metadata say destroyed; nothing brings it back."""
        vault.put_secret("secret/app", key="value")
        assert vault.root("PUT", "secret/destroy/app", {"versions": [1]})[0] == 204
        vault.root("POST", "secret/undelete/app", {"versions": [1]})
        status, body = vault.call("GET", "secret/data/app", token=reader)
        assert (status, body["data"]["data"]) == (404, None)
        assert body["data"]["metadata"]["destroyed"] is True

    def test_all_versions_deleted(self, vault: Stand, reader: str) -> None:
        """Once the metadata are deleted nothing is left."""
        vault.put_secret("secret/app", key="value")
        assert vault.root("DELETE", "secret/metadata/app")[0] == 204
        assert vault.call("GET", "secret/data/app", token=reader) == (404, {"errors": []})

    def test_forgotten_data(self, vault: Stand, reader: str) -> None:
        """A path without `data/` is a 404 with a warning."""
        vault.put_secret("secret/app", key="value")
        status, body = vault.call("GET", "secret/app", token=reader)
        assert (status, body["data"]) == (404, None)
        assert body["warnings"][0].startswith(WRONG_PATH)

    def test_no_such_mount(self, vault: Stand) -> None:
        """A 404 that names the route, for those who have rights there."""
        token = vault.token(vault.policy("wide", 'path "*" { capabilities = ["read"] }'))
        status, body = vault.call("GET", "nowhere/app", token=token)
        assert status == 404
        words = 'no handler for route "nowhere/app". route entry not found.'
        assert body["errors"] == [words]

    def test_forbidden_and_missing(self, vault: Stand) -> None:
        """Without rights a path is a 403, be it there or not, mounted or not."""
        vault.put_secret("secret/app", key="value")
        token = vault.token()
        for path in ("secret/data/app", "secret/data/none", "nowhere/app"):
            assert vault.call("GET", path, token=token) == (403, DENIED)


class TestListing:
    """What lies below."""

    def test_names_keys_and_folders(self, vault: Stand, reader: str) -> None:
        """Folders end with a slash; LIST and `?list=true` are the same."""
        for path in ("a", "b/c", "b/d/e"):
            vault.put_secret(f"secret/{path}", key="value")
        for method, query in (("LIST", ""), ("GET", "?list=true")):
            _, body = vault.call(method, f"secret/metadata{query}", token=reader)
            assert body["data"]["keys"] == ["a", "b/"]
            _, body = vault.call(method, f"secret/metadata/b{query}", token=reader)
            assert body["data"]["keys"] == ["c", "d/"]

    def test_of_nothing_is_missing(self, vault: Stand, reader: str) -> None:
        """An empty folder is a 404."""
        assert vault.call("LIST", "secret/metadata/none", token=reader) == (404, {"errors": []})

    def test_needs_its_own_right(self, vault: Stand) -> None:
        """`read` does not list, and a rule without the slash covers the listing."""
        vault.put_secret("secret/b/c", key="value")
        reads = vault.policy("reads", 'path "secret/*" { capabilities = ["read"] }')
        lists = vault.policy("lists", 'path "secret/metadata/b" { capabilities = ["list"] }')
        assert vault.call("LIST", "secret/metadata/b", token=vault.token(reads))[0] == 403
        assert vault.call("LIST", "secret/metadata/b", token=vault.token(lists))[0] == 200


class TestVersionOne:
    """KV version 1."""

    def test_reads_lists_and_deletes(self, vault: Stand) -> None:
        """One set of fields a path, and a `data` field is nothing special."""
        mount = new_mount()
        vault.configure(f"sys/mounts/{mount}", type="kv")
        fields = {"data": {"data": "value"}, "key": "value"}
        vault.configure(f"{mount}/a/b", **fields)
        status, body = vault.root("GET", f"{mount}/a/b")
        assert (status, body["data"]) == (200, fields)
        assert (body["lease_id"], body["renewable"]) == ("", False)
        assert vault.root("LIST", mount)[1]["data"]["keys"] == ["a/"]
        assert vault.root("DELETE", f"{mount}/a/b")[0] == 204
        assert vault.root("GET", f"{mount}/a/b") == (404, {"errors": []})

    def test_a_ttl_field_becomes_the_duration(self, vault: Stand) -> None:
        """The `ttl` of a secret is the answer's duration, still without a lease."""
        mount = new_mount()
        vault.configure(f"sys/mounts/{mount}", type="kv")
        vault.configure(f"{mount}/a", ttl="90s", key="value")
        _, body = vault.root("GET", f"{mount}/a")
        assert (body["lease_duration"], body["lease_id"]) == (90, "")


class TestCubbyhole:
    """What belongs to one token."""

    def test_is_each_token_s_own(self, vault: Stand) -> None:
        """Nobody else sees it, and the default policy allows it."""
        mine, other = vault.token(), vault.token()
        written = vault.call("POST", "cubbyhole/a", {"key": "value"}, token=mine)
        assert written[0] == 204
        assert vault.call("GET", "cubbyhole/a", token=mine)[1]["data"] == {"key": "value"}
        assert vault.call("LIST", "cubbyhole/", token=mine)[1]["data"]["keys"] == ["a"]
        assert vault.call("GET", "cubbyhole/a", token=other)[0] == 404


class TestMounts:
    """Which engine lies where."""

    def test_a_path_s_mount_is_told_to_those_with_rights_in_it(self, vault: Stand) -> None:
        """Type and version of the mount, by the path of a secret; else a 403."""
        token = vault.token(vault.policy("p", 'path "secret/data/a" { capabilities = ["read"] }'))
        path = "sys/internal/ui/mounts/"
        status, body = vault.call("GET", f"{path}secret/data/a", token=token)
        assert status == 200
        assert (body["data"]["path"], body["data"]["type"]) == ("secret/", "kv")
        assert body["data"]["options"] == {"version": "2"}
        refused = (
            403,
            {
                "errors": [
                    "preflight capability check returned 403, please ensure client's policies "
                    'grant access to path "nowhere/a/"'
                ]
            },
        )
        assert vault.call("GET", f"{path}nowhere/a", token=token) == refused
        assert vault.call("GET", f"{path}secret/data/a", token=vault.token())[0] == 403
        assert vault.call("GET", f"{path}secret/data/a")[0] == 403

    def test_version_one_has_no_version(self, vault: Stand) -> None:
        """A plain `kv` mount has no `version` among its options."""
        mount = new_mount()
        vault.configure(f"sys/mounts/{mount}", type="kv")
        _, body = vault.root("GET", f"sys/internal/ui/mounts/{mount}/a")
        assert (body["data"]["options"] or {}).get("version") in (None, "1")

    def test_all_are_listed(self, vault: Stand) -> None:
        """`sys/mounts` needs rights that the default policy does not give."""
        assert vault.call("GET", "sys/mounts", token=vault.token()) == (403, DENIED)
        mounts = vault.root("GET", "sys/mounts")[1]["data"]
        assert mounts["secret/"]["options"] == {"version": "2"}
        assert {"secret/", "cubbyhole/", "sys/"} <= set(mounts)
        assert {"token/", "jwt/"} <= set(vault.root("GET", "sys/auth")[1]["data"])

    def test_cannot_be_taken_twice(self, vault: Stand) -> None:
        """A mount in use and an unknown engine are 400."""
        status, body = vault.root("POST", "sys/mounts/secret", {"type": "kv"})
        assert (status, body["errors"]) == (400, ["path is already in use at secret/"])
        status, body = vault.root("POST", f"sys/mounts/{new_mount()}", {"type": "nonsense"})
        assert status == 400
        assert body["errors"] == ["plugin not found in the catalog: nonsense"]


def test_health_needs_no_token(vault: Stand) -> None:
    """`sys/health` tells everybody that the server is up, and which it is."""
    status, body = vault.call("GET", "sys/health")
    assert status == 200
    assert (body["initialized"], body["sealed"], body["standby"]) == (True, False, False)
    assert body["enterprise"] is False
    assert body["version"].startswith("1.")
