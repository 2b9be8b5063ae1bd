"""The plan that is proposed: what each customer group gets of what it wants."""

from __future__ import annotations

import pandas as pd

from sopkit.consensus.levels import add_family
from sopkit.tables import CELL


def propose_plan(consensus_demand: pd.DataFrame, plan_service: pd.DataFrame) -> pd.DataFrame:
    """Set the constrained plan's service beside the agreed demand, cell by cell.

    The month's demand is what is wanted in it: open orders and net forecast. Overdue orders
    belong to the month in which they were wanted and are told apart (`sum_overdue`).

    Args:
        consensus_demand: contract `consensus_demand`; agreed, as if supply had no limit.
        plan_service: contract `plan_service`; how each demand class is served.

    Returns:
        One row per item, location, customer and period of either table, sorted: `demand_qty`
        (agreed), `plan_qty` (served, in its month or later), `short_qty` (never served). Where
        orders in hand exceed the agreed demand, plan + short is more than `demand_qty`.

    Example:
        Agreed 100; 80 served in the month, 10 a month later, 10 never: plan 90, short 10.
    """
    new = plan_service[plan_service["demand_class"] != "overdue"]
    served = new.assign(plan_qty=new["on_time_qty"] + new["late_qty"])
    served = served.groupby(CELL, as_index=False)[["plan_qty", "short_qty"]].sum()
    agreed = consensus_demand[[*CELL, "demand_qty"]]
    both = agreed.merge(served, on=CELL, how="outer", validate="one_to_one")
    filled = both.fillna({"demand_qty": 0.0, "plan_qty": 0.0, "short_qty": 0.0})
    return filled.sort_values(CELL, kind="stable", ignore_index=True)


def sum_overdue(plan_service: pd.DataFrame) -> tuple[float, float]:
    """Return overdue orders that the plan still serves, and those it never serves, in units."""
    overdue = plan_service[plan_service["demand_class"] == "overdue"]
    served = float((overdue["on_time_qty"] + overdue["late_qty"]).sum())
    return served, float(overdue["short_qty"].sum())


def spread_plan(plan: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return the plan by family and month for display: a row a family, a column a month.

    Args:
        plan: contract `consensus_plan`.
        item: contract `item`.

    Returns:
        `family`, `plan_qty` (all months), `service_rate` = plan / (plan + short), and a column
        for each month, named `2026-11`; largest family first, those without plan and shortage
        left out.
    """
    rows = add_family(plan, item)
    months = rows["period"].dt.strftime("%Y-%m")
    wide = rows.pivot_table("plan_qty", "family", months, "sum", fill_value=0.0)
    sums = rows.groupby("family")[["plan_qty", "short_qty"]].sum()
    wanted = sums.sum(axis=1)
    wide.insert(0, "plan_qty", sums["plan_qty"])
    wide.insert(1, "service_rate", (sums["plan_qty"] / wanted.where(wanted > 0)).fillna(1.0))
    wide.columns.name = None
    wide = wide[wanted.reindex(wide.index) > 0]
    return wide.sort_values("plan_qty", ascending=False, kind="stable").reset_index()
