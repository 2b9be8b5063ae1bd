"""The demo company's past, for benchmarks: what was known at each of 24 cycles, and what came."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sopkit import demand, quality
from sopkit.sources import read_mapping, read_tables
from sopkit.tables import TABLES

ROOT = Path(__file__).resolve().parent.parent.parent
CYCLE, AS_OF = pd.Timestamp("2026-11-01"), pd.Timestamp("2026-10-31")
TABLES_READ = [
    "item",
    "location",
    "customer",
    "price",
    "cost",
    "sales_history",
    "sales_order_line",
    "return_line",
    "stock_history",
    "event",
    "forecast_stream",
    "lane",
    "operation",
    "stock_policy",
]


def read_company() -> dict[str, pd.DataFrame]:
    """Return the company's tables as the mapping reads them, and `demand_history`, uncleaned.

    Cleaning looks at all months at once; a past cycle could not have, so forecasts learn from what
    was ordered.
    """
    mapping = read_mapping(ROOT / "params/mapping/demo.yaml")
    loaded = read_tables(mapping, ROOT / "data/demo", CYCLE, AS_OF, tables=TABLES_READ)
    found = {name: loaded.tables.get(name, TABLES[name].empty()) for name in TABLES_READ}
    history = quality.to_demand_history(
        found["sales_history"],
        found["sales_order_line"],
        found["return_line"],
        found["item"],
        CYCLE,
        pd.Timestamp("2020-11-01"),
        price=found["price"],
    )
    return {**found, "demand_history": history.assign(cleaned_qty=history["actual_qty"])}


def forecast_past(company: dict[str, pd.DataFrame], cycles: int, ahead: int) -> pd.DataFrame:
    """Return the baseline with planned events of the last cycles whose `ahead` months have come.

    Each is made by the code that forecasts today, from the months before its cycle: calendar
    effects and uplifts of events are measured anew in each.

    Returns:
        Contract `backtest` with `cycle`.
    """
    told = demand.backtest_baseline(
        company["demand_history"],
        company["item"],
        CYCLE,
        event=company["event"],
        cutoffs=cycles,
        backtest_horizon=ahead,
        cutoff_step_months=1,
        family_weight=0.3,
        country="CN",
    )
    first = told["cutoff"] + pd.DateOffset(months=1)
    return told.assign(cycle=first.dt.strftime("%Y-%m"))
