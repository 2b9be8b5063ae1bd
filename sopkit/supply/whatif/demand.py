"""Changes of demand put into effect: shares, units, ends of its range, and what prices do to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd

from sopkit.errors import InputError
from sopkit.supply.whatif.changes import END, OF_DEMAND, Change
from sopkit.tables import ALL, PLACE, TABLES

# Gives `net_demand` with what some changes name at an end of its range: the range is known to
# whoever agreed the demand, not to the supply plan.
Shift = Callable[[Sequence[Change]], pd.DataFrame]


def edit_demand(
    demand: pd.DataFrame,
    changes: Sequence[Change],
    item: pd.DataFrame,
    shift: Shift | None = None,
) -> pd.DataFrame:
    """Return demand with its changes in effect; orders in hand stay as they are.

    A share is one of all that is wanted in a month, put on the forecast, which never falls below
    0. Units are those a month over all that the change names, shared out as demand is. A price
    moves demand by its elasticity x its own change. Ends of the range come first, the rest in the
    order of the changes.

    Args:
        demand: contract `net_demand`.
        item: contract `item`; says which items a family has.
        shift: gives demand at an end of its range.

    Raises:
        InputError: nothing is wanted of what a change names, or the range is not known.

    Example:
        Forecast 80 and an open order of 20: + 10 % makes 90 and 20; 150 units make 130 and 20; a
        price of + 5 % with elasticity -2 makes 70 and 20.
    """
    asked = [change for change in changes if change.kind in OF_DEMAND]
    for change in asked:
        if not find_rows(demand, change, item).any():
            raise InputError(f"{change.describe()}: no demand under it in these months.")
    ends = [change for change in asked if change.unit == END]
    if ends:
        demand = _move_to_end(demand, ends, item, shift)
    for change in asked:
        if change.unit != END and (change.kind == "demand" or change.elasticity):
            demand = _edit_one(demand, change, item)
    return demand


def find_rows(demand: pd.DataFrame, change: Change, item: pd.DataFrame) -> pd.Series:
    """Return which rows of demand a change of demand names; overdue orders are never among them."""
    chosen = demand["period"].between(change.first, change.last)
    return chosen & (demand["demand_class"] != "overdue") & name_rows(demand, change, item)


def name_rows(rows: pd.DataFrame, change: Change, item: pd.DataFrame) -> pd.Series:
    """Return which rows a change names by item, location and customer, whatever their month.

    Args:
        rows: `item`, and those of `location` and `customer` that the change names.
        item: contract `item`.
    """
    if change.level == "family":
        chosen = rows["item"].isin(item.loc[item["family"] == change.code, "item"])
    elif change.level != ALL:
        chosen = rows[change.level] == change.code
    else:
        chosen = pd.Series(True, index=rows.index)
    for name in ("item", "location", "customer"):
        if getattr(change, name) != ALL:
            chosen &= rows[name] == getattr(change, name)
    return chosen


def _move_to_end(
    demand: pd.DataFrame, ends: Sequence[Change], item: pd.DataFrame, shift: Shift | None
) -> pd.DataFrame:
    """Return demand whose named places and customers are those of the shifted demand."""
    if shift is None:
        raise InputError(f"{ends[0].describe()}: the range of demand is not known here.")
    moved = shift(ends)
    kept, taken = pd.Series(True, index=demand.index), pd.Series(False, index=moved.index)
    for change in ends:
        kept &= ~name_rows(demand, change, item)
        taken |= name_rows(moved, change, item)
    both = pd.concat([part for part in (demand[kept], moved[taken]) if len(part)])
    return both.sort_values(list(TABLES["net_demand"].key), ignore_index=True)


def _edit_one(demand: pd.DataFrame, change: Change, item: pd.DataFrame) -> pd.DataFrame:
    demand = demand.reset_index(drop=True)
    chosen = find_rows(demand, change, item)
    wanted = demand["demand_qty"].where(chosen, 0.0)
    whole = wanted.groupby(demand["period"]).transform("sum")
    months = pd.date_range(change.first, change.last, freq="MS")
    if change.unit != "rate" and not set(months) <= set(demand.loc[wanted > 0, "period"]):
        raise InputError(f"{change.describe()}: a month without any demand cannot be shared out.")
    if change.unit == "rate":
        rate = change.amount * (change.elasticity if change.kind == "price" else 1.0)
        extra = max(rate, -1.0) * wanted
    else:
        extra = (wanted / whole.where(whole > 0, 1.0)) * (
            change.amount - whole if change.sets else change.amount
        )
    return _add_forecast(demand, extra.where(chosen, 0.0))


def _add_forecast(demand: pd.DataFrame, extra: pd.Series) -> pd.DataFrame:
    """Return demand with extra units put on the forecast of the same place, customer and month."""
    keys = [*PLACE, "customer", "period"]
    is_forecast = demand["demand_class"] == "forecast"
    cell = [demand[key] for key in keys]
    total = extra.groupby(cell).transform("sum")
    raised = (demand["demand_qty"] + total).clip(lower=0.0)
    changed = demand.assign(demand_qty=demand["demand_qty"].where(~is_forecast, raised))
    has_forecast = is_forecast.groupby(cell).transform("any")
    bare = demand.assign(demand_qty=extra)[~has_forecast & (extra > 0)]
    if bare.empty:
        return changed
    fresh = bare.groupby([*keys, "priority"], as_index=False, sort=False)["demand_qty"].sum()
    fresh = fresh.assign(demand_class="forecast")
    return pd.concat([changed, fresh.reindex(columns=demand.columns)], ignore_index=True)
