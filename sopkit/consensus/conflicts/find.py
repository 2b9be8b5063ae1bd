"""Conflicts: where two numbers for one thing differ by a threshold of money."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from sopkit.consensus.conflicts.pairs import SIDES
from sopkit.consensus.levels import add_family
from sopkit.tables import ALL, CELL, TABLES, fit_columns

LITTLE_SHARE = 0.01
OPEN = ("new", "open", "reopened")
SCOPE = ["location", "customer"]
APART = [*SIDES, *SCOPE, "stream", "level"]


def find_conflicts(pairs: pd.DataFrame, threshold_value: float, cycle: str) -> pd.DataFrame:
    """Open a conflict where two numbers differ, over the months compared, by the threshold.

    Args:
        pairs: `family`, `kind`, `first_owner`, `second_owner`, `period`, `first_value`,
            `second_value`, a row per month; where they are there also `location`, `customer`,
            `stream`, `level` (numbers that differ in them are not summed), `last_period` (of a
            number over several months) and `demand_value` (agreed demand).
        threshold_value: smallest difference in money that must be settled, above 0.
        cycle: the cycle's name, for the running number.

    Returns:
        Contract `conflict`, the largest gap first; of several numbers for one family and kind,
        the one farthest off. `gap_value` = second - first. Days and people are blank: see
        `carry_conflicts`.

    Example:
        Sales says 120 and 130, supply 100 and 100, threshold 40: one conflict, gap -50.
    """
    sums = _sum_pairs(pairs)
    gap = sums["second_value"] - sums["first_value"]
    sums = sums.assign(gap_value=gap, size=gap.abs())
    sums = sums[(sums["size"] >= threshold_value) & (sums["size"] > 0)]
    order = ["size", "family", "kind"]
    sums = sums.sort_values(order, ascending=[False, True, True], kind="stable")
    sums = sums.drop_duplicates(["family", "kind"]).reset_index(drop=True)
    sums["conflict"] = [number_conflict(cycle, n) for n in range(1, len(sums) + 1)]
    sums["threshold_value"] = float(threshold_value)
    return fit_columns(sums.drop(columns="size"), TABLES["conflict"])


def _sum_pairs(pairs: pd.DataFrame) -> pd.DataFrame:
    values = ["first_value", "second_value"]
    rows = pairs.reset_index(drop=True)
    rows = rows.assign(
        **{name: _fill(rows, name, ALL) for name in SCOPE},
        **{name: _fill(rows, name, "") for name in ("stream", "level")},
        last=_fill(rows, "last_period", rows["period"]),
        agreed=_fill(rows, "demand_value", float("nan")),
    )
    grouped = rows.groupby(APART, as_index=False, dropna=False)
    sums = grouped.agg(
        **{value: (value, "sum") for value in values},
        demand_value=("agreed", lambda part: part.sum(skipna=False)),
        first_period=("period", "min"),
        last_period=("last", "max"),
    )
    return sums.astype({"demand_value": float})


def _fill(rows: pd.DataFrame, name: str, value: object) -> pd.Series:
    there = rows[name] if name in rows.columns else pd.Series(None, index=rows.index, dtype=object)
    filled = there.where(there.notna(), value)
    return filled.astype(float) if name == "demand_value" else filled.infer_objects()


def number_conflict(cycle: str, number: int) -> str:
    """Return a conflict's number: `C-2026-11-001`."""
    return f"C-{cycle}-{number:03d}"


