"""`store:path#field`, and the selectors that both syntaxes share."""

import json
import re
from collections.abc import Collection
from typing import Final

from ci_secrets.config.model import AllKeys, Field, Jsonata, Selector
from ci_secrets.config.wording import nearest, shown
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

STORE_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")

_QUOTED: Final = r'"(?:[^"\\]|\\.)*"|`[^`]+`'
_PART: Final = re.compile(rf"{_QUOTED}|[\w-]+")
_DOTTED: Final = re.compile(rf"(?:{_QUOTED}|[\w-]+)(?:\.(?:{_QUOTED}|[\w-]+))*")
# What JSONata cannot do without: everything else without a dot is the name of one key, such as
# `user@host` or `a/b`. vault-action reads it so too.
_ONE_KEY: Final = re.compile(r"""[^\s.()\[\]{}$*"'`]+""")
_PARTS: Final = re.compile(r"[\w.@+~-]+(?:/[\w.@+~-]+)*")
_ALL: Final = {"*": AllKeys(), "**": AllKeys(keep_case=True)}


def parse_selector(text: str) -> Selector:
    """The selector of a field: `key`, `a."b.c".d`, `*`, `**`; anything else is JSONata.

    A JSONata expression is not looked into here. Raises `ConfigError` for a key that is empty.
    """
    if text in _ALL:
        return _ALL[text]
    if _ONE_KEY.fullmatch(text):
        return Field(keys=(text,))
    if _DOTTED.fullmatch(text):
        keys = tuple(_unquoted(part) for part in _PART.findall(text))
        if not all(keys):
            raise ConfigError("A field has an empty key.", fix="Write the key between the quotes.")
        return Field(keys=keys)
    return Jsonata(expression=text)


def _unquoted(part: str) -> str:
    if part.startswith("`"):
        return part[1:-1]
    if not part.startswith('"'):
        return part
    try:
        key: str = json.loads(part)
        key.encode()
    except ValueError:
        raise ConfigError(
            f"The quoted key {shown(part)} has an escape that JSON does not know.",
            fix='Write `\\"` for a quote and `\\\\` for a backslash.',
        ) from None
    return key


def parse_path(text: str, selector: Selector) -> tuple[str, Selector]:
    """The raw API path without leading slash, and the selector that goes with it.

    `path/**` with the field `*` or `**` takes every secret below the path. Raises `ConfigError`.
    """
    path = text.strip("/")
    if path.endswith("/**"):
        if not isinstance(selector, AllKeys):
            raise ConfigError(
                f"{shown(text)} names many secrets, the field only one key.",
                fix="Below a path only `*` or `**` can be taken: `…/**#*`.",
            )
        path = path.removesuffix("/**").rstrip("/")
        selector = AllKeys(keep_case=selector.keep_case, recursive=True)
    check_path(path)
    return path, selector


def check_path(path: str) -> None:
    """Refuse what is no path of the store's API. Raises `ConfigError`."""
    if "?" in path:
        raise ConfigError(
            f"The path {shown(path)} has a query.",
            fix="In ci-secrets.yaml `version:` chooses a version and `with:` gives parameters.",
        )
    parts = path.split("/")
    if any(part in ("", ".", "..") for part in parts) or not path.isprintable() or "\\" in path:
        raise ConfigError(
            f"{shown(path)} is no path.",
            cause="A path has parts joined by `/`; none is empty, `.` or `..`.",
            fix="Write it as in Vault's API, without `/v1/`: secret/data/app, database/creds/app.",
        )
    if "*" in path:
        raise ConfigError(
            f"The path {shown(path)} has a `*`.",
            fix="Wildcards: `path#*` (all keys), `path/**#*` (all secrets below the path).",
        )


def parse_parts(key: str, text: str) -> str:
    """A mount or a namespace, without slashes at its ends. Raises `ConfigError`."""
    parts = text.strip("/")
    if not _PARTS.fullmatch(parts) or {".", ".."}.intersection(parts.split("/")):
        raise ConfigError(
            f"{shown(text)} cannot be a {key.lstrip('-')}.",
            fix=f"Write parts joined by `/`, such as team/ci, for {key}.",
        )
    return parts


def parse_reference(text: str) -> tuple[str, str, str | None]:
    """(store, path, field) of `store:path#field`; the field is `None` where no `#` stands.

    The path is not checked here: that takes the field. Raises `ConfigError`.
    """
    reference, hash_sign, field = text.partition("#")
    store, colon, path = reference.partition(":")
    if not colon or not STORE_NAME.fullmatch(store) or not path:
        raise ConfigError(
            f"`{foreign(text, 120)}` does not name a store and a path.",
            fix="Write `store:path#field`, such as `vault:secret/data/app#password`.",
        )
    if hash_sign and not field:
        raise ConfigError(f"`{foreign(text, 120)}` has no field after `#`.", fix="Name the field.")
    return store, path, field if hash_sign else None


def check_store(store: str, stores: Collection[str]) -> None:
    """Refuse a store that nobody described. Raises `ConfigError`."""
    if store not in stores:
        raise ConfigError(
            f"There is no store {shown(store)}.",
            fix=nearest(store, stores)
            if stores
            else "Describe it: stores: {vault: {url: https://vault.example:8200, role: my-role}}",
        )
