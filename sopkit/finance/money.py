"""Dated prices and costs; revenue, standard cost and margin of a quantity.

Money is net of tax and in the company's currency. A price or cost is the one in force on the 15th
of the month; before its first row the first row holds.
"""

from __future__ import annotations

import pandas as pd

from sopkit.errors import InputError
from sopkit.tables import ALL, PLACE

MID_MONTH = pd.Timedelta(days=14)
LEAST_MARGIN_RATE = 0.1


def look_up_price(cells: pd.DataFrame, price: pd.DataFrame) -> pd.Series:
    """Return each cell's net price: its customer's price first, else the price for all.

    Args:
        cells: `item`, `customer`, `period`.
        price: contract `price`.

    Returns:
        Price a base unit, in the order of `cells`. An item whose price is given for other customers
        only takes their mean; an item without any price is blank.

    Example:
        Prices 10 for all and 9 for key account K: a cell of K gets 9, a cell of any other 10.
    """
    return _look_up(cells, price, "customer", "price_value")


def look_up_cost(cells: pd.DataFrame, cost: pd.DataFrame) -> pd.Series:
    """Return each cell's standard cost: its location's cost first, else the cost for all.

    Args:
        cells: `item`, `location`, `period`.
        cost: contract `cost`.

    Returns:
        Cost a base unit, in the order of `cells`. An item whose cost is given for other locations
        only takes their mean; an item without any cost is blank.

    Example:
        Cost 6 from 2026-01-01 and 7 from 2026-03-10: February costs 6, March 7.
    """
    return look_up_dated(cells, cost, "unit_cost_value")


def look_up_dated(cells: pd.DataFrame, cost: pd.DataFrame, value: str) -> pd.Series:
    """Return a column of the cost table as `look_up_cost` returns the cost: a part of it, say."""
    return _look_up(cells, cost, "location", value)


def _look_up(cells: pd.DataFrame, dated: pd.DataFrame, place: str, value: str) -> pd.Series:
    asked = cells[["item", place, "period"]].reset_index(drop=True)
    keys = asked.drop_duplicates(ignore_index=True)
    keys = keys.assign(day=keys["period"] + MID_MONTH)
    dated = dated[["item", place, "start_date", value]].sort_values("start_date", kind="stable")
    common = dated[dated[place] == ALL].drop(columns=place)
    mean = dated.groupby(["item", "start_date"])[value].mean().reset_index()
    ladder: list[tuple[pd.DataFrame, list[str]]] = [
        (dated, ["item", place]),
        (common, ["item"]),
        (mean, ["item"]),
    ]
    found = pd.Series(float("nan"), index=keys.index)
    for direction in ("backward", "forward"):
        for rows, by in ladder:
            lacking = keys.loc[found.isna()]
            found = found.fillna(_find_nearest(lacking, rows, by, value, direction))
    answer = asked.merge(
        keys.assign(found=found), on=["item", place, "period"], how="left", validate="many_to_one"
    )
    return pd.Series(answer["found"].to_numpy(dtype=float), index=cells.index, name=value)


def _find_nearest(
    keys: pd.DataFrame, dated: pd.DataFrame, by: list[str], value: str, direction: str
) -> pd.Series:
    if keys.empty or dated.empty:
        return pd.Series(float("nan"), index=keys.index)
    ordered = keys.sort_values("day", kind="stable").reset_index(names="place_in_keys")
    rows = dated.sort_values("start_date", kind="stable")
    alike = dict.fromkeys(by, "object")
    found = pd.merge_asof(
        ordered[["place_in_keys", "day", *by]].astype({**alike, "day": "datetime64[ns]"}),
        rows[["start_date", *by, value]].astype({**alike, "start_date": "datetime64[ns]"}),
        left_on="day",
        right_on="start_date",
        by=by,
        direction=direction,  # type: ignore[arg-type]
    )
    return found.set_index("place_in_keys")[value]


def complete_prices(price: pd.DataFrame, history: pd.DataFrame, months: int = 12) -> pd.DataFrame:
    """Add the realised net price of items that the price table lacks.

    Args:
        price: contract `price`; may be empty.
        history: contract `demand_history`.
        months: how many of the last months of an item's sales give its realised price.

    Returns:
        `price` with one row more for each such item: revenue / quantity of its last months, for
        all customers. An item that neither was sold nor has a price stays without.

    Example:
        90 of revenue on 10 units: price 9.
    """
    sold = history[(history["actual_qty"] > 0) & ~history["item"].isin(price["item"])]
    last = sold.groupby("item")["period"].transform("max")
    recent = sold[sold["period"] > last - pd.DateOffset(months=months)]
    sums = recent.groupby("item", as_index=False)[["revenue_value", "actual_qty"]].sum()
    added = pd.DataFrame(
        {
            "item": sums["item"],
            "customer": ALL,
            "start_date": pd.Timestamp("1900-01-01"),
            "price_value": sums["revenue_value"] / sums["actual_qty"],
        }
    )
    return added if price.empty else pd.concat([price, added], ignore_index=True)


