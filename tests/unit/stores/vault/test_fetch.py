"""From requests to credentials."""

import threading
from typing import Any

import httpx
import pytest

from ci_secrets.config.model import AllKeys, Jsonata, Missing
from ci_secrets.errors import (
    CiSecretsError,
    ConfigError,
    RefusedError,
    SecretMissingError,
    UnreachableError,
)
from ci_secrets.secret import Secret
from tests import patience
from tests.unit.stores.vault.fake import (
    Answer,
    Bench,
    FakeVault,
    auth,
    engine,
    forbidden,
    kv1,
    kv2,
    request,
)

MOUNT = "GET sys/internal/ui/mounts/"
DEFAULT = Missing(policy="default", default="instead")
OPTIONAL = Missing(policy="optional")
NO_ROUTE = (404, {"errors": ['no handler for route "x/y". route entry not found.']})


def serve(vault: FakeVault, mount: dict[str, Any], **paths: Answer) -> None:
    """Mount an engine, and answer GETs (`__` for `/`)."""
    for spelled, answer in paths.items():
        path = spelled.replace("__", "/")
        vault.rules |= {f"{MOUNT}{path}": (200, mount), f"GET {path}": answer}


def secret(**fields: Any) -> Answer:
    """The answer of KV v2."""
    return 200, {"data": {"data": fields, "metadata": {"version": 1}}, "lease_id": ""}


def user(lease_id: str = "database/creds/app/L1") -> Answer:
    """The answer of the database engine."""
    return 200, {
        "lease_id": lease_id,
        "lease_duration": 3600,
        "renewable": True,
        "data": {"username": "v-app", "password": "made-up"},
    }


