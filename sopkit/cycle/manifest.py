"""The manifest: the one record of what was run, from what, with what outcome."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, fields
from typing import Any, Literal

from sopkit.cycle.paths import CyclePaths
from sopkit.cycle.store import write_atomic
from sopkit.errors import CycleError

StepState = Literal["running", "ok", "failed", "interrupted"]


@dataclass
class TableRecord:
    """A table as last written.

    Args:
        sha256: hash of the file in `tables/`.
        rows: number of rows.
        writer: step that wrote it.
        by_hand: written by a notebook that a person ran, not by the runner.
        made_from: hash of each table the writer had read, by name; empty text when absent.
    """

    sha256: str
    rows: int
    writer: str
    by_hand: bool = False
    made_from: dict[str, str] = field(default_factory=dict)


@dataclass
class StepRecord:
    """A step as last run.

    Args:
        state: running (or cut off while running), ok, failed, interrupted.
        causes: hash of each thing the step depends on: notebook, package, parameters, lock file,
            files, `table:<name>`.
        outputs: hash of each table written.
        started: when, with the offset from UTC.
        seconds: wall time.
        error: one sentence, empty when ok.
        cell: number of the code cell that failed, 0 when none.
        parameters: what the notebook was given.
    """

    state: StepState
    causes: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    started: str = ""
    seconds: float = 0.0
    error: str = ""
    cell: int = 0
    parameters: dict[str, Any] = field(default_factory=dict)


@dataclass
class Manifest:
    """The record of a cycle.

    Args:
        cycle: its name.
        company: whose cycle it is.
        state: draft until published.
        version: sopkit's version that last ran it.
        parameter_file: the file it was last run with, from the planning folder.
        steps: by name of the notebook, and `report`.
        tables: by name.
        running: process and since when, while a run is under way (or was cut off).
        published: by, at, and the hash of each table, once published.
    """

    cycle: str
    company: str = ""
    state: Literal["draft", "published"] = "draft"
    version: str = ""
    parameter_file: str = ""
    steps: dict[str, StepRecord] = field(default_factory=dict)
    tables: dict[str, TableRecord] = field(default_factory=dict)
    running: dict[str, str] = field(default_factory=dict)
    published: dict[str, Any] = field(default_factory=dict)


def read_manifest(paths: CyclePaths) -> Manifest | None:
    """Return the manifest of a cycle, or None where there is none yet.

    Raises:
        CycleError: the file is damaged.
    """
    try:
        text = paths.manifest_file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        return _to_manifest(json.loads(text))
    except (ValueError, TypeError, AttributeError) as error:
        raise CycleError(
            f"{paths.manifest_file} is damaged ({error}). Put it back from a copy; without one, "
            "move it away and run the cycle again, every step will then be run."
        ) from error


def write_manifest(paths: CyclePaths, manifest: Manifest) -> None:
    """Write the manifest whole, or leave the old one."""
    text = json.dumps(manifest, default=vars, ensure_ascii=False, indent=1, sort_keys=True)
    write_atomic(paths.manifest_file, f"{text}\n".encode())


def _to_manifest(stored: dict[str, Any]) -> Manifest:
    steps = {name: StepRecord(**_known(StepRecord, v)) for name, v in stored["steps"].items()}
    tables = {name: TableRecord(**_known(TableRecord, v)) for name, v in stored["tables"].items()}
    return Manifest(**{**_known(Manifest, stored), "steps": steps, "tables": tables})


def _known(kind: type, stored: dict[str, Any]) -> dict[str, Any]:
    names = {entry.name for entry in fields(kind)}
    return {name: value for name, value in stored.items() if name in names}
