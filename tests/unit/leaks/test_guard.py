"""A redactor with a scanner behind it."""

import base64
import bz2

import pytest

from ci_secrets.leaks.findings import Verdict
from ci_secrets.leaks.guard import Guard
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import cut, engine_of

VALUE = "made-up-q8Zk2vX0-value"
OTHER = "another-7Hd3kP9w-value"


def packed(value: str) -> bytes:
    """The value as only a scan sees it."""
    text = f"export TOKEN='{value}'; echo {value[::-1]} {value.upper()} {value}\n" * 3
    return base64.b64encode(bz2.compress(text.encode()))


@pytest.mark.parametrize("size", [7, 100_000])
def test_what_only_a_scan_sees_is_let_through_and_told(size: int) -> None:
    """What was redacted is contained; with anything left the report as a whole is not."""
    guard = Guard(engine_of({"PW": VALUE}))
    text = f"plain {VALUE}\n".encode() + b"packed " + packed(VALUE) + b"\n"
    out = b"".join(guard.feed(piece) for piece in cut(text, [size])) + guard.finish()
    assert out == text.replace(VALUE.encode(), b"***")
    report = guard.report("stdout")
    assert [one.form[:2] for one in report.findings] == [(), ("base64", "bzip2")]
    assert [one.form[:2] for one in guard.left("stdout").findings] == [("base64", "bzip2")]
    assert report.verdict is Verdict.LEAKED


def test_what_was_redacted_is_contained() -> None:
    """The scanner looks at what left, not at what came in."""
    guard = Guard(engine_of({"PW": VALUE}))
    assert guard.feed(f"plain {VALUE}\n".encode()) + guard.idle() + guard.finish() == b"plain ***\n"
    assert guard.report("stdout").verdict is Verdict.CONTAINED
    assert guard.left("stdout").findings == ()


def test_a_value_is_looked_for_from_when_it_was_added() -> None:
    """What left before, as a request to mask it has to, is not told."""
    guard = Guard(engine_of({"PW": VALUE}))
    before = f"::add-mask::{OTHER}\n".encode() + packed(OTHER) + b"\n"
    assert guard.feed(before) + guard.finish() == before
    guard.add({"LATER": Secret(OTHER)})
    guard.feed(b"then " + packed(OTHER) + b"\n")
    guard.finish()
    assert [one.line for one in guard.report("stdout").findings] == [3]
