"""By what a scan notices values, and that it says where there are too many for all of that."""

import random
from itertools import islice
from string import ascii_letters, digits

from ci_secrets.leaks.anchors import ENOUGH, MOST_ANCHORS
from ci_secrets.leaks.clues import clues_of
from ci_secrets.leaks.needles import needles_of
from ci_secrets.leaks.scan import scan_stream
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
    report = scan_stream(engine_of(tokens(80)), [], "job.log")
    assert not [note for note in report.skipped if "one of many" in note.reason]
