"""The lines of vault-action's `secrets` input: `path selector | NAME ;`.

They mean what they mean there, with one exception: what would go wrong there in silence (two
secrets with one name, a name that is none) is an error here.
"""

from collections.abc import Collection

from ci_secrets.config.model import AllKeys, Field, Jsonata, SecretRequest, Selector
from ci_secrets.config.names import check_distinct, check_name, check_pattern, normalise
from ci_secrets.config.reference import STORE_NAME, check_store, parse_path, parse_selector
from ci_secrets.errors import ConfigError
from ci_secrets.text import foreign


def parse_secrets(
    text: str, store: str | None, stores: Collection[str] = ()
) -> tuple[SecretRequest, ...]:
    """The requests of all lines, in their order; no lines, no requests.

    `store` is the one that a path without `store:` belongs to, `None` where several are configured
    and each line must say; `stores` are the names that may stand before the colon. Raises
    `ConfigError`, naming the line.
    """
    known = frozenset(stores) | ({store} if store else set())
    requests = tuple(
        _request(item.strip(), store, known) for item in text.split(";") if item.strip()
    )
    plain = [entry for entry in requests if not isinstance(entry.selector, AllKeys)]
    check_distinct((entry.name, entry.source) for entry in plain)
    check_distinct(((_output(entry), entry.source) for entry in plain), ignore_case=True)
    return requests


def _output(request: SecretRequest) -> str:
    return request.name if request.output_name is None else request.output_name


def _request(item: str, store: str | None, stores: frozenset[str]) -> SecretRequest:
    try:
        return _parsed(item, store, stores)
    except ConfigError as failure:
        raise ConfigError(
            f"--secrets, `{foreign(item, 120)}`: {failure.what}",
            cause=failure.cause,
            fix=failure.fix,
        ) from None


def _parsed(item: str, store: str | None, stores: frozenset[str]) -> SecretRequest:
    spec, bar, name = item.rpartition("|") if "|" in item else (item, "", "")
    words, name = spec.split(), name.strip()
    if len(words) != 2:
        raise ConfigError(
            f"it has {len(words)} words before the name, not two.",
            fix="Write `path field | NAME`, and `;` between two secrets. A path or a field with "
            "spaces needs ci-secrets.yaml.",
        )
    if bar and not name:
        raise ConfigError("there is no name after `|`.", fix="Write `path field | NAME`.")
    store, path = _store_of(words[0], store, stores)
    selector = parse_selector(words[1])
    path, selector = parse_path(path, selector)
    variable, output = _names(selector, name)
    return SecretRequest(
        name=variable, output_name=output, store=store, path=path, selector=selector
    )


def _store_of(word: str, store: str | None, stores: frozenset[str]) -> tuple[str, str]:
    # NOTE: a colon may stand in a path of Vault, so only a store's name makes it a prefix.
    prefix, colon, rest = word.partition(":")
    if colon and (prefix in stores or (store is None and STORE_NAME.fullmatch(prefix))):
        check_store(prefix, stores)
        return prefix, rest
    if store is None:
        raise ConfigError(
            "it does not say of which store.",
            fix=f"Write `store:path field`; the stores are {', '.join(sorted(stores)) or 'none'}.",
        )
    return store, word


def _names(selector: Selector, name: str) -> tuple[str, str]:
    """(variable, output); with `*` and `**` both are the prefix."""
    match selector:
        case AllKeys():
            return name, name
        case _ if name:
            check_name(name)
            return name, name
        case Field(keys=keys):
            output = normalise(".".join(keys))
            variable = output.upper()
            check_name(variable)
            check_pattern(output)
            return variable, output
        case Jsonata():
            raise ConfigError("this selector needs a name.", fix="Write `path selector | NAME`.")
