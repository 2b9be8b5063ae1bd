"""Published optima, from folders of tables that show how a case is written."""

from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import yaml

from sopkit.solving import read_folder
from sopkit.supply import Rates, SupplyTables, check_plan, prepare_case, solve_case

FOLDER = Path(__file__).parent / "textbook"


def solve(name, demand_qty=None, **changed):
    frames = read_folder(FOLDER / name)
    settings = yaml.safe_load((FOLDER / name / "settings.yaml").read_text(encoding="utf-8"))
    wanted = frames["net_demand"]
    if demand_qty is not None:
        wanted = wanted.assign(demand_qty=demand_qty)
    periods = pd.DatetimeIndex(sorted(wanted["period"].unique()), name="period")
    tables = SupplyTables.collect(frames)
    case = prepare_case(tables, wanted, periods, rates=replace(Rates(**settings), **changed))
    return tables, solve_case(case, wanted)


def test_red_tomato_costs_422_275_with_parts_of_workers():
    _, plan = solve("red_tomato")
    assert plan.objective == pytest.approx(422_275.00, abs=0.005)
