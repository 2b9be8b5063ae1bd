"""Which rule of the stock policy holds at each place."""

from __future__ import annotations

import pandas as pd

from sopkit.tables import ALL, PLACE, TABLES, fit_columns

RULES = ["review_days", "safety_stock_qty", "max_qty", "closing_qty"]
GOALS = ["service_level_rate", "fill_rate"]


def fit_policy(
    places: pd.DataFrame,
    stock_policy: pd.DataFrame,
    *,
    service_level: float = 0.95,
    review_days: float = 7.0,
) -> pd.DataFrame:
    """Return each place's rule, the closest row first, cell by cell.

    Rows that fit a place are asked in this order: a row that names its item before one that names
    its location before one that names its segment (`abc`), so item + location, item + abc, item,
    location + abc, location, abc, all. A blank cell leaves the word to the next row. The goal
    comes from the first row that states one; where it states both, the fill rate wins.

    Args:
        places: `item`, `location`, `abc` (may be blank), one row per place.
        stock_policy: contract `stock_policy`.
        service_level: where no row says: chance of no stock-out in a replenishment, 0..1.
        review_days: where no row says: days between replenishments.

    Returns:
        The rows of `places` with `goal` (service or fill), `goal_rate`, `review_days`,
        `safety_stock_qty`, `max_qty`, `closing_qty` (blank where no row says).

    Example:
        Rows "all: 95 %" and "A items: fill rate 99 %": an A item is held to 99 % filled, a B item
        to 95 % of replenishments without stock-out.
    """
    rules = fit_columns(stock_policy, TABLES["stock_policy"])
    found = places.reset_index(drop=True)
    found = found.assign(goal=None, goal_rate=float("nan"), **dict.fromkeys(RULES, float("nan")))
    for named in _ORDER:
        rows = _take_rows(rules, named)
        if rows.empty:
            continue
        match = _match(found, rows, named)
        for rule in RULES:
            found[rule] = found[rule].fillna(match[rule].astype(float))
        new = found["goal"].isna() & match[GOALS].notna().any(axis=1)
        fill = match["fill_rate"].notna()
        found.loc[new & fill, "goal"], found.loc[new & ~fill, "goal"] = "fill", "service"
        rate = match["fill_rate"].fillna(match["service_level_rate"]).astype(float)
        found["goal_rate"] = found["goal_rate"].where(~new, rate)
    found["goal"] = found["goal"].fillna("service")
    return found.fillna({"goal_rate": service_level, "review_days": review_days})


_KEY = [*PLACE, "abc"]
_ORDER = (
    ("item", "location", "abc"),
    ("item", "location"),
    ("item", "abc"),
    ("item",),
    ("location", "abc"),
    ("location",),
    ("abc",),
    (),
)


def _take_rows(rules: pd.DataFrame, named: tuple[str, ...]) -> pd.DataFrame:
    """Return the rules that name these columns and no other."""
    wide = rules[_KEY] == ALL
    fits = pd.Series(True, index=rules.index)
    for column in _KEY:
        fits &= wide[column] != (column in named)
    return rules[fits]


def _match(places: pd.DataFrame, rows: pd.DataFrame, named: tuple[str, ...]) -> pd.DataFrame:
    """Return the row of `rows` that fits each place, blank where none does."""
    columns = [*RULES, *GOALS]
    if not named:
        return rows[columns].iloc[[0] * len(places)].reset_index(drop=True)
    on = list(named)
    return places[on].merge(rows[[*on, *columns]], on=on, how="left", validate="many_to_one")
