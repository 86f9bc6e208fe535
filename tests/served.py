"""What the stubs of CI systems' APIs have in common: they are served on loopback, and count."""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

from ci_secrets.testing.loopback import Handler, Loopback


@dataclass(kw_only=True, slots=True)
class Served:
    """A context manager: an API at `url`, for whoever has its token."""

    handler: ClassVar[type[Handler[Any]]]

    asked: list[str] = field(default_factory=list)
    """Paths, in order."""
    _server: Loopback | None = None

    def __enter__(self) -> Self:
        self._server = Loopback(self.handler, self)
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.stop()

    @property
    def url(self) -> str:
        """Where it answers."""
        assert self._server is not None
        return self._server.url
