"""A ci-secrets.yaml in the making, and what is to be said about it."""

import json
import re
from typing import Any, Final

from ci_secrets.config.model import AllKeys, Field, Jsonata, Selector
from ci_secrets.config.names import check_name
from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.reference import parse_parts, parse_selector
from ci_secrets.config.url import check_url
from ci_secrets.config.wording import shown
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

NOWHERE: Final = "https://vault.invalid"
"""In place of a URL that the file does not tell. By RFC 6761 no such host ever exists."""

_PLAIN: Final = re.compile(r"[A-Za-z][\w./@+-]*(?::[\w./@+-]+)?(?:#[\w.-]+\*{0,2}|#\*{1,2})?")
_NOT_PLAIN: Final = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})
_KEY: Final = re.compile(r"[\w-]+")

Entry = str | dict[str, Any]


class Draft:
    """Stores, secrets and notes, in the order in which they were found.

    `only` is the one job that is asked for; others are passed over.
    """

    def __init__(self, only: str | None = None) -> None:
        self.only = only
        self.stores: dict[str, dict[str, Any]] = {}
        self.secrets: dict[str, Entry] = {}
        self.notes: list[str] = []
        self.jobs: list[str] = []
        self.passed: list[str] = []
        """Jobs that were not asked for."""

    def wants(self, job: str) -> bool:
        """Whether this job is asked for; it has something to carry over."""
        found = self.jobs if self.only in (None, job) else self.passed
        if job not in found:
            found.append(job)
        return found is self.jobs

    def note(self, place: Place, text: str) -> None:
        """Something for people, once."""
        line = f"{place}: {text}"
        if line not in self.notes:
            self.notes.append(line)

    def store(self, settings: dict[str, Any]) -> str:
        """The name of the store with these settings."""
        for name, known in self.stores.items():
            if known == settings:
                return name
        name = f"vault-{len(self.stores) + 1}" if self.stores else "vault"
        self.stores[name] = settings
        return name

    def url(self, place: Place, given: str | None, why: str) -> str:
        """A store's URL as it was given; where it cannot be, one that leads nowhere, and a note."""
        if given is not None:
            try:
                check_url(given)
            except ConfigError as failure:
                why = failure.what
            else:
                return given
        self.note(place, f"write the store's URL in place of {NOWHERE}: {why}")
        return NOWHERE

    def parts(self, place: Place, key: str, given: str | None) -> str | None:
        """A mount or a namespace; what is none is noted and left out."""
        if given is None:
            return None
        try:
            return parse_parts(key, given)
        except ConfigError as failure:
            self.note(place, f"`{key}` was left out: {failure.what}")
            return None

    def add(self, place: Place, name: str, entry: Entry) -> None:
        """A secret. A second one of the same name is noted, unless it is the same."""
        if not isinstance(entry, dict) or not {"prefix", "fields"} & set(entry):
            try:
                check_name(name)
            except ConfigError as failure:
                self.note(place, f"left out: {failure.what} {failure.cause}")
                return
        if self.secrets.setdefault(name, entry) != entry:
            self.note(
                place,
                f"left out: {shown(name)} is the name of another secret before it. Rename one, or "
                "make a file for each job (--job).",
            )

    def label(self, stem: str) -> str:
        """A name for an entry that is no variable itself; none that is taken."""
        number = 1
        while (name := stem if number == 1 else f"{stem}_{number}") in self.secrets:
            number += 1
        return name

    def text(self) -> str:
        """The file."""
        lines = ["version: 1", "stores:"]
        lines += [f"  {_scalar(name)}: {_flow(known)}" for name, known in self.stores.items()]
        lines.append("secrets:")
        lines += [f"  {_scalar(name)}: {_flow(entry)}" for name, entry in self.secrets.items()]
        return "\n".join(lines) + "\n"


def text_of(node: Node | None) -> str | None:
    """A scalar as CI systems take it: as text; `None` for anything else and for nothing."""
    match node.value if node else None:
        case bool() as value:
            return str(value).lower()
        case int() | float() | str() as value:
            return str(value)
        case _:
            return None


def inside(node: Node | None, *keys: str) -> Node | None:
    """What stands below these keys, one mapping in the other; `None` where there is nothing."""
    for key in keys:
        if node is None or not isinstance(node.value, dict):
            return None
        node = node.value.get(key)
    return node


def spelled(selector: Selector) -> str:
    """A selector as it is written behind `#`, so that it is read as the same."""
    match selector:
        case Field(keys=(key,)) if parse_selector(key) == selector:
            return key
        case Field(keys=keys):
            return ".".join(key if _KEY.fullmatch(key) else json.dumps(key) for key in keys)
        case Jsonata(expression=expression):
            return expression
        case AllKeys(keep_case=keep_case):
            return "**" if keep_case else "*"


def _flow(value: object) -> str:
    """YAML on one line; all that could be read as something else stands in quotes."""
    match value:
        case dict() as entries:
            inner = ", ".join(f"{_scalar(str(key))}: {_flow(it)}" for key, it in entries.items())
            return f"{{{inner}}}"
        case list() as items:
            return f"[{', '.join(map(_flow, items))}]"
        case str() as text:
            return _scalar(text)
        case _:
            return json.dumps(value)


def _scalar(text: str) -> str:
    if _PLAIN.fullmatch(text) and text.lower() not in _NOT_PLAIN:
        return text
    # Nothing that a terminal or a runner (`##vso[`) obeys; YAML has JSON's escapes, and `\U`.
    whole = json.dumps(text, ensure_ascii=False).replace("##", "#\\u0023")
    return "".join(each if each.isprintable() else _escape(ord(each)) for each in whole)


def _escape(code: int) -> str:
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quoted(text: str) -> str:
    """A piece of the file in a note."""
    return f"`{foreign(text, 120)}`"
