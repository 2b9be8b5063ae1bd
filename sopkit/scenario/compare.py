"""A plan in money and service, month by month; scenarios side by side."""

from __future__ import annotations

import pandas as pd

from sopkit.finance import price_demand, to_money, value_stock
from sopkit.supply import Plan
from sopkit.tables import CELL

TOTALS = ["demand_qty", "served_qty", "short_qty", "revenue_value", "margin_value"]


def sum_plan(
    scenario: str,
    demand: pd.DataFrame,
    constrained_plan: pd.DataFrame,
    plan_service: pd.DataFrame,
    plan_resource: pd.DataFrame,
    resource: pd.DataFrame,
    price: pd.DataFrame,
    cost: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Put a plan into money and service, a row a month.

    Served and short quantities stand in the month in which they were wanted, late service
    included; overdue orders belong to earlier months and are left out. Cost is the standard cost
    of what is served, and the premium of the overtime used; stock is all closing stock at
    standard cost (items without cost count 0).

    Args:
        scenario: name written into the rows.
        demand: `period` and `demand_qty`: unconstrained demand of the scenario.
        constrained_plan, plan_service, plan_resource: contract frames of the plan.
        resource: contract `resource`, for the premium of an overtime hour.
        price, cost: contract frames, complete for what is sold.
        periods: months shown.

    Returns:
        Contract `scenario_month`.
    """
    new = plan_service[plan_service["demand_class"] != "overdue"]
    served = new.assign(served_qty=new["on_time_qty"] + new["late_qty"])
    cells = served.groupby(CELL, as_index=False)[["served_qty", "short_qty"]].sum()
    money = to_money(cells, price, cost, "served_qty")
    columns = ["served_qty", "short_qty", "revenue_value", "cost_value"]
    months = pd.DataFrame(index=periods.rename("period"))
    months["demand_qty"] = demand.groupby("period")["demand_qty"].sum()
    months = months.join(money.groupby("period")[columns].sum())
    months["stock_value"] = _sum_stock(constrained_plan, cost)
    months["overtime_hours"] = plan_resource.groupby("period")["overtime_used_hours"].sum()
    months["overtime_value"] = price_overtime(plan_resource, resource)
    months = months.fillna(0.0).reset_index().assign(scenario=scenario)
    months["cost_value"] += months["overtime_value"]
    months["margin_value"] = months["revenue_value"] - months["cost_value"]
    shown = ["scenario", "period", "demand_qty", *columns, "margin_value", "stock_value"]
    return months[[*shown, "overtime_hours"]]


def sum_result(
    scenario: str,
    demand: pd.DataFrame,
    plan: Plan,
    resource: pd.DataFrame,
    price: pd.DataFrame,
    cost: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Put a solved plan into money and service; `sum_plan` with the plan's tables."""
    tables = (plan.constrained_plan, plan.plan_service, plan.plan_resource)
    return sum_plan(scenario, demand, *tables, resource, price, cost, periods)


def sum_costs(
    scenario: str, plan_cost: pd.DataFrame, plan_service: pd.DataFrame, price: pd.DataFrame
) -> pd.DataFrame:
    """Return what a plan costs and brings over all months solved, as contract `scenario_cost`.

    Args:
        scenario: name written into the rows.
        plan_cost: contract `plan_cost`.
        plan_service: contract `plan_service`, all solved months; overdue orders count.
        price: contract `price`, complete for what is sold.
    """
    served = plan_service.assign(served_qty=plan_service["on_time_qty"] + plan_service["late_qty"])
    revenue = float(price_demand(served, price, "served_qty").sum())
    terms = pd.concat(
        [pd.DataFrame({"term": ["revenue"], "cost_value": [-revenue]}), plan_cost],
        ignore_index=True,
    )
    return terms.assign(scenario=scenario)[["scenario", "term", "cost_value"]]


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


def price_overtime(plan_resource: pd.DataFrame, resource: pd.DataFrame) -> pd.Series:
    """Return what a plan's overtime costs on top of regular hours, by period.

    Args:
        plan_resource: contract `plan_resource`.
        resource: contract `resource`; its `overtime_value` is the premium of an hour.
    """
    hours = plan_resource.merge(
        resource[["resource", "overtime_value"]], on="resource", how="left", validate="many_to_one"
    )
    premium = hours["overtime_used_hours"] * hours["overtime_value"].fillna(0.0)
    return premium.groupby(hours["period"]).sum().rename("overtime_value")


def _sum_stock(constrained_plan: pd.DataFrame, cost: pd.DataFrame) -> pd.Series:
    return value_stock(constrained_plan, cost).groupby(constrained_plan["period"]).sum()


def compare_scenarios(scenario_month: pd.DataFrame, base: str = "base") -> pd.DataFrame:
    """Return one row per scenario over all its months, with the change against one of them.

    Args:
        scenario_month: contract `scenario_month`.
        base: the scenario the others are compared with.

    Returns:
        `scenario`, sums of quantities, revenue, margin and overtime, `service_rate` = served /
        (served + short), `stock_value` (the peak), and `change_margin_value`,
        `change_service_rate`, `change_stock_value` against the base; in order of appearance.
    """
    grouped = scenario_month.groupby("scenario", sort=False)
    table = grouped[[*TOTALS, "overtime_hours"]].sum()
    wanted = table["served_qty"] + table["short_qty"]
    table["service_rate"] = (table["served_qty"] / wanted.where(wanted > 0)).fillna(1.0)
    table["stock_value"] = grouped["stock_value"].max()
    for name in ("margin_value", "service_rate", "stock_value"):
        table[f"change_{name}"] = table[name] - float(table[name][base])
    return table.reset_index()


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
