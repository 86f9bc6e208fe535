"""JWT login: what Vault verifies, in both implementations."""

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from ci_secrets.testing.claims import github_claims, gitlab_claims
from ci_secrets.testing.issuer import Issuer
from tests.contract.stand import Answer, Stand, new_mount


def log_in(vault: Stand, role: str, token: str, mount: str = "jwt") -> Answer:
    """Try to log in."""
    return vault.call("POST", f"auth/{mount}/login", {"role": role, "jwt": token})


def why(answer: Answer) -> tuple[int, str]:
    """Status and reason of a refusal."""
    status, body = answer
    return status, "".join(body.get("errors", []))


def mint(vault: Stand, **claims: Any) -> str:
    """A JWT for the server."""
    return vault.issuer.mint(vault.url, **{"sub": "job", **claims})


class TestLogin:
    """A JWT of the trusted issuer becomes a token of the role."""

    def test_gives_a_token_as_the_role_says(self, vault: Stand) -> None:
        """The answer tells kind, TTL, policies, renewability and the role in the metadata."""
        role = vault.jwt_role("deploy", token_policies=["deploy"], token_ttl="10m")
        status, body = log_in(vault, role, mint(vault))
        auth = body["auth"]
        assert status == 200
        assert auth["client_token"].startswith("hvs.")
        assert auth["accessor"]
        assert auth["policies"] == auth["token_policies"] == ["default", "deploy"]
        assert (auth["lease_duration"], auth["renewable"]) == (600, True)
        assert (auth["token_type"], auth["orphan"], auth["num_uses"]) == ("service", True, 0)
        assert auth["metadata"] == {"role": "deploy"}
        assert body["data"] is None
        assert body["wrap_info"] is None

    def test_takes_the_same_jwt_twice(self, vault: Stand) -> None:
        """A JWT is not used up by a login."""
        role, token = vault.jwt_role("deploy"), mint(vault)
        first, second = log_in(vault, role, token), log_in(vault, role, token)
        assert (first[0], second[0]) == (200, 200)
        assert first[1]["auth"]["client_token"] != second[1]["auth"]["client_token"]

    def test_ignores_a_namespace(self, vault: Stand) -> None:
        """A server without namespaces serves root's, whatever the header says."""
        role = vault.jwt_role("deploy")
        body = {"role": role, "jwt": mint(vault)}
        headers = {"X-Vault-Namespace": "team-a"}
        assert vault.call("POST", "auth/jwt/login", body, headers=headers)[0] == 200

    def test_maps_claims_into_the_metadata(self, vault: Stand) -> None:
        """`claim_mappings` name what of the JWT the token remembers."""
        role = vault.jwt_role("deploy", claim_mappings={"repository": "repo"})
        claims = github_claims("shop/web")
        _, body = log_in(vault, role, mint(vault, **claims))
        assert body["auth"]["metadata"] == {"role": "deploy", "repo": "shop/web"}

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({"jwt": "x"}, "missing role"),
            ({"role": "deploy"}, "missing token"),
            ({"role": "nobody", "jwt": "x"}, 'role "nobody" could not be found'),
        ],
    )
    def test_names_what_is_missing(self, vault: Stand, body: dict[str, str], reason: str) -> None:
        """A call without role, JWT or known role is a 400 that says so."""
        vault.jwt_role("deploy")
        assert why(vault.call("POST", "auth/jwt/login", body)) == (400, reason)

    def test_is_forbidden_where_the_method_is_not_mounted(self, vault: Stand) -> None:
        """A login at a mount that is not there is the 403 of a call without a token."""
        answer = log_in(vault, "deploy", "x", mount="nowhere")
        assert why(answer) == (403, "permission denied")
        body = {"role": "deploy", "jwt": "x"}
        status, reason = why(vault.root("POST", "auth/nowhere/login", body))
        assert status == 404
        assert reason == 'no handler for route "auth/nowhere/login". route entry not found.'


