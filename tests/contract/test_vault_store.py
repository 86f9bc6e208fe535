"""Our Vault store, against the development server and a real Vault with a real PostgreSQL."""

import base64
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_secrets.clock import steady
from ci_secrets.config.model import (
    AllKeys,
    Auth,
    Field,
    Jsonata,
    Missing,
    SecretRequest,
    StoreConfig,
)
from ci_secrets.errors import (
    CiSecretsError,
    ConfigError,
    IdentityError,
    RefusedError,
    SecretMissingError,
    UnreachableError,
)
from ci_secrets.secret import Secret
from ci_secrets.stores import open_store
from ci_secrets.stores.interface import Closing, Kept, Mint, Outcome, Session, Store
from ci_secrets.stores.vault.session import VaultSession
from tests import patience
from tests.contract.stand import DevStand, RealStand, Stand, dev_stand, new_mount
from tests.real.conftest import missing as missing_part
from tests.real.servers import (
    ClientCertificate,
    TokenReviewStub,
    VaultServer,
    find_vault,
    kubernetes_auth,
)

READ = """
path "secret/*" { capabilities = ["read", "list"] }
path "database/creds/*" { capabilities = ["read"] }
"""
SESSIONS: list[Session] = []
"""Every session that a test opened."""
PAGE = (Path(__file__).parents[2] / "docs" / "vault.md").read_text()
DOCUMENTED = PAGE.partition("```hcl\n")[2].partition("```")[0]
"""The policy that users are told to paste."""


def wish(path: str, key: str = "value", *, name: str = "VALUE", **more: Any) -> SecretRequest:
    """A wish for one field."""
    return SecretRequest(
        **{"name": name, "store": "vault", "path": path, "selector": Field(keys=(key,)), **more}
    )


class Job:
    """What a job needs to use the store: a role with policies, and JWTs."""

    def __init__(self, vault: Stand, hcl: str = READ + DOCUMENTED, **role: Any) -> None:
        self.vault = vault
        vault.policy("job", hcl)
        vault.jwt_role("job", **{"token_policies": ["job"], "token_ttl": "10m", **role})

    def mint(self, audience: str, **claims: Any) -> Secret:
        """A fresh JWT."""
        return Secret(self.vault.issuer.mint(audience, **{"sub": "job", **claims}))

    def login(
        self, *, mint: Mint | None = None, environment: dict[str, str] | None = None, **config: Any
    ) -> Session:
        """A session by jwt, unless told otherwise."""
        settings: dict[str, Any] = {"auth": Auth(role="job"), "timeout": patience.SECONDS, **config}
        store = open_store(
            StoreConfig(name="vault", url=self.vault.url, **settings), environment or {}
        )
        session = store.login(mint or self.mint)
        SESSIONS.append(session)
        return session


@pytest.fixture(autouse=True)
def hang_up(request: pytest.FixtureRequest) -> Iterator[None]:
    """Close what a test left open, before its server stops."""
    for server in {"vault", "dev", "real_stand"} & set(request.fixturenames):
        request.getfixturevalue(server)
    yield
    while SESSIONS:
        SESSIONS.pop().close("signal")


@pytest.fixture
def job(vault: Stand) -> Job:
    """A job with all the rights that docs/vault.md asks for."""
    return Job(vault)


def one(closings: list[Closing], kind: str) -> Closing:
    """The only closing of a kind."""
    (found,) = (each for each in closings if each.kind == kind)
    return found


def user_of(session: Session, path: str) -> tuple[str, str]:
    """Name and password of a database user, from one lease."""
    fetched = session.fetch([wish(path, "username", name="U"), wish(path, "password", name="P")])
    name, password = (each.value.text() for each in fetched.credentials)
    return name, password


def short(vault: Stand) -> str:
    """A TTL that a test waits for, as a setting."""
    return f"{vault.short_seconds}s"


def let_pass(vault: Stand, session: Session, seconds: float) -> None:
    """Let time pass for the store and for the session."""
    vault.wait(seconds)
    if isinstance(vault, DevStand):  # it has moved its clock: the session goes by that one, too
        assert isinstance(session, VaultSession)
        ahead = vault.server.core.clock.offset_seconds
        session._keeper.plans.clock = lambda: steady() + ahead


def rounds_until(
    vault: Stand, session: Session, mint: Mint | None, holds: Callable[[Kept], bool]
) -> Kept:
    """Keep a session, in its own rhythm, until a round is as wanted."""
    for _ in range(9):
        kept = session.keep(mint)
        if holds(kept):
            return kept
        let_pass(vault, session, kept.next_in_seconds)
    raise AssertionError("no round was as wanted")


