"""What takes long to make: made when it is first asked for, once, in whatever thread."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

_T_co = TypeVar("_T_co", covariant=True)


class Later(Generic[_T_co]):
    """Unlike `functools.cache`, whoever asks while it is being made waits for it."""

    def __init__(self, make: Callable[[], _T_co]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self._made: tuple[_T_co] | None = None

    def get(self) -> _T_co:
        """It; raises what `make` raises."""
        made = self._made
        if made is None:
            with self._lock:
                made = self._made = self._made or (self._make(),)
        return made[0]
