"""One call for secrets: what it brings, or in which of the many ways it brings nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from ci_secrets.errors import (
    CiSecretsError,
    ConfigError,
    RefusedError,
    SecretMissingError,
    UnreachableError,
)
from ci_secrets.http import Repeat
from ci_secrets.secret import Secret
from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.grant import Ledger
from ci_secrets.stores.vault.known import READ, meaning
from ci_secrets.stores.vault.mounts import Mount, Mounts
from ci_secrets.stores.vault.trouble import in_trouble, trouble
from ci_secrets.stores.vault.wire import Reply
from ci_secrets.stores.vault.wrapping import unwrap
from ci_secrets.text import foreign


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The data of one call."""

    data: Mapping[str, Any]
    lease_id: str | None = None

    def __repr__(self) -> str:
        return "Found(***)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Absent:
    """A 404 of an existing mount: the one kind of failure that may become a default."""

    why: str
    """One sentence: never written, deleted, destroyed, no such version."""
    mount: Mount


_BEHIND: Final = (
    "It or what stands behind the engine (a database, a cloud) has a problem, or it is sealed."
)


class Reader:
    """Makes calls with one token. Safe to use from many threads."""

    def __init__(self, client: Client, mounts: Mounts, ledger: Ledger) -> None:
        self._client = client
        self._mounts = mounts
        self._ledger = ledger

    def get(
        self, path: str, payload: Mapping[str, object] | None, version: int | None
    ) -> Found | Absent:
        """What a path holds, or makes of a payload.

        Raises `RefusedError`, `UnreachableError`, `ConfigError`, and `SecretMissingError` where
        there is no mount.
        """
        reply = self._get(path, version) if payload is None else self._post(path, payload)
        if not reply.ok:
            return self._nothing(reply, path, posted=payload is not None)
        lease = self._ledger.enter(reply, path)
        if reply.wrap_info:
            reply = self._unwrapped(reply, path)
            lease = self._ledger.enter(reply, path) or lease
        data = self._data(reply, path, version)
        return Found(data=data, lease_id=lease.lease_id if lease else None)

    def _get(self, path: str, version: int | None) -> Reply:
        # A GET may mint a credential, so it is sent again only where the engine is known not to.
        try:
            reply = self._client.read(path, version=version, repeat=Repeat.MINT)
        except UnreachableError as failure:
            if not failure.answer_lost:
                raise
            if not self._is_static(path):
                raise self._lost(failure, path) from None
        else:
            if reply.status < 500 or not self._is_static(path):
                return reply
        return self._client.read(path, version=version, repeat=Repeat.READ)

    def _post(self, path: str, payload: Mapping[str, object]) -> Reply:
        mount = self._mounts.of(path)
        if (mount and mount.is_static) or path.startswith("auth/"):
            raise ConfigError(
                f"{foreign(path)} is not a path for `with:`.",
                cause="It would write a secret there, or mint a token that nobody revokes.",
                fix="Leave `with:` out to read it; to log in, configure another store.",
            )
        if mount is None:
            raise RefusedError(
                f"Nobody says which engine serves {foreign(path)}, so that `with:` may write a "
                "secret there.",
                cause="The path is misspelt or forbidden to the token; or something before the "
                "store withholds /v1/sys/internal/ui/mounts, which would name it.",
                fix="Correct the path, or let GET /v1/sys/internal/ui/mounts/… through.",
            )
        try:
            return self._client.write(path, payload)
        except UnreachableError as failure:
            raise self._lost(failure, path) from None

    def _unwrapped(self, reply: Reply, path: str) -> Reply:
        token = _wrapping_token(reply, path)
        try:
            return unwrap(self._client, token, f"answer of {foreign(path)}")
        except CiSecretsError:
            if not self._is_static(path):
                self._ledger.lose(path)  # the lease in it, whose id nobody knows
            raise

    def _is_static(self, path: str) -> bool:
        """Whether a read of a path is known to mint nothing."""
        try:
            mount = self._mounts.of(path)
        except UnreachableError:
            return False
        return mount is not None and mount.is_static

    def _lost(self, failure: UnreachableError, path: str) -> UnreachableError:
        """The error for an answer that may have brought a credential which nobody knows now."""
        if not failure.answer_lost:
            return failure
        self._ledger.lose(path)
        return UnreachableError(
            failure.what,
            cause=f"{failure.cause} The answer for {foreign(path)} was lost. If it made a "
            "credential, that ends with our token, which is revoked when this run closes.",
            fix=failure.fix,
        )

    def _data(self, reply: Reply, path: str, version: int | None) -> Mapping[str, Any]:
        mount = self._mounts.of(path)
        versioned = mount is not None and mount.versioned
        if mount is None and _may_be_versioned(path, reply):
            raise RefusedError(
                f"{foreign(path)} may be of KV v2 or of another engine, and nobody says which.",
                cause="What it answers looks like KV v2, whose secret lies one level deeper; "
                "something before the store withholds which engine it is, or the token has ended "
                "since: its uses are spent, or somebody has revoked it.",
                fix="Let GET /v1/sys/internal/ui/mounts/… through.",
            )
        if version is not None and not versioned:
            raise ConfigError(
                f"{foreign(path)} has no versions.",
                cause="Only secrets of a KV v2 engine have.",
                fix="Leave `version:` out.",
            )
        data = reply.data
        if mount and versioned and mount.below(path).startswith("data/") and data is not None:
            data = data.get("data")
        return data if isinstance(data, dict) else {}

    def _nothing(self, reply: Reply, path: str, *, posted: bool) -> Absent:
        """What a refusal means; returns only for what may become a default."""
        shown = foreign(path)
        if in_trouble(reply.status):
            if reply.status >= 500 and (posted or not self._is_static(path)):
                self._ledger.lose(path)
            raise trouble(reply, shown, cause=_BEHIND)
        if reply.status == 403:
            raise self._forbidden(shown, posted=posted)
        if reply.status != 404:
            what = f"The store refused {'a POST to' if posted else 'to read'} {shown}"
            raise meaning(READ, reply, what=what)
        mount = self._mounts.of(path)
        if mount is None:
            raise SecretMissingError(
                f"No secrets engine serves {shown}.",
                cause="Its first part is misspelt, the engine is not mounted, or it lies in "
                "another namespace; or something before the store withholds "
                "/v1/sys/internal/ui/mounts, which would name it.",
                fix="vault secrets list   # the path begins with one of these",
            )
        if mount.versioned and (forgotten := _forgotten_data(mount, path)):
            raise ConfigError(
                f"{shown} is not the path of a secret.",
                cause=f"{foreign(mount.path)} is a KV v2 engine: the API has `data/` after it.",
                fix=f"Write {foreign(forgotten)}",
            )
        return Absent(why=_why(reply), mount=mount)

    def _forbidden(self, shown: str, *, posted: bool) -> CiSecretsError:
        if self._client.look_up_self().ok:
            capability = "update" if posted else "read"
            return RefusedError(
                f"The store forbids us {shown}.",
                cause="No policy of the role allows it. Vault answers so for a path that does not "
                "exist, too.",
                fix=f'path "{shown}" {{ capabilities = ["{capability}"] }}   # in a policy',
            )
        return RefusedError(
            f"The store forbids us {shown}.",
            cause="No policy of the role allows it; or the token is not valid any more: its TTL "
            "has ended, its uses are spent, or somebody has revoked it. It may not look itself up, "
            "so that we cannot tell.",
            fix=f'path "{shown}" {{ capabilities = ["read"] }}   # in a policy',
        )


