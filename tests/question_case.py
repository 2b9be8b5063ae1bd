"""A cycle with a supply plan in its tables, as the supply review leaves them, for commands to ask."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from builders import table
from small_month import parameter_file
from supply_cases import demand, line, service

from sopkit.cycle import open_cycle
from sopkit.supply import Rates, solve_case
from sopkit.supply.inputs.open_case import open_case
from sopkit.tables import TABLES, check_table, fit_columns

CYCLE = "2026-01"
PERIODS = pd.date_range("2026-01-01", periods=3, freq="MS", name="period")
RATES = Rates(fair_share_rate=0.0, preference_rate=0.0)
STAGES = {"02_demand_review": "demand", "03_supply_review": "supply"}


def company() -> dict[str, pd.DataFrame]:
    """Tea A is made at P, an hour a unit at 4, on a line of 100 hours; it sells at 100."""
    raw = {
        **line(),
        "item": table("item family", "A tea"),
        "service_class": service(),
        "label": table("field code lang label", "resource L zh 灌装线", "resource L en Filler"),
    }
    return {name: check_table(frame, TABLES[name]) for name, frame in raw.items()}


def reviewed(folder: Path, *, planned: bool = True) -> Path:
    """Return a planning folder whose supply review left its tables; or has not run yet."""
    (folder / "notebooks").mkdir(parents=True)
    parameter_file(folder, company="tiny")
    tables = company()
    if planned:
        wanted = fit_columns(
            demand("A P 2026-01 130", "A P 2026-02 40", "A P 2026-03 90"), TABLES["net_demand"]
        )
        target = TABLES["stock_target"].empty()
        plan = solve_case(open_case(tables, wanted, target, PERIODS, rates=RATES), wanted)
        names = ("constrained_plan", "plan_flow", "plan_service", "plan_resource", "plan_cost")
        tables |= {name: getattr(plan, name) for name in names}
        tables |= {"net_demand": wanted, "stock_target": target, "plan_rule": RATES.to_table()}
    with pytest.MonkeyPatch.context() as patch:
        for name in ("SOPKIT_HOME", "SOPKIT_STAGING", "SOPKIT_COMPANY"):
            patch.delenv(name, raising=False)
        for name, frame in tables.items():
            owner = STAGES.get(TABLES[name].owner, "data")
            open_cycle(CYCLE, owner, folder, interactive=False, company="tiny").write(name, frame)
    return folder


def fingerprint(folder: Path) -> dict[str, bytes]:
    """Return every file of the cycle, to see that nothing was written."""
    return {str(path): path.read_bytes() for path in folder.rglob("*.parquet")}
