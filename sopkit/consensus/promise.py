"""Available to promise: what is still free of stock and planned receipts after open orders."""

from __future__ import annotations

import pandas as pd

from sopkit.consensus.levels import add_family
from sopkit.periods import to_period
from sopkit.tables import PLACE, TABLES, fit_columns

BLOCK = [*PLACE, "period"]
IN = ["make_qty", "buy_qty", "move_in_qty", "open_supply_qty"]
OUT = ["move_out_qty", "used_qty", "expired_qty"]
FLOWS = ["receipt_qty", "issue_qty", "open_qty"]
LITTLE = 1e-6


def list_open_orders(
    sales_order_line: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp
) -> pd.DataFrame:
    """Return what is still to be delivered, line by line, by the month for which it is promised.

    The promised day counts, else the requested one, else the order's. What was due before the first
    month stands in the first; what is due after the last is left out.

    Args:
        sales_order_line: contract `sales_order_line`.
        first, last: months of the plan.

    Returns:
        `order`, `line`, `item`, `location`, `customer`, `due_date`, `period`, `open_qty` =
        ordered - cancelled - shipped (above 0), in order of day, order, line.
    """
    lines = sales_order_line
    days = [pd.to_datetime(lines[f"{name}_date"]) for name in ("promised", "requested", "order")]
    due = days[0].fillna(days[1]).fillna(days[2])
    left = lines["ordered_qty"] - lines["cancelled_qty"] - lines["shipped_qty"]
    month = to_period(due)
    rows = lines.assign(due_date=due, open_qty=left, period=month.where(month > first, first))
    rows = rows[(rows["open_qty"] > LITTLE) & (rows["period"] <= last)]
    columns = ["order", "line", *PLACE, "customer", "due_date", "period", "open_qty"]
    return rows.sort_values(["due_date", "order", "line"], kind="stable", ignore_index=True)[
        columns
    ]


def promise_supply(
    opening_stock: pd.DataFrame, constrained_plan: pd.DataFrame, orders: pd.DataFrame
) -> pd.DataFrame:
    """Return what can still be promised by item, location and month, added up over the months.

    net(t) = stock that may be planned with + receipts - issues (to other places, into products) -
    open orders, each up to month t. ATP(t) = the least net of t and every later month: a promise
    in t takes nothing that a later order needs. Promises up to t within ATP(t) can all be kept.
    Below 0 more is promised than there will be; it is shown as it is. Forecast takes nothing.

    Args:
        opening_stock: contract `opening_stock`.
        constrained_plan: contract `constrained_plan`, all solved months.
        orders: what `list_open_orders` returned.

    Returns:
        Contract `promise` for every item and location that customers order from (demand in the
        plan, or open orders): every month of the plan.

    Example:
        Stock 10, receipts 0 then 20, orders 4 and 25: net 6 and 1, so ATP is 1 and 1.
    """
    plan = constrained_plan.assign(
        receipt_qty=constrained_plan[IN].sum(axis=1), issue_qty=constrained_plan[OUT].sum(axis=1)
    )
    wanted = orders.groupby(BLOCK, as_index=False)[["open_qty"]].sum()
    rows = _list_places(plan, wanted)
    rows = rows.merge(
        plan[[*BLOCK, "receipt_qty", "issue_qty"]], on=BLOCK, how="left", validate="one_to_one"
    )
    rows = rows.merge(wanted, on=BLOCK, how="left", validate="one_to_one")
    stock = opening_stock[opening_stock["plannable"]]
    stock = stock.groupby(PLACE, as_index=False)[["on_hand_qty"]].sum()
    rows = rows.merge(stock, on=PLACE, how="left", validate="many_to_one")
    amounts = [*FLOWS, "on_hand_qty"]
    rows = rows.astype(dict.fromkeys(amounts, float)).fillna(dict.fromkeys(amounts, 0.0))
    rows = rows.sort_values(BLOCK, kind="stable", ignore_index=True)
    change = rows["receipt_qty"] - rows["issue_qty"] - rows["open_qty"]
    place = [rows[name] for name in PLACE]
    net = rows["on_hand_qty"] + change.groupby(place).cumsum()
    net = net.where(net.abs() > LITTLE, 0.0)
    least = net[::-1].groupby([name[::-1] for name in place]).cummin()[::-1]
    rows = rows.assign(net_qty=net, atp_qty=least, over_qty=(-net).clip(lower=0.0) + 0.0)
    return fit_columns(rows, TABLES["promise"])


