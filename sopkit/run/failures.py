"""Why a notebook did not come to its end, in one sentence and how to continue."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sopkit import errors
from sopkit.cycle import FULL, DiskFullError
from sopkit.errors import SopkitError, StepError
from sopkit.run.kernel import Progress

_OURS = {
    name: kind
    for name, kind in {**vars(errors), "DiskFullError": DiskFullError}.items()
    if isinstance(kind, type) and issubclass(kind, SopkitError)
}
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class InterruptedRunError(StepError):
    """Ctrl-C, or the system asked the run to end."""

    exit_code = 130


def to_failure(step: str, error: BaseException, progress: Progress, timeout: int) -> SopkitError:
    """Return what to tell of an exception that ended a step.

    A cell's own `SopkitError` keeps its kind, and so the exit code, and its message.
    """
    kind = type(error).__name__
    cell = f"cell {progress.cell} of {progress.cells}"
    if isinstance(error, KeyboardInterrupt):
        return InterruptedRunError(f"{step} was stopped in {cell} by Ctrl-C or the system.")
    if isinstance(error, SopkitError):
        return error
    if kind == "PapermillExecutionError":
        return _from_cell(step, cell, error)
    if kind == "DeadKernelError":
        return StepError(
            f"The kernel of {step} died in {cell}; most often the system ended it for want of "
            "memory."
        )
    if kind == "CellTimeoutError":
        return StepError(
            f"{step} was stopped: {cell} took longer than {timeout} seconds "
            "(cell_timeout_seconds in section run of the parameter file)."
        )
    if isinstance(error, OSError) and error.errno in FULL:
        return DiskFullError(f"The disk is full: {step} could not be written down.")
    return StepError(f"{step} could not be run: {kind}: {error}")


def _from_cell(step: str, cell: str, error: Any) -> SopkitError:
    text = _COLOURS.sub("", str(error.evalue)).strip()
    if error.ename in _OURS:
        return _OURS[error.ename](f"{step}, {cell}: {text}")
    if re.match(rf"\[Errno ({'|'.join(str(code) for code in FULL)})\]", text):
        return DiskFullError(f"The disk is full: {step} stopped in {cell}.")
    if error.ename == "MemoryError":
        return StepError(f"{step} ran out of memory in {cell}.")
    return StepError(f"{step} failed in {cell}: {error.ename}: {text or 'no message'}")


def mark_failed_cell(notebook: Any, progress: Progress, sentence: str) -> Any:
    """Return the notebook as far as it came, with the failure told above the cell that failed.

    papermill itself notes a dead kernel's cells as completed; this does not.
    """
    import copy

    import nbformat

    marked = copy.deepcopy(notebook)
    told = nbformat.v4.new_markdown_cell(
        f"**This notebook did not come to its end here.** {sentence}",
        metadata={"tags": ["papermill-error-cell-tag"]},
    )
    for index, cell in enumerate(marked.cells[progress.index :]):
        status = {"status": "pending" if index else "failed", "exception": not index}
        cell.metadata.get("papermill", {}).update(status)
    marked.metadata.get("papermill", {})["exception"] = True
    marked.cells.insert(progress.index, told)
    return marked


def find_unfinished(notebook: Any, staging: Path, must_write: tuple[str, ...]) -> str:
    """Return why a notebook that ended without an error has not succeeded; empty when it has.

    The last code cell must have been executed, and every table the step owes must be there.
    """
    code = [c for c in notebook.cells if c.cell_type == "code" and "".join(c.source).strip()]
    skipped = [number for number, c in enumerate(code, start=1) if c.execution_count is None]
    if skipped:
        return f"ended before cell {skipped[0]} of {len(code)} was run"
    missing = [name for name in must_write if not (staging / f"{name}.parquet").exists()]
    if missing:
        return f"ended without writing {', '.join(missing)}"
    return ""
