"""What was read from a file, each value with its place, so that every message can say where."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from ci_secrets.errors import ConfigError

Scalar = None | bool | int | float | str


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where in a file something stands; lines and columns are 1-based and count characters."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def error(self, what: str, *, cause: str = "", fix: str = "") -> ConfigError:
        """The error to raise for what stands here."""
        return ConfigError(f"{self}: {what}", cause=cause, fix=fix)

    @contextmanager
    def blame(self) -> Iterator[None]:
        """Put this place in front of a `ConfigError` that knows none."""
        try:
            yield
        except ConfigError as failure:
            raise self.error(failure.what, cause=failure.cause, fix=failure.fix) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """One value of the file: a scalar, a tuple of nodes, or a mapping of nodes."""

    place: Place
    value: "Scalar | tuple[Node, ...] | dict[str, Node]"
    keys: dict[str, Place] = field(default_factory=dict)
    """Where the keys of a mapping stand."""

    def plain(self) -> Any:  # noqa: ANN401  # a JSON value
        """The value as JSON types."""
        match self.value:
            case dict() as entries:
                return {key: node.plain() for key, node in entries.items()}
            case tuple() as items:
                return [node.plain() for node in items]
            case scalar:
                return scalar
