"""Check of shelf life: each item's batches are followed, the oldest going first.

Written anew from the tables: all places of an item together, what arrives is a batch with a last
month, everybody takes the oldest that he accepts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.inputs.network import usable_stock
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.results.read_plan import Plan

FAR = 10_000


@dataclass
class Batch:
    """A batch: the last month in which the most patient accept it, the month it came, its rest."""

    last: int
    came: int
    qty: float


def check_shelf_life(tables: SupplyTables, plan: Plan) -> pd.Series:
    """Return, by item, what is served older than accepted or lies longer than anybody accepts.

    What the plan shows as expired is thrown away first. All places of an item count together: a
    place that is sent older goods than others is seen by `list_expiring`.
    """
    stock = plan.constrained_plan
    months = pd.DatetimeIndex(np.sort(stock["period"].unique()))
    life = tables.item.set_index("item")["shelf_life_days"].astype(float)
    dated = usable_stock(tables.opening_stock)
    limited = {*life.index[life.notna()], *dated.loc[dated["expiry_date"].notna(), "item"]}
    service = _serve_by_month(plan)
    gaps = []
    for item in sorted(limited & set(stock["item"])):
        rows = stock[stock["item"] == item]
        opening = dated[dated["item"] == item]
        got = service[service["item"] == item]
        days = float(life.get(item, np.nan))
        for places in _list_networks(tables, rows):
            here, stocked, served = (
                frame[frame["location"].isin(places)] for frame in (rows, opening, got)
            )
            gap = _follow(tables.service_class, here, stocked, served, days, months)
            gaps.append(gap)
    return pd.Series(gaps, dtype=float)


def _list_networks(tables: SupplyTables, rows: pd.DataFrame) -> list[set[str]]:
    """Return the item's locations in groups that lanes join."""
    item = rows["item"].iloc[0]
    groups = [{place} for place in rows["location"].unique()]
    lanes = tables.lane[tables.lane["item"].isin([item, "all"])]
    for start, end in zip(lanes["from_location"], lanes["to_location"], strict=True):
        joined = [group for group in groups if start in group or end in group]
        if len(joined) > 1 and any(start in g for g in joined) and any(end in g for g in joined):
            groups = [g for g in groups if g not in joined] + [set().union(*joined)]
    return groups


def _serve_by_month(plan: Plan) -> pd.DataFrame:
    """Return what each customer is served: `item`, `location`, `customer`, `month`, `qty`."""
    rows, demand = plan.streams.rows, plan.streams.demand_qty
    stream, due = rows["stream"].to_numpy(int), rows["month"].to_numpy(int)
    share = rows["demand_qty"].to_numpy(float) / demand[stream, due]
    variables = plan.values  # noqa: PD011
    late = [name for name in variables if name.startswith("late_")]
    missed = sum((variables[n] for n in variables if n.startswith("lost")), np.zeros_like(demand))
    on_time = demand - missed - sum((variables[n] for n in late), np.zeros_like(demand))
    named = rows[["item", "location", "customer"]]
    parts = [named.assign(month=due, qty=on_time[stream, due] * share)]
    for name in late:
        month = due + int(name.removeprefix("late_"))
        parts.append(named.assign(month=month, qty=variables[name][stream, due] * share))
    found = pd.concat(parts, ignore_index=True)
    return found[found["qty"] > 0]


