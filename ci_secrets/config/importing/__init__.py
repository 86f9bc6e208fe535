"""Makes a ci-secrets.yaml of what a CI file says about Vault. Reads it only, and runs nothing."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ci_secrets.config.file import from_node
from ci_secrets.config.importing import github, gitlab
from ci_secrets.config.importing.draft import Draft
from ci_secrets.config.model import Config
from ci_secrets.config.nodes import Node
from ci_secrets.config.trust import check_stores
from ci_secrets.config.wording import NAME
from ci_secrets.config.yaml import parse, read
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

_WHICH: Final = (
    "Name a GitHub workflow or action with steps of hashicorp/vault-action, or a .gitlab-ci.yml "
    "with `secrets:`. Anchors and tags (`!reference`) are not read: of GitLab take the full "
    "configuration, as Build » Pipeline editor shows it merged."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Imported:
    """What came of a file."""

    text: str
    """A ci-secrets.yaml, which loads; empty where no secret could be carried over."""
    notes: tuple[str, ...]
    """What could not be carried over, or means something else now; fit to be printed."""
    jobs: tuple[str, ...]
    """The jobs whose secrets these are."""


def imported(path: Path, job: str | None = None) -> Imported:
    """What a CI file asks of Vault, of all its jobs or of one. Raises `ConfigError`."""
    try:
        root = read(path)
    except ConfigError as failure:
        raise ConfigError(failure.what, cause=failure.cause, fix=_WHICH) from None
    draft = Draft(job)
    github.collect(root, draft)
    gitlab.collect(root, draft)
    if not draft.secrets and not draft.notes:
        raise _nothing(root, path, draft)
    text = draft.text() if draft.secrets else ""
    if text:
        made = from_node(parse(text.encode(), "what was made of it"), Path(NAME), {})
        draft.notes += _distrusted(made)
    return Imported(text=text, notes=tuple(draft.notes), jobs=tuple(draft.jobs))


def _distrusted(made: Config) -> list[str]:
    """What a run would refuse: a workflow's word was enough, a repository's file alone is not."""
    notes = []
    for name, store in made.stores.items():
        try:
            check_stores(replace(made, stores={name: store}), {})
        except ConfigError as failure:
            notes.append(f"{failure.what} {failure.fix}".replace("\n", " "))
    return notes


def _nothing(root: Node, path: Path, draft: Draft) -> ConfigError:
    if draft.only is not None and draft.passed:
        return ConfigError(
            f"No job {foreign(draft.only, 60)} in {foreign(path)} asks Vault for anything.",
            fix=f"Those that do: {', '.join(foreign(name, 60) for name in draft.passed)}.",
        )
    return root.place.error("nothing here asks Vault for anything.", fix=_WHICH)
