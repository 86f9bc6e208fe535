"""An OIDC issuer on loopback: discovery, keys that rotate, JWTs of any claims, GitHub's endpoint.

with Issuer() as issuer:
    token = issuer.mint("https://vault.example", **github_claims())
"""

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from ci_secrets.testing.loopback import Handler, Loopback

LIFETIME_SECONDS: Final = 3600
"""Of a JWT where nothing else is asked for: as long as GitLab's, whose jobs end in an hour."""
_TOKEN_PATH: Final = "/_apis/token"  # noqa: S105  # a path, not a password


@dataclass(frozen=True, kw_only=True, slots=True)
class _Key:
    kid: str
    private: rsa.RSAPrivateKey

    @classmethod
    def new(cls) -> Self:
        return cls(
            kid=secrets.token_hex(8),
            private=rsa.generate_private_key(public_exponent=65537, key_size=2048),
        )

    def jwk(self) -> dict[str, Any]:
        public = jwt.algorithms.RSAAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "use": "sig", "alg": "RS256"}


class Issuer:
    """A context manager: an issuer at `url` whose RSA keys live as long as the block.

    It plays GitHub's token endpoint too (`request_url`, `request_token`) with the claims in
    `github`; `refuse_next` and `stall_seconds` make that endpoint fail.
    """

    def __init__(self) -> None:
        self._keys = [_Key.new()]
        self._server = Loopback(_IssuerHandler, self)
        self.url = self._server.url
        self.request_token = secrets.token_urlsafe(24)
        self.request_url = f"{self.url}{_TOKEN_PATH}?api-version=2.0"
        """It has a query already, as GitHub's has."""
        self.github: Mapping[str, Any] = {}
        """Claims of what the endpoint mints; `ci_environment("github", …)` sets them."""
        self.refuse_next: list[int] = []
        """Statuses that the endpoint answers next, one a call, before it mints again."""
        self.stall_seconds = 0.0
        """How long the endpoint keeps a caller waiting."""
        self.minted: list[str] = []
        """Audiences that the endpoint was asked for, in order."""
        self.stopping = threading.Event()

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self._server.stop()

    def mint(self, audience: str | list[str] | None, **claims: Any) -> str:  # noqa: ANN401
        """A signed JWT. `claims` add to and override iss, iat, nbf, exp and jti; `None` removes.

        An `audience` of `None` makes a JWT without one.
        """
        now = int(time.time())
        standard = {"iss": self.url, "aud": audience, "iat": now, "nbf": now}
        lifetime = {"exp": now + LIFETIME_SECONDS, "jti": secrets.token_hex(16)}
        payload = {**standard, **lifetime, **claims}
        payload = {name: value for name, value in payload.items() if value is not None}
        key = self._keys[-1]
        return jwt.encode(payload, key.private, algorithm="RS256", headers={"kid": key.kid})

    def rotate(self) -> None:
        """Sign with a new key from now on; JWTs of the old ones stay verifiable."""
        self._keys.append(_Key.new())

    def retire(self) -> None:
        """Publish only the newest key: JWTs of older ones can be verified no longer."""
        del self._keys[:-1]

    def public_keys(self) -> list[str]:
        """The published keys as PEM, for `jwt_validation_pubkeys`."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        return [
            key.private.public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
            .decode()
            for key in self._keys
        ]

    def jwks(self) -> dict[str, Any]:
        """The document behind `jwks_uri`."""
        return {"keys": [key.jwk() for key in self._keys]}

    def discovery(self) -> dict[str, Any]:
        """The document at `/.well-known/openid-configuration`."""
        return {
            "issuer": self.url,
            "jwks_uri": f"{self.url}/.well-known/jwks",
            "response_types_supported": ["id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }


class _IssuerHandler(Handler[Issuer]):
    def do_GET(self) -> None:  # noqa: N802  # http.server's name
        issuer = self.app
        url = urlsplit(self.path)
        match url.path:
            case "/.well-known/openid-configuration":
                self.reply(200, issuer.discovery())
            case "/.well-known/jwks":
                self.reply(200, issuer.jwks())
            case path if path == _TOKEN_PATH:
                self._token(parse_qs(url.query))
            case _:
                self.reply(404, {"message": "not found"})

    def _token(self, query: dict[str, list[str]]) -> None:
        issuer = self.app
        issuer.stopping.wait(issuer.stall_seconds)
        if issuer.refuse_next:
            self.reply(issuer.refuse_next.pop(0), {"message": "injected"})
        elif self.headers.get("Authorization") != f"Bearer {issuer.request_token}":
            self.reply(401, {"message": "the request token is not this job's"})
        else:
            # NOTE: without an audience GitHub takes the URL of the repository's owner.
            default = f"https://github.com/{issuer.github.get('repository_owner', 'shop')}"
            audience = query.get("audience", [default])[0]
            issuer.minted.append(audience)
            self.reply(200, {"value": issuer.mint(audience, **issuer.github)})
