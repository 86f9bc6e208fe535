"""The `jwt` auth method: a JWT of a trusted issuer, and a role that it fits, make a token."""

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.tokens import TokenSettings
from ci_secrets.testing.vault.wire import (
    Json,
    Refusal,
    Request,
    Response,
    not_found,
    seconds,
    texts,
)

_SOURCES: Final = ("jwks_url", "oidc_discovery_url", "jwt_validation_pubkeys")
_ALGORITHMS: Final = ["RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "EdDSA"]
_CLOCK_LEEWAY: Final = 60
_VALIDITY_LEEWAY: Final = 150
"""Seconds. Source: hashicorp/cap `jwt` and vault-plugin-auth-jwt `claims.go`: the defaults."""


@dataclass(slots=True)
class JwtAuth(Engine):
    """One mount of it, with its configuration and roles."""

    kind: ClassVar[str] = "jwt"
    _config: Json = field(default_factory=dict)
    _roles: dict[str, Json] = field(default_factory=dict)

    def write_config(self, request: Request) -> None:
        """Whom to trust: exactly one source of keys."""
        sources = [name for name in _SOURCES if request.body.get(name)]
        if len(sources) != 1:
            raise Refusal(
                400,
                "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs' or "
                "'oidc_discovery_url' must be set",
            )
        self._config = dict(request.body)

    def read_config(self, request: Request) -> Response:
        """The configuration."""
        return Response(data=dict(self._config))

    def write_role(self, request: Request, name: str) -> None:
        """Add or change a role; the refusals are Vault's."""
        role = {**self._roles.get(name, {}), **request.body}
        if role.get("role_type", "jwt") != "jwt":
            raise Refusal(400, "this server knows no role_type but jwt")
        TokenSettings.of_role(role)
        if not role.get("user_claim"):
            raise Refusal(400, "a user claim must be defined on the role")
        bounds = ("bound_audiences", "bound_subject", "bound_claims", "token_bound_cidrs")
        if not any(role.get(bound) for bound in bounds):
            raise Refusal(
                400,
                "must have at least one bound constraint when creating/updating a role",
            )
        self._roles[name] = role

    def read_role(self, request: Request, name: str) -> Response:
        """A role's settings."""
        if name not in self._roles:
            raise not_found()
        return Response(data=dict(self._roles[name]))

    def delete_role(self, request: Request, name: str) -> None:
        """Forget a role."""
        self._roles.pop(name, None)

    def list_roles(self, request: Request) -> Response:
        """The names of all roles."""
        if not self._roles:
            raise not_found()
        return Response(data={"keys": sorted(self._roles)})

    def login(self, request: Request) -> Response:
        """Trade a JWT for a token."""
        name = request.body.get("role") or self._config.get("default_role")
        if not name:
            raise Refusal(400, "missing role")
        role = self._roles.get(str(name))
        if role is None:
            raise Refusal(400, f'role "{name}" could not be found')
        settings = TokenSettings.of_role(role)
        claims = self._verified(request.need("jwt", "missing token"), role)
        _check_bounds(claims, role)
        user = claims.get(role["user_claim"])
        if not isinstance(user, str):
            raise Refusal(400, f'claim "{role["user_claim"]}" could not be converted to string')
        token = self.core.tokens.issue(
            settings,
            path=request.path,
            display_name=f"{self.mount.removeprefix('auth/').rstrip('/')}-{user}",
            meta={"role": str(name)} | _mapped(claims, role),
        )
        return Response(auth=token.auth(self.core.clock.now()))

    def _verified(self, token: str, role: Json) -> Json:
        """The claims, once signature, issuer and times hold."""
        import jwt

        try:
            claims: Json = jwt.decode(
                token,
                self._key(token),
                algorithms=_ALGORITHMS,
                # The rest is checked below: by this server's clock, and in Vault's words.
                options={"verify_aud": False, "verify_exp": False, "verify_iat": False}
                | {"verify_nbf": False},
            )
        except jwt.PyJWTError:
            raise Refusal(400, f"{_FAILED}: failed to verify id token signature") from None
        issuer = self._config.get("bound_issuer") or self._config.get("oidc_discovery_url")
        if issuer and claims.get("iss") != issuer:
            raise Refusal(400, f"{_FAILED}: invalid issuer (iss) claim")
        _check_times(claims, role, self.core.clock.now())
        return claims

    def _key(self, token: str) -> Any:  # noqa: ANN401  # a key, or a list of none
        import jwt

        if pems := texts_of_keys(self._config.get("jwt_validation_pubkeys")):
            return _fitting_pem(token, pems)
        url = self._config.get("jwks_url")
        if not url:
            url = _fetch(f"{self._config['oidc_discovery_url']}/.well-known/openid-configuration")[
                "jwks_uri"
            ]
        kid = jwt.get_unverified_header(token).get("kid")
        for key in jwt.PyJWKSet.from_dict(_fetch(url)).keys:
            if key.key_id == kid:
                return key.key
        raise jwt.InvalidKeyError

    routes: ClassVar[tuple[Route, ...]] = (
        Route("login", {"write": login}, open=True),
        Route("config", {"write": write_config, "read": read_config}),
        Route("role/?", {"list": list_roles}),
        Route(
            "role/(?P<name>[^/]+)",
            {"write": write_role, "read": read_role, "delete": delete_role},
        ),
    )


_FAILED: Final = "error validating token"


def texts_of_keys(value: object) -> list[str]:
    """PEM keys, given as one text or as a list."""
    return [str(item) for item in value] if isinstance(value, list) else [str(value)] * bool(value)


def _fitting_pem(token: str, pems: list[str]) -> str:
    import jwt

    for pem in pems:
        try:
            jwt.decode(token, pem, algorithms=_ALGORITHMS, options={"verify_aud": False})
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError:
            return pem
        return pem
    raise jwt.InvalidSignatureError


def _fetch(url: str) -> Json:
    import httpx

    document: Json = httpx.get(url, timeout=5, trust_env=False).json()
    return document


def _check_times(claims: Json, role: Json, now: float) -> None:
    """Vault's rules: a JWT needs one of iat, nbf, exp; what is missing follows from the rest."""
    issued, start, end = (float(claims.get(name) or 0) for name in ("iat", "nbf", "exp"))
    if not (issued or start or end):
        raise Refusal(400, f"{_FAILED}: no issue time, expiration or not before in token")
    clock = _leeway(role, "clock_skew_leeway", _CLOCK_LEEWAY)
    if not end:
        end = max(issued, start) + _leeway(role, "expiration_leeway", _VALIDITY_LEEWAY)
    if not start:
        start = issued or end - _leeway(role, "not_before_leeway", _VALIDITY_LEEWAY)
    if now > end + clock:
        raise Refusal(400, f"{_FAILED}: invalid expiration time (exp) claim: token is expired")
    if now < start - clock:
        raise Refusal(400, f"{_FAILED}: invalid not before (nbf) claim: token not yet valid")
    if issued and now < issued - clock:
        raise Refusal(400, f"{_FAILED}: invalid issued at (iat) claim: token issued in the future")


def _leeway(role: Json, name: str, default: int) -> int:
    """Seconds; a negative setting means none."""
    value = seconds(role.get(name)) or default
    return max(0, value)


def _check_bounds(claims: Json, role: Json) -> None:
    audiences = texts_of_keys(claims.get("aud"))
    allowed = texts(role.get("bound_audiences"))
    if audiences and not allowed:
        raise Refusal(
            400, f"{_FAILED}: audience claim found in JWT but no audiences bound to the role"
        )
    if allowed and not set(audiences) & set(allowed):
        raise Refusal(
            400, f"{_FAILED}: invalid audience (aud) claim: audience claim does not match any bound"
        )
    subject = role.get("bound_subject")
    if subject and claims.get("sub") != subject:
        raise Refusal(400, f"{_FAILED}: invalid subject (sub) claim")
    glob = role.get("bound_claims_type") == "glob"
    for name, expected in (role.get("bound_claims") or {}).items():
        value = _claim(claims, name)
        if value is None:
            raise Refusal(400, f'claim "{name}" is missing')
        values = value if isinstance(value, list) else [value]
        wanted = expected if isinstance(expected, list) else [expected]
        if not any(_fits(one, want, glob=glob) for one in values for want in wanted):
            raise Refusal(400, f'claim "{name}" does not match any associated bound claim values')


def _claim(claims: Json, name: str) -> object:
    """A claim by its name, or by a JSON pointer."""
    if not name.startswith("/"):
        return claims.get(name)
    value: Any = claims
    for step in name[1:].split("/"):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _fits(value: object, wanted: object, *, glob: bool) -> bool:
    """Same type, same value; a glob's `*` crosses `/` and `:`."""
    if glob and isinstance(value, str) and isinstance(wanted, str):
        pattern = ".*".join(re.escape(part) for part in wanted.split("*"))
        return re.fullmatch(pattern, value, re.DOTALL) is not None
    return type(value) is type(wanted) and value == wanted


def _mapped(claims: Json, role: Json) -> dict[str, str]:
    """Token metadata out of `claim_mappings`."""
    mappings = role.get("claim_mappings") or {}
    found = {target: _claim(claims, source) for source, target in mappings.items()}
    return {target: value for target, value in found.items() if isinstance(value, str)}
