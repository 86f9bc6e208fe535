"""The engine and its search through a stream."""

from ci_secrets.leaks.scan import scan_stream
from ci_secrets.secret import Secret
from tests.unit.leaks.strategies import engine_of


def test_extended_engine_knows_old_and_new_values_of_a_name() -> None:
    """A rotated value stays known."""
    engine = engine_of({"PW": "old-value-1"}).extended({"PW": Secret("new-value-2")})
    plain = {needle.pattern for needle in engine.needles if not needle.form}
    assert plain == {b"old-value-1", b"new-value-2"}
    assert engine.extended({"PW": Secret("new-value-2")}) is engine
    more = {"OTHER": Secret("third-value-3")}
    assert engine.extended(more) is engine.extended(more)
    assert engine.extended({"OTHER": Secret("fourth-value")}) is not engine.extended(more)


def test_skipped_values_are_told() -> None:
    """The engine says what it does not look for."""
    assert [note.secret for note in engine_of({"A": "x", "B": "Zq8x7Kq9mZ2w"}).skipped] == ["A"]


def test_an_engine_does_not_show_its_values() -> None:
    """Printing an engine shows no value."""
    assert "hunter23" not in repr(engine_of({"PW": "hunter23"}))


def test_the_order_of_the_values_changes_nothing() -> None:
    """Of two names of one value a spelling is told under the first in the alphabet."""
    value = "made-up-q8Zk2vX0-value"
    text = f"{value}\n{value.encode().hex()}\n{' '.join(value)}\n".encode()
    one, other = (
        scan_stream(engine_of(dict.fromkeys(names, value)), [text], "log").findings
        for names in (("V0", "W"), ("W", "V0"))
    )
    assert one == other
    assert [found.secret for found in one if found.form == ("hex",)] == ["V0"]
