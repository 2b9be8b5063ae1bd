"""Orders already booked for coming months, as a stream of make-to-order items."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from sopkit.periods import add_months, months_between, to_cycle_period, to_period
from sopkit.tables import ALL, LEAF, TABLES

STREAM, OWNER = "orders", "order_book"
TO_ORDER = ("MTO", "ATO")
CURVE_MONTHS = 24  # of finished months by which the curve is measured
LEAST_MONTHS = 6
LEAST_SHARE = 0.2  # booked by then; earlier orders tell too little
PRIOR_MONTHS = 12.0  # months of an item's demand that say it books like all items
ACTIVE_MONTHS = 12


def backlog_streams(
    sales_order_line: pd.DataFrame,
    item: pd.DataFrame,
    cycles: Sequence[str],
    as_of: pd.Timestamp,
    *,
    horizon_months: int = 6,
) -> pd.DataFrame:
    """Turn the order book into a forecast: booked by now / the share usually booked by then.

    For each cycle only what was known the day before its month (the latest: by `as_of`) is used:
    orders that had come in, and the booking curve of the finished months before. Lags at which
    under a fifth of a month is usually booked get no row. Only items made or assembled to order.
    A cancelled order counts as booked, as it does in demand (its day of cancelling is not known).

    Args:
        sales_order_line: contract; by requested month (the order's day, where none was requested).
        item: contract `item`.
        cycles: cycles for which to answer, past ones and the present.
        as_of: last day known.
        horizon_months: most months ahead, the cycle's own counted.

    Returns:
        Contract `forecast_stream`, stream `orders`, owner `order_book`: every item, location,
        customer that ordered in the 12 months before the cycle or has booked for later; 0 where
        nothing is booked yet.

    Example:
        Half of a month is usually booked when it begins; 40 are: 80.
    """
    made = item.loc[item["strategy"].isin(TO_ORDER), "item"]
    lines = sales_order_line[sales_order_line["item"].isin(made)]
    wanted = to_period(lines["requested_date"].fillna(lines["order_date"]))
    lines = lines[[*LEAF, "order_date", "ordered_qty"]].assign(period=wanted)
    parts = [_book_cycle(lines, cycle, as_of, horizon_months) for cycle in sorted(set(cycles))]
    found = [part for part in parts if len(part)]
    contract = TABLES["forecast_stream"]
    if not found:
        return contract.empty()
    rows = pd.concat(found, ignore_index=True)
    rows = rows.assign(stream=STREAM, owner=OWNER, family=ALL)[contract.column_names]
    return rows.sort_values(list(contract.key), kind="stable", ignore_index=True)


def measure_booking(lines: pd.DataFrame, first: pd.Timestamp, horizon_months: int) -> pd.DataFrame:
    """Return the share of a month's orders usually booked so many months ahead.

    share(item, lag) = orders in by the day before the month that lies lag months earlier / all
    orders of the month, over the finished months before `first` (24 at most, 6 at least); each
    item is drawn to all items by a year of its demand.

    Args:
        lines: LEAF, `order_date`, `ordered_qty`, `period`, known before `first`.
        first: first planned month.
        horizon_months: lags 0 to this less 1.

    Returns:
        (item, lag) with `share_rate`; empty where there are too few months.

    Example:
        Orders of 10 for May: 4 in March, 6 in May. Lag 0 and 1: 0.4; lag 2: 0.
    """
    since = add_months(first, -CURVE_MONTHS)
    past = lines[(lines["period"] < first) & (lines["period"] >= since)]
    start = lines["order_date"].min()
    counts = []
    for lag in range(horizon_months):
        opens = past["period"] - pd.DateOffset(months=lag) if lag else past["period"]
        seen = past.assign(opens=opens)[opens > start]  # else early orders may be missing
        if seen["period"].nunique() < LEAST_MONTHS:
            break
        counts.append(_share_booked(seen).assign(lag=lag))
    if not counts:
        return pd.DataFrame({"item": [], "share_rate": [], "lag": []})
    return pd.concat(counts, ignore_index=True)


def _share_booked(seen: pd.DataFrame) -> pd.DataFrame:
    """Return `share_rate` by item: ordered before `opens` / ordered, drawn to that of all items."""
    early = seen["ordered_qty"].where(seen["order_date"] < seen["opens"], 0.0)
    sums = seen.assign(early=early).groupby("item")[["early", "ordered_qty"]].sum()
    sums = sums[sums["ordered_qty"] > 0]
    usual = sums["early"].sum() / sums["ordered_qty"].sum() if len(sums) else 0.0
    prior = PRIOR_MONTHS / seen["period"].nunique() * sums["ordered_qty"]
    share = (sums["early"] + prior * usual) / (sums["ordered_qty"] + prior)
    return share.rename("share_rate").reset_index()


def _book_cycle(
    lines: pd.DataFrame, cycle: str, as_of: pd.Timestamp, horizon_months: int
) -> pd.DataFrame:
    """Return one cycle's rows: booked by then / share usually booked by then."""
    first = to_cycle_period(cycle)
    known = lines[(lines["order_date"] < first) & (lines["order_date"] <= as_of)]
    curve = measure_booking(known, first, horizon_months)
    curve = curve[curve["share_rate"] >= LEAST_SHARE]
    if known.empty or curve.empty:
        return known.iloc[:0]
    active = known[known["period"] >= add_months(first, -ACTIVE_MONTHS)][LEAF].drop_duplicates()
    months = pd.DataFrame({"period": pd.date_range(first, periods=horizon_months, freq="MS")})
    booked = known.groupby([*LEAF, "period"], as_index=False)["ordered_qty"].sum()
    rows = active.merge(months, how="cross")
    rows = rows.assign(lag=months_between(pd.Series(first, index=rows.index), rows["period"]))
    rows = rows.merge(curve, on=["item", "lag"], how="inner", validate="many_to_one")
    rows = rows.merge(booked, on=[*LEAF, "period"], how="left", validate="one_to_one")
    told = rows.fillna({"ordered_qty": 0.0})
    return told.assign(cycle=cycle, forecast_qty=told["ordered_qty"] / told["share_rate"])
