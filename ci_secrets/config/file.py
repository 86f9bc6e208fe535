"""ci-secrets.yaml → `Config`."""

from collections.abc import Collection, Mapping
from pathlib import Path, PurePosixPath
from typing import Final, cast

from ci_secrets.config.fields import Section
from ci_secrets.config.model import (
    AllKeys,
    Audit,
    Config,
    Leaks,
    SecretRequest,
    StoreConfig,
    Template,
)
from ci_secrets.config.names import check_distinct
from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.secret_entries import Entry, read_entry
from ci_secrets.config.store_entries import read_store
from ci_secrets.config.trust import Reaction, floor_audit, floor_leaks
from ci_secrets.config.wording import EXAMPLE, NAME
from ci_secrets.config.yaml import read

_KEYS: Final = ("version", "stores", "secrets", "leaks", "audit")
_AUDIT_HINTS: Final = dict.fromkeys(
    ("key-file", "key"),
    "The key is the operator's: whoever may change this file must not choose it. Set "
    "CI_SECRETS_AUDIT_KEY_FILE in the job's environment.",
)
_REACTIONS: Final = ("fail", "warn")


def load(path: Path, environment: Mapping[str, str], stores: Collection[str] = ()) -> Config:
    """The file as a `Config`; what it leaves open about leaks and audit, the environment says.

    Relative paths in it are taken from its own directory. `stores` are described elsewhere
    (`--url`), and may be named here. Raises `ConfigError` with `file:line:column`.
    """
    return from_node(read(path), path, environment, stores)


def from_node(
    node: Node, path: Path, environment: Mapping[str, str], stores: Collection[str] = ()
) -> Config:
    """The same, of what was read already; `path` is where it stands, or is to stand."""
    if node.value is None:
        raise node.place.error("the file is empty.", fix=f"Write, for example:\n{EXAMPLE}")
    section = Section(node, NAME, _KEYS)
    _check_version(section)
    described = _stores(section, path.parent)
    requests, templates = _secrets(section, {*described, *stores})
    return Config(
        origin="file",
        path=path,
        stores=described,
        secrets=requests,
        templates=templates,
        leaks=_leaks(section, environment),
        audit=_audit(section, environment, path.parent),
    )


def _check_version(section: Section) -> None:
    node = section.node("version")
    if node is None or type(node.value) is not int or node.value != 1:
        raise section.at("version").error(
            "the file must say `version: 1`.", fix="Put `version: 1` at its top, without quotes."
        )


def _stores(section: Section, directory: Path) -> dict[str, StoreConfig]:
    places = section.keys_of("stores")
    return {
        name: read_store(name, places[name], node, directory)
        for name, node in section.entries("stores").items()
    }


def _secrets(
    section: Section, stores: Collection[str]
) -> tuple[tuple[SecretRequest, ...], tuple[Template, ...]]:
    places = section.keys_of("secrets")
    found: list[tuple[Place, Entry]] = []
    for name, node in section.entries("secrets").items():
        found += read_entry(name, places[name], node, stores)
    check_distinct((entry.name, str(place)) for place, entry in found if not _is_wildcard(entry))
    requests = tuple(entry for _, entry in found if isinstance(entry, SecretRequest))
    templates = tuple(entry for _, entry in found if isinstance(entry, Template))
    return requests, templates


def _is_wildcard(entry: Entry) -> bool:
    return isinstance(entry, SecretRequest) and isinstance(entry.selector, AllKeys)


def _leaks(section: Section, environment: Mapping[str, str]) -> Leaks:
    default = floor_leaks(environment)
    node = section.node("leaks")
    if node is None:
        return default
    leaks = Section(node, "leaks", ("on-leak", "on-contained"))
    return Leaks(
        on_leak=cast("Reaction", leaks.choice("on-leak", _REACTIONS) or default.on_leak),
        on_contained=cast(
            "Reaction", leaks.choice("on-contained", _REACTIONS) or default.on_contained
        ),
    )


def _audit(section: Section, environment: Mapping[str, str], directory: Path) -> Audit:
    default = floor_audit(environment)
    node = section.node("audit")
    if node is None:
        return default
    audit = Section(node, "audit", ("file", "required"), _AUDIT_HINTS)
    required = audit.boolean("required")
    return Audit(
        file=_audit_file(audit, directory) or default.file,
        required=default.required if required is None else required,
    )


def _audit_file(audit: Section, directory: Path) -> Path | None:
    """A file is written there, so the repository may name one in its own directory only."""
    value = audit.text("file")
    if value is None:
        return None
    path = PurePosixPath(value)
    if path.is_absolute() or ".." in path.parts or not value.isprintable() or not path.name:
        raise audit.at("file").error(
            "the audit trail must stay beside this file.",
            cause="A repository's file must not choose where on the machine is written.",
            fix="Write a relative path without `..`; any other place: CI_SECRETS_AUDIT_FILE or "
            "--audit-file.",
        )
    place = (directory / path).parent
    if not place.resolve().is_relative_to(directory.resolve()):
        raise audit.at("file").error(
            "the folder of the audit trail is a link that leads elsewhere.",
            cause="A repository's file must not choose where on the machine is written.",
            fix="Name a file in a folder of the checkout itself.",
        )
    return directory / path
