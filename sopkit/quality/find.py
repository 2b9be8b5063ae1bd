"""Months that look wrong: gaps, stock-outs, outliers, promotions. Each finder returns marks.

A mark is a row of (item, location, customer, period) with `reason`, `actual_qty` and
`expected_qty`, what the month would have been without the cause.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.quality.expect import expect_demand, find_true, robust_spread
from sopkit.tables import ALL, CELL, PLACE, TABLES
from sopkit.tables.panel import to_long, to_panel

GROUP = ["item", "location", "customer"]
MARK = [*CELL, "reason", "actual_qty", "expected_qty"]


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
    rows = _with_expected(history).merge(
        find_true(gap, ["location"]), on=["location", "period"], validate="many_to_one"
    )
    return _to_marks(rows[rows["expected_qty"] > 0], "gap")


def find_stock_outs(
    history: pd.DataFrame,
    stock_history: pd.DataFrame,
    *,
    stocked_rate: float = 0.9,
    collapse_rate: float = 0.75,
) -> pd.DataFrame:
    """Mark months in which stock was missing and demand fell with it.

    Two proofs are needed: the item-location was without stock (`stocked_share` below
    `stocked_rate`; where that is unknown, closing stock 0), and its orders came to less than
    `collapse_rate` of what the month would have been.

    Example:
        Expected 100, ordered 40, stocked on half the days: a stock-out. Ordered 95: none.
    """
    if history.empty or stock_history.empty:
        return no_marks()
    share = stock_history["stocked_share"]
    empty = share.lt(stocked_rate) | (share.isna() & stock_history["closing_qty"].le(0))
    short = stock_history.loc[empty, [*PLACE, "period"]]
    actual = to_panel(history, PLACE, "actual_qty")
    collapsed = find_true(actual < collapse_rate * expect_demand(actual), PLACE)
    cells = short.merge(collapsed, on=[*PLACE, "period"], validate="one_to_one")
    rows = _with_expected(history).merge(cells, on=[*PLACE, "period"], validate="many_to_one")
    return _to_marks(rows[rows["expected_qty"] > rows["actual_qty"]], "stock_out")


def find_outliers(
    history: pd.DataFrame,
    *,
    spreads: float = 6.0,
    high_rate: float = 3.0,
    low_rate: float = 0.2,
    min_months: int = 24,
    zero_rate: float = 0.1,
) -> pd.DataFrame:
    """Mark single months far outside what level and season explain.

    A month stands out when it lies `spreads` robust standard deviations from its expectation and
    is also over `high_rate` times, or (not 0) under `low_rate` times, the expectation. Series
    younger than `min_months`, or with more than `zero_rate` empty months, are too restless.

    Example:
        Twenty-four months near 100 and one of 1,000: that one is marked, 160 is not.
    """
    if history.empty:
        return no_marks()
    panel = to_panel(history, GROUP, "actual_qty")
    expected = expect_demand(panel)
    spread = np.maximum(robust_spread(panel, expected), 0.02 * panel.mean(axis=1))
    far = (panel - expected).abs().gt(spreads * spread, axis=0)
    odd = (panel > high_rate * expected) | ((panel < low_rate * expected) & (panel > 0))
    steady = panel.notna().sum(axis=1).ge(min_months) & (
        panel.eq(0).sum(axis=1) <= zero_rate * panel.notna().sum(axis=1)
    )
    marks = find_true((far & odd).mul(steady, axis=0), GROUP)
    rows = _with_expected(history).merge(marks, on=CELL, validate="one_to_one")
    return _to_marks(rows, "outlier")


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
    rows = _with_expected(history).merge(family, on="item", how="left", validate="many_to_one")
    touched = pd.Series(False, index=rows.index)
    first, last = to_period(events["start_date"]), to_period(events["end_date"])
    levels = ["item", "family", "location", "customer"]
    for start, end, codes in zip(first, last, events[levels].to_numpy(), strict=True):
        within = rows["period"].between(start, end)
        for level, code in zip(levels, codes, strict=True):
            if code != ALL:
                within &= rows[level] == code
        touched |= within
    return _to_marks(rows[touched], "promotion")


def _with_expected(history: pd.DataFrame) -> pd.DataFrame:
    known = to_long(expect_demand(to_panel(history, GROUP, "actual_qty")), GROUP, "expected_qty")
    return history.merge(known, on=CELL, how="left", validate="one_to_one").fillna(
        {"expected_qty": 0.0}
    )


def _to_marks(rows: pd.DataFrame, reason: str) -> pd.DataFrame:
    marks = rows.assign(reason=reason)[MARK]
    return marks.sort_values(CELL, kind="stable", ignore_index=True)


def no_marks() -> pd.DataFrame:
    """Return no marks, with the kinds of marks."""
    return TABLES["correction"].empty().rename(columns={"cleaned_qty": "expected_qty"})[MARK]
