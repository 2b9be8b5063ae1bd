"""Open orders that may be hurried or cancelled at a price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.periods import months_between, to_period
from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Block, Model, Rows, Term
from sopkit.tables import PLACE, TABLES, fit_columns

Array = np.ndarray
ACTIONS = {"hurried": "hurry", "cancelled": "cancel"}
PRICES = {"hurried": "expedite_value", "cancelled": "cancel_value"}


@dataclass(frozen=True)
class Orders:
    """Open orders with a price for hurrying or cancelling.

    Args:
        orders: `supply_order`, `item`, `location`, `open_qty`, `expedite_value`, `cancel_value`
            [money a unit; blank: not possible], `place` (row of the places), `month` (column in
            which it is due; past the last where it is due after the plan).
    """

    orders: pd.DataFrame

    def may(self, name: str) -> Array:
        """Return which orders may be `hurried` (due after the first month) or `cancelled`."""
        return self.orders[PRICES[name]].notna().to_numpy() & self._matters(name)

    def _matters(self, name: str) -> Array:
        month = self.orders["month"].to_numpy(int)
        return month > 0 if name == "hurried" else self.orders["is_planned"].to_numpy(bool)


def prepare_orders(tables: SupplyTables, places: pd.DataFrame, periods: pd.DatetimeIndex) -> Orders:
    """Return what the rule needs: the open orders that have a price and a place in the plan."""
    given = tables.open_supply
    priced = given["expedite_value"].notna() | given["cancel_value"].notna()
    numbers = places[PLACE].assign(place=places.index)
    rows = given[priced & (given["open_qty"] > 0)]
    rows = rows.merge(numbers, on=PLACE, how="inner", validate="many_to_one")
    rows = rows.sort_values("supply_order", kind="stable", ignore_index=True)
    first = pd.Series(periods[0], index=rows.index)
    month = months_between(first, to_period(rows["due_date"])).clip(0, len(periods))
    columns = ["supply_order", *PLACE, "open_qty", "expedite_value", "cancel_value", "place"]
    return Orders(
        rows[columns].assign(month=month.astype("int64"), is_planned=month < len(periods))
    )


def add_orders(model: Model, orders: Orders) -> None:
    """Add the rule to the model.

    Variables `hurried` (arrives in the first month instead of the month it is due) and `cancelled`
    (does not arrive), decided in the first month; rows `order_limit`: both together at most what
    is open.
    """
    possible = [name for name in ACTIONS if orders.may(name).any()]
    if not possible:
        return
    rows = orders.orders
    place = rows["place"].to_numpy(int)
    keys = pd.Index(rows["supply_order"], dtype=object)
    model.add_dim("order", keys, model.dims["place"].unit[place])
    open_qty = np.repeat(rows["open_qty"].to_numpy(float)[:, None], len(model.periods), axis=1)
    now = np.zeros(open_qty.shape, dtype=bool)
    now[:, 0] = True
    for name in possible:
        price = np.nan_to_num(rows[PRICES[name]].to_numpy(float))[:, None]
        prices = {"open_orders": np.broadcast_to(price, open_qty.shape)}
        keep = now & orders.may(name)[:, None]
        model.blocks[name] = Block("order", open_qty, prices, keep=keep)
        _move_arrivals(model, orders, name)
    both = np.logical_and.reduce([orders.may(name) for name in ACTIONS])
    if both.any():
        terms = [Term(name) for name in possible]
        least = np.full_like(open_qty, -np.inf)
        model.rows["order_limit"] = Rows("order", least, open_qty, terms, now & both[:, None])


def _move_arrivals(model: Model, orders: Orders, name: str) -> None:
    """Take what is hurried or cancelled out of the month it is due; add what is hurried at once."""
    terms = model.rows["stock_balance"].terms
    place, due = (orders.orders[column].to_numpy(int) for column in ("place", "month"))
    if name == "hurried":
        terms.append(Term(name, -1.0, to=place))
    for month in np.unique(due[due < len(model.periods)]):
        rows = np.flatnonzero(due == month)
        terms.append(Term(name, 1.0, pick=rows, to=place[rows], delay=int(month)))


def shift_arrivals(orders: Orders, values: dict[str, Array], shape: tuple[int, int]) -> Array:
    """Return what hurrying and cancelling change of the arrivals (places x periods).

    Example:
        10 due in month 2 are hurried: +10 in the first month, -10 in month 2.
    """
    change = np.zeros(shape)
    place, due = (orders.orders[column].to_numpy(int) for column in ("place", "month"))
    within = due < shape[1]
    for name in ACTIONS:
        if name in values:
            qty = values[name][:, 0]
            np.add.at(change, (place[within], due[within]), -qty[within])
            if name == "hurried":
                np.add.at(change[:, 0], place, qty)
    return change


def read_orders(orders: Orders, values: dict[str, Array]) -> pd.DataFrame:
    """Return what to hurry and to cancel: contract `order_change`."""
    parts = []
    for name, action in ACTIONS.items():
        if name in values:
            qty = values[name][:, 0]
            rows = orders.orders.assign(action=action, change_qty=qty)
            parts.append(rows.assign(cost_value=(qty * rows[PRICES[name]]).round(6))[qty > 0])
    table = TABLES["order_change"]
    if not parts:
        return table.empty()
    rows = pd.concat(parts, ignore_index=True)
    return fit_columns(rows, table).sort_values(list(table.key), ignore_index=True)
