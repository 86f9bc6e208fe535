"""The `auth/token/` paths: tokens made by tokens, looked up, renewed and revoked."""

from dataclasses import dataclass
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.tokens import Token, TokenSettings
from ci_secrets.testing.vault.wire import (
    Refusal,
    Request,
    Response,
    seconds,
    several,
    texts,
)


@dataclass(slots=True)
class TokenAuth(Engine):
    """The mount that is always there."""

    kind: ClassVar[str] = "token"

    def create(self, request: Request) -> Response:
        """A child of the caller, with a subset of its policies (root: any)."""
        body, parent = request.body, request.caller
        if parent.kind == "batch":
            raise Refusal(400, "batch tokens cannot create more tokens")
        wanted = texts(body.get("policies")) or [p for p in parent.policies if p != "default"]
        root = "root" in parent.policies
        if not root and not set(wanted) <= set(parent.policies):
            raise Refusal(400, "child policies must be subset of parent")
        if (body.get("no_parent") or body.get("id")) and not root:
            raise Refusal(400, "root or sudo privileges required to create orphan token")
        settings = TokenSettings(
            policies=tuple(wanted),
            ttl_seconds=seconds(body.get("ttl")),
            explicit_max_ttl_seconds=seconds(body.get("explicit_max_ttl")),
            period_seconds=seconds(body.get("period")),
            kind="batch" if body.get("type") == "batch" else "service",
            num_uses=int(body.get("num_uses") or 0),
            no_default_policy=bool(body.get("no_default_policy"))
            or wanted == ["root"]
            or not (root or "default" in parent.policies),
        )
        token = self.core.tokens.issue(
            settings,
            path=request.path,
            display_name="-".join(filter(None, ["token", str(body.get("display_name") or "")])),
            meta=body.get("meta") or None,
            parent=None if body.get("no_parent") else parent,
            renewable=body.get("renewable", True) is not False,
        )
        missing = [name for name in token.policies if not self._known(name)]
        return Response(
            auth=token.auth(self.core.clock.now()),
            warnings=[f'Policy "{name}" does not exist' for name in missing],
        )

    def _known(self, policy: str) -> bool:
        return policy == "root" or policy in self.core.policies.texts

    def lookup_self(self, request: Request) -> Response:
        """What the caller is."""
        return Response(data=request.caller.lookup(self.core.clock.now()))

    def lookup(self, request: Request) -> Response:
        """What a token is; the caller where none is named."""
        token = self._named(request) if request.body.get("token") else request.caller
        return Response(data=token.lookup(self.core.clock.now()))

    def lookup_accessor(self, request: Request) -> Response:
        """What the token of an accessor is, without the token."""
        token = self._of_accessor(request)
        if token is None:
            raise several(400, "invalid accessor")
        return Response(data=token.lookup(self.core.clock.now(), with_id=False))

    def renew_self(self, request: Request) -> Response:
        """Move the caller's end."""
        return self._renew(request, request.caller)

    def renew(self, request: Request) -> Response:
        """Move a token's end."""
        return self._renew(request, self._named(request))

    def _renew(self, request: Request, token: Token) -> Response:
        if token.kind == "batch":
            raise Refusal(400, "batch tokens cannot be renewed")
        if not token.renewable:
            raise several(400, "lease is not renewable")
        warnings = self.core.tokens.renew(token, seconds(request.body.get("increment")))
        return Response(auth=token.auth(self.core.clock.now()), warnings=warnings)

    def revoke_self(self, request: Request) -> None:
        """End the caller, its children and leases."""
        if request.caller.kind == "batch":
            raise Refusal(400, "batch tokens cannot be revoked")
        self.core.tokens.revoke(request.caller)

    def revoke(self, request: Request) -> None:
        """End a token; one that is not there counts as ended."""
        token = self.core.tokens.find(request.need("token", "missing token ID"))
        if token is not None:
            if token.kind == "batch":
                raise Refusal(400, "batch tokens cannot be revoked")
            self.core.tokens.revoke(token)

    def revoke_accessor(self, request: Request) -> Response | None:
        """End the token of an accessor."""
        token = self._of_accessor(request)
        if token is None:
            return Response(warnings=["No token found with this accessor"])
        self.core.tokens.revoke(token)
        return None

    def _named(self, request: Request) -> Token:
        token = self.core.tokens.find(request.need("token", "missing token ID"))
        if token is None:
            raise Refusal(403, "bad token")
        return token

    def _of_accessor(self, request: Request) -> Token | None:
        return self.core.tokens.find_accessor(request.need("accessor", "missing accessor"))

    routes: ClassVar[tuple[Route, ...]] = (
        Route("create", {"write": create}),
        Route("lookup-self", {"read": lookup_self, "write": lookup_self}),
        Route("lookup", {"write": lookup, "read": lookup}),
        Route("lookup-accessor", {"write": lookup_accessor}),
        Route("renew-self", {"write": renew_self}),
        Route("renew", {"write": renew}),
        Route("revoke-self", {"write": revoke_self}),
        Route("revoke", {"write": revoke}),
        Route("revoke-accessor", {"write": revoke_accessor}),
    )
