"""How a job logs in."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from ci_secrets.config.model import Auth
from ci_secrets.errors import (
    CiSecretsError,
    ConfigError,
    IdentityError,
    RefusedError,
    UnreachableError,
)
from ci_secrets.secret import Secret
from tests.unit.stores.vault.fake import JWT, Answer, Bench, FakeVault, auth, forbidden, mint

ENVIRONMENT = {"THE_SECRET": "made-up-secret", "EMPTY": ""}
SECRET_ID = "6a0d5b7c-1bb5-b49c-cb45-9d686a27ebce"
WRAPPED = "hvs.CAESIDGkXJ8BboK7kQOYwjBA_made_up"
CREATION_PATH = "auth/approle/role/app/secret-id"


@pytest.mark.parametrize(
    ("given", "path", "body"),
    [
        (Auth(role="app"), "jwt/login", {"role": "app", "jwt": JWT}),
        (Auth(), "jwt/login", {"jwt": JWT}),
        (Auth(role="app", mount="gitlab/ci"), "gitlab/ci/login", {"role": "app", "jwt": JWT}),
        (
            Auth(
                method="approle",
                parameters={"role-id": "rid"},
                environment={"secret-id": "THE_SECRET"},
            ),
            "approle/login",
            {"role_id": "rid", "secret_id": "made-up-secret"},
        ),
        (
            Auth(method="approle", parameters={"role-id": "rid"}),
            "approle/login",
            {"role_id": "rid"},
        ),
        (
            Auth(
                method="ldap",
                parameters={"username": "ci"},
                environment={"password": "THE_SECRET"},
            ),
            "ldap/login/ci",
            {"password": "made-up-secret"},
        ),
        (
            Auth(
                method="userpass",
                mount="people",
                parameters={"username": "a b"},
                environment={"password": "THE_SECRET"},
            ),
            "people/login/a%20b",
            {"password": "made-up-secret"},
        ),
        (
            Auth(method="github", environment={"token": "THE_SECRET"}),
            "github/login",
            {"token": "made-up-secret"},
        ),
        (
            Auth(method="oci", environment={"payload": "PAYLOAD"}),
            "oci/login",
            {"role": "x", "n": 1},
        ),
        (
            Auth(method="jwt", environment={"payload": "PAYLOAD"}),
            "jwt/login",
            {"role": "x", "n": 1},
        ),
    ],
)
def test_what_is_sent(
    bench: Bench, vault: FakeVault, given: Auth, path: str, body: dict[str, Any]
) -> None:
    """Each method sends its own body to its own path below the mount."""
    vault.rules[f"POST auth/{path}"] = (200, auth())
    environment = {**ENVIRONMENT, "PAYLOAD": '{"role": "x", "n": 1}'}
    session = bench.store(environment, auth=given).login(mint)
    assert vault.of(f"auth/{path}")[0].body == body
    assert session.token.accessor == "acc-1"


def test_kubernetes_reads_the_pods_token(bench: Bench, vault: FakeVault, tmp_path: Path) -> None:
    """The service account token comes from its file, without the newline at the end."""
    file = tmp_path / "token"
    file.write_text("eyJ.pod.token\n")
    vault.rules["POST auth/kubernetes/login"] = (200, auth())
    given = Auth(method="kubernetes", role="app", files={"jwt": str(file)})
    session = bench.login(auth=given)
    sent = vault.of("auth/kubernetes/login")[0].body
    assert sent == {"role": "app", "jwt": "eyJ.pod.token"}
    assert Secret("eyJ.pod.token") in session.own_credentials().values()


def test_missing_file(bench: Bench, tmp_path: Path) -> None:
    """A token file that is not there is named."""
    given = Auth(method="kubernetes", role="app", files={"jwt": str(tmp_path / "nope")})
    with pytest.raises(IdentityError, match="nope"):
        bench.login(auth=given)


def test_cert_sends_the_role(bench: Bench, vault: FakeVault, tmp_path: Path) -> None:
    """With a client certificate, the role is all that the body has to say."""
    vault.rules["POST auth/cert/login"] = (200, auth())
    files = {"client_cert": tmp_path / "c.pem", "client_key": tmp_path / "c.key"}
    bench.login(auth=Auth(method="cert", role="web"), **files)
    assert vault.of("auth/cert/login")[0].body == {"name": "web"}


def test_cert_without_certificate(bench: Bench) -> None:
    """A cert login without a certificate is a mistake of the configuration."""
    with pytest.raises(ConfigError, match="without a certificate"):
        bench.login(auth=Auth(method="cert"))


def test_half_a_certificate(bench: Bench, tmp_path: Path) -> None:
    """A certificate without its key, or a key without its certificate, is refused at once."""
    with pytest.raises(ConfigError, match="one half"):
        bench.store(client_key=tmp_path / "c.key")


@pytest.mark.parametrize("variable", ["EMPTY", "NOT_SET"])
def test_empty_variable(bench: Bench, vault: FakeVault, variable: str) -> None:
    """A variable that should hold a credential and does not is named, and nothing is sent."""
    given = Auth(method="github", environment={"token": variable})
    with pytest.raises(IdentityError, match=variable):
        bench.store(ENVIRONMENT, auth=given).login(mint)
    assert vault.asked == []


def test_unknown_method_needs_a_payload(bench: Bench) -> None:
    """A method without a form of its own asks for a payload."""
    with pytest.raises(ConfigError, match="payload"):
        bench.login(auth=Auth(method="gcp"))


@pytest.mark.parametrize("payload", ["made-up-secret", '["made-up-secret"]', ""])
def test_bad_payload(bench: Bench, payload: str) -> None:
    """A payload that is no JSON object is refused without being repeated."""
    given = Auth(method="gcp", environment={"payload": "PAYLOAD"})
    with pytest.raises(CiSecretsError) as caught:
        bench.store({"PAYLOAD": payload}, auth=given).login(mint)
    assert "made-up-secret" not in str(caught.value) + caught.value.cause + caught.value.fix


def test_everything_that_went_out_is_a_needle(bench: Bench, vault: FakeVault) -> None:
    """Token, JWT, and each text of a payload are our own credentials."""
    vault.rules["POST auth/gcp/login"] = (200, auth())
    given = Auth(method="gcp", environment={"payload": "PAYLOAD"})
    payload = json.dumps({"role": "x", "jwt": "eyJ.other.jwt"})
    own = bench.store({"PAYLOAD": payload}, auth=given).login(mint).own_credentials()
    assert own["vault token"] == Secret("hvs.made-up-token")
    assert Secret("eyJ.other.jwt") in own.values()
    assert Secret(JWT) in bench.login().own_credentials().values()


def test_audience(bench: Bench) -> None:
    """The JWT is asked for the store's audience, else for the URL's origin."""
    asked = []

    def note(audience: str) -> Secret:
        asked.append(audience)
        return Secret(JWT)

    bench.store().login(note)
    with pytest.raises(RefusedError):  # nothing answers there
        bench.store(url="https://vault.example:8200/prefix").login(note)
    bench.store(audience="sts").login(note)
    assert asked == ["https://vault.example:8200", "https://vault.example:8200", "sts"]


class TestToken:
    """With a given token, a child is made and used."""

    GIVEN = Auth(method="token", environment={"token": "THE_SECRET"})

    def test_child(self, bench: Bench, vault: FakeVault) -> None:
        """The parent makes the child and is looked at, no more: it is not ours to revoke."""
        vault.rules["POST auth/token/create"] = (200, auth(client_token="hvs.child"))
        session = bench.store(ENVIRONMENT, auth=self.GIVEN).login(mint)
        session.close("end")
        by_parent = [
            each.path
            for each in vault.asked
            if each.headers.get("x-vault-token") == "made-up-secret"
        ]
        assert by_parent == ["auth/token/create", "auth/token/lookup-self"]
        assert vault.of("auth/token/revoke-self")[0].headers["x-vault-token"] == "hvs.child"
        assert Secret("made-up-secret") in session.own_credentials().values()

    def looked_at(self, vault: FakeVault, parent: Answer) -> None:
        """Let a child of 600 s be made, and the parent be looked up."""

        def look(asked: httpx.Request) -> Answer:
            ours = asked.headers["x-vault-token"] == "hvs.child"
            return (200, {"data": {"ttl": 600}}) if ours else parent

        vault.rules |= {
            "POST auth/token/create": (200, auth(client_token="hvs.child")),
            "GET auth/token/lookup-self": look,
        }

    def test_short_lived_parent(self, bench: Bench, vault: FakeVault) -> None:
        """A child dies with its parent: its end is told as that, with a warning."""
        self.looked_at(vault, (200, {"data": {"ttl": 8}}))
        session = bench.store(ENVIRONMENT, auth=self.GIVEN).login(mint)
        assert session.token.ttl_seconds == 8
        (notice,) = session.notices
        assert notice.level == "warning"
        assert "ends in 8 s" in notice.text

    def test_parent_of_a_child_without_end(self, bench: Bench, vault: FakeVault) -> None:
        """A child that has no TTL of its own dies with its parent, too."""
        self.looked_at(vault, (200, {"data": {"ttl": 8}}))
        vault.rules["POST auth/token/create"] = (
            200,
            auth(client_token="hvs.child", lease_duration=0),
        )
        assert bench.store(ENVIRONMENT, auth=self.GIVEN).login(mint).token.ttl_seconds == 8

    def test_parent_that_outlives_every_job(self, bench: Bench, vault: FakeVault) -> None:
        """Of a parent that ends before its child, but after every job, there is no warning."""
        self.looked_at(vault, (200, {"data": {"ttl": 100_000}}))
        vault.rules["POST auth/token/create"] = (
            200,
            auth(client_token="hvs.child", lease_duration=2_764_800),
        )
        session = bench.store(ENVIRONMENT, auth=self.GIVEN).login(mint)
        assert session.token.ttl_seconds == 100_000
        assert session.notices == ()

    @pytest.mark.parametrize(
        "parent",
        [
            (200, {"data": {"ttl": 601}}),
            (200, {"data": {"ttl": 0}}),
            forbidden(),
            httpx.ConnectError("down"),
        ],
    )
    def test_parent_that_tells_no_earlier_end(
        self, bench: Bench, vault: FakeVault, parent: Answer
    ) -> None:
        """Where the parent lives longer, or may not be looked up, the child's own TTL counts."""
        self.looked_at(vault, parent)
        session = bench.store(ENVIRONMENT, auth=self.GIVEN).login(mint)
        assert session.token.ttl_seconds == 600
        assert session.notices == ()

    def test_no_child(self, bench: Bench, vault: FakeVault) -> None:
        """Where no child may be made the policy line is given."""
        vault.rules["POST auth/token/create"] = forbidden()
        with pytest.raises(RefusedError) as caught:
            bench.store(ENVIRONMENT, auth=self.GIVEN).login(mint)
        assert 'path "auth/token/create"' in caught.value.fix