class TestSignature:
    """Only keys of the issuer count."""

    def test_refuses_a_stranger_s_key(self, vault: Stand) -> None:
        """A JWT signed by another key, even under a known key id, is refused."""
        role = vault.jwt_role("deploy")
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        claims = jwt.decode(mint(vault), options={"verify_signature": False})
        known = jwt.get_unverified_header(mint(vault))["kid"]
        for headers in ({}, {"kid": "unknown"}, {"kid": known}):
            forged = jwt.encode(claims, key, "RS256", headers=headers)
            status, reason = why(log_in(vault, role, forged))
            assert status == 400
            assert "failed to verify id token signature" in reason

    @pytest.mark.parametrize("algorithm", ["none", "HS256"])
    def test_refuses_other_algorithms(self, vault: Stand, algorithm: str) -> None:
        """Unsigned JWTs and shared keys are refused."""
        role = vault.jwt_role("deploy")
        claims = jwt.decode(mint(vault), options={"verify_signature": False})
        key = "k" * 32 if algorithm == "HS256" else ""
        assert log_in(vault, role, jwt.encode(claims, key, algorithm))[0] == 400

    def test_refuses_what_is_no_jwt(self, vault: Stand) -> None:
        """Text that is not a JWT is a 400, not a crash."""
        role = vault.jwt_role("deploy")
        status, reason = why(log_in(vault, role, "not.a-jwt"))
        assert status == 400
        assert reason.startswith("error validating token: error verifying token signature:")

    def test_follows_a_rotation(self, vault: Stand) -> None:
        """A new key is fetched when it is met; the old one counts until it is withdrawn."""
        mount = new_mount()
        with Issuer() as issuer:
            vault.trust(issuer, mount=mount)
            role = vault.jwt_role("deploy", mount=mount)

            def enter(token: str) -> int:
                return log_in(vault, role, token, mount)[0]

            old = issuer.mint(vault.url, sub="job")
            assert enter(old) == 200
            issuer.rotate()
            assert enter(issuer.mint(vault.url, sub="job")) == 200
            assert enter(old) == 200
            issuer.retire()
            assert enter(old) == 200  # the server has not noticed yet
            issuer.rotate()
            assert enter(issuer.mint(vault.url, sub="job")) == 200
            assert enter(old) == 400

    @pytest.mark.parametrize("source", ["jwks_url", "jwt_validation_pubkeys"])
    def test_takes_keys_from_elsewhere(self, vault: Stand, source: str) -> None:
        """A JWKS address or plain public keys do as well as discovery."""
        mount = new_mount()
        keys = {
            "jwks_url": vault.issuer.discovery()["jwks_uri"],
            "jwt_validation_pubkeys": vault.issuer.public_keys(),
        }
        vault.configure(f"sys/auth/{mount}", type="jwt")
        vault.configure(f"auth/{mount}/config", **{source: keys[source]})
        role = vault.jwt_role("deploy", mount=mount)
        assert log_in(vault, role, mint(vault), mount)[0] == 200
        with Issuer() as stranger:
            token = stranger.mint(vault.url, sub="job")
        assert log_in(vault, role, token, mount)[0] == 400

    def test_refuses_where_its_keys_cannot_be_had(self, vault: Stand) -> None:
        """An issuer that is down is the server's trouble, told as a 400 of the login."""
        mount = new_mount()
        with Issuer() as issuer:
            vault.trust(issuer, mount=mount)
        role = vault.jwt_role("deploy", mount=mount)
        status, reason = why(log_in(vault, role, issuer.mint(vault.url, sub="job"), mount))
        assert status == 400
        assert reason.startswith("error configuring token validator: keyset configuration error:")

    def test_binds_the_issuer_only_where_told(self, vault: Stand) -> None:
        """`iss` is compared with `bound_issuer`, and with nothing else."""
        mount = new_mount()
        vault.trust(vault.issuer, mount=mount)
        role = vault.jwt_role("deploy", mount=mount)
        other = mint(vault, iss="https://elsewhere.example")
        assert log_in(vault, role, other, mount)[0] == 200
        url = vault.issuer.url
        vault.configure(f"auth/{mount}/config", oidc_discovery_url=url, bound_issuer=url)
        assert log_in(vault, role, mint(vault), mount)[0] == 200
        answer = why(log_in(vault, role, other, mount))
        assert answer == (400, "error validating token: invalid issuer (iss) claim")


