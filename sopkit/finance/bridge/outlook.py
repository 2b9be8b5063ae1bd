"""Actual to date and plan to go in one table, with what is known of cost parts and currencies."""

from __future__ import annotations

import pandas as pd

from sopkit.finance.bridge.parts import COST_COLUMNS
from sopkit.finance.money import cost_demand, look_up_dated
from sopkit.periods import fiscal_year


def to_outlook(
    history: pd.DataFrame, plan: pd.DataFrame, cost: pd.DataFrame, cycle_period: pd.Timestamp
) -> pd.DataFrame:
    """Put actual to date and plan to go into one table.

    Args:
        history: contract `demand_history`; months before the cycle count.
        plan: contract `consensus_plan`; the cycle's month and later count.
        cost: contract `cost`, for the past; the plan brings its own margin.
        cycle_period: first planned month.

    Returns:
        `item`, `location`, `customer`, `period`, `demand_qty` (ordered, then agreed demand),
        `plan_qty` (ordered, then planned to be served), `revenue_value`, `cost_value`,
        `return_value`, `source` (actual or plan); `material_value`, `conversion_value` and
        `freight_value` of `plan_qty` where the cost table has such parts.

    Example:
        Ordered 5 in October, 7 planned of 8 wanted in November: plan_qty 5 then 7, demand_qty 5
        then 8.
    """
    past = history[history["period"] < cycle_period]
    past = past.rename(columns={"actual_qty": "demand_qty"}).assign(
        plan_qty=lambda rows: rows["demand_qty"],
        cost_value=cost_demand(past, cost, "actual_qty"),
        source="actual",
    )
    ahead = plan[plan["period"] >= cycle_period]
    ahead = ahead.assign(
        cost_value=ahead["revenue_value"] - ahead["margin_value"],
        return_value=0.0,
        source="plan",
    )
    columns = [
        *("item", "location", "customer", "period", "demand_qty", "plan_qty"),
        *("revenue_value", "cost_value", "return_value", "source"),
    ]
    kept = [part[columns] for part in (past, ahead) if len(part)]
    both = pd.concat(kept, ignore_index=True) if kept else past[columns]
    return both.assign(**value_cost_parts(both, cost))


def value_cost_parts(cells: pd.DataFrame, cost: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the money of each cost part that the cost table has; 0 where a row lacks it.

    Args:
        cells: `item`, `location`, `period`, `plan_qty`.
        cost: contract `cost`; a part that is blank everywhere is not in the answer.

    Example:
        4 units with material 3 of a unit cost of 6: material_value 12.
    """
    known = [name for name in COST_COLUMNS if name in cost and cost[name].notna().any()]
    found = {name: look_up_dated(cells, cost.dropna(subset=[name]), name) for name in known}
    return {name: cells["plan_qty"] * unit.fillna(0.0) for name, unit in found.items()}


def value_exchange(
    outlook: pd.DataFrame, customer: pd.DataFrame, fx_rate: pd.DataFrame
) -> pd.Series:
    """Return what the exchange rate moved in each row's revenue against the budgeted rate.

    Effect = revenue x (1 - budgeted rate / rate), where the customer's currency has both. Revenue
    is in the company's money at the real or expected rate; costs are taken as the company's own.

    Args:
        outlook: what `to_outlook` returned.
        customer: contract `customer`, for the currency of its sales.
        fx_rate: contract `fx_rate`; a month without a rate takes the last known one.

    Example:
        A dollar budgeted at 7.0 and worth 7.7: of 770 of revenue, 70 are exchange rate.
    """
    nothing = pd.Series(0.0, index=outlook.index, name="exchange_value")
    if fx_rate.empty or "currency" not in customer or customer["currency"].isna().all():
        return nothing
    rates = fx_rate.sort_values(["currency", "period"], ignore_index=True)
    rates = rates.assign(fx_value=rates.groupby("currency")["fx_value"].ffill())
    cells = outlook[["customer", "period"]].merge(
        customer[["customer", "currency"]], on="customer", how="left", validate="many_to_one"
    )
    cells = cells.merge(rates, on=["currency", "period"], how="left", validate="many_to_one")
    share = (1.0 - cells["budget_fx_value"] / cells["fx_value"]).fillna(0.0).to_numpy()
    return nothing + outlook["revenue_value"] * share


def find_compared_months(
    budget: pd.DataFrame, outlook: pd.DataFrame, year: int, start_month: int = 1
) -> pd.DatetimeIndex:
    """Return the months of a fiscal year for which both budget and outlook have numbers.

    Example:
        Budget January to December, outlook from March on: March to December.
    """
    both = set(budget["period"]) & set(outlook["period"])
    months = [month for month in both if fiscal_year(month, start_month) == year]
    return pd.DatetimeIndex(sorted(months), name="period")
