"""Lists in which each character has an index or a code."""

import json
import pprint
from collections.abc import Callable

import pytest
from hypothesis import given

from ci_secrets.leaks.forms.torn.listed import listed
from ci_secrets.leaks.scan import scan_stream
from tests.unit.leaks.forms.torn.tears import FEW, spans
from tests.unit.leaks.strategies import TOKENS, engine_of

LISTS: dict[str, Callable[[str], str]] = {
    "dict of Python": lambda v: repr(dict(enumerate(v))),
    "dict in lines": lambda v: pprint.pformat(dict(enumerate(v)), width=20),
    "enumerate": lambda v: repr(list(enumerate(v))),
    "lines": lambda v: "\n".join(f"{at}: {one!r}" for at, one in enumerate(v)),
    "codes": lambda v: repr([(one, ord(one)) for one in v]),
    "object of JSON": lambda v: json.dumps(dict(enumerate(v))),
    "compact object": lambda v: json.dumps(dict(enumerate(v)), separators=(",", ":")),
    "entries of node": lambda v: ",\n ".join(f"[ '{at}', '{one}' ]" for at, one in enumerate(v)),
    "array of bash": lambda v: " ".join(f'[{at}]="{one}"' for at, one in enumerate(v)),
    "runes of Go": lambda v: " ".join(f"U+{ord(one):04X} '{one}'" for one in v),
    "array of gdb": lambda v: ", ".join(f"{ord(one)} '{one}'" for one in v),
    "rows of gdb": lambda v: "".join(
        f"0x7ffe{at:04x}:\t" + "\t".join(f"{ord(one)} '{one}'" for one in v[at : at + 8]) + "\n"
        for at in range(0, len(v), 8)
    ),
    "assignments": lambda v: ";".join(f"{at}={one}" for at, one in enumerate(v)),
    "assignments of awk": lambda v: " ".join(f"{at}={one}" for at, one in enumerate(v, 1)),
    "pairs of JSON": lambda v: json.dumps(
        [[str(at), one] for at, one in enumerate(v)], separators=(",", ":")
    ),
    "map of node": lambda v: ",\n  ".join(f"'{at}' => '{one}'" for at, one in enumerate(v)),
}
PLAIN = TOKENS.filter(lambda text: len(text) >= 12 and not set(text) & set("\"'\\"))


@pytest.mark.parametrize("name", LISTS)
@FEW
@given(value=PLAIN)
def test_characters_of_a_list_come_together(name: str, value: str) -> None:
    """A value whose characters are counted, or followed by their codes, is read whole."""
    text = f"chars {LISTS[name]('k=' + value)} end".encode()
    assert spans(listed(text), value.encode())


@pytest.mark.parametrize("name", LISTS)
def test_a_listed_value_is_found(name: str) -> None:
    """Wherever in the list it begins, and though no piece of it is longer than a letter."""
    printed = LISTS[name]("user=ci token=mZ4kQ81vXw2Rt7LpYd3cBn5h; ok")
    engine = engine_of({"PW": "mZ4kQ81vXw2Rt7LpYd3cBn5h"})
    report = scan_stream(engine, [f"build\n{printed}\nmade\n".encode()], "x")
    assert {one.secret for one in report.findings} == {"PW"}


def test_few_and_other_items_are_refused() -> None:
    """Five characters are no list, and neither are words."""
    assert not [*listed(repr(list(enumerate("abcde"))).encode())]
    assert not [*listed(repr(list(enumerate(["alpha", "beta", "gamma"] * 3))).encode())]
