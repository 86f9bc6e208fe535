"""Short values are looked for torn apart where they are random, and only there."""

import random
import string

import pytest

from ci_secrets.leaks.apart import is_sure
from ci_secrets.leaks.findings import Finding
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.needles import needles_of
from ci_secrets.leaks.parts.words import is_wordy
from ci_secrets.leaks.redact import Redactor
from ci_secrets.leaks.scanner import Scanner
from ci_secrets.secret import Secret
from tests.data.values import short_password

BY_CHANCE = [
    ("letmein1", "let me in 1 minute"),
    ("LetMeIn1", "let me in 1 minute"),
    ("LetMeIn2", "let me\nin 2 minutes"),
    ("cats4dogs2", "3 cats, 4 dogs, 2 birds"),
    ("Cats4Dogs2", "3 cats, 4 dogs, 2 birds"),
    ("go2bed8now", "we go 2 bed 8 now"),
    ("4f1e9a2b", ".git/objects/4f/1e9a2b77"),
    ("deadbeef01", "de:ad:be:ef:01"),
    ("10203045", "version 1.0.2.0.3.0.4.5"),
    ("20261128", "2026-11-28"),
]
"""A value, and a line that has the same letters and digits."""


def scanned(value: str, text: str) -> tuple[Finding, ...]:
    """The findings of a log of one line."""
    scanner = Scanner(build({"PW": Secret(value)}))
    scanner.feed(text.encode() + b"\n")
    scanner.finish()
    return scanner.report("log").findings


def redacted(value: str, text: str) -> str:
    """The line as it is let through."""
    redactor = Redactor(build({"PW": Secret(value)}))
    return (redactor.feed(text.encode()) + redactor.finish()).decode()


@pytest.mark.parametrize(("value", "line"), BY_CHANCE)
def test_words_and_numbers_side_by_side_are_no_finding(value: str, line: str) -> None:
    """Letters and digits that ordinary text has are not put together to a short value."""
    assert scanned(value, line) == ()
    assert redacted(value, line) == line


@pytest.mark.parametrize("value", [value for value, _ in BY_CHANCE])
def test_such_values_are_found_in_one_piece_and_the_rest_is_said(value: str) -> None:
    """As they are, in other case, in base64; that they are not looked for torn apart is noted."""
    for text in (f"x {value}!", f"x {value.upper()}!", f"x {value.encode().hex()}!"):
        assert scanned(value, text)
        assert value.lower() not in redacted(value, text).lower()
    assert [note.reason for note in needles_of("PW", value.encode()).skipped] == [
        "fewer than 16 letters and digits, which other text may have: not looked for torn apart"
    ]


@pytest.mark.parametrize(
    ("value", "line"),
    [
        ("deadbeef01", '["d","e","a","d","b","e","e","f","0","1"]'),
        ("deadbeef01", "d e a d b e e f 0 1"),
        ("correct-horse", "c o r r e c t - h o r s e"),
        ("cats4dogs2", "'cat' + 's4d' + 'ogs' + '2'"),
        ("deadbeef01", "dead\x1b[31mbeef0\x1b[0m1"),
    ],
)
def test_what_is_spelled_out_is_found(value: str, line: str) -> None:
    """Lists of strings, single letters and coloured pieces are no chance."""
    assert scanned(value, line)


def test_digits_in_pieces_are_no_number_backwards() -> None:
    """Nor where another value is known, because of which the line is read in more ways."""
    known = {"NUMBER": Secret("263346"), "DATE": Secret("2024-09-28")}
    scanner = Scanner(build(known))
    scanner.feed(b"-rw-r--r-- root/root    164336 2023-04-27 21:30 usr/share/iso_3166-2.mo\n")
    scanner.feed(b"-rw-r--r-- root/root     39211 2024-12-13 05:13 usr/share/gstreamer.mo\n")
    scanner.finish()
    assert scanner.report("log").findings == ()


@pytest.mark.parametrize("value", ["kX9!mQ2vB7tz", "Zq8x7Kq9mZ", "w4tz-9kq2m", "kq0vzx7wjb"])
def test_short_random_values_are_found_torn_apart(value: str) -> None:
    """However they are torn, both by a scan and while a log streams."""
    for between in (" ", "\n", ":", "', '"):
        text = between.join((value[:5], value[5:]))
        assert scanned(value, f"x {text} x")
        assert redacted(value, f"x {text} x") == "x *** x"
    assert needles_of("PW", value.encode()).skipped == ()


def test_hardly_any_random_value_is_taken_for_words() -> None:
    """Of short passwords as generators make them, nineteen in twenty are sure."""
    rng = random.Random(7)  # noqa: S311  # NOTE: the same values at each run
    letters = string.ascii_letters + string.digits
    every = [short_password(rng) for _ in range(1000)]
    every += ["".join(rng.choices(letters, k=12)) for _ in range(1000)]
    sure = sum(is_sure(value.encode(), (), wordy=is_wordy(value)) for value in every)
    assert sure >= 0.95 * len(every)
