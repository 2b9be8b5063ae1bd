"""Checks of stock limits: what lies above a maximum, or above the room there is, is shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan

KEY = ["limit_kind", "item", "location", "period"]


def check_stock_limits(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return the gap between stock above its limits and what the plan shows as such."""
    stock = plan.constrained_plan
    over = pd.concat([_over_maximum(tables, stock), _over_room(tables, stock)], ignore_index=True)
    sums = over[over["over"] > 0].groupby(KEY)["over"].sum()
    shown = plan.overflow.groupby(KEY)["over"].sum() if len(plan.overflow) else sums.iloc[:0]
    return sums.sub(shown, fill_value=0.0).abs().reset_index(drop=True)


def _over_maximum(tables: SupplyTables, stock: pd.DataFrame) -> pd.DataFrame:
    """Return stock above its maximum, by place and month."""
    rows = tables.stock_policy
    rows = rows[rows["max_qty"].notna() & (rows["abc"] == "all")]
    stated = rows.set_index(["item", "location"])["max_qty"].astype(float).to_dict()
    most = np.full(len(stock), np.inf)
    for row, (i, p) in enumerate(zip(stock["item"], stock["location"], strict=True)):
        for key in ((i, p), (i, "all"), ("all", p), ("all", "all")):
            if key in stated:
                most[row] = stated[key]
                break
    return stock.assign(limit_kind="stock", over=stock["closing_qty"] - most)


def _over_room(tables: SupplyTables, stock: pd.DataFrame) -> pd.DataFrame:
    """Return storage places taken above those there are, by location and month."""
    takes = stock["item"].map(tables.item.set_index("item")["storage_places"]).astype(float)
    taken = stock.assign(taken=stock["closing_qty"] * takes.fillna(1.0))
    sums = taken.groupby(["location", "period"], as_index=False)["taken"].sum()
    rooms = tables.storage[["location", "max_places"]]
    rows = sums.merge(rooms, on="location", how="inner", validate="many_to_one")
    return rows.assign(limit_kind="storage", item="all", over=rows["taken"] - rows["max_places"])