class TestEngines:
    """What each engine's answer means."""

    def test_v2(self, bench: Bench, vault: FakeVault) -> None:
        """KV v2 wraps the data once more, and has no lease."""
        serve(vault, kv2(), secret__data__app=secret(value="x", data="y"))
        session = bench.login()
        fetched = session.fetch(
            [request("secret/data/app"), request("secret/data/app", "data", name="D")]
        )
        assert [each.value.text() for each in fetched.credentials] == ["x", "y"]
        assert fetched.credentials[0].source == "vault:secret/data/app#value"
        assert fetched.leases == ()

    def test_the_last_use_of_a_token_is_the_read(self, bench: Bench, vault: FakeVault) -> None:
        """Which engine it is, which spends no use, is known before it ends with the token."""
        spent = threading.Event()
        serve(vault, kv2(), secret__data__app=secret(value="x"))
        vault.rules["POST auth/jwt/login"] = 200, auth(num_uses=1)

        def through(call: httpx.Request) -> httpx.Response:
            if call.url.path.endswith("mounts/secret/data/app"):
                spent.wait(0.5)  # as long as a read beside it takes, where there is one
                return httpx.Response(403) if spent.is_set() else vault(call)
            answer = vault(call)
            if call.url.path == "/v1/secret/data/app":
                spent.set()
            return answer

        session = bench.login(through=through)
        (credential,) = session.fetch([request("secret/data/app")]).credentials
        assert credential.value.text() == "x"

    def test_v1_with_a_field_called_data(self, bench: Bench, vault: FakeVault) -> None:
        """A KV v1 secret with a field called `data` is told from KV v2 by its mount."""
        body = {"data": {"data": {"value": "inner"}, "value": "outer"}}
        serve(vault, kv1(), kv__app=(200, body))
        fetched = bench.login().fetch(
            [request("kv/app"), request("kv/app", "data", name="D", selector=AllKeys())]
        )
        assert {each.name: each.value.text() for each in fetched.credentials} == {
            "VALUE": "outer",
            "DDATA": '{"value":"inner"}',
            "DVALUE": "outer",
        }

    def test_v2_metadata(self, bench: Bench, vault: FakeVault) -> None:
        """Other paths of KV v2 are taken as they are."""
        serve(vault, kv2(), secret__metadata__app=(200, {"data": {"current_version": 3}}))
        fetched = bench.login().fetch([request("secret/metadata/app", "current_version")])
        assert fetched.credentials[0].value.text() == "3"

    def test_deep_mount(self, bench: Bench, vault: FakeVault) -> None:
        """A mount may have slashes, and be asked for once for all its paths."""
        serve(
            vault,
            kv2("team/kv/"),
            team__kv__data__a=secret(value="1"),
            team__kv__data__b=secret(value="2"),
        )
        fetched = bench.login().fetch(
            [request("team/kv/data/a", name="A"), request("team/kv/data/b", name="B")]
        )
        assert [each.value.text() for each in fetched.credentials] == ["1", "2"]
        assert sum("ui/mounts" in path for path in vault.paths()) == 1

    def test_version(self, bench: Bench, vault: FakeVault) -> None:
        """A version is asked for, and is another call than the newest."""
        serve(vault, kv2(), secret__data__app=secret(value="new"))
        vault.rules["GET secret/data/app?version=1"] = secret(value="old")
        fetched = bench.login().fetch(
            [request("secret/data/app"), request("secret/data/app", name="OLD", version=1)]
        )
        assert [each.value.text() for each in fetched.credentials] == ["new", "old"]

    def test_version_of_what_has_none(self, bench: Bench, vault: FakeVault) -> None:
        """A version of a KV v1 secret is a mistake, not the newest."""
        serve(vault, kv1(), kv__app=(200, {"data": {"value": "x"}}))
        vault.rules["GET kv/app?version=1"] = (200, {"data": {"value": "x"}})
        with pytest.raises(ConfigError, match="no versions"):
            bench.login().fetch([request("kv/app", version=1)])

    def test_two_fields_one_lease(self, bench: Bench, vault: FakeVault) -> None:
        """Two fields of a dynamic credential are one call and live on one lease."""
        serve(vault, engine("database"), database__creds__app=user())
        session = bench.login()
        fetched = session.fetch(
            [
                request("database/creds/app", "username", name="U"),
                request("database/creds/app", "password", name="P"),
            ]
        )
        assert len(vault.of("database/creds/app")) == 1
        assert {each.lease_id for each in fetched.credentials} == {"database/creds/app/L1"}
        (lease,) = fetched.leases
        assert (lease.ttl_seconds, lease.renewable) == (3600, True)
        assert session.leases() == fetched.leases

    def test_payload(self, bench: Bench, vault: FakeVault) -> None:
        """`with:` makes a POST; another payload is another call."""
        vault.rules |= {
            f"{MOUNT}pki/issue/web": (200, engine("pki")),
            "POST pki/issue/web": (200, {"data": {"certificate": "C", "private_key": "K"}}),
        }
        bench.login().fetch(
            [
                request("pki/issue/web", "private_key", name="K", payload={"common_name": "a"}),
                request("pki/issue/web", "certificate", name="C", payload={"common_name": "a"}),
                request("pki/issue/web", "certificate", name="D", payload={"common_name": "b"}),
            ]
        )
        sent = [each.body for each in vault.of("pki/issue/web")]
        assert sorted(map(str, sent)) == ["{'common_name': 'a'}", "{'common_name': 'b'}"]

    def test_data_key(self, bench: Bench, vault: FakeVault) -> None:
        """What transit gives is base64, and `encoding: base64` gives the key itself."""
        vault.rules |= {
            f"{MOUNT}transit/datakey/plaintext/k": (200, engine("transit")),
            "POST transit/datakey/plaintext/k": (200, {"data": {"plaintext": "AP8="}}),
        }
        fetched = bench.login().fetch(
            [request("transit/datakey/plaintext/k", "plaintext", payload={}, encoding="base64")]
        )
        assert fetched.credentials[0].value.reveal() == b"\x00\xff"

    def test_empty_payload_is_a_post(self, bench: Bench, vault: FakeVault) -> None:
        """`with: {}` is a POST with an empty object."""
        vault.rules |= {
            f"{MOUNT}aws/sts/ci": (200, engine("aws")),
            "POST aws/sts/ci": (200, {"data": {"value": "x"}}),
        }
        bench.login().fetch([request("aws/sts/ci", payload={})])
        assert vault.of("aws/sts/ci")[0].body == {}

    @pytest.mark.parametrize("path", ["secret/data/app", "auth/token/create"])
    def test_payload_that_would_write(self, bench: Bench, vault: FakeVault, path: str) -> None:
        """A payload for a KV engine would overwrite the secret; for auth it would mint a token."""
        vault.rules[f"{MOUNT}secret/data/app"] = (200, kv2())
        with pytest.raises(ConfigError, match="with"):
            bench.login().fetch([request(path, payload={"a": "b"})])
        assert vault.of(path) == []

    def test_sys_paths_have_no_mount(self, bench: Bench, vault: FakeVault) -> None:
        """A path of the system itself is read as it is."""
        vault.rules |= {
            f"{MOUNT}sys/policies/acl/p": forbidden(),
            "GET sys/policies/acl/p": (200, {"data": {"policy": "x"}}),
        }
        fetched = bench.login().fetch([request("sys/policies/acl/p", "policy")])
        assert fetched.credentials[0].value.text() == "x"

    def test_wrapped_answer(self, bench: Bench, vault: FakeVault) -> None:
        """An answer that comes wrapped is unwrapped, with the lease that is inside."""
        info = {"token": "hvs.wrapping", "creation_path": "database/creds/app"}
        serve(vault, engine("database"))
        vault.rules |= {
            f"{MOUNT}database/creds/app": (200, engine("database")),
            "GET database/creds/app": (200, {"data": None, "wrap_info": info}),
            "POST sys/wrapping/unwrap": user(),
        }
        fetched = bench.login().fetch([request("database/creds/app", "password")])
        assert fetched.credentials[0].value.text() == "made-up"
        assert fetched.credentials[0].lease_id == "database/creds/app/L1"

    def test_wrapped_by_somebody_else(self, bench: Bench, vault: FakeVault) -> None:
        """A wrapped answer of another path is not taken."""
        info = {"token": "hvs.wrapping", "creation_path": "cubbyhole/x"}
        serve(vault, kv1(), kv__app=(200, {"data": None, "wrap_info": info}))
        with pytest.raises(RefusedError, match="another path"):
            bench.login().fetch([request("kv/app")])