def _follow(
    service_class: pd.DataFrame,
    rows: pd.DataFrame,
    opening: pd.DataFrame,
    service: pd.DataFrame,
    days: float,
    months: pd.DatetimeIndex,
) -> float:
    """Return what of an item's network is served or kept too old."""
    sums = rows.groupby("period").sum(numeric_only=True).reindex(months)
    came = (sums["make_qty"] + sums["buy_qty"] + sums["open_supply_qty"]).to_numpy(float)
    used, expired = (sums[name].to_numpy(float) for name in ("used_qty", "expired_qty"))
    wanted = _wanted_rates(service_class, service, opening, days, months)
    least = 0.0 if used.any() or not wanted else min(wanted.values())
    window = (1 - least) * days / DAYS_PER_MONTH
    fewer = {
        customer: max(int(np.ceil((rate - least) * days / DAYS_PER_MONTH - 0.1)), 0) if rate else 0
        for customer, rate in wanted.items()
    }
    ends = _last_months(opening, days, least, months[0])
    held = opening["on_hand_qty"].tolist()
    batches = [Batch(last, -1, float(qty)) for last, qty in zip(ends, held, strict=True)]
    orders = service.groupby(["month", "customer"])["qty"].sum().to_dict()
    wrong = 0.0
    for month in range(len(months)):
        batches += _new_batches(month, float(came[month]), window)
        batches.sort(key=lambda batch: (batch.last, batch.came))
        _take(batches, float(expired[month]), -FAR, month)
        for customer in sorted(fewer, key=lambda one: -fewer[one]):
            qty = float(orders.get((month, customer), 0.0))
            missing = _take(batches, qty, month + fewer[customer], month)
            wrong += missing
            _take(batches, missing, -FAR, month)
        _take(batches, float(used[month]), -FAR, month)
        wrong += sum(batch.qty for batch in batches if batch.last <= month)
        batches = [batch for batch in batches if batch.qty > 0 and batch.last > month]
    return wrong


def _wanted_rates(
    service_class: pd.DataFrame,
    service: pd.DataFrame,
    opening: pd.DataFrame,
    days: float,
    months: pd.DatetimeIndex,
) -> dict[str, float]:
    """Return the share of life each customer wants left; 0 where it cannot matter in the plan."""
    rates = service_class.set_index("customer")["remaining_life_rate"].astype(float)
    wanted = rates.reindex(service["customer"].unique()).fillna(float(rates.get("all", 0.0)))
    matters = {}
    for rate in wanted.unique().tolist():
        early = (_last_months(opening, days, rate, months[0]) < len(months) - 1).any()
        short = (1 - rate) * days < len(months) * DAYS_PER_MONTH
        matters[rate] = rate if (short or early) and not np.isnan(days) else 0.0
    return {str(customer): matters[rate] for customer, rate in wanted.items()}


def _last_months(
    opening: pd.DataFrame, days: float, rate: float, first: pd.Timestamp
) -> np.ndarray:
    """Return the last month in which each opening batch is accepted."""
    expiry, lost, most = opening["expiry_date"].to_numpy("datetime64[D]"), 0, float(FAR)
    if not np.isnan(days):
        newest = np.datetime64(first, "D") + int(np.ceil(days)) - 1
        expiry = np.where(expiry <= newest, expiry, newest)  # NaT is never earlier
        lost = int(np.ceil(rate * days - 1e-9))
        most = float(np.floor((1 - rate) * days / DAYS_PER_MONTH + 1e-9))
    end = (expiry - np.timedelta64(lost, "D")).astype("datetime64[M]")
    month = (end - np.datetime64(first, "M")).astype(float)
    return np.fmin(np.where(np.isnat(end), FAR, month), most).astype(int)


def _new_batches(month: int, qty: float, window: float) -> list[Batch]:
    """Return a month's arrivals: the share that lives a month longer keeps the mean."""
    if np.isnan(window):
        return [Batch(FAR, month, qty)]
    whole = int(np.floor(window + 1e-9))
    late = max(window - whole, 0.0)
    return [
        Batch(month + whole, month, qty * (1 - late)),
        Batch(month + whole + 1, month, qty * late),
    ]


def _take(batches: list[Batch], qty: float, until: int, month: int) -> float:
    """Take a quantity from the oldest batches that last `until`, or came this month.

    Returns:
        What is missing.
    """
    for batch in batches:
        if batch.last >= until or batch.came == month:
            part = min(batch.qty, max(qty, 0.0))
            batch.qty -= part
            qty -= part
    return max(qty, 0.0)