class TestWrapped:
    """A wrapped secret-id is looked at before it is unwrapped."""

    def given(self, **parameters: str) -> Auth:
        """An approle login with the wrapping token in a variable."""
        return Auth(
            method="approle",
            parameters={"role-id": "rid", **parameters},
            environment={"secret-id": "WRAPPED"},
        )

    def wrap(self, vault: FakeVault, creation_path: str = CREATION_PATH) -> None:
        """Let the fake hold one."""
        vault.rules |= {
            "POST sys/wrapping/lookup": (200, {"data": {"creation_path": creation_path}}),
            "POST sys/wrapping/unwrap": (200, {"data": {"secret_id": SECRET_ID}}),
            "POST auth/approle/login": (200, auth()),
        }

    def test_unwrapped(self, bench: Bench, vault: FakeVault) -> None:
        """What is in it logs in, and both are needles."""
        self.wrap(vault)
        given = self.given(**{"creation-path": CREATION_PATH})
        session = bench.store({"WRAPPED": WRAPPED}, auth=given).login(mint)
        assert vault.of("auth/approle/login")[0].body["secret_id"] == SECRET_ID
        assert vault.of("sys/wrapping/unwrap")[0].headers["x-vault-token"] == WRAPPED
        needles = list(session.own_credentials().values())
        assert Secret(SECRET_ID) in needles
        assert Secret(WRAPPED) in needles

    def test_made_elsewhere(self, bench: Bench, vault: FakeVault) -> None:
        """One that another path made is not unwrapped."""
        self.wrap(vault, "auth/approle/role/attacker/secret-id")
        given = self.given(**{"creation-path": CREATION_PATH})
        with pytest.raises(RefusedError, match="attacker"):
            bench.store({"WRAPPED": WRAPPED}, auth=given).login(mint)
        assert vault.paths() == ["sys/wrapping/lookup"]

    def test_already_used(self, bench: Bench, vault: FakeVault) -> None:
        """One that is used up is reported as a possible theft."""
        gone = (400, {"errors": ["wrapping token is not valid or does not exist"]})
        vault.rules["POST sys/wrapping/lookup"] = gone
        given = self.given(**{"creation-path": CREATION_PATH})
        with pytest.raises(RefusedError) as caught:
            bench.store({"WRAPPED": WRAPPED}, auth=given).login(mint)
        assert "theft" in caught.value.cause

    def test_used_between_look_and_unwrap(self, bench: Bench, vault: FakeVault) -> None:
        """One that somebody else unwraps right before us is reported as well."""
        self.wrap(vault)
        vault.rules["POST sys/wrapping/unwrap"] = (400, {"errors": ["wrapping token is not valid"]})
        given = self.given(**{"creation-path": CREATION_PATH})
        with pytest.raises(RefusedError) as caught:
            bench.store({"WRAPPED": WRAPPED}, auth=given).login(mint)
        assert "theft" in caught.value.cause

    def test_without_creation_path(self, bench: Bench, vault: FakeVault) -> None:
        """A wrapping token without a path to compare with is not unwrapped."""
        self.wrap(vault)
        with pytest.raises(ConfigError) as caught:
            bench.store({"WRAPPED": WRAPPED}, auth=self.given()).login(mint)
        assert "creation-path:" in caught.value.fix
        assert vault.asked == []


