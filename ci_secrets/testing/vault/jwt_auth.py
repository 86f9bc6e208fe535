"""The `jwt` auth method: a JWT of a trusted issuer, and a role that it fits, make a token."""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.jwt_claims import (
    check_bound_claims,
    check_claims,
    check_role,
    mapped,
)
from ci_secrets.testing.vault.jwt_keys import Keys
from ci_secrets.testing.vault.tokens import TokenSettings, in_seconds
from ci_secrets.testing.vault.wire import (
    Json,
    Refusal,
    Request,
    Response,
    not_found,
)

_SOURCES: Final = ("jwks_url", "oidc_discovery_url", "jwt_validation_pubkeys")
_FAILED: Final = "error validating token"


@dataclass(slots=True)
class JwtAuth(Engine):
    """One mount of it, with its configuration and roles."""

    kind: ClassVar[str] = "jwt"
    _config: Json = field(default_factory=dict)
    _keys: Keys = field(default_factory=Keys)
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
        self._keys = Keys(**{sources[0]: request.body[sources[0]]})
        self._config = dict(request.body)

    def read_config(self, request: Request) -> Response:
        """The configuration."""
        return Response(data=dict(self._config))

    def write_role(self, request: Request, name: str) -> None:
        """Add or change a role; the refusals are Vault's."""
        role = in_seconds({**self._roles.get(name, {}), **request.body})
        if role.get("role_type", "jwt") != "jwt":
            raise Refusal(400, "this server knows no role_type but jwt")
        TokenSettings.of_role(role)
        check_role(role)
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
        user = _user(claims, role["user_claim"])
        check_bound_claims(claims, role)
        if not settings.admits(request.remote):
            raise Refusal(403, "permission denied")
        token = self.core.tokens.issue(
            settings,
            path=request.path,
            display_name=f"{self.mount.removeprefix('auth/').rstrip('/')}-{user}",
            meta={"role": str(name)} | mapped(claims, role),
        )
        return Response(auth=token.auth(self.core.clock.now()))

    def _verified(self, token: str, role: Json) -> Json:
        """The claims, once signature, issuer, times, audience and subject hold."""
        import jwt

        try:
            claims = self._keys.verify(token)
        except jwt.PyJWTError:
            words = "error verifying token signature: failed to verify id token signature"
            raise Refusal(400, f"{_FAILED}: {words}") from None
        issuer = self._config.get("bound_issuer")
        if issuer and claims.get("iss") != issuer:
            raise Refusal(400, f"{_FAILED}: invalid issuer (iss) claim")
        check_claims(claims, role, self.core.clock.now())
        return claims

    routes: ClassVar[tuple[Route, ...]] = (
        Route("login", {"write": login}, open=True),
        Route("config", {"write": write_config, "read": read_config}),
        Route("role/?", {"list": list_roles}),
        Route(
            "role/(?P<name>[^/]+)",
            {"write": write_role, "read": read_role, "delete": delete_role},
        ),
    )


def _user(claims: Json, name: str) -> str:
    user = claims.get(name)
    if user is None:
        raise Refusal(400, f'claim "{name}" not found in token')
    if not isinstance(user, str):
        raise Refusal(400, f'claim "{name}" could not be converted to string')
    return user
