"""A plan in money and service, month by month; every scenario's behind the base plan's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sopkit.finance import cost_demand, price_demand, value_stock
from sopkit.scenario.solve import Solved
from sopkit.supply import Plan

QUANTITIES = ["served_qty", "short_qty", "revenue_value", "cost_value"]


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
    served = _value_service([plan_service], [price], cost)[0]
    stock = value_stock(constrained_plan, cost).groupby(constrained_plan["period"]).sum()
    return _sum_months(scenario, demand, served, stock, plan_resource, plan_flow, resource, periods)


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
    return _list_costs(scenario, plan_cost, revenue)


def value_scenarios(
    base_month: pd.DataFrame,
    base_cost: pd.DataFrame,
    solved: Mapping[str, Solved],
    demand: pd.DataFrame,
    resource: pd.DataFrame,
    cost: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Put every scenario into money and service behind the base plan, each at its own prices.

    The same as `sum_result` and `sum_costs` one by one; prices and costs are looked up once for
    all that share them.

    Args:
        base_month, base_cost: what `sum_plan` and `sum_costs` returned for the base plan.
        solved: what `solve_diffs` returned.
        demand: `period`, `demand_qty`: unconstrained demand of the base plan.
        resource, cost: contract frames.
        periods: months shown.

    Returns:
        Contracts `scenario_month` and `scenario_cost`.
    """
    some = list(solved.values())
    served = _value_service([one.plan.plan_service for one in some], [s.price for s in some], cost)
    stocks = _value_stocks([one.plan.constrained_plan for one in some], cost)
    months, costs = [base_month], [base_cost]
    for (name, one), sold, stock in zip(solved.items(), served, stocks, strict=True):
        wanted = pd.concat([demand[["period", "demand_qty"]], one.added])
        hours, flow = one.plan.plan_resource, one.plan.plan_flow
        months.append(_sum_months(name, wanted, sold, stock, hours, flow, resource, periods))
        costs.append(_list_costs(name, one.plan.plan_cost, float(sold["revenue_value"].sum())))
    return pd.concat(months, ignore_index=True), pd.concat(costs, ignore_index=True)


def _value_service(
    services: Sequence[pd.DataFrame], prices: Sequence[pd.DataFrame], cost: pd.DataFrame
) -> list[pd.DataFrame]:
    """Return each plan's service with served units, revenue and standard cost of them."""
    if not services:
        return []
    rows = pd.concat(services, keys=range(len(services)), names=["plan"])
    rows = rows.reset_index(level="plan").reset_index(drop=True)
    rows["served_qty"] = rows["on_time_qty"] + rows["late_qty"]
    kinds = {id(price): price for price in prices}
    of = rows["plan"].map(dict(enumerate(id(price) for price in prices)))
    revenue = [price_demand(rows[of == kind], price, "served_qty") for kind, price in kinds.items()]
    rows["revenue_value"] = pd.concat(revenue)
    rows["cost_value"] = cost_demand(rows, cost, "served_qty")
    return [rows[rows["plan"] == plan] for plan in range(len(services))]


def _value_stocks(plans: Sequence[pd.DataFrame], cost: pd.DataFrame) -> list[pd.Series]:
    """Return each plan's closing stock at standard cost by month."""
    if not plans:
        return []
    columns = ["item", "location", "period", "closing_qty"]
    rows = pd.concat([plan[columns] for plan in plans], keys=range(len(plans)), names=["plan"])
    rows = rows.reset_index(level="plan").reset_index(drop=True)
    sums = value_stock(rows, cost).groupby([rows["plan"], rows["period"]]).sum()
    return [sums[plan] for plan in range(len(plans))]


def _sum_months(
    scenario: str,
    demand: pd.DataFrame,
    served: pd.DataFrame,
    stock: pd.Series,
    plan_resource: pd.DataFrame,
    plan_flow: pd.DataFrame | None,
    resource: pd.DataFrame,
    periods: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Return a plan's months from what is valued already."""
    new = served[served["demand_class"] != "overdue"]
    months = pd.DataFrame(index=periods.rename("period"))
    months["demand_qty"] = demand.groupby("period")["demand_qty"].sum()
    months = months.join(new.groupby("period")[QUANTITIES].sum())
    months["stock_value"] = stock
    months["overtime_hours"] = plan_resource.groupby("period")["overtime_used_hours"].sum()
    months["overtime_value"] = price_overtime(plan_resource, resource)
    if plan_flow is not None:
        bought = plan_flow[plan_flow["flow_kind"] == "buy"]
        months["purchase_value"] = bought.groupby("period")["cost_value"].sum()
        months["spent_value"] = plan_flow.groupby("period")["cost_value"].sum()
    months = months.fillna(0.0).reset_index().assign(scenario=scenario)
    months["cost_value"] += months["overtime_value"]
    months["margin_value"] = months["revenue_value"] - months["cost_value"]
    shown = ["scenario", "period", "demand_qty", *QUANTITIES, "margin_value", "stock_value"]
    shown += ["overtime_hours"]
    if plan_flow is not None:
        spent = months["spent_value"] + months["overtime_value"]
        months["cash_value"] = months["revenue_value"] - spent
        shown += ["purchase_value", "cash_value"]
    busiest = find_busiest(plan_resource)
    return months[shown].merge(busiest, on="period", how="left", validate="one_to_one")


def _list_costs(scenario: str, plan_cost: pd.DataFrame, revenue: float) -> pd.DataFrame:
    terms = pd.concat(
        [pd.DataFrame({"term": ["revenue"], "cost_value": [-revenue]}), plan_cost],
        ignore_index=True,
    )
    return terms.assign(scenario=scenario)[["scenario", "term", "cost_value"]]


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
