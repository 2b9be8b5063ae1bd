"""How stock rolls forward and what it is worth."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import PLACE, check_covers


def project_inventory(opening: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Roll net stock forward: net = opening + supply - demand, month after month.

    Args:
        opening: one row per (item, location); `on_hand_qty` [units].
        plan: one row per (item, location, period), no month missing; `supply_qty` and
            `demand_qty` [units per month].

    Returns:
        The rows of `plan` sorted by key, with `net_stock_qty` [units]: closing stock less
        backlog; nothing is clipped, nothing is lost.

    Raises:
        InputError: an item-location in `plan` has no opening stock.

    Example:
        Stock 10, supply 0 then 20, demand 15 then 5: net stock is -5, then 10.
    """
    check_covers(plan, opening, on=PLACE, what="opening stock")
    plan = plan.sort_values([*PLACE, "period"], ignore_index=True)
    start = plan.merge(opening, on=PLACE, how="left", validate="many_to_one")["on_hand_qty"]
    net = plan["supply_qty"] - plan["demand_qty"]
    running = net.groupby([plan["item"], plan["location"]]).cumsum()
    return plan.assign(net_stock_qty=start + running)


def value_stock(plan: pd.DataFrame, unit_cost: pd.DataFrame) -> pd.DataFrame:
    """Return closing stock at cost, a row per place and month, blocked stock left out.

    Args:
        plan: contract `constrained_plan`.
        unit_cost: `item`, `location`, `unit_cost_value`; a place without cost counts with 0.

    Returns:
        `item`, `location`, `period`, `closing_qty`, `stock_value`, `target_value` (safety stock),
        `early_value` (built or bought ahead: stock above safety stock that is not simply left
        from today).

    Example:
        Stock 100 today, 30 used, safety stock 20, closing 90: 70 are left from today, 20 ahead.
    """
    rows = plan.merge(unit_cost, on=PLACE, how="left", validate="many_to_one")
    rows = rows.sort_values([*PLACE, "period"], kind="stable", ignore_index=True)
    each = rows["unit_cost_value"].fillna(0.0)
    spent = (rows["served_qty"] + rows["used_qty"] + rows["move_out_qty"]).groupby(
        [rows["item"], rows["location"]]
    )
    today = rows.groupby(PLACE)["opening_qty"].transform("first")
    left = (today - spent.cumsum()).clip(lower=0)
    due = rows["safety_stock_qty"].where(rows["safety_stock_qty"] > left, left)
    return rows[[*PLACE, "period", "closing_qty"]].assign(
        stock_value=rows["closing_qty"] * each,
        target_value=rows["safety_stock_qty"] * each,
        early_value=(rows["closing_qty"] - due).clip(lower=0) * each,
    )