class TestUnknownEngine:
    """Where something before the store withholds which engine serves a path."""

    @pytest.mark.parametrize("withheld", [forbidden(), (404, b"no")])
    @pytest.mark.parametrize(
        ("path", "answer"),
        [
            ("secret/data/app", secret(value="x")),
            ("secret/data/app", secret(other="x")),
            ("team/kv/data/app", secret(value="x")),
        ],
    )
    @pytest.mark.parametrize("missing", [Missing(), DEFAULT, OPTIONAL])
    def test_v2_is_not_taken_for_v1(
        self,
        bench: Bench,
        vault: FakeVault,
        withheld: Answer,
        path: str,
        answer: Answer,
        missing: Missing,
    ) -> None:
        """What may be of KV v2 is neither taken for what lies around it nor for missing."""
        vault.rules |= {f"{MOUNT}{path}": withheld, f"GET {path}": answer}
        with pytest.raises(RefusedError) as caught:
            bench.login().fetch([request(path, missing=missing)])
        assert "sys/internal/ui/mounts" in caught.value.fix

    def test_nothing_is_written(self, bench: Bench, vault: FakeVault) -> None:
        """What `with:` asks for would overwrite a secret where the engine is KV."""
        vault.rules |= {f"{MOUNT}secret/data/app": forbidden(), "POST secret/data/app": (204, b"")}
        with pytest.raises(RefusedError) as caught:
            bench.login().fetch([request("secret/data/app", payload={"ttl": "1h"})])
        assert "sys/internal/ui/mounts" in caught.value.fix
        assert ("POST", "secret/data/app") not in [(one.method, one.path) for one in vault.asked]

    def test_missing(self, bench: Bench, vault: FakeVault) -> None:
        """A path that is not there is not only blamed on its spelling."""
        vault.rules |= {
            f"{MOUNT}secret/data/app": forbidden(),
            "GET secret/data/app": (404, {"errors": []}),
        }
        with pytest.raises(SecretMissingError) as caught:
            bench.login().fetch([request("secret/data/app")])
        assert "sys/internal/ui/mounts" in caught.value.cause

    def test_all_keys(self, bench: Bench, vault: FakeVault) -> None:
        """No variable is made of what lies around the secret."""
        vault.rules |= {
            f"{MOUNT}secret/data/app": forbidden(),
            "GET secret/data/app": secret(value="x"),
        }
        wanted = request("secret/data/app", name="X_", selector=AllKeys())
        with pytest.raises(RefusedError, match="KV v2"):
            bench.login().fetch([wanted])

    def test_a_version(self, bench: Bench, vault: FakeVault) -> None:
        """It is not said that a path has no versions where nobody knows."""
        vault.rules |= {
            f"{MOUNT}secret/data/app": forbidden(),
            "GET secret/data/app?version=2": secret(value="x"),
        }
        with pytest.raises(RefusedError):
            bench.login().fetch([request("secret/data/app", version=2)])

    @pytest.mark.parametrize(
        ("path", "data"),
        [
            ("database/creds/app", {"value": "x"}),
            ("kv/app", {"value": "x", "data": "y"}),
            ("kv/app", {"value": "x", "data": {"a": 1}, "metadata": "of ours"}),
            ("kv/data/app", {"value": "x"}),
        ],
    )
    def test_others_are_read(
        self, bench: Bench, vault: FakeVault, path: str, data: dict[str, Any]
    ) -> None:
        """What cannot be an answer of KV v2 is what it is."""
        vault.rules |= {f"{MOUNT}{path}": forbidden(), f"GET {path}": (200, {"data": data})}
        fetched = bench.login().fetch([request(path)])
        assert fetched.credentials[0].value.text() == "x"


