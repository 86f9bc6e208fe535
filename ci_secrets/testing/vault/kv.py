"""Key-value engines: version 1, version 2, and the cubbyhole that each token has."""

from dataclasses import dataclass, field
from typing import ClassVar, Final

from ci_secrets.testing.vault.engine import Engine, Route, integers
from ci_secrets.testing.vault.wire import (
    SYSTEM_MAX_TTL,
    Json,
    Refusal,
    Request,
    Response,
    not_found,
    seconds,
    timestamp,
)

_WRONG_PATH: Final = (
    "Invalid path for a versioned K/V secrets engine. See the API docs for the appropriate API "
    "endpoints to use. If using the Vault CLI, use 'vault kv get' for this operation."
)


def keys_below(paths: list[str], folder: str) -> Response:
    """The answer to a listing: names, and folders with their slash. Raises a 404 for none."""
    prefix = f"{folder.rstrip('/')}/" if folder.strip("/") else ""
    names = set()
    for path in paths:
        if path.startswith(prefix):
            head, slash, _ = path[len(prefix) :].partition("/")
            names.add(head + slash)
    if not names:
        raise not_found()
    return Response(data={"keys": sorted(names)})


@dataclass(slots=True)
class KvV1(Engine):
    """Paths with one set of fields each."""

    kind: ClassVar[str] = "kv"
    _secrets: dict[str, Json] = field(default_factory=dict)

    def read(self, request: Request, path: str) -> Response:
        """The fields; `ttl` among them becomes the lease's length, without a lease."""
        if path not in self._secrets:
            raise not_found()
        data = self._secrets[path]
        try:
            length = seconds(data.get("ttl", data.get("lease"))) or SYSTEM_MAX_TTL
        except Refusal:
            length = SYSTEM_MAX_TTL
        return Response(data=dict(data), lease_seconds=length)

    def write(self, request: Request, path: str) -> None:
        """Replace the fields."""
        if not request.body:
            raise Refusal(400, "missing data fields")
        self._secrets[path] = dict(request.body)

    def delete(self, request: Request, path: str) -> None:
        """Remove the path."""
        self._secrets.pop(path, None)

    def list_below(self, request: Request, path: str) -> Response:
        """What lies below."""
        return keys_below([*self._secrets], path)

    def exists(self, request: Request) -> bool:
        """Whether the path holds something."""
        return request.path[len(self.mount) :] in self._secrets

    routes: ClassVar[tuple[Route, ...]] = (
        Route("(?P<path>.*)", {"read": read, "write": write, "delete": delete, "list": list_below}),
    )


@dataclass(slots=True)
class Cubbyhole(Engine):
    """A private store for each token; nobody can look into that of a token that ended."""

    kind: ClassVar[str] = "cubbyhole"
    _holes: dict[str, dict[str, Json]] = field(default_factory=dict)

    def _hole(self, request: Request) -> dict[str, Json]:
        if request.caller.kind == "batch":
            raise Refusal(400, 'cubbyhole operations are only supported by "service" type tokens')
        return self._holes.setdefault(request.caller.id, {})

    def read(self, request: Request, path: str) -> Response:
        """The fields."""
        if path not in self._hole(request):
            raise not_found()
        return Response(data=dict(self._hole(request)[path]))

    def write(self, request: Request, path: str) -> None:
        """Replace the fields."""
        if not request.body:
            raise Refusal(400, "missing data fields")
        self._hole(request)[path] = dict(request.body)

    def delete(self, request: Request, path: str) -> None:
        """Remove the path."""
        self._hole(request).pop(path, None)

    def list_below(self, request: Request, path: str) -> Response:
        """What lies below."""
        return keys_below([*self._hole(request)], path)

    routes: ClassVar[tuple[Route, ...]] = (
        Route("(?P<path>.*)", {"read": read, "write": write, "delete": delete, "list": list_below}),
    )


@dataclass(kw_only=True, slots=True)
class Version:
    """One version of a secret."""

    data: Json
    created_time: str
    deletion_time: str = ""
    destroyed: bool = False


@dataclass(kw_only=True, slots=True)
class Versions:
    """All versions of a secret; the first is 1."""

    items: list[Version] = field(default_factory=list)
    custom_metadata: dict[str, str] | None = None

    def describe(self, number: int) -> Json:
        """The `metadata` of one version."""
        version = self.items[number - 1]
        return {
            "created_time": version.created_time,
            "custom_metadata": self.custom_metadata,
            "deletion_time": version.deletion_time,
            "destroyed": version.destroyed,
            "version": number,
        }