# What Vault 1.21.0 was seen to say.
REFUSALS = [
    (
        400,
        "error validating token: invalid audience (aud) claim: audience claim does not match any "
        "expected audience",
        IdentityError,
        "bound_audiences",
    ),
    (
        400,
        "audience claim found in JWT but no audiences bound to the role",
        RefusedError,
        "bound_audiences=https://vault.example:8200",
    ),
    (
        400,
        'error validating claims: claim "ref" does not match any associated bound claim values',
        RefusedError,
        "The claim ref",
    ),
    (400, 'error validating claims: claim "ref" is missing', RefusedError, "The claim ref"),
    (400, "error validating token: invalid subject (sub) claim", RefusedError, "bound_subject"),
    (
        400,
        "error validating token: invalid expiration time (exp) claim: token is expired",
        IdentityError,
        "expired",
    ),
    (
        400,
        "error validating token: invalid not before (nbf) claim: token not yet valid",
        IdentityError,
        "clocks",
    ),
    (400, "error validating token: invalid issuer (iss) claim", IdentityError, "bound_issuer"),
    (400, 'role "nope" could not be found', ConfigError, "no such role"),
    (400, "missing role", ConfigError, "no such role"),
    (
        400,
        "error validating token: error verifying token signature: no known key successfully "
        "validated the token signature",
        IdentityError,
        "cannot verify",
    ),
    (400, "invalid role or secret ID", RefusedError, "secret-id"),
    (400, "missing secret_id", RefusedError, "secret-id"),
    (400, "invalid username or password", RefusedError, "password"),
    (403, "permission denied", RefusedError, "auth mount"),
]


