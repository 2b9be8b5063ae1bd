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
