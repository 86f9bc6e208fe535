"""Where the `jwt` method gets its keys from, and the check of a signature with them."""

from collections.abc import Iterator
from typing import Any, Final

from ci_secrets.testing.vault.wire import Json, Refusal, key_list

ALGORITHMS: Final = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "EdDSA"]
_FETCH_SECONDS: Final = 60


class Keys:
    """One source of keys. Those of a URL are kept, and fetched again for a JWT they do not fit.

    So a key that its issuer withdrew stays good until a JWT of a newer key comes by, as with
    Vault.
    """

    def __init__(
        self,
        *,
        jwks_url: str = "",
        oidc_discovery_url: str = "",
        jwt_validation_pubkeys: str | list[str] = "",
    ) -> None:
        self._jwks_url = jwks_url
        self._discovery_url = oidc_discovery_url
        self._pems = key_list(jwt_validation_pubkeys)
        self._fetched: list[Any] = []

    def verify(self, token: str) -> Json:
        """The claims of a JWT that one of the keys signed; times and audience are not looked at.

        Raises `jwt.PyJWTError`, or a 400 where the keys cannot be had.
        """
        import jwt

        kid = jwt.get_unverified_header(token).get("kid")
        for keys in self._sources():
            for key in keys:
                if kid is None or getattr(key, "key_id", kid) == kid:
                    try:
                        return _decode(token, getattr(key, "key", key))
                    except jwt.InvalidSignatureError:
                        continue
        raise jwt.InvalidSignatureError

    def _sources(self) -> Iterator[list[Any]]:
        if self._pems:
            yield list(self._pems)
            return
        yield self._fetched
        self._fetched = self._fetch()
        yield self._fetched

    def _fetch(self) -> list[Any]:
        import jwt

        url = self._jwks_url
        if not url:
            url = _get(f"{self._discovery_url}/.well-known/openid-configuration")["jwks_uri"]
        return list(jwt.PyJWKSet.from_dict(_get(url)).keys)


def _decode(token: str, key: Any) -> Json:  # noqa: ANN401  # PEM, or what PyJWT made of a JWK
    import jwt
    from jwt.types import Options

    # The rest is checked elsewhere: by the server's clock, and in Vault's words.
    checks: Options = {
        "verify_aud": False,
        "verify_exp": False,
        "verify_iat": False,
        "verify_nbf": False,
        "verify_sub": False,
        "verify_jti": False,
    }
    claims: Json = jwt.decode(token, key, algorithms=ALGORITHMS, options=checks)
    return claims


def _get(url: str) -> Json:
    import httpx

    try:
        document: Json = httpx.get(url, timeout=_FETCH_SECONDS, trust_env=False).json()
    except (httpx.HTTPError, ValueError):
        words = "keyset configuration error: the issuer gave no document"
        raise Refusal(400, f"error configuring token validator: {words}") from None
    return document
