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


class Stops:
    """The stopping signals of a run: they interrupt it, but for what must be done and said."""

    def __init__(self) -> None:
        self._first: int | None = None
        self._is_noted = False
        """Whether the first one has raised nothing so far."""
        self._held = False
        self._at_once: Callable[[int], object] = lambda _signum: None

    @property
    def exit_code(self) -> int:
        """As a shell says the first of them; 0 where none came."""
        return 128 + self._first if self._first else 0

    @contextmanager
    def interrupting(self) -> Iterator[None]:
        """Within: the first signal raises `Interrupted` in the main thread, later ones don't.

        So the cleanup that the first one starts is not itself interrupted. In another thread than
        the main one Python takes no signals, so there is nothing to do.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        # NOTE: what was ignored when we were started (`nohup`) stays ignored.
        before = {
            signum: signal.signal(signum, self._arrived)
            for signum in STOPPING
            if signal.getsignal(signum) is not signal.SIG_IGN
        }
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    @contextmanager
    def held(self, at_once: Callable[[int], object] | None = None) -> Iterator[None]:
        """Within: a signal is only noted, for what is left is short and must not be lost.

        `at_once` is called with the first one.
        """
        before = self._held, self._at_once
        self._held, self._at_once = True, at_once or self._at_once
        try:
            yield
        finally:
            self._held, self._at_once = before

    @contextmanager
    def let_through(self) -> Iterator[None]:
        """Within `held`: a signal raises `Interrupted` all the same, also one that was noted."""
        before, self._held = self._held, False
        try:
            self.raise_noted()
            yield
        finally:
            self._held = before

    def raise_noted(self) -> None:
        """Raise `Interrupted` where a signal was noted."""
        if self._first and self._is_noted:
            self._is_noted = False
            raise Interrupted(self._first)

    def _arrived(self, signum: int, _frame: FrameType | None) -> None:
        if self._first is None:
            self._first, self._is_noted = signum, True
            if not self._held:
                self.raise_noted()
            self._at_once(signum)


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
