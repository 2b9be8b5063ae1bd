"""Stock-outs: stock that was missing, orders that fell with it, and what was lost, with a range."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.quality.expect import expect_demand, log_ratio, robust_spread
from sopkit.quality.marks import no_marks, to_marks, with_expected
from sopkit.tables import PLACE, TABLES
from sopkit.tables.panel import to_long, to_panel

PLACE_MONTH = [*PLACE, "period"]
_Z80 = 1.2816
_LATE_DAYS = 3
_ORDERS = 20.0
_UNKNOWN = 1.7  # a month outside the yardstick errs so much more than those inside it


def find_stock_outs(
    history: pd.DataFrame,
    stock_history: pd.DataFrame,
    sales_order_line: pd.DataFrame | None = None,
    *,
    stocked_rate: float = 0.9,
    collapse_rate: float = 0.75,
    unserved_rate: float = 0.25,
) -> pd.DataFrame:
    """Mark months in which stock was missing and demand fell with it.

    Two proofs are needed: the item-location was without stock (`stocked_share` below
    `stocked_rate`; where that is unknown, closing stock 0), and its orders came to less than
    `collapse_rate` of what the month would have been, or below that with `unserved_rate` of them
    cancelled or late. The mark proposes what was ordered and what was lost (`estimate_lost`),
    spread over customers by what each lacks. Where only the closing stock speaks and no order
    line does, the mark is not firm.

    Args:
        history: contract `demand_history`.
        stock_history: contract `stock_history`.
        sales_order_line: contract `sales_order_line`; None or empty where there is none.

    Example:
        Expected 100, ordered 40, stocked on 40 % of days: a stock-out, 60 lost. Ordered 95: none.
    """
    if history.empty or stock_history.empty:
        return no_marks()
    places = _to_places(history, stock_history, sales_order_line, stocked_rate)
    without = places["short"].astype(bool)
    fell = places["actual_qty"] < collapse_rate * places["expected_qty"]
    refused = places["unserved_share"].ge(unserved_rate) & (
        places["actual_qty"] < 0.95 * places["expected_qty"]
    )
    out = places[without & (fell | refused)]
    lost = pd.concat([out, estimate_lost(out)], axis=1)
    lost = lost[lost["lost_qty"] > 0]
    known, spoken = lost["stocked_share"].notna(), lost["unserved_share"].ge(unserved_rate)
    lost = lost.assign(
        why=np.select([known, spoken], ["no_stock", "no_stock_unserved"], "no_stock_closing"),
        why_rate=lost["stocked_share"].where(known, lost["unserved_share"].where(spoken)),
        why_qty=lost["expected_qty"],
        firm=known | spoken,
    )
    return to_marks(_split_lost(history, lost), "stock_out")


def _to_places(
    history: pd.DataFrame,
    stock_history: pd.DataFrame,
    lines: pd.DataFrame | None,
    stocked_rate: float,
) -> pd.DataFrame:
    """Return stock, orders and what was expected by (item, location, period) of stock records.

    Months without stock are kept out of their own yardstick.
    """
    share = stock_history["stocked_share"].astype(float)
    out = share.lt(stocked_rate) | (share.isna() & stock_history["closing_qty"].le(0))
    stock = stock_history[[*PLACE_MONTH, "closing_qty", "stocked_share"]].assign(short=out)
    actual = to_panel(history, PLACE, "actual_qty")
    short = to_panel(stock.assign(short=out.astype(float)), PLACE, "short")
    short = short.reindex(index=actual.index, columns=actual.columns).fillna(0.0) > 0
    expected = expect_demand(actual.mask(short))
    log = log_ratio(actual.mask(short), expected)
    spread = (_UNKNOWN * robust_spread(log, 0.0 * log)).clip(0.05, 1.0)
    sides = to_long(actual, PLACE, "actual_qty").merge(
        to_long(expected, PLACE, "expected_qty"), on=PLACE_MONTH, validate="one_to_one"
    )
    both = sides.merge(stock, on=PLACE_MONTH, validate="one_to_one").merge(
        spread.rename("spread").reset_index(), on=PLACE, validate="many_to_one"
    )
    return both.merge(_to_served(lines), on=PLACE_MONTH, how="left", validate="one_to_one")


def _to_served(lines: pd.DataFrame | None) -> pd.DataFrame:
    """Return by item-location and month the share refused, and how many orders a month holds.

    `unserved_share` of the requested quantity was cancelled, never left or left late;
    `usual_orders` is the median count of lines over the item-location's months.
    """
    if lines is None or lines.empty:
        none = TABLES["stock_history"].empty()[PLACE_MONTH]
        return none.assign(unserved_share=0.0, usual_orders=0.0)
    wanted = lines["requested_date"].fillna(lines["order_date"])
    late = (lines["shipped_date"] - wanted).dt.days > _LATE_DAYS
    refused = lines["ordered_qty"].where(
        late | lines["shipped_date"].isna(), lines["ordered_qty"] - lines["shipped_qty"]
    )
    rows = lines.assign(period=to_period(wanted), refused_qty=refused)
    summed = rows.groupby(PLACE_MONTH, as_index=False).agg(
        refused_qty=("refused_qty", "sum"),
        ordered_qty=("ordered_qty", "sum"),
        orders=("ordered_qty", "size"),
    )
    share = summed["refused_qty"] / summed["ordered_qty"].where(summed["ordered_qty"] > 0)
    usual = summed.groupby(PLACE)["orders"].transform("median")
    served = summed.assign(unserved_share=share, usual_orders=usual.astype(float))
    return served[[*PLACE_MONTH, "unserved_share", "usual_orders"]]


def estimate_lost(places: pd.DataFrame) -> pd.DataFrame:
    """Return what was lost for want of stock, with an 80 % range, from two views of the month.

    Comparable months say `expected_qty`, give or take `spread` (log). The days with stock say
    actual / stocked share, give or take the root of 1.5 / orders x (1 - share) / share: with few
    orders a month (1.5: their sizes differ, too) the days seen say little of the others. Both are
    weighted by 1 / spread^2 on the log scale; lost = that estimate - actual, never below 0.
    Without a stocked share, or without any order, comparable months speak alone.

    Args:
        places: `actual_qty`, `expected_qty`, `spread`, `stocked_share` and `usual_orders` (the
            last two may be blank; 20 orders a month are taken where unknown).

    Returns:
        `lost_qty`, `lo_80_qty`, `hi_80_qty`, on the index of `places`.

    Example:
        Expected 100, ordered 40 on 40 % of days: both views say 100, lost is 60.
    """
    actual = places["actual_qty"].astype(float)
    share = places["stocked_share"].astype(float).clip(lower=0.01)
    orders = places["usual_orders"].astype(float).fillna(_ORDERS).clip(lower=1.0)
    seen = (actual > 0) & (share < 1)
    days_variance = (1.5 / orders * (1 - share) / share).clip(lower=0.001)
    weight_days = (1 / days_variance).where(seen, 0.0).fillna(0.0)
    weight_months = (1 / places["spread"] ** 2).where(places["expected_qty"] > 0, 0.0)
    by_days = pd.Series(np.log((actual / share).where(seen, 1.0).fillna(1.0)))
    by_months = pd.Series(np.log(places["expected_qty"].where(places["expected_qty"] > 0, 1.0)))
    weight = (weight_days + weight_months).where(lambda total: total > 0)
    middle = (weight_days * by_days + weight_months * by_months) / weight
    spread = 1 / np.sqrt(weight)
    parts = {"lost_qty": 0.0, "lo_80_qty": -_Z80, "hi_80_qty": _Z80}
    return pd.DataFrame(
        {
            name: (np.exp(middle + steps * spread) - actual).clip(lower=0.0).fillna(0.0)
            for name, steps in parts.items()
        },
        index=places.index,
    )


def _split_lost(history: pd.DataFrame, lost: pd.DataFrame) -> pd.DataFrame:
    """Return customers' cells of the places' stock-outs; each takes what it lacks of the sum."""
    names = ["lost_qty", "lo_80_qty", "hi_80_qty", "why", "why_qty", "why_rate", "firm"]
    rows = with_expected(history).merge(
        lost[[*PLACE_MONTH, *names]], on=PLACE_MONTH, validate="many_to_one"
    )
    lacks = (rows["expected_qty"] - rows["actual_qty"]).clip(lower=0.0)
    keys = [rows[name] for name in PLACE_MONTH]
    total = lacks.groupby(keys).transform("sum")
    even = rows["expected_qty"].groupby(keys).transform("sum")
    share = (lacks / total.where(total > 0)).fillna(rows["expected_qty"] / even.where(even > 0))
    split = {name: rows[name] * share.fillna(0.0) for name in names[:3]}
    rows = rows.assign(**split)
    rows = rows[rows["lost_qty"] > 0]
    return rows.assign(proposed_qty=rows["actual_qty"] + rows["lost_qty"])
