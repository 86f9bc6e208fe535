"""The `approle` auth method."""

from dataclasses import dataclass
from typing import ClassVar

from ci_secrets.testing.vault.engine import Engine


@dataclass(slots=True)
class AppRole(Engine):
    """One mount of it."""

    kind: ClassVar[str] = "approle"
