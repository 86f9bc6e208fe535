"""`secrets:` of GitLab jobs, with the variables and ID tokens that belong to them."""

from collections.abc import Iterator
from typing import Any, Final

from ci_secrets.config.importing.draft import Draft, Entry, inside, quoted, spelled, text_of
from ci_secrets.config.model import Field
from ci_secrets.config.nodes import Node
from ci_secrets.config.reference import check_path
from ci_secrets.config.url import origin
from ci_secrets.errors import ConfigError

# Source: docs.gitlab.com, "Use HashiCorp Vault secrets in GitLab CI/CD" and "secrets:vault".
_ENGINE: Final = "kv-v2"
"""Name and path of the engine where none is named."""


def collect(root: Node, draft: Draft) -> None:
    """Put into the draft what the jobs ask for; what they extend is not looked up."""
    for name, job in _jobs(root):
        secrets = inside(job, "secrets")
        if secrets and isinstance(secrets.value, dict) and draft.wants(name):
            _Job(root, job, draft).carry_over(secrets.value, secrets)


def _jobs(root: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(root.value, dict):
        yield from root.value.items()


class _Job:
    """One job."""

    def __init__(self, root: Node, job: Node, draft: Draft) -> None:
        self._root = root
        self._job = job
        self._draft = draft

    def carry_over(self, entries: dict[str, Node], secrets: Node) -> None:
        """Each secret of the job that comes from Vault."""
        for name, entry in entries.items():
            place = secrets.keys.get(name, entry.place)
            vault = inside(entry, "vault")
            if vault is None:
                kinds = ", ".join(entry.value) if isinstance(entry.value, dict) else "nothing"
                self._draft.note(
                    place, f"left out: {quoted(name)} does not come from Vault ({quoted(kinds)})"
                )
                continue
            try:
                path, field = _source(vault)
            except ConfigError as failure:
                self._draft.note(place, f"left out: {quoted(name)}: {failure.what}")
                continue
            store = self._draft.store(self._settings(entry))
            self._draft.add(place, name, _as(entry, f"{store}:{path}#{field}"))

    def _settings(self, entry: Node) -> dict[str, Any]:
        place = self._job.place
        given = self._variable("VAULT_SERVER_URL")
        known = given if given and "$" not in given else None
        why = (
            f"{quoted(given)} is known to GitLab alone"
            if given
            else "VAULT_SERVER_URL stands neither in the job nor at the top of the file"
        )
        settings: dict[str, Any] = {"url": self._draft.url(place, known, why)}
        if role := self._known("VAULT_AUTH_ROLE"):
            settings["role"] = role
        audience = self._audience(entry)
        if audience and audience != origin(settings["url"]):
            settings["audience"] = audience
        namespace = self._draft.parts(place, "namespace", self._known("VAULT_NAMESPACE"))
        if namespace:
            settings["namespace"] = namespace
        mount = self._draft.parts(place, "mount", self._known("VAULT_AUTH_PATH"))
        if mount and mount != "jwt":
            settings["auth"] = {"mount": mount}
        return settings

    def _known(self, name: str) -> str | None:
        """A variable whose text stands in the file."""
        value = self._variable(name)
        if value and "$" in value:
            self._draft.note(
                self._job.place, f"{name} was left out: {quoted(value)} is known to GitLab alone"
            )
            return None
        return value or None

    def _variable(self, name: str) -> str | None:
        for where in (self._job, inside(self._root, "default"), self._root):
            node = inside(where, "variables", name)
            value = text_of(inside(node, "value")) if inside(node, "value") else text_of(node)
            if value is not None:
                return value
        return None

    def _audience(self, entry: Node) -> str | None:
        tokens = inside(self._job, "id_tokens") or inside(self._root, "default", "id_tokens")
        declared = tokens.value if tokens and isinstance(tokens.value, dict) else {}
        wanted = (text_of(inside(entry, "token")) or "").strip("${}")
        if not wanted and len(declared) == 1:
            wanted = next(iter(declared))
        aud = inside(declared.get(wanted), "aud")
        if aud and isinstance(aud.value, tuple):
            aud = aud.value[0] if aud.value else None
        audience = text_of(aud)
        if audience and "$" not in audience:
            return audience
        why = f"{quoted(audience)} is known to GitLab alone" if audience else "it was not found"
        self._draft.note(
            entry.place, f"the audience of the ID token is taken to be the URL's origin: {why}"
        )
        return None


def _source(vault: Node) -> tuple[str, str]:
    """The path of the API, and the field. Raises `ConfigError`."""
    short = text_of(vault)
    if short is not None:
        spec, _, mount = short.partition("@")
        path, _, field = spec.rpartition("/")
        kind, mount = _ENGINE, mount or _ENGINE
    else:
        path, field = (text_of(inside(vault, key)) or "" for key in ("path", "field"))
        kind = text_of(inside(vault, "engine", "name")) or _ENGINE
        mount = text_of(inside(vault, "engine", "path")) or _ENGINE
    if "$" in f"{mount}/{path}/{field}":
        raise ConfigError("its path is made of variables, which GitLab alone knows.")
    if not path or not field:
        raise ConfigError("it does not name a path and a field.")
    parts = [mount.strip("/"), *(["data"] if kind == "kv-v2" else []), path.strip("/")]
    whole = "/".join(parts)
    check_path(whole)
    return whole, spelled(Field(keys=(field,)))


def _as(entry: Node, source: str) -> Entry:
    """GitLab gives the path of a file, unless `file: false`."""
    if text_of(inside(entry, "file")) == "false":
        return source
    return {"from": source, "as": "file"}