class TestMissing:
    """Only a 404 of an existing mount may become a default; everything else says what it is."""

    @pytest.mark.parametrize("missing", [DEFAULT, OPTIONAL])
    @pytest.mark.parametrize(
        ("mount", "path", "answer"),
        [
            (kv2(), "secret/data/app", (404, {"errors": []})),
            (
                kv2(),
                "secret/data/app",
                (
                    404,
                    {"data": {"data": None, "metadata": {"version": 2, "deletion_time": "2026"}}},
                ),
            ),
            (
                kv2(),
                "secret/data/app",
                (404, {"data": {"data": None, "metadata": {"version": 2, "destroyed": True}}}),
            ),
            (kv1(), "kv/app", (404, {"errors": []})),
            (kv2(), "secret/data/app", secret(other="x")),
            (kv2(), "secret/data/app", secret(value=None)),
        ],
    )
    def test_becomes(
        self,
        bench: Bench,
        vault: FakeVault,
        missing: Missing,
        mount: dict[str, Any],
        path: str,
        answer: Answer,
    ) -> None:
        """Absent, deleted, destroyed, without the field, or null: the default, or left out."""
        vault.rules |= {f"{MOUNT}{path}": (200, mount), f"GET {path}": answer}
        fetched = bench.login().fetch([request(path, missing=missing)])
        values = [each.value.text() for each in fetched.credentials]
        assert values == (["instead"] if missing is DEFAULT else [])
        assert path in fetched.notices[0].text

    def test_a_path_but_not_a_field(self, bench: Bench, vault: FakeVault) -> None:
        """`optional-path` leaves a path out that is not there; a field must be there."""
        optional = Missing(policy="optional-path")
        serve(
            vault, kv2(), secret__data__a=(404, {"errors": []}), secret__data__b=secret(other="x")
        )
        session = bench.login()
        assert session.fetch([request("secret/data/a", missing=optional)]).credentials == ()
        with pytest.raises(SecretMissingError) as caught:
            session.fetch([request("secret/data/b", missing=optional)])
        assert "no such field" in caught.value.cause

    @pytest.mark.parametrize("missing", [Missing(), DEFAULT, OPTIONAL])
    @pytest.mark.parametrize(
        ("mount", "path", "answer", "error"),
        [
            ((200, kv2()), "secret/data/app", forbidden(), RefusedError),
            (forbidden(), "nope/data/app", NO_ROUTE, SecretMissingError),
            ((200, kv2()), "secret/app", (404, {"warnings": ["Invalid path"]}), ConfigError),
            ((200, kv2()), "secret/data", (404, {"warnings": ["Invalid path"]}), ConfigError),
            ((200, kv2()), "secret/data/app", (500, {"errors": ["x"]}), UnreachableError),
            ((200, kv2()), "secret/data/app", (503, None), UnreachableError),
            ((200, kv2()), "secret/data/app", (429, None), UnreachableError),
            ((200, engine("database")), "database/creds/x", (500, None), UnreachableError),
            (
                (200, engine("database")),
                "database/creds/x",
                (400, {"errors": ["unknown role: x"]}),
                ConfigError,
            ),
            ((500, None), "secret/data/app", (404, {"errors": []}), UnreachableError),
        ],
    )
    def test_never_becomes(
        self,
        bench: Bench,
        vault: FakeVault,
        missing: Missing,
        mount: Answer,
        path: str,
        answer: Answer,
        error: type[CiSecretsError],
    ) -> None:
        """Forbidden, no mount, a forgotten `/data/`, trouble: an error whatever the policy is."""
        vault.rules |= {f"{MOUNT}{path}": mount, f"GET {path}": answer}
        with pytest.raises(error):
            bench.login().fetch([request(path, missing=missing)])

    def test_each_has_its_own_message(self, bench: Bench, vault: FakeVault) -> None:
        """The messages of the ways to be missing all differ, and name what helps."""
        deleted = {"data": {"data": None, "metadata": {"version": 2, "deletion_time": "2026-01"}}}
        destroyed = {"data": {"data": None, "metadata": {"version": 3, "destroyed": True}}}
        serve(
            vault,
            kv2(),
            secret__data__never=(404, {"errors": []}),
            secret__data__deleted=(404, deleted),
            secret__data__destroyed=(404, destroyed),
            secret__data__field=secret(other="x"),
            secret__forgotten=(404, {}),
            secret__data__forbidden=forbidden(),
        )
        vault.rules |= {f"{MOUNT}gone/x": forbidden(), "GET gone/x": NO_ROUTE}
        session, said = bench.login(), {}
        for path in (
            "secret/data/never",
            "secret/data/deleted",
            "secret/data/destroyed",
            "secret/data/field",
            "secret/forgotten",
            "secret/data/forbidden",
            "gone/x",
        ):
            with pytest.raises(CiSecretsError) as caught:
                session.fetch([request(path)])
            said[path] = f"{caught.value.what} {caught.value.cause} {caught.value.fix}"
            assert path in said[path]
        assert "Version 2 was deleted at 2026-01" in said["secret/data/deleted"]
        assert "Version 3 was destroyed" in said["secret/data/destroyed"]
        assert "has no such field" in said["secret/data/field"]
        assert "Write secret/data/forgotten" in said["secret/forgotten"]
        assert 'path "secret/data/forbidden"' in said["secret/data/forbidden"]
        assert "No secrets engine" in said["gone/x"]
        assert len(set(said.values())) == len(said)

    def test_nearest_path(self, bench: Bench, vault: FakeVault) -> None:
        """Where listing is allowed the nearest existing path is named."""
        serve(vault, kv2(), secret__data__deploy__prod=(404, {"errors": []}))
        vault.rules["GET secret/metadata/deploy/?list=true"] = (
            200,
            {"data": {"keys": ["production", "staging"]}},
        )
        with pytest.raises(SecretMissingError) as caught:
            bench.login().fetch([request("secret/data/deploy/prod")])
        assert "secret/data/deploy/production" in caught.value.fix

    @pytest.mark.parametrize("answer", [forbidden(), (500, None), httpx.ReadTimeout("x")])
    def test_listing_fails(self, bench: Bench, vault: FakeVault, answer: Answer) -> None:
        """Where it is not, the error is still the missing secret."""
        serve(vault, kv1(), kv__app=(404, {"errors": []}))
        vault.rules["GET kv/?list=true"] = answer
        with pytest.raises(SecretMissingError, match="kv/app"):
            bench.login().fetch([request("kv/app")])

    def test_nearest_field(self, bench: Bench, vault: FakeVault) -> None:
        """A misspelt field is met with the nearest key, never with a value."""
        serve(vault, kv2(), secret__data__app=secret(password="made-up-value"))
        with pytest.raises(SecretMissingError) as caught:
            bench.login().fetch([request("secret/data/app", "pasword")])
        assert "password" in caught.value.fix
        assert "made-up-value" not in repr(caught.value) + caught.value.cause + caught.value.fix

    def test_dead_token(self, bench: Bench, vault: FakeVault) -> None:
        """A 403 of a token that has died meanwhile says that it may have."""
        session = bench.login()
        assert session.notices == ()
        vault.rules |= {
            "GET auth/token/lookup-self": forbidden(),
            f"{MOUNT}kv/app": forbidden(),
            "GET kv/app": forbidden(),
        }
        with pytest.raises(RefusedError) as caught:
            session.fetch([request("kv/app")])
        assert "revoked" in caught.value.cause

    def test_nothing_unless_all(self, bench: Bench, vault: FakeVault) -> None:
        """One missing secret fails the fetch; what was minted is in the ledger all the same."""
        serve(vault, kv2(), secret__data__app=(404, {"errors": []}))
        serve(vault, engine("database"), database__creds__app=user())
        session = bench.login()
        with pytest.raises(SecretMissingError):
            session.fetch([request("secret/data/app"), request("database/creds/app", "username")])
        assert [lease.lease_id for lease in session.leases()] == ["database/creds/app/L1"]

    def test_first_error_by_request(self, bench: Bench, vault: FakeVault) -> None:
        """Of several errors that of the first request is raised, however fast the others are."""
        serve(vault, kv2(), secret__data__a=forbidden(), secret__data__b=(404, {"errors": []}))
        for _ in range(5):
            with pytest.raises(RefusedError):
                bench.login().fetch([request("secret/data/a"), request("secret/data/b")])