def _list_places(plan: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """Return every place that customers order from, with every month of the plan."""
    sold = plan.loc[plan.groupby(PLACE)["demand_qty"].transform("sum") > 0, PLACE]
    booked = wanted[PLACE] if len(wanted) else sold.iloc[:0]
    places = pd.concat([sold, booked]).drop_duplicates()
    months = pd.to_datetime(plan["period"]).drop_duplicates().sort_values()
    return places.merge(pd.DataFrame({"period": months}), how="cross")


def find_over_promised(promise: pd.DataFrame, orders: pd.DataFrame) -> pd.DataFrame:
    """Return the orders that cannot be kept, with the month in which they could be.

    At each place stock and receipts go to orders by day of promise, then number; an order is kept
    as far as they have come by its month.

    Args:
        promise: contract `promise`.
        orders: what `list_open_orders` returned.

    Returns:
        `order`, `line`, `item`, `location`, `customer`, `due_date`, `period`, `open_qty`,
        `over_qty` (of it, promised beyond supply), `ready_period` (first month in which supply up
        to then covers it; blank: never in the plan); the largest first.

    Example:
        Supply 6 in November and 10 more in December, orders of 4 and 5 for November: 3 of the
        second are promised beyond supply, ready in December.
    """
    rows = orders.assign(need_qty=orders.groupby(PLACE)["open_qty"].cumsum())
    there = promise.assign(came_qty=_sum_supply(promise))
    now = there[[*BLOCK, "came_qty"]]
    rows = rows.merge(now, on=BLOCK, how="left", validate="many_to_one")
    short = (rows["need_qty"] - rows["came_qty"].fillna(0.0)).clip(lower=0.0)
    rows = rows.assign(over_qty=short.where(short < rows["open_qty"], rows["open_qty"]))
    rows = rows[rows["over_qty"] > LITTLE].reset_index(drop=True)
    later = (
        rows[[*PLACE, "need_qty"]]
        .reset_index(names="place_in_rows")
        .merge(there[[*PLACE, "period", "came_qty"]], on=PLACE, how="left")
    )
    later = later[later["came_qty"] >= later["need_qty"] - LITTLE]
    ready = later.groupby("place_in_rows")["period"].min()
    rows = rows.assign(ready_period=pd.to_datetime(rows.index.to_series().map(ready)))
    order = ["over_qty", "order", "line"]
    rows = rows.sort_values(order, ascending=[False, True, True], kind="stable", ignore_index=True)
    return rows.drop(columns=["need_qty", "came_qty"])


def _sum_supply(promise: pd.DataFrame) -> pd.Series:
    """Return what can have gone to customers by each month: the least that has come from it on."""
    place = [promise[name] for name in PLACE]
    change = promise["receipt_qty"] - promise["issue_qty"]
    came = promise["on_hand_qty"] + change.groupby(place).cumsum()
    least = came[::-1].groupby([name[::-1] for name in place]).cummin()[::-1]
    return least.clip(lower=0.0)


def sum_promise(promise: pd.DataFrame, item: pd.DataFrame) -> pd.DataFrame:
    """Return the sums of a family by month: free quantity and over-promises, never netted.

    A family is only a sum: what is free of one item keeps no promise of another.

    Args:
        promise: contract `promise`.
        item: contract `item`.

    Returns:
        `family`, `period`, `free_qty` (sum of ATP above 0), `over_qty`.

    Example:
        ATP of two teas 30 and -10: free 30, over-promised 10.
    """
    rows = add_family(promise, item)
    rows = rows.assign(free_qty=rows["atp_qty"].clip(lower=0.0))
    keys = ["family", "period"]
    return rows.groupby(keys, as_index=False)[["free_qty", "over_qty"]].sum()


def list_tight(promise: pd.DataFrame, first: pd.Timestamp) -> pd.DataFrame:
    """Return the places that are over-promised or have nothing left to promise, worst first.

    Args:
        promise: contract `promise`.
        first: first month of the plan.

    Returns:
        Rows of the first month of such places: contract `promise` and `least_qty` (the least net
        quantity of the plan), `least_period` (when), `free_period` (first month from which
        something can be promised; blank: none). Places without orders or stock are left out.
    """
    ordered = promise.sort_values([*PLACE, "net_qty", "period"], kind="stable")
    worst = ordered.drop_duplicates(PLACE)[[*PLACE, "net_qty", "period"]]
    worst = worst.rename(columns={"net_qty": "least_qty", "period": "least_period"})
    free = promise[promise["atp_qty"] > LITTLE].groupby(PLACE, as_index=False)[["period"]].min()
    free = free.rename(columns={"period": "free_period"})
    rows = promise[promise["period"] == first]
    rows = rows.merge(worst, on=PLACE, validate="one_to_one")
    rows = rows.merge(free, on=PLACE, how="left", validate="one_to_one")
    booked = promise.groupby(PLACE)["open_qty"].sum().rename("booked_qty").reset_index()
    rows = rows.merge(booked, on=PLACE, validate="one_to_one")
    tight = (rows["least_qty"] < -LITTLE) | ((rows["atp_qty"] <= LITTLE) & (rows["booked_qty"] > 0))
    return rows[tight].sort_values(["least_qty", *PLACE], kind="stable", ignore_index=True)
