"""Redaction while a text streams past."""

import base64
import itertools
import os
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ci_secrets.leaks.guard import Guard
from ci_secrets.leaks.index import SHORT
from ci_secrets.leaks.listed import MAX_FINDINGS
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.redact import Redactor, redacted
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import MARKS, NEIGHBOURS, VALUES, cut, engine_of


def stream(values: list[str], *pieces: str) -> str:
    """What comes out when the pieces are written one after the other."""
    redactor = Redactor(engine_of({f"V{number}": value for number, value in enumerate(values)}))
    out = b"".join(redactor.feed(piece.encode()) for piece in pieces)
    return (out + redactor.finish()).decode()


DEFECTS = [
    # NOTE: each leaked in a CI system's own masking; values below the floor are made longer
    (["ababac"], ["abab", "abac"], "ab***"),
    (["aaaaab"], ["aaaaa", "aaab"], "aaa***"),
    (["abcde7", "de7ghi"], ["abcde7ghi"], "***"),
    (["abcde7", "de7ghi"], ["abcd", "e7ghi"], "***"),
    (["k9-One4xQ1\nk9-Two7zR2"], ["k9-One4xQ1\r\nk9-Two7zR2\r\n"], "***\r\n"),
    (["aaaaab"], ["aaaaaab"], "a***"),
    (["ababac"], ["abababac"], "ab***"),
    (["sk-test-AAAA", "test-KEY99"], ["sk-test-KEY99"], "sk-***"),
    (["abcdeX", "cdeXyz"], ["abcdeXyz"], "***"),
    (["hunter2", "hunter2-prod-key"], ["hunter2-prod-key"], "***"),
    (["k9-One4xQ1\nk9-Two7zR2"], ["T1 k9-One4xQ1\nT2 k9-Two7zR2\n"], "T1 ***\nT2 ***\n"),
    (["secret-7", "secret-7"], ["secret-7secret-7 secret-7"], "*** ***"),
]


@pytest.mark.parametrize(("values", "pieces", "expected"), DEFECTS)
def test_known_defects_of_other_maskers(
    values: list[str], pieces: list[str], expected: str
) -> None:
    """What leaks or is reordered elsewhere is redacted here."""
    assert stream(values, *pieces) == expected


@pytest.mark.parametrize(("values", "pieces", "expected"), DEFECTS)
def test_known_defects_byte_by_byte(values: list[str], pieces: list[str], expected: str) -> None:
    """The same, when every byte comes alone."""
    assert stream(values, *"".join(pieces)) == expected


def test_value_added_in_its_middle_is_hidden_from_there() -> None:
    """What left before the value was known cannot be taken back; the rest is hidden."""
    redactor = Redactor(build({}))
    out = redactor.feed(b"say hun")
    redactor.add({"PW": Secret("hunter2-and-more")})
    out += redactor.feed(b"ter2-and-")
    out += redactor.feed(b"more, bye") + redactor.finish()
    assert out == b"say hun***, bye"
    (finding,) = redactor.report("out").findings
    assert (finding.secret, finding.column, finding.end_column) == ("PW", 8, 21)


def test_value_added_is_hidden_in_what_is_held() -> None:
    """A value that stands whole in held text is hidden, though it came before it was known."""
    redactor = Redactor(engine_of({"LONG": "begins with-token-77-and goes on"}))
    out = redactor.feed(b"begins with-token-77-and")
    assert out == b""
    redactor.add({"PW": Secret("token-77")})
    out += redactor.feed(b" stops") + redactor.finish()
    assert out == b"begins with-***-and stops"


def test_excerpt_hides_what_was_printed_before_it_was_known() -> None:
    """A report never repeats a value that had left already when it became known."""
    redactor = Redactor(build({}))
    assert redactor.feed(b"first hunter23, ") == b"first hunter23, "
    redactor.add({"PW": Secret("hunter23")})
    assert redactor.feed(b"then hunter23\n") + redactor.finish() == b"then ***\n"
    (finding,) = redactor.report("out").findings
    assert finding.excerpt == "first ***, then ***"


def test_only_what_could_become_a_value_is_held() -> None:
    """A prompt is written at once; the beginning of a value waits for its next byte, from four
    bytes on also where the stream pauses.
    """
    redactor = Redactor(engine_of({"PW": "hunter23"}))
    assert redactor.feed(b"Continue? ") + redactor.idle() == b"Continue? "
    assert redactor.feed(b"x hunt") + redactor.idle() == b"x "
    assert redactor.feed(b"ing hun") + redactor.idle() == b"hunting hun"
    assert redactor.feed(b"ter23") + redactor.idle() == b"***"
    assert redactor.finish() == b""


