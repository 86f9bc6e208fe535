"""One way of CMD's output: what it does when nothing comes, and when nobody reads."""

import os
import select
import time
from collections.abc import Iterator
from typing import Any

import pytest

from ci_secrets.delivery import child
from ci_secrets.delivery.pump import Stream, turn
from ci_secrets.leaks.matcher import build
from ci_secrets.leaks.redact import Redactor
from ci_secrets.secret import Secret
from tests.unit.delivery.conftest import python, sh

VALUE = b"made-up-value-0123"


def redactor(_name: str = "") -> Redactor:
    """A filter that knows one value."""
    return Redactor(build({"KEY": Secret(VALUE)}))


class Pipes:
    """A stream between two pipes, with a clock that only the test moves."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 100.0
        monkeypatch.setattr(time, "monotonic", lambda: self.now)
        source, self.into = os.pipe()
        self.out, sink = os.pipe()
        os.set_blocking(self.out, False)
        self.wake, self.waker = os.pipe()
        self.stream = Stream(source, sink, redactor())

    def write(self, text: bytes) -> None:
        """CMD writes, and it is passed on as far as it may be."""
        os.write(self.into, text)
        turn([self.stream], self.wake, 0.0)
        self.settle()

    def pause(self) -> None:
        """Nothing comes for a moment."""
        self.now += 0.0011
        turn([self.stream], self.wake, 0.0)
        self.settle()

    def settle(self) -> None:
        """Write what waits to be written."""
        while self.stream.pending:
            turn([self.stream], self.wake, 0.0)

    def read(self) -> bytes:
        """What somebody reads by now."""
        try:
            return os.read(self.out, 1 << 20)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        """Close all."""
        self.stream.close()
        for descriptor in (self.into, self.out, self.stream.sink, self.wake, self.waker):
            os.close(descriptor)


@pytest.fixture
def pipes(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pipes]:
    """A stream between two pipes."""
    made = Pipes(monkeypatch)
    yield made
    made.close()


def test_a_prompt_is_shown_when_the_stream_pauses(pipes: Pipes) -> None:
    """Though it ends like the beginning of a value; not before a millisecond has passed."""
    pipes.write(b"name: mad")
    assert pipes.read() == b"name: "
    pipes.pause()
    assert pipes.read() == b"mad"


def test_a_value_byte_by_byte_without_pauses_is_hidden(pipes: Pipes) -> None:
    """However often the loop turns meanwhile, for another stream or a signal."""
    for byte in VALUE:
        pipes.write(bytes([byte]))
        os.write(pipes.waker, b"x")
        turn([pipes.stream], pipes.wake, 0.0)
    pipes.write(b".\n")
    pipes.pause()
    assert pipes.read() == b"***.\n"


def test_a_value_byte_by_byte_with_pauses_shows_three_bytes(pipes: Pipes) -> None:
    """The rest waits, however long the pauses are."""
    for byte in VALUE:
        pipes.write(bytes([byte]))
        pipes.pause()
    pipes.pause()
    assert pipes.read() == VALUE[:3] + b"***"


def test_the_filter_is_told_once_of_each_pause(pipes: Pipes) -> None:
    """Then the loop sleeps until something happens."""
    pipes.write(b"mad")
    assert pipes.stream.may_pause
    pipes.pause()
    assert not pipes.stream.may_pause
    pipes.write(b"e")
    assert pipes.stream.may_pause


def test_while_the_sink_is_blocked_nothing_is_asked(pipes: Pipes) -> None:
    """No pause is counted, and nothing is read, until somebody reads."""
    text = b"x" * 300_000 + b" mad"
    os.set_blocking(pipes.into, False)
    at, got = 0, b""
    while not pipes.stream.pending or at < 100_000:
        at += os.write(pipes.into, text[at : at + 4096])
        turn([pipes.stream], pipes.wake, 0.0)
        pipes.now += 1
        if at > 200_000:
            break
    assert pipes.stream.pending
    assert not pipes.stream.may_pause
    assert pipes.stream.wants() == {pipes.stream.sink: select.POLLOUT}
    while at < len(text) or len(got) < len(text):
        got += pipes.read()
        if at < len(text) and not pipes.stream.pending:
            at += os.write(pipes.into, text[at : at + 4096])
        turn([pipes.stream], pipes.wake, 0.0)
        pipes.now += 1
    assert got == text


class Counted:
    """Counts how often the loop waits."""

    def __init__(self) -> None:
        self.waits = 0

    def poll(self) -> Any:
        """A poll object of the standard library's, with a counter."""
        inner, counted = _POLL(), self

        class Poll:
            register = inner.register

            def poll(self, milliseconds: int | None) -> list[tuple[int, int]]:
                counted.waits += 1
                return inner.poll(milliseconds)

        return Poll()


_POLL = select.poll


@pytest.mark.parametrize("one_log", [False, True])
def test_a_real_child_that_pauses(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], one_log: bool
) -> None:
    """A prompt and a value in slow pieces: what is shown is at most its beginning, and the loop
    sleeps meanwhile.
    """
    counted = Counted()
    monkeypatch.setattr(select, "poll", counted.poll)
    code = (
        "import os, time\n"
        "os.write(1, b'name: ma'); time.sleep(0.3)\n"
        f"for byte in {VALUE!r}: os.write(1, bytes([byte])); time.sleep(0.02)\n"
        "time.sleep(0.3); os.write(2, b'bye\\n')"
    )
    child.run(
        python(code),
        dict(os.environ),
        make_filter=redactor,
        one_log=one_log,
        on_signal=lambda _: None,
    )
    out, err = capfd.readouterr()
    whole = out if one_log else out + err
    # All that was shown before more came: on a busy machine several bytes come at once.
    shown = [VALUE[:count].decode() for count in range(4)]
    assert whole in [f"name: ma{beginning}***bye\n" for beginning in shown]
    assert counted.waits < 200


def test_the_last_prompt_is_read_before_the_answer(capfd: pytest.CaptureFixture[str]) -> None:
    """What two streams share in one log comes in the order of writing."""
    child.run(
        sh("printf 'a mad'; printf 'e-up-va' >&2; printf 'lue-0123 b'"),
        dict(os.environ),
        make_filter=redactor,
        one_log=True,
        on_signal=lambda _: None,
    )
    assert capfd.readouterr().out in ("a *** b", "a mad*** b")


def test_others_that_can_be_read_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """One loop waits for the streams and for whatever else its owner waits for."""
    pipes = Pipes(monkeypatch)
    quiet, _ = os.pipe()
    ready, into = os.pipe()
    os.write(into, b"x")
    assert turn([pipes.stream], pipes.wake, 0.0, [quiet, ready]) == [ready]
    assert turn([pipes.stream], pipes.wake, 0.0) == []


def test_what_is_held_back_can_be_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """As at the end of the input, and yet more may come; of a value that began, no more shows."""
    pipes = Pipes(monkeypatch)
    pipes.write(b"so far " + VALUE[:9])
    assert pipes.read() == b"so far "
    pipes.stream.settle()
    pipes.settle()
    assert pipes.read() == VALUE[:9]
    pipes.write(VALUE[9:] + b" and " + VALUE)
    assert pipes.read() == b"*** and ***"
