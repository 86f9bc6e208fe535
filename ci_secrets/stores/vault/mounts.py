"""Which engine serves a path: asked of the server, never guessed from the shape of an answer."""

import threading
from dataclasses import dataclass, field

from ci_secrets.stores.vault.client import Client
from ci_secrets.stores.vault.trouble import in_trouble, trouble


@dataclass(frozen=True, kw_only=True, slots=True)
class Mount:
    """One secrets engine."""

    path: str
    """With its trailing slash: `secret/`, `team/kv/`."""
    type: str
    """`kv`, `cubbyhole`, `database`, `pki` …"""
    versioned: bool = False
    """Whether it is KV v2."""

    @property
    def is_static(self) -> bool:
        """Whether a read changes nothing and may be sent again."""
        return self.type in ("kv", "cubbyhole")

    def below(self, path: str) -> str:
        """The part of a path that lies below the mount."""
        return path.removeprefix(self.path)


@dataclass(kw_only=True, slots=True)
class Mounts:
    """The mounts that were found so far: one question per mount, safe from many threads."""

    client: Client
    _found: list[Mount] = field(default_factory=list)
    _none: set[str] = field(default_factory=set)
    _asking: dict[str, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def of(self, path: str) -> Mount | None:
        """The mount that serves a path; `None` where there is none, or none that we may see.

        Vault shows a mount to whoever may do anything at all below it. Raises `UnreachableError`.
        """
        # Mounts do not nest, so one question at a time for all paths that begin alike is enough.
        with self._lock:
            asking = self._asking.setdefault(path.split("/", 1)[0], threading.Lock())
        with asking:
            if (known := self._known(path)) or path in self._none:
                return known
            found = self._ask(path)
            with self._lock:
                if found:
                    self._found.append(found)
                else:
                    self._none.add(path)
            return found

    def _known(self, path: str) -> Mount | None:
        with self._lock:
            return next((mount for mount in self._found if path.startswith(mount.path)), None)

    def _ask(self, path: str) -> Mount | None:
        reply = self.client.mount_of(path)
        if in_trouble(reply.status):
            raise trouble(reply, "the question which engine serves a path")
        data = reply.data
        if not reply.ok or data is None or not isinstance(data.get("path"), str):
            return None
        options = data.get("options")
        version = options.get("version") if isinstance(options, dict) else None
        # `generic` is what KV v1 was called before Vault 0.8.
        kind = "kv" if data.get("type") == "generic" else str(data.get("type"))
        return Mount(path=data["path"], type=kind, versioned=kind == "kv" and str(version) == "2")
