"""Makes ready, beside other work, what a scan looks with whatever the values are."""

import threading
from typing import Final

from ci_secrets.leaks.forms import digits_seen
from ci_secrets.leaks.forms.torn import seen
from ci_secrets.leaks.later import Later
from ci_secrets.leaks.runs import GATE

_GATES: Final[tuple[Later[object], ...]] = (GATE, digits_seen.GATES, *seen.GATES)


def _make() -> None:
    for gate in _GATES:
        gate.get()


# NOTE: Hyperscan lets go of the interpreter's lock meanwhile, so that this takes no time where
# there is a second processor
_BESIDE = threading.Thread(target=_make, daemon=True)


def begin() -> None:
    """Start with it in a thread of its own."""
    if not _BESIDE.ident:
        _BESIDE.start()


def wait() -> None:
    """Until nothing is done beside any more: only then may a process be forked."""
    if _BESIDE.ident:
        _BESIDE.join()
