"""The commands: thin, each a few calls into the rooms below.

Exit codes are those of `sopkit.errors`: 0 done, 1 data not fit, 2 parameter or command wrong,
3 solver failed, 4 notebook failed, 5 cycle locked, published or not there, 130 stopped.
"""

from __future__ import annotations

import signal
import sys
from types import FrameType


def main() -> None:
    """Run the command named on the command line and leave with its exit code."""
    from sopkit.cli.later import load_later

    for package in ("pandas", "numpy"):
        load_later(package)
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # see run.launch
    signal.signal(signal.SIGTERM, _stop)
    from sopkit.cli.commands import app

    app()


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
