"""Today's stock against what is wanted: too little, too much, and what to look at first."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.tables import PLACE


def compare_stock(
    stock: pd.DataFrame,
    plan: pd.DataFrame,
    target: pd.DataFrame,
    unit_cost: pd.DataFrame,
    *,
    cover_months: float = 3.0,
) -> pd.DataFrame:
    """Return today's stock against what is wanted: too little, too much, in units and money.

    Excess = stock above safety + cycle stock + the use of the next `cover_months` months. Below
    target = safety stock less stock. Days of supply = days until stock alone is used up by the
    plan's use ahead (demand, parts used, moved out); blank where it is not used up.

    Args:
        stock: `item`, `location`, `on_hand_qty`; batches are summed; places of `target` without
            stock count with 0.
        plan: contract `constrained_plan`; its use ahead.
        target: contract `stock_target`; its first month counts.
        unit_cost: `item`, `location`, `unit_cost_value`; one row per place.

    Returns:
        `item`, `location`, `on_hand_qty`, `on_hand_value`, `wanted_qty` (safety stock),
        `below_qty`, `below_value`, `excess_qty`, `excess_value`, `cover_days`, sorted by key.

    Example:
        Stock 100, safety 10, cycle 5, use 20 a month, 3 months: 100 - 15 - 60 = 25 too much.
    """
    on_hand = stock.groupby(PLACE, as_index=False)["on_hand_qty"].sum()
    first = target[target["period"] == target["period"].min()]
    wanted = first[[*PLACE, "safety_stock_qty", "cycle_stock_qty"]]
    rows = on_hand.merge(wanted, on=PLACE, how="outer", validate="one_to_one")
    rows = rows.merge(unit_cost, on=PLACE, how="left", validate="one_to_one")
    numbers = ["on_hand_qty", "safety_stock_qty", "cycle_stock_qty", "unit_cost_value"]
    rows[numbers] = rows[numbers].fillna(0.0)
    use = sum_use(plan, rows)
    cover = _use_of(use, cover_months)
    enough = rows["safety_stock_qty"] + rows["cycle_stock_qty"] + cover
    below = (rows["safety_stock_qty"] - rows["on_hand_qty"]).clip(lower=0)
    excess = (rows["on_hand_qty"] - enough).clip(lower=0)
    rows = rows.assign(
        on_hand_value=rows["on_hand_qty"] * rows["unit_cost_value"],
        wanted_qty=rows["safety_stock_qty"],
        below_qty=below,
        below_value=below * rows["unit_cost_value"],
        excess_qty=excess,
        excess_value=excess * rows["unit_cost_value"],
        cover_days=_days_until_used(rows["on_hand_qty"].to_numpy(float), use),
    )
    columns = ["on_hand_qty", "on_hand_value", "wanted_qty", "below_qty", "below_value"]
    columns += ["excess_qty", "excess_value", "cover_days"]
    return rows[[*PLACE, *columns]].sort_values(PLACE, ignore_index=True)


def sum_use(plan: pd.DataFrame, rows: pd.DataFrame) -> np.ndarray:
    """Return what each place gives up month by month (rows x months)."""
    used = plan.assign(use_qty=plan["demand_qty"] + plan["used_qty"] + plan["move_out_qty"])
    wide = used.pivot_table(index=PLACE, columns="period", values="use_qty", aggfunc="sum")
    keys = pd.MultiIndex.from_frame(rows[PLACE])
    return wide.reindex(keys).fillna(0.0).to_numpy(float)


def _use_of(use: np.ndarray, months: float) -> np.ndarray:
    """Return the use of the first so many months, a part of a month by its share."""
    weight = np.clip(months - np.arange(use.shape[1]), 0.0, 1.0)
    return np.asarray(use @ weight)


def _days_until_used(stock: np.ndarray, use: np.ndarray) -> np.ndarray:
    """Return days until use has eaten the stock; blank where it never does."""
    left, days = stock.copy(), np.zeros(len(stock))
    for month in range(use.shape[1]):
        asked = use[:, month]
        share = np.where(asked > left, left / np.where(asked > 0, asked, 1.0), 1.0)
        days += np.where(left > 0, share, 0.0) * DAYS_PER_MONTH
        left = np.maximum(left - asked, 0.0)
    return np.where(left > 1e-9, np.nan, days)


def rank_stock(compared: pd.DataFrame) -> pd.DataFrame:
    """Return the places where stock is too little or too much, the most money first.

    Args:
        compared: what `compare_stock` returned.

    Returns:
        The rows with `ask`: below (bring forward), excess (stop, move or sell), unused (nothing
        ahead uses it).
    """
    rows = compared[(compared["below_value"] > 0) | (compared["excess_value"] > 0)]
    unused = (rows["excess_qty"] >= rows["on_hand_qty"]) & (rows["on_hand_qty"] > 0)
    ask = np.where(rows["below_value"] > 0, "below", np.where(unused, "unused", "excess"))
    money = rows[["below_value", "excess_value"]].max(axis=1)
    ranked = rows.assign(ask=ask, _money=money).sort_values(
        ["_money", *PLACE], ascending=[False, True, True], ignore_index=True
    )
    return ranked.drop(columns="_money")
