"""This cycle's data against the last: what was restated, and what came of the plan."""

from __future__ import annotations

import pandas as pd

from sopkit.periods import to_cycle_name
from sopkit.quality.clean import revenue_per_unit
from sopkit.tables import CELL, PLACE


def compare_restated(
    history: pd.DataFrame, past: pd.DataFrame, *, tolerance_rate: float = 0.001
) -> pd.DataFrame:
    """Name past months whose demand is no longer what the last cycle knew.

    Args:
        history: contract `demand_history`.
        past: contract `past_history`, as known in the last cycle; months it never had (its
            last month and later) are new, not restated.
        tolerance_rate: changes up to this share of the old quantity are rounding.

    Returns:
        Contract `finding` without number, kind `restated`, one row per (item, location, period);
        `amount_value` is the change in money (its size), largest first.

    Example:
        100 last month, 120 now: one finding of 20 units x revenue a unit.
    """
    columns = ["kind", "severity", "table", "row_count", "item", "location", "period", "value"]
    columns = [*columns, "advice", "amount_value"]
    if past.empty or history.empty:
        return pd.DataFrame(columns=columns)
    key = [*PLACE, "period"]
    now = history[history["period"].between(past["period"].min(), past["period"].max())]
    sides = pd.concat(
        [
            now.groupby(key)["actual_qty"].sum().rename("now_qty"),
            past.groupby(key)["actual_qty"].sum().rename("then_qty"),
        ],
        axis=1,
    ).fillna(0.0)
    change = sides["now_qty"] - sides["then_qty"]
    moved = sides[change.abs() > tolerance_rate * sides["then_qty"].abs() + 1e-9].reset_index()
    moved = moved.merge(
        revenue_per_unit(history), on="item", how="left", validate="many_to_one"
    ).fillna({"unit_value": 0.0})
    said = [
        f"{was:,.0f} -> {is_now:,.0f}"
        for was, is_now in zip(moved["then_qty"], moved["now_qty"], strict=True)
    ]
    amount = (moved["now_qty"] - moved["then_qty"]).abs() * moved["unit_value"]
    found = moved.assign(
        kind="restated",
        severity="info",
        table="demand_history",
        row_count=1,
        value=said,
        advice=None,
        amount_value=amount,
    )
    return found.sort_values(
        ["amount_value", *key], ascending=[False, True, True, True], kind="stable"
    )[columns].reset_index(drop=True)


def compare_plan(
    past_plan: pd.DataFrame, history: pd.DataFrame, period: pd.Timestamp
) -> pd.DataFrame:
    """Set the plan for a month beside what was ordered in it.

    The plan is that of the month's own cycle (lag 0), or of the latest cycle before it that
    planned the month. Cells that only one side knows count 0 on the other.

    Args:
        past_plan: contract `past_plan`.
        history: contract `demand_history`.
        period: the month just ended.

    Returns:
        Contract `plan_versus_actual`; bias_qty = demand_qty - actual_qty. Empty without a plan.

    Example:
        Agreed demand 120, ordered 100: bias_qty is +20, over-forecast.
    """
    columns = [*CELL, "demand_qty", "plan_qty", "actual_qty", "bias_qty"]
    planned = past_plan[
        (past_plan["period"] == period) & (past_plan["cycle"] <= to_cycle_name(period))
    ]
    planned = planned[planned["cycle"] == planned["cycle"].max()]
    if planned.empty:
        return pd.DataFrame(columns=columns)
    came = history.loc[history["period"] == period, [*CELL, "actual_qty"]]
    both = planned[[*CELL, "demand_qty", "plan_qty"]].merge(
        came, on=CELL, how="outer", validate="one_to_one"
    )
    both = both.fillna({"demand_qty": 0.0, "actual_qty": 0.0})
    both = both[(both["demand_qty"] > 0) | (both["actual_qty"] > 0)]
    both = both.assign(bias_qty=both["demand_qty"] - both["actual_qty"])
    return both[columns].sort_values(CELL, kind="stable", ignore_index=True)
