"""`secrets:` of ci-secrets.yaml: the short form, the long form, and templates."""

import re
from collections.abc import Collection, Iterator
from typing import Final, cast, get_args

from ci_secrets.config.fields import Section, number, text
from ci_secrets.config.model import (
    AllKeys,
    Deliver,
    Encoding,
    Missing,
    SecretRequest,
    Selector,
    Template,
)
from ci_secrets.config.names import PATTERN, check_name
from ci_secrets.config.nodes import Node, Place
from ci_secrets.config.reference import check_store, parse_path, parse_reference, parse_selector
from ci_secrets.config.wording import shown

Entry = SecretRequest | Template

_KEYS: Final = (
    "from", "field", "fields", "prefix", "with", "version", "as", "mode", "encoding", "required",
    "optional", "default",
)  # fmt: skip
_TEMPLATE_KEYS: Final = ("template", "as", "mode")
_MODE: Final = re.compile(r"0[4-7][0145][0145]")
_MAX_VERSION: Final = 2**31 - 1


def read_entry(
    name: str, place: Place, node: Node, stores: Collection[str]
) -> list[tuple[Place, Entry]]:
    """The requests (or the template) of one entry, each with the place of its name.

    Raises `ConfigError`.
    """
    if not PATTERN.fullmatch(name):
        with place.blame():
            check_name(name)
    if isinstance(node.value, str):
        return [(place, request) for request in _short(name, place, node, stores)]
    if not isinstance(node.value, dict):
        raise place.error(
            f"secret {name} must be text or a mapping.",
            fix=f"Write `{name}: store:path#field`, or `{name}: {{from: store:path, field: …}}`.",
        )
    if "template" in node.value:
        return [(place, _template(name, place, node))]
    return list(_long(name, place, node, stores))


def _short(name: str, place: Place, node: Node, stores: Collection[str]) -> Iterator[SecretRequest]:
    store, path, selector = _source(node, stores)
    if selector is None:
        raise node.place.error(
            "this does not say which field.",
            cause="In YAML a `#` after a space begins a comment.",
            fix="Write `store:path#field`; `#*` takes all keys.",
        )
    with node.place.blame():
        path, selector = parse_path(path, selector)
    yield SecretRequest(
        name=_named(name, place, selector), store=store, path=path, selector=selector
    )


def _source(node: Node, stores: Collection[str]) -> tuple[str, str, Selector | None]:
    with node.place.blame():
        store, path, field = parse_reference(text(node, "from"))
        check_store(store, stores)
        return store, path, None if field is None else parse_selector(field)


def _named(name: str, place: Place, selector: Selector) -> str:
    """The name of a secret; of a wildcard, the prefix, which must look like one."""
    if not isinstance(selector, AllKeys):
        with place.blame():
            check_name(name)
    elif not name.endswith("_"):
        raise place.error(
            f"{shown(name)} would be the prefix of all names, but does not end with `_`.",
            fix=f"Write `{name}_: …`; or `{{from: …, prefix: ''}}` for the keys' own names.",
        )
    return name


def _long(
    name: str, place: Place, node: Node, stores: Collection[str]
) -> Iterator[tuple[Place, SecretRequest]]:
    section = Section(node, f"secret {name}", _KEYS)
    section.required_text("from", "vault:secret/data/app")
    source = section.node("from")
    assert source is not None  # noqa: S101  # `required_text` saw it
    store, path, inline = _source(source, stores)
    for spot, wanted, selector in _wanted(name, place, section, inline):
        with source.place.blame():
            full, found = parse_path(path, selector)
        yield (
            spot,
            SecretRequest(
                name=wanted,
                store=store,
                path=full,
                selector=found,
                payload=_payload(section),
                version=_version(section),
                encoding=cast("Encoding", section.choice("encoding", get_args(Encoding)) or "utf8"),
                missing=_missing(section, found),
                deliver=_deliver(section, "value", get_args(Deliver)),
                mode=_mode(section, "value"),
            ),
        )


