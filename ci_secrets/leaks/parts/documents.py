"""Reads the fields of JSON, YAML and XML."""

import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final

from ci_secrets.leaks.parts.keys import JWK_PUBLIC
from ci_secrets.leaks.parts.reading import MAX_DEPTH, Field, step


class _Members(list[tuple[str, object]]):
    """A mapping's members in their order, repeated names and all."""


_JSON: Final = json.JSONDecoder(
    object_pairs_hook=_Members,
    parse_int=str,  # NOTE: a number is looked for as it is written; and long ones cost nothing
    parse_float=str,
    parse_constant=str,
    strict=False,  # NOTE: a key that was pasted with its line ends is still found
)


def read_json(text: str, _key: str) -> list[Field]:
    """The texts and numbers of JSON, in the order they are written."""
    if text[:1] not in ("{", "[", '"'):
        return []
    try:
        document, end = _JSON.raw_decode(text)
    except (ValueError, RecursionError):
        return []
    if text[end:].strip():
        return []
    return list(_fields(document, "", "", 0))


def _fields(node: object, path: str, key: str, depth: int) -> Iterator[Field]:
    match node:
        case str() if node:
            yield Field(path, key, node)
        case list() if depth >= MAX_DEPTH:
            yield Field(path, key, None)
        case _Members():
            named = _named(node)
            public = JWK_PUBLIC if any(name == "kty" for name, _ in node) else ()
            for number, (name, value) in enumerate(node, start=1):
                place = path + step(name, number)
                if place.endswith(f".#{number}"):
                    yield Field(f"{place}.key", "id" if _ID.fullmatch(name) else "", name)
                meant = (named or key) if name in ("value", "Value") else name
                meant = "public" if name in public else meant
                yield from _fields(value, place, meant, depth + 1)
        case list():
            for number, value in enumerate(node):
                yield from _fields(value, f"{path or '.'}[{number}]", key, depth + 1)
        case _:
            pass


# NOTE: short, or a UUID: what is listed by it, rather than a token that opens something
_ID: Final = re.compile(r".{0,15}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")


def _named(members: _Members) -> str:
    """The name that a mapping such as `{"name": "DB_PASSWORD", "value": …}` gives its value."""
    names = [value for key, value in members if key.lower() in ("name", "key", "variable")]
    return names[0] if names and isinstance(names[0], str) else ""


_YAML_ENTRY: Final = re.compile(
    r"""^[ ]*(?:-[ ]+)*(?:"[^"\n]{1,200}"|'[^'\n]{1,200}'|[\w./$@-]{1,200}):(?:[ ]|$)""",
    re.MULTILINE,
)


def read_yaml(text: str, _key: str) -> list[Field]:
    """The texts of YAML, of every document; aliases are not followed, so they cost nothing."""
    if text.startswith("-----BEGIN"):
        return []
    if text[:1] not in ("{", "[") and not ("\n" in text and _YAML_ENTRY.search(text)):
        return []
    import yaml

    found: list[Field] = []
    events = yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    try:
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                found += _fields(_node(events, next(events)), "", "", 0)
    except _TooDeepError:
        return [*found, Field("", "", None)]
    except (yaml.YAMLError, ValueError, OverflowError):
        return []  # NOTE: what can be read line by line of a broken file is read as settings
    return found if any(field.step for field in found) else []


class _TooDeepError(Exception):
    """The reading ends here: what is deeper may be as deep as the text is long."""


def _node(events: Any, event: Any, depth: int = 0) -> object:  # noqa: ANN401  # PyYAML's
    """One node of a document; a scalar is its text, an alias nothing."""
    import yaml

    if isinstance(event, yaml.ScalarEvent):
        return event.value
    if isinstance(event, yaml.AliasEvent):
        return None
    if depth > MAX_DEPTH:
        raise _TooDeepError
    end = yaml.MappingEndEvent, yaml.SequenceEndEvent
    nodes: list[object] = []
    while not isinstance(inner := next(events), end):
        nodes.append(_node(events, inner, depth + 1))
    if isinstance(event, yaml.SequenceStartEvent):
        return nodes
    pairs = zip(nodes[::2], nodes[1::2], strict=False)
    return _Members((key if isinstance(key, str) else "", value) for key, value in pairs)


_TAG: Final = re.compile(
    r"<(?P<name>[A-Za-z_][\w:.-]{0,100})(?P<attributes>[^<>]*)>(?:(?P<text>[^<]+)</)?"
)
_CDATA: Final = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_ATTRIBUTE: Final = re.compile(r"""([\w:.-]{1,100})\s?=\s?(?:"([^"]*)"|'([^']*)')""")


def read_xml(text: str, _key: str) -> list[Field]:
    """The texts and attributes of XML, without ever building or expanding anything."""
    if not text.startswith("<") or ">" not in text:
        return []
    end = text.rfind("]]>") + 3  # NOTE: behind the last there is no end to search for, every time
    text = _CDATA.sub(lambda raw: html.escape(raw[1]), text[:end]) + text[end:]
    found: list[Field] = []
    for number, tag in enumerate(_TAG.finditer(text), start=1):
        name = tag["name"]
        place = step(name, number)
        attributes = [(key, one or two) for key, one, two in _ATTRIBUTE.findall(tag["attributes"])]
        named = next((value for key, value in attributes if key.lower() in ("key", "name")), "")
        for at, (key, value) in enumerate(attributes, start=1):
            meant = (named or name) if key.lower() == "value" else key
            found += _spelled(place + step(key, at), meant, value)
        if inner := (tag["text"] or "").strip():
            found += _spelled(place, named or name, inner)
    return found


def _spelled(place: str, key: str, text: str) -> Iterator[Field]:
    """A text of XML as it is meant, and as it is written."""
    meant = html.unescape(text)
    if meant:
        yield Field(place, key, meant)
    if meant != text:
        yield Field(place, key, text)