def price_demand(
    demand: pd.DataFrame, price: pd.DataFrame, quantity: str = "demand_qty"
) -> pd.Series:
    """Return quantity x net price of each row, in the order of `demand`.

    Raises:
        InputError: items with quantity have no price; says how many and which is first.
    """
    found = look_up_price(demand, price)
    _check_found(demand, found, quantity, "price")
    return (demand[quantity] * found.fillna(0.0)).rename("revenue_value")


def cost_demand(
    demand: pd.DataFrame, cost: pd.DataFrame, quantity: str = "demand_qty"
) -> pd.Series:
    """Return quantity x standard cost of each row; all 0 where there is no cost table at all.

    Raises:
        InputError: items with quantity have no cost; says how many and which is first.
    """
    if cost.empty:
        return pd.Series(0.0, index=demand.index, name="cost_value")
    found = look_up_cost(demand, cost)
    _check_found(demand, found, quantity, "cost")
    return (demand[quantity] * found.fillna(0.0)).rename("cost_value")


def _check_found(demand: pd.DataFrame, found: pd.Series, quantity: str, what: str) -> None:
    lacking = demand.loc[found.isna() & (demand[quantity] != 0), "item"].drop_duplicates()
    if len(lacking):
        raise InputError(
            f"{len(lacking)} item(s) have quantity but no {what}; first: {lacking.iloc[0]}. "
            f"Add rows to the {what} table, or name a like-item, and run 01_data_review again."
        )


def to_money(
    cells: pd.DataFrame, price: pd.DataFrame, cost: pd.DataFrame, quantity: str = "plan_qty"
) -> pd.DataFrame:
    """Add revenue, standard cost and margin of a quantity.

    Args:
        cells: `item`, `location`, `customer`, `period` and the quantity.
        price: contract `price`, complete for what is sold.
        cost: contract `cost`; where it is empty, cost is 0 and margin equals revenue.
        quantity: the column that is turned into money.

    Returns:
        `cells` with `revenue_value`, `cost_value`, `margin_value` = revenue - cost.

    Raises:
        InputError: items with quantity have no price, or no cost.

    Example:
        5 units at price 10 and cost 6: revenue 50, cost 30, margin 20.
    """
    revenue = price_demand(cells, price, quantity)
    spent = cost_demand(cells, cost, quantity)
    return cells.assign(revenue_value=revenue, cost_value=spent, margin_value=revenue - spent)


def value_stock(
    stock: pd.DataFrame, cost: pd.DataFrame, quantity: str = "closing_qty"
) -> pd.Series:
    """Return quantity x standard cost of each row of stock; items without any cost count 0.

    Args:
        stock: `item`, `location`, `period` and the quantity.
        cost: contract `cost`.
        quantity: the column that is valued.
    """
    return (stock[quantity] * look_up_cost(stock, cost).fillna(0.0)).rename("stock_value")


def cost_places(places: pd.DataFrame, cost: pd.DataFrame, period: pd.Timestamp) -> pd.DataFrame:
    """Return the standard cost of a unit at each place in a month; 0 where no cost is known.

    Args:
        places: `item`, `location`; repeated places count once.
        cost: contract `cost`.
        period: the month.

    Returns:
        `item`, `location`, `unit_cost_value`, sorted.
    """
    keys = places[PLACE].drop_duplicates().sort_values(PLACE, ignore_index=True)
    unit = look_up_cost(keys.assign(period=period), cost).fillna(0.0)
    return keys.assign(unit_cost_value=unit)


def unit_worth(
    unit_revenue: pd.DataFrame, cost: pd.DataFrame, period: pd.Timestamp
) -> pd.DataFrame:
    """Return what one unit more or less is worth: its margin, at least a tenth of its revenue.

    Args:
        unit_revenue: `item`, `unit_value`: net revenue of a unit.
        cost: contract `cost`; an item without any counts its revenue.
        period: month whose cost counts.

    Returns:
        `item`, `unit_value`.

    Example:
        Revenue 10, cost 6: worth 4. Revenue 10, cost 9.5: worth 1.
    """
    cells = unit_revenue[["item"]].assign(location=ALL, period=period)
    margin = unit_revenue["unit_value"] - look_up_cost(cells, cost).fillna(0.0)
    worth = margin.clip(lower=LEAST_MARGIN_RATE * unit_revenue["unit_value"])
    return unit_revenue[["item"]].assign(unit_value=worth)
