"""Raw sales tables to one demand history: complete months, returns apart, nothing lost."""

from __future__ import annotations

import pandas as pd

from sopkit.periods import add_months, to_period
from sopkit.tables import ALL, CELL, LEAF, check_covers


def to_demand_history(
    sales_history: pd.DataFrame,
    sales_order_line: pd.DataFrame,
    return_line: pd.DataFrame,
    item: pd.DataFrame,
    cycle_period: pd.Timestamp,
    first_history: pd.Timestamp | None = None,
    *,
    price: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Bring monthly totals, order lines and returns into one history without missing months.

    Demand is what was ordered, by requested month (the order's day where no day was requested);
    cancelled quantities stay demand. A location's month comes from `sales_history` where that has
    any row for it, else from the order lines, so one sale is never counted twice. Returns only
    fill `return_value`. Revenue is `net_value`; where blank, quantity x price.

    Args:
        sales_history, sales_order_line, return_line, item, price: tables of the contracts; all
            but `item` may be empty.
        cycle_period: first planned month; later requests are open orders, no history.
        first_history: first month to keep; None keeps all.

    Returns:
        `demand_history` (cleaned_qty = actual_qty), each item-location-customer from its first
        month to the month before the cycle; months without orders hold 0.

    Raises:
        InputError: an item sold has no row in `item`.

    Example:
        Orders of 5 in 2026-01 and 7 in 2026-03, cycle 2026-05: 5, 0, 7, 0.
    """
    totals = _from_totals(sales_history)
    orders = _from_orders(sales_order_line)
    demand = _by_price(_prefer_totals(totals, orders), price, "actual_qty", "revenue_value")
    returns = _by_price(_from_returns(return_line), price, "return_qty", "return_value")
    facts = pd.concat([demand, returns], ignore_index=True)
    facts = facts[facts["period"] < cycle_period]
    if first_history is not None:
        facts = facts[facts["period"] >= first_history]
    check_covers(facts, item, on=["item"], what="row in the item master")
    columns = ["actual_qty", "revenue_value", "return_value"]
    summed = facts.groupby(CELL, as_index=False)[columns].sum()
    history = fill_missing_months(summed, add_months(cycle_period, -1))
    history["cleaned_qty"] = history["actual_qty"]
    return history[[*CELL, "actual_qty", "cleaned_qty", "revenue_value", "return_value"]]


def fill_missing_months(facts: pd.DataFrame, last: pd.Timestamp) -> pd.DataFrame:
    """Give each series every month from its first to `last`; new rows hold zeros.

    Args:
        facts: one row per (item, location, customer, period) with number columns.
        last: last month of the frame.

    Example:
        Months 1 and 3 with `last` = month 4 become months 1, 2, 3 and 4.
    """
    if facts.empty:
        return facts.copy()
    months = pd.DataFrame({"period": pd.date_range(facts["period"].min(), last, freq="MS")})
    first = facts.groupby(LEAF, as_index=False).agg(first=("period", "min"))
    grid = first.merge(months, how="cross")
    grid = grid[grid["period"] >= grid["first"]].drop(columns="first")
    filled = grid.merge(facts, on=CELL, how="left", validate="one_to_one")
    numbers = [name for name in facts.columns if name not in CELL]
    filled[numbers] = filled[numbers].astype(float).fillna(0.0)
    return filled.sort_values(CELL, kind="stable", ignore_index=True)


def _from_totals(sales_history: pd.DataFrame) -> pd.DataFrame:
    renamed = sales_history.rename(columns={"net_value": "revenue_value"})
    return renamed[[*CELL, "actual_qty", "revenue_value"]]


def _from_orders(lines: pd.DataFrame) -> pd.DataFrame:
    wanted = lines["requested_date"].fillna(lines["order_date"])
    renamed = lines.rename(columns={"ordered_qty": "actual_qty", "net_value": "revenue_value"})
    return renamed.assign(period=to_period(wanted))[[*CELL, "actual_qty", "revenue_value"]]


def _from_returns(lines: pd.DataFrame) -> pd.DataFrame:
    dated = lines.assign(period=to_period(lines["return_date"]))
    return dated[[*CELL, "return_qty", "return_value"]]


def _prefer_totals(totals: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    key = ["location", "period"]
    covered = pd.MultiIndex.from_frame(totals[key].drop_duplicates())
    rest = orders[~pd.MultiIndex.from_frame(orders[key]).isin(covered)]
    return pd.concat([frame for frame in (totals, rest) if len(frame)] or [totals])


def _by_price(
    facts: pd.DataFrame, price: pd.DataFrame | None, quantity: str, money: str
) -> pd.DataFrame:
    """Fill blank money with quantity x the price that held in the month; 0 where there is none."""
    facts = facts.reset_index(drop=True)
    facts[money] = facts[money].astype(float)
    if price is not None and len(price) and facts[money].isna().any():
        facts[money] = facts[money].fillna(facts[quantity] * find_price(facts, price))
    return facts.fillna({money: 0.0})


def find_price(rows: pd.DataFrame, price: pd.DataFrame) -> pd.Series:
    """Return the net price of each row's month: the customer's own, else that for all.

    Args:
        rows: `item`, `customer`, `period`, with a running index.
        price: contract `price`; the latest `start_date` up to the month's last day holds.
    """
    return _price_of(rows, price[price["customer"] != ALL], ["item", "customer"]).fillna(
        _price_of(rows, price[price["customer"] == ALL], ["item"])
    )


def _price_of(rows: pd.DataFrame, price: pd.DataFrame, by: list[str]) -> pd.Series:
    asked = rows[[*by, "period"]].reset_index()
    asked["day"] = asked["period"] + pd.offsets.MonthEnd(0)
    dated = price[[*by, "start_date", "price_value"]].sort_values("start_date", kind="stable")
    found = pd.merge_asof(
        asked.sort_values("day", kind="stable"),
        dated.assign(start_date=dated["start_date"].astype(asked["day"].dtype)),
        left_on="day",
        right_on="start_date",
        by=by,
    )
    return found.set_index("index")["price_value"].reindex(rows.index)