def test_replacement_is_not_looked_at_again() -> None:
    """A value that would arise only from a replacement is not in the text."""
    assert stream(["hunter23", "a***bcd"], "ahunter23bcd") == "a***bcd"


words = st.sampled_from(["hunter23", "hunter23-x", "23-xhunt", "ababac-1", "é$&/", " ", "\n", "h"])


@given(
    text=st.lists(words, max_size=12).map("".join),
    sizes=st.lists(st.integers(1, 7), max_size=5),
)
def test_pieces_do_not_change_output_or_findings(text: str, sizes: list[int]) -> None:
    """Any chunking gives the same bytes and the same report."""
    values = {"A": "hunter23", "B": "hunter23-x", "C": "23-xhunt", "D": "ababac-1"}
    engine = engine_of(values)
    outs, reports = [], []
    for pieces in (cut(text.encode(), sizes), cut(text.encode(), [])):
        redactor = Redactor(engine)
        outs.append(b"".join(map(redactor.feed, pieces)) + redactor.finish())
        report = redactor.report("out")
        reports.append((report.findings, report.lines, report.bytes))
    assert outs[0] == outs[1]
    assert reports[0] == reports[1]


@settings(max_examples=25)  # NOTE: an engine is built for each
@given(
    values=st.lists(VALUES, min_size=1, max_size=4, unique=True),
    glue=st.lists(st.text(max_size=5).filter(lambda text: "*" not in text), min_size=5, max_size=5),
    sizes=st.lists(st.integers(1, 40), max_size=4),
    picks=st.lists(st.integers(0, 10_000), min_size=5, max_size=5),
)
def test_no_needle_survives(
    values: list[str], glue: list[str], sizes: list[int], picks: list[int]
) -> None:
    """After redaction no needle stands in the text, and what was not a value still does."""
    engine = engine_of({f"V{number}": value for number, value in enumerate(values)})
    needles = [needle.pattern for needle in engine.needles]
    parts = [needles[number % len(needles)] for number in picks]
    text = b"".join(clear.encode() + part for clear, part in zip(glue, parts, strict=True))
    redactor = Redactor(engine)
    out = b"".join(map(redactor.feed, cut(text, sizes))) + redactor.finish()
    for part in MARKS.split(out):
        assert not any(needle in part for needle in needles)
        assert part in text


@given(text=st.binary(max_size=400), sizes=st.lists(st.integers(1, 50), max_size=3))
def test_text_without_values_passes_untouched(text: bytes, sizes: list[int]) -> None:
    """Colours, NULs, invalid UTF-8: what is no value comes out as it went in."""
    redactor = Redactor(engine_of({"PW": "not-in-there-9f8e7d6c", "KEY": "a b+c/d?e=f\n1234567x"}))
    assert b"".join(map(redactor.feed, cut(text, sizes))) + redactor.finish() == text
    assert redactor.report("out").findings == ()


def test_report_is_contained_and_points_into_the_original() -> None:
    """Lines and columns are those of the text that came in, not of what went out."""
    redactor = Redactor(engine_of({"PW": "hunter23"}))
    encoded = base64.b64encode(b"hunter23").decode()
    redactor.feed(f"one hunter23\ntwo hunter23 {encoded}\n".encode())
    redactor.finish()
    report = redactor.report("CMD's stdout")
    assert report.verdict == "contained"
    places = [(one.line, one.column, one.end_column, one.form) for one in report.findings]
    assert places == [(1, 5, 13, ()), (2, 5, 13, ()), (2, 14, 26, ("base64",))]
    assert [one.excerpt for one in report.findings] == ["one ***", *["two *** ***"] * 2]
    assert (report.lines, report.bytes) == (2, 39)


def test_a_flood_stays_within_bounds() -> None:
    """A text of nothing but one letter, and a value like it, make one mark and one finding."""
    redactor = Redactor(engine_of({"A": "a" * 40, "B": "a" * 39 + "b"}))
    out = b"".join(redactor.feed(b"a" * 50_000) for _ in range(4)) + redactor.finish()
    assert out == b"***"
    assert [one.secret for one in redactor.report("out").findings] == ["A"]


def test_more_findings_than_are_listed_are_said() -> None:
    """Everything is redacted; the report says that its list ends."""
    redactor = Redactor(engine_of({"PW": "Zq8x7Kq9mZ2w"}))
    out = redactor.feed(b"Zq8x7Kq9mZ2w\n" * (MAX_FINDINGS + 5)) + redactor.finish()
    assert b"Zq8x7Kq9mZ2w" not in out
    report = redactor.report("out")
    assert len(report.findings) == MAX_FINDINGS
    assert [note.secret for note in report.skipped] == ["PW"]


