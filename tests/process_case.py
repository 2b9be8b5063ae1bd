"""A cycle whose five steps are done: tables by hand, a manifest, and the process of the month."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from conftest import ROOT
from small_month import CYCLE, parameter_file

from sopkit.cycle import (
    STAGES,
    CyclePaths,
    Manifest,
    StepRecord,
    TableRecord,
    to_paths,
    write_manifest,
    write_parquet,
)
from sopkit.params import RunParameters, read_params
from sopkit.tables import TABLES

PLAN = pd.DataFrame(
    {
        "item": ["A"],
        "location": ["D1"],
        "customer": ["C1"],
        "period": [pd.Timestamp("2026-11-01")],
        "demand_qty": [5.0],
        "plan_qty": [4.0],
        "short_qty": [1.0],
        "revenue_value": [40.0],
        "margin_value": [8.0],
    }
)
CONFLICT = pd.DataFrame(
    {
        "conflict": ["C-2026-11-001"],
        "family": ["TEA"],
        "kind": ["sales_supply"],
        "first_value": [100.0],
        "second_value": [60.0],
        "gap_value": [-40.0],
        "first_owner": ["sales_owner"],
        "second_owner": ["supply_planner"],
        "first_period": [pd.Timestamp("2026-11-01")],
        "last_period": [pd.Timestamp("2026-12-01")],
        "due_date": [pd.Timestamp("2026-11-26")],
        "task_force": ["sales_owner, supply_planner"],
        "escalate_to": ["general_manager"],
    }
)
DECISION = pd.DataFrame(
    {
        "decision": ["2026-11-D1"] * 2,
        "option": ["A", "B"],
        "kind": ["bottleneck"] * 2,
        "subject": ["L1"] * 2,
        "action": ["keep", "extra_shift"],
        "margin_value": [0.0, 12_000.0],
        "recommended": [False, True],
        "owner": ["production"] * 2,
        "due_date": [pd.Timestamp("2026-11-25")] * 2,
    }
)
OF_STEP = {
    "data": {},
    "demand": {},
    "supply": {},
    "consensus": {"consensus_plan": PLAN, "conflict": CONFLICT},
    "executive": {"decision": DECISION},
}


def at(day: int, hour: int = 9) -> datetime:
    """Return a time of November 2026."""
    return datetime(2026, 11, day, hour).astimezone()


def table_of(name: str, **columns: Any) -> pd.DataFrame:
    """Return a table by its contract with some columns given, the others blank."""
    return pd.DataFrame(columns).reindex(columns=TABLES[name].column_names)


def make_cycle(
    folder: Path, tables: dict[str, dict[str, pd.DataFrame]] = OF_STEP, process: bool = True
) -> CyclePaths:
    """Write a cycle with all steps done; with the project's own process, or none."""
    parameter_file(folder)
    if process:
        shutil.copyfile(ROOT / "params" / "process.yaml", folder / "params" / "process.yaml")
    paths = to_paths(CYCLE, folder)
    manifest = Manifest(CYCLE, "demo")
    for step, frames in tables.items():
        outputs = {}
        for name, frame in frames.items():
            sha256 = write_parquet(paths.table_file(name), frame, TABLES[name])
            manifest.tables[name] = TableRecord(sha256, len(frame), STAGES[step])
            outputs[name] = sha256
        record = StepRecord("ok", outputs=outputs, started="2026-11-05T09:00:00+08:00")
        manifest.steps[STAGES[step]] = record
    write_manifest(paths, manifest)
    return paths


def tiny_parameters(paths: CyclePaths) -> RunParameters:
    """Read the folder's parameters, without those of the notebooks."""
    return read_params(paths.folder / "params" / "runs" / "demo.yaml", {})


@pytest.fixture
def nothing_due(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every step hold: what makes a step run again is tried in test_run."""
    for place in ("judge", "publish"):
        monkeypatch.setattr(f"sopkit.process.{place}.find_due", lambda *_: {})
