"""The five notebooks on the tiny company: by nbval, by the runner, and number by number by hand."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from conftest import ROOT

CYCLE = "2026-11"
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
pytestmark = pytest.mark.slow


def new_tiny(folder: Path) -> Path:
    shutil.copytree(ROOT / "tests/tiny", folder)
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    shutil.copy(ROOT / "params/kpi.yaml", folder / "params/kpi.yaml")
    return folder


@pytest.fixture(scope="module")
def month(tmp_path_factory) -> Path:
    """Run the tiny company's month by the command, once; return the planning folder."""
    folder = new_tiny(tmp_path_factory.mktemp("run") / "tiny")
    command = [sys.executable, "-m", "sopkit.cli", "run", CYCLE, "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="module")
def by_hand(tmp_path_factory) -> tuple[Path, str]:
    """Run the checked copies as an analyst would, through nbval; return folder and output."""
    folder = new_tiny(tmp_path_factory.mktemp("hand") / "tiny")
    command = [
        *[sys.executable, "-m", "pytest", "-p", "no:xdist", "-p", "no:cacheprovider", "--nbval"],
        *["--nbval-current-env", "--nbval-cell-timeout", "300"],
        *["--nbval-sanitize-with", str(ROOT / "tests/notebooks/sanitize.cfg")],
        *["-o", "addopts=", str(ROOT / "tests/notebooks")],
    ]
    environment = os.environ | {"SOPKIT_HOME": str(folder)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, env=environment)
    return folder, done.stdout[-6000:] if done.returncode else ""


def read(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_parquet(folder / "data/cycles" / CYCLE / "tables" / f"{table}.parquet")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_checked_copy_has_the_same_source(path):
    ours = nbformat.read(path, as_version=4)
    checked = nbformat.read(ROOT / "tests/notebooks" / path.name, as_version=4)
    assert [c.source for c in checked.cells] == [c.source for c in ours.cells], "run: make golden"


def test_every_output_by_hand_is_the_checked_one(by_hand):
    _, complaints = by_hand
    assert not complaints, complaints


def test_the_runner_and_a_person_get_the_same_tables_to_the_byte(month, by_hand):
    def fingerprints(folder):
        tables = (folder / "data/cycles" / CYCLE / "tables").glob("*.parquet")
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in tables}

    run, hand = fingerprints(month), fingerprints(by_hand[0])
    assert run == hand
    assert len(run) > 30


def test_a_constant_history_is_forecast_as_it_is(month):
    baseline = read(month, "baseline").groupby("item")["baseline_qty"]
    assert baseline.min().round(6).to_dict() == {"A": 100, "B": 50}
    assert baseline.max().round(6).to_dict() == {"A": 100, "B": 50}


def test_the_override_stands_in_its_month_alone(month):
    demand = read(month, "consensus_demand").set_index(["item", "period"])["demand_qty"]
    assert demand["A", "2026-12-01"] == pytest.approx(110)
    assert demand["A", "2027-01-01"] == pytest.approx(100)


def test_last_months_plan_is_held_against_what_came(month):
    plan = read(month, "plan_versus_actual").set_index("item")
    assert plan["bias_qty"].to_dict() == {"A": -10, "B": 0}


def test_orders_come_before_the_forecast_and_are_not_counted_twice(month):
    net = read(month, "net_demand")
    november = net[net["period"] == "2026-11-01"].set_index(["item", "demand_class"])["demand_qty"]
    assert november.round(6).to_dict() == {
        ("A", "open"): 30,
        ("A", "forecast"): 70,
        ("B", "overdue"): 5,
        ("B", "forecast"): 50,
    }


def test_overtime_comes_before_lateness_and_lateness_before_loss(month):
    """Hours to February: 125 + 160 + 150 + 150 = 585 against 480 regular + 80 overtime: 25 late.

    March owes 25 + 150 and has 160: 15 late; April 15 + 150 of 160: 5 late; May owes 155 and
    needs 15 overtime. A is the cheaper item, so A waits; nobody waits over a month; none is lost.
    """
    used = read(month, "plan_resource").set_index("period")["overtime_used_hours"].round(6)
    assert used["2026-11-01":"2027-06-01"].tolist() == [20, 20, 20, 20, 20, 20, 15, 10]
    shortage = read(month, "shortage")
    assert shortage["item"].unique().tolist() == ["A"]
    assert shortage["late_qty"].round(6).tolist() == [25, 15, 5]
    assert shortage["period"].dt.strftime("%Y-%m").tolist() == ["2027-02", "2027-03", "2027-04"]
    assert shortage["short_qty"].sum() == 0
    assert shortage[["cause", "cause_code"]].drop_duplicates().to_numpy().tolist() == [
        ["resource", "L1"]
    ]


def test_stock_balances_in_every_month(month):
    plan = read(month, "constrained_plan")
    inflow = plan[["opening_qty", "make_qty", "buy_qty", "move_in_qty", "open_supply_qty"]].sum(
        axis=1
    )
    outflow = plan[["move_out_qty", "used_qty", "served_qty"]].sum(axis=1)
    assert (inflow - outflow - plan["closing_qty"]).abs().max() < 1e-5
    assert plan["closing_qty"].min() >= 0


def test_the_bridge_from_budget_to_plan_adds_up(month):
    gap = (
        read(month, "budget_gap")
        .pivot_table(
            index=["fiscal_year", "family"], columns="part", values="margin_value", aggfunc="sum"
        )
        .fillna(0)
    )
    parts = gap.drop(columns=["budget", "plan"]).sum(axis=1)
    assert (gap["plan"] - gap["budget"] - parts).abs().max() < 1e-6