class TestLogin:
    """A JWT becomes a token, or it is said why not."""

    def test_jwt(self, job: Job) -> None:
        """The role's policies and TTL come with the token."""
        session = job.login()
        assert session.token.kind == "service"
        assert session.token.ttl_seconds == 600
        assert "job" in session.token.policies
        assert session.notices == ()

    @pytest.mark.parametrize(
        ("role", "claims", "error", "says"),
        [
            ({"bound_audiences": ["other"]}, {}, IdentityError, "another audience"),
            ({"bound_claims": {"ref": "main"}}, {"ref": "dev"}, RefusedError, "The claim ref"),
            ({"bound_claims": {"ref": "main"}}, {}, RefusedError, "The claim ref"),
            ({"bound_subject": "other"}, {}, RefusedError, "bound_subject"),
            ({}, {"exp": 1_000_000_000, "iat": 999_999_000}, IdentityError, "has expired"),
        ],
    )
    def test_refused(
        self,
        vault: Stand,
        role: dict[str, Any],
        claims: dict[str, Any],
        error: type[CiSecretsError],
        says: str,
    ) -> None:
        """A refusal names what does not fit."""
        job = Job(vault, **role)
        with pytest.raises(error) as caught:
            job.login(mint=lambda audience: job.mint(audience, **claims))
        assert says in caught.value.cause

    def test_no_such_role(self, job: Job) -> None:
        """A role that does not exist is a mistake of the configuration."""
        with pytest.raises(ConfigError, match="as nobody"):
            job.login(auth=Auth(role="nobody"))

    def test_no_such_mount(self, job: Job) -> None:
        """So that no mount can be told from a forbidden one, the refusal names both."""
        with pytest.raises(RefusedError) as caught:
            job.login(auth=Auth(role="job", mount="nowhere"))
        assert "no auth mount" in caught.value.cause

    def test_foreign_key(self, job: Job) -> None:
        """A JWT that somebody else signed is not taken."""
        head, body, signature = job.mint(job.vault.url).text().split(".")
        forged = Secret(f"{head}.{body}.{'A' * len(signature)}")
        with pytest.raises(IdentityError) as caught:
            job.login(mint=lambda _: forged)
        assert "cannot verify" in caught.value.cause

    def approle(self, vault: Stand) -> tuple[Auth, str]:
        """An AppRole, and the path of its secret-ids."""
        vault.root("POST", "sys/auth/approle", {"type": "approle"})
        vault.configure("auth/approle/role/ci", token_policies=["job"])
        role_id = vault.root("GET", "auth/approle/role/ci/role-id")[1]["data"]["role_id"]
        path = "auth/approle/role/ci/secret-id"
        parameters = {"role-id": role_id, "creation-path": path}
        environment = {"secret-id": "SECRET_ID"}
        return Auth(method="approle", parameters=parameters, environment=environment), path

    def wrapped(self, vault: Stand, path: str) -> str:
        """A wrapped secret-id."""
        root = vault.server.root_token  # type: ignore[attr-defined]
        status, body = vault.call("POST", path, {}, token=root, headers={"X-Vault-Wrap-TTL": "60s"})
        assert status == 200
        token: str = body["wrap_info"]["token"]
        return token

    def test_wrapped_secret_id(self, job: Job) -> None:
        """A wrapped secret-id is unwrapped and logs in; a second job that has it sees a theft."""
        auth, path = self.approle(job.vault)
        environment = {"SECRET_ID": self.wrapped(job.vault, path)}
        assert job.login(auth=auth, environment=environment).token.policies == ("default", "job")
        with pytest.raises(RefusedError) as caught:
            job.login(auth=auth, environment=environment)
        assert "theft" in caught.value.cause

    def test_wrapped_by_another_path(self, job: Job) -> None:
        """A wrapping token that something else made is not unwrapped."""
        auth, _ = self.approle(job.vault)
        environment = {"SECRET_ID": self.wrapped(job.vault, "sys/wrapping/wrap")}
        with pytest.raises(RefusedError, match="sys/wrapping/wrap"):
            job.login(auth=auth, environment=environment)

    def test_child_of_a_token(self, job: Job) -> None:
        """Of a given token a child is used; its end leaves the parent alive."""
        parent = job.vault.token("job")
        auth = Auth(method="token", environment={"token": "VAULT_TOKEN"})
        with pytest.raises(RefusedError) as caught:
            job.login(auth=auth, environment={"VAULT_TOKEN": parent})
        assert 'path "auth/token/create"' in caught.value.fix
        create = 'path "auth/token/create" { capabilities = ["update"] }'
        job.vault.policy("job", READ + DOCUMENTED + create)
        session = job.login(auth=auth, environment={"VAULT_TOKEN": parent})
        assert one(session.close("end"), "token").outcome is Outcome.REVOKED
        assert job.vault.call("GET", "auth/token/lookup-self", token=parent)[0] == 200

    def test_child_of_a_short_lived_token(self, job: Job) -> None:
        """The child is not said to live longer than the token that it dies with."""
        create = 'path "auth/token/create" { capabilities = ["update"] }'
        job.vault.policy("job", READ + DOCUMENTED + create)
        auth = Auth(method="token", environment={"token": "VAULT_TOKEN"})
        parent = job.vault.token("job", token_ttl="60s")
        session = job.login(auth=auth, environment={"VAULT_TOKEN": parent})
        assert session.token.ttl_seconds <= 60
        assert "unless somebody renews it" in session.notices[0].text