@pytest.mark.parametrize(("status", "text", "error", "says"), REFUSALS)
def test_refusals(
    bench: Bench,
    vault: FakeVault,
    status: int,
    text: str,
    error: type[CiSecretsError],
    says: str,
) -> None:
    """Each known refusal says what to change, in our words and not in the server's."""
    vault.rules["POST auth/jwt/login"] = (status, {"errors": [text]})
    with pytest.raises(error) as caught:
        bench.login()
    said = " ".join((caught.value.what, caught.value.cause, caught.value.fix))
    assert says in said
    assert text not in said
    assert "auth/jwt as app" in caught.value.what
    assert len(vault.asked) == 1


def test_unknown_refusal_is_not_repeated(bench: Bench, vault: FakeVault) -> None:
    """What the server says and we do not know is withheld: it may hold anything."""
    text = "echo: made-up-secret\n::stop-commands::x"
    vault.rules["POST auth/jwt/login"] = (400, {"errors": [text]})
    with pytest.raises(RefusedError, match="status 400") as caught:
        bench.login()
    assert "made-up-secret" not in repr(caught.value) + caught.value.cause + caught.value.fix


def test_hostile_claim_name(bench: Bench, vault: FakeVault) -> None:
    """Only what can be a claim's name is taken out of the server's text."""
    text = 'claim "::add-mask::x\n" is missing; claim "{audience.__class__}" is missing'
    vault.rules["POST auth/jwt/login"] = (400, {"errors": [text]})
    with pytest.raises(RefusedError) as caught:
        bench.login()
    assert "add-mask" not in caught.value.cause
    assert "__class__" not in caught.value.cause


