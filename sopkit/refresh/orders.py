"""Open orders due soon that stock and released orders do not cover."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from sopkit.supply import usable_stock
from sopkit.tables import PLACE, fit_columns
from sopkit.tables.results_effects import REFRESH_ORDER

SMALL = 1e-9


def find_orders_at_risk(
    lines: pd.DataFrame,
    on_hand: pd.DataFrame,
    arrivals: pd.DataFrame,
    family: Mapping[str, str],
    as_of: pd.Timestamp,
    risk_days: int,
) -> pd.DataFrame:
    """Return open order lines due within some days that are not covered by their day.

    Orders of a place take stock and arrivals in the order in which they are due, then entered. An
    order is at risk for what has not arrived by its day (by this day, where that has passed).

    Args:
        lines: contract `sales_order_line` as known by the day.
        on_hand: `item`, `location`, `on_hand_qty` at the end of the day.
        arrivals: `item`, `location`, `due_date`, `arrive_qty`, later than the day.
        family: family of each item.
        risk_days: days ahead that are looked at.

    Returns:
        Contract `refresh_order`, dearest first.

    Example:
        5 in stock, 10 arrive on the 20th; orders of 4 due on the 16th and 6 on the 18th: the
        second is short of 5 until the 20th.
    """
    due = lines["requested_date"].fillna(lines["order_date"])
    open_qty = (lines["ordered_qty"] - lines["cancelled_qty"] - lines["shipped_qty"]).clip(lower=0)
    last = as_of + pd.Timedelta(days=risk_days)
    rows = lines.assign(due_date=due, open_qty=open_qty)[(open_qty > 0) & (due <= last)]
    rows = rows.sort_values([*PLACE, "due_date", "order_date", "order", "line"], kind="stable")
    stock = on_hand.groupby(PLACE)["on_hand_qty"].sum()
    coming = dict(list(arrivals.sort_values("due_date", kind="stable").groupby(PLACE)))
    parts = [
        _cover(asked, float(stock.get(place, 0.0)), coming.get(place), as_of)
        for place, asked in rows.groupby(PLACE, sort=True)
    ]
    if not parts:
        return REFRESH_ORDER.empty()
    found = pd.concat(parts, ignore_index=True)
    found = found[found["short_qty"] > SMALL]
    price = found["net_value"] / found["ordered_qty"].where(found["ordered_qty"] > 0)
    found = found.assign(
        family=found["item"].map(family),
        short_value=found["short_qty"] * price,
        is_late=found["due_date"] < as_of,
    )
    found = found.sort_values(
        ["short_value", "order", "line"], ascending=[False, True, True], kind="stable"
    )
    return fit_columns(found.reset_index(drop=True), REFRESH_ORDER)


def _cover(
    asked: pd.DataFrame, stock: float, coming: pd.DataFrame | None, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return a place's orders with what is missing on their day, and the day it is covered."""
    days = [as_of] if coming is None else [as_of, *coming["due_date"]]
    supply = [stock] if coming is None else [stock, *coming["arrive_qty"]]
    dates, total = pd.DatetimeIndex(days), np.cumsum(supply)
    wanted = asked["open_qty"].to_numpy(float).cumsum()
    on_day = np.maximum(asked["due_date"].to_numpy("datetime64[ns]"), np.datetime64(as_of))
    there = total[np.searchsorted(dates.to_numpy(), on_day, side="right") - 1]
    short = np.clip(wanted - there, 0.0, asked["open_qty"].to_numpy(float))
    at = np.searchsorted(total, wanted - SMALL)
    covered = [dates[n] if n < len(dates) else pd.NaT for n in at]
    return asked.assign(short_qty=short, covered_date=pd.to_datetime(pd.Series(covered)).to_numpy())


def find_on_hand(
    opening_stock: pd.DataFrame,
    lines: pd.DataFrame,
    arrivals: pd.DataFrame,
    first: pd.Timestamp,
    as_of: pd.Timestamp,
) -> tuple[pd.DataFrame, bool]:
    """Return stock at the end of the day, and whether it was counted within the month.

    A count of the month stands as it is, less what left and more what was due since. Without one
    the stock of the month's start is carried on the same way: what was due is taken as arrived.

    Args:
        opening_stock: contract; the newest count that is known.
        lines: contract `sales_order_line`; what left, by day.
        arrivals: `item`, `location`, `due_date`, `arrive_qty`.
        first: first day of the month.
    """
    usable = usable_stock(opening_stock)
    days = usable["snapshot_date"].dropna()
    counts = days[days.between(first, as_of)]
    is_counted = len(counts) > 0
    since = pd.Timestamp(counts.max()) if is_counted else first - pd.Timedelta(days=1)
    begun = since + pd.Timedelta(days=1)
    left = lines[lines["shipped_date"].between(begun, as_of)]
    came = arrivals[arrivals["due_date"].between(begun, as_of)]
    moves = [
        usable.groupby(PLACE)["on_hand_qty"].sum(),
        -left.groupby(PLACE)["shipped_qty"].sum(),
        came.groupby(PLACE)["arrive_qty"].sum(),
    ]
    stock = pd.concat([one for one in moves if len(one)] or [pd.Series(dtype=float)])
    if stock.empty:
        return pd.DataFrame(columns=[*PLACE, "on_hand_qty"]), is_counted
    total = stock.groupby(level=[0, 1]).sum().clip(lower=0.0)
    total.index.names = PLACE
    return total.rename("on_hand_qty").reset_index(), is_counted


def list_arrivals(
    released: pd.DataFrame, open_supply: pd.DataFrame, first: pd.Timestamp, as_of: pd.Timestamp
) -> pd.DataFrame:
    """Return what arrives where on which day: released orders and orders under way.

    What is sent from a place is taken off there on the day it is sent. Where the orders under way
    are of this month they hold already what was released so far; then only later releases count.

    Args:
        released: contract `released_order`.
        open_supply: contract `open_supply`.
        first: first day of the month.
        as_of: the day.

    Returns:
        `item`, `location`, `due_date`, `arrive_qty`; what is sent is negative.
    """
    if (open_supply["order_date"] >= first).any():
        released = released[released["release_date"] > as_of]
    moved = released[released["flow_kind"] == "move"]
    columns = [*PLACE, "due_date", "arrive_qty"]
    parts = [
        released.rename(columns={"order_qty": "arrive_qty"})[columns],
        moved.assign(
            location=moved["source"], due_date=moved["release_date"], arrive_qty=-moved["order_qty"]
        )[columns],
        open_supply.rename(columns={"open_qty": "arrive_qty"})[columns],
    ]
    known = [part for part in parts if len(part)]
    return pd.concat(known, ignore_index=True) if known else pd.DataFrame(columns=columns)
