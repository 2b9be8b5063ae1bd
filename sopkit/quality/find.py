"""Gaps, promotions, and which zeros are true: each finder returns marks."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.quality.expect import find_true
from sopkit.quality.marks import no_marks, to_marks, with_expected
from sopkit.tables import ALL, CELL, PLACE
from sopkit.tables.panel import to_panel


def find_gaps(history: pd.DataFrame, *, floor_rate: float = 0.2) -> pd.DataFrame:
    """Mark months in which a whole location sold nothing although the months beside it did.

    A month is a gap when its location's total is 0 and each neighbouring month reaches
    `floor_rate` of the location's median month (the last month has one neighbour). That is a
    missing file rather than no demand.

    Example:
        A location with 10, 10, 0, 10 has a gap in the third month.
    """
    if history.empty:
        return no_marks()
    total = to_panel(history, ["location"], "actual_qty")
    busy = total.ge(floor_rate * total.where(total > 0).median(axis=1), axis=0)
    before, after = busy.shift(1, axis=1), busy.shift(-1, axis=1)
    after[after.columns[-1]] = True
    gap = total.eq(0) & before.eq(True) & after.eq(True)
    rows = with_expected(history).merge(
        find_true(gap, ["location"]), on=["location", "period"], validate="many_to_one"
    )
    usual = rows.groupby(["location", "period"])["expected_qty"].transform("sum")
    rows = rows.assign(proposed_qty=rows["expected_qty"], why_qty=usual)
    return to_marks(rows[rows["expected_qty"] > 0], "gap", why="location_silent")


def mark_promotions(history: pd.DataFrame, event: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Mark the months that a promotion touched; their demand is real and stays as it is.

    Args:
        event: contract `event`; each level is a code or `all`; other kinds than promotion are
            left out.
        item: contract `item`, for the family of each item.
    """
    events = event[event["event_kind"] == "promotion"]
    if history.empty or events.empty:
        return no_marks()
    family = item[["item", "family"]]
    rows = history.merge(family, on="item", how="left", validate="many_to_one")
    period = rows["period"].to_numpy("datetime64[ns]")
    first, last = (to_period(events[day]).to_numpy() for day in ("start_date", "end_date"))
    touched = np.zeros(len(rows), dtype=bool)
    levels = ["item", "family", "location", "customer"]
    numbers = {level: pd.factorize(rows[level]) for level in levels}
    wanted = {level: numbers[level][1].get_indexer(pd.Index(events[level])) for level in levels}
    named = {level: (events[level] != ALL).to_numpy() for level in levels}
    for number in range(len(events)):
        within = (period >= first[number]) & (period <= last[number])
        for level in levels:
            if named[level][number]:
                place = wanted[level][number]
                within &= (numbers[level][0] == place) & (place >= 0)
        touched |= within
    rows = rows.assign(proposed_qty=rows["actual_qty"])
    return to_marks(rows[touched], "promotion", why="promoted")


def classify_zeros(
    history: pd.DataFrame,
    stock_history: pd.DataFrame,
    *,
    stocked_rate: float = 0.9,
    usual_rate: float = 0.5,
) -> pd.DataFrame:
    """Tell zero months apart: nobody ordered, no stock, a missing record, or unknown.

    gap: the whole location is silent (`find_gaps`). stock_out: the item-location had no stock
    (`stocked_share` below `stocked_rate`; where unknown, closing stock 0). true_zero: there was
    stock and nobody ordered. unknown: no stock record says which. Only months in which more than
    `usual_rate` units were to be expected count; a series that ended is no question.

    Args:
        history: contract `demand_history`.
        stock_history: contract `stock_history`; may be empty.

    Returns:
        `item`, `location`, `customer`, `period`, `kind`, `expected_qty` of the zero months.

    Example:
        Expected 10, ordered 0, closing stock 50: true_zero. Closing stock 0: stock_out.
    """
    columns = [*CELL, "kind", "expected_qty"]
    if history.empty:
        return pd.DataFrame(columns=columns)
    zeros = with_expected(history)
    zeros = zeros[(zeros["actual_qty"] == 0) & (zeros["expected_qty"] > usual_rate)]
    gaps = pd.MultiIndex.from_frame(find_gaps(history)[CELL])
    key = [*PLACE, "period"]
    stock = stock_history[[*key, "closing_qty", "stocked_share"]]
    zeros = zeros.merge(stock, on=key, how="left", validate="many_to_one")
    share, closing = zeros["stocked_share"].astype(float), zeros["closing_qty"].astype(float)
    out = share.lt(stocked_rate) | (share.isna() & closing.le(0))
    kind = np.select(
        [pd.MultiIndex.from_frame(zeros[CELL]).isin(gaps), out, share.notna() | closing.notna()],
        ["gap", "stock_out", "true_zero"],
        "unknown",
    )
    return zeros.assign(kind=kind)[columns].reset_index(drop=True)
