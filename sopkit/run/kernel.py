"""One notebook through papermill, in a kernel of its own that may have been started beforehand."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

ENGINE = "sopkit"
START_SECONDS = 60


@dataclass
class Progress:
    """How far a notebook has come, kept up to date while it runs.

    Args:
        cells: code cells in it.
        cell: the code cell last begun, from 1.
        index: its place among all cells.
        notebook: the notebook with its outputs so far.
        told: called when a cell begins.
    """

    cells: int = 0
    cell: int = 0
    index: int = 0
    notebook: Any = None
    told: Callable[[Progress], None] = field(default=lambda _: None, repr=False)

    def begin(self, notebook: Any) -> None:
        """Note the notebook that is about to run."""
        self.notebook = notebook
        self.cells = sum(cell.cell_type == "code" for cell in notebook.cells)

    def step(self, cell: Any, cell_index: int) -> None:
        """Note that a cell begins."""
        if cell.cell_type == "code":
            self.cell += 1
            self.index = cell_index
            self.told(self)


def execute(
    source: Path,
    target: Path,
    parameters: dict[str, Any],
    kernel: Any,
    progress: Progress,
    timeout_seconds: int,
    when_ready: Callable[[], None],
) -> Any:
    """Run a notebook to its end and return it with its outputs.

    Args:
        source: the notebook.
        target: where papermill writes it when it has come to its end, or a cell has failed.
        parameters: names and values to give it.
        kernel: what `start_kernel` returned.
        progress: kept up to date.
        timeout_seconds: longest time one cell may take.
        when_ready: called once, when the kernel has answered and the first cell is about to run.
    """
    papermill = load_papermill()
    return papermill.execute_notebook(
        source,
        target,
        parameters=parameters,
        engine_name=ENGINE,
        kernel_name="python3",
        language="python",
        progress_bar=False,
        request_save_on_cell_execute=False,
        autosave_cell_every=0,
        start_timeout=START_SECONDS,
        execution_timeout=timeout_seconds,
        kernel=kernel,
        progress=progress,
        when_ready=when_ready,
    )


@cache
def load_papermill() -> Any:
    """Import papermill without an address checker that doubles the time, and add our engine."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import logging

    import papermill
    from papermill.clientwrap import PapermillNotebookClient
    from papermill.engines import Engine, papermill_engines

    logging.getLogger("papermill").setLevel(logging.ERROR)
    logging.getLogger("traitlets").setLevel(logging.CRITICAL)

    class KernelEngine(Engine):  # type: ignore[misc]
        """papermill's own client, on a kernel that was handed in."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **given: Any) -> None:
            progress: Progress = given["progress"]
            progress.begin(nb_man.nb)
            client = PapermillNotebookClient(
                nb_man,
                km=given["kernel"],
                kernel_name=kernel_name,
                timeout=given["execution_timeout"],
                startup_timeout=given["start_timeout"],
                shutdown_kernel="immediate",
                on_cell_start=progress.step,
            )
            client.start_new_kernel_client()
            client.owns_km = True  # so that it closes the channels and ends the kernel
            given["when_ready"]()
            client.execute()

    papermill_engines.register(ENGINE, KernelEngine)
    return papermill


def start_kernel(
    cwd: Path, scratch: Path, environment: dict[str, str], warm: tuple[str, ...] = ()
) -> Any:
    """Start a kernel and return its manager without waiting until it answers.

    Args:
        cwd: folder it works in.
        scratch: folder for its connection file and set-up, so that it needs no home folder.
        environment: variables to set beside those of this process.
        warm: modules to load at once.
    """
    load_papermill()
    connection = scratch / f"kernel-{uuid.uuid4().hex}.json"
    manager = _manager_class()(kernel_name="python3", connection_file=str(connection))
    variables = {
        "OMP_NUM_THREADS": "1",
        **os.environ,
        "PYTHONHASHSEED": "0",
        "IPYTHONDIR": str(scratch),
        **environment,
        "SOPKIT_WARM": ",".join(warm),
    }
    _wait(manager.start_kernel(cwd=str(cwd), env=variables))
    return manager


def stop_kernel(manager: Any) -> None:
    """End a kernel at once, whatever state it is in."""
    if manager is not None and manager.has_kernel:
        _wait(manager.shutdown_kernel(now=True))


def _wait(awaitable: Any) -> Any:
    """Wait for what jupyter_client promises, as papermill's client does."""
    from jupyter_core.utils import ensure_async, run_sync

    return run_sync(ensure_async)(awaitable)


@cache
def _manager_class() -> Any:
    from jupyter_client.manager import AsyncKernelManager

    class LeanKernelManager(AsyncKernelManager):
        """Starts our own lean kernel, whatever kernels the machine has by that name."""

        def format_kernel_cmd(self, extra_arguments: list[str] | None = None) -> list[str]:
            return [sys.executable, "-P", "-m", "sopkit.run.launch", "-f", self.connection_file]

    return LeanKernelManager
