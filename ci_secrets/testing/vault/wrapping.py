"""Response wrapping: an answer kept for one reader, who shows a token for it."""

from dataclasses import dataclass, field

from ci_secrets.testing.vault.wire import Clock, Json, Response, identifier, timestamp


@dataclass(frozen=True, kw_only=True, slots=True)
class Wrapped:
    """An answer that waits."""

    body: Json
    path: str
    ttl_seconds: int
    created_at: float
    accessor: str


@dataclass(slots=True)
class Wrappings:
    """All answers that wait, by wrapping token."""

    clock: Clock
    _by_token: dict[str, Wrapped] = field(default_factory=dict)

    def wrap(self, body: Json, ttl_seconds: int, path: str) -> Response:
        """Keep `body`; the answer in its place holds only the wrapping token."""
        token = identifier("hvs.", 91)
        now = self.clock.now()
        kept = Wrapped(
            body=body,
            path=path,
            ttl_seconds=ttl_seconds,
            created_at=now,
            accessor=identifier("", 24),
        )
        self._by_token[token] = kept
        info: Json = {
            "token": token,
            "accessor": kept.accessor,
            "ttl": ttl_seconds,
            "creation_time": timestamp(now),
            "creation_path": path,
        }
        if body["auth"]:
            info["wrapped_accessor"] = body["auth"]["accessor"]
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
