"""The clock that durations are measured by."""

import time
from typing import Final

_CLOCK: Final = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux CLOCK_MONOTONIC stands still while the machine sleeps; elsewhere it need not."""


def steady() -> float:
    """Seconds that no correction of the wall clock changes, and that go on in a machine's sleep."""
    return time.clock_gettime(_CLOCK)
