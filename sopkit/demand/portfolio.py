"""Items that come and go: launches, successors, run-outs and the stock they would leave."""

from __future__ import annotations

import pandas as pd

from sopkit.demand.successors import list_pairs
from sopkit.periods import add_months
from sopkit.tables import PLACE


def list_portfolio(
    demand: pd.DataFrame, item: pd.DataFrame, first: pd.Timestamp, months: int = 12
) -> pd.DataFrame:
    """List launches and run-outs: items that start or end within a year around the cycle.

    Returns:
        `item`, `family`, `change` (launch, successor, run_out), `launch_date`, `end_date`,
        `like_item` (or the predecessor), `cannibal_rate`, `demand_qty` of the coming `months` with
        `lo_80_qty` and `hi_80_qty`, earliest change first. Sums of ranges are those of items whose
        places err together.
    """
    since, until = add_months(first, -12), add_months(first, 18)
    starts = item["launch_date"].between(since, until)
    ends = item["end_date"].between(first, until)
    chosen = item[(starts | ends) & item["sellable"]]
    heirs = {code for code, _ in list_pairs(item)}
    change = pd.Series("run_out", index=chosen.index).mask(starts, "launch")
    change = change.mask(starts & chosen["item"].isin(heirs), "successor")
    chosen = chosen.assign(
        like_item=chosen["like_item"].fillna(chosen["predecessor"]), change=change
    )
    ahead = demand[demand["period"] < add_months(first, months)]
    amounts = ["demand_qty", "lo_80_qty", "hi_80_qty"]
    total = ahead.groupby("item", as_index=False)[amounts].sum()
    told = chosen.merge(total, on="item", how="left", validate="one_to_one")
    told = told.fillna(dict.fromkeys(amounts, 0.0))
    told["day"] = told["launch_date"].where(told["launch_date"] >= since, told["end_date"])
    columns = ["item", "family", "change", "launch_date", "end_date", "like_item", "cannibal_rate"]
    ordered = told.sort_values(["day", "item"], kind="stable", ignore_index=True)
    return ordered[[*columns, *amounts]]


def list_run_outs(
    demand: pd.DataFrame,
    item: pd.DataFrame,
    opening_stock: pd.DataFrame,
    open_supply: pd.DataFrame,
    unit_cost: pd.DataFrame,
    first: pd.Timestamp,
    *,
    months: int = 18,
) -> pd.DataFrame:
    """Say what stock of items that end will be left over, in money.

    stranded = stock on hand + open supply - demand from now to the last month of sale, not below 0;
    all locations together, since stock can be moved to where it is asked for. What lies in stock of
    an item that has ended is all stranded.

    Args:
        demand: contract `consensus_demand`.
        opening_stock: contract; all states count: blocked goods have to go as well.
        open_supply: contract `open_supply`.
        unit_cost: `item`, `location`, `unit_cost_value`; an item's mean over its stock is used.
        first: first planned month.
        months: items that end later are left out.

    Returns:
        `item`, `end_date`, `stock_qty`, `coming_qty`, `demand_qty`, `stranded_qty`,
        `stranded_value`; only rows with stock, supply or demand, dearest first.

    Example:
        Stock 100, 20 on order, demand 70 until the end, cost 3: 50 stranded, 150 in money.
    """
    ends = item[item["end_date"] < add_months(first, months)][["item", "end_date"]]
    stock = opening_stock.groupby(PLACE, as_index=False).agg(on_hand_qty=("on_hand_qty", "sum"))
    parts = {
        "stock_qty": stock.groupby("item")["on_hand_qty"].sum(),
        "coming_qty": open_supply.groupby("item")["open_qty"].sum(),
        "demand_qty": _demand_until(demand, ends),
        "unit_cost_value": _mean_cost(stock, unit_cost),
    }
    wide = pd.concat(parts, axis=1).astype(float).rename_axis("item").reset_index()
    rows = wide.merge(ends, on="item", how="inner", validate="one_to_one").fillna(0.0)
    left = (rows["stock_qty"] + rows["coming_qty"] - rows["demand_qty"]).clip(lower=0.0)
    rows = rows.assign(stranded_qty=left, stranded_value=left * rows["unit_cost_value"])
    amounts = ["stock_qty", "coming_qty", "demand_qty"]
    columns = ["item", "end_date", *amounts, "stranded_qty", "stranded_value"]
    ordered = rows[rows[amounts].sum(axis=1) > 0].sort_values(
        ["stranded_value", "item"], ascending=[False, True], kind="stable", ignore_index=True
    )
    return ordered[columns]


def _mean_cost(stock: pd.DataFrame, unit_cost: pd.DataFrame) -> pd.Series:
    """Return each item's unit cost, weighted by its stock; the plain mean where it has none."""
    rows = unit_cost.merge(stock, on=PLACE, how="left", validate="one_to_one")
    weight = rows["on_hand_qty"].fillna(0.0)
    sums = weight.groupby(rows["item"]).sum()
    weighted = (weight * rows["unit_cost_value"]).groupby(rows["item"]).sum()
    plain = rows.groupby("item")["unit_cost_value"].mean()
    return (weighted / sums.where(sums > 0)).fillna(plain)


def _demand_until(demand: pd.DataFrame, ends: pd.DataFrame) -> pd.Series:
    rows = demand.merge(ends, on="item", how="inner", validate="many_to_one")
    return rows[rows["period"] <= rows["end_date"]].groupby("item")["demand_qty"].sum()
