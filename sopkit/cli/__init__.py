"""The commands: thin, each a few calls into the rooms below.

Exit codes are those of `sopkit.errors`: 0 done, 1 data not fit, 2 parameter or command wrong,
3 solver failed, 4 notebook failed, 5 cycle locked, published or not there, 130 stopped.
"""

from __future__ import annotations

import importlib.util
import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command named on the command line and leave with its exit code."""
    load_when_used("pandas")
    load_when_used("numpy")
    signal.signal(signal.SIGTERM, _stop)
    from sopkit.cli.commands import app

    app()


def load_when_used(name: str) -> None:
    """Put off importing a package until something of it is used: a run may need nothing of it."""
    found = importlib.util.find_spec(name)
    if name in sys.modules or found is None or found.loader is None:
        return
    found.loader = importlib.util.LazyLoader(found.loader)
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module
    found.loader.exec_module(module)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
