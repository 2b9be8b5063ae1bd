"""What of today's stock will pass its date unsold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import to_period
from sopkit.tables import PLACE

Array = np.ndarray
YEAR = 12


def expiring_stock(
    stock: pd.DataFrame,
    plan: pd.DataFrame,
    unit_cost: pd.DataFrame,
    *,
    item: pd.DataFrame | None = None,
    remaining_life_rate: float = 0.0,
    use: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Return what of each batch will expire unsold, first expiry first, in units and money.

    Batches are used in the order of their last day; a month's use is spread evenly over its days.
    Of the first k batches at most what is used until the k-th one's last sale day can be sold:
    sold(k) = min(sold(k - 1) + stock of k, use until then). A customer who wants a share of the
    shelf life left takes a batch only until its last day less that share. Past the plan's last
    month the mean use of its last 12 months goes on.

    Args:
        stock: contract `opening_stock`, the part that may be sold; rows without `expiry_date` do
            not expire and are used last.
        plan: contract `constrained_plan`: served, used as a part, or moved out.
        unit_cost: `item`, `location`, `unit_cost_value`; a place without cost counts with 0.
        item: contract `item`, for `shelf_life_days`; needed where a share of life is wanted.
        remaining_life_rate: share of the shelf life that customers want left, 0..1.
        use: instead of the plan's use and the one share: `item`, `location`, `period`, `use_qty`,
            `remaining_life_rate`, a row for each group of customers that wants another share.

    Returns:
        `item`, `location`, `batch`, `expiry_date`, `period` (month in which it expires; the
        plan's first month where it has expired before), `on_hand_qty`, `used_qty`,
        `expired_qty`, `expired_value`; batches with a date only, sorted by key and date. What
        is moved out counts as used here. No rows without a plan.

    Example:
        Use 30 in January (31 days); 20 expire on the 10th, 40 on the 31st: 10 days use 9.68, so
        10.32 of the first expire, and 40 - (30 - 9.68) = 19.68 of the second.
    """
    asked = _to_use(plan, remaining_life_rate) if use is None else use
    months = pd.DatetimeIndex(sorted(plan["period"].unique()), name="period")
    dated = stock.assign(expiry_date=pd.to_datetime(stock["expiry_date"]))
    batches = dated[dated["expiry_date"].notna() & (len(months) > 0)].sort_values(
        [*PLACE, "expiry_date", "batch"], kind="stable", ignore_index=True
    )
    used = np.zeros(0)
    if len(batches):
        room = _find_room(batches, asked, months, _life_days(batches, item))
        used = _use_in_order(batches, room)
    rows = batches[[*PLACE, "batch", "expiry_date", "on_hand_qty"]].merge(
        unit_cost, on=PLACE, how="left", validate="many_to_one"
    )
    period = to_period(rows["expiry_date"])
    left = (rows["on_hand_qty"] - used).clip(lower=0.0)
    rows = rows.assign(
        period=period.where(period >= months.min(), months.min()),
        used_qty=used,
        expired_qty=left,
        expired_value=left * rows["unit_cost_value"].fillna(0.0),
    )
    columns = ["batch", "expiry_date", "period", "on_hand_qty", "used_qty"]
    return rows[[*PLACE, *columns, "expired_qty", "expired_value"]]


def _to_use(plan: pd.DataFrame, remaining_life_rate: float) -> pd.DataFrame:
    """Return what a plan takes from each place; parts and moves want no share of life."""
    inside = plan.assign(use_qty=plan["used_qty"] + plan["move_out_qty"], remaining_life_rate=0.0)
    sold = plan.assign(use_qty=plan["served_qty"], remaining_life_rate=remaining_life_rate)
    columns = [*PLACE, "period", "use_qty", "remaining_life_rate"]
    return pd.concat([inside[columns], sold[columns]], ignore_index=True)


def _life_days(batches: pd.DataFrame, item: pd.DataFrame | None) -> Array:
    """Return each batch's whole shelf life in days; 0 where it is not known."""
    if item is None:
        return np.zeros(len(batches))
    days = dict(zip(item["item"], item["shelf_life_days"], strict=True))
    return np.asarray(batches["item"].map(days).fillna(0.0), dtype=float)


def _find_room(
    batches: pd.DataFrame, use: pd.DataFrame, months: pd.DatetimeIndex, life_days: Array
) -> Array:
    """Return what each batch's place uses until the last day on which the batch may be sold."""
    last_day = (batches["expiry_date"] - months[0]).dt.days.to_numpy(float) + 1.0
    keys = pd.MultiIndex.from_frame(batches[PLACE])
    room = np.zeros(len(batches))
    for share, rows in use.groupby("remaining_life_rate", sort=True):
        wide = rows.pivot_table(index=PLACE, columns="period", values="use_qty", aggfunc="sum")
        qty = wide.reindex(index=keys, columns=months).fillna(0.0).to_numpy(float)
        room += _use_until(qty, months, last_day - life_days * float(str(share)))
    return room


def _use_until(qty: Array, months: pd.DatetimeIndex, days: Array) -> Array:
    """Return each row's use of its first so many days; past the last month its mean goes on."""
    lengths = months.days_in_month.to_numpy(float)
    starts = np.concatenate([[0.0], lengths.cumsum()[:-1]])
    share = np.clip((days[:, None] - starts) / lengths, 0.0, 1.0)
    beyond = np.clip(days - lengths.sum(), 0.0, None)
    a_day = qty[:, -YEAR:].sum(axis=1) / lengths[-YEAR:].sum()
    return np.asarray((qty * share).sum(axis=1) + beyond * a_day)


def _use_in_order(batches: pd.DataFrame, room: Array) -> Array:
    """Return what is used of each batch, batches of a place in the order of their rows."""
    place = batches.groupby(PLACE, sort=False).ngroup().to_numpy()
    stock = batches["on_hand_qty"].to_numpy(float)
    used = np.zeros(len(batches))
    before, at = 0.0, -1
    for row in range(len(batches)):
        before = before if place[row] == at else 0.0
        at = place[row]
        used[row] = min(stock[row], max(room[row] - before, 0.0))
        before += used[row]
    return used