class TestFetch:
    """What stands in the store comes out of it, and nothing else does."""

    @pytest.mark.parametrize(
        "value",
        ["plain", "", " trailing \r\n\n", "é\u2028\U0001f511", '{"a": 1}', "x" * 1024 * 1024],
    )
    def test_lossless(self, job: Job, value: str) -> None:
        """Text comes back byte by byte."""
        job.vault.put_secret("secret/app", value=value)
        (credential,) = job.login().fetch([wish("secret/data/app")]).credentials
        assert credential.value.reveal() == value.encode()

    def test_binary(self, job: Job) -> None:
        """Bytes come back from base64."""
        raw = bytes(range(256))
        job.vault.put_secret("secret/app", value=base64.b64encode(raw).decode())
        wanted = wish("secret/data/app", encoding="base64")
        assert job.login().fetch([wanted]).credentials[0].value.reveal() == raw

    def test_versions(self, job: Job) -> None:
        """The newest version, an older one, a deleted one, a destroyed one."""
        for value in ("one", "two", "three"):
            job.vault.put_secret("secret/app", value=value)
        job.vault.root("POST", "secret/delete/app", {"versions": [2]})
        session = job.login()
        fetched = session.fetch(
            [wish("secret/data/app"), wish("secret/data/app", name="OLD", version=1)]
        )
        assert [each.value.text() for each in fetched.credentials] == ["three", "one"]
        with pytest.raises(SecretMissingError) as caught:
            session.fetch([wish("secret/data/app", version=2)])
        assert "Version 2 was deleted" in caught.value.cause
        job.vault.root("POST", "secret/destroy/app", {"versions": [2]})
        with pytest.raises(SecretMissingError) as caught:
            session.fetch([wish("secret/data/app", version=2)])
        assert "destroyed" in caught.value.cause

    def test_v1_with_a_field_called_data(self, job: Job) -> None:
        """A KV v1 secret with a field `data` is taken for what it is."""
        mount = new_mount()
        job.vault.configure(f"sys/mounts/{mount}", type="kv", options={"version": "1"})
        job.vault.configure(f"{mount}/app", data="inner", value="outer")
        job.vault.policy("job", f'path "{mount}/*" {{ capabilities = ["read"] }}')
        fetched = job.login().fetch(
            [wish(f"{mount}/app"), wish(f"{mount}/app", "data", name="DATA")]
        )
        assert [each.value.text() for each in fetched.credentials] == ["outer", "inner"]

    def test_selectors(self, job: Job) -> None:
        """Plain fields, JSONata, and all keys."""
        fields = {"a": {"b.c": [1, 2, 9007199254740991]}, "user-name": "u"}
        job.vault.put_secret("secret/app", **fields)
        fetched = job.login().fetch(
            [
                wish("secret/data/app", name="A", selector=Field(keys=("a", "b.c"))),
                wish("secret/data/app", name="B", selector=Jsonata(expression="a.`b.c`[1]")),
                wish("secret/data/app", name="ALL_", selector=AllKeys()),
            ]
        )
        assert {each.name: each.value.text() for each in fetched.credentials} == {
            "A": "[1,2,9007199254740991]",
            "B": "2",
            "ALL_A": '{"b.c":[1,2,9007199254740991]}',
            "ALL_USERNAME": "u",
        }

    def test_recursive(self, job: Job) -> None:
        """All secrets below a path."""
        job.vault.put_secret("secret/team/one", k="1")
        job.vault.put_secret("secret/team/deep/er/two", k="2")
        job.vault.put_secret("secret/team/gone", k="3")
        job.vault.root("POST", "secret/delete/team/gone", {"versions": [1]})
        wanted = wish("secret/data/team", name="", selector=AllKeys(recursive=True))
        fetched = job.login().fetch([wanted])
        assert {each.name: each.value.text() for each in fetched.credentials} == {
            "ONE_K": "1",
            "DEEP_ER_TWO_K": "2",
        }

    def test_every_way_to_be_missing(self, job: Job) -> None:
        """Each has its own message, and only a true 404 of a mount becomes a default."""
        job.vault.put_secret("secret/application", value="x", password="y")
        readable = 'path "nomount/*" { capabilities = ["read"] }'
        job.vault.policy("job", f"{READ}{readable}")
        session = job.login()
        expected: dict[tuple[str, str], tuple[type[CiSecretsError], str]] = {
            ("secret/data/aplication", "value"): (SecretMissingError, "secret/data/application"),
            ("secret/data/application", "pasword"): (SecretMissingError, "password"),
            ("secret/application", "value"): (ConfigError, "Write secret/data/application"),
            ("nomount/x", "value"): (SecretMissingError, "No secrets engine"),
            ("other/x", "value"): (RefusedError, 'path "other/x"'),
        }
        default = Missing(policy="default", default="instead")
        for (path, key), (error, says) in expected.items():
            with pytest.raises(error) as caught:
                session.fetch([wish(path, key)])
            assert says in f"{caught.value.what} {caught.value.cause} {caught.value.fix}"
            wanted = wish(path, key, missing=default)
            if path.startswith("secret/data/"):
                assert session.fetch([wanted]).credentials[0].value.text() == "instead"
            else:
                with pytest.raises(error):
                    session.fetch([wanted])

    def test_no_role_of_the_database(self, job: Job) -> None:
        """An engine that knows no such role says it by 400, which never becomes a default."""
        job.vault.dynamic("app")
        wanted = wish("database/creds/nope", missing=Missing(policy="optional"))
        with pytest.raises(ConfigError, match="database/creds/nope"):
            job.login().fetch([wanted])

    def test_cubbyhole_of_our_own(self, job: Job) -> None:
        """The token's own cubbyhole is empty, and that is a missing secret."""
        with pytest.raises(SecretMissingError):
            job.login().fetch([wish("cubbyhole/x")])

    def test_many(self, job: Job) -> None:
        """Fifty secrets come at once, each with its own value."""
        for number in range(50):
            job.vault.put_secret(f"secret/s{number}", value=str(number))
        wanted = [wish(f"secret/data/s{number}", name=f"S{number}") for number in range(50)]
        fetched = job.login().fetch(wanted)
        assert [each.value.text() for each in fetched.credentials] == list(map(str, range(50)))


