"""The way of a request through the development server: who asks, may they, who answers."""

from typing import Final, Literal

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.leases import Leases
from ci_secrets.testing.vault.policies import Policies
from ci_secrets.testing.vault.tokens import Token, Tokens
from ci_secrets.testing.vault.wire import (
    Clock,
    Json,
    Refusal,
    Request,
    Response,
    denied,
    several,
)
from ci_secrets.testing.vault.wrapping import Wrappings

Flavour = Literal["vault", "openbao"]
_NEEDS: Final = {"read": "read", "list": "list", "delete": "delete"}
_LAST_USE: Final = (
    "Secret cannot be returned; token had one use left, "
    "so leased credentials were immediately revoked."
)


class Core:
    """The server without its HTTP: mounts, tokens, leases, policies, and `answer`."""

    def __init__(self, flavour: Flavour) -> None:
        self.flavour = flavour
        self.clock = Clock()
        self.policies = Policies()
        self.leases = Leases(self.clock)
        self.tokens = Tokens(self.clock, ended=self._token_ended)
        self.wrappings = Wrappings(self.clock)
        self.mounts: dict[str, Engine] = {}

    def _token_ended(self, token: Token) -> None:
        self.leases.queue_of_token(token.id)

    def mount_of(self, path: str) -> Engine | None:
        """The engine with the longest mount that this path begins with."""
        fitting = [mount for mount in list(self.mounts) if path.startswith(mount)]
        return self.mounts[max(fitting, key=len)] if fitting else None

    def sweep(self) -> None:
        """End what is over by the clock."""
        self.tokens.sweep()
        self.leases.sweep()

    def answer(self, request: Request) -> tuple[int, Json | None]:
        """Status and body, in Vault's own words. Never raises `Refusal`."""
        self.sweep()
        try:
            engine = self.mount_of(request.path)
            response = self._admitted(request, engine)
        except Refusal as refusal:
            return refusal.status, {"errors": list(refusal.errors)}
        if response is None:
            return 204, None
        if response.bare:
            return response.status, response.data
        silent = request.token is None or response.status >= 400 or response.wrap_info
        shown = "" if engine is None or silent else engine.kind
        return response.status, response.envelope(shown)

    def _admitted(self, request: Request, engine: Engine | None) -> Response | None:
        route = engine.route(request.path) if engine else None
        if route is not None and route.open:
            return self._dispatch(request, engine)
        token = self.authenticate(request)
        try:
            self.authorize(request, token, engine, route)
            response = self._dispatch(request, engine)
            if token.uses_left < 0 and response is not None and response.lease_id:
                raise Refusal(400, _LAST_USE)
            return response
        finally:
            if token.uses_left < 0:
                self.tokens.revoke(token)

    def authenticate(self, request: Request) -> Token:
        """Who asks, with one use spent. Raises a 403."""
        if not request.token_id:
            raise Refusal(403, "permission denied")
        token = self.tokens.find(request.token_id)
        if token is None and self.wrappings.take(request.token_id):
            raise denied()  # it was good for unwrapping only, and is spent now
        if token is None or not self.tokens.spend(token):
            raise self.bad_token()
        if not token.settings.admits(request.remote):
            raise Refusal(403, "permission denied")
        request.token = token
        return token

    def bad_token(self) -> Refusal:
        """The refusal of a token that is not alive; OpenBao does not say which it was."""
        if self.flavour == "openbao":
            return denied()
        return several(403, "permission denied", "invalid token")

    def authorize(
        self, request: Request, token: Token, engine: Engine | None, route: Route | None
    ) -> None:
        """Whether the policies allow it. Raises a 403."""
        granted = self.capabilities(token, request.path)
        if "root" in granted:
            return
        if request.operation == "write":
            wanted = "update" if engine is None or engine.exists(request) else "create"
        else:
            wanted = _NEEDS[request.operation]
        if wanted not in granted or (route is not None and route.sudo and "sudo" not in granted):
            raise denied()

    def capabilities(self, token: Token, path: str) -> frozenset[str]:
        """What a token may do on a path; a listing may be asked for without its last slash."""
        granted = self.policies.capabilities(token.policies, path)
        if not granted and path.endswith("/"):
            granted = self.policies.capabilities(token.policies, path.rstrip("/"))
        return granted

    def _dispatch(self, request: Request, engine: Engine | None) -> Response | None:
        if engine is None:
            words = f'no handler for route "{request.path}". route entry not found.'
            raise Refusal(404, words)
        response = engine.handle(request)
        if response is not None and request.wrap_ttl_seconds and response.status < 400:
            body = response.envelope(engine.kind)
            return self.wrappings.wrap(body, request.wrap_ttl_seconds, request.path)
        return response
