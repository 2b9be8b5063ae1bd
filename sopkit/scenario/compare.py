"""A plan in money and service, month by month; scenarios side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sopkit.finance import price_demand, to_money, value_stock
from sopkit.scenario.solve import Solved
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
    *,
    plan_flow: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Put a plan into money, service, stock, capacity and cash, a row a month.

    Served and short quantities stand in the month in which they were wanted, late service
    included; overdue orders belong to earlier months and are left out. Cost is the standard cost
    of what is served, and the premium of the overtime used; stock is all closing stock at
    standard cost (items without cost count 0). Cash is revenue less what is made, bought, moved
    and worked, each in the month it arises; terms of payment are not known.

    Args:
        scenario: name written into the rows.
        demand: `period` and `demand_qty`: unconstrained demand of the scenario.
        constrained_plan, plan_service, plan_resource: contract frames of the plan.
        resource: contract `resource`, for the premium of an overtime hour.
        price, cost: contract frames, complete for what is sold.
        periods: months shown.
        plan_flow: contract `plan_flow`; without it nothing is said of purchases and cash.

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
    if plan_flow is not None:
        bought = plan_flow[plan_flow["flow_kind"] == "buy"]
        months["purchase_value"] = bought.groupby("period")["cost_value"].sum()
        months["spent_value"] = plan_flow.groupby("period")["cost_value"].sum()
    months = months.fillna(0.0).reset_index().assign(scenario=scenario)
    months["cost_value"] += months["overtime_value"]
    months["margin_value"] = months["revenue_value"] - months["cost_value"]
    shown = ["scenario", "period", "demand_qty", *columns, "margin_value", "stock_value"]
    shown += ["overtime_hours"]
    if plan_flow is not None:
        spent = months["spent_value"] + months["overtime_value"]
        months["cash_value"] = months["revenue_value"] - spent
        shown += ["purchase_value", "cash_value"]
    busiest = find_busiest(plan_resource)
    return months[shown].merge(busiest, on="period", how="left", validate="one_to_one")


def find_busiest(plan_resource: pd.DataFrame) -> pd.DataFrame:
    """Return the resource that is fullest in each month: `period`, `busiest`, `load_rate`.

    Load against regular hours; a resource without regular hours that month is left out.

    Example:
        LINE1 80 of 100 hours, LINE2 55 of 50: LINE2, 1.1.
    """
    rows = plan_resource[plan_resource["regular_hours"] > 0]
    rows = rows.assign(load_rate=rows["load_hours"] / rows["regular_hours"])
    rows = rows.sort_values(["load_rate", "resource"], ascending=[False, True], kind="stable")
    first = rows.drop_duplicates("period").rename(columns={"resource": "busiest"})
    return first[["period", "busiest", "load_rate"]]


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
    flow = plan.plan_flow
    return sum_plan(scenario, demand, *tables, resource, price, cost, periods, plan_flow=flow)


def sum_scenarios(
    base: pd.DataFrame,
    solved: Mapping[str, Solved],
    demand: pd.DataFrame,
    resource: pd.DataFrame,
    cost: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Put every scenario into money and service behind the base plan, each at its own prices.

    Args:
        base: what `sum_plan` returned for the base plan.
        solved: what `solve_diffs` returned.
        demand: `period`, `demand_qty`: unconstrained demand of the base plan.
        resource, cost: contract frames.
        periods: months shown.

    Returns:
        Contract `scenario_month`.
    """
    months = [
        sum_result(
            name, pd.concat([demand, one.added]), one.plan, resource, one.price, cost, periods
        )
        for name, one in solved.items()
    ]
    return pd.concat([base, *months], ignore_index=True)


def sum_scenario_costs(base: pd.DataFrame, solved: Mapping[str, Solved]) -> pd.DataFrame:
    """Return contract `scenario_cost` of all scenarios behind the base plan's (`sum_costs`)."""
    costs = [
        sum_costs(name, one.plan.plan_cost, one.plan.plan_service, one.price)
        for name, one in solved.items()
    ]
    return pd.concat([base, *costs], ignore_index=True)


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