class TestClose:
    """What was minted ends, and that is seen; or it is said that it was not."""

    def test_proven(self, job: Job) -> None:
        """The database user logs in, and is gone after the proven revoke."""
        path = job.vault.dynamic("app")
        session = job.login()
        name, password = user_of(session, path)
        assert job.vault.can_login(name, password)
        closings = session.close("end")
        assert {each.outcome for each in closings} == {Outcome.REVOKED}
        assert not job.vault.can_login(name, password)
        assert session.close("end") == closings

    def test_failing_revocation(self, job: Job) -> None:
        """A lease whose revocation statement fails is reported alive, with the command."""
        path = job.vault.dynamic("app", failing=True)
        session = job.login()
        name, password = user_of(session, path)
        closings = session.close("end")
        lease = one(closings, "lease")
        assert lease.outcome is Outcome.FAILED
        assert lease.command == f"vault lease revoke -sync {lease.id}"
        assert lease.expires_at is not None
        assert one(closings, "token").outcome is Outcome.REVOKED
        assert job.vault.can_login(name, password)

    def test_slow_revocation(self, job: Job) -> None:
        """One that takes longer than the end of a job may last is not called revoked."""
        path = job.vault.dynamic("app", slow=20)
        session = job.login()
        user_of(session, path)
        closings = session.close("end")
        assert one(closings, "lease").outcome is Outcome.FAILED
        assert not one(closings, "lease").outcome.closed

    def test_signal(self, job: Job) -> None:
        """On a signal the token ends at once, and the user soon after."""
        path = job.vault.dynamic("app")
        session = job.login()
        name, password = user_of(session, path)
        closings = session.close("signal")
        assert one(closings, "token").outcome is Outcome.REVOKED
        assert one(closings, "lease").outcome is Outcome.QUEUED
        assert job.vault.eventually(lambda: not job.vault.can_login(name, password))

    def test_leak(self, job: Job) -> None:
        """On a leak the exposed user is gone when `close` returns."""
        path, other = job.vault.dynamic("app"), job.vault.dynamic("other")
        session = job.login()
        exposed, _ = user_of(session, path), user_of(session, other)
        lease = session.leases()[0]
        closings = {each.id: each.outcome for each in session.close("leak", [lease.lease_id])}
        assert closings[lease.lease_id] is Outcome.REVOKED
        assert closings[session.leases()[1].lease_id] is Outcome.QUEUED
        assert not job.vault.can_login(*exposed)

    def test_without_rights_on_leases(self, vault: Stand) -> None:
        """The default policy does not allow single revokes: unproven, with the lines to paste."""
        job = Job(vault, READ)
        session = job.login()
        user_of(session, vault.dynamic("app"))
        closings = session.close("end")
        lease = one(closings, "lease")
        assert lease.outcome is Outcome.UNPROVEN
        assert 'path "sys/leases/revoke"' in lease.policy
        assert one(closings, "token").outcome is Outcome.REVOKED

    def test_documented_policy(self, vault: Stand) -> None:
        """The policy of docs/vault.md is all that it takes, even without the default policy."""
        job = Job(vault, READ + DOCUMENTED, token_no_default_policy=True)
        session = job.login()
        user_of(session, vault.dynamic("app"))
        session.heartbeat(300)
        assert session.keep(None).notices == ()
        assert session.token.ttl_seconds == 300
        assert session.notices == ()
        assert {each.outcome for each in session.close("end")} == {Outcome.REVOKED}

    def test_live_token_without_default_policy(self, vault: Stand) -> None:
        """A live token that may not look itself up is not called revoked."""
        job = Job(vault, READ, token_no_default_policy=True)
        session = job.login()
        assert any("lookup-self" in each.text for each in session.notices)
        token = one(session.close("end"), "token")
        assert token.outcome is Outcome.REFUSED
        status, _ = vault.root("POST", "auth/token/lookup-accessor", {"accessor": token.id})
        assert status == 200
        assert token.command == f"vault token revoke -accessor {token.id}"

    def test_may_revoke_but_not_look(self, vault: Stand) -> None:
        """One that may only revoke itself ends, unproven."""
        revoke = 'path "auth/token/revoke-self" { capabilities = ["update"] }'
        job = Job(vault, READ + revoke, token_no_default_policy=True)
        token = one(job.login().close("end"), "token")
        assert token.outcome is Outcome.UNPROVEN
        assert "lookup-self" in token.policy
        status, _ = vault.root("POST", "auth/token/lookup-accessor", {"accessor": token.id})
        assert status in (400, 403, 404)

    def test_revoked_under_us(self, job: Job) -> None:
        """A token that an operator has revoked is found gone, and what comes before says so."""
        session = job.login()
        assert session.notices == ()
        job.vault.root("POST", "auth/token/revoke-accessor", {"accessor": session.token.accessor})
        with pytest.raises(RefusedError) as caught:
            session.fetch([wish("secret/data/app")])
        assert "revoked" in caught.value.cause
        assert one(session.close("end"), "token").outcome is Outcome.GONE

    def test_lease_revoked_under_us(self, job: Job) -> None:
        """A lease that was revoked before we came is not called revoked by us."""
        session = job.login()
        user_of(session, job.vault.dynamic("app"))
        revoked = {"lease_id": session.leases()[0].lease_id, "sync": True}
        assert job.vault.root("PUT", "sys/leases/revoke", revoked)[0] == 204
        closings = session.close("end")
        assert one(closings, "lease").outcome is Outcome.GONE
        assert one(closings, "token").outcome is Outcome.REVOKED

    def test_batch(self, vault: Stand) -> None:
        """The leases of a batch token are revoked one by one; the token itself lives on."""
        job = Job(vault, READ + DOCUMENTED, token_type="batch")
        session = job.login()
        assert "batch" in session.notices[0].text
        name, password = user_of(session, vault.dynamic("app"))
        closings = session.close("end")
        assert one(closings, "lease").outcome is Outcome.REVOKED
        assert not vault.can_login(name, password)
        token = one(closings, "token")
        assert token.outcome is Outcome.EXPIRES
        assert token.expires_at is not None

    def test_limited_uses(self, vault: Stand) -> None:
        """With exactly the uses that the proof takes the end is proven; with fewer it is not."""
        vault.put_secret("secret/app", value="x")
        # The read, and three calls of the proof; the question which mount it is spends none.
        job = Job(vault, READ + DOCUMENTED, token_num_uses=4)
        session = job.login()
        session.fetch([wish("secret/data/app")])
        assert one(session.close("end"), "token").outcome is Outcome.REVOKED
        job = Job(vault, READ + DOCUMENTED, token_num_uses=2)
        session = job.login()
        session.fetch([wish("secret/data/app")])
        assert one(session.close("end"), "token").outcome is Outcome.UNPROVEN
        job = Job(vault, READ + DOCUMENTED, token_num_uses=1)
        session = job.login()
        session.fetch([wish("secret/data/app")])
        assert one(session.close("end"), "token").outcome is Outcome.EXPIRES

    def test_handed_over(self, job: Job) -> None:
        """Another process closes what this one opened."""
        session = job.login()
        name, password = user_of(session, job.vault.dynamic("app"))
        config = StoreConfig(name="vault", url=job.vault.url, auth=Auth(role="job"))
        resumed = open_store(config, {}).resume(session.handover())
        assert {each.outcome for each in resumed.close("end")} == {Outcome.REVOKED}
        assert not job.vault.can_login(name, password)