def _wanted(
    name: str, place: Place, section: Section, inline: Selector | None
) -> Iterator[tuple[Place, str, Selector]]:
    """(place, name, selector) of each value that the entry asks for."""
    key = section.one_of("field", "fields")
    if (key is None) == (inline is None):
        raise section.place.error(
            f"secret {name} must say once which field.",
            fix="Write `from: store:path#field`, or `field:`, or `fields: {username: DB_USER}`.",
        )
    if key == "fields":
        yield from _fields(section)
        return
    if inline is None:
        with section.at("field").blame():
            inline = parse_selector(section.required_text("field", "password"))
    if "prefix" not in section:
        yield place, _named(name, place, inline), inline
    elif isinstance(inline, AllKeys):
        yield place, _prefix(section), inline
    else:
        raise section.at("prefix").error(
            "`prefix` goes with the fields `*` and `**` only.", fix="Remove it."
        )


def _fields(section: Section) -> Iterator[tuple[Place, str, Selector]]:
    if "prefix" in section:
        raise section.at("prefix").error("`prefix` does not go with `fields`.", fix="Remove it.")
    places = section.keys_of("fields")
    if not places:
        raise section.at("fields").error("`fields` is empty.", fix="fields: {username: DB_USER}")
    for field, node in section.entries("fields").items():
        name = text(node, field)
        with node.place.blame():
            check_name(name)
        with places[field].blame():
            selector = parse_selector(field)
        if not field or isinstance(selector, AllKeys):
            raise places[field].error(
                f"{shown(field)} is no single field.", fix="All keys: `field: '*'` and `prefix:`."
            )
        yield node.place, name, selector


def _prefix(section: Section) -> str:
    node = section.node("prefix")
    if node is None or not isinstance(node.value, str):
        raise section.at("prefix").error("`prefix` must be text.", fix="prefix: APP_")
    if node.value and not PATTERN.fullmatch(node.value):
        raise node.place.error(
            f"{shown(node.value)} cannot begin a name.", fix="Use letters, digits and `_`."
        )
    return node.value


def _payload(section: Section) -> dict[str, object] | None:
    node = section.node("with")
    if node is None:
        return None
    section.entries("with")  # a mapping, or refused
    return cast("dict[str, object]", node.plain())


def _version(section: Section) -> int | None:
    node = section.node("version")
    if node is None:
        return None
    section.one_of("with", "version")
    if not isinstance(node.value, int):
        raise node.place.error("`version` must be a whole number.", fix="Write `version: 1`.")
    return int(number(node, "version", 1, _MAX_VERSION))


def _missing(section: Section, selector: Selector) -> Missing:
    key = section.one_of("required", "optional", "default")
    if key == "default":
        node = section.node("default")
        if node is None or not isinstance(node.value, str):
            raise section.at("default").error(
                "`default` must be text.", fix="Put it in quotes; default: '' is empty."
            )
        if isinstance(selector, AllKeys):
            raise node.place.error(
                "`default` does not go with all keys.", fix="Use `optional: true`."
            )
        return Missing(policy="default", default=node.value)
    if key is not None and section.boolean(key) == (key == "optional"):
        return Missing(policy="optional")
    return Missing()


def _template(name: str, place: Place, node: Node) -> Template:
    hints = {
        key: "A template is made of other secrets: give them entries of their own, with "
        "`as: none` where nothing else needs them."
        for key in _KEYS
        if key not in _TEMPLATE_KEYS
    }
    section = Section(node, f"template {name}", _TEMPLATE_KEYS, hints)
    with place.blame():
        check_name(name)
    return Template(
        name=name,
        text=section.required_text("template", "…"),
        deliver=_deliver(section, "file", ("value", "file")),
        mode=_mode(section, "file"),
    )


def _deliver(section: Section, default: Deliver, choices: Collection[str]) -> Deliver:
    return cast("Deliver", section.choice("as", choices) or default)


def _mode(section: Section, default: Deliver) -> int:
    value = section.node("mode")
    if value is None:
        return 0o600
    if (section.choice("as", get_args(Deliver)) or default) != "file":
        raise section.at("mode").error("`mode` is of a file.", fix="Add `as: file`, or remove it.")
    if not isinstance(value.value, str) or not _MODE.fullmatch(value.value):
        raise value.place.error(
            "this is no mode of a file of secrets.",
            cause="Four octal digits in quotes; the owner reads it, nobody else writes it.",
            fix='Write `mode: "0600"`, or `mode: "0640"` for the group.',
        )
    return int(value.value, 8)
