"""The eyes on CMD's output."""

import threading
from collections import deque

import pytest

from ci_secrets.job.watch import Watch
from ci_secrets.leaks.findings import Verdict
from ci_secrets.platforms.generic import Generic
from ci_secrets.platforms.github import GitHub
from ci_secrets.secret import Secret

VALUE = "made-up-value-0123456789"
OTHER = "another-made-up-value-987"


@pytest.fixture
def watch() -> Watch:
    """Give eyes that know one value, on GitHub."""
    made = Watch(GitHub({}))
    made.add({"A": Secret(VALUE)})
    return made


def shown(watch: Watch, *pieces: str, stream: str = "stdout") -> str:
    """Give what leaves of a stream that comes in pieces."""
    eye = watch.filter(stream)
    out = b"".join(eye.feed(piece.encode()) for piece in pieces)
    return (out + eye.finish()).decode()


def test_each_stream_has_its_report(watch: Watch) -> None:
    """With the same needles and its own name."""
    assert shown(watch, f"a {VALUE} b") == "a *** b"
    assert shown(watch, "fine", stream="stderr") == "fine"
    out, err = watch.reports()
    assert out.verdict is Verdict.CONTAINED
    assert err.verdict is Verdict.CLEAN
    assert [entry.source for entry in (*out.coverage, *err.coverage)] == ["stdout", "stderr"]


def test_a_value_that_comes_later_is_hidden_in_all_streams(watch: Watch) -> None:
    """In those that are open, in what is held back there, and in new ones."""
    eye = watch.filter("stdout")
    first = eye.feed(b"x " + OTHER[:3].encode()) + eye.idle()
    watch.add({"B": Secret(OTHER)})
    rest = eye.feed(OTHER[3:].encode() + b" y") + eye.finish()
    assert (first, rest) == (b"x " + OTHER[:3].encode(), b"*** y")
    assert shown(watch, OTHER, stream="stderr") == "***"


def test_values_are_added_from_another_thread(watch: Watch) -> None:
    """While a stream runs, none of its bytes is lost and all later ones are looked at."""
    eye = watch.filter("stdout")
    later = [{f"N{number}": Secret(f"{OTHER}{number:03}")} for number in range(50)]
    adding = threading.Thread(
        target=lambda: deque(map(watch.add, later), maxlen=0),
    )
    adding.start()
    out = b"".join(eye.feed(b"line %d\n" % number) for number in range(500))
    adding.join()
    out += eye.feed(f"{OTHER}049\n".encode()) + eye.finish()
    assert out == b"".join(b"line %d\n" % number for number in range(500)) + b"***\n"


def test_a_stream_that_says_nothing_was_seen_whole(watch: Watch) -> None:
    """All that came was looked at, and no needle was made for it."""
    eye = watch.filter("stdout")
    assert eye.finish() == b""
    (report,) = watch.reports()
    assert report.verdict is Verdict.CLEAN
    assert [(entry.source, entry.state) for entry in report.coverage] == [("stdout", "complete")]
    assert watch._engine is None


def test_what_is_made_ready_knows_what_came_before(watch: Watch) -> None:
    """Values that were added while no stream had said anything, and those that come after."""
    watch.add({"B": Secret(OTHER)})
    eye = watch.filter("stdout")
    watch.get_ready()
    assert watch._engine is not None
    watch.add({"C": Secret("a-third-made-up-value")})
    text = f"{VALUE} {OTHER} a-third-made-up-value.".encode()
    assert eye.feed(text) + eye.finish() == b"*** *** ***."


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_a_request_to_mask_one_of_ours_is_dropped(watch: Watch, size: int) -> None:
    """Whatever the pieces: passed on it would print the value, or mask `***`."""
    text = f"a\n::add-mask::{VALUE}\nb\n"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert shown(watch, *pieces) == "a\nb\n"


def test_a_request_in_disguise_is_dropped(watch: Watch) -> None:
    """The value inside others, escaped as the runner unescapes it, and after white space."""
    for line in (f"::ADD-MASK::x{VALUE}y", f" \t::add-mask::{VALUE}", f"::add-mask a=b::{VALUE}"):
        assert shown(watch, f"{line}\nb\n") == "b\n"


@pytest.mark.parametrize("size", [1, 5, 1000])
def test_what_the_command_masks_is_hidden_from_then_on(watch: Watch, size: int) -> None:
    """The request itself passes, for the runner must read it."""
    text = f"::add-mask::{OTHER}\nit is {OTHER}\n"
    pieces = [text[at : at + size] for at in range(0, len(text), size)]
    assert shown(watch, *pieces) == f"::add-mask::{OTHER}\nit is ***\n"


def test_where_the_runner_knows_no_requests_there_are_none() -> None:
    """Elsewhere than on GitHub such a line is a line like any other."""
    watch = Watch(Generic({}))
    watch.add({"A": Secret(VALUE)})
    assert shown(watch, f"::add-mask::{VALUE}\n") == "::add-mask::***\n"
    assert shown(watch, f"::add-mask::{OTHER}\n{OTHER}\n", stream="stderr").count(OTHER) == 2


def test_stop_commands_pass(watch: Watch) -> None:
    """They are CMD's own; afterwards a request is redacted all the same."""
    text = f"::stop-commands::tok\n::add-mask::{VALUE}\n::tok::\n"
    assert shown(watch, text) == "::stop-commands::tok\n::tok::\n"