class TestKeep:
    """Tokens and leases live as long as the job, and no longer.

    TTLs are such that what is renewed after two thirds has seconds left: a busy machine is late.
    """

    def test_heartbeat(self, job: Job) -> None:
        """A job that is killed takes its database users with it when the heartbeat stops."""
        path = job.vault.dynamic("app", ttl="1h")
        session = job.login()
        name, password = user_of(session, path)
        session.heartbeat(2)
        assert session.token.ttl_seconds == 2
        job.vault.wait(3)
        assert job.vault.eventually(lambda: not job.vault.can_login(name, password))

    def test_kept(self, job: Job) -> None:
        """As long as rounds are made, all of it stays."""
        path = job.vault.dynamic("app", ttl="1h")
        session = job.login()
        name, password = user_of(session, path)
        session.heartbeat(job.vault.short_seconds)
        for _ in range(2):
            pause = session.keep(None).next_in_seconds
            assert pause <= job.vault.short_seconds * 2 / 3
            let_pass(job.vault, session, pause)
        kept = session.keep(None)
        assert kept.notices == ()
        assert job.vault.can_login(name, password)
        assert {each.outcome for each in session.close("end")} == {Outcome.REVOKED}

    def test_maximum_ttl(self, vault: Stand) -> None:
        """A token that cannot live longer is replaced by a new login, and both are ended."""
        job = Job(vault, READ + DOCUMENTED, token_ttl=short(vault), token_max_ttl=short(vault))
        session = job.login()
        first = session.token.accessor
        kept = rounds_until(vault, session, job.mint, lambda kept: bool(kept.new_credentials))
        assert "Logged in again" in kept.notices[0].text
        assert session.token.accessor != first
        assert {each.outcome for each in session.close("end")} <= {Outcome.REVOKED, Outcome.GONE}

    def test_maximum_ttl_without_a_second_jwt(self, vault: Stand) -> None:
        """Where there is no second JWT the end is announced."""
        job = Job(vault, READ + DOCUMENTED, token_ttl=short(vault), token_max_ttl=short(vault))
        session = job.login()
        kept = rounds_until(vault, session, None, lambda kept: bool(kept.notices))
        assert "maximum TTL" in kept.notices[0].text

    def test_jwt_expired_meanwhile(self, vault: Stand) -> None:
        """A new login with a JWT that has expired meanwhile is an error, and the end is clean."""
        job = Job(vault, READ + DOCUMENTED, token_ttl="6s", token_max_ttl="6s")
        session = job.login()

        def expired(audience: str) -> Secret:
            return job.mint(audience, exp=1_000_000_000, iat=999_999_000)

        with pytest.raises(IdentityError) as caught:
            rounds_until(vault, session, expired, lambda _: False)
        assert "has expired" in caught.value.cause
        assert all(each.outcome.proven for each in session.close("end"))

    def test_lease(self, job: Job) -> None:
        """A lease is renewed, and the ledger holds what the store granted."""
        path = job.vault.dynamic("app", ttl=short(job.vault))
        session = job.login()
        name, password = user_of(session, path)
        before = session.leases()[0]
        let_pass(job.vault, session, session.keep(None).next_in_seconds)
        assert session.keep(None).notices == ()
        assert session.leases()[0].expires_at > before.expires_at
        assert job.vault.can_login(name, password)