def test_two_values_printed_in_turn_without_end_are_bounded() -> None:
    """One stretch of neighbours notes so many places and says that there are more."""
    redactor = Redactor(engine_of({"A": "hunter23", "B": "secret-9"}))
    assert redactor.feed(b"hunter23secret-9" * 6_000) + redactor.finish() == b"***"
    report = redactor.report("out")
    assert len(report.findings) == MAX_FINDINGS
    assert {note.secret for note in report.skipped} == {"A", "B"}


def test_long_value_is_found_over_any_border() -> None:
    """A value longer than any piece is replaced as a whole, and prefixes of it pass."""
    value = os.urandom(100_000).hex()
    engine = engine_of({"BIG": value})
    text = f"<{value[:70_000]}|{value}>".encode()
    for size in (1_000, 65_536, 300_000):
        redactor = Redactor(engine)
        out = b"".join(map(redactor.feed, cut(text, [size]))) + redactor.finish()
        assert out == f"<{value[:70_000]}|***>".encode()


def test_name_of_the_source_is_redacted_too() -> None:
    """A file that is called like a value does not carry it into the report."""
    redactor = Redactor(engine_of({"PW": "hunter23"}))
    assert redactor.report("logs/hunter23.txt").coverage[0].source == "logs/***.txt"


def test_redacted_takes_a_text_at_once() -> None:
    """The short way for a text that is whole."""
    assert redacted(engine_of({"PW": "hunter23"}), b"a hunter23 b") == b"a *** b"


@given(data=st.data(), value=VALUES, around=st.tuples(NEIGHBOURS, NEIGHBOURS))
def test_a_name_is_redacted_the_same_before_and_after_anything_was_made_ready(
    data: st.DataObject, value: str, around: tuple[bytes, bytes]
) -> None:
    """That no needle stands in a short text is told without indexes, and rightly."""
    engine, ready = engine_of({"K": value}), engine_of({"K": value})
    redacted(ready, b" " * 1000)
    needle = data.draw(st.sampled_from([b"", *(one.pattern for one in engine.needles)]))
    between = data.draw(st.sampled_from([b"", b" ", b"-", b"\x1b[m"]))
    text = around[0] + between.join(needle[at : at + 5] for at in range(0, len(needle), 5))
    text += around[1]
    assert redacted(engine, text) == redacted(ready, text)
    assert redacted(engine_of({"K": value}), b"job.log") == b"job.log"


def test_what_the_base64_command_prints_is_hidden_to_its_last_character() -> None:
    """Of `echo $S | base64`, once or twice, padded or not, nothing is left to see."""
    value = b"made-up-value-471"
    for newline, times in itertools.product((b"", b"\n"), (1, 2)):
        text = value
        for _ in range(times):
            text = base64.b64encode(text + newline)
        assert redacted(engine_of({"K": value.decode()}), b"x " + text + b"\n") == b"x ***\n"


@given(data=st.data(), value=VALUES)
def test_what_begins_like_a_value_waits_however_few_its_letters(
    data: st.DataObject, value: str
) -> None:
    """From four bytes on no pause lets go of it, in any spelling, be they signs or letters."""
    engine = engine_of({"K": value})
    pattern = data.draw(st.sampled_from([one.pattern for one in engine.needles]))
    seen = data.draw(st.integers(SHORT, len(pattern)))
    redactor = Redactor(engine)
    out = redactor.feed(pattern[:seen]) + redactor.idle()
    out += redactor.feed(pattern[seen:]) + redactor.finish()
    assert MARKS.match(out)


SPELLED_OUT: dict[str, Callable[[bytes], str]] = {
    "escapes": lambda value: "".join(f"\\x{byte:02x}" for byte in value),
    "upper": lambda value: "".join(f"\\X{byte:02X}" for byte in value),
    "braces": lambda value: "".join(f"\\x{{{byte:02x}}}" for byte in value),
    "entities": lambda value: "".join(f"&#x{byte:02x};" for byte in value),
    "list": lambda value: ", ".join(f"0x{byte:02x}" for byte in value),
    "units": lambda value: "".join(f"\\u{byte:04x}" for byte in value),
    "percent": lambda value: "".join(f"%u{byte:04x}" for byte in value),
    "points": lambda value: " ".join(f"U+{byte:04X}" for byte in value),
    "codes": lambda value: "".join(f"&#{byte};" for byte in value),
    "decimal": lambda value: " ".join(map(str, value)),
    "hex": lambda value: value.hex(" "),
    "big": lambda value: str(int.from_bytes(value, "big")),
    "little": lambda value: str(int.from_bytes(value, "little")),
}


