"""Put off importing a heavy package until something of it is used.

`sopkit run` with nothing changed uses no table, yet the rooms it passes through import pandas at
the top, which takes longer than all the rest. A stand-in takes the package's place in
`sys.modules`; the first use of it imports the package and puts it wherever the stand-in was.
(`importlib.util.LazyLoader` does not help: a second `import` statement wakes it.)
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any


class Later(ModuleType):
    """Stands in for a package that is not imported yet."""

    def __getattr__(self, name: str) -> Any:
        return getattr(load_now(self.__name__), name)


def load_later(name: str) -> None:
    """Let a package be imported when it is first used, unless it is imported already."""
    spec = importlib.util.find_spec(name) if name not in sys.modules else None
    if spec is not None:
        stand_in = Later(name)
        stand_in.__spec__ = spec
        sys.modules[name] = stand_in


def load_now(name: str) -> ModuleType:
    """Import a package for which something stands in, and put it in every place of the stand-in."""
    stand_in = sys.modules.get(name)
    if not isinstance(stand_in, Later):
        return importlib.import_module(name)
    del sys.modules[name]
    package = importlib.import_module(name)
    for module in list(sys.modules.values()):
        for key, value in list(vars(module).items()) if isinstance(module, ModuleType) else ():
            if value is stand_in:
                setattr(module, key, package)
    return package
