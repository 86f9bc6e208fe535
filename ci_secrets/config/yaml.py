"""Reads YAML that nobody vouches for: small, shallow, YAML 1.2 scalars, every node with its place.

PyYAML is used for its events only. Tags, anchors, aliases, directives, duplicate keys and a second
document are refused as their event comes by, so nothing of the file is ever constructed, merged or
walked twice, and no recursion is deeper than `MAX_DEPTH`.
"""

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import yaml

from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.scalars import scalar
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 20
"""Of nested mappings and sequences."""
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# YAML 1.2.2 §5.1, and the line breaks that YAML 1.1 has and 1.2 has not (§5.4): what two parsers
# read differently is refused. A BOM may stand at the start only.
_FORBIDDEN: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]"
)


def read(path: Path) -> Node:
    """The one document of a regular file.

    A symbolic link is followed only within its own directory (as Kubernetes mounts a ConfigMap). A
    pipe or a device is refused without waiting for it, and a large file without reading it. Raises
    `ConfigError`, for a file that does not exist too.
    """
    name = foreign(path)
    try:
        data = _read_bytes(path, name)
    except (OSError, ValueError) as failure:
        reason = failure.strerror if isinstance(failure, OSError) else None
        raise ConfigError(
            f"{name} cannot be read: {reason or 'its name is not one of a file'}.",
            fix="Name a readable file with --config.",
        ) from None
    return parse(data, name)


def _read_bytes(path: Path, name: str) -> bytes:
    real = Path(os.path.realpath(path, strict=True))
    if not real.is_relative_to(os.path.realpath(path.parent)):
        raise ConfigError(
            f"{name} is a symbolic link that leaves its directory.",
            fix="Put the file itself there, or name the link's target with --config.",
        )
    # NOTE: O_NONBLOCK, because opening a FIFO would wait for a writer.
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  # a descriptor
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        data = b""
        if status.st_size <= MAX_BYTES:
            while len(data) <= MAX_BYTES and (chunk := file.read(MAX_BYTES + 1 - len(data))):
                data += chunk
    if status.st_size > MAX_BYTES or len(data) > MAX_BYTES:
        raise _too_large(name)
    return data


def _too_large(name: str) -> ConfigError:
    return ConfigError(
        f"{name} has more than {MAX_BYTES // 1024} KiB.",
        cause="It is not a configuration of ci-secrets.",
        fix="Name the right file with --config.",
    )


def parse(data: bytes, name: str) -> Node:
    """The one document of `data`; `name` is what errors call the file. Raises `ConfigError`."""
    if len(data) > MAX_BYTES:
        raise _too_large(name)
    text = _decode(data, name)
    try:
        return _Builder(yaml.parse(text, Loader=_LOADER), name).document()
    except yaml.MarkedYAMLError as failure:
        mark = failure.problem_mark or failure.context_mark
        place = _place(name, mark) if mark else Place(file=name, line=1, column=1)
        raise place.error(
            f"this is not YAML: {foreign(failure.problem or 'unreadable')}.",
            fix="Indent with spaces, close quotes and brackets, put text with `: ` or ` #` or a "
            "special first character in quotes.",
        ) from None
    except (yaml.YAMLError, ValueError, OverflowError):
        # Without libyaml, PyYAML lets through what `chr` and `int` say to absurd escapes.
        raise ConfigError(f"{name} is not YAML.", fix="Check its escapes and numbers.") from None


def _decode(data: bytes, name: str) -> str:
    try:
        text = data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as failure:
        before = data[: failure.start]
        line, column = before.count(b"\n") + 1, failure.start - before.rfind(b"\n")
        raise Place(file=name, line=line, column=column).error(
            "this is not UTF-8.", fix="Save the file as UTF-8."
        ) from None
    if found := _FORBIDDEN.search(text):
        at = found.start()
        line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
        raise Place(file=name, line=line, column=column).error(
            f"the character {foreign(found.group())} cannot stand in YAML.",
            fix='Remove it, or write it as an escape in double quotes: "\\x00".',
        )
    return text


def _place(name: str, mark: Any) -> Place:  # noqa: ANN401  # PyYAML has two kinds of marks
    return Place(file=name, line=mark.line + 1, column=mark.column + 1)


class _Builder:
    """Makes nodes of events, and refuses what is not wanted as it comes by."""

    def __init__(self, events: Iterator[yaml.Event], name: str) -> None:
        self._events = events
        self._name = name
        self._depth = 0

    def document(self) -> Node:
        next(self._events)  # the stream's start
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            return Node(place=Place(file=self._name, line=1, column=1), value=None)
        if event.version or event.tags:  # type: ignore[attr-defined]
            raise self._at(event).error("directives are refused.", fix="Remove the line with `%`.")
        root = self._node(next(self._events))
        next(self._events)  # the document's end
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._at(after).error(
                "a second document is refused.", fix="Remove `---` and what follows it."
            )
        return root

    def _at(self, event: yaml.Event) -> Place:
        return _place(self._name, event.start_mark)

    def _node(self, event: yaml.Event) -> Node:
        place = self._at(event)
        if isinstance(event, yaml.AliasEvent) or event.anchor is not None:  # type: ignore[attr-defined]
            raise place.error(
                "anchors (`&`) and aliases (`*`) are refused.",
                fix="Write the value out; put text that begins with `*` or `&` in quotes.",
            )
        if event.tag is not None:  # type: ignore[attr-defined]
            raise place.error(
                "tags are refused.",
                fix="Remove it; put text that begins with `!` in quotes.",
            )
        match event:
            case yaml.ScalarEvent():
                return Node(
                    place=place, value=scalar(event.value, plain=event.implicit[0], place=place)
                )
            case yaml.SequenceStartEvent():
                with self._nested(place):
                    return Node(place=place, value=tuple(self._items()))
            case _:
                with self._nested(place):
                    return self._mapping(place)

    @contextmanager
    def _nested(self, place: Place) -> Iterator[None]:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise place.error(f"this is nested more than {MAX_DEPTH} deep.", fix="Flatten it.")
        yield
        self._depth -= 1

    def _items(self) -> Iterator[Node]:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._node(event)

    def _mapping(self, place: Place) -> Node:
        entries: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._node(event)
            if not isinstance(key.value, str):
                raise key.place.error("a key must be text.", fix="Put the key in quotes.")
            if key.value in keys:
                raise key.place.error(
                    f"the key `{foreign(key.value, 60)}` stands here a second time, "
                    f"first in line {keys[key.value].line}.",
                    fix="Remove one of the two.",
                )
            keys[key.value] = key.place
            entries[key.value] = self._node(next(self._events))
        return Node(place=place, value=entries, keys=keys)
