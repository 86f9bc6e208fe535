"""Puts off the import of modules that a library asks for and that we hardly ever use.

Start-up time is paid by every CI step, so it is worth more here than elsewhere.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class _Deferred(ModuleType):
    """Stands for a module; the first use of anything else than its `annotations` imports it."""

    def __init__(self, name: str, annotations: Mapping[str, object]) -> None:
        super().__init__(name)
        self.__dict__.update(annotations)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401  # whatever the module has
        if name.startswith("__"):
            raise AttributeError(name)  # the import system asks for these
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


@contextmanager
def deferred(modules: Mapping[str, Mapping[str, object]]) -> Iterator[None]:
    """Whoever imports one of these modules within gets it on first use, not now.

    Each module comes with what annotations of its importers name, so that these do not count as a
    use. Outside, and for modules that are loaded already, nothing changes.
    """
    stand_ins = {
        name: _Deferred(name, annotations)
        for name, annotations in modules.items()
        if name not in sys.modules
    }
    sys.modules.update(stand_ins)
    try:
        yield
    finally:
        for name, stand_in in stand_ins.items():
            if sys.modules.get(name) is stand_in:
                del sys.modules[name]
