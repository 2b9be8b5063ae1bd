"""Targets against actual and plan: compared, never blended."""

from __future__ import annotations

import pandas as pd

from sopkit.consensus.levels import add_family, sum_matching
from sopkit.tables import ALL

ANY_MONTH = pd.Timestamp("1900-01-01")


def compare_targets(
    target: pd.DataFrame,
    outlook: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame,
    cycle_period: pd.Timestamp,
) -> pd.DataFrame:
    """Set each target beside what came, or what is planned, over the months it covers.

    Targets of several owners for one level and the same months add up (quotas of a team); what
    was reached counts once. A target's `customer` may be a customer group or a whole channel.

    Args:
        target: contract `target`.
        outlook: actual to date and plan to go: `item`, `location`, `customer`, `period`,
            `plan_qty`, `revenue_value`.
        item: contract `item`.
        customer: contract `customer`, for the channel of each group.
        cycle_period: first planned month.

    Returns:
        One row per level and months, sorted: `family`, `location`, `customer`, `period`,
        `span_months`, `owner` (`all` where there are several), `target_qty`, `target_value`,
        `reached_qty`, `reached_value` (blank unless every month of the span is known and has
        something under the target's level), `gap_value` = reached - target (at the mean net
        price where it is given in units), `reached_rate` = reached / target, and `stage`: past,
        running or ahead.

    Example:
        Quota 100 for January to March; sales 30, 40, 20: reached 90, rate 0.9, gap -10.
    """
    summed = _sum_owners(target)
    cells = add_family(outlook, item)
    spread = summed.loc[summed.index.repeat(summed["span_months"].astype(int))]
    step = spread.groupby(level=0).cumcount()
    months = spread["period"].dt.to_period("M") + step.to_numpy()
    spread = spread[["family", "location", "customer"]].assign(
        item=ALL, period=months.dt.to_timestamp(), target=spread.index
    )
    sums = _sum_customers(spread, cells, customer)
    groups = sums.groupby("target")[["plan_qty", "revenue_value"]]
    complete = groups.count()["plan_qty"] == groups.size()
    reached = groups.sum().where(complete)
    table = summed.assign(reached_qty=reached["plan_qty"], reached_value=reached["revenue_value"])
    return _judge(table, cycle_period)


def _sum_owners(target: pd.DataFrame) -> pd.DataFrame:
    keys = ["family", "location", "customer", "period", "span_months"]
    grouped = target.astype({"target_qty": float, "target_value": float}).groupby(keys)
    amounts = grouped[["target_qty", "target_value"]].sum(min_count=1)
    owner = grouped["owner"].agg(["first", "nunique"])
    amounts["owner"] = owner["first"].where(owner["nunique"] == 1, ALL)
    return amounts.reset_index()


def _sum_customers(
    spread: pd.DataFrame, cells: pd.DataFrame, customer: pd.DataFrame
) -> pd.DataFrame:
    """Return the sums under each row; a customer that is a channel takes all its groups."""
    values = ["plan_qty", "revenue_value"]
    channels = customer[["customer", "channel"]]
    by_channel = cells.merge(channels, on="customer", how="left", validate="many_to_one")
    by_channel = by_channel.assign(customer=by_channel["channel"].fillna(""))
    named = spread["customer"].isin(channels["channel"]) & (spread["customer"] != ALL)
    named &= ~spread["customer"].isin(channels["customer"])
    parts = [
        sum_matching(rows, source, values)
        for rows, source in ((spread[named], by_channel), (spread[~named], cells))
        if len(rows)
    ]
    return pd.concat(parts) if parts else spread.assign(plan_qty=0.0, revenue_value=0.0)


def _judge(table: pd.DataFrame, cycle_period: pd.Timestamp) -> pd.DataFrame:
    price = table["reached_value"] / table["reached_qty"].where(table["reached_qty"] > 0)
    wanted = table["target_value"].astype(float).fillna(table["target_qty"] * price)
    by_value = table["reached_value"] / wanted.where(wanted > 0)
    by_qty = table["reached_qty"] / table["target_qty"].where(table["target_qty"] > 0)
    last = table["period"].dt.to_period("M") + (table["span_months"].astype(int) - 1).to_numpy()
    stage = pd.Series("running", index=table.index)
    stage = stage.mask(last.dt.to_timestamp() < cycle_period, "past")
    stage = stage.mask(table["period"] >= cycle_period, "ahead")
    rate = by_value.where(table["target_value"].notna(), by_qty)
    return table.assign(gap_value=table["reached_value"] - wanted, reached_rate=rate, stage=stage)


def sum_targets(targets: pd.DataFrame) -> pd.DataFrame:
    """Sum compared targets for the page: open ones by level, past ones by level and month.

    Args:
        targets: what `compare_targets` returned; those that could not be compared are left out.

    Returns:
        `stage`, `owner`, `family`, `location`, `customer`, `first_period`, `last_period` (first
        month of the first, last month of the last target), `target_value` (money, at the mean
        net price where the target is in units), `reached_value`, `gap_value`, `reached_rate`;
        open ones first, the worst first, then past ones, the latest first.
    """
    known = targets[targets["gap_value"].notna()]
    last = known["period"].dt.to_period("M") + (known["span_months"].astype(int) - 1).to_numpy()
    known = known.assign(
        target_value=known["reached_value"] - known["gap_value"],
        last=last.dt.to_timestamp(),
        month=known["period"].where(known["stage"] == "past", ANY_MONTH),
    )
    keys = ["stage", "owner", "family", "location", "customer", "month"]
    sums = known.groupby(keys, as_index=False).agg(
        first_period=("period", "min"),
        last_period=("last", "max"),
        target_value=("target_value", "sum"),
        reached_value=("reached_value", "sum"),
        gap_value=("gap_value", "sum"),
    )
    wanted = sums["target_value"].where(sums["target_value"] > 0)
    sums["reached_rate"] = sums["reached_value"] / wanted
    order = sums["stage"].map({"running": 0, "ahead": 1, "past": 2})
    sums = sums.assign(order=order).sort_values(
        ["order", "month", "gap_value"],
        ascending=[True, False, True],
        kind="stable",
        ignore_index=True,
    )
    return sums.drop(columns=["order", "month"])