@dataclass(slots=True)
class KvV2(Engine):
    """Paths with versions, which can be deleted, brought back and destroyed."""

    kind: ClassVar[str] = "kv"
    _secrets: dict[str, Versions] = field(default_factory=dict)

    def read(self, request: Request, path: str) -> Response:
        """One version: 404 with its metadata where it is deleted or destroyed."""
        secret = self._secrets.get(path)
        asked = request.query.get("version") or "0"
        if not asked.isdigit():
            raise Refusal(
                400, 'Field validation failed: error converting input for field "version"'
            )
        number = int(asked) or (len(secret.items) if secret else 0)
        if secret is None or not 1 <= number <= len(secret.items):
            raise not_found()
        version = secret.items[number - 1]
        gone = version.destroyed or bool(version.deletion_time)
        data = {"data": None if gone else version.data, "metadata": secret.describe(number)}
        return Response(data=data, status=404 if gone else 200)

    def write(self, request: Request, path: str) -> Response:
        """A new version; `options.cas` must name the current one."""
        data = request.body.get("data")
        if not isinstance(data, dict):
            raise Refusal(400, "no data provided")
        secret = self._secrets.setdefault(path, Versions())
        cas = (request.body.get("options") or {}).get("cas")
        if cas is not None and int(cas) != len(secret.items):
            raise Refusal(400, "check-and-set parameter did not match the current version")
        secret.items.append(Version(data=data, created_time=self._now()))
        return Response(data=secret.describe(len(secret.items)))

    def delete(self, request: Request, path: str) -> None:
        """Mark the newest version as deleted."""
        secret = self._secrets.get(path)
        if secret and secret.items and not secret.items[-1].deletion_time:
            secret.items[-1].deletion_time = self._now()

    def delete_versions(self, request: Request, path: str) -> None:
        """Mark some versions as deleted."""
        for version in self._named(request, path):
            version.deletion_time = version.deletion_time or self._now()

    def undelete(self, request: Request, path: str) -> None:
        """Bring versions back that are not destroyed."""
        for version in self._named(request, path):
            version.deletion_time = ""

    def destroy(self, request: Request, path: str) -> None:
        """Forget the data of some versions for good."""
        for version in self._named(request, path):
            version.destroyed, version.data = True, {}

    def _named(self, request: Request, path: str) -> list[Version]:
        numbers = integers(request.body.get("versions"))
        if not numbers:
            raise Refusal(400, "No version number provided")
        secret = self._secrets.get(path) or Versions()
        return [secret.items[number - 1] for number in numbers if 1 <= number <= len(secret.items)]

    def read_metadata(self, request: Request, path: str) -> Response:
        """All versions, without their data."""
        secret = self._secrets.get(path)
        if secret is None:
            raise not_found()
        versions = {
            str(number): {
                "created_time": version.created_time,
                "deletion_time": version.deletion_time,
                "destroyed": version.destroyed,
            }
            for number, version in enumerate(secret.items, 1)
        }
        return Response(
            data={
                "cas_required": False,
                "current_version": len(secret.items),
                "custom_metadata": secret.custom_metadata,
                "delete_version_after": "0s",
                "max_versions": 0,
                "oldest_version": 0,
                "created_time": secret.items[0].created_time if secret.items else self._now(),
                "updated_time": secret.items[-1].created_time if secret.items else self._now(),
                "versions": versions,
            }
        )

    def write_metadata(self, request: Request, path: str) -> None:
        """Set the custom metadata; the path need not have versions yet."""
        secret = self._secrets.setdefault(path, Versions())
        secret.custom_metadata = request.body.get("custom_metadata")

    def delete_metadata(self, request: Request, path: str) -> None:
        """Forget the path with all its versions."""
        self._secrets.pop(path, None)

    def list_below(self, request: Request, path: str) -> Response:
        """What lies below, deleted or not."""
        return keys_below([*self._secrets], path)

    def unknown(self, request: Request) -> Response:
        """A path without `data/` or the like: Vault's 404 with a warning."""
        return Response(status=404, warnings=[_WRONG_PATH])

    def exists(self, request: Request) -> bool:
        """Whether the path of `data/` or `metadata/` is there."""
        kind, _, path = request.path[len(self.mount) :].partition("/")
        return kind not in ("data", "metadata") or path in self._secrets

    def _now(self) -> str:
        return timestamp(self.core.clock.now())

    routes: ClassVar[tuple[Route, ...]] = (
        Route("data/(?P<path>.+)", {"read": read, "write": write, "delete": delete}),
        Route("delete/(?P<path>.+)", {"write": delete_versions}),
        Route("undelete/(?P<path>.+)", {"write": undelete}),
        Route("destroy/(?P<path>.+)", {"write": destroy}),
        Route(
            "metadata/?(?P<path>.*)",
            {
                "read": read_metadata,
                "write": write_metadata,
                "delete": delete_metadata,
                "list": list_below,
            },
        ),
        Route(".*", {"read": unknown, "write": unknown, "delete": unknown, "list": unknown}),
    )
