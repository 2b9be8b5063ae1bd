"""Checks of what is under way and of who is bought from: open orders, agreed shares."""

from __future__ import annotations

import pandas as pd

from sopkit.supply.check.fences import list_frozen
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan

PLACE_PERIOD = ["item", "location", "period"]


def check_open_orders(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return gaps between open orders and what the plan books of them.

    Orders arrive in the month of their due date (overdue ones in the first), but for what is
    hurried (into the first month) or cancelled; only orders with a price for that may be, and
    no more than is open.
    """
    stock = plan.constrained_plan
    first = stock["period"].min()
    change = plan.order_change.pivot_table(
        index="supply_order", columns="action", values="change_qty", aggfunc="sum"
    )
    change = change.reindex(columns=["hurry", "cancel"])
    rows = tables.open_supply.set_index("supply_order")
    hurried, cancelled = (change[name].reindex(rows.index).fillna(0.0) for name in change)
    month = rows["due_date"].dt.to_period("M").dt.to_timestamp().clip(lower=first)
    dated = rows.assign(period=month, qty=rows["open_qty"] - hurried - cancelled)
    at_once = rows.assign(period=first, qty=hurried)
    sums = pd.concat([dated, at_once]).groupby(PLACE_PERIOD)["qty"].sum()
    booked = stock.set_index(PLACE_PERIOD)["open_supply_qty"]
    gap = (sums.reindex(booked.index).fillna(0.0) - booked).abs()
    unpriced = hurried.where(rows["expedite_value"].isna(), 0.0)
    unpriced = unpriced + cancelled.where(rows["cancel_value"].isna(), 0.0)
    over = hurried + cancelled - rows["open_qty"]
    unknown = change[~change.index.isin(rows.index)].sum(axis=1)
    return pd.concat([gap, unpriced, over, unknown], ignore_index=True)


def check_shares(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return units below the least or above the most agreed share of a supplier.

    Of what all suppliers get for an item and place in a month. Months in which a released order
    lies inside a fence are left out: what is firm comes first.
    """
    terms = tables.purchase_term
    agreed = (terms["min_share_rate"] > 0) | (terms["max_share_rate"] < 1)
    bought = plan.plan_flow[plan.plan_flow["flow_kind"] == "buy"]
    bought = bought[bought["item"].isin(terms.loc[agreed, "item"])]
    held = list_frozen(tables, plan)
    held = held[held["flow_kind"] == "buy"]
    firm = set(held[PLACE_PERIOD].itertuples(index=False, name=None))
    gaps = [0.0]
    for (item, location, period), rows in bought.groupby(PLACE_PERIOD):
        month = pd.Timestamp(str(period))
        if (item, location, month) in firm and len(tables.released_plan):
            continue
        total, got = rows["flow_qty"].sum(), rows.set_index("source")["flow_qty"]
        for least, most, qty in _shares_at(terms, str(item), str(location), month, got):
            gaps += [least * total - qty, qty - most * total]
    return pd.Series(gaps)


def _shares_at(
    terms: pd.DataFrame, item: str, location: str, period: pd.Timestamp, got: pd.Series
) -> list[tuple[float, float, float]]:
    """Return least share, most share and quantity of each supplier of an item at a place."""
    rows = terms[(terms["item"] == item) & terms["location"].isin([location, "all"])]
    found = []
    for supplier, own in rows.groupby("supplier"):
        fits = own[own["location"] == location] if (own["location"] == location).any() else own
        fits = fits.sort_values("start_date", kind="stable")
        held = fits[fits["start_date"] <= period]
        row = held.iloc[-1] if len(held) else fits.iloc[0]
        least, most = float(row["min_share_rate"]), float(row["max_share_rate"])
        found.append((least, most, float(got.get(supplier, 0.0))))
    return found
