"""Volume to money: dated prices and costs, revenue and margin, and the bridge from the budget.

Money is net of tax and in the company's currency. A price or cost is the one in force on the 15th
of the month; before its first row the first row holds.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from sopkit.errors import InputError
from sopkit.periods import fiscal_year
from sopkit.tables import ALL

MID_MONTH = pd.Timedelta(days=14)
PARTS = (
    "budget",
    "volume",
    "mix",
    "new_ended",
    "supply_lost",
    "price",
    "cost",
    "returns",
    "overtime",
    "plan",
)
LEAF_PARTS = PARTS[1:-2]


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
    return _look_up(cells, cost, "location", "unit_cost_value")


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
        ordered[["place_in_keys", "day", *by]].astype(alike),
        rows[["start_date", *by, value]].astype(alike),
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


def to_outlook(
    history: pd.DataFrame, plan: pd.DataFrame, cost: pd.DataFrame, cycle_period: pd.Timestamp
) -> pd.DataFrame:
    """Put actual to date and plan to go into one table.

    Args:
        history: contract `demand_history`; months before the cycle count.
        plan: contract `consensus_plan`; the cycle's month and later count.
        cost: contract `cost`, for the past; the plan brings its own margin.
        cycle_period: first planned month.

    Returns:
        `item`, `location`, `customer`, `period`, `demand_qty` (ordered, then agreed demand),
        `plan_qty` (ordered, then planned to be served), `revenue_value`, `cost_value`,
        `return_value`, `source` (actual or plan).

    Example:
        Ordered 5 in October, 7 planned of 8 wanted in November: plan_qty 5 then 7, demand_qty 5
        then 8.
    """
    past = history[history["period"] < cycle_period]
    past = past.rename(columns={"actual_qty": "demand_qty"}).assign(
        plan_qty=lambda rows: rows["demand_qty"],
        cost_value=cost_demand(past, cost, "actual_qty"),
        source="actual",
    )
    ahead = plan[plan["period"] >= cycle_period]
    ahead = ahead.assign(
        cost_value=ahead["revenue_value"] - ahead["margin_value"],
        return_value=0.0,
        source="plan",
    )
    columns = [
        *("item", "location", "customer", "period", "demand_qty", "plan_qty"),
        *("revenue_value", "cost_value", "return_value", "source"),
    ]
    kept = [part[columns] for part in (past, ahead) if len(part)]
    return pd.concat(kept, ignore_index=True) if kept else past[columns]


def find_compared_months(
    budget: pd.DataFrame, outlook: pd.DataFrame, year: int, start_month: int = 1
) -> pd.DatetimeIndex:
    """Return the months of a fiscal year for which both budget and outlook have numbers.

    Example:
        Budget January to December, outlook from March on: March to December.
    """
    both = set(budget["period"]) & set(outlook["period"])
    months = [month for month in both if fiscal_year(month, start_month) == year]
    return pd.DatetimeIndex(sorted(months), name="period")


def bridge_budget(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    months: Iterable[pd.Timestamp],
    year: int,
    overtime_value: float = 0.0,
) -> pd.DataFrame:
    """Explain the gap from budget to plan by parts that sum to it exactly.

    Per item, with budget margin m (or price) a unit and Q the total of the items that are in both:
    volume = (Q_demand / Q_budget - 1) x q_budget x m; mix = (q_demand - q_budget x Q_demand /
    Q_budget) x m; supply lost = (q_plan - q_demand) x m; price and cost on plan quantity, in this
    order. Items that only one side has stand in `new_ended` whole. Q is counted in base units
    where all items share one, else in money at budget price. Returned goods and the plan's
    overtime stand apart; shifts between months of the year cancel out. Source: the formulas'
    page, budget bridge.

    Args:
        outlook: what `to_outlook` returned.
        budget: contract `budget`; where its margin is blank, budget value less standard cost.
        item: contract `item`, for family and base unit.
        cost: contract `cost`.
        months: the months compared, from `find_compared_months`.
        year: fiscal year, written into the result.
        overtime_value: cost of the plan's overtime in these months; family `all`.

    Returns:
        Contract `budget_gap`: a row per family and part, with `margin_value` and `revenue_value`;
        plan = sum of the other parts, and `plan` - `budget` = sum of the parts between.

    Example:
        Budget 10 units at margin 4, demand 12, all served at the same price and cost: budget 40,
        volume 8, plan 48.
    """
    leaf = _to_leaf(outlook, budget, item, cost, pd.DatetimeIndex(list(months)))
    parts = _split_leaf(leaf)
    long = parts.melt(
        ["item", "family", "basis"], list(LEAF_PARTS), var_name="part", value_name="amount"
    )
    ends = [
        _ends(leaf, "budget", "budget_margin_value", "budget_value"),
        _ends(leaf, "plan", "margin_value", "net_revenue_value"),
    ]
    sums = long.pivot_table("amount", ["family", "part"], "basis", "sum").reset_index()
    sums = sums.rename(columns={"margin": "margin_value", "revenue": "revenue_value"})
    table = pd.concat([*ends, sums], ignore_index=True)
    if overtime_value:
        table = pd.concat([table, _overtime_rows(overtime_value)], ignore_index=True)
    order = table["part"].map({part: place for place, part in enumerate(PARTS)})
    table = table.assign(fiscal_year=year, order=order)
    table = table.sort_values(["family", "order"], kind="stable", ignore_index=True)
    return table[["fiscal_year", "family", "part", "margin_value", "revenue_value"]]


def _overtime_rows(overtime_value: float) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "family": ALL,
            "part": ["overtime", "plan"],
            "margin_value": -overtime_value,
            "revenue_value": 0.0,
        }
    )


def _ends(leaf: pd.DataFrame, part: str, margin: str, revenue: str) -> pd.DataFrame:
    sums = leaf.groupby("family", as_index=False)[[margin, revenue]].sum()
    sums = sums.rename(columns={margin: "margin_value", revenue: "revenue_value"})
    return sums.assign(part=part)


def _to_leaf(
    outlook: pd.DataFrame,
    budget: pd.DataFrame,
    item: pd.DataFrame,
    cost: pd.DataFrame,
    months: pd.DatetimeIndex,
) -> pd.DataFrame:
    """Return one row per item with the budget's and the outlook's sums over the months."""
    planned = budget[budget["period"].isin(months)]
    given = planned["budget_margin_value"].astype(float)
    standard = cost_demand(planned[given.isna()], cost, "budget_qty")
    planned = planned.assign(budget_margin_value=given.fillna(planned["budget_value"] - standard))
    known = outlook[outlook["period"].isin(months)]
    one_side = planned.groupby("item")[["budget_qty", "budget_value", "budget_margin_value"]].sum()
    other = known.groupby("item")[
        ["demand_qty", "plan_qty", "revenue_value", "cost_value", "return_value"]
    ].sum()
    leaf = one_side.join(other, how="outer").fillna(0.0).rename_axis("item").reset_index()
    leaf = leaf.merge(
        item[["item", "family", "base_unit"]], on="item", how="left", validate="one_to_one"
    )
    leaf["family"] = leaf["family"].fillna("other")
    leaf["net_revenue_value"] = leaf["revenue_value"] - leaf["return_value"]
    leaf["margin_value"] = leaf["net_revenue_value"] - leaf["cost_value"]
    return leaf


def _split_leaf(leaf: pd.DataFrame) -> pd.DataFrame:
    """Return the parts of every item, once in margin and once in revenue (column `basis`)."""
    both = (leaf["budget_qty"] > 0) & ((leaf["demand_qty"] > 0) | (leaf["plan_qty"] > 0))
    budgeted = leaf["budget_qty"].where(leaf["budget_qty"] > 0)
    price = (leaf["budget_value"] / budgeted).fillna(0.0)
    margin = (leaf["budget_margin_value"] / budgeted).fillna(0.0)
    weight = price if len(leaf["base_unit"].dropna().unique()) > 1 else price * 0.0 + 1.0
    total = (weight * leaf["budget_qty"])[both].sum()
    growth = (weight * leaf["demand_qty"])[both].sum() / total if total > 0 else 1.0
    at_price = leaf["revenue_value"] - price * leaf["plan_qty"]
    at_cost = (price - margin) * leaf["plan_qty"] - leaf["cost_value"]
    frames = []
    for basis, unit, gone in (
        ("margin", margin, leaf["budget_margin_value"]),
        ("revenue", price, leaf["budget_value"]),
    ):
        costly = float(basis == "margin")
        fresh = leaf["revenue_value"] - costly * leaf["cost_value"]
        parts = pd.DataFrame(
            {
                "volume": (growth - 1) * leaf["budget_qty"] * unit,
                "mix": (leaf["demand_qty"] - growth * leaf["budget_qty"]) * unit,
                "supply_lost": (leaf["plan_qty"] - leaf["demand_qty"]) * unit,
                "price": at_price,
                "cost": costly * at_cost,
            }
        ).where(both, 0.0)
        parts["new_ended"] = (fresh - gone).where(~both, 0.0)
        parts["returns"] = -leaf["return_value"]
        frames.append(parts.assign(item=leaf["item"], family=leaf["family"], basis=basis))
    return pd.concat(frames, ignore_index=True)