class TestFaults:
    """What a store in trouble does to us; on the development server, which makes it on demand."""

    @pytest.fixture
    def dev(self, issuer: Any, client: Any) -> Any:
        """The development server alone."""
        with dev_stand(issuer, client) as stand:
            yield stand

    def config(self, timeout: float = 2.0) -> dict[str, Any]:
        """A store with little patience."""
        return {"timeout": timeout}

    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 412},
            {"status": 429, "retry_after": 0},
            {"status": 503, "body": ""},
            {"status": 500},
            {"reset": True},
            {"drop_reply": True},
            {"stall": 3.0},
            {"drip": 0.05},
        ],
    )
    def test_read(self, dev: DevStand, fault: dict[str, Any]) -> None:
        """A read of KV gets over every passing trouble."""
        job = Job(dev)
        dev.put_secret("secret/app", value="x")
        dev.server.inject("GET", "secret/data/app", **fault)
        fetched = job.login(**self.config()).fetch([wish("secret/data/app")])
        assert fetched.credentials[0].value.text() == "x"

    def test_lost_login(self, dev: DevStand) -> None:
        """A login whose answer is lost is not repeated, and is spoken of."""
        job = Job(dev)
        dev.server.inject("POST", "auth/jwt/login", times=None, drop_reply=True)
        with pytest.raises(UnreachableError) as caught:
            job.login(**self.config())
        assert "made a token" in caught.value.cause
        assert sum(each.path == "auth/jwt/login" for each in dev.server.requests) == 1

    def test_lost_lease(self, dev: DevStand) -> None:
        """A lease whose answer is lost ends with the token, and both are reported."""
        job, created = Job(dev), []
        path = dev.server.dynamic("app", create=lambda name, word: created.append((name, word)))
        dev.server.inject("GET", path, times=None, drop_reply=True)
        session = job.login(**self.config())
        with pytest.raises(UnreachableError) as caught:
            session.fetch([wish(path, "username")])
        assert "ends with our token" in caught.value.cause
        assert len(created) == 1
        assert dev.can_login(*created[0])
        closings = session.close("end")
        assert one(closings, "token").outcome is Outcome.REVOKED
        assert one(closings, "lease").id == f"{path}/(answer lost)"
        assert dev.eventually(lambda: not dev.can_login(*created[0]))

    def test_lost_revocation(self, dev: DevStand) -> None:
        """A revocation whose answer is lost is still seen to have worked."""
        job = Job(dev)
        session = job.login(**self.config())
        assert session.notices == ()
        dev.server.inject("POST", "auth/token/revoke-self", times=None, drop_reply=True)
        assert one(session.close("end"), "token").outcome.proven

    @pytest.mark.parametrize("fault", [{"reset": True}, {"status": 503}])
    def test_down_at_the_end(self, dev: DevStand, fault: dict[str, Any]) -> None:
        """With the store down the end says until when each lives; later it is completed."""
        job = Job(dev)
        session = job.login(**self.config())
        name, password = user_of(session, dev.dynamic("app"))
        dev.server.inject(times=None, **fault)
        closings = session.close("leak", [session.leases()[0].lease_id])
        assert not any(each.outcome.closed for each in closings)
        assert all(each.expires_at and each.command for each in closings)
        dev.server.faults.clear()
        assert {each.outcome for each in session.close("end")} == {Outcome.REVOKED}
        assert not dev.can_login(name, password)

    def test_stalled_at_the_end(self, dev: DevStand) -> None:
        """A store that acts when we have stopped waiting: not closed, and later found ended."""
        job = Job(dev)
        session = job.login(**self.config())
        name, password = user_of(session, dev.dynamic("app"))
        dev.server.inject(times=None, stall=4)
        closings = session.close("leak", [session.leases()[0].lease_id])
        assert not any(each.outcome.closed for each in closings)
        dev.server.faults.clear()
        assert dev.eventually(lambda: not dev.can_login(name, password))
        assert all(each.outcome.closed for each in session.close("end"))

    def test_openbao(self, issuer: Any, client: Any) -> None:
        """OpenBao's words for a dead token prove as much as Vault's."""
        from ci_secrets.testing.vault import DevVault

        with DevVault(flavour="openbao") as server:
            stand = DevStand(server, issuer, client)
            stand.trust(issuer)
            session = Job(stand).login()
            assert one(session.close("end"), "token").outcome is Outcome.REVOKED

    def test_closing_while_fetching(self, dev: DevStand) -> None:
        """A close in the middle of a fetch ends the lease that comes after it, too."""
        job, made = Job(dev), threading.Event()
        path = dev.server.dynamic("app", create=lambda *_: made.set())
        dev.server.inject("GET", path, times=1, drip=0.005)
        session = job.login()
        failed: list[BaseException] = []

        def fetch() -> None:
            try:
                user_of(session, path)
            except CiSecretsError as failure:
                failed.append(failure)

        fetching = threading.Thread(target=fetch)
        fetching.start()
        assert made.wait(patience.SECONDS)
        assert one(session.close("signal"), "token").outcome is Outcome.REVOKED
        fetching.join()
        assert dev.eventually(lambda: not dev.server._database.users)


