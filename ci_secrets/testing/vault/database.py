"""The `database` engine."""

from dataclasses import dataclass
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine


@dataclass(slots=True)
class Database(Engine):
    """One mount of it."""

    kind: ClassVar[str] = "database"
