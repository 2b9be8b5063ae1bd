"""One step: run its notebook aside, and take over what it made only if all of it is there."""

from __future__ import annotations

import json
import shutil
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sopkit.cycle import (
    JOURNAL,
    CyclePaths,
    Manifest,
    StepRecord,
    TableRecord,
    hash_file,
    list_owned,
    write_atomic,
    write_manifest,
)
from sopkit.cycle.store import count_rows
from sopkit.errors import SopkitError, StepError
from sopkit.run.failures import InterruptedRunError, find_unfinished, mark_failed_cell, to_failure
from sopkit.run.kernel import Progress, execute, start_kernel, stop_kernel
from sopkit.run.steps import Step

if TYPE_CHECKING:
    from sopkit.run.month import Tell


@dataclass
class Order:
    """A step with all it needs to be run; its kernel may be started early."""

    step: Step
    paths: CyclePaths
    parameters: dict[str, Any]
    timeout_seconds: int
    scratch: Path
    company: str
    kernel: Any = field(default=None, repr=False)

    @property
    def staging(self) -> Path:
        """Folder into which the notebook writes its tables."""
        return self.paths.staging_dir / self.step.name

    @property
    def executed(self) -> Path:
        """The notebook as it ran with success."""
        return self.paths.executed_dir / f"{self.step.name}.ipynb"

    @property
    def failed(self) -> Path:
        """The notebook as far as it came, when it failed."""
        return self.paths.executed_dir / "failed" / f"{self.step.name}.ipynb"

    def start(self, early: bool = False) -> None:
        """Start the kernel; early, it loads what the notebook will need."""
        environment = {
            "SOPKIT_HOME": str(self.paths.folder),
            "SOPKIT_STAGING": str(self.staging),
            "SOPKIT_COMPANY": self.company,
        }
        cwd = self.step.notebook(self.paths.folder).parent
        warm = self.step.warm if early else ()
        self.kernel = start_kernel(cwd, self.scratch, environment, warm)

    def stop(self) -> None:
        """End the kernel if it still runs."""
        stop_kernel(self.kernel)
        self.kernel = None


def run_notebook(
    order: Order, causes: dict[str, str], manifest: Manifest, tell: Tell, following: Order | None
) -> None:
    """Run a step and take over its tables, or leave everything as it was and raise.

    Args:
        order: the step.
        causes: hash of everything it depends on but the tables it reads.
        manifest: the record; written when the step begins and when it ends.
        tell: hears of the progress.
        following: the step after it, whose kernel is started meanwhile.

    Raises:
        SopkitError: why the step failed, where its executed notebook is, how to continue.
    """
    name = order.step.name
    record = StepRecord("running", started=datetime.now().astimezone().isoformat("T", "seconds"))
    record.parameters = order.parameters
    manifest.steps[name] = record
    write_manifest(order.paths, manifest)
    begun = time.monotonic()
    progress = Progress(told=lambda at: tell.advance(name, at.cell, at.cells))
    try:
        _run_aside(order, progress, following)
        record.causes = {**causes, **_read_journal(order.staging)}
        record.outputs = _promote(order, manifest, record)
        record.state = "ok"
    except (Exception, KeyboardInterrupt) as error:
        failure = to_failure(name, error, progress, order.timeout_seconds)
        record.state = "interrupted" if isinstance(failure, InterruptedRunError) else "failed"
        record.error, record.cell = str(failure), progress.cell
        raise _say_where(order, failure, _keep_failed(order, progress, str(failure))) from error
    finally:
        record.seconds = round(time.monotonic() - begun, 2)
        shutil.rmtree(order.staging, ignore_errors=True)
        tell.end(name, record)
        write_manifest(order.paths, manifest)


def _run_aside(order: Order, progress: Progress, following: Order | None) -> None:
    source = order.step.notebook(order.paths.folder)
    part = order.staging / "executed.ipynb"
    order.staging.mkdir(parents=True)

    def start_following() -> None:
        if following is not None and following.kernel is None:
            following.start(early=True)

    for attempt in (1, 2):
        try:
            if order.kernel is None:
                order.start()
            notebook = execute(
                source,
                part,
                order.parameters,
                order.kernel,
                progress,
                order.timeout_seconds,
                start_following,
            )
            break
        except Exception:
            if progress.cell or attempt == 2:
                raise
        finally:
            order.stop()
    unfinished = find_unfinished(notebook, order.staging, order.step.must_write)
    if unfinished:
        raise StepError(f"{order.step.name} {unfinished}.")


def _read_journal(staging: Path) -> dict[str, str]:
    """Return the hash of each table the notebook read, the first one where it read twice."""
    path = staging / JOURNAL
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    read: dict[str, str] = {}
    for name, sha256 in map(json.loads, lines):
        read.setdefault(f"table {name}", sha256)
    return read


def _promote(order: Order, manifest: Manifest, record: StepRecord) -> dict[str, str]:
    """Move the new tables and the executed notebook to their places; drop tables not made again."""
    made_from = {
        name.removeprefix("table "): sha256
        for name, sha256 in record.causes.items()
        if name.startswith("table ")
    }
    written = {path.stem: path for path in sorted(order.staging.glob("*.parquet"))}
    outputs = {name: hash_file(path) for name, path in written.items()}
    rows = {name: count_rows(path) for name, path in written.items()}
    order.paths.tables_dir.mkdir(parents=True, exist_ok=True)
    order.paths.executed_dir.mkdir(parents=True, exist_ok=True)
    for name in list_owned(order.step.name):
        if name in written:
            written[name].replace(order.paths.table_file(name))
            manifest.tables[name] = TableRecord(
                outputs[name], rows[name], order.step.name, made_from=made_from
            )
        else:
            order.paths.table_file(name).unlink(missing_ok=True)
            manifest.tables.pop(name, None)
    (order.staging / "executed.ipynb").replace(order.executed)
    order.failed.unlink(missing_ok=True)
    return outputs


def _keep_failed(order: Order, progress: Progress, sentence: str) -> bool:
    """Write the notebook as far as it came beside the good one; say whether there was room."""
    if progress.notebook is None:
        return False
    import nbformat

    try:
        marked = mark_failed_cell(progress.notebook, progress, sentence)
        write_atomic(order.failed, nbformat.writes(marked).encode())
    except (OSError, SopkitError):
        return False  # the failure itself is told; a full disk must not hide it
    return True


def _say_where(order: Order, failure: SopkitError, kept: bool) -> SopkitError:
    lines = [str(failure)]
    if kept:
        lines.append(f"The notebook as far as it came: {order.failed}")
    lines.append(
        f"The tables are as they were before {order.step.name}. "
        f"Continue with: sopkit run {order.paths.name}"
    )
    return type(failure)("\n".join(lines))
