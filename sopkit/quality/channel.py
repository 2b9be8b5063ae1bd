"""Sell-in against sell-out: what distributors ordered, sold on and hold, and what was loaded.

Loading 压货 is an order pushed into the last month of a quarter: the distributor's stock rises, and
the next months' orders are lower by as much. Only series with reported sell-out are judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.quality.marks import stack_marks, to_marks
from sopkit.tables import CELL, LEAF, TABLES, fit_columns
from sopkit.tables.panel import to_long, to_panel

QUARTER_ENDS = (3, 6, 9, 12)
SPAN = 2  # months in which loading is paid back
_CLIP = 0.6  # months of sell-out: one odd month does not make a habit
_POOL = 1.3  # a series is at most this much more restless than its customer's median series


@dataclass(frozen=True)
class _Flow:
    """Panels of the series that report: a row a series, a column a month, units."""

    sell_in: pd.DataFrame
    received: pd.DataFrame
    sell_out: pd.DataFrame
    stock: pd.DataFrame


def to_channel_months(
    history: pd.DataFrame,
    sell_out: pd.DataFrame,
    channel_stock: pd.DataFrame,
    sales_order_line: pd.DataFrame,
    *,
    quarter_ends: tuple[int, ...] = QUARTER_ENDS,
    min_rate: float = 0.12,
    habit: float = 4.0,
    alone: float = 4.5,
    paid_rate: float = 0.5,
) -> pd.DataFrame:
    """Set what distributors ordered beside what they sold on, and mark loading and its payback.

    rise = (received - sell-out) / usual sell-out, the change of the distributor's stock in months.
    A quarter's last month was loaded when its rise is at least `min_rate` months and one usual
    spread, when the next two months take back at least `paid_rate` of it, and when either the
    series does so habitually (the mean rise at quarter ends is `habit` standard errors above 0)
    or this rise alone is `alone` spreads. The loading is what was taken back, so that loading and
    payback sum to the same volume; at the end of the history what is still to be taken back is
    `owed_qty`. What was received is what left by requested month where order lines cover it, else
    what was ordered.

    Args:
        history: contract `demand_history`.
        sell_out: contract `sell_out`; without rows nothing is judged.
        channel_stock: contract `channel_stock`; may be empty.
        sales_order_line: contract `sales_order_line`; may be empty.
        quarter_ends: months of the year that end a quarter.

    Returns:
        Contract `channel_month`, one row per reported (item, location, customer, period).

    Example:
        Sell-out 100 each month, orders 100, 140, 70, 90 for February to May: March is loaded by
        40, April pays back 30 and May 10.
    """
    if sell_out.empty or history.empty:
        return TABLES["channel_month"].empty()
    flow = _to_flow(history, sell_out, channel_stock, sales_order_line)
    level = flow.sell_out.T.rolling(5, center=True, min_periods=3).mean().T
    change = flow.received - flow.sell_out
    marked = _mark_loaded(
        change / level.where(level > 0), change, quarter_ends, min_rate, habit, alone, paid_rate
    )
    loaded, paid, owed = _settle(change.where(marked, 0.0), change)
    expected = flow.stock.shift(1, axis=1) + flow.received - flow.sell_out
    cover = flow.stock / _recent_mean(flow.sell_out)
    parts = {
        "sell_in_qty": flow.sell_in,
        "received_qty": flow.received,
        "sell_out_qty": flow.sell_out,
        "stock_qty": flow.stock,
        "stock_gap_qty": flow.stock - expected,
        "cover_months": cover.where(np.isfinite(cover)),
        "loading_qty": loaded,
        "payback_qty": paid,
        "owed_qty": owed,
    }
    return _to_rows(parts)


def _to_flow(
    history: pd.DataFrame,
    sell_out: pd.DataFrame,
    channel_stock: pd.DataFrame,
    lines: pd.DataFrame,
) -> _Flow:
    last = history["period"].max()
    sold = to_panel(sell_out[sell_out["period"] <= last], LEAF, "sell_out_qty")
    months = pd.date_range(sold.columns[0], last, freq="MS", name="period")

    def like_sold(rows: pd.DataFrame, value: str) -> pd.DataFrame:
        if rows.empty:
            return pd.DataFrame(np.nan, index=sold.index, columns=months)
        return to_panel(rows, LEAF, value).reindex(index=sold.index, columns=months)

    own = history[history["period"] >= months[0]]
    sell_in = like_sold(own, "actual_qty").fillna(0.0)
    short = like_sold(_to_short(lines), "short_qty").fillna(0.0)
    return _Flow(
        sell_in=sell_in,
        received=(sell_in - short).clip(lower=0.0),
        sell_out=sold.reindex(columns=months),
        stock=like_sold(channel_stock, "stock_qty"),
    )


def _to_short(lines: pd.DataFrame) -> pd.DataFrame:
    """Return what was ordered and has not left, by requested month."""
    wanted = lines["requested_date"].fillna(lines["order_date"])
    short = (lines["ordered_qty"] - lines["shipped_qty"]).clip(lower=0.0)
    rows = lines.assign(period=to_period(wanted), short_qty=short)
    return rows.loc[rows["short_qty"] > 0, [*CELL, "short_qty"]]


def _mark_loaded(
    rise: pd.DataFrame,
    change: pd.DataFrame,
    quarter_ends: tuple[int, ...],
    min_rate: float,
    habit: float,
    alone: float,
    paid_rate: float,
) -> pd.DataFrame:
    """Return which months were loaded; `rise` is the change of stock in months of sell-out."""
    ends = np.isin(pd.DatetimeIndex(rise.columns).month, quarter_ends)
    spread = _to_spread(rise, ends)
    at_ends = rise.loc[:, ends]
    error = spread / np.sqrt(at_ends.notna().sum(axis=1).clip(lower=1))
    usual = at_ends.clip(-_CLIP, _CLIP).mean(axis=1) / error
    steps = rise.div(spread, axis=0)
    odd = steps.ge(1.0) & (steps.ge(alone) | usual.ge(habit).to_numpy()[:, None])
    paid = _taken(change, 1) + _taken(change, 2) >= paid_rate * change
    return odd & rise.ge(min_rate) & ends & (paid | _is_open(change))


def _taken(change: pd.DataFrame, ahead: int) -> pd.DataFrame:
    """Return by how much stock falls so many months later; 0 where it rises or is unknown."""
    return (-change.shift(-ahead, axis=1)).clip(lower=0.0).fillna(0.0)


def _is_open(change: pd.DataFrame) -> pd.DataFrame:
    """Return the months whose payback may still come: the last ones of the history."""
    last = np.arange(change.shape[1]) >= change.shape[1] - SPAN
    return pd.DataFrame(
        np.broadcast_to(last, change.shape), index=change.index, columns=change.columns
    )


def _settle(
    size: pd.DataFrame, change: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return loading, payback and what is still owed; loading = payback where any has come."""
    taken = [_taken(change, ahead) for ahead in range(1, SPAN + 1)]
    back = taken[0] + taken[1]
    settled = size.where(size < back, back)
    loaded = settled.where(settled > 0, size)
    share = (settled / back.where(back > 0)).fillna(0.0)
    paid = [
        (part * share).shift(ahead, axis=1, fill_value=0.0)
        for ahead, part in enumerate(taken, start=1)
    ]
    return loaded, paid[0] + paid[1], (size - settled).where(_is_open(size), 0.0)


