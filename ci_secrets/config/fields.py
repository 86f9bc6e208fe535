"""Typed reading of a mapping: every refusal says where, what, and what to write instead."""

from collections.abc import Collection, Mapping
from typing import Any

from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.wording import nearest, shown


class Section:
    """A mapping whose keys are known.

    `what` names it for people (`store vault`); `hints` says for keys that are refused on purpose,
    or expected elsewhere, why and what to write. Raises `ConfigError` for an unknown key at once.
    """

    def __init__(
        self, node: Node, what: str, known: Collection[str], hints: Mapping[str, str] | None = None
    ) -> None:
        self.place = node.place
        self.what = what
        self._entries = mapping(node, what)
        self._keys = node.keys
        for key, place in node.keys.items():
            if hints and key in hints:
                raise place.error(f"{shown(key)} is refused in {what}.", fix=hints[key])
            if key not in known:
                raise place.error(f"unknown key {shown(key)} in {what}.", fix=nearest(key, known))

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def at(self, key: str) -> Place:
        """Where the value of a key stands; where the key is absent, the section."""
        return self._entries[key].place if key in self._entries else self.place

    def node(self, key: str) -> Node | None:
        """The value of a key; `None` where it is absent. A key without a value is refused."""
        node = self._entries.get(key)
        if node is not None and node.value is None:
            raise self._keys[key].error(
                f"`{key}` has no value.", fix="Give it one, or remove the line."
            )
        return node

    def text(self, key: str) -> str | None:
        """Text that is not empty."""
        node = self.node(key)
        return None if node is None else text(node, key)

    def required_text(self, key: str, example: str) -> str:
        """Text that must be there."""
        value = self.text(key)
        if value is None:
            raise self.place.error(f"{self.what} has no `{key}`.", fix=f"Add `{key}: {example}`.")
        return value

    def boolean(self, key: str) -> bool | None:
        """`true` or `false`."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node.value, bool):
            return node.value
        raise node.place.error(
            f"`{key}` must be true or false.",
            cause="YAML 1.2 knows no yes, no, on and off.",
            fix=f"Write `{key}: true` or `{key}: false`, without quotes.",
        )

    def choice(self, key: str, choices: Collection[str]) -> str | None:
        """One of a few words."""
        node = self.node(key)
        if node is None:
            return None
        if isinstance(node.value, str) and node.value in choices:
            return node.value
        word = shown(node.value) if isinstance(node.value, str) else "this"
        raise node.place.error(
            f"{word} is no value of `{key}`.", fix=f"Write one of: {', '.join(choices)}."
        )

    def entries(self, key: str) -> dict[str, Node]:
        """A mapping with keys that the user chose; empty where it is absent."""
        node = self.node(key)
        return {} if node is None else mapping(node, key)

    def keys_of(self, key: str) -> dict[str, Place]:
        """Where the keys of such a mapping stand."""
        node = self.node(key)
        return {} if node is None else node.keys

    def items(self, key: str) -> tuple[Node, ...]:
        """A sequence; empty where it is absent."""
        node = self.node(key)
        if node is None or isinstance(node.value, tuple):
            return () if node is None else node.value  # type: ignore[return-value]
        raise node.place.error(f"`{key}` must be a list.", fix=f"Write `{key}: [first, second]`.")

    def one_of(self, *keys: str) -> str | None:
        """The one of these keys that is there; two of them are refused."""
        there = [key for key in keys if key in self._entries]
        if len(there) > 1:
            raise self._keys[there[1]].error(
                f"`{there[0]}` and `{there[1]}` exclude each other in {self.what}.",
                fix="Remove one of the two.",
            )
        return there[0] if there else None


def mapping(node: Node, what: str) -> dict[str, Node]:
    """The entries of a mapping."""
    if isinstance(node.value, dict):
        return node.value
    raise node.place.error(
        f"{what} must be a mapping.", fix="Write `key: value` lines, indented with spaces."
    )


def text(node: Node, key: str) -> str:
    """Text that is not empty."""
    if not isinstance(node.value, str):
        raise node.place.error(f"{shown(key)} must be text.", fix="Put the value in quotes.")
    if not node.value:
        raise node.place.error(f"{shown(key)} is empty.", fix="Give it a value.")
    return node.value


def number(node: Node, key: str, low: float, high: float) -> float:
    """A number within bounds, both of which are included."""
    value: Any = node.value
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise node.place.error(
            f"`{key}` must be a number from {low:g} to {high:g}.", fix=f"Write `{key}: {low:g}`."
        )
    return value
