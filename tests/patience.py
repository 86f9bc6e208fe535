"""How long tests wait for what must happen: longer than any machine stands still."""

import time
from collections.abc import Callable
from typing import Final

SECONDS: Final = 120
LOOK_SECONDS: Final = 0.01


def wait_until(true: Callable[[], object], what: str = "what must happen") -> None:
    """Wait for it."""
    deadline = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(LOOK_SECONDS)