def _to_spread(rise: pd.DataFrame, ends: np.ndarray) -> pd.Series:
    """Return each series' usual change of stock, months: what its place in the quarter leaves."""
    phase = (np.arange(rise.shape[1]) - int(np.flatnonzero(ends)[0] if ends.any() else 0)) % 3
    rest = [
        rise.loc[:, phase == step].sub(rise.loc[:, phase == step].median(axis=1), axis=0)
        for step in range(3)
    ]
    own = 1.4826 * pd.concat(rest, axis=1).abs().median(axis=1)
    pooled = own.groupby(level="customer").transform("median")
    return pd.Series(np.minimum(own, _POOL * pooled).clip(lower=0.03))


def _recent_mean(panel: pd.DataFrame) -> pd.DataFrame:
    mean = panel.T.rolling(3, min_periods=1).mean().T
    return mean.where(mean > 0)


def _to_rows(parts: dict[str, pd.DataFrame]) -> pd.DataFrame:
    reported = parts["sell_out_qty"].notna() | parts["stock_qty"].notna()
    rows = to_long(parts["sell_in_qty"].where(reported), LEAF, "sell_in_qty")
    for name, panel in parts.items():
        if name == "sell_in_qty":
            continue
        long = to_long(panel.where(reported), LEAF, name)
        rows = rows.merge(long, on=CELL, how="left", validate="one_to_one")
    zeros = ["loading_qty", "payback_qty", "owed_qty"]
    rows[zeros] = rows[zeros].fillna(0.0)
    mark = np.where(
        rows["loading_qty"] > 0, "loading", np.where(rows["payback_qty"] > 0, "payback", "none")
    )
    return fit_columns(rows.assign(mark=mark), TABLES["channel_month"])


def find_loading(history: pd.DataFrame, channel_month: pd.DataFrame) -> pd.DataFrame:
    """Return loading and payback as marks of history: loading down, payback up, the same volume.

    A loading that nothing has been taken back of yet is not firm: it is listed, not accepted.

    Args:
        history: contract `demand_history`.
        channel_month: contract `channel_month`.
    """
    marked = channel_month[channel_month["mark"] != "none"]
    columns = [*CELL, "sell_out_qty", "loading_qty", "payback_qty", "owed_qty", "mark"]
    rows = history.merge(marked[columns], on=CELL, validate="one_to_one")
    moved = rows["payback_qty"] - rows["loading_qty"]
    is_loading = rows["mark"] == "loading"
    sold = rows["sell_out_qty"].where(rows["sell_out_qty"] > 0)
    rows = rows.assign(
        proposed_qty=(rows["actual_qty"] + moved).clip(lower=0.0),
        why=np.where(is_loading, "quarter_loaded", "quarter_paid_back"),
        why_qty=moved.abs(),
        why_rate=moved.abs() / sold,
        firm=~(is_loading & (rows["owed_qty"] >= rows["loading_qty"])),
    )
    return stack_marks(
        [to_marks(rows[is_loading], "loading"), to_marks(rows[~is_loading], "payback")]
    )