class TestTimes:
    """exp, nbf and iat, with a minute for clocks that differ."""

    @pytest.mark.parametrize(
        "shift",
        [
            {"exp": -30},
            {"nbf": 30},
            {"iat": 30},
            {"exp": None},
            {"exp": None, "nbf": None},
            {"exp": None, "nbf": None, "iat": -190},
            {"nbf": None, "iat": None, "exp": 180},
        ],
    )
    def test_forgives_a_little(self, vault: Stand, shift: dict[str, int | None]) -> None:
        """A minute of skew and missing claims are forgiven, the latter for 150 seconds."""
        role = vault.jwt_role("deploy")
        assert log_in(vault, role, mint(vault, **moments(shift)))[0] == 200

    @pytest.mark.parametrize(
        ("shift", "reason"),
        [
            ({"exp": -70}, "invalid expiration time (exp) claim: token is expired"),
            ({"nbf": 90}, "invalid not before (nbf) claim: token not yet valid"),
            ({"iat": 90}, "invalid issued at (iat) claim: token issued in the future"),
            (
                {"exp": None, "nbf": None, "iat": -230},
                "invalid expiration time (exp) claim: token is expired",
            ),
            (
                {"nbf": None, "iat": None, "exp": 300},
                "invalid not before (nbf) claim: token not yet valid",
            ),
            (
                {"nbf": None, "iat": None, "exp": None},
                "no issued at (iat), not before (nbf), or expiration time (exp) claims in token",
            ),
        ],
    )
    def test_refuses_more(self, vault: Stand, shift: dict[str, int | None], reason: str) -> None:
        """Expired, not yet valid, from the future or without any time: each is said."""
        role = vault.jwt_role("deploy")
        answer = why(log_in(vault, role, mint(vault, **moments(shift))))
        assert answer == (400, f"error validating token: {reason}")


def moments(shift: dict[str, int | None]) -> dict[str, int | None]:
    """Seconds from now as unix seconds; `None` stays."""
    now = int(time.time())
    return {name: None if by is None else now + by for name, by in shift.items()}


class TestBounds:
    """What a role demands."""

    def test_demands_the_audience(self, vault: Stand) -> None:
        """One of the JWT's audiences must be one of the role's."""
        role = vault.jwt_role("deploy", bound_audiences=["https://a", "https://b"])
        wrong = (
            400,
            "error validating token: invalid audience (aud) claim: "
            "audience claim does not match any expected audience",
        )
        assert log_in(vault, role, vault.issuer.mint("https://b", sub="job"))[0] == 200
        several = vault.issuer.mint(["https://x", "https://a"], sub="job")
        assert log_in(vault, role, several)[0] == 200
        assert why(log_in(vault, role, vault.issuer.mint("https://x", sub="job"))) == wrong
        assert why(log_in(vault, role, vault.issuer.mint(None, sub="job"))) == wrong

    def test_refuses_an_audience_that_no_role_asked_for(self, vault: Stand) -> None:
        """A role without bound audiences takes only JWTs without one."""
        role = vault.jwt_role("deploy", bound_audiences=[], bound_subject="job")
        words = "audience claim found in JWT but no audiences bound to the role"
        assert why(log_in(vault, role, mint(vault))) == (400, words)
        assert log_in(vault, role, vault.issuer.mint(None, sub="job"))[0] == 200

    def test_binds_the_subject_exactly(self, vault: Stand) -> None:
        """`bound_subject` knows no wildcard."""
        claims = github_claims("shop/web")
        role = vault.jwt_role("exact", bound_subject=claims["sub"])
        wild = vault.jwt_role("wild", bound_subject="repo:shop/web:*")
        assert log_in(vault, role, mint(vault, **claims))[0] == 200
        refused = (400, "error validating token: invalid subject (sub) claim")
        assert why(log_in(vault, role, mint(vault))) == refused
        assert why(log_in(vault, wild, mint(vault, **claims))) == refused

    def test_binds_claims_by_type_and_value(self, vault: Stand) -> None:
        """Every claim must be there, with one of its values and of the same type."""
        bound = {"ref": ["main", "next"], "ref_protected": "true"}
        role = vault.jwt_role("deploy", bound_claims=bound)

        def reason(**claims: Any) -> str:
            return why(log_in(vault, role, mint(vault, **claims)))[1]

        def refusal(claim: str) -> str:
            words = "does not match any associated bound claim values"
            return f'error validating claims: claim "{claim}" {words}'

        assert reason(**gitlab_claims(ref="next")) == ""
        assert reason(ref=["x", "main"], ref_protected="true") == ""
        assert reason(**gitlab_claims(ref="other")) == refusal("ref")
        assert reason(ref="main", ref_protected=True) == refusal("ref_protected")
        missing = 'error validating claims: claim "ref_protected" is missing'
        assert reason(ref="main") == missing

    def test_globs_cross_slashes_and_colons(self, vault: Stand) -> None:
        """A glob's `*` matches anything, and only where the role says glob."""
        bound = {"sub": "repo:shop/web:*"}
        glob = vault.jwt_role("glob", bound_claims=bound, bound_claims_type="glob")
        text = vault.jwt_role("text", bound_claims=bound)
        ours = mint(vault, **github_claims("shop/web", ref="refs/heads/a/b"))
        fork = mint(vault, **github_claims("shop/web-fork"))
        immutable = mint(vault, **github_claims("shop/web", immutable=True))
        assert log_in(vault, glob, ours)[0] == 200
        assert log_in(vault, text, ours)[0] == 400
        assert log_in(vault, glob, fork)[0] == 400
        assert log_in(vault, glob, immutable)[0] == 400

    def test_reads_nested_claims_by_pointer(self, vault: Stand) -> None:
        """A bound claim may be a JSON pointer."""
        role = vault.jwt_role("deploy", bound_claims={"/kubernetes.io/namespace": "ci"})
        assert log_in(vault, role, mint(vault, **{"kubernetes.io": {"namespace": "ci"}}))[0] == 200
        assert log_in(vault, role, mint(vault, **{"kubernetes.io": {"namespace": "x"}}))[0] == 400

    def test_demands_the_user_claim(self, vault: Stand) -> None:
        """The claim that names the user must be there."""
        role = vault.jwt_role("deploy", user_claim="repository_id")
        assert why(log_in(vault, role, mint(vault))) == (
            400,
            'claim "repository_id" not found in token',
        )

    def test_binds_addresses(self, vault: Stand) -> None:
        """CIDR bounds hold at login and are shown by a look-up."""
        near = vault.jwt_role("near", token_bound_cidrs=["127.0.0.0/8"])
        far = vault.jwt_role("far", token_bound_cidrs=["10.0.0.0/8"])
        assert why(log_in(vault, far, mint(vault))) == (403, "permission denied")
        _, body = vault.call("GET", "auth/token/lookup-self", token=vault.login(near))
        assert body["data"]["bound_cidrs"] == ["127.0.0.0/8"]


