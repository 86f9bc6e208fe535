"""The OIDC issuer, and the claims of each CI."""

import time

import httpx
import jwt
import pytest

from ci_secrets.testing.claims import github_claims, gitlab_claims, jenkins_claims
from ci_secrets.testing.issuer import LIFETIME_SECONDS, Issuer


def verified(issuer: Issuer, token: str, audience: str) -> dict[str, object]:
    """The claims, verified as a relying party does: by discovery and JWKS."""
    found = httpx.get(f"{issuer.url}/.well-known/openid-configuration").json()
    assert found["issuer"] == issuer.url
    keys = jwt.PyJWKSet.from_dict(httpx.get(found["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims: dict[str, object] = jwt.decode(
        token, key.key, algorithms=["RS256"], audience=audience, issuer=issuer.url
    )
    return claims


class TestMint:
    """JWTs of any kind."""

    def test_can_be_verified_by_discovery(self, ci_secrets_issuer: Issuer) -> None:
        """A relying party finds the key, and the standard claims hold."""
        token = ci_secrets_issuer.mint("https://vault.example", sub="job")
        claims = verified(ci_secrets_issuer, token, "https://vault.example")
        assert claims["sub"] == "job"
        assert int(str(claims["exp"])) - int(str(claims["iat"])) == LIFETIME_SECONDS
        assert claims["nbf"] == claims["iat"]

    def test_every_jwt_is_another(self, ci_secrets_issuer: Issuer) -> None:
        """Each has its own `jti`."""
        assert ci_secrets_issuer.mint("a", sub="x") != ci_secrets_issuer.mint("a", sub="x")

    def test_claims_override_and_none_removes(self, ci_secrets_issuer: Issuer) -> None:
        """Times, issuer and audience can be anything, or be missing."""
        exp = int(time.time()) - 60
        token = ci_secrets_issuer.mint(None, exp=exp, nbf=None, iss="other")
        claims = jwt.decode(token, options={"verify_signature": False})
        assert (claims["exp"], claims["iss"]) == (exp, "other")
        assert not {"aud", "nbf"} & set(claims)


class TestRotation:
    """Keys that change."""

    def test_old_jwts_hold_until_their_key_is_retired(self, ci_secrets_issuer: Issuer) -> None:
        """`rotate` adds a key, `retire` withdraws the older ones."""
        old = ci_secrets_issuer.mint("a", sub="x")
        ci_secrets_issuer.rotate()
        new = ci_secrets_issuer.mint("a", sub="x")
        assert verified(ci_secrets_issuer, old, "a")
        assert verified(ci_secrets_issuer, new, "a")
        ci_secrets_issuer.retire()
        assert verified(ci_secrets_issuer, new, "a")
        with pytest.raises(KeyError):
            verified(ci_secrets_issuer, old, "a")

    def test_two_issuers_have_different_keys(self, ci_secrets_issuer: Issuer) -> None:
        """Keys are made per start."""
        with Issuer() as other:
            assert other.jwks() != ci_secrets_issuer.jwks()


class TestGithubEndpoint:
    """What `ACTIONS_ID_TOKEN_REQUEST_URL` is."""

    def ask(self, issuer: Issuer, token: str | None = None) -> httpx.Response:
        """One request as GitHub's toolkit makes it."""
        bearer = issuer.request_token if token is None else token
        headers = {"Authorization": f"Bearer {bearer}"}
        return httpx.get(f"{issuer.request_url}&audience=https%3A%2F%2Fv", headers=headers)

    def test_mints_for_the_audience_asked_for(self, ci_secrets_issuer: Issuer) -> None:
        """The value is a JWT with the job's claims, and the audience is remembered."""
        assert "?api-version=2.0" in ci_secrets_issuer.request_url
        ci_secrets_issuer.github = github_claims("shop/web")
        value = self.ask(ci_secrets_issuer).json()["value"]
        claims = verified(ci_secrets_issuer, value, "https://v")
        assert claims["repository"] == "shop/web"
        assert ci_secrets_issuer.minted == ["https://v"]

    def test_without_an_audience_takes_the_owner_s_url(self, ci_secrets_issuer: Issuer) -> None:
        """GitHub's default audience is the owner's page."""
        ci_secrets_issuer.github = github_claims("shop/web")
        headers = {"Authorization": f"Bearer {ci_secrets_issuer.request_token}"}
        value = httpx.get(ci_secrets_issuer.request_url, headers=headers).json()["value"]
        assert verified(ci_secrets_issuer, value, "https://github.com/shop")

    def test_refuses_a_stranger(self, ci_secrets_issuer: Issuer) -> None:
        """Another request token gets nothing."""
        assert self.ask(ci_secrets_issuer, "stranger").status_code == 401
        assert ci_secrets_issuer.minted == []

    def test_fails_on_demand(self, ci_secrets_issuer: Issuer) -> None:
        """Statuses are given in order, then it works again."""
        ci_secrets_issuer.refuse_next = [503, 429]
        statuses = [self.ask(ci_secrets_issuer).status_code for _ in range(3)]
        assert statuses == [503, 429, 200]

    def test_stalls_on_demand(self, ci_secrets_issuer: Issuer) -> None:
        """A caller with less patience than the stall gets nothing."""
        ci_secrets_issuer.stall_seconds = 30
        headers = {"Authorization": f"Bearer {ci_secrets_issuer.request_token}"}
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(ci_secrets_issuer.request_url, headers=headers, timeout=0.2)


class TestClaims:
    """The claim sets of the CI systems."""

    @pytest.mark.parametrize(
        ("settings", "sub"),
        [
            ({}, "repo:shop/web:ref:refs/heads/main"),
            ({"immutable": True}, "repo:shop@815/web@4711:ref:refs/heads/main"),
            ({"environment": "prod"}, "repo:shop/web:environment:prod"),
            ({"event_name": "pull_request"}, "repo:shop/web:pull_request"),
            (
                {"event_name": "pull_request", "environment": "prod", "immutable": True},
                "repo:shop@815/web@4711:environment:prod",
            ),
        ],
    )
    def test_github_s_subject(self, settings: dict[str, object], sub: str) -> None:
        """Both forms, for a ref, an environment and a pull request."""
        assert github_claims("shop/web", **settings)["sub"] == sub  # type: ignore[arg-type]

    def test_github_s_values_are_texts(self) -> None:
        """Ids and truth values are texts too."""
        claims = github_claims("shop/web", ref="refs/tags/v1", actor="mallory")
        assert {type(value) for value in claims.values()} == {str}
        assert (claims["ref_type"], claims["actor"]) == ("tag", "mallory")

    def test_gitlab_s_values_are_texts_where_gitlab_s_are(self) -> None:
        """`ref_protected` is "true", not true; only the runner's id is a number."""
        claims = gitlab_claims("group/sub/web", ref="v1", ref_type="tag", ref_protected=False)
        assert claims["sub"] == "project_path:group/sub/web:ref_type:tag:ref:v1"
        assert claims["namespace_path"] == "group/sub"
        assert (claims["ref_protected"], claims["ref_path"]) == ("false", "refs/tags/v1")
        assert [name for name, value in claims.items() if type(value) is not str] == ["runner_id"]

    def test_jenkins_s_subject_is_the_job(self) -> None:
        """The build number is a number."""
        claims = jenkins_claims("https://ci.example/job/web/", build_number=9)
        assert claims == {"sub": "https://ci.example/job/web/", "build_number": 9}