class TestWildcards:
    """All keys of a path, and of all paths below one."""

    def test_all_keys(self, bench: Bench, vault: FakeVault) -> None:
        """Every key becomes a name; null is missing; values that are no text become JSON."""
        serve(vault, kv2(), secret__data__app=secret(**{"db.user": "u", "n": 1, "gone": None}))
        fetched = bench.login().fetch([request("secret/data/app", name="P_", selector=AllKeys())])
        assert {each.name: each.value.text() for each in fetched.credentials} == {
            "P_DB__USER": "u",
            "P_N": "1",
        }
        assert fetched.credentials[0].source == "vault:secret/data/app#db.user"

    def test_keep_case(self, bench: Bench, vault: FakeVault) -> None:
        """`**` keeps the case."""
        serve(vault, kv2(), secret__data__app=secret(dbUser="u"))
        wanted = request("secret/data/app", name="", selector=AllKeys(keep_case=True))
        assert bench.login().fetch([wanted]).credentials[0].name == "dbUser"

    @pytest.mark.parametrize("fields", [{"a-b": "1", "ab": "2"}, {"x": "1", "X": "2"}])
    def test_clash(self, bench: Bench, vault: FakeVault, fields: dict[str, str]) -> None:
        """Two keys that become one name are an error, not the last one."""
        serve(vault, kv2(), secret__data__app=secret(**fields))
        with pytest.raises(ConfigError, match="Two secrets"):
            bench.login().fetch([request("secret/data/app", name="", selector=AllKeys())])

    def test_hostile_key(self, bench: Bench, vault: FakeVault) -> None:
        """A key that would become LD_PRELOAD is refused."""
        serve(vault, kv2(), secret__data__app=secret(ld_preload="/evil.so"))
        with pytest.raises(ConfigError):
            bench.login().fetch([request("secret/data/app", name="", selector=AllKeys())])

    def tree(self, vault: FakeVault) -> None:
        """Two folders and three secrets, one of them deleted."""
        serve(
            vault,
            kv2(),
            secret__data__team=(404, {"errors": []}),
            secret__data__team__a=secret(k="1"),
            secret__data__team__sub__b=secret(k="2"),
            secret__data__team__sub__old=(404, {"data": {"metadata": {"version": 1}}}),
        )
        vault.rules |= {
            "GET secret/metadata/team/?list=true": (200, {"data": {"keys": ["a", "sub/"]}}),
            "GET secret/metadata/team/sub/?list=true": (200, {"data": {"keys": ["b", "old"]}}),
        }

    def test_recursive(self, bench: Bench, vault: FakeVault) -> None:
        """Every secret below the path is taken, its way there in its name; deleted are said."""
        self.tree(vault)
        wanted = request("secret/data/team", name="", selector=AllKeys(recursive=True))
        fetched = bench.login().fetch([wanted])
        assert {each.name: each.value.text() for each in fetched.credentials} == {
            "A_K": "1",
            "SUB_B_K": "2",
        }
        assert "secret/data/team/sub/old" in fetched.notices[0].text

    def test_recursive_v1(self, bench: Bench, vault: FakeVault) -> None:
        """KV v1 lists where it reads."""
        serve(vault, kv1(), kv=(404, {}), kv__a=(200, {"data": {"k": "1"}}))
        vault.rules["GET kv/?list=true"] = (200, {"data": {"keys": ["a"]}})
        wanted = request("kv", name="", selector=AllKeys(recursive=True))
        assert bench.login().fetch([wanted]).credentials[0].name == "A_K"

    @pytest.mark.parametrize(
        ("answer", "error"),
        [
            ((404, {"errors": []}), SecretMissingError),
            (forbidden(), RefusedError),
            ((500, None), UnreachableError),
        ],
    )
    def test_listing_fails(
        self, bench: Bench, vault: FakeVault, answer: Answer, error: type[CiSecretsError]
    ) -> None:
        """Nothing below, no right to list, and trouble each end the fetch in their own way."""
        self.tree(vault)
        vault.rules["GET secret/metadata/team/?list=true"] = answer
        wanted = request("secret/data/team", name="", selector=AllKeys(recursive=True))
        with pytest.raises(error):
            bench.login().fetch([wanted])

    def test_optional_folder(self, bench: Bench, vault: FakeVault) -> None:
        """An optional folder that is not there is left out."""
        self.tree(vault)
        vault.rules["GET secret/metadata/team/?list=true"] = (404, {"errors": []})
        selector = AllKeys(recursive=True)
        wanted = request("secret/data/team", name="", selector=selector, missing=OPTIONAL)
        assert bench.login().fetch([wanted]).credentials == ()

    def test_recursion_of_what_has_no_folders(self, bench: Bench, vault: FakeVault) -> None:
        """There is nothing below a database role."""
        serve(vault, engine("database"), database__creds__app=user())
        wanted = request("database/creds/app", name="", selector=AllKeys(recursive=True))
        with pytest.raises(ConfigError):
            bench.login().fetch([wanted])
        assert vault.of("database/creds/app") == []

    def test_too_deep(self, bench: Bench, vault: FakeVault) -> None:
        """A tree without end (folders that list themselves) ends with an error."""
        serve(vault, kv1(), kv=(404, {}))

        def folder(_: httpx.Request) -> Answer:
            return 200, {"data": {"keys": ["again/"]}}

        for depth in range(20):
            path = "/".join(["kv", *["again"] * depth])
            vault.rules[f"GET {path}/?list=true"] = folder
        with pytest.raises(ConfigError, match="deep"):
            bench.login().fetch([request("kv", name="", selector=AllKeys(recursive=True))])

    def test_too_many(self, bench: Bench, vault: FakeVault) -> None:
        """More secrets than anybody delivers to a job are refused before they are read."""
        serve(vault, kv1(), kv=(404, {}))
        keys = [f"s{number}" for number in range(1001)]
        vault.rules["GET kv/?list=true"] = (200, {"data": {"keys": keys}})
        with pytest.raises(ConfigError, match="1000"):
            bench.login().fetch([request("kv", name="", selector=AllKeys(recursive=True))])
        assert vault.of("kv/s1") == []


