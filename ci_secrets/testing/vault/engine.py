"""What can be mounted, and the table by which each engine finds its handlers."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from ci_secrets.testing.vault.wire import Json, Operation, Request, Response, identifier, several

if TYPE_CHECKING:
    from ci_secrets.testing.vault.core import Core

Handler = Callable[..., Response | None]
"""A method of the engine: (self, request, **groups of the pattern); `None` answers 204."""


@dataclass(frozen=True, slots=True)
class Route:
    """One row: what the rest of a path looks like, and who answers which operation."""

    pattern: str
    handlers: Mapping[Operation, Handler]
    open: bool = False
    """Whether it is answered without a token, such as a login."""
    sudo: bool = False

    def match(self, rest: str) -> dict[str, str] | None:
        """The groups of the pattern, or `None`."""
        found = re.fullmatch(self.pattern, rest)
        return found.groupdict() if found else None


@dataclass(slots=True)
class Engine:
    """Something at a mount. Subclasses give `kind` and `routes`."""

    kind: ClassVar[str]
    routes: ClassVar[tuple[Route, ...]] = ()

    core: "Core"
    mount: str
    """With its trailing slash; of an auth method it begins with `auth/`."""
    options: Json | None = None
    accessor: str = field(init=False)

    def __post_init__(self) -> None:
        self.accessor = identifier(f"{self.kind}_", 8).lower()

    def route(self, path: str) -> Route | None:
        """The row for a full path."""
        rest = path[len(self.mount) :]
        return next((row for row in self.routes if row.match(rest) is not None), None)

    def handle(self, request: Request) -> Response | None:
        """Answer, or raise `Refusal` as Vault does for paths that an engine does not know."""
        row = self.route(request.path)
        if row is None:
            raise several(404, "unsupported path")
        handler = row.handlers.get(request.operation)
        if handler is None:
            raise several(405, "unsupported operation")
        return handler(self, request, **(row.match(request.path[len(self.mount) :]) or {}))

    def exists(self, request: Request) -> bool:
        """Whether a write would change something: it needs `update` then, else `create`."""
        return True

    def describe(self) -> Json:
        """As `sys/mounts` shows it."""
        config = {"default_lease_ttl": 0, "force_no_cache": False, "max_lease_ttl": 0}
        return {
            "accessor": self.accessor,
            "config": config,
            "description": "",
            "local": False,
            "options": self.options,
            "seal_wrap": False,
            "type": self.kind,
        }


def integers(value: object) -> list[int]:
    """Version numbers out of a body."""
    items: list[Any] = value if isinstance(value, list) else []
    return [int(item) for item in items]
