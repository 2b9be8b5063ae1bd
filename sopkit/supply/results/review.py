"""What a supply review shows of loads, plan and shortages, summed for reading."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.streams import sum_revenue
from sopkit.supply.results.read_plan import Plan

PAID = ("make", "buy", "move", "regular", "overtime", "people", "hold", "open_orders")
CAUSE = ["cause", "cause_code"]
SLACK_HOURS = 1e-3


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
    over_all = load["load_hours"] > regular + load["overtime_hours"] + SLACK_HOURS
    over = load["load_hours"] > regular + SLACK_HOURS
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
        `cause`, `cause_code`, `first_period`, `last_period` (of the demand that is missed),
        `short_qty`, `late_qty`, `short_value`, `item_count`, and of the dearest row `root_cause`,
        `root_code`, `item`.
    """
    order = ["short_value", "late_qty", *CAUSE, "item", "period"]
    ranked = shortage.sort_values(
        order, ascending=[False, False, *[True] * 4], kind="stable", ignore_index=True
    )
    causes = ranked.groupby(CAUSE, as_index=False).agg(
        first_period=("period", "min"),
        last_period=("period", "max"),
        short_qty=("short_qty", "sum"),
        late_qty=("late_qty", "sum"),
        short_value=("short_value", "sum"),
        item_count=("item", "nunique"),
        item=("item", "first"),
    )
    roots = ranked.drop_duplicates(CAUSE)[[*CAUSE, "root_cause", "root_code"]]
    causes = causes.merge(roots, on=CAUSE, validate="one_to_one")
    return causes.sort_values(order[:4], ascending=[False, False, True, True], ignore_index=True)


def sum_hits(shortage: pd.DataFrame) -> pd.DataFrame:
    """Return which items each cause hits, the dearest first.

    Returns:
        `cause`, `cause_code`, `item`, `short_qty`, `late_qty`, `short_value`.
    """
    sums = ["short_qty", "late_qty", "short_value"]
    rows = shortage.groupby([*CAUSE, "item"], as_index=False)[sums].sum()
    return rows.sort_values(
        ["short_value", "late_qty", "item"], ascending=[False, False, True], ignore_index=True
    )


def sum_months(plan: Plan, item: pd.DataFrame) -> pd.DataFrame:
    """Return supply, demand and service of items that are sold, by family and month.

    Args:
        plan: a plan, cut to the months shown.
        item: contract `item`; only sellable items count.

    Returns:
        `family`, `period`, `supply_qty` (made, bought and under way, arriving, less what
        production takes; at least 0), `demand_qty`, `served_qty`, `short_qty`, `closing_qty`.
    """
    sold = item.loc[item["sellable"].astype(bool), ["item", "family"]]
    rows = plan.constrained_plan.merge(sold, on="item", how="inner", validate="many_to_one")
    arriving = rows["make_qty"] + rows["buy_qty"] + rows["open_supply_qty"]
    rows["supply_qty"] = arriving - rows["used_qty"]
    columns = ["supply_qty", "demand_qty", "served_qty", "short_qty", "closing_qty"]
    sums = rows.groupby(["family", "period"], as_index=False)[columns].sum()
    return sums.assign(supply_qty=sums["supply_qty"].clip(lower=0))


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


def sum_margin(plan: Plan) -> float:
    """Return price x served less what is paid, over the plan's months.

    With the objective `margin` and no price on wishes this is what the plan makes most of.

    Example:
        Demand 10 at 5, of which 8 are served and made at 2: 40 - 16 = 24.
    """
    return float(sum_revenue(plan.streams, plan.plan_service).sum() - sum_paid(plan).sum())


def rank_flows(plan: Plan, period: pd.Timestamp) -> pd.DataFrame:
    """Return what to start, order or send in a month, the dearest first.

    Returns:
        `flow_kind`, `item`, `location`, `source`, `flow_qty`, `cost_value`.
    """
    rows = plan.plan_flow[plan.plan_flow["period"] == period]
    order = ["cost_value", "flow_kind", "item", "location", "source"]
    rows = rows.sort_values(order, ascending=[False, *[True] * 4], ignore_index=True)
    return rows.drop(columns="period")
