"""Start a lean kernel: no history, no noise, nothing from the user's own IPython set-up.

Run as `python -m sopkit.run.launch -f CONNECTION_FILE`; the runner does.
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import sys


def main() -> None:
    """Load what the runner asks for, then serve as a kernel until told to stop."""
    # jsonschema, which altair and nbformat load, tries this; it takes longer than all of altair.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    for name in filter(None, os.environ.pop("SOPKIT_WARM", "").split(",")):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)

    from ipykernel.kernelapp import IPKernelApp
    from traitlets.config import Config

    lean = Config()
    lean.HistoryManager.enabled = False
    lean.InteractiveShellApp.ignore_cwd = True  # a file beside the notebook shadows no package
    lean.InteractiveShellApp.exec_PYTHONSTARTUP = False
    lean.IPKernelApp.log_level = logging.ERROR  # else a line on encryption for each kernel
    IPKernelApp.launch_instance(config=lean)


if __name__ == "__main__":
    main()
