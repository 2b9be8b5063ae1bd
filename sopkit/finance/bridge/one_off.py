"""One-offs of the plan: what co-packers cost on top of own making, and stock written off."""

from __future__ import annotations

import pandas as pd

from sopkit.finance.bridge.leaves import OTHER
from sopkit.finance.bridge.years import ONE_OFF
from sopkit.finance.money import look_up_cost


def price_copacker(
    plan_flow: pd.DataFrame, operation: pd.DataFrame, item: pd.DataFrame, cost: pd.DataFrame
) -> pd.DataFrame:
    """Return what buying items that we also make costs above their standard cost.

    Args:
        plan_flow: contract `plan_flow`; its buys, in the month they are ordered.
        operation: contract `operation`: what we make ourselves.
        item: contract `item`.
        cost: contract `cost`; an item without any has no premium.

    Returns:
        `family`, `period`, `part` (copacker), `cost_value`; below 0 where buying is cheaper.

    Example:
        100 bought for 700 that cost us 6 each to make: 100.
    """
    bought = plan_flow[
        (plan_flow["flow_kind"] == "buy") & plan_flow["item"].isin(operation["item"])
    ]
    standard = look_up_cost(bought, cost) * bought["flow_qty"]
    return _sum_one_offs(bought, (bought["cost_value"] - standard).fillna(0.0), item, "copacker")


def price_write_off(
    constrained_plan: pd.DataFrame, item: pd.DataFrame, cost: pd.DataFrame
) -> pd.DataFrame:
    """Return the standard cost of stock that the plan lets expire.

    Args:
        constrained_plan: contract `constrained_plan`; `expired_qty` is what no month can sell.
        item: contract `item`.
        cost: contract `cost`.

    Returns:
        `family`, `period`, `part` (write_off), `cost_value`.

    Example:
        20 expire in March at a cost of 6: 120.
    """
    gone = constrained_plan[constrained_plan["expired_qty"] > 0]
    value = (gone["expired_qty"] * look_up_cost(gone, cost)).fillna(0.0)
    return _sum_one_offs(gone, value, item, "write_off")


def _sum_one_offs(
    rows: pd.DataFrame, value: pd.Series, item: pd.DataFrame, part: str
) -> pd.DataFrame:
    family = rows["item"].map(dict(zip(item["item"], item["family"], strict=True))).fillna(OTHER)
    sums = value.groupby([family.rename("family"), rows["period"]]).sum()
    found = sums[sums != 0].rename("cost_value").reset_index()
    return found.assign(part=part)[ONE_OFF]
