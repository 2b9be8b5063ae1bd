"""Scenarios side by side: money, service, stock, capacity and cash against the base plan."""

from __future__ import annotations

import pandas as pd

TOTALS = ["demand_qty", "served_qty", "short_qty", "revenue_value", "margin_value"]


def compare_costs(scenario_cost: pd.DataFrame, base: str = "base") -> pd.Series:
    """Return by scenario how much more its plan earns than the base plan.

    Earned = revenue served - making, buying, moving, hours, overtime, holding, lateness, the risk
    of stock below target, plus the worth of stock left at the end. Lost sales are in revenue
    already, so their price is left out, and so is the nudge between equal plans.

    Args:
        scenario_cost: contract `scenario_cost`.
        base: the scenario the others are compared with.

    Example:
        Revenue 100 more, overtime 30 more: 70.
    """
    counted = scenario_cost[~scenario_cost["term"].isin(["short", "preference"])]
    earned = -counted.groupby("scenario")["cost_value"].sum()
    return (earned - earned[base]).rename("gain_value")


def compare_scenarios(scenario_month: pd.DataFrame, base: str = "base") -> pd.DataFrame:
    """Return one row per scenario over all its months, with the change against one of them.

    Args:
        scenario_month: contract `scenario_month`.
        base: the scenario the others are compared with.

    Returns:
        `scenario`, sums of quantities, revenue, margin and overtime, `service_rate` = served /
        (served + short), `stock_value` (the peak), `mean_stock_value`, `busiest` and `load_rate`
        (the fullest resource, and how full it is at most), `cash_low_value` (the lowest that cash
        to date falls against the base, never above 0) in month `cash_low_period` (blank: never),
        and `change_margin_value`, `change_service_rate`, `change_stock_value` against the base;
        in order of appearance.

    Example:
        Cash 10 less in May, 15 more in June: lowest -10, in May.
    """
    grouped = scenario_month.groupby("scenario", sort=False)
    table = grouped[[*TOTALS, "overtime_hours"]].sum()
    wanted = table["served_qty"] + table["short_qty"]
    table["service_rate"] = (table["served_qty"] / wanted.where(wanted > 0)).fillna(1.0)
    table["stock_value"] = grouped["stock_value"].max()
    table["mean_stock_value"] = grouped["stock_value"].mean()
    table = table.join(_find_fullest(scenario_month)).join(_sum_cash(scenario_month, base))
    for name in ("margin_value", "service_rate", "stock_value"):
        table[f"change_{name}"] = table[name] - float(table[name][base])
    return table.reset_index()


def _find_fullest(scenario_month: pd.DataFrame) -> pd.DataFrame:
    """Return each scenario's fullest resource over all months, blank where none is known."""
    if "load_rate" not in scenario_month:
        return pd.DataFrame({"busiest": [], "load_rate": []})
    rows = scenario_month.dropna(subset="load_rate")
    rows = rows.sort_values(["load_rate", "period"], ascending=[False, True], kind="stable")
    return rows.drop_duplicates("scenario").set_index("scenario")[["busiest", "load_rate"]]


def _sum_cash(scenario_month: pd.DataFrame, base: str) -> pd.DataFrame:
    """Return how low cash to date falls against the base, and when, by scenario."""
    if "cash_value" not in scenario_month:
        return pd.DataFrame({"cash_low_value": [], "cash_low_period": []})
    wide = scenario_month.pivot(index="period", columns="scenario", values="cash_value")
    to_date = wide.sub(wide[base], axis=0).cumsum()
    lowest = to_date.min().clip(upper=0.0)
    when = to_date.idxmin().where(lowest < 0)
    return pd.DataFrame({"cash_low_value": lowest, "cash_low_period": when})


def find_first_change(
    scenario_month: pd.DataFrame, scenario: str, base: str = "base", share: float = 0.005
) -> pd.Timestamp | None:
    """Return the first month in which a scenario's plan departs from the base; None: nowhere.

    It departs where stock, overtime or served quantity differ by more than `share` of the base's
    largest month.
    """
    names = ["stock_value", "overtime_hours", "served_qty"]
    first = scenario_month[scenario_month["scenario"] == base].set_index("period")[names]
    other = scenario_month[scenario_month["scenario"] == scenario].set_index("period")[names]
    limits = (first.max() * share).clip(lower=1e-6)
    apart = ((other - first).abs() > limits).any(axis=1)
    return apart.index[apart].min() if apart.any() else None
