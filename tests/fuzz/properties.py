"""What holds for any bytes, in any pieces."""

import random
from collections.abc import Iterator
from typing import Final

from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.forms import FORMS
from ci_secrets.leaks.forms.reading import Budget
from ci_secrets.leaks.matcher import Engine, build
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret
from tests.data.values import values

BUDGET: Final = 64 * 1024
"""Bytes that each reader may decode of one text."""
SEED: Final = 11
_KINDS: Final = ("token", "cloud", "password", "short", "nonascii")
_SPANS: Final = 8
"""Places in a piece whose way back is tried."""


def engine() -> Engine:
    """One value of each kind of a single line."""
    known = values(SEED).known
    return build({kind: Secret(known[kind]) for kind in _KINDS})


def hold(known: Engine, data: bytes) -> None:
    """Assert all of them. The first two bytes say how the rest is cut into pieces.

    A scan sees what a stream sees, but for torn text: a stream takes no notice of any mark between
    letters, where a scan needs those of a tool to notice it.
    """
    cuts, text = int.from_bytes(data[:2]), data[2:]
    _readers(text)
    streamed = _redactor(known, text, cuts)
    scanned = _scanner(known, text, cuts)
    for one in (finding for finding in streamed if "torn" not in finding.form):
        assert any(_overlap(one, other) for other in scanned), f"{one.form} only seen in the stream"


def _readers(text: bytes) -> None:
    """None raises, decodes more than its budget, or points outside of the text."""
    for name, form in FORMS.items():
        if form.read is None:
            continue
        budget, decoded = Budget(BUDGET), 0
        for piece in form.read(text, budget):
            decoded += len(piece.text)
            for at in range(0, len(piece.text), max(1, len(piece.text) // _SPANS)):
                start, end = piece.span(at, at + 1)
                assert 0 <= start <= end <= len(text), f"{name} points at {start}:{end}"
        assert decoded <= BUDGET, f"{name} decoded {decoded} bytes"


def _redactor(known: Engine, text: bytes, cuts: int) -> tuple[Finding, ...]:
    """Pieces change neither what is written nor what is told."""
    whole, pieces = Redactor(known), Redactor(known)
    in_one = whole.feed(text) + whole.finish()
    in_many = b"".join(map(pieces.feed, _pieces(text, cuts))) + pieces.finish()
    assert in_one == in_many
    told = whole.report("log").findings
    assert told == pieces.report("log").findings
    return told


def _scanner(known: Engine, text: bytes, cuts: int) -> tuple[Finding, ...]:
    """Pieces change nothing, and every finding lies in the text."""
    whole, pieces = Scanner(known), Scanner(known)
    whole.feed(text)
    for piece in _pieces(text, cuts):
        pieces.feed(piece)
    whole.finish()
    pieces.finish()
    found = whole.report("log").findings
    assert found == pieces.report("log").findings
    lines = text.split(b"\n")
    for one in found:
        assert (one.line, one.column) < (one.end_line, one.end_column)
        assert one.column <= len(lines[one.line - 1]) + 1
        assert one.end_column <= len(lines[one.end_line - 1]) + 1
    return found


def _overlap(one: Finding, other: Finding) -> bool:
    """Whether two findings of a value have a character in common."""
    return (
        _owner(one) == _owner(other)
        and (one.line, one.column) < (other.end_line, other.end_column)
        and (other.line, other.column) < (one.end_line, one.end_column)
    )


def _owner(one: Finding) -> str:
    """The name of the whole value."""
    return one.secret.partition(".")[0].partition("[")[0]


def _pieces(text: bytes, cuts: int) -> Iterator[bytes]:
    """A few cuts at random places, so that a short input says where."""
    rng = random.Random(cuts)  # noqa: S311
    places = sorted(rng.randrange(len(text) + 1) for _ in range(rng.randint(1, 12)))
    for start, end in zip((0, *places), (*places, len(text)), strict=True):
        yield text[start:end]
