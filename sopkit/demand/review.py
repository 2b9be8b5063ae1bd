"""Tables for the demand meeting: comparisons with other numbers, months side by side."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from sopkit.demand.levels import add_family
from sopkit.periods import add_months
from sopkit.tables import CELL


def find_last_plan(past: pd.DataFrame, cycle: str) -> pd.DataFrame:
    """Return the agreed demand of the newest cycle before this one, as CELL and `demand_qty`.

    Args:
        past: contract `past_plan`, or an earlier cycle's demand with a column `cycle`.
    """
    earlier = past[past["cycle"] < cycle]
    newest = earlier[earlier["cycle"] == earlier["cycle"].max()]
    return newest[[*CELL, "demand_qty"]].reset_index(drop=True)


def shift_year(history: pd.DataFrame) -> pd.DataFrame:
    """Return the actuals of a year ago at the months they are compared with."""
    period = history["period"] + pd.DateOffset(months=12)
    return history.assign(period=period)[[*CELL, "actual_qty"]]


def compare_demand(
    demand: pd.DataFrame,
    others: Mapping[str, tuple[pd.DataFrame, str]],
    item: pd.DataFrame,
    by: list[str],
    months: int = 12,
) -> pd.DataFrame:
    """Set the demand of the coming months beside other numbers for the same months.

    A comparison uses only months that the other number covers; item-locations that one side
    lacks count 0 there.

    Args:
        demand: contract `consensus_demand`.
        others: for a name, a frame with `item`, `period` and the column that holds the quantity.
        by: `family`, `location`, ...; empty for the total.
        months: months compared, the first planned one first.

    Returns:
        `by`, `demand_qty` and, for each name, `<name>_qty`, `<name>_change_qty` (demand less the
        other, in the months of both), `<name>_change_rate` and `<name>_month_count`.

    Example:
        Demand 110 and last year 100: change 10, rate 0.1.
    """
    first = demand["period"].min()
    last = add_months(first, months - 1)
    ahead = add_family(demand[demand["period"] <= last], item)
    ahead = ahead.assign(everything="all")
    key = by or ["everything"]
    told = ahead.groupby(key, as_index=False).agg(demand_qty=("demand_qty", "sum"))
    for name, (other, column) in others.items():
        covered = other[other["period"].between(first, last)]
        same = ahead[ahead["period"].isin(covered["period"].unique())]
        sides = [
            same.groupby(key).agg(mine=("demand_qty", "sum")),
            add_family(covered, item)
            .assign(everything="all")
            .groupby(key)
            .agg(theirs=(column, "sum")),
        ]
        both = pd.concat(sides, axis=1).astype(float).fillna(0.0)
        change = both["mine"] - both["theirs"]
        side = (
            pd.DataFrame(
                {
                    f"{name}_qty": both["theirs"],
                    f"{name}_change_qty": change,
                    f"{name}_change_rate": change / both["theirs"].where(both["theirs"] > 0),
                    f"{name}_month_count": covered["period"].nunique(),
                }
            )
            .rename_axis(key)
            .reset_index()
        )
        told = told.merge(side, on=key, how="outer", validate="one_to_one")
        none = dict.fromkeys(["demand_qty", f"{name}_qty", f"{name}_month_count"], 0.0)
        told = told.fillna(none)
    return told.drop(columns="everything", errors="ignore")


def stack_months(
    parts: Mapping[str, tuple[pd.DataFrame, str]], item: pd.DataFrame, by: list[str]
) -> pd.DataFrame:
    """Sum several tables by month, side by side; months a table lacks are blank.

    Args:
        parts: for a column's name, a frame with `item`, `period` and the column to sum.
        by: `family`, ...; empty for the total.

    Returns:
        `by`, `period` and one column for each part, sorted.
    """
    key = [*by, "period"]
    sums = [
        add_family(frame, item).groupby(key)[column].sum().astype(float).rename(name)
        for name, (frame, column) in parts.items()
        if len(frame)
    ]
    wide = pd.concat(sums, axis=1).rename_axis(key).reset_index()
    return wide.reindex(columns=[*key, *parts]).sort_values(key, kind="stable", ignore_index=True)


def summarise_segments(segment: pd.DataFrame) -> pd.DataFrame:
    """Count item-locations and sum revenue by pattern, strategy and ABC class.

    Returns:
        A row a pattern and strategy, largest revenue first: `pattern`, `strategy`, `place_count`,
        `A_value`, `B_value`, `C_value`, `revenue_value`, `share_rate` of all revenue.
    """
    kind = ["pattern", "strategy"]
    wide = segment.pivot_table(
        index=kind, columns="abc", values="revenue_value", aggfunc="sum", fill_value=0.0
    ).reindex(columns=["A", "B", "C"], fill_value=0.0)
    told = wide.add_suffix("_value").rename_axis(columns=None)
    told["revenue_value"] = told.sum(axis=1)
    whole = told["revenue_value"].sum()
    told["share_rate"] = told["revenue_value"] / whole if whole else 0.0
    told.insert(0, "place_count", segment.groupby(kind).size())
    told = told.reset_index().sort_values(
        ["revenue_value", *kind], ascending=[False, True, True], kind="stable"
    )
    return told.reset_index(drop=True)