def keep_open(conflict: pd.DataFrame) -> pd.DataFrame:
    """Return the conflicts that stand between us and one number, the largest gap first.

    Args:
        conflict: contract `conflict`.
    """
    rows = conflict[conflict["state"].isin(OPEN)] if "state" in conflict.columns else conflict
    order = rows["gap_value"].abs().sort_values(ascending=False, kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def add_demand(
    conflict: pd.DataFrame, cells: pd.DataFrame, item: pd.DataFrame, customer: pd.DataFrame
) -> pd.DataFrame:
    """Add what agreed demand is where it is not known yet: the second number + what is short.

    So a gap has two parts: first number - agreed demand (people disagree) and agreed demand -
    second number (supply cannot serve it).

    Args:
        conflict: contract `conflict`.
        cells: as in `compare_streams`.
        item: contract `item`.
        customer: contract `customer`, for channels.

    Example:
        Target 120, plan 95 of an agreed 100: demand 100; 20 are disagreement, 5 are supply.
    """
    cells = add_family(cells, item)
    short = pd.Series(
        [
            float((part["demand_value"] - part["revenue_value"]).sum())
            for part in (find_cells(cells, row, customer) for row in conflict.to_dict("records"))
        ],
        index=conflict.index,
        dtype=float,
    )
    known = conflict["demand_value"].astype(float)
    return conflict.assign(demand_value=known.fillna(conflict["second_value"] + short))


def name_cause(row: Mapping[Any, Any]) -> str:
    """Return what a conflict's gap is made of: people (on demand), supply (short), or both.

    A part below 1 % of the gap does not count.

    Example:
        Target 120, agreed demand 100, plan 100: people.
    """
    least = LITTLE_SHARE * abs(float(row["gap_value"]))
    people = abs(float(row["first_value"]) - float(row["demand_value"])) >= least
    supply = abs(float(row["demand_value"]) - float(row["second_value"])) >= least
    return "both" if people and supply else "supply" if supply else "people"


def find_scope(
    cells: pd.DataFrame, row: Mapping[Any, Any], item: pd.DataFrame, customer: pd.DataFrame
) -> pd.DataFrame:
    """Return the cells that a conflict is about, with `family`: see `find_cells`."""
    return find_cells(add_family(cells, item), row, customer)


def find_cells(cells: pd.DataFrame, row: Mapping[Any, Any], customer: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of a conflict: its family, location, customer or channel, and months."""
    return cells[_is_inside(cells, row, customer)]


def _is_inside(
    cells: pd.DataFrame, row: Mapping[Any, Any], customer: pd.DataFrame | None
) -> pd.Series:
    inside = cells["period"].between(row["first_period"], row["last_period"])
    for name in ("family", "location"):
        if row[name] != ALL:
            inside &= cells[name] == row[name]
    if row["customer"] != ALL:
        inside &= cells["customer"].isin(list_customers(str(row["customer"]), customer))
    return inside


def list_customers(name: str, customer: pd.DataFrame | None) -> list[str]:
    """Return the customer groups behind a name: the group itself, or all groups of a channel."""
    if customer is None or name in set(customer["customer"]):
        return [name]
    groups = customer.loc[customer["channel"] == name, "customer"]
    return sorted(groups) or [name]


def share_agreed(
    conflict: pd.DataFrame,
    plan: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame | None = None,
) -> float:
    """Return the share of the plan's revenue whose number nobody disputes, 0..1.

    Counted cell by cell: a conflict over three months of tea leaves the other months agreed, one
    with a channel the other channels; one that is settled or closed disputes nothing.

    Args:
        conflict: contract `conflict`.
        plan: contract `consensus_plan`.
        item: contract `item`.
        customer: contract `customer`; without it a conflict with a channel disputes nothing.

    Example:
        Tea 70 of revenue, cola 30 with a conflict: 0.7.
    """
    disputed = mark_disputed(conflict, plan, item, customer)
    total = float(plan["revenue_value"].sum())
    if total <= 0:
        return 0.0 if disputed.any() else 1.0
    return float(plan.loc[~disputed, "revenue_value"].sum() / total)


def mark_disputed(
    conflict: pd.DataFrame,
    cells: pd.DataFrame,
    item: pd.DataFrame,
    customer: pd.DataFrame | None = None,
) -> pd.Series:
    """Return which cells an open conflict is about, in their order.

    Args:
        conflict: contract `conflict`.
        cells: `item`, `location`, `customer`, `period`.
        item: contract `item`.
        customer: contract `customer`, for channels.
    """
    named = add_family(cells[CELL], item).set_axis(cells.index)
    disputed = pd.Series(False, index=cells.index)
    for row in keep_open(conflict).to_dict("records"):
        disputed |= _is_inside(named, row, customer)
    return disputed
