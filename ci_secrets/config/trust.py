"""How far a repository's file is believed: where it may send a credential, what it may loosen.

The file is less than the workflow: a pull request changes it, and nobody reads it as code. So what
the environment says is a floor, and a JWT goes nowhere but to the host that it is made for.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal, cast

from ci_secrets.config.auth import AUDIENCE_BOUND
from ci_secrets.config.model import Audit, Config, Leaks, StoreConfig
from ci_secrets.config.url import check_url, host, is_loopback, origin
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

ALLOWED_STORES: Final = "CI_SECRETS_ALLOWED_STORES"
"""Origins separated by commas or white space. Where it is set, no other store is used."""
ON_LEAK: Final = "CI_SECRETS_ON_LEAK"
ON_CONTAINED: Final = "CI_SECRETS_ON_CONTAINED"
AUDIT_FILE: Final = "CI_SECRETS_AUDIT_FILE"
AUDIT_REQUIRED: Final = "CI_SECRETS_AUDIT_REQUIRED"

Reaction = Literal["fail", "warn"]


def effective_audience(store: StoreConfig) -> str:
    """The audience of the JWT for a store: its own, else the origin of its URL."""
    return store.audience or origin(store.url)


def check_stores(config: Config, environment: Mapping[str, str]) -> None:
    """Refuse stores that a credential of this job must not be sent to. Raises `ConfigError`.

    Loopback is always free. Where CI_SECRETS_ALLOWED_STORES is set, it alone decides, whoever wrote
    the URL. Else a URL from the file must have its audience's host, and a login that is not bound
    to an audience (a secret-id, a password, a token) goes to no URL of the file at all.
    """
    allowed = _allowed(environment)
    for store in config.stores.values():
        for url in (store.url, *store.hosts):
            check_url(url)
            if is_loopback(url):
                continue
            if allowed:
                _check_allowed(store, url, allowed)
            elif store.origin == "file":
                _check_bound(store, url)


def _allowed(environment: Mapping[str, str]) -> frozenset[str]:
    words = re.split(r"[\s,]+", environment.get(ALLOWED_STORES, "").strip(" \t\r\n,"))
    try:
        return frozenset(origin(word) for word in words if word)
    except ConfigError as failure:
        raise ConfigError(
            f"{ALLOWED_STORES}: {failure.what}",
            cause=failure.cause,
            fix="Write origins, separated by commas: https://vault.example:8200",
        ) from None


def _check_allowed(store: StoreConfig, url: str, allowed: frozenset[str]) -> None:
    if origin(url) not in allowed:
        raise ConfigError(
            f"The store {foreign(store.name)} is at {origin(url)}, which is not allowed.",
            cause=f"{ALLOWED_STORES} is set, and this origin does not stand in it.",
            fix=f"Whoever sets that variable may add {origin(url)}.",
        )


def _check_bound(store: StoreConfig, url: str) -> None:
    fix = (
        "Let the workflow vouch for it, where the CI sets the job's variables:\n"
        f"{ALLOWED_STORES}={origin(url)}"
    )
    audience = effective_audience(store)
    if host(audience) != host(url):
        raise ConfigError(
            f"The store {foreign(store.name)} would send a JWT made for {foreign(audience)} "
            f"to {origin(url)}.",
            cause="A repository's file may name a store only at the host of its audience.",
            fix=fix,
        )
    if store.auth.method not in AUDIENCE_BOUND or "payload" in _credentials(store):
        raise ConfigError(
            f"The store {foreign(store.name)} would send a long-lived credential to "
            f"{origin(url)}, on the word of the repository's file alone.",
            cause=f"A login by {foreign(store.auth.method)} is good at any server, unlike a JWT.",
            fix=f"Log in with `method: jwt`. Or: {fix[0].lower()}{fix[1:]}",
        )


def _credentials(store: StoreConfig) -> set[str]:
    return {*store.auth.environment, *store.auth.files}


def floor_leaks(environment: Mapping[str, str]) -> Leaks:
    """What the environment says about leaks, else the defaults. Raises `ConfigError`."""
    default = Leaks()
    return Leaks(
        on_leak=_reaction(environment, ON_LEAK) or default.on_leak,
        on_contained=_reaction(environment, ON_CONTAINED) or default.on_contained,
    )


def floor_audit(environment: Mapping[str, str]) -> Audit:
    """What the environment says about the trail, else the defaults. Raises `ConfigError`."""
    file = environment.get(AUDIT_FILE)
    required = _word(environment, AUDIT_REQUIRED, ("true", "false")) == "true"
    return Audit(file=Path(file) if file else None, required=required)


def apply_floors(config: Config, environment: Mapping[str, str]) -> Config:
    """The same, never looser than the environment: `fail` over `warn`, required over not.

    An audit path of the environment stands whatever the file says. Raises `ConfigError` for values
    that are none. What the file left open it already has from the environment (`file.load`).
    """
    trail = floor_audit(environment)
    leaks = Leaks(
        on_leak=_stricter(config.leaks.on_leak, _reaction(environment, ON_LEAK)),
        on_contained=_stricter(config.leaks.on_contained, _reaction(environment, ON_CONTAINED)),
    )
    audit = Audit(
        file=trail.file or config.audit.file, required=trail.required or config.audit.required
    )
    return replace(config, leaks=leaks, audit=audit)


def _stricter(said: Reaction, floor: Reaction | None) -> Reaction:
    return "fail" if "fail" in (said, floor) else "warn"


def _reaction(environment: Mapping[str, str], name: str) -> Reaction | None:
    return cast("Reaction | None", _word(environment, name, ("fail", "warn")))


def _word(environment: Mapping[str, str], name: str, words: tuple[str, str]) -> str | None:
    """One of two words; `None` where the variable is unset or empty."""
    value = environment.get(name)
    if value and value not in words:
        raise ConfigError(
            f"{name} is `{foreign(value, 60)}`.", fix=f"Set it to {words[0]} or {words[1]}."
        )
    return value or None
