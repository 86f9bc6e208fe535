"""Response wrapping: an answer kept for one reader, who shows a token for it."""

from dataclasses import dataclass, field
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine, Route
from ci_secrets.testing.vault.wire import (
    Clock,
    Json,
    Refusal,
    Request,
    Response,
    identifier,
    timestamp,
)

_INVALID = "wrapping token is not valid or does not exist"


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapped:
    """An answer that waits."""

    body: Json
    path: str
    ttl_seconds: int
    created_at: float


@dataclass(slots=True)
class Wrappings:
    """All answers that wait, by wrapping token."""

    clock: Clock
    _by_token: dict[str, Wrapped] = field(default_factory=dict)

    def wrap(self, body: Json, ttl_seconds: int, path: str) -> Response:
        """Keep `body`; the answer in its place holds only the wrapping token."""
        token, now = identifier("hvs.", 91), self.clock.now()
        kept = Wrapped(body=body, path=path, ttl_seconds=ttl_seconds, created_at=now)
        self._by_token[token] = kept
        info: Json = {
            "token": token,
            "accessor": identifier("", 24),
            "ttl": ttl_seconds,
            "creation_time": timestamp(now),
            "creation_path": path,
        }
        if body["auth"]:
            info["wrapped_accessor"] = body["auth"]["accessor"]
        elif body["data"] and "secret_id_accessor" in body["data"]:
            info["wrapped_accessor"] = body["data"]["secret_id_accessor"]
        return Response(wrap_info=info)

    def peek(self, token: str) -> Wrapped | None:
        """What is known of a wrapping token; it stays good."""
        kept = self._by_token.get(token)
        if kept is None or kept.created_at + kept.ttl_seconds <= self.clock.now():
            return None
        return kept

    def take(self, token: str) -> Wrapped | None:
        """The kept answer, once."""
        if self.peek(token) is None:
            return None
        return self._by_token.pop(token, None)


@dataclass(slots=True)
class WrappingPaths(Engine):
    """The `sys/wrapping/` paths. The wrapping token is the caller's, or stands in the body."""

    kind: ClassVar[str] = "system"

    def wrap(self, request: Request) -> Response:
        """Give the body back, wrapped."""
        if not request.wrap_ttl_seconds:
            raise Refusal(400, "endpoint requires response wrapping to be used")
        return Response(data=dict(request.body))

    def lookup(self, request: Request) -> Response:
        """Where a wrapped answer came from, without spending its token."""
        kept = self.core.wrappings.peek(str(request.body.get("token") or request.token_id))
        if kept is None:
            raise Refusal(400, _INVALID)
        return Response(
            data={
                "creation_path": kept.path,
                "creation_time": timestamp(kept.created_at),
                "creation_ttl": kept.ttl_seconds,
            }
        )

    def unwrap(self, request: Request) -> Response:
        """The wrapped answer, once."""
        token = request.token_id
        if request.body.get("token"):
            token = str(request.body["token"])
            self.core.authorize(request, self.core.authenticate(request), self, None)
        if not token:
            raise Refusal(403, "error validating wrapping token: token is empty")
        kept = self.core.wrappings.take(token)
        if kept is None:
            raise Refusal(400, _INVALID)
        return Response(data=kept.body, bare=True)

    routes: ClassVar[tuple[Route, ...]] = (
        Route("wrap", {"write": wrap}),
        Route("lookup", {"write": lookup, "read": lookup}, open=True),
        Route("unwrap", {"write": unwrap}, open=True),
    )