@pytest.mark.parametrize("notation", SPELLED_OUT)
def test_bytes_that_are_spelled_out_are_hidden(notation: str) -> None:
    """Each as a number in any usual notation, or all as one."""
    value = "kJ7vQ2xTz9LmW4pR8sYd"
    text = f"x {SPELLED_OUT[notation](value.encode())} y".encode()
    out = redacted(engine_of({"K": value}), text)
    assert b"***" in out
    assert len(out) < 20


SIGNS = "!@#$%^&*(aQ7zk2Lw9Xp4mR8sT1vB{}[]|:;<>?,./"


@pytest.mark.parametrize(
    "torn",
    [
        SIGNS[:15] + "\x1b[1m" + SIGNS[15:],
        SIGNS.replace("Q7", "Q7'"),
        SIGNS.replace("2L", "2\n  L"),
        SIGNS.swapcase(),
    ],
)
@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_signs_at_the_ends_of_a_torn_value_are_hidden_with_it(torn: str, size: int) -> None:
    """Letters tell that it is there, but all of it is secret; and it is told as one finding."""
    redactor = Redactor(engine_of({"K": SIGNS}))
    out = b"".join(map(redactor.feed, cut(f"x {torn} y".encode(), [size]))) + redactor.finish()
    assert out == b"x *** y"
    (finding,) = redactor.report("out").findings
    assert (finding.column, finding.secret) == (3, "K")


def test_signs_that_may_belong_to_a_torn_value_wait_for_no_more_than_a_pause() -> None:
    """What is not there after it is not waited for when the stream idles or ends."""
    # NOTE: with these it may also go on as `3F`, `073` or `054`, in mail and cookies
    value = SIGNS.translate(str.maketrans("", "", "?;,"))
    torn = value.replace("Q7", "Q7'").encode()
    redactor = Redactor(engine_of({"K": value}))
    assert redactor.feed(torn[:-2]) == b"***"
    assert redactor.idle() == b""
    assert redactor.feed(b" and so on ") + redactor.idle() == b" and so on "
    assert redactor.feed(torn[:-4] + b" no") + redactor.finish() == b"***{}[]|: no"


WIDE = [(name, bom) for name in ("utf-16-le", "utf-16-be") for bom in ("", "\ufeff")]
knowing = cache(lambda value: engine_of({"PW": value}))
AROUND = st.text(st.sampled_from("ab \r\nä€я"), max_size=6)


@pytest.mark.parametrize(("charset", "bom"), WIDE)
@given(
    value=st.sampled_from(
        ["made-up-q8Zk2vX0-value", "Zq8x7Kq9-ä", "1ключ2-Zq8x7Kq9", "!Zq8x7Kq9!"]
    ),
    before=AROUND,
    behind=AROUND,
    sizes=st.lists(st.integers(1, 9), min_size=1),
)
def test_wide_text_stays_what_it_is(
    charset: str, bom: str, value: str, before: str, behind: str, sizes: list[int]
) -> None:
    """The mark is in its charset, in either order, and everything beside it passes as it came."""
    redactor = Redactor(knowing(value))
    text = f"{bom}x{before}\n{value}\n{behind}".encode(charset)
    out = b"".join(redactor.feed(piece) for piece in cut(text, sizes)) + redactor.finish()
    assert out.decode(charset) == f"{bom}x{before}\n***\n{behind}"


@pytest.mark.parametrize("charset", ["utf-32-le", "utf-32-be"])
def test_a_mark_in_utf_32_leaves_its_text_readable(charset: str) -> None:
    """There a value is text torn apart."""
    redactor = Redactor(engine_of({"PW": "made-up-q8Zk2vX0-value"}))
    text = "one made-up-q8Zk2vX0-value two\n".encode(charset)
    assert (redactor.feed(text) + redactor.finish()).decode(charset) == "one *** two\n"


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("value", ["ключ-шифр", "ключ-Zq8x7Kq9", "Zq8x7Kq9-ключ"])
def test_wide_values_of_other_alphabets_leave_their_text_readable(charset: str, value: str) -> None:
    """Characters that have two bytes that say something, at either end."""
    redactor = Redactor(engine_of({"PW": value}))
    out = redactor.feed(f"one {value} two\n".encode(charset)) + redactor.finish()
    assert out.decode(charset) == "one *** two\n"


def test_places_behind_a_wide_mark_are_those_of_the_output() -> None:
    """What a guard tells of a line is counted in what people see."""
    guard = Guard(engine_of({"PW": "made-up-q8Zk2vX0-value"}))
    out = guard.feed("one made-up-q8Zk2vX0-value two made-up-q8Zk2vX0-value\n".encode("utf-16-le"))
    out += guard.finish()
    stars = "***".encode("utf-16-le").rstrip(b"\0")
    for finding in guard.report("out").findings:
        assert out[finding.column - 1 : finding.end_column - 1] == stars