def check_path(path: str) -> None:
    """Refuse a path that a server or proxy would change. Raises `ConfigError`."""
    if any(part in ("", ".", "..") for part in path.rstrip("/").split("/")):
        raise ConfigError(
            f"{foreign(path)} is not a path of the API.",
            cause="It is empty, or a part of it is empty, `.` or `..`.",
            fix="Write it as `secret/data/app`.",
        )


def _wrapping_token(reply: Reply, path: str) -> Secret:
    info = reply.wrap_info or {}
    if str(info.get("creation_path") or "").strip("/") != path.strip("/"):
        raise RefusedError(f"The wrapped answer for {foreign(path)} was made by another path.")
    return Secret(str(info.get("token") or ""))


def _may_be_versioned(path: str, reply: Reply) -> bool:
    """Whether an answer looks like one of KV v2, which one of KV v1 may do, too."""
    data = reply.data or {}
    metadata = data.get("metadata")
    return (
        "data" in path.split("/")[1:]
        and data.keys() == {"data", "metadata"}
        and isinstance(metadata, dict)
        and "version" in metadata
    )


def _forgotten_data(mount: Mount, path: str) -> str | None:
    """The path with `data/`, if that is what is missing; `metadata/` and the like are real."""
    below = mount.below(path)
    known = ("data", "metadata", "subkeys", "config", "delete", "undelete", "destroy")
    if below.split("/", 1)[0] in known and "/" in below.rstrip("/"):
        return None
    return f"{mount.path}data/{below}"


def _why(reply: Reply) -> str:
    metadata = (reply.data or {}).get("metadata")
    if not isinstance(metadata, dict):
        return "Nothing was ever written there, or that version does not exist any more."
    version = foreign(metadata.get("version"), 20)
    if metadata.get("destroyed"):
        return f"Version {version} was destroyed: its data are gone for good."
    return (
        f"Version {version} was deleted at {foreign(metadata.get('deletion_time'), 40)}; "
        "an operator can undelete it."
    )
