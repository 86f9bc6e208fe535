"""Reads the values that are given with `--known`: a JSON object of name → value."""

import json
import re
import sys
from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import count
from pathlib import Path
from typing import IO, Final, NoReturn

from ci_secrets.errors import UsageError
from ci_secrets.leaks.excerpt import MARK
from ci_secrets.leaks.forms.stop import is_stop_value
from ci_secrets.leaks.parts import MIN_WHOLE
from ci_secrets.secret import Secret
from ci_secrets.text import foreign

MAX_BYTES: Final = 64 * 1024 * 1024
_HALF_A_PAIR: Final = re.compile("[\ud800-\udfff]")
_FIX: Final = 'Write a JSON object of strings: {"DB_PASSWORD": "…", "API_KEY": "…"}'


def read_known(path: str | Path, stdin: IO[bytes] | None = None) -> dict[str, Secret]:
    """Read the values from a file, or from standard input for `-`.

    Raises `UsageError`, which never holds any of the content.
    """
    try:
        if str(path) == "-":
            data = (stdin or sys.stdin.buffer).read(MAX_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except OSError as error:
        why = foreign(error.strerror or "it cannot be opened")
        raise UsageError(
            f"--known: {foreign(path)} cannot be read: {why}.", fix="Check the path and its mode."
        ) from None
    return parse_known(data)


def parse_known(data: bytes) -> dict[str, Secret]:
    """Read the values from JSON text in UTF-8. Raises `UsageError`, without any of the content."""
    if len(data) > MAX_BYTES:
        _refuse(f"it is larger than {MAX_BYTES // 1024**2} MiB")
    pairs, why = _decoded(data)
    if why:
        _refuse(why)  # NOTE: here, for the exceptions there carry all of the content along
    if not isinstance(pairs, _Pairs):
        _refuse(f"it is {_kind(pairs)}, not an object of name → value")
    if not pairs:
        _refuse("it names no value, so nothing would be looked for")
    hide = _hiding(value for _, value in pairs if isinstance(value, str))
    known: dict[str, Secret] = {}
    for name, value in pairs:
        if not name.strip():
            _refuse("the name of a value is empty")
        shown = foreign(hide(name))
        if name in known:
            _refuse(f"the name {shown} stands in it twice")
        if not isinstance(value, str):
            _refuse(f"the value of {shown} is {_kind(value)}, not a string")
        if _HALF_A_PAIR.search(name + value):
            _refuse(f"{shown} holds half of a surrogate pair, which is no text")
        known[name] = Secret(value)
    return _renamed(known, hide)


def _hiding(values: Iterable[str]) -> Callable[[str], str]:
    """What replaces values that are looked for in a name, which is printed, by `***`."""
    every = {value.strip() for value in values}
    telling = sorted((value for value in every if _is_looked_for(value)), key=len)
    sizes = [len(value) for value in telling]

    def hide(name: str) -> str:
        for value in reversed(telling[: bisect_right(sizes, len(name))]):
            name = name.replace(value, MARK.decode())
        return name

    return hide


def _is_looked_for(value: str) -> bool:
    text = value.encode("utf-8", "surrogatepass")
    return len(text) >= MIN_WHOLE and not is_stop_value(text)


def _renamed(known: dict[str, Secret], hide: Callable[[str], str]) -> dict[str, Secret]:
    """The values by names that hold none, each by its own."""
    renamed: dict[str, Secret] = {}
    for name, secret in known.items():
        shown = label = hide(name)
        numbers = count(2)
        while label in renamed or (label != name and label in known):
            label = f"{shown} ({next(numbers)})"
        renamed[label] = secret
    return renamed


def _decoded(data: bytes) -> tuple[object, str]:
    """What the JSON holds, or why it cannot be read."""
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=_Pairs), ""
    except UnicodeDecodeError:
        return None, "it is not UTF-8"
    except json.JSONDecodeError as error:
        return None, f"it is not JSON, from line {error.lineno} column {error.colno} on"
    except (ValueError, RecursionError):  # a number of too many digits; too deep
        return None, "it is not JSON that can be read"


class _Pairs(list[tuple[str, object]]):
    """An object's members in their order, repeated names and all."""


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case _Pairs():
            return "an object"
        case _:
            return "a list"


def _refuse(why: str) -> NoReturn:
    raise UsageError(f"--known cannot be used: {why}.", fix=_FIX)
