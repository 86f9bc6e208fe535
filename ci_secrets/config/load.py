"""From options, environment and file to the one `Config` of a run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from ci_secrets.config.auth import from_environment
from ci_secrets.config.model import Config, StoreConfig
from ci_secrets.config.reference import parse_parts
from ci_secrets.config.selectors import parse_secrets
from ci_secrets.config.trust import apply_floors, check_stores, floor_audit, floor_leaks
from ci_secrets.config.url import check_url
from ci_secrets.config.wording import EXAMPLE
from ci_secrets.errors import ConfigError, UsageError
from ci_secrets.text import foreign

FILELESS_STORE: Final = "vault"
"""The name of the store that `--url` describes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """What the command line says about configuration; the workflow's own word.

    Empty text is as good as `None`: CIs set variables for inputs that nobody gave.
    """

    config: Path | None = None
    secrets: str | None = None
    """Lines as in `selectors`; they take the place of the file's secrets and templates."""
    url: str | None = None
    role: str | None = None
    method: str | None = None
    mount: str | None = None
    namespace: str | None = None
    audience: str | None = None
    ca_file: Path | None = None
    plain_login: bool = False
    """Nothing to fetch is no mistake: the token itself is what is wanted."""


def resolve(
    options: Options,
    environment: Mapping[str, str],
    *,
    default_path: Path,
    untrusted: str | None,
) -> Config:
    """The configuration of this run, with every check that needs no network.

    `default_path` is read where neither `--config` nor `--url` is given; with `--url`, or on an
    `untrusted` event (its name), only a file that `--config` names is read. Raises `ConfigError`,
    and `UsageError` for options that need `--url`.
    """
    config = _from_file(options, environment, default_path, untrusted)
    if options.url:
        config = _with_store(config, options, options.url, environment)
    if options.secrets and options.secrets.strip():
        config = _with_lines(config, options.secrets)
    if not config.stores:
        raise ConfigError("No store is described.", fix=f"Write, for example:\n{EXAMPLE}")
    if not (config.secrets or options.plain_login):
        raise ConfigError(
            "There is nothing to fetch.",
            fix="Give --secrets 'secret/data/app password | DB_PASSWORD', or name a file with "
            "`secrets:` by --config.",
        )
    check_stores(config, environment)
    return apply_floors(config, environment)


def _from_file(
    options: Options, environment: Mapping[str, str], default_path: Path, untrusted: str | None
) -> Config:
    """What the file says; without one, what the environment says."""
    if options.config or not (options.url or untrusted):
        return _read(options.config or default_path, options, environment)
    if not options.url:
        raise ConfigError(
            f"{foreign(default_path)} is not read on this event: {foreign(untrusted)}.",
            cause="Whoever opened it may have written that file.",
            fix="Name a file of a trusted checkout with --config, or the store with --url.",
        )
    return Config(origin="workflow", leaks=floor_leaks(environment), audit=floor_audit(environment))


def _read(path: Path, options: Options, environment: Mapping[str, str]) -> Config:
    if not options.url and (given := _given(options)):
        raise UsageError(
            f"--{given} describes a store without a file, and there is no --url.",
            fix=f"Add --url, or write `{given}:` into the store in {foreign(path)}.",
        )
    if not (options.config or os.path.lexists(path)):
        raise ConfigError(
            f"There is no {foreign(path)}, and no --url.",
            fix=f"Name the file with --config, or write it:\n{EXAMPLE}",
        )
    from ci_secrets.config.file import load

    return load(path, environment, (FILELESS_STORE,) if options.url else ())


def _given(options: Options) -> str | None:
    """The first option that goes with `--url` only."""
    names = ("role", "method", "mount", "namespace", "audience", "ca_file")
    return next((name.replace("_", "-") for name in names if getattr(options, name)), None)


def _with_store(
    config: Config, options: Options, url: str, environment: Mapping[str, str]
) -> Config:
    check_url(url)
    store = StoreConfig(
        name=FILELESS_STORE,
        url=url,
        audience=options.audience or "",
        namespace=_parts("namespace", options.namespace),
        auth=from_environment(
            options.method or "jwt",
            environment,
            mount=_parts("mount", options.mount),
            role=options.role or None,
        ),
        ca_file=options.ca_file,
        origin="workflow",
    )
    return replace(config, stores={**config.stores, FILELESS_STORE: store})


def _parts(name: str, value: str | None) -> str | None:
    return parse_parts(f"--{name}", value) if value else None


def _with_lines(config: Config, lines: str) -> Config:
    """A step that says what it wants gets this and no more."""
    only = next(iter(config.stores)) if len(config.stores) == 1 else None
    requests = parse_secrets(lines, only, config.stores)
    return replace(config, secrets=requests, templates=())
