"""What an unquoted word means: the core schema of YAML 1.2, where `no` and `on` are text."""

import math
import re
from typing import Final

from ci_secrets.config.nodes import Place, Scalar

MAX_DIGITS: Final = 40
"""Characters of one number; Python's own conversion of long ones is quadratic."""

_SURROGATE: Final = re.compile(r"[\ud800-\udfff]")
# YAML 1.2.2 §10.3.2, the core schema.
_CONSTANTS: Final[dict[str, Scalar]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGERS: Final = (
    (re.compile(r"[-+]?[0-9]+"), 10),
    (re.compile(r"0o[0-7]+"), 8),
    (re.compile(r"0x[0-9a-fA-F]+"), 16),
)
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NO_NUMBER: Final = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")


def scalar(text: str, *, plain: bool, place: Place) -> Scalar:
    """The value of a scalar; `plain`: neither quoted nor a block. Raises `ConfigError`."""
    if _SURROGATE.search(text):
        raise place.error("half of a surrogate pair is no character.", fix="Use `\\U0001F600`.")
    if not plain:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _NO_NUMBER.fullmatch(text):
        raise place.error("this number is not finite.", fix="Put it in quotes if it is text.")
    return _number(text, place)


def _number(text: str, place: Place) -> int | float | str:
    for pattern, base in _INTEGERS:
        if pattern.fullmatch(text):
            return int(_short(text, place), base)
    if not _FLOAT.fullmatch(text):
        return text
    number = float(_short(text, place))
    if not math.isfinite(number):
        raise place.error("this number is too large.", fix="Put it in quotes if it is text.")
    return number


def _short(text: str, place: Place) -> str:
    if len(text) > MAX_DIGITS:
        raise place.error("this number is too long.", fix="Put it in quotes if it is text.")
    return text
