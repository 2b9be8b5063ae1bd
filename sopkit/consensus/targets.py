"""Targets against actual and plan: compared, never blended."""

from __future__ import annotations

import pandas as pd

from sopkit.consensus.levels import add_family, sum_matching
from sopkit.tables import ALL

KEY = ["owner", "family", "location", "customer", "period"]


def compare_targets(
    target: pd.DataFrame, outlook: pd.DataFrame, item: pd.DataFrame, cycle_period: pd.Timestamp
) -> pd.DataFrame:
    """Set each target beside what came, or what is planned, over the months it covers.

    Args:
        target: contract `target`.
        outlook: actual to date and plan to go: `item`, `location`, `customer`, `period`,
            `plan_qty`, `revenue_value`.
        item: contract `item`.
        cycle_period: first planned month.

    Returns:
        One row per target, in its order: its key, `span_months`, `target_qty`, `target_value`,
        `reached_qty`, `reached_value` (blank unless every month of the span is known and has
        something under the target's level), `gap_value` = reached - target (at the target's own
        mean price where it is given in units), `reached_rate` = reached / target, and `stage`:
        past, running or ahead.

    Example:
        Quota 100 for January to March; sales 30, 40, 20: reached 90, rate 0.9, gap -10.
    """
    target = target.reset_index(drop=True)
    cells = add_family(outlook, item)
    spread = target.loc[target.index.repeat(target["span_months"].astype(int))]
    step = spread.groupby(level=0).cumcount()
    months = spread["period"].dt.to_period("M") + step.to_numpy()
    spread = spread[["family", "location", "customer"]].assign(
        item=ALL, period=months.dt.to_timestamp(), target=spread.index
    )
    sums = sum_matching(spread, cells, ["plan_qty", "revenue_value"])
    groups = sums.groupby("target")[["plan_qty", "revenue_value"]]
    complete = groups.count()["plan_qty"] == groups.size()
    reached = groups.sum().where(complete)
    table = target[[*KEY, "span_months", "target_qty", "target_value"]].assign(
        reached_qty=reached["plan_qty"], reached_value=reached["revenue_value"]
    )
    return _judge(table, cycle_period)


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
    """Sum compared targets by stage, owner and level; open ones first, the worst first.

    Args:
        targets: what `compare_targets` returned; those that could not be compared are left out.

    Returns:
        `stage`, `owner`, `family`, `location`, `customer`, `first_period`, `last_period` (first
        months of the first and last target), `target_value` (money, at the mean net price where
        the target is in units), `reached_value`, `gap_value`, `reached_rate`.
    """
    known = targets[targets["gap_value"].notna()]
    known = known.assign(target_value=known["reached_value"] - known["gap_value"])
    keys = ["stage", "owner", "family", "location", "customer"]
    sums = known.groupby(keys, as_index=False).agg(
        first_period=("period", "min"),
        last_period=("period", "max"),
        target_value=("target_value", "sum"),
        reached_value=("reached_value", "sum"),
        gap_value=("gap_value", "sum"),
    )
    wanted = sums["target_value"].where(sums["target_value"] > 0)
    sums["reached_rate"] = sums["reached_value"] / wanted
    order = sums["stage"].map({"running": 0, "ahead": 1, "past": 2})
    sums = sums.assign(order=order).sort_values(["order", "gap_value"], kind="stable")
    return sums.drop(columns="order").reset_index(drop=True)
