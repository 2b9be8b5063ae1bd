"""What money a row stands for, so that a refused row can be weighed."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import ALL

# table: its money column, else its quantity and whether that is worth price or cost
AMOUNTS: dict[str, tuple[str, str, str]] = {
    "sales_order_line": ("net_value", "ordered_qty", "price"),
    "sales_history": ("net_value", "actual_qty", "price"),
    "return_line": ("return_value", "return_qty", "price"),
    "opportunity_line": ("", "opportunity_qty", "price"),
    "forecast_stream": ("", "forecast_qty", "price"),
    "target": ("target_value", "target_qty", "price"),
    "budget": ("budget_value", "budget_qty", "price"),
    "past_history": ("", "actual_qty", "price"),
    "past_plan": ("", "demand_qty", "price"),
    "past_decision": ("expected_value", "", ""),
    "past_cycle": ("revenue_value", "", ""),
    "opening_stock": ("", "on_hand_qty", "cost"),
    "stock_history": ("", "closing_qty", "cost"),
    "open_supply": ("", "open_qty", "cost"),
    "production_actual": ("", "made_qty", "cost"),
}
_UNIT_MONEY = {"price": ("customer", "price_value"), "cost": ("location", "unit_cost_value")}


def row_amounts(
    frame: pd.DataFrame, name: str, tables: dict[str, pd.DataFrame], as_of: pd.Timestamp
) -> pd.Series:
    """Return the money each row stands for [currency]; blank where it cannot be said.

    The row's own money, else quantity x the latest price (supply tables: standard cost) known at
    `as_of`, of its own customer (location), else of all, else the mean.

    Example:
        3 units without money of an item priced 10: 30.
    """
    value, qty, kind = AMOUNTS.get(name, ("", "", ""))
    blank = pd.Series(float("nan"), index=frame.index)
    amounts = frame[value].astype(float) if value in frame else blank
    if qty in frame and kind in tables and "item" in frame and amounts.isna().any():
        place, money = _UNIT_MONEY[kind]
        worth = frame[qty].astype(float) * unit_money(frame, tables[kind], place, money, as_of)
        amounts = amounts.where(amounts.notna(), worth)
    return amounts


def by_code(frame: pd.DataFrame, column: str, key: str = "item") -> pd.Series:
    """Return a column as a series that is looked up by code."""
    return pd.Series(frame[column].to_numpy(), index=pd.Index(frame[key].to_numpy(), name=key))


def unit_money(
    frame: pd.DataFrame, terms: pd.DataFrame, place: str, money: str, as_of: pd.Timestamp
) -> pd.Series:
    """Return the money of one unit for each row of `frame` (`item`, and `place` where it has it).

    Args:
        terms: dated prices or costs: `item`, `place`, `start_date`, `money`.
    """
    known = terms.loc[terms["start_date"] <= as_of]
    latest = known.sort_values(["item", place, "start_date"], kind="stable")
    latest = latest.drop_duplicates(["item", place], keep="last")
    for_all = by_code(latest.loc[latest[place] == ALL], money)
    mean = latest.groupby("item")[money].mean()
    general = frame["item"].map(for_all)
    general = general.where(general.notna(), frame["item"].map(mean)).astype(float)
    if place not in frame or latest.empty:
        return general
    keys = frame[["item", place]].astype(object)
    own = keys.merge(
        latest[["item", place, money]].astype({"item": object, place: object}),
        on=["item", place],
        how="left",
        validate="many_to_one",
    )[money].set_axis(frame.index)
    return own.where(own.notna(), general).astype(float)