def test_second_factor(bench: Bench, vault: FakeVault) -> None:
    """An answer that asks for a second factor is no login."""
    pending = auth(client_token="", mfa_requirement={"mfa_request_id": "x"})
    vault.rules["POST auth/jwt/login"] = (200, pending)
    with pytest.raises(RefusedError, match="second factor"):
        bench.login()


class TestFaults:
    """A login mints something, so it is sent again only where nothing can have been minted."""

    @pytest.mark.parametrize(
        "first",
        [
            (412, {"errors": []}),
            (429, {"errors": []}),
            (503, None),
            httpx.ConnectError("refused"),
            httpx.ConnectTimeout("slow"),
        ],
    )
    def test_again(self, bench: Bench, vault: FakeVault, first: Any) -> None:
        """Too busy, lagging behind, or not reached: again."""
        vault.rules["POST auth/jwt/login"] = [first, (200, auth())]
        bench.login()
        assert len(vault.of("auth/jwt/login")) == 2

    def test_retry_after(self, bench: Bench, vault: FakeVault) -> None:
        """The pause is the one that the server asks for."""
        busy: Answer = (429, {"errors": []}, {"retry-after": "7"})
        vault.rules["POST auth/jwt/login"] = [busy, (200, auth())]
        bench.login()
        assert bench.waits == [7.0]

    @pytest.mark.parametrize(
        "failure",
        [httpx.ReadError("reset"), httpx.ReadTimeout("stall"), httpx.RemoteProtocolError("")],
    )
    def test_reply_lost(self, bench: Bench, vault: FakeVault, failure: Exception) -> None:
        """A lost answer is not asked for again, and the token that may exist is spoken of."""
        vault.rules["POST auth/jwt/login"] = failure
        with pytest.raises(UnreachableError) as caught:
            bench.login()
        assert "if the store made a token" in caught.value.cause
        assert len(vault.asked) == 1

    def test_not_reached(self, bench: Bench, vault: FakeVault) -> None:
        """Where nothing was sent, nothing is said of a token."""
        vault.rules["POST auth/jwt/login"] = httpx.ConnectError("refused")
        with pytest.raises(UnreachableError) as caught:
            bench.login()
        assert "made a token" not in caught.value.cause

    def test_server_error(self, bench: Bench, vault: FakeVault) -> None:
        """A 500 may have minted: no second try, and it is unreachable rather than refused."""
        vault.rules["POST auth/jwt/login"] = (500, {"errors": ["internal"]})
        with pytest.raises(UnreachableError, match="500"):
            bench.login()
        assert len(vault.asked) == 1

    @pytest.mark.parametrize("status", [412, 429, 500, 502, 503])
    @pytest.mark.parametrize(
        ("path", "given"),
        [
            ("auth/jwt/login", Auth(role="app")),
            ("auth/approle/login", Auth(method="approle", parameters={"role-id": "rid"})),
            ("auth/token/create", Auth(method="token", environment={"token": "THE_SECRET"})),
        ],
    )
    def test_a_store_in_trouble_is_not_a_refusal(
        self, bench: Bench, vault: FakeVault, path: str, given: Auth, status: int
    ) -> None:
        """Sealed, failing or throttled: neither role, token nor policy is to blame."""
        vault.rules[f"POST {path}"] = (status, {"errors": ["Vault is sealed"]})
        with pytest.raises(UnreachableError, match=str(status)) as caught:
            bench.store(ENVIRONMENT, auth=given).login(mint)
        assert "policies" not in caught.value.cause
        assert ("made a token" in caught.value.cause) is (status >= 500)

    @pytest.mark.parametrize("path", ["sys/wrapping/lookup", "sys/wrapping/unwrap"])
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_store_in_trouble_is_no_theft(
        self, bench: Bench, vault: FakeVault, path: str, status: int
    ) -> None:
        """A store that cannot look a wrapping token up says nothing of who has used it."""
        wrapped = {"creation_path": CREATION_PATH, "secret_id": SECRET_ID}
        vault.rules |= {
            "POST sys/wrapping/lookup": (200, {"data": wrapped}),
            "POST sys/wrapping/unwrap": (200, {"data": wrapped}),
            f"POST {path}": (status, None),
        }
        given = TestWrapped().given(**{"creation-path": CREATION_PATH})
        with pytest.raises(UnreachableError, match=str(status)) as caught:
            bench.store({"WRAPPED": WRAPPED}, auth=given).login(mint)
        assert "theft" not in caught.value.cause