class TestRealEngines:
    """Engines and logins that only a real Vault has."""

    def test_namespace_on_community(self, real_stand: RealStand) -> None:
        """Vault Community would serve root's secrets: refused."""
        real_stand.empty()
        with pytest.raises(ConfigError, match="no namespaces"):
            Job(real_stand).login(namespace="team")

    def test_pki(self, real_stand: RealStand) -> None:
        """One certificate and its key come from one call."""
        real_stand.empty()
        mount = new_mount()
        real_stand.configure(f"sys/mounts/{mount}", type="pki")
        real_stand.configure(f"{mount}/root/generate/internal", common_name="made-up CA")
        real_stand.configure(f"{mount}/roles/web", allow_any_name=True, ttl="1h")
        job = Job(real_stand, f'path "{mount}/issue/*" {{ capabilities = ["update"] }}')
        payload = {"common_name": "shop.example"}
        session = job.login()
        fetched = session.fetch(
            [
                wish(f"{mount}/issue/web", "private_key", name="KEY", payload=payload),
                wish(f"{mount}/issue/web", "certificate", name="CERT", payload=payload),
            ]
        )
        key, certificate = (each.value.text() for each in fetched.credentials)
        assert "PRIVATE KEY" in key
        assert certificate.startswith("-----BEGIN CERTIFICATE-----\n")
        with pytest.raises(ConfigError) as caught:
            session.fetch([wish(f"{mount}/issue/nope", payload=payload)])
        assert "no such role" in caught.value.cause

    def test_get_where_post_is_wanted(self, real_stand: RealStand) -> None:
        """A path that takes parameters says so when it gets none."""
        real_stand.empty()
        mount = new_mount()
        real_stand.configure(f"sys/mounts/{mount}", type="pki")
        job = Job(real_stand, f'path "{mount}/*" {{ capabilities = ["read", "update"] }}')
        with pytest.raises(ConfigError) as caught:
            job.login().fetch([wish(f"{mount}/issue/web")])
        assert "with:" in caught.value.fix

    def test_transit(self, real_stand: RealStand) -> None:
        """What was encrypted is decrypted, byte by byte; a data key has its length."""
        real_stand.empty()
        mount = new_mount()
        real_stand.configure(f"sys/mounts/{mount}", type="transit")
        real_stand.configure(f"{mount}/keys/k")
        raw = bytes(range(256))
        plaintext = base64.b64encode(raw).decode()
        sealed = real_stand.configure(f"{mount}/encrypt/k", plaintext=plaintext)["data"]
        job = Job(real_stand, f'path "{mount}/*" {{ capabilities = ["update"] }}')
        payload = {"ciphertext": sealed["ciphertext"]}
        fetched = job.login().fetch(
            [
                wish(f"{mount}/decrypt/k", "plaintext", payload=payload, encoding="base64"),
                wish(
                    f"{mount}/datakey/plaintext/k",
                    "plaintext",
                    name="DATA_KEY",
                    payload={},
                    encoding="base64",
                ),
            ]
        )
        assert fetched.credentials[0].value.reveal() == raw
        assert len(fetched.credentials[1].value) == 32

    def test_ssh(self, real_stand: RealStand) -> None:
        """A public key is signed."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        real_stand.empty()
        mount = new_mount()
        real_stand.configure(f"sys/mounts/{mount}", type="ssh")
        real_stand.configure(f"{mount}/config/ca", generate_signing_key=True)
        real_stand.configure(
            f"{mount}/roles/ci",
            key_type="ca",
            allow_user_certificates=True,
            allowed_users="*",
            default_user="ci",
        )
        public = (
            Ed25519PrivateKey.generate()
            .public_key()
            .public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
            .decode()
        )
        job = Job(real_stand, f'path "{mount}/sign/ci" {{ capabilities = ["update"] }}')
        wanted = wish(f"{mount}/sign/ci", "signed_key", payload={"public_key": public})
        signed = job.login().fetch([wanted]).credentials[0].value.text()
        assert signed.startswith("ssh-ed25519-cert-v01@openssh.com ")

    def test_userpass(self, real_stand: RealStand) -> None:
        """A user with a password logs in; a wrong one is refused without being shown."""
        real_stand.empty()
        job = Job(real_stand)
        real_stand.root("POST", "sys/auth/userpass", {"type": "userpass"})
        real_stand.configure("auth/userpass/users/ci", password="made-up-word", policies="job")
        auth = Auth(
            method="userpass",
            parameters={"username": "ci"},
            environment={"password": "CI_PASSWORD"},
        )
        session = job.login(auth=auth, environment={"CI_PASSWORD": "made-up-word"})
        assert one(session.close("end"), "token").outcome is Outcome.REVOKED
        with pytest.raises(RefusedError) as caught:
            job.login(auth=auth, environment={"CI_PASSWORD": "made-up-wrong"})
        assert "made-up-wrong" not in f"{caught.value} {caught.value.cause} {caught.value.fix}"

    def test_kubernetes(self, real_stand: RealStand, tmp_path: Path) -> None:
        """The token of a pod's service account logs in; an unknown account is refused."""
        real_stand.empty()
        job = Job(real_stand)
        with TokenReviewStub() as stub:
            mount = kubernetes_auth(
                real_stand.server,
                stub,
                role="ci",
                policies=["job"],
                accounts=["deployer"],
                mount=new_mount(),
            )
            file = tmp_path / "token"
            auth = Auth(method="kubernetes", mount=mount, role="ci", files={"jwt": str(file)})
            file.write_text(stub.token("deployer") + "\n")
            assert "job" in job.login(auth=auth).token.policies
            file.write_text(stub.token("stranger"))
            with pytest.raises(RefusedError) as caught:
                job.login(auth=auth)
        assert "service account" in caught.value.cause

    def test_cert(self) -> None:
        """A client certificate logs in over TLS under a private CA, and without it nobody does."""
        if find_vault() is None:
            missing_part("Vault")
        with VaultServer(tls=True) as server:
            server.enable_auth("cert")
            pair = server.client_certificate("ci.example")
            server.policy("job", READ)
            server.write(
                "auth/cert/certs/ci",
                certificate=(server.ca_file or Path()).read_text(),
                allowed_names="ci.example",
                token_policies="job",
            )

            def login(pair: ClientCertificate, ca_file: Path | None) -> Session:
                config = StoreConfig(
                    name="vault",
                    url=server.url,
                    auth=Auth(method="cert", role="ci"),
                    ca_file=ca_file,
                    client_cert=pair.cert_file,
                    client_key=pair.key_file,
                )
                return open_store(config, {}).login(lambda _: Secret("unused"))

            session = login(pair, server.ca_file)
            assert "job" in session.token.policies
            assert one(session.close("end"), "token").outcome is Outcome.REVOKED
            with pytest.raises(RefusedError) as refused:
                login(server.client_certificate("other.example"), server.ca_file)
            assert "client certificate" in refused.value.cause
            with pytest.raises(UnreachableError) as untrusted:
                login(pair, None)
            assert "ca-file" in untrusted.value.fix

    def test_wrapped_answer(self, real_stand: RealStand) -> None:
        """A wrapping token that an earlier step left is unwrapped by its own path."""
        real_stand.empty()
        root = real_stand.server.root_token
        _, body = real_stand.call(
            "POST",
            "sys/wrapping/wrap",
            {"value": "inside"},
            token=root,
            headers={"X-Vault-Wrap-TTL": "60s"},
        )
        payload = {"token": body["wrap_info"]["token"]}
        wanted = wish("sys/wrapping/unwrap", payload=payload)
        fetched = Job(real_stand).login().fetch([wanted])
        assert fetched.credentials[0].value.text() == "inside"


