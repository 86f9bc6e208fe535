"""Which needles one value comes to, and what is said of the rest."""

import pytest

from ci_secrets.leaks.needles import MAX_DERIVED, needles_of
from ci_secrets.leaks.parts.lines import MAX_LINES

PEM = (
    b"-----BEGIN EXAMPLE KEY-----\n"
    b"bWFkZSB1cCBmb3IgYSB0ZXN0LCBub3Qga2V5IDE+\n"
    b"c2Vjb25kIGxpbmUgb2YgaXQsIGFsc28gbm90IDI/\n"
    b"-----END EXAMPLE KEY-----\n"
)


@pytest.mark.parametrize("value", [b"", b"   \n", b"12345", b"  abcd1\n", b"\xff\xfe"])
def test_short_values_are_said_and_not_looked_for(value: bytes) -> None:
    """Below six bytes there is no needle but a note."""
    found = needles_of("PIN", value)
    assert found.needles == ()
    (note,) = found.skipped
    assert (note.secret, note.reason) == ("PIN", "shorter than 6 bytes")


def test_common_words_are_said_and_not_looked_for() -> None:
    """A word that stands in every log has no needle but a note."""
    found = needles_of("STAGE", b"production\n")
    assert found.needles == ()
    assert [note.secret for note in found.skipped] == ["STAGE"]


@pytest.mark.parametrize(("value", "severity"), [(b"hunter", "low"), (b"hunter23", "high")])
def test_severity_of_whole_values(value: bytes, severity: str) -> None:
    """Six and seven bytes are too short to be sure, in every form."""
    assert {needle.severity for needle in needles_of("PW", value).needles} == {severity}


def test_white_space_around_a_value_is_not_part_of_it() -> None:
    """A value is found where its trailing newline was not printed."""
    (first, *_) = needles_of("PW", b" hunter23\n").needles
    assert (first.pattern, first.form) == (b"hunter23", ())


def test_lines_of_a_value_are_named_and_medium() -> None:
    """Lines count from 1 in the value as it is; armour and its base64 never become needles."""
    found = needles_of("KEY", b"\n" + PEM)
    lines = {one.part: one.pattern for one in found.needles if one.part and not one.form}
    assert lines == {"[3]": PEM.split(b"\n")[1], "[4]": PEM.split(b"\n")[2]}
    assert {one.severity for one in found.needles if one.part} == {"medium"}
    assert {one.secret for one in found.needles} == {"KEY", "KEY[3]", "KEY[4]"}
    assert not any(one.pattern[:14] == b"LS0tLS1CRUdJTi" for one in found.needles if one.part)
    assert found.skipped == ()


def test_whole_of_several_lines_is_known_with_either_line_end() -> None:
    """A terminal makes CRLF of LF."""
    plain = {one.pattern for one in needles_of("KEY", PEM).needles if not one.form and not one.part}
    assert plain == {PEM.strip(), PEM.strip().replace(b"\n", b"\r\n")}


def test_plain_settings_are_said() -> None:
    """A line that is not looked for on its own is counted."""
    found = needles_of("KUBE", b"apiVersion: v1\ntoken: 9f8e7d6c5b4a\nshort")
    assert {one.part for one in found.needles} == {"", "[2]", ".token"}
    reasons = {note.reason for note in found.skipped}
    said = "2 of its lines are short, public or plain settings: found only with the whole"
    assert said in reasons


def test_needles_are_never_below_the_floor_and_never_repeat() -> None:
    """Every needle has six bytes or more, and its own bytes."""
    for value in (b"hunter", b"a/b?c&d", "ééé".encode(), PEM):
        patterns = [one.pattern for one in needles_of("X", value).needles]
        assert min(map(len, patterns)) >= 6
        assert len(set(patterns)) == len(patterns)


def test_long_values_are_bounded_and_said() -> None:
    """A value of any length costs memory in proportion, and the report says what is left out."""
    value = b"\n".join(b"9xK4qZ%08d" % number for number in range(2 * MAX_LINES))
    assert len(value) > MAX_DERIVED
    found = needles_of("BIG", value)
    assert {one.form for one in found.needles} == {()}
    assert len(found.needles) == MAX_LINES + 2
    assert len(found.skipped) == 3


def test_a_needle_does_not_show_its_value() -> None:
    """Printing a needle in an error shows its name and form only."""
    assert "hunter23" not in repr(needles_of("PW", b"hunter23"))
