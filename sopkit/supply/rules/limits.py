"""Most stock of an item at a place, and room for stock at a location.

Both are kept at the end of each month, and both may be broken at a price, so that opening stock,
orders under way or a frozen plan never leave the plan without an answer. Stock that lies above its
maximum at the start may stay until its own demand has drawn it down; it may not be added to.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from sopkit.supply.inputs.tables import SupplyTables
from sopkit.supply.model.lp import Block, Model, Rows, Term, power_of_two
from sopkit.tables import ALL, PLACE

Array = np.ndarray
PARTS = ("stock", "guarded", "protected")
ABOVE_SALES = 2.0
USUAL_PLACES = 1000.0
OVERFLOW = ["limit_kind", "item", "location", "period", "limit", "over", "opening_over"]
DECIMALS = 6


@dataclass(frozen=True)
class Limits:
    """Limits of stock.

    Args:
        max_qty: most stock of each place; infinite without limit.
        stores: `location`, `max_places`, `overflow_value` [money a place and month; blank: dearer
            than any sale].
        store: row of `stores` of each place; -1: no limit.
        room: storage places that a base unit takes, of each place.
    """

    max_qty: Array
    stores: pd.DataFrame
    store: Array
    room: Array

    def any(self) -> bool:
        """Return whether there is any limit at all."""
        return bool(np.isfinite(self.max_qty).any() or len(self.stores))


def prepare_limits(tables: SupplyTables, places: pd.DataFrame, periods: pd.DatetimeIndex) -> Limits:
    """Return what the rule needs.

    A maximum comes from the most specific row of `stock_policy` that states one: item and
    location, item, location, all. Rows of one segment (`abc`) only count for stock targets.
    """
    stores = tables.storage[["location", "max_places", "overflow_value"]]
    stores = stores[stores["location"].isin(places["location"])]
    stores = stores.sort_values("location", ignore_index=True)
    rooms = tables.item.set_index("item")["storage_places"].astype(float)
    room = places["item"].map(rooms).astype(float).fillna(1.0)
    return Limits(
        max_qty=find_maxima(tables.stock_policy, places),
        stores=stores.astype({"max_places": float, "overflow_value": float}),
        store=_index_of(stores["location"], places["location"]),
        room=room.to_numpy(float),
    )


def _index_of(stores: pd.Series, location: pd.Series) -> Array:
    """Return the row of `stores` of each location, -1 where it has none."""
    return pd.Index(stores, dtype=object).get_indexer(pd.Index(location, dtype=object))


def find_maxima(stock_policy: pd.DataFrame, places: pd.DataFrame) -> Array:
    """Return the most stock of each place; infinite where no row of the policy says.

    Example:
        Rows `A, all: 50` and `all, P: 80`: A at P may hold 50, B at P 80, B at Q any quantity.
    """
    stated = stock_policy[stock_policy["max_qty"].notna() & (stock_policy["abc"] == ALL)]
    most = pd.Series(np.nan, index=places.index)
    for item in (places["item"], ALL):
        for location in (places["location"], ALL):
            keys = places[PLACE].assign(item=item, location=location)
            found = keys.merge(
                stated[[*PLACE, "max_qty"]], on=PLACE, how="left", validate="many_to_one"
            )
            most = most.fillna(pd.Series(found["max_qty"].to_numpy(float), index=places.index))
    return most.fillna(np.inf).to_numpy(float)


def add_limits(model: Model, limits: Limits, *, worth: Array, unit_value: Array) -> None:
    """Add the rule to the model.

    Rows `stock_limit` (places): closing stock - `over_stock` <= maximum; rows `storage_limit`
    (locations): closing stock of all items in storage places - `over_storage` <= places. The cost
    term of both variables is `over_limit`: a storage place over costs its `overflow_value`, where
    none is stated more than any sale.

    The dual of a row, with its sign turned, is what one more unit (or storage place) of room at
    that month's end would save: above 0, the limit stops stock that the plan would hold.

    Args:
        worth: dearest sale that a unit of each place could serve [money a unit].
        unit_value: standard cost of a unit of each place.
    """
    price = ABOVE_SALES * np.maximum(worth, unit_value)
    left = project_opening(model)
    if np.isfinite(limits.max_qty).any():
        _add_stock_limit(model, limits, price, left)
    if len(limits.stores) and (limits.room[limits.store >= 0] > 0).any():
        _add_storage_limit(model, limits, price, left)


def project_opening(model: Model) -> Array:
    """Return what opening stock and orders under way leave at each month's end (places x periods).

    Nothing is started, and each place's own demand is served as far as stock goes.

    Example:
        Opening 100, an order of 20 due in the second month, demand 70 a month: 30, 0, 0.
    """
    given = model.rows["stock_balance"].lower
    left = np.zeros_like(given)
    before = np.zeros(len(given))
    for month in range(given.shape[1]):
        before = np.maximum(before + given[:, month], 0.0)
        left[:, month] = before
    return left


def _add_stock_limit(model: Model, limits: Limits, price: Array, left: Array) -> None:
    most = np.maximum(limits.max_qty[:, None], left)
    keep = np.isfinite(most)
    free = np.full_like(most, np.inf)
    prices = {"over_limit": np.repeat(price[:, None], most.shape[1], axis=1)}
    model.blocks["over_stock"] = Block("place", free, prices, keep=keep)
    terms = [*(Term(name) for name in PARTS), Term("over_stock", -1.0)]
    model.rows["stock_limit"] = Rows("place", -free, most, terms, keep)


def _add_storage_limit(model: Model, limits: Limits, price: Array, left: Array) -> None:
    stores = limits.stores
    inside = np.flatnonzero((limits.store >= 0) & (limits.room > 0))
    store, room = limits.store[inside], limits.room[inside]
    unit = [power_of_two(places / USUAL_PLACES) for places in stores["max_places"]]
    model.add_dim("store", pd.Index(stores["location"], dtype=object), np.array(unit))
    above = np.zeros(len(stores))
    np.maximum.at(above, store, price[inside] / room)
    stated = stores["overflow_value"].to_numpy(float)
    taken = np.zeros(model.shape("store"))
    np.add.at(taken, store, left[inside] * room[:, None])
    most = stores["max_places"].to_numpy(float)[:, None]
    most = np.where(np.isnan(stated)[:, None], np.maximum(most, taken), most)
    paid = np.where(np.isnan(stated), above, stated)
    free = np.full_like(taken, np.inf)
    prices = {"over_limit": np.repeat(paid[:, None], taken.shape[1], axis=1)}
    model.blocks["over_storage"] = Block("store", free, prices)
    terms = [Term(name, room[:, None], pick=inside, to=store) for name in PARTS]
    terms.append(Term("over_storage", -1.0))
    model.rows["storage_limit"] = Rows("store", -free, np.broadcast_to(most, free.shape), terms)


def read_overflow(
    limits: Limits, places: pd.DataFrame, values: dict[str, Array], periods: pd.DatetimeIndex
) -> pd.DataFrame:
    """Return where a plan's stock lies above a maximum or above the room there is.

    Args:
        values: variables of the plan in base units, by block.

    Returns:
        A row per limit and month that is broken: `limit_kind` (stock or storage), `item` (`all`
        for storage), `location`, `period`, `limit`, `over` [units; storage places] and
        `opening_over`, the part of it that opening stock and orders under way bring, which
        costs nothing where the price of room is not stated.
    """
    stock = sum((values[name] for name in PARTS), start=np.zeros_like(values["stock"]))
    tables = [_list_over("stock", places, limits.max_qty, stock, values.get("over_stock"))]
    if len(limits.stores):
        inside = np.flatnonzero(limits.store >= 0)
        taken = np.zeros((len(limits.stores), len(periods)))
        np.add.at(taken, limits.store[inside], stock[inside] * limits.room[inside, None])
        named = limits.stores[["location"]].assign(item=ALL)
        most = limits.stores["max_places"].to_numpy(float)
        tables.append(_list_over("storage", named, most, taken, values.get("over_storage")))
    rows = pd.concat(tables, ignore_index=True)
    rows["period"] = periods[rows["period"].to_numpy(int)]
    return rows[OVERFLOW]


def _list_over(
    kind: str, keys: pd.DataFrame, most: Array, held: Array, paid: Array | None
) -> pd.DataFrame:
    """Return the cells in which more is held than the limit; `period` is a column number."""
    over = np.maximum(np.round(held - most[:, None], DECIMALS), 0.0)
    row, month = np.nonzero(over)
    new = np.zeros_like(over) if paid is None else paid
    return pd.DataFrame(
        {
            "limit_kind": kind,
            "item": keys["item"].to_numpy()[row],
            "location": keys["location"].to_numpy()[row],
            "period": month,
            "limit": most[row],
            "over": over[row, month],
            "opening_over": np.maximum(np.round(over - new, DECIMALS), 0.0)[row, month],
        }
    )