class TestRoles:
    """What Vault refuses to write."""

    @pytest.mark.parametrize(
        ("settings", "reason"),
        [
            ({"bound_audiences": []}, "must have at least one bound constraint"),
            ({"user_claim": ""}, "a user claim must be defined on the role"),
            ({"token_type": "other"}, "invalid 'token_type' value \"other\""),
            ({"token_ttl": "2h", "token_max_ttl": "1h"}, "'token_ttl' cannot be greater than"),
            ({"token_type": "batch", "token_period": 60}, "periodic tokens"),
            ({"token_type": "batch", "token_num_uses": 2}, "limited use count"),
            ({"bound_claims_type": "regex"}, "invalid 'bound_claims_type': regex"),
            (
                {"bound_claims_type": "glob", "bound_claims": {"n": 7}},
                "claim is not a string: 7",
            ),
        ],
    )
    def test_refuses_senseless_roles(
        self, vault: Stand, settings: dict[str, Any], reason: str
    ) -> None:
        """Each mistake is a 400 in Vault's words."""
        role = {
            "role_type": "jwt",
            "user_claim": "sub",
            "bound_audiences": ["x"],
            **settings,
        }
        status, words = why(vault.root("POST", "auth/jwt/role/senseless", role))
        assert status == 400
        assert reason in words
        assert vault.root("GET", "auth/jwt/role/senseless")[0] == 404

    def test_lists_and_deletes(self, vault: Stand) -> None:
        """Roles can be listed, read and deleted; a deleted one lets nobody in."""
        vault.jwt_role("b", token_ttl="90s")
        vault.jwt_role("a")
        assert vault.root("LIST", "auth/jwt/role")[1]["data"]["keys"] == ["a", "b"]
        assert vault.root("GET", "auth/jwt/role/b")[1]["data"]["token_ttl"] == 90
        assert vault.root("DELETE", "auth/jwt/role/a")[0] == 204
        assert log_in(vault, "a", mint(vault))[0] == 400
