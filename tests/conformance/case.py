"""What a case declares: a story, and what must be seen of it at each door."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import yaml

DoorName = Literal["github", "gitlab", "jenkins"]
FOLDER: Final = Path(__file__).parent
CHECKOUT: Final = FOLDER / "checkout"
"""What each job finds in its checkout, unless its case has a file of that name."""
PIPELINES: Final[Mapping[DoorName, str]] = {
    "github": "workflow.yml",
    "gitlab": ".gitlab-ci.yml",
    "jenkins": "step.sh",
}
DECLARATION: Final = "case.yaml"


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One story at one door."""

    name: str
    door: DoorName
    story: str
    says: tuple[str, ...]
    """What the log holds."""
    exit: int | None = None
    """Of what deployed: 0, or the code that failed its job. One that is cancelled has none."""
    given: frozenset[str] = frozenset()
    """What the program had; none where it must not have started."""
    found: frozenset[str] = frozenset()
    """All that a scan of the whole log may find: `NAME as form of form`."""
    identity: bool = True
    """Whether the job may have an ID token."""
    cancel: bool = False
    """Cancelled once its program has what it needs."""
    own_store: bool = False
    """A store for this story alone, which its program ends; what was open there stays so."""
    programs: int = 1
    """How many programs are given something, each a database user of its own."""
    parts: tuple[str, ...] = ("",)
    """Jobs that run at once, by the variable PART."""
    because: str = ""
    """Why this door sees something else than the others."""

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return FOLDER / self.name

    @property
    def pipeline(self) -> str:
        """What the door's users write."""
        return (self.folder / PIPELINES[self.door]).read_text()

    def files(self) -> dict[str, str]:
        """Name → text of what lies in the checkout."""
        aside = {*PIPELINES.values(), DECLARATION}
        found = {file.name: file for folder in (CHECKOUT, self.folder) for file in folder.iterdir()}
        return {name: file.read_text() for name, file in found.items() if name not in aside}


def cases() -> list[Case]:
    """Each story at each door."""
    return [
        _read(file.parent.name, door, yaml.safe_load(file.read_text()))
        for file in sorted(FOLDER.glob(f"*/{DECLARATION}"))
        for door in PIPELINES
    ]


def _read(name: str, door: DoorName, declared: dict[str, Any]) -> Case:
    own = declared.pop("doors", {}).get(door, {})
    merged = {**declared, **own}
    for key in ("given", "found"):
        merged[key] = frozenset(merged.get(key, ()))
    for key in ("says", "parts"):
        if key in merged:
            merged[key] = tuple(merged[key])
    return Case(name=name, door=door, **merged)
