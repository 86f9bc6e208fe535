"""From the data of a secret to the bytes of a value."""

import base64
import binascii
import difflib
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, assert_never

from ci_secrets.config.model import AllKeys, Encoding, Field, Jsonata, Selector
from ci_secrets.errors import ConfigError
from ci_secrets.secret import Secret
from ci_secrets.stores.vault.wire import Number
from ci_secrets.text import foreign

JSONATA_MILLISECONDS: Final = 1000
JSONATA_DEPTH: Final = 200

_LIKENESS: Final = 0.5
"""Of 0 to 1, as difflib counts: `prod` is near enough to `production`."""
_SPACE: Final = re.compile(rb"[ \t\r\n]+")


def select(data: Mapping[str, Any], selector: Field | Jsonata, source: str) -> object:
    """What a selector finds in the data; `None` where it finds nothing, or null.

    Raises `ConfigError` for an expression that is wrong.
    """
    match selector:
        case Field(keys=keys):
            found: object = data
            for key in keys:
                found = found.get(key) if isinstance(found, dict) else None
            return found
        case Jsonata(expression=expression):
            return _jsonata(data, expression, source)
        case _:
            assert_never(selector)


def _jsonata(data: Mapping[str, Any], expression: str, source: str) -> object:
    from jsonata.jexception import JException
    from jsonata.jsonata import Jsonata as Expression

    # NOTE: the library's messages quote what it works on, so that none is shown.
    try:
        compiled = Expression(expression)
        frame = compiled.create_frame()
        frame.set_runtime_bounds(JSONATA_MILLISECONDS, JSONATA_DEPTH)
        found: object = compiled.evaluate(data, frame)
    except JException as failure:
        raise ConfigError(
            f"The selector of {foreign(source)} cannot be evaluated ({foreign(failure.error)}).",
            cause="It is not JSONata, does not fit the data, or takes too long.",
            fix="Codes are those of https://docs.jsonata.org; a plain field is `field` or `a.b`.",
        ) from None
    except (RecursionError, ValueError, TypeError, ArithmeticError, LookupError, AttributeError):
        raise ConfigError(f"The selector of {foreign(source)} does not fit the data.") from None
    return found


def decoded(value: object, encoding: Encoding, source: str) -> Secret:
    """The bytes of a value: text as it is, anything else as compact JSON, then decoded.

    Raises `ConfigError` for text that is not in that encoding.
    """
    text = value if isinstance(value, str) else compact(value)
    # A lone surrogate, which JSON can spell, is kept, and refused by whoever needs text.
    raw = text.encode("utf-8", "surrogatepass")
    try:
        match encoding:
            case "utf8":
                return Secret(raw)
            case "base64":
                return Secret(base64.b64decode(_SPACE.sub(b"", raw), validate=True))
            case "hex":
                return Secret(binascii.unhexlify(_SPACE.sub(b"", raw)))
            case _:
                assert_never(encoding)
    except binascii.Error:
        raise ConfigError(
            f"The value of {foreign(source)} is not {encoding}.",
            fix="Leave `encoding:` out to take the text as it is stored.",
        ) from None


def compact(value: object) -> str:
    """JSON without spaces, numbers as the store wrote them."""
    match value:
        case Number():
            return value.literal
        case dict():
            parts = (
                f"{json.dumps(key, ensure_ascii=False)}:{compact(value[key])}" for key in value
            )
            return "{" + ",".join(parts) + "}"
        case list() | tuple():
            return "[" + ",".join(map(compact, value)) + "]"
        case _:
            return json.dumps(value, ensure_ascii=False)


def nearest(wanted: str, names: Iterable[str]) -> str:
    """The name that is most like the wanted one, ready to be shown; empty where none is."""
    candidates = [str(name) for name in names]
    # `Password` for `password` is as near as can be, whatever the distance says.
    for name in candidates:
        if name.lower() == wanted.lower():
            return foreign(name, 80)
    close = difflib.get_close_matches(wanted, candidates, n=1, cutoff=_LIKENESS)
    return foreign(close[0], 80) if close else ""


def nearest_field(data: Mapping[str, Any], selector: Selector) -> str:
    """The existing key nearest to the one that a selector asks for; never a value."""
    match selector:
        case Field(keys=keys):
            here: Any = data
            for key in keys:
                if not isinstance(here, dict):
                    return ""
                if here.get(key) is None:
                    return nearest(key, (name for name in here if here[name] is not None))
                here = here[key]
            return ""
        case Jsonata() | AllKeys():
            return ""
        case _:
            assert_never(selector)
