"""A signal while we hold credentials: stop what we do, so that they can be revoked."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, Literal

STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""GitHub sends INT, 7.5 s later TERM, 2.5 s later KILL; Jenkins and GitLab send TERM."""


class Interrupted(BaseException):
    """One of `STOPPING` arrived. Not an `Exception`, so that no handler of errors swallows it."""

    def __init__(self, signum: int) -> None:
        super().__init__(signum)
        self.signum = signum

    @property
    def exit_code(self) -> int:
        """As a shell says it."""
        return 128 + self.signum


@contextmanager
def interrupting() -> Iterator[None]:
    """Within: the first stopping signal raises `Interrupted` in the main thread, later ones don't.

    So the cleanup that the first one starts is not itself interrupted. In another thread than the
    main one Python takes no signals, so there is nothing to do.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen = False

    def interrupt(signum: int, _frame: FrameType | None) -> None:
        nonlocal seen
        if not seen:
            seen = True
            raise Interrupted(signum)

    # NOTE: what was ignored when we were started (`nohup`) stays ignored.
    before = {
        signum: signal.signal(signum, interrupt)
        for signum in STOPPING
        if signal.getsignal(signum) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


class Revoker:
    """Revokes at the first stopping signal, beside all else: the CI kills us seconds from then."""

    def __init__(self, close: Callable[[Literal["signal"]], object]) -> None:
        self._thread = threading.Thread(target=close, args=("signal",))

    def on_signal(self, _signum: int) -> None:
        """Return at once; the work is done in a thread."""
        if self._thread.ident is None:
            self._thread.start()

    def ended(self) -> bool:
        """Whether it was needed; waits until it is through."""
        began = self._thread.ident is not None
        if began:
            self._thread.join()
        return began
