"""Batches of opening stock, and the month up to which each may still be sold."""

from __future__ import annotations

import numpy as np
import pandas as pd

from sopkit.periods import DAYS_PER_MONTH
from sopkit.supply.inputs.network import usable_stock
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.tables import PLACE

Array = np.ndarray
NEVER = 10_000  # a month past every plan
SMALL = 1e-9


def list_batches(
    tables: SupplyTables, places: pd.DataFrame, periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return the batches of usable opening stock, the first to expire first.

    Args:
        places: `item`, `location`.

    Returns:
        A row per batch: `place` (row of `places`), `batch`, `on_hand_qty`, `expiry_date` (last day
        it may be sold; blank: never) and `life_days` (of its item; blank: unlimited). A batch
        without date of an item with a shelf life counts as made the day before the plan starts,
        and none counts as younger than that.

    Example:
        Shelf life 90 days, plan from 1 January 2026: a batch without date expires on 31 March.
    """
    numbers = places[PLACE].assign(place=places.index)
    stock = usable_stock(tables.opening_stock)
    rows = stock.merge(numbers, on=PLACE, how="inner", validate="many_to_one")
    life = rows["item"].map(tables.item.set_index("item")["shelf_life_days"].astype(float))
    newest = pd.Timestamp(periods[0]) + pd.to_timedelta(np.ceil(life) - 1, unit="D")
    stated = rows["expiry_date"]
    expiry = stated.where(~(stated.isna() | (stated > newest)), newest)
    rows = rows.assign(expiry_date=expiry.astype("datetime64[ns]"), life_days=life.astype(float))
    rows = rows.sort_values(
        ["place", "expiry_date", "batch"], kind="stable", na_position="last", ignore_index=True
    )
    return rows[["place", "batch", "on_hand_qty", "expiry_date", "life_days"]]


def last_months(
    expiry: pd.Series, life_days: pd.Series, rate: float | Array, periods: pd.DatetimeIndex
) -> Array:
    """Return the last month in which each batch is accepted, as a column of `periods`.

    A customer that wants the share `rate` of the shelf life to be left accepts a batch until
    expiry - rate x shelf life; the month of that day still counts. Never later than what arrives
    in the first month (so that batches expire in the order in which they come). Below 0: not even
    in the first month.

    Example:
        Expiry 20 March, shelf life 100 days, rate 0.5, plan from January: accepted to 29 January,
        so 0.
    """
    life = life_days.to_numpy(float)
    with np.errstate(invalid="ignore"):
        wanted = np.nan_to_num(rate * life)
        newest = np.floor((1 - np.asarray(rate)) * life / DAYS_PER_MONTH + SMALL)
    last = expiry - pd.to_timedelta(np.ceil(wanted - SMALL), unit="D")
    months = (last.dt.year - periods[0].year) * 12 + last.dt.month - periods[0].month
    found: Array = np.fmin(months.fillna(NEVER).to_numpy(float), newest)
    return found.astype(int)
