"""Which secrets lie below a path, and which name there is nearest to one that is not."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from typing import Final

from ci_secrets.errors import ConfigError, RefusedError, SecretMissingError, UnreachableError
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.mounts import Mount, Mounts
from ci_secrets.stores.vault.read import check_path
from ci_secrets.stores.vault.select import nearest
from ci_secrets.text import foreign

MAX_DEPTH: Final = 10
"""Folders below the path that was asked for."""
MAX_SECRETS: Final = 1000
"""Paths of one recursive request."""


def below(client: Client, mounts: Mounts, path: str, pool: Executor) -> tuple[tuple[str, ...], ...]:
    """The parts below `path` of every secret there, sorted. Folders of one level go in parallel.

    Raises `SecretMissingError`, `RefusedError`, `UnreachableError`, `ConfigError` (not KV, or too
    many).
    """
    mount = mounts.of(path)
    if mount is None or mount.type != "kv":
        raise ConfigError(
            f"{foreign(path)} has nothing below it.",
            cause="Only KV engines have secrets below secrets.",
            fix="Name the secrets one by one, or check the path: vault secrets list",
        )
    root = _listed_path(mount, path)

    def names(parts: tuple[str, ...]) -> list[str]:
        return _names(client, "/".join((root, *parts)), shown=foreign(path))

    found: list[tuple[str, ...]] = []
    for secrets, _folders in _levels(names, pool):
        found += secrets
        if len(found) > MAX_SECRETS:
            raise ConfigError(
                f"More than {MAX_SECRETS} secrets lie below {foreign(path)}.",
                fix="Begin deeper, or name the secrets one by one.",
            )
    return tuple(sorted(found))


_Parts = tuple[str, ...]


def _levels(
    names: Callable[[_Parts], list[str]], pool: Executor
) -> Iterator[tuple[list[_Parts], list[_Parts]]]:
    """Secrets and folders, level by level."""
    folders: list[_Parts] = [()]
    for _ in range(MAX_DEPTH + 1):
        answers = list(zip(folders, pool.map(names, folders), strict=True))
        found = [(*folder, name) for folder, listed in answers for name in listed]
        for parts in found:
            check_path("/".join(parts))
        folders = [(*parts[:-1], parts[-1][:-1]) for parts in found if parts[-1].endswith("/")]
        yield [parts for parts in found if not parts[-1].endswith("/")], folders
        if not folders:
            return
    raise ConfigError(
        f"Secrets lie more than {MAX_DEPTH} folders deep.", fix="Begin deeper in the tree."
    )


def _names(client: Client, path: str, *, shown: str) -> list[str]:
    reply = client.list(path)
    if reply.status == 404:
        raise SecretMissingError(
            f"Nothing lies below {shown}.",
            cause="It is a secret and no folder, or it does not exist.",
            fix="Leave out the recursion to take all fields of one secret.",
        )
    if reply.status == 403:
        raise RefusedError(
            f"The store forbids us to list what lies below {shown}.",
            fix=f'path "{foreign(path)}/*" {{ capabilities = ["list"] }}   # in a policy',
        )
    if not reply.ok:
        raise UnreachableError(f"The store could not list {shown} (status {reply.status}).")
    return _keys(reply.data)


def nearest_path(client: Client, mount: Mount, path: str) -> str:
    """The existing path most like one that is missing, or empty: where we may not list, too."""
    if mount.type not in ("kv", "cubbyhole"):
        return ""
    folder, _, leaf = path.rstrip("/").rpartition("/")
    if len(folder) < len(mount.path.rstrip("/")):
        return ""
    try:
        reply = client.list(_listed_path(mount, folder))
    except (UnreachableError, RefusedError, ConfigError):
        return ""
    if not reply.ok:
        return ""
    found = nearest(leaf, (key.rstrip("/") for key in _keys(reply.data)))
    return f"{foreign(folder)}/{found}" if found else ""


def _listed_path(mount: Mount, path: str) -> str:
    """The path that is listed for a folder: KV v2 lists below `metadata/`."""
    inside = mount.below(f"{path}/").strip("/")
    if not mount.versioned:
        return f"{mount.path}{inside}".rstrip("/")
    inside = "/".join(["metadata", *inside.split("/")[1:]])
    return f"{mount.path}{inside}".rstrip("/")


def _keys(data: object) -> list[str]:
    keys = data.get("keys") if isinstance(data, dict) else None
    return [key for key in keys if isinstance(key, str)] if isinstance(keys, list) else []
