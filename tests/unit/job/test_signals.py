"""Signals while a run holds credentials."""

import signal

import pytest

from ci_secrets.job.signals import Interrupted, Stops


def test_the_first_signal_interrupts_and_later_ones_do_not() -> None:
    """The cleanup that it starts is not itself interrupted."""
    stops = Stops()
    with stops.interrupting():
        with pytest.raises(Interrupted):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert stops.exit_code == 143


def test_a_signal_that_is_held_is_told_at_once_and_raises_where_it_may() -> None:
    """Once: what it starts is not interrupted either."""
    stops, told = Stops(), list[int]()
    with stops.interrupting(), stops.held(told.append):
        with stops.held():
            signal.raise_signal(signal.SIGTERM)
        assert told == [signal.SIGTERM]
        with pytest.raises(Interrupted), stops.let_through():
            pytest.fail("a signal was noted")
        with stops.let_through():
            signal.raise_signal(signal.SIGINT)
    stops.raise_noted()
    assert told == [signal.SIGTERM]
    assert stops.exit_code == 143


def test_without_a_signal_nothing_is_raised() -> None:
    """Neither within nor behind."""
    stops = Stops()
    with stops.interrupting(), stops.held(), stops.let_through():
        pass
    stops.raise_noted()
    assert stops.exit_code == 0
