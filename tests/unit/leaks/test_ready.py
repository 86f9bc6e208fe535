"""What is made once, and beside other work."""

import subprocess
import sys
import threading
import time

import pytest

from ci_secrets.leaks.later import Later


def test_what_takes_long_is_made_once_however_many_ask() -> None:
    """Whoever asks meanwhile waits, and gets the same."""
    made: list[object] = []

    def make() -> object:
        time.sleep(0.05)
        made.append(object())
        return made[-1]

    later = Later(make)
    got: list[object] = []
    threads = [threading.Thread(target=lambda: got.append(later.get())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 1
    assert got == made * 8


def test_what_failed_is_tried_again() -> None:
    """An error is not kept."""
    answers = iter([ValueError("not yet")])

    def make() -> str:
        for answer in answers:
            raise answer
        return "made"

    later = Later(make)
    with pytest.raises(ValueError, match="not yet"):
        later.get()
    assert later.get() == "made"


def test_begin_leaves_no_thread_behind_wait() -> None:
    """After `wait` a process may be forked; to begin twice is to begin once."""
    code = """
import threading
from ci_secrets.leaks import ready
from ci_secrets.leaks.runs import GATE
ready.wait()
ready.begin()
ready.begin()
ready.wait()
assert threading.active_count() == 1
assert GATE._made
"""
    subprocess.run([sys.executable, "-c", code], check=True)
