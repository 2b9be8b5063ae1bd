"""What a supply review shows of loads, plan and shortages, summed for reading."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.read_plan import Plan

PAID = ("make", "buy", "move", "regular", "overtime", "hold")
CHAIN = ["cause", "cause_code", "root_cause", "root_code"]


def rate_loads(load: pd.DataFrame) -> pd.DataFrame:
    """Return hours with how they stand against what there is.

    Args:
        load: contract `capacity_load` or `plan_resource`.

    Returns:
        The rows with `load_rate` (load / regular hours; blank where there are none) and `state`:
        fits, overtime (needs overtime), over (more than overtime too).

    Example:
        Load 110 of 100 regular and 20 overtime hours: rate 1.1, state overtime.
    """
    regular = load["regular_hours"]
    over_all = load["load_hours"] > regular + load["overtime_hours"] + 1e-6
    over = load["load_hours"] > regular + 1e-6
    state = np.where(over_all, "over", np.where(over, "overtime", "fits"))
    rate = load["load_hours"] / regular.where(regular > 0)
    return load.assign(load_rate=rate.where(regular > 0, rate.where(over, 0.0)), state=state)


def sum_resources(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return each resource before and after planning, the most loaded first.

    Args:
        before: `rate_loads` of the rough-cut load; after: of the plan's hours.

    Returns:
        `resource`, `months_over` (months over regular and overtime before planning),
        `peak_rate` and `peak_period` before, `load_rate` after (all hours over all regular
        hours), `overtime_used_hours`, `hour_worth_value` (most that one more hour is worth) and
        `worth_period`.
    """
    peak = _highest(before, "load_rate").set_index("resource")
    worth = _highest(after, "hour_worth_value").set_index("resource")
    months = (before["state"] == "over").groupby(before["resource"]).sum()
    sums = after.groupby("resource")[["load_hours", "regular_hours", "overtime_used_hours"]].sum()
    rows = pd.DataFrame(
        {
            "months_over": months,
            "peak_rate": peak["load_rate"],
            "peak_period": peak["period"],
            "load_rate": sums["load_hours"]
            / sums["regular_hours"].where(sums["regular_hours"] > 0),
            "overtime_used_hours": sums["overtime_used_hours"],
            "hour_worth_value": worth["hour_worth_value"],
            "worth_period": worth["period"].where(worth["hour_worth_value"] > 0),
        }
    )
    rows = rows.rename_axis("resource").reset_index()
    order = ["months_over", "peak_rate", "resource"]
    return rows.sort_values(order, ascending=[False, False, True], ignore_index=True)


def _highest(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return each resource's row with the highest value, the earliest of equals."""
    ranked = rows.sort_values([column, "period"], ascending=[False, True], kind="stable")
    return ranked.drop_duplicates("resource")


def sum_causes(shortage: pd.DataFrame) -> pd.DataFrame:
    """Return what each binding cause costs, dearest first.

    Args:
        shortage: contract `shortage`.

    Returns:
        `cause`, `cause_code`, `root_cause`, `root_code`, `first_period`, `last_period` (of the
        demand that is missed), `short_qty`, `late_qty`, `short_value`, `item_count`, `items`
        (codes of the three most hit), `top_item`.
    """
    rows = shortage.assign(**{name: shortage[name].fillna("") for name in CHAIN})
    hit = rows.groupby([*CHAIN, "item"], as_index=False)[["short_value", "late_qty"]].sum()
    hit = hit.sort_values(
        [*CHAIN, "short_value", "late_qty", "item"],
        ascending=[*[True] * 4, False, False, True],
        kind="stable",
    )
    items = hit.groupby(CHAIN)["item"].agg(lambda codes: list(codes[:3])).rename("items")
    sums = rows.groupby(CHAIN).agg(
        first_period=("period", "min"),
        last_period=("period", "max"),
        short_qty=("short_qty", "sum"),
        late_qty=("late_qty", "sum"),
        short_value=("short_value", "sum"),
        item_count=("item", "nunique"),
    )
    causes = sums.join(items).reset_index()
    causes["top_item"] = causes["items"].str[0]
    return causes.sort_values(
        ["short_value", "late_qty", *CHAIN],
        ascending=[False, False, *[True] * 4],
        ignore_index=True,
    )


def sum_months(plan: Plan, item: pd.DataFrame) -> pd.DataFrame:
    """Return supply, demand and service of items that are sold, by family and month.

    Args:
        plan: a plan, cut to the months shown.
        item: contract `item`; only sellable items count.

    Returns:
        `family`, `period`, `supply_qty` (made, bought and under way, arriving), `demand_qty`,
        `served_qty`, `short_qty`, `closing_qty`.
    """
    sold = item.loc[item["sellable"].astype(bool), ["item", "family"]]
    rows = plan.constrained_plan.merge(sold, on="item", how="inner", validate="many_to_one")
    rows["supply_qty"] = rows["make_qty"] + rows["buy_qty"] + rows["open_supply_qty"]
    columns = ["supply_qty", "demand_qty", "served_qty", "short_qty", "closing_qty"]
    return rows.groupby(["family", "period"], as_index=False)[columns].sum()


def sum_service(plan: Plan, item: pd.DataFrame) -> pd.DataFrame:
    """Return how each family is served, the largest shortage first.

    Returns:
        `family`, `demand_qty`, `on_time_qty`, `late_qty`, `short_qty`, `service_rate` (share on
        time).
    """
    rows = plan.plan_service.merge(
        item[["item", "family"]], on="item", how="left", validate="many_to_one"
    )
    columns = ["demand_qty", "on_time_qty", "late_qty", "short_qty"]
    sums = rows.groupby("family", as_index=False)[columns].sum()
    sums["service_rate"] = sums["on_time_qty"] / sums["demand_qty"].where(sums["demand_qty"] > 0)
    return sums.sort_values(
        ["short_qty", "late_qty", "demand_qty", "family"],
        ascending=[False, False, False, True],
        ignore_index=True,
    )


def sum_paid(plan: Plan) -> pd.Series:
    """Return what the plan's months cost in money that is paid, by term; prices of wishes left out.

    Example:
        Making 100, lateness priced at 20: 100, since lateness is a price and no payment.
    """
    sums = plan.month_cost.groupby("term")["cost_value"].sum()
    return sums.reindex(list(PAID)).fillna(0.0)


def rank_flows(plan: Plan, period: pd.Timestamp) -> pd.DataFrame:
    """Return what to start, order or send in a month, the dearest first.

    Returns:
        `flow_kind`, `item`, `location`, `source`, `flow_qty`, `cost_value`.
    """
    rows = plan.plan_flow[plan.plan_flow["period"] == period]
    order = ["cost_value", "flow_kind", "item", "location", "source"]
    rows = rows.sort_values(order, ascending=[False, *[True] * 4], ignore_index=True)
    return rows.drop(columns="period")