class TestFaults:
    """What is asked again, and what may have minted something."""

    @pytest.mark.parametrize(
        "first",
        [
            (412, None),
            (429, None),
            (500, None),
            (503, {"errors": ["sealed"]}),
            httpx.ReadError("reset"),
            httpx.ReadTimeout("stall"),
            httpx.ConnectError("refused"),
        ],
    )
    def test_static_is_asked_again(self, bench: Bench, vault: FakeVault, first: Answer) -> None:
        """A read of KV changes nothing, so it is repeated after every passing trouble."""
        serve(vault, kv2(), secret__data__app=(404, None))
        vault.rules["GET secret/data/app"] = [first, secret(value="x")]
        fetched = bench.login().fetch([request("secret/data/app")])
        assert fetched.credentials[0].value == Secret("x")
        assert len(vault.of("secret/data/app")) == 2

    @pytest.mark.parametrize(
        "failure", [httpx.ReadError("reset"), httpx.ReadTimeout("stall"), (500, None), (502, b"x")]
    )
    def test_dynamic_is_not(self, bench: Bench, vault: FakeVault, failure: Answer) -> None:
        """A read that mints is not repeated; what may exist now is known at the end."""
        serve(vault, engine("database"), database__creds__app=failure)
        session = bench.login()
        with pytest.raises(UnreachableError):
            session.fetch([request("database/creds/app", "username")])
        assert len(vault.of("database/creds/app")) == 1
        token, lost = session.close("end")
        assert token.outcome == "revoked"
        assert lost.id == "database/creds/app/(answer lost)"
        assert lost.outcome.closed
        assert not lost.outcome.proven

    @pytest.mark.parametrize("status", [412, 429])
    def test_nothing_is_lost_where_nothing_was_done(
        self, bench: Bench, vault: FakeVault, status: int
    ) -> None:
        """A store that is too busy, or lags behind, has made nothing: 6, and no lost credential."""
        serve(vault, engine("database"), database__creds__app=(status, None))
        session = bench.login()
        with pytest.raises(UnreachableError, match=str(status)):
            session.fetch([request("database/creds/app", "username")])
        assert [each.kind for each in session.close("end")] == ["token"]

    def test_lost_lease_says_so(self, bench: Bench, vault: FakeVault) -> None:
        """The error tells that a credential may exist, and that it ends with our token."""
        serve(vault, engine("database"), database__creds__app=httpx.ReadError("reset"))
        with pytest.raises(UnreachableError) as caught:
            bench.login().fetch([request("database/creds/app", "username")])
        assert "ends with our token" in caught.value.cause

    @pytest.mark.parametrize("first", [(412, None), (429, None), (503, None)])
    def test_dynamic_where_nothing_was_minted(
        self, bench: Bench, vault: FakeVault, first: Answer
    ) -> None:
        """Where nothing can have been minted it is asked again."""
        serve(vault, engine("database"), database__creds__app=(404, None))
        vault.rules["GET database/creds/app"] = [first, user()]
        bench.login().fetch([request("database/creds/app", "username")])
        assert len(vault.of("database/creds/app")) == 2

    def test_lost_answer_of_a_post(self, bench: Bench, vault: FakeVault) -> None:
        """A POST whose answer is lost is treated like a dynamic read."""
        vault.rules |= {
            f"{MOUNT}pki/issue/web": (200, engine("pki")),
            "POST pki/issue/web": httpx.ReadError("reset"),
        }
        session = bench.login()
        with pytest.raises(UnreachableError):
            session.fetch([request("pki/issue/web", payload={})])
        assert session.close("end")[1].id == "pki/issue/web/(answer lost)"

    @pytest.mark.parametrize(
        "failure", [httpx.ReadError("reset"), httpx.ReadTimeout("stall"), (502, None)]
    )
    @pytest.mark.parametrize("mount", [httpx.ConnectError("down"), (503, None)])
    def test_lost_with_the_answer_which_engine_it_is(
        self, bench: Bench, vault: FakeVault, failure: Answer, mount: Answer
    ) -> None:
        """Where nobody can say which engine serves a path, its lost answer may be a credential."""
        vault.rules |= {
            f"{MOUNT}database/creds/app": mount,
            "GET database/creds/app": failure,
        }
        session = bench.login()
        with pytest.raises(UnreachableError):
            session.fetch([request("database/creds/app", "username")])
        assert len(vault.of("database/creds/app")) == 1
        assert session.close("end")[1].id == "database/creds/app/(answer lost)"

    def test_lost_answer_of_an_unwrap(self, bench: Bench, vault: FakeVault) -> None:
        """The lease in a wrapped answer that cannot be opened is one that nobody knows."""
        wrapped = {"wrap_info": {"token": "hvs.wrapping", "creation_path": "database/creds/app"}}
        serve(vault, engine("database"), database__creds__app=(200, wrapped))
        vault.rules["POST sys/wrapping/unwrap"] = httpx.ReadError("reset")
        session = bench.login()
        with pytest.raises(UnreachableError):
            session.fetch([request("database/creds/app", "username")])
        assert session.close("end")[1].id == "database/creds/app/(answer lost)"

    def test_unknown_words_are_not_repeated(self, bench: Bench, vault: FakeVault) -> None:
        """The body of an error is never shown: it may hold a value."""
        answer = (400, {"errors": ["cannot use made-up-value"]})
        serve(vault, engine("aws"), aws__creds__x=answer)
        with pytest.raises(RefusedError, match="status 400") as caught:
            bench.login().fetch([request("aws/creds/x")])
        assert "made-up-value" not in repr(caught.value) + caught.value.cause + caught.value.fix