class TestWrappedText:
    """A text that one job leaves at the store for another one."""

    def store(self, job: Job) -> Store:
        """Give the same server to somebody who never logs in."""
        return open_store(StoreConfig(name="vault", url=job.vault.url), {})

    def test_it_outlives_the_session(self, job: Job) -> None:
        """It is there when the token that left it is gone, for whoever needs no login."""
        session = job.login()
        token = session.wrap("sesame", 60)
        assert all(closing.outcome.closed for closing in session.close("end"))
        assert self.store(job).unwrap(token) == "sesame"

    def test_it_is_given_once(self, job: Job) -> None:
        """The second one is told that somebody was faster."""
        token = job.login().wrap("sesame", 60)
        assert self.store(job).unwrap(token) == "sesame"
        with pytest.raises(RefusedError) as caught:
            self.store(job).unwrap(token)
        assert "unwrapped it before" in caught.value.cause

    def test_what_somebody_else_wrapped(self, job: Job) -> None:
        """Another path's answer is not taken for it, and not used up."""
        session = job.login()
        with pytest.raises(RefusedError):
            self.store(job).unwrap(session.own_credentials()["vault token"])

    def test_without_the_right(self, vault: Stand) -> None:
        """Says the line of the policy that is missing."""
        job = Job(vault, token_no_default_policy=True)
        with pytest.raises(RefusedError) as caught:
            job.login().wrap("sesame", 60)
        assert 'path "sys/wrapping/wrap" { capabilities = ["update"] }' in caught.value.fix
