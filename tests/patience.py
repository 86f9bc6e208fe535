"""How long tests wait for what must happen: longer than any machine stands still."""

import time
from collections.abc import Callable
from typing import IO, Final

SECONDS: Final = 120
LOOK_SECONDS: Final = 0.01
READY: Final = "READY ·"
"""What a command says that then waits to be told on: no form of any value begins with its end, so
redaction never holds it back for what follows, as it does one `READY` in some hundreds."""


def is_ready(output: IO[bytes] | None) -> bool:
    """Whether `READY` is the next line."""
    assert output is not None
    return output.readline().decode() == f"{READY}\n"


def wait_until(true: Callable[[], object], what: str = "what must happen") -> None:
    """Wait for it."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(LOOK_SECONDS)
