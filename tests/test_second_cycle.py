"""The second cycle of a company: what moved is told from the first one's own tables."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from sopkit.cycle import view_cycle
from sopkit.demand import CAUSES, sum_move
from sopkit.planbook import open_planbook
from sopkit.tables import TABLES, fit_columns

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("second") / "plan"
    shutil.copytree(ROOT / "tests/tiny", place)
    shutil.copytree(ROOT / "notebooks", place / "notebooks", dirs_exist_ok=True)
    return place


def run(folder: Path, cycle: str) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SOPKIT_")}
    for step in ("01_data_review", "02_demand_review"):
        words = [sys.executable, "-m", "sopkit.cli", "run", cycle, "--only", step]
        done = subprocess.run(
            [*words, "--folder", str(folder)],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_an_override_of_the_second_cycle_is_all_that_moved(folder: Path):
    """The tiny company orders the same each month, so only people can move its demand."""
    run(folder, "2026-10")
    company = view_cycle("2026-10", folder).company
    change = pd.DataFrame(
        {
            "override": [""],
            "item": ["all"],
            "start_period": pd.to_datetime(["2026-12-01"]),
            "end_period": pd.to_datetime(["2027-01-01"]),
            "method": ["delta"],
            "amount": [30.0],
            "reason_code": ["listing"],
            "owner": ["sales"],
        }
    )
    with open_planbook(folder, company=company) as book:
        book.add_overrides(fit_columns(change, TABLES["override"]), "2026-11", "planner")
    run(folder, "2026-11")
    now = view_cycle("2026-11", folder)
    whole = sum_move(now.read("demand_move"), []).iloc[0]
    parts = {cause: whole[f"{cause}_qty"] for cause in CAUSES}
    assert whole["last_qty"] + sum(parts.values()) == pytest.approx(whole["demand_qty"])
    mine = now.read("override")
    assert "planner" not in mine["owner"].tolist() and "sales" in mine["owner"].tolist()
    assert parts["overrides"] == pytest.approx(60.0)
    assert [cause for cause, part in parts.items() if abs(part) > 1e-6] == ["overrides"]
