"""The month: one step after another, each skipped while its result still holds."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Thread
from typing import Any

import sopkit
from sopkit.cycle import (
    CyclePaths,
    Manifest,
    StepRecord,
    check_open,
    hold_lock,
    read_manifest,
    to_paths,
    write_manifest,
)
from sopkit.errors import CycleError, ParameterError, list_problems
from sopkit.params import RunParameters
from sopkit.run.causes import find_causes, find_changes
from sopkit.run.notebook import Order, run_notebook
from sopkit.run.records import enter_records
from sopkit.run.steps import STEPS, Step, select_steps


@dataclass
class Outcome:
    """What a run did.

    Args:
        ran: steps that were run.
        skipped: steps whose result still held.
    """

    ran: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Month:
    """All that the steps of one run share."""

    paths: CyclePaths
    manifest: Manifest
    parameters: RunParameters
    lang: str
    tell: Tell
    meanwhile: Callable[[CyclePaths, str], None]


class Tell:
    """What a run says while it is at work; this one says nothing."""

    def begin(self, step: str, why: list[str]) -> None:
        """Say that a step begins, and why."""

    def advance(self, step: str, cell: int, cells: int) -> None:
        """Say which cell has begun."""

    def end(self, step: str, record: StepRecord) -> None:
        """Say how a step ended."""

    def skip(self, step: str) -> None:
        """Say that a step's result still holds."""


def run_month(
    cycle: str,
    folder: Path,
    parameters: RunParameters,
    steps: Sequence[Step] = STEPS,
    first: str = "",
    only: str = "",
    lang: str = "en",
    tell: Tell | None = None,
    finish: Callable[[CyclePaths, Manifest], None] | None = None,
    meanwhile: Callable[[CyclePaths, str], None] = lambda paths, step: None,
) -> Outcome:
    """Run the steps of a month whose result does not hold any more, in order.

    Args:
        cycle: the month planned first.
        folder: the planning folder.
        parameters: as read and checked.
        steps: the month's steps.
        first: run this step and those after it, whether their result holds or not.
        only: run this step alone.
        lang: language the notebooks show.
        tell: hears of the progress.
        finish: called under the lock when every step is done (the report).
        meanwhile: called beside each step that runs, with its name (to make ready what `finish`
            will need).

    Raises:
        CycleError: another run is at work, the cycle is published or another company's.
        ParameterError: a step, a notebook or a parameter is wrong; nothing was run.
        SopkitError: a step failed; the tables are as before it, and a new run continues there.
    """
    paths = to_paths(cycle, folder)
    chosen = select_steps(steps, first, only)
    _check_notebooks(chosen, folder)
    company = parameters.common.company
    check_open(paths, read_manifest(paths) or Manifest(cycle), company)
    with hold_lock(paths), _register(paths, parameters) as manifest:
        month = Month(paths, manifest, parameters, lang, tell or Tell(), meanwhile)
        _check_earlier(steps, chosen, manifest)
        outcome = _run_steps(month, chosen, forced=bool(first or only))
        if finish is not None:
            finish(paths, manifest)
        enter_records(paths, manifest)
    return outcome


def _check_notebooks(steps: Sequence[Step], folder: Path) -> None:
    missing = [str(s.notebook(folder)) for s in steps if not s.notebook(folder).is_file()]
    if missing:
        raise ParameterError(
            list_problems(
                "Notebooks are missing",
                missing,
                "Put them back (sopkit init DIR makes a folder that has them), then run again.",
            )
        )


def _check_earlier(steps: Sequence[Step], chosen: Sequence[Step], manifest: Manifest) -> None:
    """Raise when a step before the first chosen one has no result to start from."""
    for step in steps[: list(steps).index(chosen[0])]:
        record = manifest.steps.get(step.name)
        if record is None or record.state != "ok":
            raise CycleError(
                f"{chosen[0].name} cannot be the first: {step.name} has no result yet. "
                f"Run: sopkit run {manifest.cycle}"
            )


@contextmanager
def _register(paths: CyclePaths, parameters: RunParameters) -> Iterator[Manifest]:
    """Note in the manifest that a run is at work, and take the note away however it ends."""
    manifest = read_manifest(paths) or Manifest(paths.name)
    check_open(paths, manifest, parameters.common.company)
    shutil.rmtree(paths.staging_dir, ignore_errors=True)
    manifest.company = parameters.common.company
    manifest.version = sopkit.__version__
    manifest.parameter_file = _name_from(paths.folder, parameters.path)
    manifest.running = {"process": str(os.getpid()), "since": _now()}
    write_manifest(paths, manifest)
    try:
        yield manifest
    finally:
        manifest.running = {}
        shutil.rmtree(paths.staging_dir, ignore_errors=True)
        write_manifest(paths, manifest)


def _run_steps(month: Month, steps: Sequence[Step], forced: bool) -> Outcome:
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="sopkit-", ignore_cleanup_errors=True) as scratch:
        orders = [_order(month, step, Path(scratch)) for step in steps]
        try:
            for order, following in zip(orders, [*orders[1:], None], strict=True):
                causes = _find_causes(month, order)
                why = find_changes(order.step, month.paths, month.manifest, causes)
                if not why and not forced:
                    month.tell.skip(order.step.name)
                    outcome.skipped.append(order.step.name)
                    continue
                beside = Thread(
                    target=month.meanwhile, args=(month.paths, order.step.name), daemon=True
                )
                beside.start()
                month.tell.begin(order.step.name, why)
                run_notebook(order, causes, month.manifest, month.tell, following)
                beside.join()
                outcome.ran.append(order.step.name)
        finally:
            for order in orders:
                order.stop()
    return outcome


def _order(month: Month, step: Step, scratch: Path) -> Order:
    told: dict[str, Any] = {
        **month.parameters.for_step(step.name),
        "cycle": month.paths.name,
        "lang": month.lang,
        "interactive": False,
    }
    timeout = month.parameters.running.cell_timeout_seconds
    return Order(step, month.paths, told, timeout, scratch, month.manifest.company)


def _find_causes(month: Month, order: Order) -> dict[str, str]:
    mapping = month.parameters.common.mapping
    return find_causes(order.step, month.paths, order.parameters, mapping)


def _name_from(folder: Path, path: Path) -> str:
    inside = path.is_relative_to(folder)
    return path.relative_to(folder).as_posix() if inside else str(path)


def _now() -> str:
    return datetime.now().astimezone().isoformat(timespec="seconds")
