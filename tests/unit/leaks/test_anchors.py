"""By what a scan notices values, and that it says where there are too many for all of that."""

import random
from base64 import b64encode
from collections.abc import Callable
from itertools import islice
from string import ascii_letters, digits

import pytest

from ci_secrets.leaks.anchors import ENOUGH, MOST_ANCHORS
from ci_secrets.leaks.clues import clues_of
from ci_secrets.leaks.needles import needles_of
from ci_secrets.leaks.scan import scan_stream
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import engine_of


def tokens(count: int) -> dict[str, str]:
    """So many values of one line."""
    rng = random.Random(1)  # noqa: S311
    return {
        f"TOKEN_{at}": "".join(rng.choices(ascii_letters + digits, k=40)) for at in range(count)
    }


def said(count: int) -> set[str]:
    """The names of which a clean scan says that rare forms may go unnoticed."""
    report = scan_stream(engine_of(tokens(count)), [b"nothing here\n"], "job.log")
    return {note.secret for note in report.skipped if "one of many" in note.reason}


def test_many_values_share_the_anchors_evenly_and_are_told() -> None:
    """Beyond so many values each is named, below it none is; what is plain is found of each."""
    many = MOST_ANCHORS // ENOUGH * 3 // 2
    assert said(5) == set()
    assert said(many) == set(tokens(many))
    known = tokens(many)
    found = scan_stream(engine_of(known), ["\n".join(known.values()).encode()], "x").findings
    assert {one.secret for one in found} == set(known)


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "base64": b64encode,
    "base64 twice": lambda value: b64encode(b64encode(value)),
    "base64 behind a user": lambda value: b64encode(b"user:" + value),
    "hex": lambda value: value.hex().encode(),
    "backwards": lambda value: value[::-1],
    "percent": lambda value: "".join(f"%{byte:02X}" for byte in value).encode(),
    "torn": lambda value: value[:20] + b'" +\n    "' + value[20:],
}


@pytest.mark.parametrize("spell", SPELLINGS.values(), ids=SPELLINGS)
def test_of_many_values_a_scan_finds_what_a_stream_sees(spell: Callable[[bytes], bytes]) -> None:
    """However few anchors each has: no value is called clean for the number of others."""
    known = tokens(300)
    engine = engine_of(known)
    for name in ("TOKEN_0", "TOKEN_150", "TOKEN_299"):
        spelled = spell(known[name].encode())
        for log in (spelled, b"nothing here\n" * 30_000 + b"x " + spelled + b" y\n"):
            pieces = [log[at : at + 100_000] for at in range(0, len(log), 100_000)]
            assert {one.secret for one in scan_stream(engine, pieces, "x").findings} == {name}


def test_values_that_become_known_are_found_beside_many_others() -> None:
    """From there on, in what comes after."""
    known = tokens(300)
    engine = engine_of(dict(list(known.items())[:150]))
    scanner = Scanner(engine)
    late = b64encode(known["TOKEN_299"].encode())
    scanner.feed(b"x " + late + b" y\n")
    scanner.know(engine.extended({name: Secret(value) for name, value in known.items()}))
    scanner.feed(b"x " + late + b" y\n")
    assert [one.line for one in scanner.so_far().report("x").findings] == [2]
    scanner.finish()
    assert [one.line for one in scanner.report("x").findings] == [2]


def test_addresses_are_not_read_closely_for_their_scheme() -> None:
    """Of an address that is known, what all others begin with says nothing."""
    hook = "https://hooks.example.com/services/T02ABCDEF/xYz9012AbCdEfGhIjKlMnOp"
    (shelf,) = engine_of({"HOOK": hook, "JSON": f'{{"hook": "{hook}"}}'}).shelves
    for other in (
        b"GET 200 https://registry.npm.test/pkg1",
        rb'"url":"https:\/\/registry.npm.test\/pkg1"',
        b"?redirect=https%3A%2F%2Fregistry.npm.test%2Fpkg1",
    ):
        assert shelf.anchors.find(other) == []


def test_anchors_are_bounded() -> None:
    """However many values there are, one pass looks for as many literals as for some."""
    (shelf,) = engine_of(tokens(60)).shelves
    assert len(shelf.anchors) < MOST_ANCHORS * 1.1


def test_each_form_has_an_anchor_among_the_first() -> None:
    """The first anchors of a value are of many forms, not all of one."""
    needles = needles_of("TOKEN", tokens(1)["TOKEN_0"].encode())
    forms = {form for _, clue in islice(clues_of(needles), ENOUGH) for form in clue.forms}
    assert {"base64", "hex", "percent", "json", "torn", "dump", "decimal", "utf-16"} <= forms
    assert {"base32", "octal", "escape", "entity", "reversed", "rot13", "ascii85"} <= forms


def test_of_an_empty_text_nothing_goes_unnoticed() -> None:
    """So a job that prints nothing does not wait until all anchors are made."""
    engine = engine_of(tokens(80))
    report = scan_stream(engine, [], "job.log")
    assert not [note for note in report.skipped if "one of many" in note.reason]
    assert "anchors" not in vars(engine.shelves[0])
