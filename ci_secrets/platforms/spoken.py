"""Commands that a runner reads in what a step prints."""

import sys
from collections.abc import Iterable

from ci_secrets.errors import OutputRefusedError


def speak(lines: Iterable[bytes]) -> None:
    """Print commands, each with its line end. On stderr, which no pipe and no `$(…)` takes away.

    Raises `OutputRefusedError` where stderr is closed, full, or read by nobody.
    """
    try:
        sys.stderr.buffer.write(b"".join(lines))
        sys.stderr.buffer.flush()
    except OSError as failure:
        raise OutputRefusedError(
            "Standard error cannot be written, so the CI cannot be told what to mask.",
            cause=f"{failure.strerror}.",
            fix="Run this command without `2>&-` or `2>FILE`: the CI reads its stderr.",
        ) from None