@pytest.mark.parametrize("path", ["a/../b", "a//b", "./a", "a/..", ""])
def test_crooked_paths(bench: Bench, vault: FakeVault, path: str) -> None:
    """A path that a proxy would straighten is not sent."""
    with pytest.raises(ConfigError):
        bench.login().fetch([request(path)])
    assert all(".." not in each and "//" not in each for each in vault.paths())


def test_delivery_is_passed_on(bench: Bench, vault: FakeVault) -> None:
    """How a value is to be delivered goes with it."""
    serve(vault, kv2(), secret__data__app=secret(value="x"))
    wanted = request(
        "secret/data/app",
        name="A",
        output_name="a",
        deliver="file",
        mode=0o640,
        selector=Jsonata(expression="value"),
    )
    (credential,) = bench.login().fetch([wanted]).credentials
    assert (credential.name, credential.output_name) == ("A", "a")
    assert (credential.deliver, credential.mode) == ("file", 0o640)


def test_many_at_once(bench: Bench, vault: FakeVault) -> None:
    """Fifty secrets are under way together: none of twenty is answered before all are asked."""
    together = threading.Barrier(20)
    for number in range(50):
        path = f"secret/data/s{number}"
        vault.rules |= {f"{MOUNT}{path}": (200, kv2()), f"GET {path}": secret(value="x")}

    def hold(asked: httpx.Request) -> httpx.Response:
        path = asked.url.path.removeprefix("/v1/secret/data/s")
        if path.isdigit() and int(path) < 20:
            together.wait(timeout=patience.SECONDS)
        return vault(asked)

    wanted = [request(f"secret/data/s{number}", name=f"S{number}") for number in range(50)]
    assert len(bench.login(through=hold).fetch(wanted).credentials) == 50
    assert sum("ui/mounts" in path for path in vault.paths()) == 1
